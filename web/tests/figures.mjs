#!/usr/bin/env node
// How fast the pages are: medians of five cold loads against a server with 10,000 accounts and a mailbox of 100,000 messages.
// `node tests/figures.mjs --binary target/quick/postamt`; ACCOUNTS, MESSAGES and LOADS change the size.
import { resolve } from "node:path";
import { openBrowser, openWindow } from "./harness.mjs";
import { people } from "./people.mjs";
import { startServer } from "./server.mjs";

const at = process.argv.indexOf("--binary");
const binary = resolve(process.cwd(), at > 0 ? process.argv[at + 1] : "../target/quick/postamt");
const [ACCOUNTS, MESSAGES, LOADS] = [["ACCOUNTS", 10_000], ["MESSAGES", 100_000], ["LOADS", 5]].map(([name, usual]) => Number(process.env[name] ?? usual));
const AT_ONCE = 8;
const DOMAIN = "figures.example";
const password = "correct horse battery";

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (list) => `${Math.round(median(list))} ms (${list.map((one) => Math.round(one)).sort((a, b) => a - b).join(", ")})`;

/** Does a thing so many times, some at once. */
async function many(times, work) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (let n = next++; n < times; n = next++) await work(n); }));
}

async function fill(server) {
  await fetch(`${server.admin}/api/v1/setup`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: server.token, postmaster_password: password, main_domain: "mycompany.example" }) });
  const world = await people(server, password, DOMAIN, []);
  const wide = { count: 1_000_000, period: 60 };
  await world.admin("PATCH", "/server/settings", { set: { rate_default: wide, rate_admin_read: wide, rate_admin_write: wide, rate_login: wide, rate_anonymous: wide } });
  await people(server, password, DOMAIN, [["anna", "Anna Berg"]]).catch(() => undefined);
  await world.admin("PATCH", "/server/settings", { set: { rate_default: wide } });
  let begun = Date.now();
  await many(ACCOUNTS - 3, (n) => world.admin("POST", `/domains/${DOMAIN}/accounts`, { name: `user${n}`, real_name: `User ${n}` }));
  console.log(`${ACCOUNTS} accounts in ${Math.round((Date.now() - begun) / 1000)} s`);
  const anna = await world.of("anna");
  begun = Date.now();
  const text = "This is a message like many others, with a few lines of text in it.\n".repeat(12);
  await many(MESSAGES, (n) => anna.put(`From: Sender ${n % 97} <sender${n % 97}@far.example>\nTo: anna@${DOMAIN}\nSubject: Message number ${n}\nMessage-ID: <${n}@far.example>\n\nHello ${n},\n${text}`));
  console.log(`${MESSAGES} messages in ${Math.round((Date.now() - begun) / 1000)} s`);
}

const signIn = async (page, login) => {
  await page.locator("input[name=username]").fill(login);
  await page.locator("input[name=password]").fill(password);
  await page.evaluate(() => document.querySelector("button[type=submit]").addEventListener("click", () => { globalThis.__clicked = performance.now(); }));
  await page.locator("button[type=submit]").click();
};
/** When something is there, after the click that signed in, as the page itself sees it. */
const since = (page, selector) => page.evaluate((what) => new Promise((done) => {
  const look = () => (document.querySelector(what) ? requestAnimationFrame(() => done(performance.now() - globalThis.__clicked)) : requestAnimationFrame(look));
  look();
}), selector);
const firstPaint = (page) => page.evaluate(() => new Promise((done) => {
  const look = () => { const [paint] = performance.getEntriesByName("first-contentful-paint"); if (paint) done(paint.startTime); else setTimeout(look, 10); };
  look();
}));
const scripts = (page) => page.evaluate(() => performance.getEntriesByType("resource").filter((one) => /\.js$/.test(new URL(one.name).pathname)).reduce((sum, one) => sum + one.encodedBodySize, 0) / 1024);

/** How long the page took to answer clicks and keys: from the input to the next paint. */
const watchInput = (page) => page.evaluate(() => {
  globalThis.__inputs = [];
  new PerformanceObserver((list) => globalThis.__inputs.push(...list.getEntries().filter((one) => one.interactionId > 0).map((one) => ({ took: one.duration, what: `${one.name} on ${one.target?.getAttribute?.("aria-label") ?? one.target?.className ?? "?"}` })))).observe({ type: "event", durationThreshold: 16 });
});

