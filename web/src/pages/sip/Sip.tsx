// SIP and media as a whole: counters, who is shut out, transactions that last.
import { useAct, useCall } from "../../api/hooks";
import { Button, Chip, Empty, Facts, Loading, Time } from "../../components/controls";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { number } from "../../i18n/format";
import { Page, PageHead } from "../../shell/App";

const often = { refetchInterval: 5000 };

export default function Sip() {
  const { data: stats, error } = useCall("getSipStats", {}, often);
  const { data: media } = useCall("getMediaStats", {}, often);
  const { data: bans } = useCall("listBans", {}, often);
  const { data: transactions } = useCall("listTransactions", { limit: 50 }, often);
  const { data: failed } = useCall("listTargetsHealth", {}, often);
  const forgive = useAct("removeBan");
  const abort = useAct("abortTransaction");
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!stats) return <Page><Loading /></Page>;
  return (
    <Page>
      <PageHead title={t("SIP and media")} />
      <div className="columns">
        <section className="card stack" aria-label="SIP">
          <h2>SIP</h2>
          <Facts of={[["Since", <Time key="s" at={stats.started_at} />], ["Calls", number(stats.calls)], ["Registrations", number(stats.registrations)], ["Transactions", `${number(stats.server_transactions)} / ${number(stats.client_transactions)}`],
            ["Not understood", number(stats.stray)], ["Over the limit", number(stats.limited)], ["Met with silence", number(stats.silenced)], ["Dropped", number(stats.dropped)]]} />
        </section>
        {media && <section className="card stack" aria-label={t("Media")}><h2>{t("Media")}</h2><Facts of={[["Calls", number(media.calls)], ["Streams", number(media.streams)], ["Ports", `${number(media.ports_used)} / ${number(media.ports)}`], ["Packets", number(media.packets)], ["Dropped", number(media.dropped)]]} /></section>}
        <section className="card flush" aria-label={t("Messages")}>
          <header><h2>{t("Messages")}</h2></header>
          <Table label="Messages" rows={[...stats.requests, ...stats.responses].filter((one) => one.received + one.sent > 0)} id={(row) => `${row.name}${row.transport}`} empty={<Empty>{t("None yet.")}</Empty>} columns={[
            { label: "Kind", cell: (row) => <span className="mono">{row.name} <span className="muted">{row.transport}</span></span> }, { label: "received", end: true, cell: (row) => number(row.received) }, { label: "sent", end: true, cell: (row) => number(row.sent) },
          ]} />
        </section>
      </div>
      <section className="card flush" aria-label={t("Addresses shut out")}>
        <header><h2>{t("Addresses shut out")}</h2></header>
        <Table label="Addresses shut out" rows={bans?.data ?? []} id={(row) => row.address} empty={<Empty>{t("Nobody is shut out.")}</Empty>} columns={[
          { label: "Address", cell: (row) => <span className="mono">{row.address}</span> }, { label: "Reason", cell: (row) => <Chip tone="warn">{choice(row.reason)}</Chip> }, { label: "Since", cell: (row) => <Time at={row.since} /> }, { label: "Until", cell: (row) => <Time at={row.until} /> },
          { label: "Actions", fit: true, cell: (row) => <Button tone="quiet" onClick={() => forgive.mutate({ address: row.address }, { onError: tell })}>{t("Let in again")}</Button> },
        ]} />
      </section>
      <section className="card flush" aria-label={t("Servers that fail")}>
        <header><h2>{t("Servers that fail")}</h2></header>
        <Table label="Servers that fail" rows={failed?.data ?? []} id={(row) => `${row.address}${row.transport}`} empty={<Empty>{t("All that were asked answer.")}</Empty>} columns={[
          { label: "Address", cell: (row) => <span className="mono">{row.address} <span className="muted">{row.transport}</span></span> }, { label: "Reason", cell: (row) => <Chip tone="warn">{row.code === 408 ? t("no answer") : String(row.code)}</Chip> },
          { label: "Failures", end: true, cell: (row) => number(row.failures) }, { label: "Since", cell: (row) => <Time at={row.failed_at} /> }, { label: "Until", cell: (row) => <Time at={row.retry_at} /> },
        ]} />
      </section>
      <section className="card flush" aria-label={t("Transactions")}>
        <header><h2>{t("Transactions")}</h2></header>
        <Table label="Transactions" rows={transactions?.data ?? []} id={(row) => row.id} empty={<Empty>{t("None that lasts.")}</Empty>} columns={[
          { label: "Kind", cell: (row) => <span className="mono">{row.method}</span> }, { label: "State", cell: (row) => choice(row.state) }, { label: "Side", cell: (row) => choice(row.side) },
          { label: "Remote", cell: (row) => <span className="mono">{row.remote} <span className="muted">{row.transport}</span></span> }, { label: "Since", cell: (row) => <Time at={row.began_at} /> },
          { label: "Actions", fit: true, cell: (row) => <Button tone="quiet" onClick={() => abort.mutate({ id: row.id }, { onError: tell })}>{t("End")}</Button> },
        ]} />
      </section>
    </Page>
  );
}
