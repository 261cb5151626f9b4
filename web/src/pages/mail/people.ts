// Names and addresses of people.
import type { MailAddress, Message } from "../../api/generated/types";

export const shown = ({ name, email }: MailAddress): string => name || email;
export const printed = ({ name, email }: MailAddress): string => (name ? `${/[",;<>@]/.test(name) ? `"${name.replaceAll('"', "")}"` : name} <${email}>` : email);

/** Addresses as one types or pastes them: parted by commas, semicolons or lines; `Name <address>` or the address alone. */
export function addresses(typed: string): MailAddress[] {
  const found: MailAddress[] = [];
  for (const [part] of typed.matchAll(/(?:"[^"]*"|<[^>]*>?|[^,;\n"<])+/g)) {
    const [, name = "", email = ""] = /^\s*(?:"?([^"<]*?)"?\s*<)([^>]*)>?\s*$/.exec(part) ?? [null, "", part];
    if (email.trim()) found.push({ name: name.trim(), email: email.trim() });
  }
  return found;
}

/** Looks like an address, or like a name of the own domain that the server completes. */
export const wellFormed = ({ email }: MailAddress): boolean => /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(email);

/** Two letters of a name. */
export function initials(person: MailAddress | undefined): string {
  const words = (person ? person.name || person.email.split("@")[0] || "?" : "?").replace(/[^\p{L}\p{N} ]/gu, " ").split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)?.[0] ?? "" : "")).toUpperCase();
}

/** One of a few colours, always the same for an address. */
export function hue(person: MailAddress | undefined): number {
  let sum = 0;
  for (const letter of person?.email.toLowerCase() ?? "") sum = (sum * 31 + letter.charCodeAt(0)) % 3600;
  return Math.round(sum / 10);
}

/** Everybody a message speaks of. */
export const everybody = (message: Message): MailAddress[] => [...message.from, ...message.to.slice(0, 50), ...message.cc.slice(0, 50)];
