// Rules for calls of the server, a domain or an account: what is met, what is done then; and for an account, what would happen to a call.
import { useState } from "react";
import { call, Problem } from "../../api/client";
import { queries, useAct, useCall } from "../../api/hooks";
import type { NewSignalRule, RuleAction, RuleCondition, SignalRule, SignalRules } from "../../api/generated/types";
import { Button, Chip, Empty, Field, Loading, Menu, Note } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { duration } from "../../i18n/format";

/** Whose rules. */
export type Scope = { of: "Server" } | { of: "Domain"; domain: string } | { of: "Account"; account: string };

const fields = ["call_type", "method", "from", "from_name", "to", "request_uri", "authenticated", "reg_clients", "presence", "time_of_day", "current_day", "current_date", "req_field", "agent_type", "submit_address"];
const operators = ["is", "is_not", "in", "not_in", "contains", "not_contains", "less_than", "greater_than"];
const verbs = ["redirect_to", "fork_to", "reject_with", "stop_processing", "discard_rules", "remember_from_in", "send_im", "send_url", "write_to_log"];
const bare = new Set(["stop_processing", "discard_rules"]);
const [NO_ANSWER, BUSY, FAILURE] = [995, 997, 999];

export function Rules({ scope, readOnly = false }: { scope: Scope; readOnly?: boolean }) {
  const { of, ...owner } = scope;
  const { data, error } = useCall(`list${of}SignalRules`, owner as never);
  const [edited, setEdited] = useState<SignalRule | "new" | null>(null);
  const remove = useAct(`delete${of}SignalRule`);
  const update = useAct(`update${of}SignalRule`);
  if (error) return <ProblemNote problem={error} />;
  if (!data) return <Loading />;
  const rules = [...(data as SignalRules).data].sort((a, b) => a.stage - b.stage || b.priority - a.priority);
  const create = !readOnly && <Button tone="primary" icon="plus" onClick={() => setEdited("new")}>{t("Add rule")}</Button>;
  return (
    <div className="stack">
      <section className="card flush" aria-label={t("Call rules")}>
        {rules.length > 0 && create && <div className="bar">{create}</div>}
        <Table label="Call rules" rows={rules} id={(rule) => rule.id} {...(readOnly ? {} : { onOpen: setEdited })} empty={<Empty action={create}>{t("No rule looks at calls here.")}</Empty>} columns={[
          { label: "Name", cell: (rule) => (readOnly ? rule.name : <button type="button" className="copy" style={{ color: "var(--accent)", cursor: "pointer" }} onClick={() => setEdited(rule)}>{rule.name}</button>) },
          { label: "When", cell: (rule) => stage(rule.stage) },
          { label: "If", cell: (rule) => (rule.conditions.length === 0 ? <span className="muted">{t("always")}</span> : rule.conditions.map((one) => <div key={`${one.field}${one.op}${one.arg}`}>{choice(one.field)} {choice(one.op).toLowerCase()} <code>{one.arg}</code></div>)) },
          { label: "Then", cell: (rule) => rule.actions.map((one, index) => <div key={index}>{choice(one.verb)} <code>{one.arg}</code></div>) },
          { label: "Priority", end: true, cell: (rule) => rule.priority },
          { label: "State", cell: (rule) => (rule.enabled && rule.priority > 0 ? <Chip tone="ok">{t("active")}</Chip> : <Chip>{t("off")}</Chip>) },
          !readOnly && { label: "Actions", fit: true, cell: (rule) => (
            <Menu label={t("More")}>
              <button type="button" onClick={() => update.mutate({ ...owner, rule: rule.id, enabled: !rule.enabled } as never, { onError: tell })}>{rule.enabled ? t("Switch off") : t("Switch on")}</button>
              <button type="button" className="danger" onClick={() => confirm({ title: t("Delete {name}?", { name: rule.name }), text: t("Calls are not looked at by it any more."), action: t("Delete"), danger: true, yes: () => remove.mutate({ ...owner, rule: rule.id } as never, { onError: tell }) })}>{t("Delete")}</button>
            </Menu>
          ) },
        ]} />
      </section>
      {scope.of === "Account" && <TryCall account={scope.account} />}
      {edited && <Edit scope={scope} rule={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </div>
  );
}

function stage(value: number): string {
  if (value === 0) return t("at once");
  if (value === NO_ANSWER) return t("nobody answers");
  if (value === BUSY) return t("busy");
  if (value === FAILURE) return t("another failure");
  return t("after {time}", { time: duration(value) });
}

function Edit({ scope, rule, onClose }: { scope: Scope; rule: SignalRule | null; onClose: () => void }) {
  const { of, ...owner } = scope;
  const [draft, setDraft] = useState<Required<Pick<NewSignalRule, "name" | "stage" | "priority" | "enabled" | "comment" | "conditions" | "actions">>>(() => rule ?? { name: "", stage: 0, priority: 5, enabled: true, comment: "", conditions: [], actions: [{ verb: "redirect_to", arg: "" }] });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const put = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const save = async () => {
    setBusy(true);
    const { name, stage: when, priority, enabled, comment, conditions, actions } = draft;
    const body = { ...owner, name, stage: when, priority, enabled, comment, conditions, actions };
    try {
      if (rule) await call(`update${of}SignalRule`, { ...body, rule: rule.id } as never, { version: rule.version }); else await call(`create${of}SignalRule`, body as never);
      await queries.invalidateQueries();
      onClose();
    } catch (error) {
      if (error instanceof Problem) setProblem(error); else throw error;
    } finally {
      setBusy(false);
    }
  };
  const fault = (pointer: string) => problem?.under(pointer);
  const timed = draft.stage > 0 && draft.stage < NO_ANSWER;
  return (
    <FormDialog title={rule ? t("Change {name}", { name: rule.name }) : t("Add rule")} action={t("Save")} busy={busy} problem={problem} onClose={onClose} onSubmit={() => void save()}>
      <Field label={t("Name")} fault={fault("/name")}><input className="input" autoFocus value={draft.name} onChange={(event) => put({ name: event.target.value })} /></Field>
      <div className="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(130px, 1fr))" }}>
        <Field label={t("When")} fault={fault("/stage")}><select className="input" value={timed ? 1 : draft.stage} onChange={(event) => put({ stage: Number(event.target.value) === 1 ? 20 : Number(event.target.value) })}>
          <option value={0}>{t("at once")}</option><option value={1}>{t("after a while")}</option><option value={NO_ANSWER}>{t("nobody answers")}</option><option value={BUSY}>{t("busy")}</option><option value={FAILURE}>{t("another failure")}</option></select></Field>
        {timed && <Field label={t("Seconds")}><input className="input" type="number" min={1} max={600} value={draft.stage} onChange={(event) => put({ stage: event.target.valueAsNumber || 1 })} /></Field>}
        <Field label={t("Priority")} help={t("10 is asked first; 0 never.")} fault={fault("/priority")}><input className="input" type="number" min={0} max={10} value={draft.priority ?? 5} onChange={(event) => put({ priority: event.target.valueAsNumber || 0 })} /></Field>
      </div>
      <Rows<RuleCondition> title={t("If all of these")} add={t("Add condition")} list={draft.conditions} fresh={{ field: "from", op: "is", arg: "" }} fault={fault("/conditions")} onChange={(conditions) => put({ conditions })}
        row={(one, change) => <><Choice label={t("Field")} value={one.field} of={fields} onChange={(field) => change({ ...one, field })} /><Choice label={t("How")} value={one.op} of={operators} onChange={(op) => change({ ...one, op })} /><Argument value={one.arg} onChange={(arg) => change({ ...one, arg })} /></>} />
      <Rows<RuleAction> title={t("Then")} add={t("Add action")} list={draft.actions} fresh={{ verb: "reject_with", arg: "603" }} fault={fault("/actions")} onChange={(actions) => put({ actions })}
        row={(one, change) => <><Choice label={t("Action")} value={one.verb} of={verbs} onChange={(verb) => change(bare.has(verb) ? { verb } : { verb, arg: one.arg ?? "" })} />{!bare.has(one.verb) && <Argument value={one.arg} onChange={(arg) => change({ ...one, arg })} />}</>} />
      <label className="switch"><input type="checkbox" checked={draft.enabled ?? true} onChange={(event) => put({ enabled: event.target.checked })} />{t("active")}</label>
    </FormDialog>
  );
}

