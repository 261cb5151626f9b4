// The server goes away, rights are few, a page is not there: nothing typed is lost, and it is said in words.
import assert from "node:assert/strict";

export const stories = {
  "a lost connection keeps what was typed": async ({ server, signIn }) => {
    const { page, look, forgiving } = await signIn(server.admin);
    await page.goto("/settings/mail/queue");
    const setting = page.locator(".setting", { hasText: "Trace days" });
    await setting.getByRole("spinbutton").fill("45");
    await forgiving(["ERR_", "Failed to load"], async () => {
      await page.route("**/api/v1/**", (route) => route.abort("connectionrefused"));
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("The server cannot be reached.").first().waitFor();
      await page.getByText("No connection to the server.").waitFor();
      await look("no-connection");
      assert.equal(await setting.getByRole("spinbutton").inputValue(), "45");
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved").waitFor();
    });
    await page.getByText("No connection to the server.").waitFor({ state: "detached" });
    await setting.getByText("Set here").waitFor();
  },

  "unsaved text is not left by accident": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    await page.goto("/settings/network/client-ips");
    await page.getByRole("textbox", { name: "Client IPs" }).fill("10.0.0.0/8");
    await page.getByRole("link", { name: "Domains", exact: true }).or(page.getByRole("link", { name: "Users", exact: true })).first().click();
    await page.getByRole("heading", { name: "Leave without saving?" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await page.getByRole("textbox", { name: "Client IPs" }).inputValue(), "10.0.0.0/8");
    await page.getByRole("button", { name: "Discard" }).click();
    await page.getByRole("link", { name: "Users", exact: true }).first().click();
    await page.getByRole("heading", { name: "Domains" }).waitFor();
  },

  "an administrator of one domain sees that domain, and no more": async ({ server, signIn, password }) => {
    const ask = async (method, path, body, token) => {
      const answer = await fetch(`${server.admin}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify(body) });
      assert.ok(answer.ok, `${path}: ${answer.status}`);
      return answer.status === 204 ? null : answer.json();
    };
    const { access_token } = await ask("POST", "/auth/login", { login: "postmaster", password });
    await ask("PUT", "/accounts/anna@client1.example/rights", { server: [], domain: ["domain", "can_create_accounts", "basic_settings"] }, access_token);
    const { page, look } = await signIn(server.admin, "anna@client1.example");
    await page.getByRole("heading", { name: "Your domains" }).waitFor();
    await look("domain-administrator");
    assert.equal(await page.getByRole("link", { name: "Settings", exact: true }).count(), 0);
    await page.getByRole("link", { name: "client1.example" }).click();
    await page.getByRole("button", { name: "Create Account" }).first().waitFor();
    await page.getByRole("link", { name: "anna", exact: true }).click();
    await page.getByRole("heading", { name: "Anna Berg" }).waitFor();
    await look("domain-administrator-account");
  },

  "a page that is not there says so": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    await page.goto("/users/nowhere");
    await page.getByText("There is no such page.").waitFor();
  },
};
