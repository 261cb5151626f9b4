// One call: who, when, why it ended; its ladder as it grows; and what became of its sound.
import { useState } from "react";
import { download } from "../../api/client";
import { useAct, useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import type { CallRecord, MediaReport } from "../../api/generated/types";
import { Button, Chip, Copy, Empty, Facts, Loading, Note, Time } from "../../components/controls";
import { confirm } from "../../components/Dialog";
import { Ladder } from "../../components/Ladder";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { save, Table } from "../../components/Table";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { number, span } from "../../i18n/format";
import { Link, useParam } from "../../router";
import { holds } from "../../rights";
import { Page, PageHead } from "../../shell/App";
import { useNow } from "./Calls";
import { cause, party, plain } from "./parts";

const LIVE = 2000;

export default function CallPage() {
  const id = useParam("call");
  useLive("calls");
  const live = useCall("getCall", { call: id }, { retry: false, refetchInterval: (query) => (query.state.error ? false : 5000) });
  const over = useCall("getCdr", { call: id }, { enabled: live.isError, retry: false });
  const call = live.isError ? over.data : live.data ?? over.data;
  const going = call !== undefined && !call.ended_at;
  const trace = useCall("traceCall", { call: id }, { enabled: call !== undefined, refetchInterval: going ? LIVE : false, retry: false });
  const media = useCall("getCallMedia", { call: id }, { enabled: call !== undefined, refetchInterval: going ? LIVE : false, retry: false });
  const hangup = useAct("hangupCall");
  if (live.isError && over.isError) return <Page><ProblemNote problem={over.error} /></Page>;
  if (!call) return <Page><Loading /></Page>;
  const report = media.data ?? call.media ?? null;
  return (
    <Page>
      <PageHead title={`${call.caller.name || plain(call.caller.uri)} → ${plain(call.dialled)}`} chip={<Chip tone={going ? "info" : call.answered_at ? "ok" : "warn"}>{going ? choice(call.state) : cause(call)}</Chip>}
        crumbs={going ? <Link to="/monitors/calls">{t("Calls")}</Link> : <Link to="/monitors/call-records">{t("Call records")}</Link>}>
        {going && <Button tone="danger" onClick={() => confirm({ title: t("End this call?"), text: `${party(call.caller)} → ${call.dialled}`, action: t("Hang up"), danger: true, yes: () => hangup.mutate({ call: id }, { onError: tell }) })}>{t("Hang up")}</Button>}
        <Button icon="download" onClick={() => void download("traceCall", { call: id }, "application/x-pcapng").then((blob) => save(`${id}.pcapng`, blob), tell)}>pcapng</Button>
      </PageHead>
      <Verdict report={report} going={going} />
      <div className="columns">
        <Who call={call} />
        <Streams report={report} />
      </div>
      {holds(session.principal, "media_capture") && report?.relayed && <Capture id={id} going={going} />}
      <section className="card flush" aria-label={t("Ladder")}>
        <header><h2 className="grow">{t("Ladder")}</h2>{going && <Chip tone="ok">{t("live")}</Chip>}</header>
        {trace.data && trace.data.arrows.length > 0 ? <Ladder trace={trace.data} /> : trace.isLoading ? <Loading /> : <Empty>{t("The ladder of this call was not kept. SIP settings say how long ladders are.")}</Empty>}
      </section>
    </Page>
  );
}

/** Why nobody heard anything, in words one can act on; nothing for a sound call. */
function Verdict({ report, going }: { report: MediaReport | null; going: boolean }) {
  if (!report) return null;
  if (report.verdicts.length === 0) return report.streams.some((stream) => stream.packets > 0) ? <Note tone="ok">{going ? t("Sound flows both ways.") : t("Sound flowed both ways.")}</Note> : null;
  return <>{report.verdicts.map((verdict) => <Note key={verdict.text} tone="error"><strong>{verdict.text}</strong>{verdict.open && <p>{t("To open: {what}", { what: verdict.open })}</p>}<p className="muted">{choice(verdict.reason)} · {span(verdict.seconds)}</p></Note>)}</>;
}

function Who({ call }: { call: CallRecord }) {
  const now = useNow();
  const lasts = call.duration_seconds ?? (call.answered_at && !call.ended_at ? (now - new Date(call.answered_at).getTime()) / 1000 : null);
  const end = (one: CallRecord["caller"]) => <span><Copy text={one.uri} />{one.name && ` ${one.name}`}<span className="muted"> {[one.user_agent, one.remote, one.transport].filter(Boolean).join(" · ")}</span></span>;
  return (
    <section className="card stack" aria-label={t("Call")}>
      <h2>{t("Call")}</h2>
      <Facts of={[
        ["Caller", end(call.caller)], ["Callee", end(call.callee)], ["Dialled", <Copy key="d" text={call.dialled} />],
        call.routed.length > 0 && ["Way", <span key="r" className="mono">{call.routed.join(" → ")}</span>],
        ["Began", <Time key="b" at={call.started_at} />], ["Rang", <Time key="r" at={call.ringing_at} />], ["Answered", <Time key="a" at={call.answered_at} />],
        ["Duration", <span key="l" className="numbers">{lasts === null ? "–" : span(lasts)}</span>],
        call.ended_at ? ["Ended", <span key="e"><Time at={call.ended_at} /> {call.ended_by && t("by {who}", { who: choice(call.ended_by).toLowerCase() })}{call.final_code && ` (${call.final_code})`}</span>] : null,
        ["Call-ID", <Copy key="i" text={call.sip_call_id} />],
      ]} />
    </section>
  );
}

/** Packets of the call, kept for a while for who may look into it. */
function Capture({ id, going }: { id: string; going: boolean }) {
  // Without a recording there is nothing to ask for.
  const [asked, setAsked] = useState(false);
  const { data: capture, error } = useCall("getMediaCapture", { call: id }, { retry: false, enabled: asked, refetchInterval: (query) => (query.state.data?.running ? LIVE : false) });
  const begin = useAct("captureMedia", () => setAsked(true));
  const start = (full: boolean) => begin.mutate({ call: id, seconds: 60, full }, { onError: tell });
  return (
    <section className="card stack" aria-label={t("Packets")}>
      <header className="row"><h2 className="grow">{t("Packets")}</h2>
        {going && !capture?.running && <><Button onClick={() => start(false)}>{t("Record headers for a minute")}</Button><Button onClick={() => confirm({ title: t("Record whole packets?"), text: t("What is said can be heard from them. That you record is noted."), action: t("Record"), danger: true, yes: () => start(true) })}>{t("Record whole packets")}</Button></>}
        {!capture && <Button tone="quiet" onClick={() => setAsked(true)}>{t("Last recording")}</Button>}
        {capture && <Button icon="download" onClick={() => void download("getMediaCapture", { call: id }, "application/x-pcapng").then((blob) => save(`${id}-media.pcapng`, blob), tell)}>pcapng</Button>}
      </header>
      {error && <ProblemNote problem={error} />}
      {capture && <Facts of={[["Packets", number(capture.packets)], ["Began", <Time key="b" at={capture.started_at} />], [capture.running ? "Until" : "Ended", <Time key="e" at={capture.ends_at} />], capture.truncated && ["State", t("There was no room for all packets.")]]} />}
    </section>
  );
}

function Streams({ report }: { report: MediaReport | null }) {
  return (
    <section className="card flush" aria-label={t("Media")}>
      <header><h2 className="grow">{t("Media")}</h2>{report && <Chip>{report.relayed ? t("relayed") : t("direct")}</Chip>}</header>
      <Table label="Media" rows={report?.streams ?? []} id={(row) => `${row.index}${row.from}`} empty={<Empty>{report && !report.relayed ? t("The sound goes from telephone to telephone; this server does not see it.") : t("Nothing is known of its media.")}</Empty>} columns={[
        { label: "From", cell: (row) => choice(row.from) },
        { label: "Codec", cell: (row) => row.codec ?? "–" },
        { label: "Packets", end: true, cell: (row) => number(row.packets) },
        { label: "Lost", end: true, cell: (row) => `${number(Math.round(row.loss_percent * 10) / 10)} %` },
        { label: "Jitter", end: true, cell: (row) => `${number(Math.round(row.jitter_mean_ms))} ms` },
        { label: "MOS", end: true, cell: (row) => (row.mos ? <Chip tone={row.mos >= 3.6 ? "ok" : row.mos >= 3 ? "warn" : "error"}>{row.mos.toFixed(1)}</Chip> : "–") },
        // Few telephones measure themselves.
        (report?.streams.some((row) => row.remote_mos) ?? false) && { label: "MOS as it hears", end: true, cell: (row) => row.remote_mos?.toFixed(1) ?? "–" },
      ]} />
    </section>
  );
}