async function useInbox(page) {
  await watchInput(page);
  const click = async (locator) => { await locator.click(); await page.waitForTimeout(250); };
  for (const n of [1, 2, 3]) await click(page.locator(".mail-row .what").nth(n));
  for (const key of ["j", "j", "k", "s", "x", "Escape"]) { await page.keyboard.press(key); await page.waitForTimeout(200); }
  await click(page.locator(".mail-row .star").nth(2));
  await click(page.locator(".mail-row input").nth(1));
  await click(page.getByLabel("Choose none"));
  await click(page.locator(".folder", { hasText: "Sent" }));
  await click(page.locator(".folder", { hasText: "Inbox" }));
  await click(page.getByRole("button", { name: "Write" }));
  await page.getByRole("textbox", { name: "Text of the message" }).waitFor();
  await click(page.locator(".compose").getByLabel("Close"));
  await click(page.getByRole("link", { name: "Calls" }));
  await click(page.getByRole("link", { name: "Mail" }));
  return page.evaluate(() => globalThis.__inputs);
}

/** Rolls through the list as a wheel does; rows that passed, requests for them, longest pause between two pictures. */
async function roll(page) {
  let requests = 0;
  page.on("request", (request) => { if (request.url().includes("/messages?")) requests += 1; });
  const { rows, worst } = await page.evaluate(async () => {
    const list = document.querySelector(".list-scroller");
    const begun = list.scrollTop;
    let [worst, last] = [0, performance.now()];
    for (let n = 0; n < 300; n += 1) {
      list.scrollTop += 240;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }
    return { rows: Math.round((list.scrollTop - begun) / 64), worst };
  });
  await page.waitForTimeout(500);
  const jump = await page.evaluate(async () => {
    const list = document.querySelector(".list-scroller");
    const begun = performance.now();
    list.scrollTop = list.scrollHeight / 2;
    do await new Promise(requestAnimationFrame); while (document.querySelector(".mail-row .skeleton") || !document.querySelector(".mail-row .subject"));
    return performance.now() - begun;
  });
  return { rows, requests, worst, jump };
}

const server = await startServer(binary);
const browser = await openBrowser();
try {
  await fill(server);
  const found = { paint: [], dash: [], dashSize: [], userPaint: [], inbox: [], inboxSize: [], inputs: [], rows: [], requests: [], worst: [], jump: [] };
  for (let n = 0; n < LOADS; n += 1) {
    const admin = await openWindow(browser, server.admin);
    await admin.page.goto("/");
    found.paint.push(await firstPaint(admin.page));
    await signIn(admin.page, "postmaster");
    found.dash.push(await since(admin.page, "#content h1"));
    await admin.page.waitForLoadState("networkidle").catch(() => undefined);
    found.dashSize.push(await scripts(admin.page));
    await admin.context.close();
    const user = await openWindow(browser, server.user);
    await user.page.goto("/");
    found.userPaint.push(await firstPaint(user.page));
    await signIn(user.page, `anna@${DOMAIN}`);
    found.inbox.push(await since(user.page, ".mail-row .subject"));
    found.inboxSize.push(await scripts(user.page));
    const rolled = await roll(user.page);
    for (const key of ["rows", "requests", "worst", "jump"]) found[key].push(rolled[key]);
    await user.page.locator(".list-scroller").evaluate((list) => { list.scrollTop = 0; });
    await user.page.locator(".mail-row .subject").first().waitFor();
    found.inputs.push(...await useInbox(user.page));
    await user.context.close();
  }
  const slowest = found.inputs.reduce((worst, one) => (one.took > worst.took ? one : worst));
  const lines = [
    ["administration: first contentful paint", ms(found.paint), "≤ 1000 ms"], ["administration: Dash after sign-in", ms(found.dash), ""], ["administration: compressed script, sign-in and Dash", `${median(found.dashSize).toFixed(1)} KiB`, "≤ 250 KiB"],
    ["users: first contentful paint", ms(found.userPaint), "≤ 1000 ms"], ["users: Inbox usable after sign-in", ms(found.inbox), "≤ 1500 ms"], ["users: compressed script, sign-in and Inbox", `${median(found.inboxSize).toFixed(1)} KiB`, "≤ 350 KiB"],
    ["clicks and keys answered (median, slowest)", `${Math.round(median(found.inputs.map(({ took }) => took)))} ms, ${Math.round(slowest.took)} ms of ${found.inputs.length} (${slowest.what})`, "≤ 100 ms"],
    ["scrolling: requests for rows that passed", `${median(found.requests)} for ${median(found.rows)}`, "no request per row"], ["scrolling: longest pause between two pictures", ms(found.worst), ""], ["scrolling: into the middle of the list", ms(found.jump), ""],
  ];
  console.log(`\n| what | median of ${LOADS} | goal |\n|---|---|---|`);
  for (const line of lines) console.log(`| ${line.join(" | ")} |`);
} finally {
  await browser.close();
  await server.stop();
}
