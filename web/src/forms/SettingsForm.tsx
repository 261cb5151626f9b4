// The one form of settings, drawn from what the server says of them: type, unit, range, level, origin, help.
import { useMemo, useState } from "react";
import { call, Problem, type OperationId } from "../api/client";
import { queries } from "../api/hooks";
import type { EffectiveSetting, SettingsView } from "../api/generated/types";
import { Button, Chip, Note } from "../components/controls";
import { Dialog } from "../components/Dialog";
import { ProblemNote } from "../components/ProblemNote";
import { toast } from "../components/toast";
import { t } from "../i18n";
import { useGuard } from "../router";
import { SettingInput, shown } from "./inputs";
import { label, help } from "./labels";
import { levels, useViewLevel } from "../preferences";

/** What is typed but not saved: a value, or `undefined` for "inherit again". */
type Draft = Record<string, unknown>;

const sources = { builtin: "Built in", server: "Server", domain: "Domain", account: "Account" } as const;

export function SettingsForm({ view, operation, input, keys, readOnly = false }: {
  view: SettingsView;
  /** The operation that changes them, and what it needs beside `set` and `unset`. */
  operation: OperationId; input: Record<string, unknown>;
  /** Only these, in this order. */
  keys?: readonly string[]; readOnly?: boolean;
}) {
  const [draft, setDraft] = useState<Draft>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [level, setLevel] = useViewLevel();
  useGuard(Object.keys(draft).length > 0);

  const settings = useMemo(() => (keys ? keys.flatMap((key) => view.data.find((one) => one.key === key) ?? []) : view.data), [view, keys]);
  const visible = settings.filter((one) => levels.indexOf(one.view as never) <= levels.indexOf(level) || one.key in draft);
  const hidden = settings.length - visible.length;

  const save = async (version: number | undefined) => {
    setBusy(true);
    setProblem(null);
    const set = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
    const unset = Object.keys(draft).filter((key) => draft[key] === undefined);
    try {
      await call(operation, { ...input, set, unset } as never, version === undefined ? {} : { version });
      setDraft({});
      toast(t("Saved"));
      await queries.invalidateQueries();
    } catch (error) {
      if (error instanceof Problem) setProblem(error); else throw error;
    } finally {
      setBusy(false);
    }
  };
  const put = (key: string, value: unknown, one: EffectiveSetting) => setDraft((old) => {
    const next = { ...old };
    if (JSON.stringify(value) === JSON.stringify(one.explicit ?? undefined)) delete next[key]; else next[key] = value;
    return next;
  });

  return (
    <div className="stack">
      <section className="card flush settings" aria-label={t("Settings")}>
        {visible.map((one) => <Setting key={one.key} one={one} draft={draft} readOnly={readOnly} fault={problem?.at(`/set/${one.key}`)} onChange={(value) => put(one.key, value, one)} />)}
        {hidden > 0 && (
          <div className="setting"><Button tone="quiet" onClick={() => setLevel(level === "basic" ? "advanced" : "expert")}>
            {level === "basic" ? t("{n} more in Advanced", { n: hidden }) : t("{n} more in Expert", { n: hidden })}
          </Button></div>
        )}
      </section>
      {problem && problem.code !== "version_conflict" && <ProblemNote problem={problem} fields />}
      {Object.keys(draft).length > 0 && (
        <div className="savebar" role="region" aria-label={t("Unsaved changes")}>
          <span className="grow">{Object.keys(draft).map((key) => label(key)).join(", ")}</span>
          <Button onClick={() => { setDraft({}); setProblem(null); }}>{t("Discard")}</Button>
          <Button tone="primary" busy={busy} onClick={() => void save(view.version)}>{t("Save")}</Button>
        </div>
      )}
      {problem?.code === "version_conflict" && (
        <Conflict onClose={() => setProblem(null)} onReload={() => { setProblem(null); void queries.invalidateQueries(); }} onOverwrite={() => void save(undefined)}
          changes={Object.entries(draft).map(([key, value]) => [label(key), value === undefined ? t("inherited") : String(shown(value, settings.find((one) => one.key === key)))] as const)} />
      )}
    </div>
  );
}

function Setting({ one, draft, readOnly, fault, onChange }: { one: EffectiveSetting; draft: Draft; readOnly: boolean; fault: string | undefined; onChange: (value: unknown) => void }) {
  const dirty = one.key in draft;
  const explicit = dirty ? draft[one.key] !== undefined : one.explicit !== null && one.explicit !== undefined;
  const value = dirty ? draft[one.key] ?? one.inherited : one.value;
  const id = `setting-${one.key}`;
  return (
    <div className={`setting ${dirty ? "dirty" : ""}`}>
      <div>
        <label htmlFor={id}><strong>{label(one.key)}</strong></label>
        <div className="help" id={`${id}-help`}>{help(one.help)}</div>
      </div>
      <div>
        <SettingInput id={id} one={one} value={value} disabled={readOnly} invalid={Boolean(fault)} onChange={onChange} />
        {fault && <div className="field"><div className="fault" role="alert">{fault}</div></div>}
        <div className="origin">
          <Chip tone={explicit ? "info" : undefined}>{explicit ? t("Set here") : t("from: {origin}", { origin: t(sources[explicit ? one.source : inheritedFrom(one)]) })}</Chip>
          {explicit && !readOnly && <button type="button" onClick={() => onChange(undefined)}>{t("Reset to inherited ({value})", { value: shown(one.inherited, one) })}</button>}
        </div>
      </div>
    </div>
  );
}

/** Where the value comes from once the own one is gone; a level above is all that is known when it equals no default. */
function inheritedFrom(one: EffectiveSetting): keyof typeof sources {
  if (one.explicit === null || one.explicit === undefined) return one.source;
  return JSON.stringify(one.inherited) === JSON.stringify(one.default) ? "builtin" : "server";
}

/** Somebody else has changed the object meanwhile; what was typed is still there. */
export function Conflict({ changes, onClose, onReload, onOverwrite }: { changes: readonly (readonly [string, string])[]; onClose: () => void; onReload: () => void; onOverwrite: () => void }) {
  return (
    <Dialog title={t("Changed meanwhile")} onClose={onClose}>
      <Note tone="warn">{t("Somebody changed this since you opened it. Your changes are still here.")}</Note>
      <dl className="facts">{changes.map(([name, value]) => <div key={name} style={{ display: "contents" }}><dt>{name}</dt><dd className="mono">{value}</dd></div>)}</dl>
      <footer>
        <Button onClick={onReload}>{t("Look at the new state, keep my changes")}</Button>
        <Button tone="primary" onClick={onOverwrite}>{t("Save mine all the same")}</Button>
      </footer>
    </Dialog>
  );
}
