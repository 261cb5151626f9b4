// Addresses of this server inside and outside: what telephones behind NAT are told.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import type { ShownAddress } from "../../api/generated/types";
import { Button, Chip, Facts, Field, Loading, Note } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t, word, type Key } from "../../i18n";
import { Link, useGuard } from "../../router";
import { Page, PageHead } from "../../shell/App";

const fields = [["wan_ipv4", "WAN IPv4"], ["wan_ipv6", "WAN IPv6"], ["lan_ipv4", "LAN IPv4"], ["lan_ipv6", "LAN IPv6"]] as const satisfies readonly (readonly [string, Key])[];

export default function Lan() {
  useLive("system");
  const { data, error } = useCall("getLan", {});
  const [draft, setDraft] = useState<Record<string, string>>({});
  const save = useAct("updateLan", () => { setDraft({}); toast(t("Saved")); });
  const detect = useAct("detectLan");
  useGuard(Object.keys(draft).length > 0);
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  const put = () => save.mutate({ ...Object.fromEntries(Object.entries(draft).map(([key, value]) => [key, value.trim()])), $options: { version: data.version } });
  return (
    <Page>
      <PageHead title="LAN"><Button icon="refresh" busy={detect.isPending} onClick={() => detect.mutate({})}>{t("Look at this machine again")}</Button></PageHead>
      <p className="muted form">{t("With a wrong WAN address telephones outside hear nothing. Leave a field empty to take what is found.")}</p>
      {data.detected.warnings.map((warning) => <Note key={warning} tone="warn">{word(`network.${warning}`)}</Note>)}
      <div className="columns wide">
        <form className="card stack" onSubmit={(event) => { event.preventDefault(); put(); }}>
          {fields.map(([key, label]) => {
            const now: ShownAddress = data[key];
            return (
              <Field key={key} label={t(label)} fault={save.error?.at(`/${key}`)} help={<span className="row tight">{now.acts ? t("acts: {address}", { address: now.acts }) : t("none")} {now.set ? <Chip tone="info">{t("Set here")}</Chip> : <Chip>{t("found")}</Chip>} {now.acts && !now.on_machine && <Chip tone="warn">{t("not on this machine")}</Chip>}</span>}>
                <input className="input mono" placeholder={now.acts ?? ""} value={draft[key] ?? now.set ?? ""} onChange={(event) => setDraft({ ...draft, [key]: event.target.value })} /></Field>
            );
          })}
          <Field label={t("STUN server")} fault={save.error?.at("/stun_server")} help={t("Asked, when the firewall is checked, by which address and port packets leave. Leave it empty to ask nobody.")}>
            <input className="input mono" placeholder="stun.example.net:3478" value={draft.stun_server ?? data.stun_server ?? ""} onChange={(event) => setDraft({ ...draft, stun_server: event.target.value })} /></Field>
          <ProblemNote problem={save.error} fields />
          <div className="row"><Button type="submit" tone="primary" disabled={Object.keys(draft).length === 0} busy={save.isPending}>{t("Save")}</Button></div>
        </form>
        <section className="card stack">
          <h2>{t("Found on this machine")}</h2>
          <Facts of={[["Addresses", <span key="a" className="mono">{data.detected.addresses.join(", ")}</span>], ["Way out, IPv4", <span key="4" className="mono">{data.detected.route_ipv4 ?? "–"}</span>], ["Way out, IPv6", <span key="6" className="mono">{data.detected.route_ipv6 ?? "–"}</span>]]} />
          <h2>{t("Local networks")}</h2>
          <p className="mono">{data.lan_ips.join(", ")}</p>
          <p><Link to="/settings/network/address-lists">{t("Address lists")}</Link></p>
          <h2>{t("How others see this server")}</h2>
          <p><Link to="/settings/network/media-ports">{t("Media ports")}</Link></p>
        </section>
      </div>
    </Page>
  );
}
