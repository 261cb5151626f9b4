// Messages being written. They outlive the page they were begun on.
import { useSyncExternalStore } from "react";
import { session } from "../../api/session";
import type { MailAddress, Message } from "../../api/generated/types";

/** A file of a message being written: on its way up, there, or one of another message. */
export interface File_ {
  key: number;
  name: string;
  size: number;
  type: string;
  /** What the API calls it; absent while it is on its way. */
  ref?: { blob_id: string } | { message_id: string; part: string };
  /** From 0 to 1. */
  progress: number;
  fault?: string;
  stop?: () => void;
}

/** What a message starts with. */
export interface Start {
  draftId?: string;
  from?: string;
  to?: MailAddress[];
  cc?: MailAddress[];
  bcc?: MailAddress[];
  subject?: string;
  text?: string;
  html?: string | null;
  files?: File_[];
  inReplyTo?: string;
  references?: string[];
  /** Gets the answered flag once this is sent. */
  answers?: string;
}

export interface Writing { key: number; start: Start; folded: boolean }

let writings: readonly Writing[] = [];
let next = 0;
const watchers = new Set<() => void>();
const put = (list: readonly Writing[]) => { writings = list; for (const watcher of watchers) watcher(); };

// Who signs out leaves nothing to the next one.
session.subscribe(() => { if (session.state() === "out" && writings.length > 0) put([]); });

export const newKey = () => (next += 1);

/** Opens a message to be written; a draft that is open already comes to the front. */
export function write(start: Start = {}): void {
  const there = start.draftId && writings.find((one) => one.start.draftId === start.draftId);
  if (there) { put([...writings.filter((one) => one !== there).map((one) => ({ ...one, folded: true })), { ...there, folded: false }]); return; }
  put([...writings.map((one) => ({ ...one, folded: true })), { key: newKey(), start, folded: false }]);
}
export const fold = (key: number, folded: boolean) => put(writings.map((one) => (one.key === key ? { ...one, folded } : folded ? one : { ...one, folded: true })));
export const close = (key: number) => put(writings.filter((one) => one.key !== key));
/** A draft gets another id each time it is kept. */
export const rename = (key: number, draftId: string) => put(writings.map((one) => (one.key === key ? { ...one, start: { ...one.start, draftId } } : one)));
export const useWritings = () => useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher); }; }, () => writings);

/** Files of a stored message, to be attached to another one. */
export const filesOf = (message: Message): File_[] => (message.body?.attachments ?? []).filter((one) => !(one.disposition === "inline" && one.cid)).map((one) => ({
  key: newKey(), name: one.name || one.type, size: one.size, type: one.type, progress: 1, ref: { message_id: message.id, part: one.part },
}));
