// The table line by line: drag or Alt and arrows move, a click edits, a switch turns a record off.
import { useState, type DragEvent, type KeyboardEvent } from "react";
import { Button, Chip, Empty } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { t } from "../../i18n";
import { moved, parse, toggled } from "./lines";
import { number } from "../../i18n/format";
import type { Faults, Hits } from "./RouterPage";

export function Lines({ lines, hits, faults, marked, readOnly, onChange }: { lines: readonly string[]; hits: Hits; faults: Faults; marked: number | null; readOnly: boolean; onChange: (lines: string[]) => void }) {
  const [editing, setEditing] = useState<number | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const put = (index: number, text: string) => onChange(lines.map((line, at) => (at === index ? text : line)));
  const insert = (index: number) => { onChange([...lines.slice(0, index), "", ...lines.slice(index)]); setEditing(index); };
  const move = (from: number, to: number) => { if (to >= 0 && to < lines.length) onChange(moved(lines, from, to)); };
  const keys = (event: KeyboardEvent<HTMLLIElement>, index: number) => {
    if (event.target !== event.currentTarget) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      if (event.altKey && !readOnly) move(index, index + step);
      const list = event.currentTarget.parentElement;
      requestAnimationFrame(() => (list?.children[index + step] as HTMLElement | undefined)?.focus());
    }
    if (readOnly) return;
    if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); setEditing(index); }
    if (event.key === "Delete") onChange(lines.filter((_, at) => at !== index));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    // Before the line below the mouse; below all of them it is the end.
    const below = (event.target as HTMLElement).closest<HTMLElement>("[data-line]")?.dataset.line;
    const to = below === undefined ? lines.length : Number(below) - 1;
    if (dragged !== null) move(dragged, to > dragged ? to - 1 : to);
    setDragged(null);
    setOver(null);
  };
  const empty = lines.length === 0 || (lines.length === 1 && lines[0] === "");
  return (
    <section className="card flush" aria-label={t("Lines of the routing table")}>
      {empty && editing === null ? <Empty action={!readOnly && <Button tone="primary" icon="plus" onClick={() => { onChange([""]); setEditing(0); }}>{t("Add line")}</Button>}>{t("The table is empty.")}</Empty> : (
        <ol className="plain routing" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
          {lines.map((text, index) => {
            const line = parse(text);
            const fault = faults.get(index + 1);
            if (editing === index) return <Editor key={index} number={index + 1} text={text} onDone={(next) => { setEditing(null); if (next === null) { if (text === "") onChange(lines.filter((_, at) => at !== index)); } else if (next !== text) put(index, next); }} />;
            return (
              <li key={index} tabIndex={0} data-line={index + 1} className={`${line.kind} ${marked === index + 1 ? "marked" : ""} ${over === index && dragged !== null ? "over" : ""}`} draggable={!readOnly} onKeyDown={(event) => keys(event, index)}
                onDoubleClick={() => !readOnly && setEditing(index)} onDragStart={(event) => { setDragged(index); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", text); }} onDragEnd={() => { setDragged(null); setOver(null); }} onDragOver={() => setOver(index)}>
                {!readOnly && <span className="grip" aria-hidden="true"><Icon name="grip" /></span>}
                <span className="count numbers">{index + 1}</span>
                <span className="grow">
                  {line.kind === "comment" ? <span className="muted">{line.comment}</span> : line.kind === "blank" ? <span className="muted"> </span> : (
                    <span className="row tight" style={{ alignItems: "baseline" }}>
                      {line.prefixes.map((prefix) => <Chip key={prefix} tone={prefix.toLowerCase().startsWith("relay") ? "warn" : undefined}>{prefix}</Chip>)}
                      <code>{line.left}</code>{line.right && <><span className="muted" aria-label={t("becomes")}>→</span><code><strong>{line.right}</strong></code></>}
                      {line.comment && <span className="muted">; {line.comment}</span>}
                    </span>
                  )}
                  {fault?.map((one) => <span key={one.text} className={`fault ${one.tone}`}><Icon name={one.tone === "error" ? "error" : "warn"} />{one.column ? `${t("Column {n}", { n: one.column })}: ` : ""}{one.text}</span>)}
                </span>
                {line.kind === "record" && hits?.has(text) && <span className={`hits numbers ${hits.get(text) === 0 ? "none" : ""}`} title={t("applied so often in the last 24 hours")}><span className="hidden">{t("applied so often in the last 24 hours")}: </span>{number(hits.get(text) ?? 0)}</span>}
                {!readOnly && (
                  <span className="tools">
                    {(line.kind === "record" || line.kind === "disabled") && <input type="checkbox" role="switch" aria-label={t("Line {n} is used", { n: index + 1 })} title={t("used")} checked={line.kind === "record"} onChange={() => put(index, toggled(text))} />}
                    <Button tone="quiet" icon="edit" aria-label={t("Edit line {n}", { n: index + 1 })} onClick={() => setEditing(index)} />
                    <Button tone="quiet" icon="plus" aria-label={t("Add a line before line {n}", { n: index + 1 })} onClick={() => insert(index)} />
                    <Button tone="quiet" icon="trash" aria-label={t("Delete line {n}", { n: index + 1 })} onClick={() => onChange(lines.filter((_, at) => at !== index))} />
                  </span>
                )}
              </li>
            );
          })}
          {!readOnly && editing === null && <li className="last" onDragOver={() => setOver(lines.length)}><Button tone="quiet" icon="plus" onClick={() => insert(lines.length)}>{t("Add line")}</Button></li>}
        </ol>
      )}
    </section>
  );
}

function Editor({ number, text, onDone }: { number: number; text: string; onDone: (text: string | null) => void }) {
  const [typed, setTyped] = useState(text);
  return (
    <li className="editing">
      <form className="row grow" onSubmit={(event) => { event.preventDefault(); onDone(typed === "" ? null : typed); }} onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); onDone(null); } }}>
        <span className="count numbers">{number}</span>
        <input className="input mono grow" style={{ width: "auto" }} autoFocus aria-label={t("Line {n}", { n: number })} spellCheck={false} autoCapitalize="none" placeholder="Signal:<7(10d)@*> = gatewaycaller{+7*,gwru}#pbx" value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={() => onDone(typed === "" ? null : typed)} />
      </form>
    </li>
  );
}
