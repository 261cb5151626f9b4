// Plain text of a message: links can be followed, quotes of quotes fold.
import { useState, type ReactNode } from "react";
import { Button } from "../../components/controls";
import { t } from "../../i18n";

const MOST = 100_000;
const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

function linked(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(at, match.index), <a key={match.index} href={match[0]} target="_blank" rel="noopener noreferrer">{match[0]}</a>);
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** Lines by whether they are quoted. */
export function blocks(text: string): { quoted: boolean; text: string }[] {
  const found: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.replaceAll("\r\n", "\n").replace(/\s+$/, "").split("\n")) {
    const quoted = line.startsWith(">");
    const last = found.at(-1);
    if (last?.quoted === quoted) last.lines.push(line); else found.push({ quoted, lines: [line] });
  }
  return found.map(({ quoted, lines }) => ({ quoted, text: lines.join("\n") }));
}

export function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? text : text.slice(0, MOST);
  return (
    <div className="mail-text" dir="auto">
      {blocks(shown).map((block, index) => (block.quoted ? <Quote key={index} text={block.text} /> : <div key={index}>{linked(block.text)}</div>))}
      {shown.length < text.length && <Button onClick={() => setWhole(true)}>{t("Show all of it")}</Button>}
    </div>
  );
}

const SHORT = 4;

function Quote({ text }: { text: string }) {
  const [open, setOpen] = useState(text.split("\n").length <= SHORT);
  return open ? <div className="quoted">{linked(text)}</div> : <Button tone="quiet" icon="more" aria-label={t("Show quoted text")} title={t("Show quoted text")} onClick={() => setOpen(true)} />;
}
