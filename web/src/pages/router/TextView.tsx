// The table as one text, with line numbers, colours and what is wrong at its line.
import { useRef } from "react";
import { Icon } from "../../components/Icon";
import { t } from "../../i18n";
import { split } from "../../components/difference";
import { parse } from "./lines";
import type { Faults } from "./RouterPage";

export function TextView({ text, faults, marked, readOnly, onChange }: { text: string; faults: Faults; marked: number | null; readOnly: boolean; onChange: (text: string) => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = split(text);
  const rows = Math.max(lines.length + 1, 8);
  const jump = (number: number) => {
    const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[number - 1]?.length ?? 0));
  };
  return (
    <div className="stack tight">
      <div className="editor card flush">
        <div className="gutter" aria-hidden="true">{Array.from({ length: rows }, (_, index) => { const fault = faults.get(index + 1); return <div key={index} className={`${marked === index + 1 ? "marked" : ""} ${fault ? fault[0]?.tone : ""}`}>{index + 1}</div>; })}</div>
        <div className="sheet">
          <pre aria-hidden="true">{lines.map((line, index) => <Coloured key={index} text={line} marked={marked === index + 1} />)}</pre>
          <textarea ref={area} aria-label={t("Routing table as text")} spellCheck={false} autoCapitalize="none" autoCorrect="off" wrap="off" rows={rows} readOnly={readOnly} value={text} onChange={(event) => onChange(event.target.value)} />
        </div>
      </div>
      {faults.size > 0 && (
        <ul className="plain stack tight" aria-label={t("What is wrong or doubtful")}>
          {[...faults].flatMap(([number, list]) => list.map((fault) => (
            <li key={`${number}${fault.text}`} className={`row tight ${fault.tone}`} style={{ color: `var(--${fault.tone})`, flexWrap: "nowrap", alignItems: "flex-start" }}><Icon name={fault.tone === "error" ? "error" : "warn"} /><button type="button" className="copy" style={{ cursor: "pointer" }} onClick={() => jump(number)}>{t("Line {n}", { n: number })}{fault.column ? `, ${t("Column {n}", { n: fault.column })}` : ""}: {fault.text}</button></li>
          )))}
        </ul>
      )}
    </div>
  );
}

/** One line in colours; its text is exactly that of the textarea above it. */
function Coloured({ text, marked }: { text: string; marked: boolean }) {
  const line = parse(text);
  const tone = line.kind === "comment" || line.kind === "disabled" ? "comment" : "";
  if (tone || !line.right) return <div className={`${tone} ${marked ? "marked" : ""}`}>{text || " "}</div>;
  const equals = text.indexOf("=");
  const prefix = /^\s*(?:[A-Za-z]+\s*:\s*)+/.exec(text)?.[0] ?? "";
  const semicolon = text.indexOf(";", equals);
  const end = semicolon < 0 ? text.length : semicolon;
  return <div className={marked ? "marked" : ""}><span className="prefix">{prefix}</span><span>{text.slice(prefix.length, equals)}</span><span className="muted">=</span><span className="right">{text.slice(equals + 1, end)}</span><span className="comment">{text.slice(end)}</span></div>;
}