function Rows<T>({ title, add, list, fresh, row, fault, onChange }: { title: string; add: string; list: readonly T[]; fresh: T; row: (one: T, change: (next: T) => void) => React.ReactNode; fault: string | undefined; onChange: (list: T[]) => void }) {
  return (
    <fieldset className="stack tight" style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
      <legend><strong>{title}</strong></legend>
      {list.map((one, index) => (
        <div key={index} className="row tight">{row(one, (next) => onChange(list.map((old, at) => (at === index ? next : old))))}<Button tone="quiet" icon="close" aria-label={t("Take away {name}", { name: String(index + 1) })} onClick={() => onChange(list.filter((_, at) => at !== index))} /></div>
      ))}
      {fault && <div className="field"><div className="fault" role="alert">{fault}</div></div>}
      <div><Button tone="quiet" icon="plus" onClick={() => onChange([...list, fresh])}>{add}</Button></div>
    </fieldset>
  );
}

const Choice = ({ label, value, of, onChange }: { label: string; value: string; of: readonly string[]; onChange: (value: string) => void }) =>
  <select className="input" style={{ flex: "1 1 96px", width: "auto" }} aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>{of.map((one) => <option key={one} value={one}>{choice(one)}</option>)}</select>;
const Argument = ({ value, onChange }: { value: string | undefined; onChange: (value: string) => void }) =>
  <input className="input mono" style={{ flex: "2 1 110px", width: "auto" }} aria-label={t("With what")} value={value ?? ""} onChange={(event) => onChange(event.target.value)} />;

