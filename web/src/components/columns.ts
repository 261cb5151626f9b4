// Which columns of a table somebody left out. A browser remembers it by table; the first column, which names the row, always stays.
import { useState } from "react";

const key = (table: string) => `postamt.columns.${table}`;

/** The names of columns as they were written; what cannot be read is nothing. */
export function parse(stored: string | null): string[] {
  try {
    const names: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** What is shown of these columns. */
export const visible = <C extends { label: string }>(columns: readonly C[], hidden: readonly string[]): C[] => columns.filter((column, index) => index === 0 || !hidden.includes(column.label));

export function useHidden(table: string): [readonly string[], (column: string, shown: boolean) => void] {
  const [hidden, setHidden] = useState(() => parse(localStorage.getItem(key(table))));
  const show = (column: string, shown: boolean) => {
    const next = shown ? hidden.filter((one) => one !== column) : [...hidden, column];
    if (next.length === 0) localStorage.removeItem(key(table)); else localStorage.setItem(key(table), JSON.stringify(next));
    setHidden(next);
  };
  return [hidden, show];
}
