// A domain: its accounts, groups, forwarders, other names and settings.
import { useState } from "react";
import { useAct, useCall, useLive, usePages } from "../../api/hooks";
import { session } from "../../api/session";
import { Button, Chip, Empty, Field, Loading, Menu, Tabs } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { NameList } from "../../components/NameList";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { toast } from "../../components/toast";
import { SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { size } from "../../i18n/format";
import { holds, holdsIn } from "../../rights";
import { Link, navigate, useParam, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { AccountState, accountPath, CreateAccount } from "../account/parts";
import { DnsCheck } from "../dns/DnsCheck";
import { Forwarders } from "../forwarder/Forwarders";
import { Groups } from "../group/Groups";
import { Rules } from "../rules/Rules";
import { domainPath, DomainState, words } from "./Domains";

type Tab = "dns" | "rules" | "accounts" | "groups" | "forwarders" | "names" | "settings" | "defaults";

export default function DomainPage() {
  const domain = useParam("domain");
  useLive("domains", "accounts");
  const { data, error } = useCall("getDomain", { domain });
  const [tab, setTab] = useSearch<Tab>("tab", "accounts");
  const [creating, setCreating] = useSearch("create", "");
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  return (
    <Page>
      <PageHead title={data.name} chip={<DomainState state={data.state} builtin={data.builtin} />} crumbs={<><Link to="/users/domains">{t("Domains")}</Link><span aria-hidden="true">/</span><span>{data.name}</span></>}>
        {holdsIn(session.principal, "can_create_accounts") && <Button tone="primary" icon="plus" onClick={() => setCreating("1")}>{t("Create Account")}</Button>}
        {holds(session.principal, "domains_all") && <Actions domain={data} />}
      </PageHead>
      <Tabs<Tab> label={data.name} value={tab} onChange={setTab} tabs={[["accounts", t("Accounts")], ["groups", t("Groups")], ["forwarders", t("Forwarders")], ["names", t("Names")], ["rules", t("Call rules")], ["dns", t("DNS")], ["settings", t("Settings")], ["defaults", t("Account defaults")]]} />
      {tab === "accounts" && <Accounts domain={domain} onCreate={() => setCreating("1")} />}
      {tab === "groups" && <Groups domain={domain} />}
      {tab === "forwarders" && <Forwarders domain={domain} />}
      {tab === "names" && <Names domain={domain} ips={data.assigned_ips} version={data.version} />}
      {tab === "rules" && <Rules scope={{ of: "Domain", domain }} readOnly={!holdsIn(session.principal, "signal_rules")} />}
      {tab === "dns" && <DnsCheck domain={data.name} />}
      {tab === "settings" && <DomainSettings domain={domain} />}
      {tab === "defaults" && <Defaults domain={domain} />}
      {creating && <CreateAccount domain={data.name} onClose={() => setCreating("")} />}
    </Page>
  );
}

function Accounts({ domain, onCreate }: { domain: string; onCreate: () => void }) {
  const { rows, total, ...page } = usePages("listDomainAccounts", { domain, limit: 100, count: "exact" });
  return (
    <section className="card flush">
      <Table label="Accounts" rows={rows} id={(row) => row.id} to={(row) => accountPath(row.address)} {...page} empty={<Empty action={<Button tone="primary" icon="plus" onClick={onCreate}>{t("Create Account")}</Button>}>{t("This domain has no accounts yet.")}</Empty>} columns={[
        { label: "Name", cell: (row) => <Link to={accountPath(row.address)} className="mono">{row.name}</Link> },
        { label: "Person", cell: (row) => row.real_name || <span className="muted">–</span> },
        { label: "State", cell: (row) => <AccountState account={row} /> },
        { label: "Other names", cell: (row) => [...row.aliases, ...row.telnums].join(", ") || <span className="muted">–</span> },
        { label: "Mail", end: true, cell: (row) => size(row.used_bytes) },
      ]} />
      {total !== undefined && total > 0 && <p className="muted" style={{ padding: "8px 12px" }}>{t("{n} accounts", { n: total })}</p>}
    </section>
  );
}

function Actions({ domain: { name, builtin, state, version } }: { domain: { name: string; builtin: boolean; state: string; version: number } }) {
  const [renaming, setRenaming] = useState(false);
  const suspend = useAct("suspendDomain");
  const resume = useAct("resumeDomain");
  const remove = useAct("deleteDomain", () => { toast(t("{name} is deleted", { name })); navigate("/users/domains", { replace: true }); });
  return (
    <>
      <Menu label={t("More")}>
        <button type="button" onClick={() => setRenaming(true)}>{t("Rename")}</button>
        {!builtin && (state === "active"
          ? <button type="button" onClick={() => confirm({ title: t("Suspend {name}?", { name }), text: t("Its mail is refused and nobody of it can sign in until it is resumed."), action: t("Suspend"), danger: true, yes: () => suspend.mutate({ domain: name, $options: { version } }, { onError: tell }) })}>{t("Suspend")}</button>
          : <button type="button" onClick={() => resume.mutate({ domain: name, $options: { version } }, { onError: tell })}>{t("Resume")}</button>)}
        {!builtin && <button type="button" className="danger" onClick={() => confirm({ title: t("Delete {name}?", { name }), text: t("Only a domain without accounts can be deleted. Its settings, groups and forwarders go with it."), action: t("Delete"), danger: true, typed: name, yes: () => remove.mutate({ domain: name }, { onError: tell }) })}>{t("Delete")}</button>}
      </Menu>
      {renaming && <Rename name={name} main={builtin} version={version} onClose={() => setRenaming(false)} />}
    </>
  );
}

function Rename({ name, main, version, onClose }: { name: string; main: boolean; version: number; onClose: () => void }) {
  const [next, setNext] = useState(name);
  const [keep, setKeep] = useState(true);
  const done = (renamed: string) => { onClose(); navigate(domainPath(renamed), { replace: true }); };
  const rename = useAct("renameDomain", (domain) => done(domain.name));
  const renameMain = useAct("renameMainDomain", (server) => done(server.main_domain));
  const act = main ? renameMain : rename;
  return (
    <FormDialog title={t("Rename {name}", { name })} action={t("Rename")} busy={act.isPending} problem={act.error} onClose={onClose}
      onSubmit={() => (main ? renameMain.mutate({ name: next.trim(), keep_alias: keep }) : rename.mutate({ domain: name, name: next.trim(), keep_alias: keep, $options: { version } }))}>
      <Field label={t("New name")} fault={act.error?.at("/name")}><input className="input mono" autoFocus value={next} onChange={(event) => setNext(event.target.value)} /></Field>
      <label className="switch"><input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} />{t("Keep the old name as another name")}</label>
    </FormDialog>
  );
}

function Names({ domain, ips, version }: { domain: string; ips: readonly string[]; version: number }) {
  const { data } = useCall("listDomainAliases", { domain });
  const add = useAct("addDomainAlias");
  const remove = useAct("removeDomainAlias");
  const [text, setText] = useState<string | null>(null);
  const update = useAct("updateDomain", () => { setText(null); toast(t("Saved")); });
  const may = holds(session.principal, "domains_all");
  return (
    <div className="columns wide">
      <NameList title={t("Other names")} help={t("Addresses at these names are those of {domain}.", { domain })} names={data?.data ?? []} readOnly={!may} busy={add.isPending} problem={add.error}
        onAdd={(name, done) => add.mutate({ domain, name }, { onSuccess: done })} onRemove={(name) => remove.mutate({ domain, name }, { onError: tell })} />
      <form className="card stack" onSubmit={(event) => { event.preventDefault(); update.mutate({ domain, assigned_ips: words(text ?? ""), $options: { version } }); }}>
        <h2>{t("Addresses")}</h2>
        <Field label={t("IP addresses of this domain")} help={t("Who connects to one of these and names no domain means this one.")} fault={update.error?.at("/assigned_ips")}>
          <textarea className="input mono" rows={3} readOnly={!may} placeholder={t("one per line")} value={text ?? ips.join("\n")} onChange={(event) => setText(event.target.value)} /></Field>
        <ProblemNote problem={update.error} fields />
        {may && <div className="row"><Button type="submit" tone="primary" disabled={text === null} busy={update.isPending}>{t("Save")}</Button></div>}
      </form>
    </div>
  );
}

function DomainSettings({ domain }: { domain: string }) {
  const { data } = useCall("getDomainSettings", { domain });
  return data ? <SettingsForm view={data} operation="updateDomainSettings" input={{ domain }} readOnly={!holds(session.principal, "domains_all")} /> : <Loading />;
}

function Defaults({ domain }: { domain: string }) {
  const { data } = useCall("getDomainAccountDefaults", { domain });
  return data ? <><p className="muted"><Chip>{t("Account defaults")}</Chip> {t("What accounts of this domain inherit unless they say otherwise.")}</p><SettingsForm view={data} operation="updateDomainAccountDefaults" input={{ domain }} readOnly={!holds(session.principal, "domains_all")} /></> : <Loading />;
}
