#!/usr/bin/env node
// Browser stories against a real server: `node tests/stories.mjs --binary target/debug/postamt [part of a name]`.
// They run in order on one server, since a server's first day is a story too. SHOTS=folder keeps pictures.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { openBrowser, openWindow } from "./harness.mjs";
import { startServer } from "./server.mjs";

const at = process.argv.indexOf("--binary");
const binary = resolve(process.cwd(), at > 0 ? process.argv[at + 1] : "../target/debug/postamt");
const only = process.argv.slice(2).filter((word, index, all) => word !== "--binary" && all[index - 1] !== "--binary");

const files = readdirSync(new URL("./stories", import.meta.url)).filter((name) => name.endsWith(".mjs")).sort();
const server = await startServer(binary);
const browser = await openBrowser();
const password = "correct horse battery";
let failures = 0;
let passed = 0;
try {
  for (const file of files) {
    const { stories } = await import(`./stories/${file}`);
    for (const [name, story] of Object.entries(stories)) {
      // The first story claims the server; without it nothing else can be told.
      if (only.length > 0 && !file.startsWith("00") && !only.some((part) => `${file} ${name}`.includes(part))) continue;
      const begun = Date.now();
      const windows = [];
      const open = async (origin, options) => { const window = await openWindow(browser, origin, options); windows.push(window); return window; };
      /** A window in which somebody has signed in. */
      const signIn = async (origin, login = "postmaster", options = {}) => {
        const window = await open(origin, options);
        await window.page.goto("/");
        await window.page.locator("input[name=username]").fill(login);
        await window.page.locator("input[name=password]").fill(options.password ?? password);
        await window.page.locator("button[type=submit]").click();
        await window.page.locator(".rail, .classic").first().waitFor({ state: "attached" });
        return window;
      };
      const faults = [];
      try {
        await story({ server, open, signIn, password });
      } catch (error) {
        faults.push(String(error.stack ?? error).split("\n").slice(0, 12).join("\n"));
        const page = windows.at(-1)?.page;
        if (page && process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/failed.png`, fullPage: true }).catch(() => undefined);
      }
      faults.unshift(...windows.flatMap((window) => window.faults));
      for (const { context } of windows) await context.close();
      if (faults.length > 0) failures += 1; else passed += 1;
      console.log(`${faults.length === 0 ? "ok" : "FAILED"}: ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
      for (const fault of faults) console.log(`  error: ${fault}`);
      if (faults.length > 0 && file.startsWith("00")) break;
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
console.log(`stories: ${passed} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
