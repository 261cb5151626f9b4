// Users of the stories and what the API does for them.
export function api(origin) {
  const ask = async (token, method, path, body) => {
    const answer = await fetch(`${origin}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok && !(answer.status === 409 && method === "POST")) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : null;
  };
  const signIn = async (login, password) => (await ask(null, "POST", "/auth/login", { login, password })).access_token;
  return { ask, signIn };
}

/** Makes sure of these accounts in a domain, each given as name and person. */
export async function people(server, password, domain, accounts) {
  const admin = api(server.admin);
  const token = await admin.signIn("postmaster", password);
  await admin.ask(token, "POST", "/domains", { name: domain });
  for (const [name, real_name] of accounts) await admin.ask(token, "POST", `/domains/${domain}/accounts`, { name, real_name, password });
  // Stories do in seconds what takes people hours.
  await admin.ask(token, "PATCH", "/server/settings", { set: { rate_default: { count: 100_000, period: 60 } } });
  const user = api(server.user);
  const of = async (name) => {
    const own = await user.signIn(`${name}@${domain}`, password);
    const call = (method, path, body) => user.ask(own, method, `/accounts/me${path}`, body);
    /** Stores a message as it is, however large. */
    const putWhole = async (raw) => {
      const answer = await fetch(`${server.user}/api/v1/accounts/me/messages`, { method: "POST", headers: { "Content-Type": "message/rfc822", Authorization: `Bearer ${own}` }, body: raw.replace(/\r?\n/g, "\r\n") });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    return { call, address: `${name}@${domain}`, put: (raw, more) => (more ? call("POST", "/messages", { raw, ...more }) : putWhole(raw)) };
  };
  return { of, admin: (method, path, body) => admin.ask(token, method, path, body) };
}
