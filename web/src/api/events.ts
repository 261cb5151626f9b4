// Server-sent events over fetch, since EventSource cannot carry a token. One stream serves the whole page.
import type { Event } from "./generated/types";
import { bearer, session } from "./session";

export type Topic = "accounts" | "domains" | "auth" | "calls" | "im" | "mailbox" | "mail" | "queue" | "registrations" | "system";
/** Hears an event, or null when some may have been missed. */
type Listener = (event: Event | null) => void;

const listeners = new Map<Listener, Topic[]>();
let stream: { topics: string; stop: AbortController } | null = null;
let last: string | null = null;

export function listen(topics: Topic[], listener: Listener): () => void {
  listeners.set(listener, topics);
  queueMicrotask(adjust);
  return () => {
    listeners.delete(listener);
    // The next page may want the same stream.
    setTimeout(adjust, 500);
  };
}

function adjust() {
  const topics = [...new Set([...listeners.values()].flat())].sort().join(",");
  if (topics === (stream?.topics ?? "")) return;
  stream?.stop.abort();
  stream = null;
  if (topics === "") return;
  stream = { topics, stop: new AbortController() };
  void run(stream.topics, stream.stop.signal);
}

function tell(event: Event | null) {
  for (const [listener, topics] of [...listeners]) if (!event || topics.includes(event.topic as Topic)) listener(event);
}

async function run(topics: string, signal: AbortSignal) {
  for (let wait = 500, again = false; !signal.aborted; wait = Math.min(wait * 2, 30_000), again = true) {
    try {
      if (session.state() !== "in") throw new Error("signed out");
      const token = await bearer();
      const answer = await fetch(`/api/v1/events?topics=${topics}`, { signal, headers: { Authorization: `Bearer ${token}`, ...(last ? { "Last-Event-ID": last } : {}) } });
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      if (again) tell(null);
      wait = 500;
      for await (const { kind, id, data } of messages(answer.body)) {
        if (id) last = id;
        if (kind === "reset" || kind === "overflow") { last = null; tell(null); } else if (data) tell(JSON.parse(data) as Event);
      }
    } catch { /* tried again below */ }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Parts a stream into its messages (WHATWG HTML §9.2). */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<{ kind: string; id: string; data: string }> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const message = { kind: "", id: "", data: "" };
      for (const row of text.slice(0, end).split("\n")) {
        const [, key, field] = /^(\w*): ?(.*)$/.exec(row) ?? [];
        if (key === "event") message.kind = field ?? "";
        else if (key === "id") message.id = field ?? "";
        else if (key === "data") message.data += (message.data && "\n") + (field ?? "");
      }
      text = text.slice(end + 2);
      if (message.data) yield message;
    }
  }
}
