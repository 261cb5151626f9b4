// A user's calls: who called, whom one called, what was missed, and whether calls come in at all.
import { useEffect, useRef, useState } from "react";
import { useAct, useCall, useLive, usePages } from "../../api/hooks";
import type { CallParty, CallRecord } from "../../api/generated/types";
import { Button, Chip, Copy, Empty, Facts, Field, Segments, Time } from "../../components/controls";
import { Dialog, FormDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { Table } from "../../components/Table";
import { help, label } from "../../forms/labels";
import { t } from "../../i18n";
import { moment, span } from "../../i18n/format";
import { Link, navigate, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { cause } from "../call/parts";

const ME = { account: "me" } as const;
const PAGE = 100;
/** Pages that show little are read on by themselves, this many at most. */
const PATIENCE = 10;
type Kind = "all" | "missed" | "in" | "out";

const address = (party: CallParty): string => party.uri.replace(/^<?sips?:/i, "").replace(/[;>].*$/, "");

export default function OwnCalls() {
  useLive("calls");
  const [kind, setKind] = useSearch<Kind>("show", "all");
  const [chosen, setChosen] = useSearch("call", "");
  const [dialling, setDialling] = useState<string | null>(null);
  const { data: me } = useCall("getAccount", ME, { staleTime: 60_000 });
  const { rows: all, more, readOn, ...page } = usePages("listCdr", { ...ME, limit: PAGE });
  const out = (call: CallRecord) => call.caller.account_id === me?.id;
  const missed = (call: CallRecord) => !out(call) && !call.answered_at && Boolean(call.ended_at);
  const fits = { all: () => true, missed, in: (call: CallRecord) => !out(call), out };
  const rows = all.filter(fits[kind]);
  const tries = useRef(0);
  useEffect(() => { tries.current = 0; }, [kind]);
  useEffect(() => { if (more && rows.length < PAGE / 2 && tries.current < PATIENCE) { tries.current += 1; readOn(); } });
  const open = all.find((one) => one.id === chosen);
  const other = (call: CallRecord) => (out(call) ? call.callee : call.caller);
  return (
    <Page>
      <PageHead title={t("Calls")}><Button icon="settings" onClick={() => navigate("/settings?tab=calls")}>{t("Call settings")}</Button><Button tone="primary" icon="phone" onClick={() => setDialling("")}>{t("Call somebody")}</Button></PageHead>
      <Incoming />
      <section className="card flush">
        <div className="bar"><Segments<Kind> label={t("Which calls")} value={kind} onChange={setKind} options={[["all", t("All")], ["missed", t("Missed")], ["in", t("Received")], ["out", t("Dialled")]]} /></div>
        <Table label="Calls" rows={rows} id={(row) => row.id} open={chosen} onOpen={(row) => setChosen(row.id)} more={more} readOn={readOn} {...page} empty={<Empty>{kind === "missed" ? t("You have missed nothing.") : t("No calls yet.")}</Empty>} columns={[
          { label: "With whom", cell: (row) => <span className="row tight" style={{ flexWrap: "nowrap" }}><span title={out(row) ? t("Dialled") : missed(row) ? t("Missed") : t("Received")} style={{ display: "flex", color: missed(row) ? "var(--error)" : "var(--muted)" }}><Icon name={out(row) ? "away" : "in"} /></span><span><strong>{other(row).name || address(other(row))}</strong>{other(row).name && <span className="muted"> {address(other(row))}</span>}</span></span> },
          { label: "When", cell: (row) => <Time at={row.started_at} /> },
          { label: "Outcome", cell: (row) => <Chip tone={row.answered_at ? "ok" : missed(row) ? "warn" : undefined}>{missed(row) ? t("missed") : cause(row)}</Chip> },
          { label: "Duration", end: true, cell: (row) => (row.duration_seconds ? span(row.duration_seconds) : <span className="muted">–</span>) },
        ]} />
      </section>
      {open && (
        <Dialog title={other(open).name || address(other(open))} kind="drawer" onClose={() => setChosen("")}>
          <div className="row"><Button icon="phone" onClick={() => setDialling(address(other(open)))}>{t("Call back")}</Button><Button icon="chat" onClick={() => navigate(`/messages?with=${encodeURIComponent(address(other(open)))}`)}>{t("Write a message")}</Button></div>
          <Facts of={[
            ["With whom", <Copy key="a" text={address(other(open))} />], ["Dialled", <span key="d" className="mono">{open.dialled}</span>], ["When", moment(open.started_at)],
            open.answered_at ? ["Answered", moment(open.answered_at)] : null, open.ended_at ? ["Ended", moment(open.ended_at)] : null, open.duration_seconds ? ["Duration", span(open.duration_seconds)] : null,
            ["Outcome", cause(open)], open.routed.length > 0 ? ["Went to", open.routed.join(", ")] : null,
          ]} />
        </Dialog>
      )}
      {dialling !== null && <Dial to={dialling} onClose={() => setDialling(null)} />}
    </Page>
  );
}

/** Calls somebody by a telephone of one's own. */
function Dial({ to: first, onClose }: { to: string; onClose: () => void }) {
  const [to, setTo] = useState(first);
  const start = useAct("startCall", () => { toast(t("Your telephones ring. Pick one up and it dials.")); onClose(); });
  return (
    <FormDialog title={t("Call somebody")} action={t("Call")} busy={start.isPending} problem={start.error} onClose={onClose} onSubmit={() => start.mutate({ ...ME, to: to.trim() })}>
      <Field label={t("Whom")} help={t("An address, or a name or number of your domain.")} fault={start.error?.at("/to")}><input className="input mono" autoFocus autoCapitalize="none" value={to} onChange={(event) => setTo(event.target.value)} /></Field>
      <p className="muted">{t("Your telephones ring first. The one that you pick up dials.")}</p>
    </FormDialog>
  );
}

/** Whether calls come in: the first thing one asks when no telephone rings. */
function Incoming() {
  const { data } = useCall("getAccountSettings", ME);
  const save = useAct("updateAccountSettings");
  const one = data?.data.find(({ key }) => key === "accept_calls");
  if (!one) return null;
  const away = ["do_not_disturb", "divert_always"].filter((key) => { const found = data?.data.find((other) => other.key === key); return found && found.value !== false && found.value !== ""; });
  return (
    <section className="card row" aria-label={t("Incoming calls")}>
      <label className="switch"><input type="checkbox" role="switch" checked={one.value === true} disabled={save.isPending} onChange={(event) => save.mutate({ ...ME, set: { accept_calls: event.target.checked } }, { onError: tell })} /><strong>{t("Incoming calls")}</strong></label>
      <span className="muted grow">{help(one.help)}</span>
      {away.map((key) => <Link key={key} to="/settings?tab=calls"><Chip tone="warn">{label(key)}</Chip></Link>)}
    </section>
  );
}
