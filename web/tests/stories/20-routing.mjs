// The routing table: the lines of the guide, their four examples explained, a change that is rolled back.
import assert from "node:assert/strict";

const SEED = [
  "<+74951234567@gateway.company.dom> = pbx#pbx@localhost",
  "<(3d)@gateway.company.dom> = gatewayincoming{*}#pbx@localhost",
  "<*@gateway.company.dom> = pbx#pbx@localhost",
  "Signal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx",
  "Signal:<1(10d)@*>=gatewaycaller{+1*,gwus}#pbx",
];
const EXAMPLES = [
  ["+74951234567@gateway.company.dom", "APP(pbx@mycompany.example) pbx{}"],
  ["215@gateway.company.dom", "APP(pbx@mycompany.example) gatewayincoming{215}"],
  ["anything@gateway.company.dom", "APP(pbx@mycompany.example) pbx{}"],
  ["12345678900@mycompany.example", "APP(pbx@mycompany.example) gatewaycaller{+12345678900,gwus}"],
];

export const stories = {
  "the lines of the guide are typed, checked as one types, saved and explained": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/router?tab=text");
    const area = page.getByLabel("Routing table as text");
    const before = await area.inputValue();
    await area.fill(`${before}${SEED.join("\n")}\nno record at all\n`);
    await page.getByText("a record needs =").first().waitFor();
    assert.ok(await page.getByRole("button", { name: "Save…" }).isDisabled(), "a table with faults cannot be saved");
    await look("router-fault");
    await area.fill(`${before}${SEED.join("\n")}\n`);
    await page.getByLabel("Address or number").fill(EXAMPLES[3][0]);
    await page.getByRole("group", { name: "Kind" }).getByRole("button", { name: "Call" }).click();
    await page.getByTestId("draft").getByText(EXAMPLES[3][1]).waitFor();
    await page.getByText("goes elsewhere").waitFor();
    await page.getByRole("button", { name: "Save…" }).click();
    await look("router-plan");
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The new table is in force.").waitFor();
    for (const [address, expected] of EXAMPLES) {
      await page.getByLabel("Address or number").fill(address);
      await page.waitForFunction((text) => document.querySelector("[data-testid=live]")?.textContent === text, expected);
    }
    await page.getByRole("tab", { name: "Lines" }).click();
    await page.locator(".timeline > li", { hasText: "A line of the table" }).first().hover();
    await page.locator(".routing > li.marked").waitFor();
    await look("router-lines");
  },

  "lines move by keyboard and by mouse, and are switched off": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    // Tall enough that nothing scrolls below a mouse that drags.
    await page.setViewportSize({ width: 1280, height: 1400 });
    await page.goto("/settings/router");
    const texts = () => page.locator(".routing > li[data-line]").evaluateAll((lines) => lines.map((line) => line.querySelector(".grow").textContent));
    await page.locator(".routing > li[data-line]").first().waitFor();
    const old = await texts();
    const last = page.locator(".routing > li[data-line]").last();
    await last.focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.waitForFunction((text) => [...document.querySelectorAll(".routing > li[data-line]")].at(-2).querySelector(".grow").textContent === text, old.at(-1));
    await page.getByRole("button", { name: "Discard" }).click();
    await last.dragTo(page.locator(".routing > li[data-line]").first(), { sourcePosition: { x: 20, y: 15 } });
    await page.waitForFunction((text) => document.querySelector(".routing > li[data-line] .grow").textContent === text, old.at(-1));
    await page.getByRole("button", { name: "Discard" }).click();
    assert.deepEqual(await texts(), old);
    await page.getByLabel(`Line ${old.length} is used`).click();
    await page.getByLabel("Address or number").fill(EXAMPLES[3][0]);
    await page.getByRole("group", { name: "Kind" }).getByRole("button", { name: "Call" }).click();
    await page.getByTestId("draft").getByText("ERROR").waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
  },

  "a table open to strangers must be confirmed": async ({ server, signIn }) => {
    const { page } = await signIn(server.admin);
    await page.goto("/settings/router?tab=text");
    const area = page.getByLabel("Routing table as text");
    await area.fill(`${await area.inputValue()}RelayAll:<*@*> = *@*.relay.example._via\n`);
    await page.getByText("lets everybody relay").first().waitFor();
    await page.getByRole("button", { name: "Save…" }).click();
    const save = page.getByRole("dialog").getByRole("button", { name: "Save", exact: true });
    assert.ok(await save.isDisabled());
    await page.getByLabel("That is what I want").check();
    assert.ok(await save.isEnabled());
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Discard" }).click();
  },

  "a change is rolled back": async ({ server, signIn }) => {
    const { page, look } = await signIn(server.admin);
    await page.goto("/settings/router?tab=history");
    await page.getByRole("button", { name: "Go back" }).first().waitFor();
    await page.locator("tbody tr").first().getByRole("button", { name: "2", exact: true }).click();
    await page.getByText("Signal:<1(10d)@*>").first().waitFor();
    await look("router-history");
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator("tbody tr").last().getByRole("button", { name: "Go back" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
    await page.getByText("Back to an earlier table").waitFor();
    await page.goto(`/settings/router?address=${encodeURIComponent(EXAMPLES[3][0])}&flow=signal`);
    await page.getByTestId("live").getByText("ERROR").waitFor();
    await page.goto("/settings/router?tab=history");
    await page.locator("tbody tr", { hasText: "+5 −0" }).getByRole("button", { name: "Go back" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
    await page.getByText("Back to an earlier table").waitFor();
  },
};
