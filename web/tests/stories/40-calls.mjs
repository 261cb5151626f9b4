// Two telephones call each other while the administrator looks on.
import assert from "node:assert/strict";
import { openPhone } from "../phone.mjs";

export const stories = {
  "registrations and calls are seen as they happen, with their ladder and their record": async ({ server, signIn, password }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/users/domains/client1.example?create=1");
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("carl");
    await page.getByRole("dialog").getByLabel("Password").fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Create Account" }).click();
    await page.getByRole("heading", { name: "carl@client1.example" }).waitFor();
    await page.goto("/monitors/registrations");
    await page.getByText("No telephone is registered.").waitFor();
    const port = 5060 + server.offset;
    const anna = await openPhone({ port, user: "anna", domain: "client1.example", password });
    const carl = await openPhone({ port, user: "carl", domain: "client1.example", password });
    try {
      await anna.register();
      await carl.register();
      await page.getByRole("link", { name: "anna@client1.example" }).waitFor({ timeout: 20_000 });
      await page.getByRole("link", { name: "carl@client1.example" }).waitFor();
      await look("registrations");
      await page.goto("/monitors/calls");
      await page.getByText("Nobody is talking.").waitFor();
      const hangUp = await anna.call("carl@client1.example");
      await page.getByText("Connected").waitFor({ timeout: 20_000 });
      await look("calls");
      await page.locator("tbody tr").first().locator("a").first().click();
      await page.getByRole("button", { name: "Hang up" }).waitFor();
      await page.getByRole("button", { name: /INVITE/ }).first().waitFor();
      await page.getByRole("button", { name: /INVITE/ }).first().click();
      await page.getByRole("dialog").getByText("Max-Forwards").first().waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await look("call-live");
      await hangUp();
      await page.getByRole("button", { name: /BYE/ }).first().waitFor({ timeout: 20_000 });
      await page.getByRole("link", { name: "Call records" }).first().waitFor();
      await look("call-over");
      await page.goto("/monitors/call-records");
      await page.locator("tbody").getByText("answered").first().waitFor();
      await look("call-records");
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
      assert.equal(file.suggestedFilename(), "calls.csv");
      await page.goto("/monitors/sip");
      await page.getByText("INVITE").first().waitFor();
      await look("sip");
      await page.goto("/trace?q=carl%40client1.example");
      await page.getByRole("cell", { name: "Call", exact: true }).waitFor();
    } finally {
      anna.close();
      carl.close();
    }
  },

  "a rule for calls is made, tried and switched off": async ({ server, signIn }) => {
    const { page, look, forgiving } = await signIn(server.admin);
    await page.goto("/users/accounts/anna%40client1.example?tab=rules");
    await page.getByRole("button", { name: "Add rule" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Nobody from afar");
    await dialog.getByRole("button", { name: "Add condition" }).click();
    await dialog.getByLabel("With what").first().fill("*@far.example");
    await dialog.getByLabel("Action").selectOption("reject_with");
    await dialog.getByLabel("With what").last().fill("200 OK");
    await forgiving(["422"], async () => {
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.locator(".fault").waitFor();
    });
    await look("rule");
    await dialog.getByLabel("With what").last().fill("603 Not today");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Nobody from afar" }).waitFor();
    const tried = page.getByRole("region", { name: "Try a call" });
    await tried.getByLabel("Caller").fill("bob@far.example");
    await tried.getByRole("button", { name: "Try" }).click();
    await tried.getByText("603 Not today").last().waitFor();
    await look("rules");
    await page.getByRole("row", { name: /Nobody from afar/ }).getByLabel("More").click();
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("row", { name: /Nobody from afar/ }).getByText("off", { exact: true }).waitFor();
    await page.goto("/settings/rules");
    await page.getByText("No rule looks at calls here.").waitFor();
    await look("server-rules");
  },
};
