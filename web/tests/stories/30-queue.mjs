// Mail on its way: what waits, why, what can be done, and its whole story afterwards.
import assert from "node:assert/strict";
import { send } from "../smtp.mjs";

const mail = (subject) => `From: anna@client1.example\nTo: bob@far.example\nSubject: ${subject}\nMessage-ID: <${subject.toLowerCase()}@client1.example>\n\nDear Bob.\n`;

export const stories = {
  "a waiting message is held, released and traced": async ({ server, signIn }) => {
    await send(2025 + server.offset, "anna@client1.example", ["bob@far.example"], mail("Waits"));
    await send(2025 + server.offset, "bob@far.example", ["anna@client1.example"], mail("Arrives"));
    const { page, look } = await signIn(server.admin);
    await page.getByLabel("Waiting in the queue").getByText("1", { exact: true }).waitFor();
    await page.goto("/monitors/queue");
    await page.getByText("far.example").first().waitFor();
    await look("queue");
    await page.getByRole("tab", { name: "Messages" }).click();
    await page.locator("tbody tr").first().locator("button").first().click();
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("button", { name: "Hold", exact: true }).click();
    await drawer.getByRole("button", { name: "End the hold" }).waitFor();
    await look("message");
    await drawer.getByRole("button", { name: "Try now" }).click();
    await drawer.getByRole("button", { name: "Hold", exact: true }).waitFor();
    await drawer.getByText("Tried by hand").waitFor();
    await drawer.getByLabel("More").click();
    await drawer.getByRole("button", { name: "Reject" }).click();
    await page.getByLabel("What the senders read").fill("no such luck");
    await page.getByRole("dialog").last().getByRole("button", { name: "Reject" }).click();
    await page.getByText("Rejected; the sender is told.").waitFor();
    await page.goto("/trace");
    await page.getByLabel("Address, Message-ID, number").fill("bob@far.example");
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
    await look("trace");
    await page.locator("tbody tr", { hasText: "anna@client1.example" }).last().click();
    await page.getByRole("list", { name: "What happened" }).getByText("Taken in").waitFor();
    await look("mail-story");
    const seen = await page.getByRole("dialog").textContent();
    assert.ok(/Taken in/.test(seen));
  },

  "a queue that grows is seen without a reload": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    await page.goto("/monitors/queue");
    await page.getByRole("heading", { name: "Queue" }).waitFor();
    await send(2025 + server.offset, "anna@client1.example", ["carl@other.example"], mail("Appears"));
    await page.getByText("other.example").first().waitFor({ timeout: 20_000 });
  },
};
