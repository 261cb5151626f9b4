// Addresses met while reading, offered while writing.
import { session } from "../../api/session";
import type { MailAddress } from "../../api/generated/types";

const MOST = 500;
const met = new Map<string, MailAddress>();
session.subscribe(() => { if (session.state() === "out") met.clear(); });

export function remember(people: readonly MailAddress[]): void {
  for (const one of people) {
    const key = one.email.toLowerCase();
    const known = met.get(key);
    met.delete(key);
    met.set(key, one.name || !known ? one : known);
  }
  for (const key of met.keys()) { if (met.size <= MOST) break; met.delete(key); }
}

/** The newest first. */
export const known = (): MailAddress[] => [...met.values()].reverse();
