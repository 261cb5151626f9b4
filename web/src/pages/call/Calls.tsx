// The calls that are going on, as they come and go.
import { useEffect, useState } from "react";
import { useAct, useLive, usePages } from "../../api/hooks";
import { Button, Chip, Empty } from "../../components/controls";
import { confirm } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { span } from "../../i18n/format";
import { Link } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { callPath, party, plain } from "./parts";

export default function Calls() {
  useLive("calls");
  const { rows, ...page } = usePages("listCalls", { limit: 100 }, { refetchInterval: 15_000 });
  const hangup = useAct("hangupCall");
  const now = useNow();
  return (
    <Page>
      <PageHead title={t("Calls")} chip={<Chip tone="info">{rows.length}</Chip>} />
      <section className="card flush">
        <Table label="Calls" rows={rows} id={(row) => row.id} to={(row) => callPath(row.id)} {...page} empty={<Empty action={<Link className="button" to="/monitors/call-records">{t("Call records")}</Link>}>{t("Nobody is talking.")}</Empty>} columns={[
          { label: "From", cell: (row) => <Link to={callPath(row.id)} className="mono">{party(row.caller)}</Link> },
          { label: "To", cell: (row) => <span className="mono">{plain(row.callee.uri || row.dialled)}</span> },
          { label: "State", cell: (row) => <Chip tone={row.answered_at ? "ok" : "info"}>{choice(row.state)}</Chip> },
          { label: "Duration", end: true, cell: (row) => <span className="numbers">{span(Math.max(0, (now - new Date(row.answered_at ?? row.started_at).getTime()) / 1000))}</span> },
          { label: "Media", cell: (row) => <Media call={row} /> },
          { label: "Actions", fit: true, cell: (row) => <Button tone="danger" onClick={() => confirm({ title: t("End this call?"), text: `${party(row.caller)} → ${plain(row.callee.uri || row.dialled)}`, action: t("Hang up"), danger: true, yes: () => hangup.mutate({ call: row.id }, { onError: tell }) })}>{t("Hang up")}</Button> },
        ]} />
      </section>
    </Page>
  );
}

export function Media({ call }: { call: { media_path: string; media?: { verdicts: { text: string }[] } | null } }) {
  const silent = call.media?.verdicts[0];
  return silent ? <Chip tone="error" title={silent.text}>{t("silent")}</Chip> : <span className="muted">{call.media_path === "proxy" ? t("relayed") : call.media_path === "direct" ? t("direct") : "–"}</span>;
}

/** The time, once a second. */
export function useNow(): number {
  const [now, set] = useState(Date.now);
  useEffect(() => { const timer = setInterval(() => set(Date.now()), 1000); return () => clearInterval(timer); }, []);
  return now;
}
