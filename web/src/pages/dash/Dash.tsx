// The first screen: is the server well, what goes through it, what is still to be done.
import type { ReactNode } from "react";
import { useCall, useLive } from "../../api/hooks";
import { useHealth } from "../../api/health";
import { session } from "../../api/session";
import { Chip, Loading } from "../../components/controls";
import { t, word } from "../../i18n";
import { ago, day, number } from "../../i18n/format";
import { holds } from "../../rights";
import { Link } from "../../router";
import { Waiting } from "../router/Waiting";
import { Page, PageHead } from "../../shell/App";
import { Checklist } from "./Checklist";
import { Happened } from "./Happened";
import { Trends } from "./Trends";

const DAY_SECONDS = 86_400;

export default function Dash() {
  const { server_rights: rights = [] } = session.principal ?? {};
  return (
    <Page>
      <PageHead title={t("Dash")} />
      {rights.length > 0 ? <ServerDash /> : <DomainDash />}
    </Page>
  );
}

/** Whether the settings of the server may be read, and all its domains. */
const reads = () => holds(session.principal, "settings") || holds(session.principal, "settings_read");
const knows = () => holds(session.principal, "domains_all") || holds(session.principal, "domains_read");

function ServerDash() {
  useLive("queue", "calls", "registrations", "system", "accounts");
  return (
    <>
      <Strip />
      {reads() && <Waiting readOnly={!holds(session.principal, "settings")} />}
      {holds(session.principal, "monitors") && <><Figures /><Trends /></>}
      <div className="columns">{reads() && knows() && <Checklist />}<Happened history={reads()} /></div>
    </>
  );
}

function DomainDash() {
  const { data } = useCall("listDomains", { limit: 100 });
  if (!data) return <Loading />;
  return <section className="card stack tight"><h2>{t("Your domains")}</h2>{data.data.map((domain) => <Link key={domain.id} to={`/users/domains/${encodeURIComponent(domain.name)}`}>{domain.name}</Link>)}</section>;
}

/** What the server checks of itself beside what is shown anyway, and where it is put right. */
const CURES: Record<string, string | undefined> = { disk: undefined, open_files: undefined, media_ports: "/settings/network/media-ports", media_streams: "/settings/network/media-ports", local_ports: "/settings/network/media-ports" };

/** One check of the health strip; every red one leads to its cure. */
function Strip() {
  const { data: health } = useHealth();
  const { data: listeners } = useCall("listListeners", {}, { enabled: reads() });
  const { data: certificates } = useCall("listCertificates", {}, { enabled: reads() });
  const { data: server } = useCall("getServer", {}, { enabled: reads() });
  const domain = server?.main_domain ?? "";
  const { data: dns } = useCall("getLastDnsCheck", { domain }, { enabled: domain !== "" && knows() });
  const { data: checks } = useCall("getServerChecks", {}, { enabled: holds(session.principal, "monitors"), refetchInterval: 60_000 });
  const failed = listeners?.data.filter((listener) => listener.state === "failed") ?? [];
  const shown = certificates?.data.find((certificate) => certificate.active);
  const left = shown ? (new Date(shown.not_after).getTime() - Date.now()) / 1000 / DAY_SECONDS : null;
  const parts: [string, "ok" | "warn" | "error", ReactNode, string?][] = [];
  for (const check of health?.checks ?? []) if (check.check !== "listeners") parts.push([word(`check.${check.check}`), check.ok ? "ok" : "error", check.ok ? t("well") : check.detail ?? t("failed")]);
  if (listeners) parts.push([t("Listeners"), failed.length > 0 ? "error" : "ok", failed.length > 0 ? t("{n} cannot open", { n: failed.length }) : t("{n} open", { n: listeners.data.filter((one) => one.state === "up").length }), "/settings/network/listeners"]);
  if (shown && left !== null) parts.push([t("Certificate"), left < 7 ? "error" : shown.kind === "self_signed" || left < 30 ? "warn" : "ok", shown.kind === "self_signed" ? t("self-signed") : t("until {day}", { day: day(shown.not_after) }), "/master/certificates"]);
  if (dns?.checked_at) parts.push([t("DNS"), dns.summary.error > 0 ? "error" : dns.summary.warning > 0 ? "warn" : "ok", t("{ok} of {all} well", { ok: dns.summary.ok, all: dns.results.length }), `/users/domains/${encodeURIComponent(domain)}?tab=dns`]);
  const amiss = checks?.data.filter((check) => check.state !== "ok") ?? [];
  for (const { check, state, found, bound } of amiss) if (check in CURES) parts.push([word(`check.${check}`), state === "failed" ? "error" : "warn", typeof found !== "number" ? t("failed") : typeof bound !== "number" ? number(found) : t("{found} of {bound}", { found: number(found), bound: number(bound) }), CURES[check]]);
  const addresses = amiss.filter(({ check }) => /^(wan|lan)_ip_/.test(check));
  if (addresses.length > 0) parts.push([t("Addresses"), "warn", t("to be looked at"), "/settings/network/lan"]);
  return (
    <section className="card row" aria-label={t("Health")} style={{ gap: "20px", minHeight: "54px" }}>
      {parts.map(([name, tone, text, to]) => (
        <span key={name} className="row tight"><span className="muted">{to ? <Link to={to}>{name}</Link> : name}</span><Chip tone={tone}>{text}</Chip></span>
      ))}
    </section>
  );
}

function Figures() {
  const { data: queue } = useCall("getQueueSummary", {}, { refetchInterval: 30_000 });
  const { data: sip } = useCall("getSipStats", {}, { refetchInterval: 15_000 });
  const { data: media } = useCall("getMediaStats", {}, { refetchInterval: 15_000 });
  const waiting = queue?.data.reduce((sum, module) => sum + module.recipients, 0);
  const oldest = queue?.data.map((module) => module.oldest).filter(Boolean).sort()[0];
  const figures: [string, number | undefined, string, ReactNode][] = [
    [t("Waiting in the queue"), waiting, "/monitors/queue", oldest ? t("oldest {ago}", { ago: ago(oldest) }) : t("nothing waits")],
    [t("Calls now"), sip?.calls, "/monitors/calls", media ? t("{n} media streams", { n: number(media.streams) }) : ""],
    [t("Telephones registered"), sip?.registrations, "/monitors/registrations", sip ? t("started {ago}", { ago: ago(sip.started_at) }) : ""],
    [t("Addresses shut out"), sip?.bans, "/monitors/sip", t("by SIP, for a while")],
  ];
  return (
    <div className="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(170px, 1fr))" }}>
      {figures.map(([name, value, to, about]) => (
        <section key={name} className="card stack tight" aria-label={name} style={{ minHeight: "104px" }}>
          <Link to={to} className="muted">{name}</Link>
          <span className="big">{value === undefined ? "–" : number(value)}</span>
          <span className="muted">{about}</span>
        </section>
      ))}
    </div>
  );
}
