// A fresh server is claimed by the link it printed; then its administrator signs in and out.
import assert from "node:assert/strict";

/** Stories sign in more often than people do. */
async function signInOften(server, password) {
  const ask = async (method, path, body, token) => (await fetch(`${server.admin}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) }, body: JSON.stringify(body) })).json();
  const { access_token } = await ask("POST", "/auth/login", { login: "postmaster", password });
  await ask("PATCH", "/server/settings", { set: { rate_login: { count: 1000, period: 60 }, rate_anonymous: { count: 5000, period: 60 } } }, access_token);
}

export const stories = {
  "a fresh server is claimed by its link": async ({ server, open, password }) => {
    const { page, look, forgiving } = await open(server.admin);
    await page.goto("/setup#token=WRONGTOKENWRONGTOKENWRONGTOKEN");
    await page.getByLabel("Main domain").fill("mycompany.example");
    await page.getByLabel("Password of postmaster").fill(password);
    await page.getByLabel("The same password again").fill(password);
    await look("setup");
    await forgiving(["403"], async () => {
      await page.getByRole("button", { name: "Claim this server" }).click();
      await page.getByText("The set-up link is too old").waitFor();
    });
    assert.equal(await page.getByLabel("Main domain").inputValue(), "mycompany.example", "a refusal keeps what was typed");
    await page.goto("about:blank");
    await page.goto(`/setup#token=${server.token}`);
    await page.getByLabel("Main domain").fill("no domain");
    await page.getByLabel("Password of postmaster").fill(password);
    await page.getByLabel("The same password again").fill(password);
    await forgiving(["422"], async () => {
      await page.getByRole("button", { name: "Claim this server" }).click();
      await page.locator(".fault").first().waitFor();
    });
    assert.equal(await page.getByLabel("Main domain").getAttribute("aria-invalid"), "true");
    await page.getByLabel("Main domain").fill("mycompany.example");
    await page.getByRole("button", { name: "Claim this server" }).click();
    await page.getByRole("heading", { name: "Dash" }).waitFor();
    await page.getByText("Create the first account").waitFor();
    await look("dash-first");
    assert.equal(new URL(page.url()).hash, "", "the token leaves the address bar");
    await signInOften(server, password);
  },

  "sign-in keeps no token where scripts can read it, and lasts over a reload": async ({ server, signIn, open }) => {
    const wrong = await open(server.admin);
    await wrong.page.goto("/");
    await wrong.page.getByLabel("Name or address").fill("postmaster");
    await wrong.page.getByLabel("Password").fill("wrong");
    await wrong.look("sign-in");
    await wrong.forgiving(["401"], async () => {
      await wrong.page.getByRole("button", { name: "Sign in" }).click();
      await wrong.page.getByRole("alert").waitFor();
    });
    const { page, context } = await signIn(server.admin);
    await page.getByRole("heading", { name: "Dash" }).waitFor();
    const readable = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.ok(!/eyJ|pa_rt/.test(readable), readable);
    const cookie = (await context.cookies()).find((one) => one.name === "pa_rt_admin");
    assert.ok(cookie?.httpOnly && cookie.sameSite === "Strict");
    await page.reload();
    await page.getByRole("heading", { name: "Dash" }).waitFor();
    await page.getByLabel("Preferences").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Name or address").waitFor();
    assert.equal((await context.cookies()).length, 0);
  },

  "an ended session asks again and loses nothing typed": async ({ server, signIn, password }) => {
    const { page, forgiving } = await signIn(server.user);
    await page.goto("/settings");
    await page.getByLabel("Name", { exact: true }).fill("Half a na");
    const login = await fetch(`${server.admin}/api/v1/auth/login`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ login: "postmaster", password }) });
    const { access_token } = await login.json();
    await fetch(`${server.admin}/api/v1/accounts/me/kill-sessions`, { method: "POST", headers: { Authorization: `Bearer ${access_token}` } });
    await forgiving(["401"], async () => {
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Your session has ended").waitFor();
      await page.getByLabel("Password", { exact: true }).last().fill(password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Saved").waitFor();
    });
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Half a na");
  },
};
