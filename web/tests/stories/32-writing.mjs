// A user writes mail: with a file, with form, called back, answered; and nothing typed is lost when the server is away or the session ends.
import assert from "node:assert/strict";
import { people } from "../people.mjs";

const DOMAIN = "write.example";
const editor = (page) => page.getByRole("textbox", { name: "Text of the message" });
const compose = (page) => page.locator(".compose");
const kept = (page) => page.getByRole("status").filter({ hasText: /^kept as a draft$/ }).waitFor();

export const stories = {
  "a message with a file is written, kept, sent and read": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, [["anna", "Anna Berg"], ["bob", "Bob Gross"]]);
    await world.admin("POST", `/accounts/anna@${DOMAIN}/aliases`, { name: "a.berg" });
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.getByRole("button", { name: "Write" }).click();
    await page.getByLabel("To", { exact: true }).fill("bob");
    await page.getByLabel("To", { exact: true }).press("Enter");
    await page.getByLabel("From").selectOption(`a.berg@${DOMAIN}`);
    await page.getByLabel("Subject").fill("The contract");
    await editor(page).fill("Dear Bob,");
    await editor(page).press("End");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Bold" }).click();
    await page.keyboard.type("please sign.");
    await page.keyboard.press("Enter");
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/html", '<p style="color:red">Pasted <i>words</i><img src="http://127.0.0.1:1/x.png"><script>alert(1)</script></p>');
      document.querySelector(".editor-text").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await editor(page).locator("em", { hasText: "words" }).waitFor();
    const content = Buffer.alloc(300_000, "%PDF ");
    await compose(page).locator("input[type=file]").setInputFiles({ name: "contract.pdf", mimeType: "application/pdf", buffer: content });
    await compose(page).locator(".file", { hasText: "293 KiB" }).waitFor();
    await kept(page);
    await look("compose");
    // Folded, left and found again among the drafts.
    await compose(page).getByLabel("Close").click();
    await page.locator(".folder", { hasText: "Drafts" }).click();
    await page.locator(".mail-row", { hasText: "The contract" }).locator(".what").click();
    await compose(page).waitFor();
    assert.equal(await page.getByLabel("From").inputValue(), `a.berg@${DOMAIN}`);
    assert.match(await editor(page).innerHTML(), /<strong>please sign\.<\/strong>/);
    await editor(page).press("End");
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" Thank you.");
    await kept(page);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Sent", { exact: true }).last().waitFor();
    await page.locator(".mail-row", { hasText: "The contract" }).waitFor({ state: "detached" });

    const reader = await signIn(server.user, `bob@${DOMAIN}`);
    // It waits until it can no longer be called back.
    const row = reader.page.locator(".mail-row", { hasText: "The contract" });
    await row.waitFor({ timeout: 20_000 });
    await row.locator(".what").click();
    await reader.page.frameLocator(".message-frame iframe").locator("strong").waitFor();
    const text = await reader.page.frameLocator(".message-frame iframe").locator("body").innerText();
    assert.match(text, /Dear Bob,\s+please sign\.\s+Pasted words Thank you\./);
    const [download] = await Promise.all([reader.page.waitForEvent("download"), reader.page.getByRole("button", { name: /contract.pdf/ }).click()]);
    const { readFileSync } = await import("node:fs");
    assert.ok(readFileSync(await download.path()).equals(content), "the file arrives as it was");
    // The answer quotes, keeps the conversation and leaves the flag.
    await reader.page.keyboard.press("r");
    await reader.page.getByRole("textbox", { name: "Text of the message" }).waitFor();
    assert.match(await reader.page.getByRole("textbox", { name: "Text of the message" }).innerText(), /wrote:\s+Dear Bob,/);
    await reader.page.keyboard.type("Signed.");
    await reader.page.keyboard.press("Control+Enter");
    await reader.page.getByText("Sent", { exact: true }).last().waitFor();
    await row.getByTitle("answered").waitFor();
    await page.locator(".folder", { hasText: "Inbox" }).click();
    await page.locator(".mail-row", { hasText: "Re: The contract" }).waitFor({ timeout: 20_000 });
    await page.locator(".mail-row", { hasText: "Re: The contract" }).locator(".what").click();
    await page.getByText("2 messages").waitFor();
  },

  "what was sent is called back, and what nobody can get is told at its place": async ({ server, signIn }) => {
    const { page, forgiving } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.locator(".folder").first().waitFor();
    await page.keyboard.press("c");
    await page.getByLabel("To", { exact: true }).fill(`nobody@${DOMAIN}, bob@${DOMAIN},`);
    await page.getByLabel("Subject").fill("Too early");
    await editor(page).fill("Not finished");
    await forgiving(["422"], async () => {
      await page.getByRole("button", { name: "Send" }).click();
      await page.locator(".people-field .fault").waitFor();
    });
    await page.getByLabel(`Take nobody@${DOMAIN} away`).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".toast", { hasText: "Sent" }).getByRole("button", { name: "Undo" }).click();
    await page.getByText("Not sent: it is a draft again").waitFor();
    assert.equal(await page.getByLabel("Subject").inputValue(), "Too early");
    assert.match(await editor(page).innerText(), /Not finished/);
    await compose(page).getByLabel("Discard").click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    await page.locator(".folder", { hasText: "Drafts" }).click();
    await page.getByText("No messages here.").waitFor();
  },

  "nothing typed is lost: the server away, the session ended, the draft gone": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const anna = await world.of("anna");
    const { page, context, forgiving } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.locator(".folder").first().waitFor();
    await page.keyboard.press("c");
    await page.getByLabel("To", { exact: true }).fill(`bob@${DOMAIN},`);
    await page.getByLabel("Subject").fill("Hard times");
    await editor(page).fill("First line.");
    await kept(page);
    await forgiving(["ERR_INTERNET_DISCONNECTED", "401", "404", "ERR_"], async () => {
      await context.setOffline(true);
      await page.keyboard.press("Control+End");
      await page.keyboard.type(" Offline.");
      await page.getByText("not kept: it stays here").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("The server cannot be reached. Nothing you typed is lost; try again.").waitFor();
      await compose(page).getByLabel("Close").click();
      await page.getByText("Not kept yet: it waits here below").waitFor();
      await page.locator(".compose-folded").click();
      await context.setOffline(false);
      await kept(page);
      const drafts = (await anna.call("GET", "/messages?mailbox=path:Drafts")).data;
      assert.deepEqual(drafts.map((one) => one.subject), ["Hard times"], "one draft, whatever happened");
      // Somebody deletes the draft elsewhere.
      await anna.call("DELETE", `/messages/${drafts[0].id}?permanent=true`);
      await editor(page).click();
      await page.keyboard.press("Control+End");
      await page.keyboard.type(" Draft gone.");
      await page.getByText("keeping…").or(page.getByText("not kept yet")).first().waitFor();
      await kept(page);
      await anna.call("POST", "/kill-sessions");
      await page.keyboard.type(" Session ended.");
      await page.getByText("Your session has ended. What you typed is still here.").waitFor();
      await page.getByRole("dialog").getByLabel("Password").fill(password);
      await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
      await kept(page);
    });
    assert.match(await editor(page).innerText(), /First line\. Offline\. Draft gone\. Session ended\./);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Sent", { exact: true }).last().waitFor();
  },

  "a signature stands below what is written, above what is answered": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const anna = await world.of("anna");
    await anna.put(`From: Eva <eva@far.example>\nTo: ${anna.address}\nSubject: Sign please\nMessage-ID: <sign@far.example>\n\nYour name?\n`);
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.goto("/settings");
    await page.locator(".setting", { hasText: "Signature" }).getByRole("textbox").fill("Anna Berg\nSales");
    await look("signature");
    await page.getByRole("button", { name: "Save" }).last().click();
    await page.getByText("Set here").waitFor();
    await page.getByRole("link", { name: "Mail" }).click();
    await page.locator(".folder").first().waitFor();
    await page.keyboard.press("c");
    await editor(page).waitFor();
    assert.match(await editor(page).innerText(), /^\s*-- \nAnna Berg\nSales\s*$/);
    await compose(page).getByLabel("Discard").click();
    await compose(page).waitFor({ state: "detached" });
    await page.locator(".mail-row", { hasText: "Sign please" }).locator(".what").click();
    await page.locator(".mail-text", { hasText: "Your name?" }).waitFor();
    await page.keyboard.press("r");
    await editor(page).waitFor();
    await page.keyboard.type("Here it is.");
    assert.match(await editor(page).innerText(), /^Here it is\.\s+-- \nAnna Berg\nSales\s+On .* wrote:\s+Your name\?\s*$/);
    await page.keyboard.press("Control+Enter");
    await page.getByText("Sent", { exact: true }).last().waitFor();
    await anna.call("PATCH", "/settings", { set: { signature: "" } });
  },

  "a message is printed alone, on white": async ({ server, signIn, password }) => {
    const world = await people(server, password, DOMAIN, []);
    const anna = await world.of("anna");
    for (const n of [1, 2]) await anna.put(`From: Eva <eva@far.example>\nTo: ${anna.address}\nSubject: On paper\nMessage-ID: <paper${n}@far.example>\nReferences: <paper1@far.example>\n\nPage ${n}.\n`);
    const { page } = await signIn(server.user, `anna@${DOMAIN}`);
    await page.evaluate(() => { window.print = () => document.body.setAttribute("data-printing", document.querySelectorAll(".printed").length); });
    await page.locator(".mail-row", { hasText: "On paper" }).locator(".what").click();
    const first = page.locator(".message-card", { hasText: "Page 1." });
    await first.getByLabel("More").click();
    await first.getByRole("button", { name: "Print" }).click();
    assert.equal(await page.locator("body").getAttribute("data-printing"), "1");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.equal(await page.locator(".mail-text", { hasText: "Page 1." }).isVisible(), true);
    for (const hidden of [".mail-text:has-text('Page 2.')", ".mail-row", ".folders", ".rail", ".reader-bar", ".footline", ".actions"]) assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
    assert.match(await page.locator(".printed .message-head").innerText(), /From\s+Eva <eva@far.example>\s+To\s+anna@write.example\s+Date\s+.*20\d\d/);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), "rgb(25, 29, 36)", "dark letters on white");
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/print.png` });
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.equal(await page.locator(".mail-text", { hasText: "Page 2." }).isVisible(), true);
  },

  "plain text, in German, on a narrow screen": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`, { language: "de-DE" });
    await page.getByRole("button", { name: "Schreiben" }).click();
    await page.getByRole("textbox", { name: "Text der Nachricht" }).waitFor();
    await compose(page).getByLabel("Mehr").click();
    await page.getByRole("button", { name: "Reinen Text schreiben" }).click();
    await page.getByRole("textbox", { name: "Text der Nachricht" }).fill("Nur Text.");
    await page.getByRole("status").filter({ hasText: /^als Entwurf aufgehoben$/ }).waitFor();
    await look("compose-german");
  },
};
