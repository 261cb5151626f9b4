// What a new server still lacks; every step is done when the server shows it.
import { useCall } from "../../api/hooks";
import { Icon } from "../../components/Icon";
import { t } from "../../i18n";
import { Link } from "../../router";
import { DnsSummary } from "../dns/DnsCheck";
import type { ReactNode } from "react";

export function Checklist() {
  const { data: server } = useCall("getServer", {});
  const { data: accounts } = useCall("listAccounts", { limit: 10 });
  const { data: mails } = useCall("searchMailTrace", { limit: 1 });
  const { data: phones } = useCall("listRegistrations", { limit: 1 });
  const { data: certificates } = useCall("listCertificates", {});
  const { data: calls } = useCall("listCdr", { limit: 1 });
  if (!server || !accounts || !mails || !phones || !certificates || !calls) return <section className="card" aria-label={t("Next steps")} style={{ minHeight: "220px" }}><h2>{t("Next steps")}</h2></section>;
  const domain = server.main_domain;
  const steps: [boolean, ReactNode, ReactNode][] = [
    [accounts.data.some((account) => !account.builtin), <Link key="1" to={`/users/domains/${encodeURIComponent(domain)}?create=1`}>{t("Create the first account")}</Link>, null],
    [mails.data.length > 0, t("Send it a test mail"), t("Any mail program will do: server {host}, port 587 or 465.", { host: location.hostname })],
    [phones.data.length > 0 || calls.data.length > 0, t("Register the first telephone"), t("Server {host}, name and password of the account.", { host: location.hostname })],
    [certificates.data.some((one) => one.active && one.kind !== "self_signed"), <Link key="2" to="/master/certificates">{t("Bring in a certificate")}</Link>, t("Until then programs warn of a self-signed one.")],
  ];
  return (
    <section className="card stack" aria-label={t("Next steps")}>
      <h2>{t("Next steps")}</h2>
      <ol className="plain stack tight">
        {steps.map(([done, text, help], index) => (
          <li key={index} className="row" style={{ alignItems: "flex-start", flexWrap: "nowrap" }}>
            <span style={{ color: done ? "var(--ok)" : "var(--strong-line)" }}><Icon name={done ? "check" : "circle"} /><span className="hidden">{done ? t("done") : t("to do")}</span></span>
            <div className={done ? "muted" : ""}>{text}{!done && help && <div className="muted">{help}</div>}</div>
          </li>
        ))}
      </ol>
      <details>
        <summary>{t("DNS records for {domain}", { domain })}</summary>
        <div style={{ marginTop: "8px" }}><DnsSummary domain={domain} /></div>
      </details>
    </section>
  );
}
