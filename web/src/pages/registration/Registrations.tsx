// Telephones that are registered, as they come and go.
import { useAct, useLive, usePages } from "../../api/hooks";
import { Button, Chip, Empty, Time } from "../../components/controls";
import { tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { number } from "../../i18n/format";
import { Link, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { accountPath } from "../account/parts";

export default function Registrations() {
  useLive("registrations");
  const [agent, setAgent] = useSearch<string>("agent", "");
  const { rows, ...page } = usePages("listRegistrations", { limit: 100, ...(agent ? { user_agent: agent } : {}) }, { refetchInterval: 30_000 });
  const remove = useAct("removeRegistration");
  const ping = useAct("pingRegistration", (one) => toast(one.reachable ? t("The telephone answered after {time} ms.", { time: number(one.rtt_ms ?? 0) }) : t("The telephone does not answer.")));
  return (
    <Page>
      <PageHead title={t("Registrations")} chip={<Chip tone="info">{rows.length}{page.more ? "+" : ""}</Chip>} />
      <section className="card flush">
        <div className="bar"><input className="input" type="search" aria-label={t("Telephone")} placeholder={t("Telephone")} defaultValue={agent} onBlur={(event) => setAgent(event.target.value.trim())} onKeyDown={(event) => { if (event.key === "Enter") setAgent(event.currentTarget.value.trim()); }} /></div>
        <Table label="Registrations" rows={rows} id={(row) => row.id} {...page} empty={<Empty>{t("No telephone is registered. It needs this server, the name and the password of an account.")}</Empty>} columns={[
          { label: "Account", cell: (row) => <Link to={accountPath(row.address)} className="mono">{row.address}</Link> },
          { label: "Telephone", cell: (row) => row.user_agent || <span className="muted">{t("unknown")}</span> },
          { label: "From", cell: (row) => <span className="mono">{row.received} <span className="muted">{row.transport}</span></span> },
          { label: "Contact", cell: (row) => <span className="mono muted">{row.contact}</span> },
          { label: "NAT", cell: (row) => <span className="row tight">{row.nat && row.nat !== "none" ? <Chip tone="info">{row.nat}</Chip> : <span className="muted">–</span>}{row.reachable ? null : <Chip tone="warn">{t("does not answer")}</Chip>}</span> },
          { label: "Refreshed", cell: (row) => <Time at={row.refreshed_at} /> },
          { label: "Until", cell: (row) => <Time at={row.expires_at} /> },
          { label: "Actions", fit: true, cell: (row) => <span className="row tight" style={{ flexWrap: "nowrap" }}><Button tone="quiet" onClick={() => ping.mutate({ id: row.id }, { onError: tell })}>{t("Ping")}</Button><Button tone="quiet" onClick={() => remove.mutate({ id: row.id }, { onError: tell })}>{t("Take away")}</Button></span> },
        ]} />
      </section>
    </Page>
  );
}
