// A user reads mail: mailboxes, a long list, keys, several at once, search, conversations, what comes meanwhile.
import assert from "node:assert/strict";
import { people } from "../people.mjs";

const DOMAIN = "mail.example";
const MANY = 260;

async function prepare(server, password) {
  const world = await people(server, password, DOMAIN, [["anna", "Anna Berg"], ["bob", "Bob Gross"]]);
  const anna = await world.of("anna");
  for (const name of ["Work", "Work/2026"]) await anna.call("POST", "/mailboxes", { name });
  for (let n = 0; n < MANY; n += 1) {
    await anna.put(`From: Carl Schmidt <carl${n % 3}@far.example>\nTo: ${anna.address}\nSubject: Letter ${n}\nMessage-ID: <letter${n}@far.example>\n\nHello Anna,\nthis is number ${n}, see https://www.example.org/page?n=${n}.\n`, { keywords: n < MANY - 20 ? ["$seen"] : [] });
  }
  await anna.put(`From: Eva <eva@far.example>\nTo: ${anna.address}\nSubject: Plan\nMessage-ID: <plan@far.example>\n\nWhat do you think?\n`);
  await anna.put(`From: Eva <eva@far.example>\nTo: ${anna.address}\nSubject: Re: Plan\nMessage-ID: <plan2@far.example>\nReferences: <plan@far.example>\n\nAnybody?\n\n> one\n> two\n> three\n> four\n> five\n`);
  await anna.put(`From: Files <files@far.example>\nTo: ${anna.address}\nSubject: A file for you\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHere it is.\n--b\nContent-Type: text/csv; name="table.csv"\nContent-Disposition: attachment; filename="table.csv"\n\n1,2\n--b--\n`);
  return { world, anna };
}

const requests = (page, part) => {
  const seen = [];
  page.on("request", (request) => { if (request.url().includes(part)) seen.push(request.url()); });
  return seen;
};

export const stories = {
  "mail is read by keys, and a list of hundreds asks by pages": async ({ server, signIn, password }) => {
    await prepare(server, password);
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    const asked = requests(page, "/messages?");
    await page.locator(".mail-row", { hasText: "A file for you" }).waitFor();
    await look("mail-list");
    const inbox = page.locator(".folder", { hasText: "Inbox" });
    assert.match(await inbox.textContent(), /23/);
    // A file for you, Re: Plan, Plan, Letter 259, …
    await page.keyboard.press("j");
    await page.getByRole("article", { name: "A file for you" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /table.csv/ }).click()]);
    assert.equal(download.suggestedFilename(), "table.csv");
    await page.keyboard.press("j");
    await page.getByRole("article", { name: "Re: Plan" }).waitFor();
    await page.getByText("2 messages").waitFor();
    await page.getByLabel("Show quoted text").click();
    await page.locator(".quoted", { hasText: "> five" }).waitFor();
    await page.locator(".message-card", { hasText: "What do you think?" }).getByRole("button").first().click();
    await look("mail-conversation");
    await page.keyboard.press("k");
    await page.getByRole("article", { name: "A file for you" }).waitFor();
    await page.locator(".message-head").getByLabel("More").click();
    await page.getByRole("button", { name: "Show the original" }).click();
    await page.getByRole("dialog", { name: "Original" }).getByText("boundary=b").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("s");
    await page.locator(".mail-row", { hasText: "A file for you" }).locator(".star.on").waitFor();
    await page.waitForFunction(() => /20/.test(document.querySelector(".folder")?.textContent ?? ""));
    await page.keyboard.press("e");
    await page.getByText("Moved to Archive").waitFor();
    await page.getByRole("article", { name: "Re: Plan" }).waitFor();
    await page.locator(".mail-row", { hasText: "A file for you" }).waitFor({ state: "detached" });
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await page.locator(".mail-row", { hasText: "A file for you" }).waitFor();
    await page.keyboard.press("Escape");
    asked.length = 0;
    await page.locator(".list-scroller").evaluate((list) => { list.scrollTop = list.scrollHeight; });
    await page.locator(".mail-row", { hasText: /Letter 0\b/ }).waitFor();
    await page.locator(".list-scroller").evaluate((list) => { list.scrollTop = 0; });
    await page.locator(".mail-row", { hasText: "A file for you" }).waitFor();
    assert.ok(asked.length <= 6, `a page of a hundred rows is one request: ${asked.length}`);
    assert.ok(await page.locator(".mail-row").count() < 60, "rows out of sight do not exist");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "What keys do" }).waitFor();
    await page.keyboard.press("Escape");
  },

  "several messages are chosen, moved, deleted and brought back": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    const row = (text) => page.locator(".mail-row", { hasText: text });
    await row("Letter 259").getByRole("checkbox").click();
    await row("Letter 256").getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("4 chosen").waitFor();
    await look("mail-bulk");
    await page.keyboard.press("v");
    await page.getByRole("dialog", { name: "Move to" }).getByLabel("Mailbox").fill("2026");
    await page.keyboard.press("Enter");
    await page.getByText("4 messages moved to 2026").waitFor();
    await row("Letter 259").waitFor({ state: "detached" });
    await page.locator(".folder", { hasText: "2026" }).click();
    await row("Letter 259").waitFor();
    await page.locator(".mail-row").first().locator(".what").click();
    await page.getByRole("article", { name: "Letter 259" }).waitFor();
    await page.keyboard.press("#");
    await page.getByText("Moved to the trash").waitFor();
    await page.getByRole("article", { name: "Letter 258" }).waitFor();
    await page.locator(".folder", { hasText: "Trash" }).click();
    await row("Letter 259").locator(".what").click();
    await page.getByRole("article", { name: "Letter 259" }).waitFor();
    await page.keyboard.press("#");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("No messages here.").waitFor();
  },

  "mail is searched with operators, and comes while one looks": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const bob = await world.of("bob");
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.locator(".mail-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("from:eva is:unread plan");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing found").waitFor();
    await page.getByTitle("Take away").filter({ hasText: "is:unread" }).click();
    await page.getByText("2 found").waitFor();
    await look("mail-search");
    await page.getByLabel("Search mail").fill("");
    await page.getByLabel("Search mail").press("Backspace");
    await page.getByLabel("Search mail").fill("has:attachment");
    await page.getByLabel("Search mail").press("Enter");
    await page.getByText("1 found").waitFor();
    await page.getByLabel("End the search").click();
    await bob.call("POST", "/submissions", { to: [{ name: "", email: `anna@${DOMAIN}` }], subject: "Just now", text: "Live." });
    await page.locator(".mail-row", { hasText: "Just now" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").or(page.getByRole("dialog").getByRole("textbox")).first().fill("Just now");
    await page.getByRole("option", { name: /Just now.*Bob/ }).click();
    await page.locator(".mail-text", { hasText: "Live." }).waitFor();
  },

  "panes and rows are as one likes them, in German too": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`, { language: "de-DE" });
    await page.locator(".mail-row").first().waitFor();
    await page.getByLabel("Ansicht").click();
    await page.getByRole("button", { name: "Unten" }).click();
    await page.getByRole("button", { name: "Dicht" }).click();
    await page.keyboard.press("Escape");
    await page.locator(".mail-row", { hasText: "Just now" }).locator(".what").click();
    await page.locator(".mail-text", { hasText: "Live." }).waitFor();
    await look("mail-german");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByLabel("Zurück zur Liste").click();
    await page.getByRole("button", { name: "Ordner" }).first().click();
    await page.locator(".folder", { hasText: "Archiv" }).click();
    await page.getByText("Hier sind keine Nachrichten.").waitFor();
    await look("mail-german-narrow");
  },
};
