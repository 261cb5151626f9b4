// A row of the list stands for one message, or for all that its mailbox holds of a thread.
import type { Message } from "../../api/generated/types";

/** Ids of everything these rows stand for. */
export const idsOf = (rows: readonly Message[]): Set<string> => new Set(rows.flatMap((row) => row.thread?.ids ?? [row.id]));
export const holds = (row: Message | undefined, id: string): boolean => row !== undefined && (row.id === id || (row.thread?.ids.includes(id) ?? false));
export const unread = (row: Message): number => row.thread?.unseen ?? (row.keywords.$seen ? 0 : 1);
export const flagged = (row: Message): boolean => row.thread?.flagged ?? Boolean(row.keywords.$flagged);

const has = (row: Message, keyword: string): boolean => (keyword === "$seen" ? unread(row) === 0 : keyword === "$flagged" ? flagged(row) : Boolean(row.keywords[keyword]));

/** What must change for a row to have a keyword or not: its last message stands for it, but all are read, and none stays flagged. */
export function marking(row: Message, keyword: string, on: boolean): string[] {
  if (has(row, keyword) === on) return [];
  return row.thread && (keyword === "$seen") === on ? row.thread.ids : [row.id];
}

/** A row after these messages got or lost a keyword. */
export function marked(row: Message, ids: ReadonlySet<string>, keyword: string, on: boolean): Message {
  const { thread } = row;
  const n = thread ? thread.ids.filter((id) => ids.has(id)).length : ids.has(row.id) ? 1 : 0;
  if (n === 0) return row;
  const keywords = { ...row.keywords };
  if (ids.has(row.id)) { if (on) keywords[keyword] = true; else delete keywords[keyword]; }
  if (!thread) return { ...row, keywords };
  const unseen = keyword !== "$seen" ? thread.unseen : Math.max(0, Math.min(thread.ids.length, thread.unseen + (on ? -n : n)));
  const stays = keyword !== "$flagged" ? thread.flagged : on || (thread.flagged && n < thread.ids.length);
  return { ...row, keywords, thread: { ...thread, unseen, flagged: stays } };
}

/** A row after these messages left its mailbox; `null` when nothing is left of it. */
export function without(row: Message, ids: ReadonlySet<string>): Message | null {
  if (!row.thread) return ids.has(row.id) ? null : row;
  const left = row.thread.ids.filter((id) => !ids.has(id));
  if (left.length === row.thread.ids.length) return row;
  return left.length === 0 ? null : { ...row, thread: { ...row.thread, ids: left, unseen: Math.min(row.thread.unseen, left.length) } };
}
