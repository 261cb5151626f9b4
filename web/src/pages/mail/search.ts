// What one types to find mail: words, and operators such as from:anna is:unread before:2026-01-31.
import type { Mailbox, SearchMessagesBody } from "../../api/generated/types";
import { boxName } from "./boxes";

export interface Chip { key: string; value: string }
export interface Query { chips: Chip[]; text: string }

const keys = ["from", "to", "subject", "is", "has", "before", "after", "in"];
const states: Record<string, Partial<SearchMessagesBody>> = {
  unread: { not_keyword: "$seen" }, read: { keyword: "$seen" }, flagged: { keyword: "$flagged" }, starred: { keyword: "$flagged" }, answered: { keyword: "$answered" }, unanswered: { not_keyword: "$answered" },
};

/** Parts operators from words; what is no operator stays a word. */
export function parse(typed: string): Query {
  const chips: Chip[] = [];
  const words: string[] = [];
  for (const [whole, key, quoted, plain] of typed.matchAll(/(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? plain ?? "";
    const known = key && keys.includes(key.toLowerCase()) && understood({ key: key.toLowerCase(), value });
    if (known && key) chips.push({ key: key.toLowerCase(), value }); else if (value) words.push(key ? whole : value);
  }
  return { chips, text: words.join(" ") };
}

function understood({ key, value }: Chip): boolean {
  if (value === "") return false;
  if (key === "is") return value.toLowerCase() in states;
  if (key === "has") return value.toLowerCase() === "attachment";
  if (key === "before" || key === "after") return day(value) !== null;
  return true;
}

/** Midnight of a day as a moment, in the time zone of the reader. */
function day(value: string): string | null {
  const [, year, month, date] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(value) ?? [];
  if (!year) return null;
  const at = new Date(Number(year), Number(month) - 1, Number(date));
  return at.getMonth() === Number(month) - 1 ? at.toISOString() : null;
}

/** The same as one types it. */
export function print({ chips, text }: Query): string {
  const one = ({ key, value }: Chip) => `${key}:${/\s/.test(value) ? `"${value}"` : value}`;
  return [...chips.map(one), text].filter(Boolean).join(" ");
}

/** What the server is asked for. */
export function body({ chips, text }: Query, boxes: readonly Mailbox[]): Partial<SearchMessagesBody> {
  const asked: Partial<SearchMessagesBody> = text ? { text } : {};
  for (const { key, value } of chips) {
    const low = value.toLowerCase();
    if (key === "from" || key === "to" || key === "subject") asked[key] = value;
    else if (key === "is") Object.assign(asked, states[low]);
    else if (key === "has") asked.has_attachment = true;
    else if (key === "before") asked.received_before = day(value);
    else if (key === "after") asked.received_after = day(value);
    else if (key === "in") asked.mailbox = boxes.find((box) => [box.name, box.role, boxName(box)].some((name) => name?.toLowerCase() === low))?.id ?? `path:${value}`;
  }
  return asked;
}
