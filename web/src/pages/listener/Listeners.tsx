// Sockets the server listens on: all of them, or those of SMTP.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import type { Listener, ListenerSettings, Protocol, TlsMode } from "../../api/generated/types";
import { session } from "../../api/session";
import { Button, Chip, Empty, Field } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { holds } from "../../rights";
import { usePath } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { words } from "../domain/Domains";

const protocols: readonly [Protocol, number, TlsMode][] = [
  ["smtp", 25, "starttls"], ["submission", 587, "starttls"], ["imap", 993, "implicit"], ["pop", 995, "implicit"], ["http_admin", 9010, "implicit"], ["http_user", 9100, "implicit"], ["sip_udp", 5060, "off"], ["sip_tcp", 5060, "off"], ["sip_tls", 5061, "implicit"],
];

export default function Listeners() {
  useLive("system");
  const smtp = usePath().startsWith("/settings/mail/smtp/");
  const { data, isPending, error } = useCall("listListeners", {}, { refetchInterval: 15_000 });
  const [edited, setEdited] = useState<Listener | "new" | null>(null);
  const rows = (data?.data ?? []).filter((one) => !smtp || one.protocol === "smtp" || one.protocol === "submission").sort((a, b) => a.protocol.localeCompare(b.protocol) || a.port - b.port);
  const may = holds(session.principal, "settings");
  return (
    <Page>
      <PageHead title={smtp ? t("Listener") : t("Listeners")}>{may && <Button tone="primary" icon="plus" onClick={() => setEdited("new")}>{t("Add listener")}</Button>}</PageHead>
      <p className="muted form">{smtp ? t("Port 25 takes mail from other servers; 587 and 465 take it from mail programs, which sign in.") : t("Every protocol listens on ports and addresses of its own, so that another server can share a port on another address.")}</p>
      <section className="card flush">
        <Table label="Listeners" rows={rows} id={(row) => row.id} {...(may ? { onOpen: setEdited } : {})} loading={isPending} error={error} empty={<Empty>{t("Nothing listens.")}</Empty>} columns={[
          { label: "Protocol", cell: (row) => choice(row.protocol) },
          { label: "Address", cell: (row) => <span className="mono">{row.address}</span> },
          { label: "Port", end: true, cell: (row) => <span>{row.port}{row.bound_port && row.bound_port !== row.port ? <span className="muted"> ({t("now {port}", { port: row.bound_port })})</span> : null}</span> },
          { label: "TLS", cell: (row) => choice(`tls_${row.tls}`) },
          { label: "Who", cell: (row) => (row.settings.access === "none" || !row.settings.access ? t("everybody") : `${choice(`access_${row.settings.access}`)} ${row.settings.access_ips?.join(", ") ?? ""}`) },
          { label: "State", cell: (row) => (row.state === "up" ? <Chip tone="ok">{t("open")}</Chip> : row.state === "failed" ? <Chip tone="error" title={row.last_error ?? ""}>{row.last_error ?? t("failed")}</Chip> : <Chip>{t("off")}</Chip>) },
        ]} />
      </section>
      {edited && <Edit listener={edited === "new" ? null : edited} smtp={smtp} onClose={() => setEdited(null)} />}
    </Page>
  );
}

