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
    // A file for you, Re: Plan with Plan, Letter 259, …
    assert.match(await page.locator(".mail-row", { hasText: "Re: Plan" }).textContent(), /Eva2/);
    assert.equal(await page.locator(".mail-row .subject", { hasText: /^Plan$/ }).count(), 0, "a conversation is one row");
    await page.keyboard.press("j");
    await page.getByRole("article", { name: "A file for you" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /table.csv/ }).click()]);
    assert.equal(download.suggestedFilename(), "table.csv");
    await page.keyboard.press("j");
    await page.getByRole("article", { name: "Re: Plan" }).waitFor();
    await page.getByText("2 messages").waitFor();
    await page.getByLabel("Show quoted text").click();
    await page.locator(".quoted", { hasText: "> five" }).waitFor();
    await page.locator(".message-card.open", { hasText: "What do you think?" }).waitFor();
    assert.equal(await page.locator(".mail-row.open").count(), 1);
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

  "a conversation is read, filed and brought back as a whole, or message by message": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const anna = await world.of("anna");
    for (const n of [1, 2, 3]) await anna.put(`From: Ida ${n} <ida${n}@far.example>\nTo: ${anna.address}\nSubject: Trip ${n}\nMessage-ID: <trip${n}@far.example>\n${n > 1 ? "References: <trip1@far.example>\n" : ""}\nDay ${n}.\n`);
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    const row = (text) => page.locator(".mail-row", { hasText: text });
    const unseen = async () => (await anna.call("GET", "/mailboxes/path:INBOX")).unseen;
    const before = await unseen();
    await row("Trip 3").locator(".tally", { hasText: "3" }).waitFor();
    assert.match(await row("Trip 3").locator(".who").textContent(), /Ida 3, Ida 2, Ida 1/);
    await row("Trip 3").getByRole("checkbox").click();
    await page.getByText("3 chosen").waitFor();
    await page.keyboard.press("e");
    await page.getByText("3 messages moved to Archive").waitFor();
    await row("Trip 3").waitFor({ state: "detached" });
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await row("Trip 3").locator(".tally", { hasText: "3" }).waitFor();
    await page.waitForFunction((n) => document.querySelector(".folder .count")?.textContent === String(n), before);
    await row("Trip 3").locator(".what").click();
    await page.locator(".message-card.open", { hasText: "Day 1." }).waitFor();
    await page.locator(".mail-row:not(.unread)", { hasText: "Trip 3" }).waitFor();
    for (let tries = 0; await unseen() !== before - 3; tries += 1) { assert.ok(tries < 50, `${await unseen()} unseen`); await page.waitForTimeout(100); }
    // One message goes, the conversation stays.
    await page.locator(".message-card", { hasText: "Day 1." }).getByLabel("More").click();
    await page.locator(".message-card", { hasText: "Day 1." }).getByRole("button", { name: "Delete" }).click();
    await row("Trip 3").locator(".tally", { hasText: "2" }).waitFor();
    await page.getByRole("article", { name: "Trip 3" }).waitFor();
    await page.keyboard.press("u");
    await page.locator(".mail-row.unread", { hasText: "Trip 3" }).waitFor();
    // Its last message alone; the row shows it before the server knows.
    for (let tries = 0; await unseen() !== before - 2; tries += 1) { assert.ok(tries < 50, `${await unseen()} unseen`); await page.waitForTimeout(100); }
    await page.getByLabel("View").click();
    await page.getByLabel("Conversations").click();
    await row("Trip 2").waitFor();
    await look("mail-each-message");
    await page.getByLabel("Conversations").click();
    await row("Trip 2").waitFor({ state: "detached" });
  },

  "everything in a mailbox or found is chosen, also what is not loaded, and brought back": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const anna = await world.of("anna");
    const count = async (name) => (await anna.call("GET", `/mailboxes/path:${name}`)).messages;
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    const asked = requests(page, "/messages/bulk");
    const [inbox, work] = [await count("INBOX"), await count("Work")];
    assert.ok(inbox > 200);
    await page.locator(".mail-row").first().waitFor();
    await page.getByLabel("Choose all").click();
    await page.getByText(`All ${inbox} messages chosen`).waitFor();
    await look("mail-everything");
    await page.keyboard.press("v");
    await page.getByRole("dialog", { name: "Move to" }).getByLabel("Mailbox").fill("Work");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: `Move ${inbox} messages to Work?` });
    await dialog.getByText("also to those that are not shown here").waitFor();
    await dialog.getByRole("button", { name: "Move" }).click();
    await page.getByText(`${inbox} messages moved to Work`).waitFor();
    await page.getByText("No messages here.").waitFor();
    assert.deepEqual([await count("INBOX"), await count("Work")], [0, work + inbox]);
    assert.equal(asked.length, 1, "hundreds are one request");
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await page.locator(".mail-row").first().waitFor();
    assert.deepEqual([await count("INBOX"), await count("Work")], [inbox, work]);
    await page.locator(".list-scroller").evaluate((list) => { list.scrollTop = list.scrollHeight; });
    await page.locator(".mail-row", { hasText: /Letter 0\b/ }).waitFor();
    // What is found, as far as it was read or not.
    await page.keyboard.press("/");
    await page.keyboard.type("from:carl1");
    await page.keyboard.press("Enter");
    await page.locator(".mail-row").first().waitFor();
    await page.locator(".mail-row").first().getByRole("checkbox").click();
    await page.getByRole("button", { name: /^Choose (all \d+|everything found)$/ }).click();
    await page.getByRole("toolbar", { name: "Chosen messages" }).getByLabel("More").click();
    await page.getByRole("button", { name: "Mark as unread" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Mark as unread" }).click();
    await page.getByText(/^\d+ messages changed$/).waitFor();
    const unread = (await anna.call("POST", "/messages/search", { from: "carl1", not_keyword: "$seen", limit: 500 })).data.length;
    assert.equal(unread, (await anna.call("POST", "/messages/search", { from: "carl1", limit: 500 })).data.length);
    // Who takes one out goes on with the others that are there.
    await page.keyboard.press("*");
    await page.locator(".mail-row").first().getByRole("checkbox").click();
    await page.getByText(/^\d+ chosen$/).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".mail-row.chosen").count(), 0);
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
