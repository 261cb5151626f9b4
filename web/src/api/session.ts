// Who is signed in. The access token lives in memory only; the refresh token in a cookie that scripts cannot read.
import type { Principal, Problem } from "./generated/types";

export type SessionState = "starting" | "out" | "in" | "expired";

/** Marks that a cookie is there to be tried; it holds no secret. */
const HINT = "postamt.signed-in";
/** Renewed this long before the end, so that no call meets it. */
const MARGIN_SECONDS = 30;

interface Tokens { access_token: string; expires_in: number }

let token: string | null = null;
let good = 0;
let state: SessionState = "starting";
let renewing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
const waiting = new Set<() => void>();

export const session = {
  state: () => state,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  },
  /** The account signed in, once it is known. */
  principal: null as Principal | null,
};

function become(next: SessionState) {
  state = next;
  for (const listener of listeners) listener();
}

/** A call that carries or brings the cookie. */
function keeping(path: string, body?: unknown): Promise<Response> {
  return fetch(`/api/v1${path}`, {
    method: "POST",
    // The answer must reach the cookie even if the page goes away meanwhile.
    keepalive: true,
    headers: { "X-Postamt-CSRF": "1", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body ? { "Content-Type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

function take(tokens: Tokens) {
  token = tokens.access_token;
  good = Date.now() + (tokens.expires_in - MARGIN_SECONDS) * 1000;
  localStorage.setItem(HINT, "1");
}

function forget() {
  token = null;
  good = 0;
  localStorage.removeItem(HINT);
}

/** Tabs share the cookie: one renews at a time, or the second would seem a thief. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request("postamt.refresh", work) : work();
}

function renew(): Promise<boolean> {
  renewing ??= alone(async () => {
    if (!localStorage.getItem(HINT)) return false;
    const answer = await keeping("/auth/refresh").catch(() => null);
    if (!answer) return false;
    if (answer.ok) { take(await answer.json() as Tokens); return true; }
    if (answer.status === 401) forget();
    return false;
  }).finally(() => { renewing = null; });
  return renewing;
}

/** Tries the cookie; afterwards one is in or out. */
export async function start(): Promise<void> {
  const inside = await renew().catch(() => false);
  become(inside ? "in" : "out");
}

/** A token for a call; null for who is not signed in. Waits while an expired session is opened again, so nothing typed is lost. */
export async function bearer(): Promise<string | null> {
  if (state === "out" || state === "starting") return token;
  if (state === "in" && Date.now() < good) return token;
  if (state === "in" && await renew()) return token;
  if (state === "in" && localStorage.getItem(HINT)) return token;
  become("expired");
  await new Promise<void>((resolve) => waiting.add(resolve));
  return token;
}

/** The server refuses the token although it seemed good. */
export function refused(used: string | null) {
  if (used === token) good = 0;
}

/** Signs in; the problem when that is refused. */
export async function signIn(login: string, password: string): Promise<Problem | null> {
  const answer = await keeping("/auth/login", { login, password, device_name: device() });
  if (!answer.ok) return await answer.json() as Problem;
  take(await answer.json() as Tokens);
  entered();
  return null;
}

/** Claims a fresh server, which signs its administrator in. */
export async function claim(body: Record<string, unknown>): Promise<Problem | null> {
  const answer = await keeping("/setup", body);
  if (!answer.ok) return await answer.json() as Problem;
  take(await answer.json() as Tokens);
  entered();
  return null;
}

function entered() {
  become("in");
  for (const resume of waiting) resume();
  waiting.clear();
}

export async function signOut(): Promise<void> {
  await keeping("/auth/logout").catch(() => undefined);
  forget();
  session.principal = null;
  become("out");
}

function device(): string {
  const agent = navigator.userAgent;
  const name = /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0] ?? "";
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0] ?? "";
  return [name.replace("Edg", "Edge"), system].filter(Boolean).join(", ") || "Browser";
}
