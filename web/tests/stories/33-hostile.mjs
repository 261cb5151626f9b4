// Mail of enemies is opened beside a server that nobody may call: no request, no dialog, no script; then the pictures one asked for, and only those.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { messages } from "../hostile/corpus.mjs";
import { people } from "../people.mjs";

const DOMAIN = "hostile.example";
const LONGEST_TASK_MS = 200;
const PICTURE = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** A server on loopback that writes down who calls. */
async function canary() {
  const calls = [];
  const server = createServer((request, answer) => { calls.push(request.url); answer.writeHead(200, { "Content-Type": "image/gif", "Cache-Control": "no-store" }); answer.end(PICTURE); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { calls, origin: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

export const stories = {
  "mail of enemies does nothing until its pictures are wanted": async ({ server, signIn, password }) => {
    const bird = await canary();
    try {
      const world = await people(server, password, DOMAIN, [["anna", "Anna Berg"]]);
      const anna = await world.of("anna");
      const mails = messages(bird.origin, anna.address);
      assert.ok(mails.length >= 60, `${mails.length} messages`);
      for (const mail of mails) mail.id = (await anna.put(mail.raw)).id;
      const { page, forgiving, faults } = await signIn(server.user, `anna@${DOMAIN}`);
      const dialogs = [];
      page.on("dialog", (dialog) => { dialogs.push(dialog.message()); void dialog.dismiss(); });
      page.context().on("page", (other) => { if (other !== page) dialogs.push(`a window: ${other.url()}`); });
      const origin = new URL(server.user).origin;
      const strangers = [];
      page.context().on("request", (request) => { if (!request.url().startsWith(origin) && !/^(?:data|blob):/.test(request.url())) strangers.push(request.url()); });
      await page.evaluate(() => {
        globalThis.__tasks = [];
        new PerformanceObserver((list) => globalThis.__tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: "longtask" });
      });
      const open = async (mail) => {
        await page.evaluate((id) => { history.pushState(null, "", `/?m=${id}`); dispatchEvent(new PopStateEvent("popstate")); }, mail.id);
        await page.locator(".message-card.open .message-body, .reader-empty").first().waitFor();
        await page.waitForFunction(() => !document.querySelector(".message-card.open .skeleton"));
        const frame = page.locator(".message-frame iframe");
        if (await frame.count() > 0) await page.waitForFunction(() => document.querySelector(".message-frame iframe")?.contentDocument?.body?.hasAttribute("data-filled"));
      };
      const settle = () => page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 40))); }));
      /** The longest task while a message is opened, in ms. */
      const longest = async (mail) => {
        await page.evaluate(() => { globalThis.__tasks.length = 0; });
        await open(mail);
        await settle();
        return page.evaluate(() => Math.max(0, ...globalThis.__tasks));
      };
      const slow = [];
      await page.locator(".mail-row").first().waitFor();
      await settle();
      // What the walls stop, the browser tells in the console; the page itself must not have done wrong.
      await forgiving(["Content Security Policy", "Blocked script execution", "net::ERR"], async () => {
        for (const mail of mails) {
          if (await longest(mail) > LONGEST_TASK_MS) slow.push(mail);
          const state = await page.evaluate(() => ({ hostile: globalThis.__hostile, title: document.title, at: location.pathname }));
          assert.equal(state.hostile, undefined, `${mail.name}: a script ran`);
          assert.notEqual(state.title, "owned", mail.name);
          assert.equal(state.at, "/", mail.name);
          assert.deepEqual([bird.calls, strangers, dialogs], [[], [], []], `${mail.name}: something was fetched or shown`);
          if (page.frames().length > 2) assert.fail(`${mail.name}: ${page.frames().length} frames`);
        }
        // A machine that is busy makes any task long once; a message that is too much for the page is so every time.
        for (const mail of slow) {
          const times = [];
          while (times.length < 3 && !times.some((time) => time <= LONGEST_TASK_MS)) {
            await open(mails.find((one) => one !== mail));
            times.push(await longest(mail));
          }
          assert.ok(times.some((time) => time <= LONGEST_TASK_MS), `${mail.name}: tasks of ${times.map(Math.round).join(", ")} ms`);
        }
        for (const mail of mails.filter((one) => one.allowed.length > 0)) {
          bird.calls.length = 0;
          await open(mail);
          await page.getByRole("button", { name: "Show remote content" }).click();
          await page.waitForFunction(() => document.querySelector(".message-frame iframe")?.src.endsWith("/remote") && document.querySelector(".message-frame iframe")?.contentDocument?.body?.hasAttribute("data-filled"));
          for (let tries = 0; tries < 50 && bird.calls.length < mail.allowed.length; tries += 1) await settle();
          await settle();
          assert.deepEqual([...new Set(bird.calls)].sort(), [...mail.allowed].sort(), `${mail.name}: exactly what is allowed`);
        }
      });
      assert.deepEqual([dialogs, await page.evaluate(() => globalThis.__hostile)], [[], undefined]);
      assert.deepEqual(faults, []);
    } finally {
      await bird.stop();
    }
  },
};
