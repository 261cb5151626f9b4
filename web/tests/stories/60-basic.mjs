// The light client at /basic/: no script runs, and none is needed.
import assert from "node:assert/strict";
import { people } from "../people.mjs";

const DOMAIN = "basic.example";

async function enter(page, password) {
  await page.goto("/basic/");
  await page.getByLabel("Name or address").fill(`dora@${DOMAIN}`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Mailboxes" }).waitFor();
}

export const stories = {
  "mail is written, read and deleted without scripts": async ({ server, open, password }) => {
    await people(server, password, DOMAIN, [["dora", "Dora Stein"]]);
    const { page, forgiving } = await open(server.user, { scripts: false });
    await enter(page, password);
    await page.getByRole("link", { name: "Write a message" }).click();
    await page.getByLabel("To", { exact: true }).fill(`dora@${DOMAIN}, nobody`);
    await page.getByLabel("Subject").fill("Without a script");
    await page.getByLabel("Text").fill("It works in a text browser.");
    await forgiving(["422 (Unprocessable"], async () => {
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.getByRole("alert").waitFor();
    });
    assert.equal(await page.getByLabel("Text").inputValue(), "It works in a text browser.");
    await page.getByLabel("To", { exact: true }).fill(`dora@${DOMAIN}`);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("status").getByText("The message is on its way.").waitFor();
    await page.getByRole("link", { name: "INBOX" }).click();
    await page.getByRole("link", { name: "Without a script" }).click();
    await page.getByText("It works in a text browser.").waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("There are no messages here.").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  },

  "its pages are there for everybody": async ({ server, open, password }) => {
    const { page, look } = await open(server.user);
    await page.goto("/basic/sign-in");
    await look("basic-sign-in");
    await enter(page, password);
    await look("basic-mailboxes");
    await page.getByRole("link", { name: "Sent Items" }).click();
    await look("basic-list");
    await page.getByRole("link", { name: "Without a script" }).click();
    await look("basic-message");
    await page.getByRole("link", { name: "Reply", exact: true }).click();
    await look("basic-compose");
  },
};
