// Ports of relayed media, and what a firewall in front must let through.
import { useEffect, useState } from "react";
import { useAct, useCall } from "../../api/hooks";
import { Button, Field, Loading, Note } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { toast } from "../../components/toast";
import { t, word } from "../../i18n";
import { number } from "../../i18n/format";
import { Link, useGuard } from "../../router";
import { Page, PageHead } from "../../shell/App";

type Ports = { first_port: number; last_port: number; max_streams: number };

export default function MediaPorts() {
  const { data, error } = useCall("getMediaPorts", {});
  const [draft, setDraft] = useState<Ports | null>(null);
  const check = useAct("checkFirewall");
  const save = useAct("updateMediaPorts", () => { setDraft(null); toast(t("Saved")); });
  useGuard(draft !== null);
  const { mutate } = check;
  useEffect(() => { mutate({}); }, [mutate, data?.version]);
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  const now: Ports = draft ?? data;
  const input = (key: keyof Ports, label: string) => <Field label={label} fault={save.error?.at(`/${key}`)}><input className="input" type="number" value={now[key]} onChange={(event) => setDraft({ first_port: now.first_port, last_port: now.last_port, max_streams: now.max_streams, [key]: event.target.valueAsNumber || 0 })} /></Field>;
  return (
    <Page>
      <PageHead title={t("Media ports")} />
      <form className="card stack form" onSubmit={(event) => { event.preventDefault(); save.mutate({ ...now, $options: { version: data.version } }); }}>
        <div className="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(140px, 1fr))" }}>{input("first_port", t("First port"))}{input("last_port", t("Last port"))}{input("max_streams", t("Media streams at most"))}</div>
        <p className="muted">{t("Enough for {n} calls at a time.", { n: number(data.calls) })}</p>
        <ProblemNote problem={save.error} fields />
        <div className="row"><Button type="submit" tone="primary" disabled={!draft} busy={save.isPending}>{t("Save")}</Button></div>
      </form>
      {check.data?.warnings.map((warning) => <Note key={warning} tone="warn">{word(`network.${warning}`)}</Note>)}
      <section className="card stack wide" aria-label={t("How others see this server")}>
        <header className="row"><h2 className="grow">{t("How others see this server")}</h2><Button icon="refresh" busy={check.isPending} onClick={() => mutate({})}>{t("Check now")}</Button></header>
        {check.data?.probes.length === 0 && <><p className="muted">{t("A STUN server outside can tell; none is named.")}</p><p><Link to="/settings/network/lan">LAN</Link></p></>}
        {check.data?.probes.map((probe) => <p key={probe.local} className="mono">{probe.local} → <strong>{probe.seen ?? t("no answer")}</strong> <span className="muted">({probe.server})</span></p>)}
        {check.data && check.data.probes.length > 0 && check.data.warnings.length === 0 && <Note tone="ok">{t("Address and ports arrive as they are.")}</Note>}
      </section>
      <section className="card flush">
        <header><h2>{t("What a firewall must let through")}</h2></header>
        <Table label="What a firewall must let through" rows={check.data?.rules ?? []} id={(row) => `${row.protocol}${row.first_port}${row.address}${row.purpose}`} loading={check.isPending} error={check.error} empty={<p className="empty">{t("none")}</p>} columns={[
          { label: "Protocol", cell: (row) => row.protocol.toUpperCase() },
          { label: "Ports", cell: (row) => (row.first_port === row.last_port ? row.first_port : `${row.first_port}–${row.last_port}`) },
          { label: "Address", cell: (row) => <span className="mono">{row.address}</span> },
          { label: "Forward to", cell: (row) => <span className="mono">{row.forward_to ?? "–"}</span> },
          { label: "Purpose", cell: (row) => row.purpose },
        ]} />
        {check.data && <p className="muted" style={{ padding: "12px 16px", whiteSpace: "pre-line" }}>{check.data.instructions}</p>}
      </section>
    </Page>
  );
}
