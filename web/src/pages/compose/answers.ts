// What a reply or a forwarded message starts with.
import type { MailAddress, Message } from "../../api/generated/types";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { printed, shown } from "../mail/people";
import { signed } from "./signature";
import { filesOf, write, type Start } from "./store";

const MOST_QUOTED = 50_000;

const prefixed = (prefix: string, subject: string) => (subject.toLowerCase().startsWith(prefix.toLowerCase()) ? subject : `${prefix} ${subject}`.trim());
const same = (a: MailAddress, b: string) => a.email.toLowerCase() === b.toLowerCase();
const without = (list: readonly MailAddress[], own: readonly string[]) => list.filter((one) => !own.some((address) => same(one, address)));

function quoted(message: Message): string {
  const text = (message.body?.text ?? "").slice(0, MOST_QUOTED).replace(/\s+$/, "");
  const from = message.from[0];
  const head = t("On {when}, {who} wrote:", { when: moment(message.received_at), who: from ? shown(from) : t("(unknown sender)") });
  return `\n\n${head}\n${text.split(/\r?\n/).map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`)).join("\n")}\n`;
}

/** `own` are the addresses of the account; mail to one of them is answered from it. */
export function reply(message: Message, own: readonly string[], all: boolean): void {
  const mine = own.find((address) => [...message.to, ...message.cc].some((one) => same(one, address)));
  const sentByMe = message.from.some((one) => own.some((address) => same(one, address)));
  const to = sentByMe ? message.to : message.reply_to.length > 0 ? message.reply_to : message.from;
  const cc = all ? without([...(sentByMe ? [] : message.to), ...message.cc], [...own, ...to.map((one) => one.email)]) : [];
  write({ ...conversation(message), to, cc, subject: prefixed("Re:", message.subject), text: signed(quoted(message)), answers: message.id, ...(mine ? { from: mine } : {}) });
}

export function forward(message: Message): void {
  const rows = [[t("From"), message.from], [t("To"), message.to], [t("Cc"), message.cc]] as const;
  const head = [...rows.filter(([, list]) => list.length > 0).map(([name, list]) => `${name}: ${list.slice(0, 50).map(printed).join(", ")}`), `${t("Date")}: ${moment(message.received_at)}`, `${t("Subject")}: ${message.subject}`];
  const text = `\n\n---------- ${t("Forwarded message")} ----------\n${head.join("\n")}\n\n${(message.body?.text ?? "").slice(0, MOST_QUOTED * 4)}`;
  write({ references: [...message.references, message.message_id].filter(Boolean), subject: prefixed("Fwd:", message.subject), text: signed(text), files: filesOf(message) });
}

/** A message to somebody, or to nobody yet. */
export const begin = (to: MailAddress[] = []): void => write({ to, text: signed() });

const conversation = (message: Message): Start => (message.message_id ? { inReplyTo: message.message_id, references: [...message.references, message.message_id] } : {});

/** Goes on with a draft. */
export function resume(message: Message): void {
  write({
    draftId: message.id, to: message.to, cc: message.cc, bcc: message.bcc, subject: message.subject, text: message.body?.text ?? "", html: message.body?.html ?? null, files: filesOf(message),
    references: message.references, ...(message.from[0] ? { from: message.from[0].email } : {}), ...(message.references.at(-1) ? { inReplyTo: message.references.at(-1) as string } : {}),
  });
}

/** A link to an address (RFC 6068). */
export function writeTo(url: string): void {
  const [path = "", query = ""] = url.replace(/^mailto:/i, "").split("?");
  const fields = new URLSearchParams(query.replaceAll("+", "%2B"));
  const list = (text: string) => text.split(",").map((email) => ({ name: "", email: safely(email).trim() })).filter(({ email }) => email);
  write({ to: list(path), cc: list(fields.get("cc") ?? ""), subject: fields.get("subject") ?? "", text: `${fields.get("body") ?? ""}${signed()}` });
}

function safely(text: string): string {
  try { return decodeURIComponent(text); } catch { return text; }
}
