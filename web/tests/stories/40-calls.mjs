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
      await page.getByRole("link", { name: "anna@client1.example" }).waitFor({ timeout: 5000 });
      await page.getByRole("link", { name: "carl@client1.example" }).waitFor();
      await look("registrations");
      await page.goto("/monitors/calls");
      await page.getByText("Nobody is talking.").waitFor();
      const hangUp = await anna.call("carl@client1.example");
      await page.getByText("Connected").waitFor({ timeout: 5000 });
      await look("calls");
      await page.locator("tbody tr").first().locator("a").first().click();
      await page.getByRole("button", { name: "Hang up" }).waitFor();
      await page.getByRole("button", { name: /INVITE/ }).first().waitFor();
      await page.getByRole("button", { name: /INVITE/ }).first().click();
      await page.getByRole("dialog").getByText("Max-Forwards").first().waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await look("call-live");
      await hangUp();
      await page.getByRole("button", { name: /BYE/ }).first().waitFor({ timeout: 8000 });
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
};
