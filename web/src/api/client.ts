// The one way to the server: operations of the API by name, typed by what `npm run generate` read.
import { operations } from "./generated/operations";
import type { Inputs, Problem as ProblemBody, Results } from "./generated/types";
import { fault } from "../i18n/faults";
import { bearer, refused } from "./session";

export type OperationId = keyof typeof operations & keyof Inputs & keyof Results;
export type Input<I extends OperationId> = Inputs[I];
export type Result<I extends OperationId> = Results[I];

/** What the server says when it does not do what was asked (RFC 9457). */
export class Problem extends Error {
  constructor(readonly body: ProblemBody) {
    super(body.detail);
  }
  get code() { return this.body.code; }
  get status() { return this.body.status; }
  /** What is wrong with one field, by JSON pointer. */
  at(pointer: string): string | undefined {
    return this.first((error) => error.pointer === pointer);
  }
  /** What is wrong with a field or something in it. */
  under(pointer: string): string | undefined {
    return this.first((error) => error.pointer.startsWith(pointer));
  }
  private first(fits: (error: NonNullable<ProblemBody["errors"]>[number]) => boolean): string | undefined {
    const found = this.body.errors?.find(fits);
    return found && fault(found.detail);
  }
}

/** A problem that no server told: it cannot be reached. */
export const UNREACHABLE = "unreachable";

/** A call as it went over the wire, for "the call behind this page". */
export interface Sent { id: OperationId; method: string; path: string; body?: unknown; status: number; milliseconds: number }

const RECENT = 30;
let recent: readonly Sent[] = [];
const watchers = new Set<() => void>();
export const sent = {
  list: () => recent,
  subscribe(watcher: () => void) {
    watchers.add(watcher);
    return () => { watchers.delete(watcher); };
  },
  /** Forgets the calls of the page before. */
  clear() { recent = []; for (const watcher of watchers) watcher(); },
};
function record(call: Sent) {
  const same = (other: Sent) => other.method === call.method && other.path === call.path;
  recent = [call, ...recent.filter((other) => !same(other))].slice(0, RECENT);
  for (const watcher of watchers) watcher();
}

/** Whether calls reach the server. */
let reachable = true;
const lines = new Set<() => void>();
export const line = {
  up: () => reachable,
  subscribe(watcher: () => void) {
    lines.add(watcher);
    return () => { lines.delete(watcher); };
  },
  set(up: boolean) {
    if (up !== reachable) { reachable = up; for (const watcher of lines) watcher(); }
  },
};

export interface Options {
  /** The version that was read: the call is refused when somebody changed it since. */
  version?: number;
  /** Repeating the call with the same key does it once. */
  once?: string;
  signal?: AbortSignal;
  /** The form the answer is wanted in, where there are several. */
  accept?: string;
}

/** Path, query and body of a call: fields find their place by the path and the method. */
export function request<I extends OperationId>(id: I, input: Input<I>): { method: string; path: string; body?: Record<string, unknown> } {
  const [method, template] = operations[id];
  const rest: Record<string, unknown> = { ...input };
  let path: string = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  for (const [key, value] of Object.entries(rest)) if (value === undefined) delete rest[key];
  if (method !== "GET" && method !== "DELETE") return Object.keys(rest).length > 0 ? { method, path, body: rest } : { method, path };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) if (value !== null) query.set(key, String(value));
  if (query.size > 0) path += `?${query}`;
  return { method, path };
}

/** Does an operation. */
export async function call<I extends OperationId>(id: I, input: Input<I>, options: Options = {}): Promise<Result<I>> {
  const { method, path, body } = request(id, input);
  const headers = { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...(options.accept ? { Accept: options.accept } : {}) };
  const answer = await send(id, method, path, options, body === undefined ? null : JSON.stringify(body), headers, body);
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as Result<I>;
}

/** Does an operation whose result is a file. */
export async function download<I extends OperationId>(id: I, input: Input<I>, accept = "*/*"): Promise<Blob> {
  const { method, path, body } = request(id, input);
  const answer = await send(id, method, path, {}, body === undefined ? null : JSON.stringify(body), { Accept: accept, ...(body === undefined ? {} : { "Content-Type": "application/json" }) }, body);
  return answer.blob();
}

async function send(id: OperationId, method: string, path: string, options: Options, payload: BodyInit | null, headers: Record<string, string>, shown?: unknown): Promise<Response> {
  for (let attempt = 0; ; attempt += 1) {
    const token = await bearer();
    const begun = performance.now();
    let answer: Response;
    try {
      answer = await fetch(`/api/v1${path}`, {
        method, body: payload, signal: options.signal ?? null,
        headers: {
          ...headers,
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(options.version === undefined ? {} : { "If-Match": `"${options.version}"` }),
          ...(options.once ? { "Idempotency-Key": options.once } : {}),
        },
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      line.set(false);
      throw new Problem({ type: "about:blank", title: UNREACHABLE, status: 0, code: UNREACHABLE, detail: UNREACHABLE });
    }
    line.set(true);
    record({ id, method, path: `/api/v1${path}`, body: shown, status: answer.status, milliseconds: Math.round(performance.now() - begun) });
    if (answer.status === 401 && token && attempt === 0) { refused(token); continue; }
    if (!answer.ok) throw new Problem(await problem(answer));
    return answer;
  }
}

async function problem(answer: Response): Promise<ProblemBody> {
  try {
    return await answer.json() as ProblemBody;
  } catch {
    return { type: "about:blank", title: answer.statusText, status: answer.status, code: "internal", detail: answer.statusText };
  }
}

/** A new key for `once`. */
export const onceKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, "0")).join("");
