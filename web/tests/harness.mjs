// A browser for stories: every page is watched for errors, and looked at in both schemes and on a narrow screen.
import { readFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.SHOTS;
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** A window of somebody of their own; `faults` collects what went wrong in it. */
export async function openWindow(browser, origin, { language = "en-GB", scripts = true } = {}) {
  const context = await browser.newContext({ baseURL: origin, javaScriptEnabled: scripts, viewport: WIDE, locale: language, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  let forgiven = [];
  page.on("console", (message) => { if (message.type() === "error" && !forgiven.some((part) => `${message.text()} ${message.location().url}`.includes(part))) faults.push(`console: ${message.text()} (${message.location().url})`); });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  /** Errors of a story's own making are no faults. */
  const forgiving = async (parts, work) => { forgiven = parts; try { await work(); } finally { forgiven = []; } };
  return { page, context, faults, forgiving, look: (name) => look(page, name, faults) };
}

async function look(page, name, faults) {
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    for (const { id, impact, nodes } of violations) {
      if (impact === "serious" || impact === "critical") faults.push(`${name} (${scheme}): ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 140)).join(" | ")}`);
    }
    await shoot(page, `${name}-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(NARROW);
  const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
  if (width > NARROW.width) {
    const wide = await page.evaluate((most) => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > most + 1 && getComputedStyle(one).position !== "fixed").slice(0, 4).map((one) => one.outerHTML.slice(0, 100)), NARROW.width);
    faults.push(`${name}: scrolls sideways at ${NARROW.width} px (${width}): ${wide.join(" | ")}`);
  }
  await shoot(page, `${name}-narrow`);
  await page.setViewportSize(WIDE);
  // What depends on the width has heard of it when the next picture but one is drawn.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}
