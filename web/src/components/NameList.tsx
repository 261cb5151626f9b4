// A short list of names that are added and taken away one by one.
import { useState, type FormEvent } from "react";
import type { Problem } from "../api/client";
import { t } from "../i18n";
import { Button, Copy, Field } from "./controls";
import { ProblemNote } from "./ProblemNote";

export function NameList({ title, help, names, readOnly = false, busy, problem, placeholder, onAdd, onRemove }: {
  title: string; help?: string; names: readonly string[]; readOnly?: boolean; busy: boolean; problem: Problem | null; placeholder?: string;
  onAdd: (name: string, done: () => void) => void; onRemove: (name: string) => void;
}) {
  const [name, setName] = useState("");
  const add = (event: FormEvent) => { event.preventDefault(); if (name.trim()) onAdd(name.trim(), () => setName("")); };
  const shown = problem?.under("");
  return (
    <section className="card stack" aria-label={title}>
      <h2>{title}</h2>
      {help && <p className="muted">{help}</p>}
      {names.length > 0 && <ul className="plain stack tight">{names.map((one) => <li key={one} className="row" style={{ justifyContent: "space-between" }}><Copy text={one} />{!readOnly && <Button tone="quiet" icon="close" aria-label={t("Take away {name}", { name: one })} onClick={() => onRemove(one)} />}</li>)}</ul>}
      {names.length === 0 && <p className="muted">{t("none")}</p>}
      {!readOnly && (
        <form className="row" style={{ alignItems: "flex-end" }} onSubmit={add}>
          <div className="grow"><Field label={t("Add")} fault={shown}><input className="input mono" value={name} placeholder={placeholder} autoCapitalize="none" spellCheck={false} onChange={(event) => setName(event.target.value)} /></Field></div>
          <Button type="submit" busy={busy} disabled={name.trim() === ""}>{t("Add")}</Button>
        </form>
      )}
      {problem && !shown && <ProblemNote problem={problem} />}
    </section>
  );
}
