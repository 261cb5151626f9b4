// An administrator's day: domains, accounts and settings, by the classic path of tabs too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const choose = async (page, ...tabs) => { for (const tab of tabs) await page.locator(".tabs").getByRole("link", { name: tab, exact: true }).first().click(); };

export const stories = {
  "the classic path: Users, Domains, a name, Create Account": async ({ server, signIn, password }) => {
    const { page, look, forgiving } = await signIn(server.admin);
    await page.goto("/preferences");
    await page.getByLabel("Layout").selectOption("classic");
    await choose(page, "Users", "Domains");
    await page.getByRole("button", { name: "Create domain" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("client1.example");
    await page.getByRole("dialog").getByRole("button", { name: "Create domain" }).click();
    await page.getByRole("heading", { name: "client1.example" }).waitFor();
    await choose(page, "Users", "Domains");
    await page.getByRole("link", { name: "client1.example" }).waitFor();
    await look("domains");
    await page.getByRole("link", { name: "client1.example" }).click();
    await page.getByRole("button", { name: "Create Account" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill(".bad");
    await dialog.getByLabel("Person").fill("Anna Berg");
    await dialog.getByLabel("Password").fill(password);
    await forgiving(["422"], async () => {
      await dialog.getByRole("button", { name: "Create Account" }).click();
      await dialog.locator(".fault").waitFor();
    });
    assert.equal(await dialog.getByLabel("Name", { exact: true }).getAttribute("aria-invalid"), "true", "the fault stands at its field");
    assert.equal(await dialog.getByLabel("Person").inputValue(), "Anna Berg", "and nothing typed is lost");
    await dialog.getByLabel("Name", { exact: true }).fill("anna");
    await look("create-account");
    await dialog.getByRole("button", { name: "Create Account" }).click();
    await page.getByRole("heading", { name: "Anna Berg" }).waitFor();
    await look("account");
    for (const [paths, heading] of [
      [["Settings", "Network", "Client IPs"], "Client IPs"],
      [["Settings", "Mail", "SMTP", "Receiving", "Listener"], "Listener"],
      [["Settings", "Mail", "SMTP", "Sending"], "SMTP: sending"],
    ]) {
      await choose(page, ...paths);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await look(`classic-${paths.join("-").toLowerCase().replaceAll(" ", "-")}`);
    }
  },

  "columns and rows of a table are chosen by keys, and remembered": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/users/domains");
    const table = page.getByRole("table", { name: "Domains" });
    await table.getByRole("row").nth(1).waitFor();
    const heads = () => table.getByRole("columnheader").allTextContents();
    const before = await heads();
    const left = before[1];
    const height = async () => (await table.getByRole("row").nth(1).boundingBox()).height;
    const tall = await height();
    await page.getByRole("button", { name: "Columns and rows" }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Columns and rows" });
    assert.ok(await dialog.getByLabel(before[0], { exact: true }).isDisabled(), "what names the row stays");
    await dialog.getByLabel(left, { exact: true }).focus();
    await page.keyboard.press("Space");
    await look("columns");
    await dialog.getByRole("button", { name: "Dense" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.deepEqual(await heads(), before.filter((name) => name !== left));
    assert.ok(await height() < tall, "rows stand closer");
    await page.reload();
    await table.getByRole("row").nth(1).waitFor();
    assert.deepEqual(await heads(), before.filter((name) => name !== left));
    await look("columns-dense");
    await page.getByRole("button", { name: "Columns and rows" }).click();
    await dialog.getByLabel(left, { exact: true }).check();
    await page.keyboard.press("Escape");
    assert.deepEqual(await heads(), before);
  },

  "problems are told in German, at their field and with their values": async ({ server, signIn, password }) => {
    const { page, look, forgiving } = await signIn(server.admin, "postmaster", { language: "de-DE" });
    await page.goto("/users/domains/client1.example");
    await page.getByRole("button", { name: "Konto anlegen" }).first().click();
    const dialog = page.getByRole("dialog");
    const name = dialog.getByLabel("Name", { exact: true });
    const refused = async (typed) => {
      await name.fill(typed);
      await forgiving(["409", "422"], async () => {
        await dialog.getByRole("button", { name: "Konto anlegen" }).click();
        await page.waitForFunction((old) => document.querySelector("dialog .fault")?.textContent !== old, typed);
        await dialog.locator(".fault").waitFor();
      });
      return dialog.locator(".fault").textContent();
    };
    await dialog.getByLabel("Passwort").fill(password);
    assert.equal(await refused("anna"), "anna ist in dieser Domäne schon vergeben.");
    await look("problem-german");
  },

  "an account: names, numbers, rights, settings with their origin, delete and restore": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/users/accounts/anna%40client1.example");
    const names = page.getByRole("region", { name: "Other names" });
    await names.getByLabel("Add").fill("a.berg");
    await names.getByRole("button", { name: "Add" }).click();
    await names.getByText("a.berg").waitFor();
    const numbers = page.getByRole("region", { name: "Telephone numbers" });
    await numbers.getByLabel("Add").fill("+4930123456");
    await numbers.getByRole("button", { name: "Add" }).click();
    await numbers.getByText("+4930123456").waitFor();

    await page.getByRole("tab", { name: "Settings" }).click();
    const setting = page.locator(".setting", { hasText: "Maximum account size" });
    await setting.getByText("from: Built in").waitFor();
    await setting.getByRole("combobox").selectOption({ label: "GiB" });
    await setting.getByRole("spinbutton").fill("5");
    await page.getByRole("button", { name: "Save" }).click();
    await setting.getByText("Set here").waitFor();
    await setting.getByRole("button", { name: "Reset to inherited (unlimited)" }).click();
    await page.getByRole("button", { name: "Discard" }).click();
    await setting.getByText("Set here").waitFor();
    await page.getByRole("button", { name: /more in Advanced/ }).click();
    await look("account-settings");

    await page.getByRole("tab", { name: "Rights" }).click();
    await page.getByText("can_create_accounts").click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    await look("account-rights");
    await page.getByRole("tab", { name: "Sessions" }).click();
    await page.getByText("Nobody is signed in.").waitFor();

    await page.getByLabel("More").click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled(), "the name must be typed");
    await dialog.getByLabel("Type anna to confirm").fill("anna");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "client1.example" }).waitFor();
    await page.goto("/users/accounts?state=deleted");
    await page.getByRole("link", { name: "anna@client1.example" }).click();
    await page.getByRole("button", { name: "Restore" }).click();
    await page.getByRole("tab", { name: "Overview" }).waitFor();
    await page.getByText("a.berg").waitFor();
  },

  "somebody else was faster: the conflict keeps what was typed": async ({ server, signIn, password }) => {
    const { page, look, forgiving } = await signIn(server.admin);
    await page.goto("/users/domains/client1.example?tab=settings");
    const limit = page.locator(".setting", { hasText: "Accounts limit" });
    await limit.getByRole("combobox").selectOption({ label: "at most" });
    await limit.getByRole("spinbutton").fill("25");
    const { access_token } = await (await fetch(`${server.admin}/api/v1/auth/login`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ login: "postmaster", password }) })).json();
    // Events would bring the new state before the conflict can arise.
    await page.route("**/domains/client1.example/settings", (route) => (route.request().method() === "GET" ? new Promise(() => undefined) : route.continue()));
    const changed = await fetch(`${server.admin}/api/v1/domains/client1.example/settings`, { method: "PATCH", headers: { "Content-Type": "application/json", Authorization: `Bearer ${access_token}` }, body: JSON.stringify({ set: { mail_to_unknown: "discarded" } }) });
    assert.equal(changed.status, 200);
    await forgiving(["412"], async () => {
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("heading", { name: "Changed meanwhile" }).waitFor();
    });
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await look("conflict");
    await page.getByRole("button", { name: "Look at the new state" }).click();
    assert.equal(await limit.getByRole("spinbutton").inputValue(), "25");
    await page.waitForFunction(() => [...document.querySelectorAll("select")].some((one) => one.value === "discarded"));
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
  },

  "groups, forwarders, lists, listeners and the other pages are there for eyes and keyboards": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/users/domains/client1.example?tab=groups");
    await page.getByRole("button", { name: "Create group" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("sales");
    await page.getByRole("dialog").getByLabel("Members").fill("anna");
    await page.getByRole("dialog").getByRole("button", { name: "Create group" }).click();
    await page.getByRole("button", { name: "sales" }).click();
    await look("group");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("tab", { name: "Forwarders" }).click();
    await page.getByRole("button", { name: "Create forwarder" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("info");
    await page.getByRole("dialog").getByLabel("Leads to").fill("anna");
    await page.getByRole("dialog").getByRole("button", { name: "Create forwarder" }).click();
    await page.getByRole("cell", { name: "info" }).waitFor();
    await page.goto("/settings/network/client-ips");
    await page.getByLabel("Is this address listed?").fill("127.0.0.1");
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("listed, line").waitFor();
    for (const path of ["/users/accounts", "/users/numbers", "/users/account-defaults", "/users/domain-defaults", "/settings/general", "/settings/network/address-lists", "/settings/network/lan", "/settings/network/media-ports", "/settings/network/dns",
      "/settings/network/listeners", "/settings/mail/queue", "/settings/real-time/sip", "/settings/real-time/media", "/master/rights", "/master/certificates", "/master/api", "/preferences"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await look(path.slice(1).replaceAll("/", "-"));
    }
    await page.getByRole("link", { name: "GraphQL" }).click();
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("region", { name: "Answer" }).getByText("postmaster@mycompany.example").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByLabel("Go to or do").last().fill("client ips");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Client IPs" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByLabel("Go to or do").last().fill("anna");
    await page.getByRole("option", { name: /anna@client1.example/ }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Anna Berg" }).waitFor();
    await page.getByRole("button", { name: "The calls behind this page" }).click();
    await page.getByText("/api/v1/accounts/anna%40client1.example", { exact: false }).first().waitFor();
    await look("api-peek");
  },

  "every setting has a German name and help": async ({ server, password }) => {
    const german = readFileSync(new URL("../../src/i18n/de/settings.ts", import.meta.url), "utf8");
    const { access_token } = await (await fetch(`${server.admin}/api/v1/auth/login`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ login: "postmaster", password }) })).json();
    const { data } = await (await fetch(`${server.admin}/api/v1/meta/settings`, { headers: { Authorization: `Bearer ${access_token}` } })).json();
    const missing = data.flatMap((group) => group.settings.flatMap(({ key, help }) => [`setting.${key}`, help].filter((word) => !german.includes(`  ${JSON.stringify(word)}: `))));
    assert.deepEqual([...new Set(missing)], [], "add these to web/src/i18n/de/settings.ts");
  },

  "administration speaks German": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin, "postmaster", { language: "de-DE" });
    await page.getByRole("heading", { name: "Nächste Schritte" }).waitFor();
    await look("de-dash");
    await page.goto("/users/accounts/anna%40client1.example?tab=settings");
    await page.getByRole("tab", { name: "Einstellungen" }).waitFor();
    await look("de-account-settings");
    await page.goto("/users/domains/client1.example");
    await page.getByRole("button", { name: "Konto anlegen" }).waitFor();
    await look("de-domain");
  },

  "administration and mail speak Russian": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin, "postmaster", { language: "ru-RU" });
    await page.getByRole("heading", { name: "Следующие шаги" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "ru");
    await look("ru-dash");
    await page.goto("/users/accounts/anna%40client1.example?tab=settings");
    await page.getByText("Размер учётной записи", { exact: true }).waitFor();
    await look("ru-account-settings");
    await page.goto("/users/domains");
    await page.getByRole("button", { name: "Столбцы и строки" }).waitFor();
    await look("ru-domains");
    const user = await signIn(server.user, "anna@client1.example", { language: "ru-RU" });
    await user.page.locator(".folder", { hasText: "Входящие" }).waitFor();
    await user.page.getByRole("button", { name: "Написать" }).click();
    await user.page.getByRole("textbox", { name: "Текст сообщения" }).waitFor();
    await user.look("ru-mail");
    await user.page.goto("/settings?tab=look");
    await user.page.getByLabel("Язык").waitFor();
    assert.deepEqual(await user.page.getByLabel("Язык").getByRole("option").allTextContents(), ["English", "Deutsch", "Русский"]);
    await user.page.getByLabel("Язык").selectOption("English");
    await user.page.getByRole("heading", { name: "Settings" }).waitFor();
  },
};
