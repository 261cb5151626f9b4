// Lines of the routing table as the editor shows them. The server alone decides what a line means.

export interface Line {
  text: string;
  kind: "record" | "disabled" | "comment" | "blank";
  prefixes: string[];
  left: string;
  right: string;
  comment: string;
}

const RECORD = /^\s*((?:[A-Za-z]+\s*:\s*)*)(<[^>]*>|[^=<;]*?)\s*=\s*([^;]*?)\s*(;.*)?$/;

export function parse(text: string): Line {
  const blank = { text, prefixes: [], left: "", right: "", comment: "" };
  if (text.trim() === "") return { ...blank, kind: "blank" };
  const disabled = /^\s*;!/.test(text);
  const found = RECORD.exec(disabled ? text.replace(/^\s*;!/, "") : text);
  if (text.trimStart().startsWith(";") && !(disabled && found)) return { ...blank, kind: "comment", comment: text.trim().replace(/^;\s*/, "") };
  const [, prefixes = "", left = "", right = "", comment = ""] = found ?? [];
  return { text, kind: disabled ? "disabled" : "record", prefixes: prefixes.split(":").map((one) => one.trim()).filter(Boolean), left: found ? left : text.trim(), right, comment: comment.replace(/^;\s*/, "") };
}

export const toggled = (text: string): string => (/^\s*;!/.test(text) ? text.replace(/^\s*;!\s?/, "") : `;!${text}`);

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(to, 0, one);
  return next;
}
