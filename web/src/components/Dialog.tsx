// Dialogs on the browser's own <dialog>: it keeps the focus, closes on Escape and gives the focus back.
import { useEffect, useRef, useState, useSyncExternalStore, type FormEvent, type ReactNode } from "react";
import { Button } from "./controls";
import { ProblemNote } from "./ProblemNote";
import type { Problem } from "../api/client";
import { t } from "../i18n";

export function Dialog({ title, kind = "", onClose, children, hideHead = false }: { title: string; kind?: "" | "wide" | "drawer"; onClose: () => void; children: ReactNode; hideHead?: boolean }) {
  const root = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = root.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={root} className={kind} aria-label={title} onCancel={(event) => { event.preventDefault(); onClose(); }} onClick={(event) => { if (event.target === root.current) onClose(); }}>
      <div className="body">
        {!hideHead && <header><h2>{title}</h2><Button tone="quiet" icon="close" aria-label={t("Close")} onClick={onClose} /></header>}
        {children}
      </div>
    </dialog>
  );
}

/** A dialog that is sent as a form; it stays with what was typed until the server has taken it. */
export function FormDialog({ title, action, danger = false, busy, problem, disabled = false, onSubmit, onClose, children }: {
  title: string; action: string; danger?: boolean; busy: boolean; problem: Problem | null; disabled?: boolean; onSubmit: () => void; onClose: () => void; children: ReactNode;
}) {
  const submit = (event: FormEvent) => { event.preventDefault(); if (!busy && !disabled) onSubmit(); };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        {children}
        <ProblemNote problem={problem} fields />
        <footer>
          <Button onClick={onClose}>{t("Cancel")}</Button>
          <Button type="submit" tone="primary" className={danger ? "danger" : ""} busy={busy} disabled={disabled}>{action}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface Question { title: string; text: ReactNode; action: string; danger?: boolean; typed?: string; yes: () => void }
let question: Question | null = null;
const watchers = new Set<() => void>();
function put(next: Question | null) { question = next; for (const watcher of watchers) watcher(); }

/** Asks before something is done; with `typed`, that name must be typed. */
export const confirm = (asked: Question) => put(asked);

export function Confirmation() {
  const asked = useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher); }; }, () => question);
  return asked && <Asked key={asked.title} {...asked} />;
}

function Asked({ title, text, action, danger = false, typed, yes }: Question) {
  const [name, setName] = useState("");
  return (
    <FormDialog title={title} action={action} danger={danger} busy={false} problem={null} disabled={typed !== undefined && name !== typed} onClose={() => put(null)} onSubmit={() => { put(null); yes(); }}>
      <div>{text}</div>
      {typed !== undefined && (
        <label className="field"><span>{t("Type {name} to confirm", { name: typed })}</span><input className="input mono" value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" spellCheck={false} autoFocus /></label>
      )}
    </FormDialog>
  );
}
