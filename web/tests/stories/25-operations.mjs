// Changes that must be confirmed, counted lines, the DNS of a domain, how others see the server, a waiting message kept as a file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startDns } from "../dns.mjs";
import { people } from "../people.mjs";
import { send } from "../smtp.mjs";

const mail = (subject) => `From: a@far.example\nTo: b@x.example\nSubject: ${subject}\nMessage-ID: <${subject.toLowerCase()}@far.example>\n\nText.\n`;

export const stories = {
  "a table saved on trial counts down, goes back at once, or is kept": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/router?tab=text");
    const area = page.getByLabel("Routing table as text");
    const before = await area.inputValue();
    const saveOnTrial = async () => {
      await area.fill(`${before}<trial> = postmaster\n`);
      await page.getByRole("button", { name: "Save…" }).click();
      await page.getByLabel("Take it back in 5 minutes unless I confirm").check();
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("The new routing table goes back unless somebody confirms it.").waitFor();
    };
    await saveOnTrial();
    const left = await page.getByRole("timer").textContent();
    assert.match(left, /^(5:00|4:\d\d)$/);
    await page.waitForFunction((old) => document.querySelector("[role=timer]").textContent !== old, left);
    await look("router-trial");
    await page.goto("/");
    await page.getByRole("timer").waitFor();
    await page.goto("/settings/router?tab=text");
    await page.getByRole("button", { name: "Take it back now" }).click();
    await page.getByText("It has gone back.").waitFor();
    await page.waitForFunction((text) => document.querySelector("textarea").value === text, before);
    assert.equal(await page.getByRole("timer").count(), 0);
    await saveOnTrial();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByText("It stays.").waitFor();
    await page.getByRole("timer").waitFor({ state: "detached" });
    await page.reload();
    await page.waitForFunction((text) => document.querySelector("textarea")?.value === text, `${before}<trial> = postmaster\n`);
  },

  "settings of the Router are saved on trial too": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/router?tab=settings");
    const setting = page.locator("#setting-direct_mailbox_addressing");
    await setting.check();
    await page.getByLabel("Take it back in 5 minutes unless I confirm").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The new settings of the Router go back unless somebody confirms them.").waitFor();
    assert.ok(await setting.isChecked());
    await look("router-settings-trial");
    await page.getByRole("button", { name: "Take it back now" }).click();
    await page.getByText("It has gone back.").waitFor();
    await page.waitForFunction(() => !document.querySelector("#setting-direct_mailbox_addressing").checked);
  },

  "lines show how often they were applied": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/router?tab=text");
    const area = page.getByLabel("Routing table as text");
    await area.fill(`${await area.inputValue()}<counted> = postmaster\n<never> = postmaster\n`);
    await page.getByRole("button", { name: "Save…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The new table is in force.").waitFor();
    for (let n = 0; n < 2; n += 1) await send(2025 + server.offset, "a@far.example", ["counted@mycompany.example"], mail(`Counted${n}`));
    await page.goto("/settings/router");
    const line = (name) => page.locator(".routing > li", { hasText: `<${name}>` }).locator(".hits");
    await line("counted").waitFor();
    assert.match(await line("counted").textContent(), /: 2$/);
    assert.match(await line("never").textContent(), /: 0$/);
    await look("router-hits");
  },

  "anybody may relay is said only where something would be relayed": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    await page.goto("/settings/router?address=12345678900%40mycompany.example&flow=signal");
    await page.getByTestId("live").getByText("gatewaycaller{+12345678900,gwus}").waitFor();
    assert.equal(await page.getByText("anybody may relay").count(), 0);
    await page.goto("/settings/router?tab=text&address=out%40mycompany.example");
    await page.getByTestId("live").getByText("ERROR").waitFor();
    const area = page.getByLabel("Routing table as text");
    await area.fill(`${await area.inputValue()}<out> = bob@far.example\n`);
    await page.getByTestId("draft").getByText("SMTP(far.example)").waitFor();
    await page.getByText("anybody may relay").waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
  },

  "the DNS of a domain: what is missing, what to enter": async ({ server, signIn, password }) => {
    const dns = await startDns({ "mycompany.example": "v=spf1 -all", "_dmarc.mycompany.example": "v=DMARC1; p=reject" });
    try {
      const { admin } = await people(server, password, "mycompany.example", []);
      await admin("PATCH", "/network/dns", { set: { servers: [dns.address], timeout: 1 } });
      await admin("PATCH", "/network/lan", { wan_ipv4: "203.0.113.5" });
      const { page, look } = await signIn(server.admin);
      await page.goto("/users/domains/mycompany.example?tab=dns");
      await page.getByText("Nobody has asked the DNS yet.").waitFor();
      await page.getByRole("button", { name: "Check now" }).click();
      const checks = page.getByRole("list", { name: "Checks" });
      const check = (name) => checks.locator("> li", { hasText: name });
      await check("Mail comes here (MX)").getByRole("button", { name: "mycompany.example. 3600 IN MX 10 mail.mycompany.example." }).waitFor();
      await check("Sender policy (SPF)").getByText("The record does not name this server").waitFor();
      assert.equal(await check("Policy for forged mail (DMARC)").getByText("well", { exact: true }).count(), 1);
      assert.equal(await check("Signatures (DNSSEC)").getByText("cannot be judged").count(), 1);
      await page.getByText("All records as lines of a zone").click();
      await page.getByText('_smtp._tls.mycompany.example. 3600 IN TXT "v=TLSRPTv1; rua=mailto:postmaster@mycompany.example"').first().waitFor();
      await look("dns-check");
      await page.goto("/");
      await page.getByText("DNS records for mycompany.example").click();
      await page.getByRole("list", { name: "Records to enter" }).getByText("IN MX 10 mail.mycompany.example.").waitFor();
      await look("dash-dns");
      const german = await signIn(server.admin, "postmaster", { language: "de-DE" });
      await german.page.goto("/users/domains/mycompany.example?tab=dns");
      await german.page.getByText("Der Eintrag nennt diesen Server nicht: seine Mail gilt als gefälscht.").waitFor();
      await admin("PATCH", "/network/lan", { wan_ipv4: "" });
      await admin("PATCH", "/network/dns", { unset: ["servers", "timeout"] });
    } finally {
      dns.stop();
    }
  },

  "a STUN server tells how others see this one": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/network/lan");
    await page.getByLabel("STUN server").fill(`127.0.0.1:${5060 + server.offset}`);
    await page.getByLabel("WAN IPv4").fill("203.0.113.7");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    await page.getByText("The WAN address is not one of this machine").waitFor();
    await look("lan");
    await page.goto("/settings/network/media-ports");
    await page.getByText("Others see this server under another address").waitFor();
    await page.getByText(`(127.0.0.1:${5060 + server.offset})`).waitFor();
    await look("media-ports");
    await page.goto("/settings/network/lan");
    for (const field of ["STUN server", "WAN IPv4"]) await page.getByLabel(field).fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    await page.getByText("The WAN address is not one of this machine").waitFor({ state: "detached" });
  },

  "a message on its way is kept as a file by who may read it": async ({ server, signIn, password }) => {
    const { admin } = await people(server, password, "mycompany.example", [["reader", "Rita Reader"]]);
    await admin("PUT", "/accounts/reader/rights", { server: ["monitors", "mailbox_read_all"] });
    const { number } = await admin("POST", "/messages", { from: "a@far.example", to: ["b@held.example"], raw: mail("Kept") });
    const { page } = await signIn(server.admin, "reader@mycompany.example");
    const open = async (window) => {
      await window.goto("/monitors/queue?tab=messages");
      await window.locator("tbody tr", { hasText: String(number) }).locator("button").first().click();
      await window.getByRole("dialog").getByText("What happened").waitFor();
    };
    await open(page);
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download message" }).click()]);
    assert.equal(file.suggestedFilename(), `${number}.eml`);
    assert.match(readFileSync(await file.path(), "utf8"), /\r\nSubject: Kept\r\n/);
    const other = await signIn(server.admin);
    await open(other.page);
    assert.equal(await other.page.getByRole("button", { name: "Download message" }).count(), 0, "who may not read it is not offered to");
    await admin("DELETE", `/messages/${number}`);
  },
};
