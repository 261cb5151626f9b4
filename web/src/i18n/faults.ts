// What the server says of a fault, in the language of the page: by the sentence itself, in which values keep their place, else by its code.
import { dictionary, language } from "./index";

const PREFIX = "fault.";
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

type Template = readonly [pattern: RegExp, text: string];
let made: { of: object; templates: readonly Template[] } | undefined;

/** Sentences with values, the most particular first. */
function templates(): readonly Template[] {
  const words = dictionary();
  if (made?.of === words) return made.templates;
  const keys = Object.keys(words).filter((key) => key.startsWith(PREFIX) && key.includes("{}")).sort((a, b) => b.length - a.length);
  made = { of: words, templates: keys.map((key) => [new RegExp(`^${key.slice(PREFIX.length).split("{}").map(escaped).join("(.+?)")}$`), words[key] ?? ""]) };
  return made.templates;
}

/** The sentence in the language of the page, when it has one. */
function translated(detail: string): string | undefined {
  const whole = dictionary()[PREFIX + detail];
  if (whole) return whole;
  for (const [pattern, text] of templates()) {
    const found = pattern.exec(detail);
    if (found) { let at = 0; return text.replaceAll("{}", () => found[at += 1] ?? ""); }
  }
  return undefined;
}

/** Whether a sentence says more than its code: names, numbers, addresses. */
const holdsValues = (detail: string) => /[\d"@<>=/]|[^\s.]\.[^\s.]/.test(detail);

export interface Said { text: string; /** The server's own words, when they hold what the text does not. */ raw?: string }

export function said(detail: string, code: string): Said {
  if (language() === "en") return { text: detail };
  const own = translated(detail);
  if (own) return { text: own };
  const general = dictionary()[`problem.${code}`];
  if (!general) return { text: detail };
  return holdsValues(detail) ? { text: general, raw: detail } : { text: general };
}

/** What is wrong with a field; where only the server has words for it, those. */
export const fault = (detail: string): string => (language() === "en" ? detail : translated(detail) ?? detail);
