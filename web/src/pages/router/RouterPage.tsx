// The routing table and, beside it, why an address goes where it goes. What is changed is a draft until it is saved as a whole.
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { call, Problem } from "../../api/client";
import { queries, useCall, useLive } from "../../api/hooks";
import type { RoutingTable, RoutingValidation } from "../../api/generated/types";
import { session } from "../../api/session";
import { Button, Loading, Note, Tabs } from "../../components/controls";
import { Diff } from "../../components/Diff";
import { Dialog } from "../../components/Dialog";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { Conflict, SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { holds } from "../../rights";
import { useGuard, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { Explain } from "./Explain";
import { History } from "./History";
import { Lines } from "./Lines";
import { join, split } from "../../components/difference";
import { TextView } from "./TextView";
import { CONFIRM_WITHIN, Trial, Waiting } from "./Waiting";
import "./router.css";

/** What is wrong or doubtful, by line counted from 1. */
export type Faults = ReadonlyMap<number, readonly { tone: "error" | "warn"; text: string; column?: number }[]>;
/** How often lines were applied, by their text; null while nobody knows. */
export type Hits = ReadonlyMap<string, number> | null;
type Tab = "lines" | "text" | "history" | "settings";

export default function RouterPage() {
  useLive("system");
  const { data: table, error } = useCall("getRoutingTable", {});
  const [tab, setTab] = useSearch<Tab>("tab", "lines");
  const [draft, setDraft] = useState<string | null>(null);
  const [marked, setMarked] = useState<number | null>(null);
  const [saving, setSaving] = useState(false);
  const readOnly = !holds(session.principal, "settings");
  const changed = draft !== null && table !== undefined && draft !== table.text;
  useGuard(changed);
  const validation = useValidation(changed ? draft : null);
  const faults = useMemo(() => faultsOf(validation), [validation]);
  const hits = useHits(table);
  useEffect(() => { document.querySelector(`[data-line="${marked ?? 0}"]`)?.scrollIntoView({ block: "nearest" }); }, [marked]);
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!table) return <Page><Loading /></Page>;
  const text = draft ?? table.text;
  const beside = tab === "lines" || tab === "text";
  return (
    <Page>
      <PageHead title={t("Router")} />
      <Waiting readOnly={readOnly} />
      <Tabs<Tab> label={t("Router")} value={tab} onChange={setTab} tabs={[["lines", t("Lines")], ["text", t("As text")], ["history", t("History")], ["settings", t("Settings")]]} />
      {beside && (
        <div className="beside">
          <div className="stack">
            {tab === "lines" ? <Lines lines={text === "" ? [] : split(text)} hits={hits} faults={faults} marked={marked} readOnly={readOnly} onChange={(lines) => setDraft(join(lines))} />
              : <TextView text={text} faults={faults} marked={marked} readOnly={readOnly} onChange={setDraft} />}
            {changed && (
              <div className="savebar" role="region" aria-label={t("Unsaved changes")}>
                <span className="grow">{validation && !validation.valid ? t("The draft has faults; nothing is saved until they are gone.") : t("A draft; what is in force has not changed.")}</span>
                <Button onClick={() => setDraft(null)}>{t("Discard")}</Button>
                <Button tone="primary" disabled={validation?.valid === false && !onlyOpenRelay(validation)} onClick={() => setSaving(true)}>{t("Save…")}</Button>
              </div>
            )}
          </div>
          <Explain draft={changed ? draft : null} onLine={setMarked} />
        </div>
      )}
      {tab === "history" && <History version={table.version} readOnly={readOnly} />}
      {tab === "settings" && <Settings readOnly={readOnly} />}
      {saving && draft !== null && <Plan before={table.text} after={draft} version={table.version} validation={validation} onClose={() => setSaving(false)} onSaved={() => { setSaving(false); setDraft(null); }} />}
    </Page>
  );
}

const onlyOpenRelay = (validation: RoutingValidation) => validation.errors.every((error) => error.code === "open_relay");

/** How often a line was applied in the last day, by its text: what is only moved keeps its count. */
function useHits(table: RoutingTable | undefined): Hits {
  const { data } = useCall("listRoutingHits", { limit: 500 }, { refetchInterval: 60_000 });
  return useMemo(() => {
    if (!data || !table) return null;
    const counts = new Map(data.data.map((hit) => [hit.id, hit.hits]));
    const hits = new Map<string, number>();
    for (const line of table.lines) if (!hits.has(line.text)) hits.set(line.text, counts.get(line.id) ?? 0);
    return hits;
  }, [data, table]);
}

/** Asks the server about a draft as one types. */
function useValidation(draft: string | null): RoutingValidation | null {
  const text = useDeferredValue(draft);
  const [validation, setValidation] = useState<RoutingValidation | null>(null);
  useEffect(() => {
    if (text === null) { setValidation(null); return undefined; }
    const stop = new AbortController();
    const timer = setTimeout(() => void call("validateRouting", { text }, { signal: stop.signal }).then(setValidation, () => undefined), 300);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text]);
  return validation;
}

function faultsOf(validation: RoutingValidation | null): Faults {
  const faults = new Map<number, { tone: "error" | "warn"; text: string; column?: number }[]>();
  const add = (line: number, fault: { tone: "error" | "warn"; text: string; column?: number }) => faults.set(line, [...(faults.get(line) ?? []), fault]);
  for (const error of validation?.errors ?? []) add(error.line, { tone: "error", text: error.reason, column: error.column });
  for (const warning of validation?.warnings ?? []) add(warning.line ?? 1, { tone: "warn", text: warning.text });
  return new Map([...faults].sort(([a], [b]) => a - b));
}

/** What saving would change, before it does. */
function Plan({ before, after, version, validation, onClose, onSaved }: { before: string; after: string; version: number; validation: RoutingValidation | null; onClose: () => void; onSaved: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const [trial, setTrial] = useState(false);
  const relay = validation?.errors.some((error) => error.code === "open_relay") || problem?.body.errors?.some((error) => error.code === "open_relay");
  const save = async (base: number) => {
    setBusy(true);
    setProblem(null);
    try {
      await call("replaceRoutingTable", { text: after, ...(open ? { confirm_open_relay: true } : {}), ...(trial ? { confirm_within: CONFIRM_WITHIN } : {}) }, { version: base });
      await queries.invalidateQueries();
      toast(t("The new table is in force."));
      onSaved();
    } catch (error) {
      if (error instanceof Problem) setProblem(error); else throw error;
    } finally {
      setBusy(false);
    }
  };
  const newest = async () => (await call("getRoutingTable", {})).version;
  if (problem?.code === "version_conflict") return <Conflict changes={[]} onClose={onClose} onReload={() => { void queries.invalidateQueries(); onClose(); }} onOverwrite={() => void newest().then(save)} />;
  return (
    <Dialog title={t("Save the routing table")} kind="wide" onClose={onClose}>
      <Diff before={before} after={after} label={t("What changes")} />
      {validation?.warnings.map((warning) => <Note key={`${warning.line}${warning.text}`} tone="warn">{warning.line ? `${t("Line {n}", { n: warning.line })}: ` : ""}{warning.text}</Note>)}
      {relay && <Note tone="error"><p>{t("With this table strangers may send mail through your server to anywhere.")}</p><label className="switch"><input type="checkbox" checked={open} onChange={(event) => setOpen(event.target.checked)} />{t("That is what I want")}</label></Note>}
      <Trial on={trial} onChange={setTrial} />
      <ProblemNote problem={problem} />
      <footer><Button onClick={onClose}>{t("Cancel")}</Button><Button tone="primary" busy={busy} disabled={relay && !open} onClick={() => void save(version)}>{t("Save")}</Button></footer>
    </Dialog>
  );
}

function Settings({ readOnly }: { readOnly: boolean }) {
  const { data } = useCall("getRouterSettings", {});
  const [trial, setTrial] = useState(false);
  if (!data) return <Loading />;
  return <div className="wide stack">{!readOnly && <Trial on={trial} onChange={setTrial} />}<SettingsForm view={data} operation="updateRouterSettings" input={trial ? { confirm_within: CONFIRM_WITHIN } : {}} readOnly={readOnly} /></div>;
}
