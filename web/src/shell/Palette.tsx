// Ctrl K: go anywhere, find an object, run what a place offers.
import { useEffect, useId, useMemo, useState, type KeyboardEvent } from "react";
import { Dialog } from "../components/Dialog";
import { t } from "../i18n";
import { navigate } from "../router";

export interface Command { text: string; about?: string; run: () => void }
export const go = (text: string, to: string, about?: string): Command => ({ text, ...(about ? { about } : {}), run: () => navigate(to) });

/** How well a text answers a query: lower is better, null is not at all. */
export function rank(text: string, query: string): number | null {
  const [where, what] = [text.toLowerCase(), query.toLowerCase().trim()];
  if (what === "") return 1;
  const at = where.indexOf(what);
  if (at >= 0) return at === 0 ? 0 : 1 + at / 100;
  return what.split(/\s+/).every((word) => where.includes(word)) ? 3 : null;
}

export function Palette({ commands, find }: { commands: readonly Command[]; find?: (query: string) => Promise<Command[]> }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const keys = (event: globalThis.KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); setOpen((was) => !was); }
    };
    const asked = () => setOpen(true);
    addEventListener("keydown", keys);
    addEventListener("postamt:palette", asked);
    return () => { removeEventListener("keydown", keys); removeEventListener("postamt:palette", asked); };
  }, []);
  return open ? <Opened commands={commands} {...(find ? { find } : {})} onClose={() => setOpen(false)} /> : null;
}

export const openPalette = () => dispatchEvent(new Event("postamt:palette"));

function Opened({ commands, find, onClose }: { commands: readonly Command[]; find?: (query: string) => Promise<Command[]>; onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Command[]>([]);
  const [index, setIndex] = useState(0);
  const id = useId();
  useEffect(() => {
    if (!find || query.trim().length < 2) { setFound([]); return undefined; }
    let current = true;
    const timer = setTimeout(() => void find(query.trim()).then((list) => { if (current) setFound(list); }, () => undefined), 150);
    return () => { current = false; clearTimeout(timer); };
  }, [query, find]);
  const list = useMemo(() => {
    const fitting = commands.flatMap((command) => { const rated = rank(`${command.text} ${command.about ?? ""}`, query); return rated === null ? [] : [{ command, rated }]; });
    return [...fitting.sort((a, b) => a.rated - b.rated).map(({ command }) => command).slice(0, 12), ...found];
  }, [commands, query, found]);
  const chosen = list[Math.min(index, list.length - 1)];
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") { event.preventDefault(); setIndex((old) => Math.min(old + 1, list.length - 1)); }
    if (event.key === "ArrowUp") { event.preventDefault(); setIndex((old) => Math.max(old - 1, 0)); }
    if (event.key === "Enter" && chosen) { event.preventDefault(); onClose(); chosen.run(); }
  };
  return (
    <Dialog title={t("Go to or do")} hideHead onClose={onClose}>
      <div className="palette" style={{ margin: "-20px" }}>
        <input autoFocus role="combobox" aria-expanded="true" aria-controls={id} aria-label={t("Go to or do")} placeholder={t("Go to or do")} value={query} onKeyDown={keys} aria-activedescendant={chosen ? `${id}-${list.indexOf(chosen)}` : undefined}
          onChange={(event) => { setQuery(event.target.value); setIndex(0); }} />
        <ul className="plain" role="listbox" id={id} aria-label={t("Results")}>
          {list.map((command, at) => (
            <li key={`${command.text} ${command.about ?? ""}`} id={`${id}-${at}`} role="option" aria-selected={command === chosen} onMouseEnter={() => setIndex(at)} onClick={() => { onClose(); command.run(); }}>
              <span>{command.text}</span>{command.about && <span className="muted">{command.about}</span>}
            </li>
          ))}
          {list.length === 0 && <li role="option" aria-selected="false" className="muted">{t("Nothing found")}</li>}
        </ul>
      </div>
    </Dialog>
  );
}
