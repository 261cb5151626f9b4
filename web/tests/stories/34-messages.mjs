// Two users write to each other, each sees how the other can be reached; calls that were missed are found, and may be switched off.
import assert from "node:assert/strict";
import { people } from "../people.mjs";
import { openPhone } from "../phone.mjs";

const DOMAIN = "talk.example";

export const stories = {
  "two people write to each other and see whether the other is there": async ({ server, signIn, password }) => {
    await people(server, password, DOMAIN, [["anna", "Anna Berg"], ["bob", "Bob Gross"]]);
    const anna = await signIn(server.user, `anna@${DOMAIN}`);
    const bob = await signIn(server.user, `bob@${DOMAIN}`);
    await anna.page.goto("/messages");
    await anna.page.getByText("No conversations yet.").waitFor();
    await anna.page.getByRole("button", { name: "New conversation" }).click();
    await anna.page.getByLabel("With whom").fill("bob");
    await anna.page.getByRole("button", { name: "Begin" }).click();
    await anna.page.getByLabel("Message to bob").fill("Are you there?");
    await anna.page.keyboard.press("Enter");
    // The name alone has become an address.
    await anna.page.getByRole("heading", { name: `bob@${DOMAIN}` }).waitFor();
    await bob.page.locator(".rail").getByText("1", { exact: true }).waitFor();
    await bob.page.getByRole("link", { name: /Messages/ }).click();
    await bob.page.locator(".conversation", { hasText: "Are you there?" }).click();
    await bob.page.locator(".bubble", { hasText: "Are you there?" }).waitFor();
    await bob.page.locator(".badge").waitFor({ state: "detached" });
    await bob.page.getByLabel("How you can be reached").selectOption("away");
    await bob.page.getByLabel("What you add").fill("at lunch");
    await bob.page.getByLabel("What you add").press("Enter");
    await anna.page.getByText("Away · at lunch").waitFor();
    await bob.page.getByLabel(`Message to anna@${DOMAIN}`).fill("Back at two.\nPromise.");
    await bob.page.getByLabel("Send").click();
    await anna.page.locator(".bubble", { hasText: "Back at two." }).waitFor();
    await anna.look("messages");
    // What is not sent stays when the server is away.
    await anna.forgiving(["ERR_"], async () => {
      await anna.context.setOffline(true);
      await anna.page.getByLabel(`Message to bob@${DOMAIN}`).fill("Good.");
      await anna.page.keyboard.press("Enter");
      await anna.page.getByText("The server cannot be reached. Nothing you typed is lost; try again.").waitFor();
      await anna.context.setOffline(false);
    });
    assert.equal(await anna.page.getByLabel(`Message to bob@${DOMAIN}`).inputValue(), "Good.");
    await anna.page.keyboard.press("Enter");
    await bob.page.locator(".bubble", { hasText: "Good." }).waitFor();
    await bob.page.getByLabel("More").click();
    await bob.page.getByRole("button", { name: "Delete conversation" }).click();
    await bob.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await bob.page.getByText("No conversations yet.").waitFor();
  },

  "who asks to see whether one can be reached is let, and hidden from again": async ({ server, signIn, password }) => {
    await people(server, password, DOMAIN, []);
    const anna = await signIn(server.user, `anna@${DOMAIN}`);
    const bob = await signIn(server.user, `bob@${DOMAIN}`);
    await anna.page.getByRole("link", { name: "People" }).click();
    await anna.page.getByRole("button", { name: "Add somebody" }).click();
    await anna.page.getByLabel("Address").fill("nobody");
    await anna.forgiving(["422"], async () => {
      await anna.page.getByRole("button", { name: "Add", exact: true }).click();
      await anna.page.getByRole("dialog").getByText("is no account here").first().waitFor();
    });
    await anna.page.getByLabel("Address").fill("bob");
    await anna.page.getByLabel("Name", { exact: true }).fill("Bobby");
    await anna.page.getByRole("button", { name: "Add", exact: true }).click();
    const row = anna.page.locator("tbody tr", { hasText: "Bobby" });
    await row.getByText("asked").waitFor();
    await bob.page.goto("/people");
    await bob.page.getByText("They ask to see whether you can be reached").waitFor();
    await bob.page.getByRole("button", { name: "Allow" }).click();
    await bob.page.locator("tbody tr", { hasText: `anna@${DOMAIN}` }).getByText("yes").waitFor();
    await row.getByText("asked").waitFor({ state: "detached" });
    await row.locator(".chip").waitFor();
    await anna.look("people");
    await bob.page.locator("tbody tr").getByLabel("More").click();
    await bob.page.getByRole("button", { name: "Hide from them whether you can be reached" }).click();
    await row.locator(".chip").waitFor({ state: "detached" });
    await row.getByLabel("More").click();
    await anna.page.getByRole("button", { name: "Remove" }).click();
    await anna.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await anna.page.getByText("Nobody yet.").waitFor();
  },

  "a missed call is found, and calls are switched off and on": async ({ server, signIn, password }) => {
    await people(server, password, DOMAIN, []);
    const bob = await signIn(server.user, `bob@${DOMAIN}`);
    await bob.page.goto("/calls");
    await bob.page.getByText("No calls yet.").waitFor();
    const phone = await openPhone({ port: 5060 + server.offset, user: "anna", domain: DOMAIN, password });
    await assert.rejects(phone.call(`bob@${DOMAIN}`), "nobody answers");
    phone.close();
    const row = bob.page.locator("tbody tr", { hasText: `anna@${DOMAIN}` });
    await row.waitFor();
    await bob.page.getByRole("button", { name: "Missed" }).click();
    await row.waitFor();
    await bob.look("own-calls");
    await bob.page.getByRole("button", { name: "Dialled" }).click();
    await bob.page.getByText("No calls yet.").waitFor();
    await bob.page.getByRole("button", { name: "All", exact: true }).click();
    await row.click();
    await bob.page.getByRole("dialog").getByText(`bob@${DOMAIN}`).first().waitFor();
    await bob.page.getByRole("dialog").getByRole("button", { name: "Write a message" }).click();
    await bob.page.getByRole("heading", { name: `anna@${DOMAIN}` }).waitFor();

    const anna = await signIn(server.user, `anna@${DOMAIN}`);
    await anna.page.goto("/calls?show=out");
    await anna.page.locator("tbody tr", { hasText: `bob@${DOMAIN}` }).waitFor();
    await anna.page.goto("/calls?show=missed");
    await anna.page.getByText("You have missed nothing.").waitFor();
    const incoming = anna.page.getByRole("switch");
    assert.ok(await incoming.isChecked());
    await incoming.click();
    await anna.page.waitForFunction(() => document.querySelector("[role=switch]")?.checked === false && !document.querySelector("[role=switch]")?.disabled);
    await anna.page.reload();
    await anna.page.getByRole("switch").waitFor();
    assert.ok(!await anna.page.getByRole("switch").isChecked(), "it stays off");
    await anna.page.getByRole("switch").click();
    await anna.page.waitForFunction(() => document.querySelector("[role=switch]")?.checked === true);
  },

  "one's own settings: calls, look, password, sessions": async ({ server, signIn, password }) => {
    await people(server, password, DOMAIN, []);
    const { page, look, forgiving } = await signIn(server.user, `bob@${DOMAIN}`);
    await page.goto("/Pronto/");
    await page.getByRole("link", { name: "Settings" }).click();
    await look("own-profile");
    await forgiving(["403", "422"], async () => {
      await page.getByLabel("Present password").fill("wrong");
      await page.getByLabel("New password").fill("another horse battery");
      await page.getByRole("button", { name: "Change password" }).click();
      await page.getByRole("alert").first().waitFor();
    });
    await page.getByLabel("Present password").fill(password);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Password changed").waitFor();
    await page.getByLabel("Present password").fill("another horse battery");
    await page.getByLabel("New password").fill(password);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByLabel("Present password").and(page.locator("[value='']")).waitFor();
    await page.getByRole("tab", { name: "Calls" }).click();
    await page.getByText("Telephone in the browser").waitFor();
    await look("own-call-settings");
    await page.getByLabel("Do not disturb").click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    const dialler = page.getByLabel("Incoming calls");
    assert.ok(!await dialler.isChecked(), "the browser does not ring until it is told to");
    await page.getByRole("tab", { name: "Sessions" }).click();
    await page.locator("tbody tr").first().waitFor();
    await look("own-sessions");
    await page.getByRole("tab", { name: "Look" }).click();
    await page.getByLabel("Reading pane").selectOption("off");
    await look("own-look");
    await page.goto("/");
    await page.locator(".mail.pane-off").waitFor();
    await page.goto("/calls");
    await page.getByRole("link", { name: "Do not disturb" }).click();
    await page.getByLabel("Do not disturb").click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
  },

  "all of it in German": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.user, `anna@${DOMAIN}`, { language: "de-DE" });
    await page.goto("/messages");
    await page.locator(".conversation").first().click();
    await page.locator(".talk header").getByText("Abwesend").waitFor();
    await look("messages-german");
    await page.goto("/calls");
    await page.locator("tbody tr").first().waitFor();
    await look("own-calls-german");
    await page.goto("/settings?tab=calls");
    await page.getByText("Telefon im Browser").waitFor();
    await look("own-settings-german");
  },
};