function Edit({ listener, smtp, onClose }: { listener: Listener | null; smtp: boolean; onClose: () => void }) {
  const [protocol, setProtocol] = useState<Protocol>(listener?.protocol ?? (smtp ? "submission" : "smtp"));
  const usual = protocols.find(([one]) => one === protocol);
  const [address, setAddress] = useState(listener?.address ?? "*");
  const [port, setPort] = useState(listener?.port ?? usual?.[1] ?? 25);
  const [tls, setTls] = useState<TlsMode>(listener?.tls ?? usual?.[2] ?? "off");
  const [enabled, setEnabled] = useState(listener?.enabled ?? true);
  const [settings, setSettings] = useState<ListenerSettings>(listener?.settings ?? { access: "none", access_ips: [], proxy_protocol: "off", proxy_ips: [] });
  const [access, setAccess] = useState(settings.access_ips?.join("\n") ?? "");
  const [proxies, setProxies] = useState(settings.proxy_ips?.join("\n") ?? "");
  const create = useAct("createListener", onClose);
  const update = useAct("updateListener", onClose);
  const remove = useAct("deleteListener", onClose);
  const act = listener ? update : create;
  const fault = (pointer: string) => act.error?.under(pointer);
  const submit = () => {
    const body = { address, port, tls, enabled, settings: { ...settings, access_ips: words(access), proxy_ips: words(proxies) } };
    if (listener) update.mutate({ id: listener.id, ...body, $options: { version: listener.version } }); else create.mutate({ protocol, ...body });
  };
  const number = (key: "max_connections" | "max_connections_per_ip", label: string) => (
    <Field label={label} fault={fault(`/settings/${key}`)}><input className="input" type="number" min={1} placeholder={t("as usual")} value={settings[key] ?? ""} onChange={(event) => { const { [key]: _, ...rest } = settings; setSettings(Number.isNaN(event.target.valueAsNumber) ? rest : { ...rest, [key]: event.target.valueAsNumber }); }} /></Field>
  );
  return (
    <FormDialog title={listener ? `${choice(listener.protocol)} ${listener.address}:${listener.port}` : t("Add listener")} action={listener ? t("Save") : t("Add listener")} busy={act.isPending} problem={act.error} onClose={onClose} onSubmit={submit}>
      {!listener && <Field label={t("Protocol")}><select className="input" value={protocol} onChange={(event) => {
        const next = event.target.value as Protocol;
        const chosen = protocols.find(([one]) => one === next);
        setProtocol(next);
        if (chosen) { setPort(chosen[1]); setTls(chosen[2]); }
      }}>{protocols.filter(([one]) => !smtp || one === "smtp" || one === "submission").map(([one]) => <option key={one} value={one}>{choice(one)}</option>)}</select></Field>}
      <div className="columns" style={{ gridTemplateColumns: "2fr 1fr" }}>
        <Field label={t("Address")} help={t("* is every address of this machine.")} fault={fault("/address")}><input className="input mono" value={address} onChange={(event) => setAddress(event.target.value)} /></Field>
        <Field label={t("Port")} fault={fault("/port")}><input className="input" type="number" min={1} max={65535} value={port} onChange={(event) => setPort(event.target.valueAsNumber || 0)} /></Field>
      </div>
      <Field label="TLS" fault={fault("/tls")}><select className="input" value={tls} onChange={(event) => setTls(event.target.value as TlsMode)}>{(["off", "starttls", "implicit"] as const).map((one) => <option key={one} value={one}>{choice(`tls_${one}`)}</option>)}</select></Field>
      <label className="switch"><input type="checkbox" role="switch" checked={enabled} onChange={(event) => setEnabled(event.target.checked)} />{t("Listens")}</label>
      <Field label={t("Who may connect")}><select className="input" value={settings.access ?? "none"} onChange={(event) => setSettings({ ...settings, access: event.target.value as "none" })}>
        <option value="none">{t("everybody")}</option><option value="grant">{choice("access_grant")}</option><option value="deny">{choice("access_deny")}</option></select></Field>
      {settings.access && settings.access !== "none" && <Field label={t("Addresses")} fault={fault("/settings/access_ips")}><textarea className="input mono" rows={3} placeholder={t("one per line")} value={access} onChange={(event) => setAccess(event.target.value)} /></Field>}
      <details>
        <summary>{t("Limits and PROXY protocol")}</summary>
        <div className="stack" style={{ marginTop: "12px" }}>
          <div className="columns" style={{ gridTemplateColumns: "1fr 1fr" }}>{number("max_connections", t("Connections"))}{number("max_connections_per_ip", t("Connections per address"))}</div>
          <Field label={t("PROXY protocol")}><select className="input" value={settings.proxy_protocol ?? "off"} onChange={(event) => setSettings({ ...settings, proxy_protocol: event.target.value as "off" })}>{(["off", "v1", "v2"] as const).map((one) => <option key={one} value={one}>{choice(one)}</option>)}</select></Field>
          {settings.proxy_protocol && settings.proxy_protocol !== "off" && <Field label={t("Proxies")} fault={fault("/settings/proxy_ips")}><textarea className="input mono" rows={2} placeholder={t("one per line")} value={proxies} onChange={(event) => setProxies(event.target.value)} /></Field>}
        </div>
      </details>
      {listener && <div><Button tone="danger" icon="trash" onClick={() => confirm({ title: t("Delete this listener?"), text: t("The socket closes for good. A listener that is only off can be opened again."), action: t("Delete"), danger: true, yes: () => remove.mutate({ id: listener.id }, { onError: tell }) })}>{t("Delete")}</Button></div>}
    </FormDialog>
  );
}
