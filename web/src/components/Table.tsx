// The one table: rows of a collection, cursor paging, keyboard, selection, choice of columns, and rows that fold on a narrow screen.
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Problem } from "../api/client";
import { t, type Key } from "../i18n";
import { useDensity } from "../preferences";
import { navigate } from "../router";
import { useHidden, visible } from "./columns";
import { Button, Loading } from "./controls";
import { DensityField } from "./DensityField";
import { Dialog } from "./Dialog";
import { ProblemNote } from "./ProblemNote";

export interface Column<T> { label: Key; cell: (row: T) => ReactNode; end?: boolean; fit?: boolean }
export interface Choice { chosen: ReadonlySet<string>; onChange: (chosen: Set<string>) => void }

export function Table<T>({ label, rows, columns, id, to, onOpen, open, loading = false, error, empty, more = false, readOn, choice }: {
  label: Key; rows: readonly T[]; columns: readonly (Column<T> | false)[]; id: (row: T) => string;
  /** Where a row leads, or what it does. */
  to?: (row: T) => string; onOpen?: (row: T) => void; open?: string | null;
  loading?: boolean; error?: Problem | null; empty: ReactNode; more?: boolean; readOn?: () => void; choice?: Choice;
}) {
  const [hidden, show] = useHidden(label);
  const [density] = useDensity();
  const [choosing, setChoosing] = useState(false);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!more || !end.current || !readOn) return undefined;
    const watch = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) readOn(); }, { rootMargin: "400px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  });
  if (error) return <ProblemNote problem={error} />;
  if (loading) return <Loading />;
  if (rows.length === 0) return <>{empty}</>;
  const all = columns.filter((column) => column !== false);
  const shown = visible(all, hidden);
  const act = (row: T) => { if (to) navigate(to(row)); else onOpen?.(row); };
  const acts = to !== undefined || onOpen !== undefined;
  const keys = (event: React.KeyboardEvent<HTMLTableRowElement>, row: T) => {
    if (event.target !== event.currentTarget) return;
    const step = event.key === "ArrowDown" || event.key === "j" ? "nextElementSibling" : event.key === "ArrowUp" || event.key === "k" ? "previousElementSibling" : null;
    if (step) { event.preventDefault(); (event.currentTarget[step] as HTMLElement | null)?.focus(); }
    if (event.key === "Enter") act(row);
    if (event.key === " " && choice) { event.preventDefault(); toggle(id(row)); }
  };
  const toggle = (one: string) => {
    if (!choice) return;
    const next = new Set(choice.chosen);
    if (!next.delete(one)) next.add(one);
    choice.onChange(next);
  };
  return (
    <div className="scroller">
      <table className={`table folds ${density}`} aria-label={t(label)}>
        <thead><tr>
          {choice && <th className="fit"><input type="checkbox" aria-label={t("Choose all")} checked={choice.chosen.size === rows.length} onChange={(event) => choice.onChange(new Set(event.target.checked ? rows.map(id) : []))} /></th>}
          {shown.map((column) => <th key={column.label} scope="col" className={`${column.end ? "end" : ""} ${column.fit ? "fit" : ""}`}>{t(column.label)}</th>)}
          <th className="fit tools"><Button tone="quiet" icon="settings" className="small" aria-label={t("Columns and rows")} title={t("Columns and rows")} onClick={() => setChoosing(true)} /></th>
        </tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} tabIndex={acts ? 0 : undefined} className={open === id(row) || choice?.chosen.has(id(row)) ? "chosen" : ""} style={acts ? { cursor: "pointer" } : undefined}
              onKeyDown={(event) => keys(event, row)} onClick={(event) => { if (!(event.target as HTMLElement).closest("a, button, input, select, summary, dialog")) act(row); }}>
              {choice && <td className="fit"><input type="checkbox" aria-label={t("Choose {name}", { name: id(row) })} checked={choice.chosen.has(id(row))} onChange={() => toggle(id(row))} /></td>}
              {shown.map((column) => <td key={column.label} data-label={t(column.label)} className={`${column.end ? "end" : ""} ${column.fit ? "fit" : ""}`}>{column.cell(row)}</td>)}
              <td className="tools" />
            </tr>
          ))}
        </tbody>
      </table>
      {choosing && (
        <Dialog title={t("Columns and rows")} onClose={() => setChoosing(false)}>
          <fieldset className="choices"><legend>{t("Columns")}</legend>
            {all.map((column, index) => <label key={column.label} className="switch"><input type="checkbox" disabled={index === 0} checked={index === 0 || !hidden.includes(column.label)} onChange={(event) => show(column.label, event.target.checked)} />{t(column.label)}</label>)}
          </fieldset>
          <DensityField />
        </Dialog>
      )}
      {more && <div ref={end} className="empty"><Button onClick={readOn}>{t("Show more")}</Button></div>}
    </div>
  );
}

/** Rows as a file for spreadsheets. */
export function csv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    const text = String(value);
    // A formula of a stranger must not run in somebody's spreadsheet.
    const safe = /^[=+\-@\t]/.test(text) && typeof value === "string" ? `'${text}` : text;
    return /[",\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

export function save(name: string, content: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
