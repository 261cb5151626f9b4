#!/usr/bin/env node
// How fast the web app is: `npm run speed -- --binary ../target/release/postamt`. Medians of five cold loads with an empty cache,
// against a server with ACCOUNTS accounts (10,000 unless said otherwise).
import { resolve } from "node:path";
import { openBrowser, openWindow } from "./harness.mjs";
import { startServer } from "./server.mjs";

const at = process.argv.indexOf("--binary");
const accounts = Number(process.env.ACCOUNTS ?? 10_000);
const ROUNDS = 5;
const password = "correct horse battery";
const server = await startServer(resolve(process.cwd(), at > 0 ? process.argv[at + 1] : "../target/debug/postamt"));
const browser = await openBrowser();
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const figures = new Map();
const note = (name, value) => figures.set(name, [...(figures.get(name) ?? []), value]);
try {
  const ask = async (method, path, body, token) => {
    const answer = await fetch(`${server.admin}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { access_token: token } = await ask("POST", "/setup", { token: server.token, postmaster_password: password, main_domain: "mycompany.example" });
  const much = { count: 1_000_000, period: 60 };
  await ask("PATCH", "/server/settings", { set: { rate_login: much, rate_anonymous: much, rate_admin_write: much, rate_admin_read: much } }, token);
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next < accounts) { const n = next; next += 1; await ask("POST", "/domains/mycompany.example/accounts", { name: `user${n}`, real_name: `Person ${n}` }, token); }
  }));
  console.log(`${accounts} accounts`);
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page, context } = await openWindow(browser, server.admin);
    await page.goto("/");
    await page.locator("input[name=username]").waitFor();
    note("sign-in: first contentful paint", await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
    await page.locator("input[name=username]").fill("postmaster");
    await page.locator("input[name=password]").fill(password);
    const begun = Date.now();
    await page.locator("button[type=submit]").click();
    await page.getByRole("heading", { name: "Next steps" }).waitFor();
    note("Dash after sign-in", Date.now() - begun);
    await page.goto("/users/domains/mycompany.example");
    await page.locator("tbody tr").nth(50).waitFor();
    note("accounts of a domain, cold load: first contentful paint", await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
    // From the click to the next frame in which the page has answered.
    const click = (name) => page.evaluate((text) => new Promise((done) => {
      const target = [...document.querySelectorAll("[role=tab], .rail a")].find((one) => one.textContent === text);
      const start = performance.now();
      target.click();
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
    }), name);
    for (const tab of ["Groups", "Settings", "Accounts"]) { note("a click: answered", await click(tab)); await page.waitForTimeout(150); }
    for (const place of ["Monitors", "Settings", "Users"]) { note("a click: answered", await click(place)); await page.waitForTimeout(300); }
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}
for (const [name, list] of figures) console.log(`${name}: median ${median(list).toFixed(0)} ms, worst ${Math.max(...list).toFixed(0)} ms`);