/** What would happen to a call, without one. */
function TryCall({ account }: { account: string }) {
  const [from, setFrom] = useState("");
  const [talking, setTalking] = useState(false);
  const test = useAct("testSignalRules");
  return (
    <section className="card stack" aria-label={t("Try a call")}>
      <h2>{t("Try a call")}</h2>
      <form className="row" style={{ alignItems: "flex-end" }} onSubmit={(event) => { event.preventDefault(); test.mutate({ account, from: from.trim(), in_call: talking }); }}>
        <div className="grow"><Field label={t("Caller")} fault={test.error?.at("/from")}><input className="input mono" value={from} placeholder="+4930123456" onChange={(event) => setFrom(event.target.value)} /></Field></div>
        <label className="switch"><input type="checkbox" checked={talking} onChange={(event) => setTalking(event.target.checked)} />{t("while a call goes on")}</label>
        <Button type="submit" busy={test.isPending}>{t("Try")}</Button>
      </form>
      <ProblemNote problem={test.error} />
      {test.data && (
        <>
          <ol className="timeline">{test.data.timeline.map((step, index) => <li key={index}><div><strong>{step.action}</strong> <span className="mono">{step.targets.join(", ")}</span></div><div className="muted">{[step.t > 0 ? t("after {time}", { time: duration(step.t) }) : t("at once"), step.rule, step.note].filter(Boolean).join(" · ")}</div></li>)}</ol>
          <Note tone={test.data.status < 300 ? "ok" : "info"}>{t("In the end the caller hears {status}.", { status: `${test.data.status} ${test.data.reason ?? ""}`.trim() })}</Note>
        </>
      )}
    </section>
  );
}
