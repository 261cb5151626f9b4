#!/usr/bin/env node
// Renews the pictures of the README: `node tests/screenshots.mjs --binary target/debug/postamt`.
import { mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { openBrowser, openWindow } from "./harness.mjs";
import { openPhone } from "./phone.mjs";
import { startServer } from "./server.mjs";
import { send } from "./smtp.mjs";

const at = process.argv.indexOf("--binary");
const server = await startServer(resolve(process.cwd(), at > 0 ? process.argv[at + 1] : "../target/debug/postamt"));
const folder = new URL("../screenshots/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
const password = "correct horse battery";
const MINUTES = Number(process.env.MINUTES ?? 6);
const LINES = "; --- telephone numbers: 7… to the gateway in Moscow, 1… to the provider\nSignal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx\nSignal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx\n; --- calls from the gateway\n<(3d)@gateway.company.dom> = gatewayincoming{*}#pbx@localhost\n<*@gateway.company.dom> = pbx#pbx@localhost\n";
try {
  const ask = async (method, path, body, token, version) => {
    const answer = await fetch(`${server.admin}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(version ? { "If-Match": `"${version}"` } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  const { access_token: token } = await ask("POST", "/setup", { token: server.token, postmaster_password: password, main_domain: "mycompany.example" });
  for (const [name, real_name] of [["anna", "Anna Berg"], ["carl", "Carl Groß"]]) await ask("POST", "/domains/mycompany.example/accounts", { name, real_name, password }, token);
  const table = await ask("GET", "/router/table", undefined, token);
  await ask("PUT", "/router/table", { text: `${table.text}${LINES}` }, token, table.version);
  const mail = (from, to, n) => send(2025 + server.offset, from, [to], `From: ${from}\nTo: ${to}\nSubject: Hello ${n}\n\nDear all.\n`);
  for (let n = 0; n < 14; n += 1) await mail("bob@far.example", n % 2 ? "anna@mycompany.example" : "carl@mycompany.example", n);
  for (let n = 0; n < 3; n += 1) await mail("anna@mycompany.example", `bob${n}@far.example`, n);
  const phones = await Promise.all(["anna", "carl"].map((user) => openPhone({ port: 5060 + server.offset, user, domain: "mycompany.example", password })));
  for (const phone of phones) await phone.register();
  const { page } = await openWindow(browser, server.admin);
  await page.goto("/");
  await page.locator("input[name=username]").fill("postmaster");
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.getByRole("heading", { name: "Dash" }).waitFor();
  const hangUp = await phones[0].call("carl@mycompany.example");
  // Some minutes have to pass before there is a line to be drawn.
  for (let n = 0; n < MINUTES * 4; n += 1) {
    for (let m = 0; m < (n * 7) % 5; m += 1) await mail("bob@far.example", "anna@mycompany.example", n);
    if (n % 8 === 5) await mail("anna@mycompany.example", `far${n}@other.example`, n);
    await new Promise((resolve) => setTimeout(resolve, 15_000));
  }
  await page.goto("/?span=hour");
  await page.waitForFunction(() => [...document.querySelectorAll(".chart path")].some((path) => path.getAttribute("d")), undefined, { timeout: 150_000 });
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${folder}dash.png` });
  await hangUp();
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.goto("/settings/router?address=12345678900%40mycompany.example&flow=signal");
  await page.locator(".timeline > li", { hasText: "A line of the table" }).first().hover();
  await page.locator(".routing > li.marked").waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}router.png` });
  for (const phone of phones) phone.close();
} finally {
  await browser.close();
  await server.stop();
}
for (const name of ["dash.png", "router.png"]) {
  const kib = statSync(`${folder}${name}`).size / 1024;
  console.log(`web/screenshots/${name}: ${kib.toFixed(0)} KiB`);
  if (kib > 200) { console.error(`error: web/screenshots/${name} is above 200 KiB`); process.exitCode = 1; }
}
