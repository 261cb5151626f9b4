// An account: what it is, what it may do, where it is signed in, what its telephones and mails did.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import type { Account } from "../../api/generated/types";
import { session } from "../../api/session";
import { Button, Copy, Facts, Field, Loading, Menu, Note, Tabs, Time } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { NameList } from "../../components/NameList";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { number, size } from "../../i18n/format";
import { holds, holdsIn } from "../../rights";
import { Link, navigate, useParam, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { domainPath } from "../domain/Domains";
import { Rules } from "../rules/Rules";
import { accountPath, AccountState, makePassword } from "./parts";
import { RightsForm } from "./RightsForm";
import { Sessions } from "./Sessions";

type Tab = "rules" | "overview" | "settings" | "rights" | "sessions";

export default function AccountPage() {
  const account = useParam("account");
  useLive("accounts", "registrations");
  const { data, error } = useCall("getAccount", { account });
  const [tab, setTab] = useSearch<Tab>("tab", "overview");
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  const gone = data.state === "deleted";
  return (
    <Page>
      <PageHead title={data.real_name || data.address} chip={<AccountState account={data} />}
        crumbs={<><Link to="/users/domains">{t("Domains")}</Link><span aria-hidden="true">/</span><Link to={domainPath(data.domain)}>{data.domain}</Link><span aria-hidden="true">/</span><Copy text={data.address} /></>}>
        {gone ? <Gone account={data} /> : <Actions account={data} />}
      </PageHead>
      {gone && <Note tone="warn">{t("This account is deleted. It can be restored for a while, with its mail and names.")}</Note>}
      {!gone && <Tabs<Tab> label={data.address} value={tab} onChange={setTab} tabs={[["overview", t("Overview")], ["settings", t("Settings")], ["rules", t("Call rules")], ["rights", t("Rights")], ["sessions", t("Sessions")]]} />}
      {tab === "overview" && <Overview account={data} readOnly={gone} />}
      {!gone && tab === "settings" && <AccountSettings account={data.address} />}
      {!gone && tab === "rules" && <Rules scope={{ of: "Account", account: data.address }} readOnly={!holdsIn(session.principal, "signal_rules")} />}
      {!gone && tab === "rights" && <RightsForm account={data.address} />}
      {!gone && tab === "sessions" && <Sessions account={data.address} />}
    </Page>
  );
}

function Overview({ account, readOnly }: { account: Account; readOnly: boolean }) {
  const address = account.state === "deleted" ? account.id : account.address;
  const addAlias = useAct("addAlias");
  const removeAlias = useAct("removeAlias");
  const addNumber = useAct("addTelnum");
  const removeNumber = useAct("removeTelnum");
  const { data: settings } = useCall("getAccountSettings", { account: address }, { enabled: !readOnly });
  const { data: phones } = useCall("listRegistrations", { account: account.address, limit: 20 }, { enabled: !readOnly });
  const most = Number(settings?.data.find((one) => one.key === "max_account_size")?.value ?? -1);
  const may = (right: string) => !readOnly && holdsIn(session.principal, right);
  return (
    <div className="columns">
      <section className="card stack" aria-label={t("Overview")}>
        <h2>{t("Overview")}</h2>
        <Facts of={[
          ["Address", <Copy key="a" text={account.address} />],
          ["Mail", <span key="m">{size(account.used_bytes)}{most > 0 && ` / ${size(most)}`} · {t("{n} messages", { n: number(account.used_messages) })}</span>],
          ["Created", <Time key="c" at={account.created_at} />],
          ["Changed", <Time key="u" at={account.updated_at} />],
        ]} />
        {most > 0 && <progress value={account.used_bytes} max={most} aria-label={t("Mail")} style={{ width: "100%" }} />}
        {!readOnly && <div className="row"><Link className="button" to={`/trace?q=${encodeURIComponent(account.address)}`}>{t("Trace")}</Link>{holds(session.principal, "settings_read") && <Link className="button" to={`/settings/router?address=${encodeURIComponent(account.address)}`}>{t("Explain routing")}</Link>}</div>}
      </section>
      <NameList title={t("Other names")} help={t("Mail and calls for these names reach this account too.")} names={account.aliases} readOnly={!may("can_create_aliases")} busy={addAlias.isPending} problem={addAlias.error}
        onAdd={(name, done) => addAlias.mutate({ account: address, name }, { onSuccess: done })} onRemove={(name) => removeAlias.mutate({ account: address, name }, { onError: tell })} />
      <NameList title={t("Telephone numbers")} names={account.telnums} readOnly={!may("can_create_telnums")} busy={addNumber.isPending} problem={addNumber.error} placeholder="+4930123456"
        onAdd={(name, done) => addNumber.mutate({ account: address, number: name }, { onSuccess: done })} onRemove={(name) => removeNumber.mutate({ account: address, number: name }, { onError: tell })} />
      {!readOnly && (
        <section className="card stack" aria-label={t("Telephones")}>
          <h2>{t("Telephones")}</h2>
          {phones?.data.length === 0 && <p className="muted">{t("No telephone is registered.")}</p>}
          <ul className="plain stack tight">{phones?.data.map((phone) => <li key={phone.id}><div>{phone.user_agent || t("unknown")}</div><div className="muted mono">{phone.received} · {phone.transport}</div></li>)}</ul>
        </section>
      )}
    </div>
  );
}

function AccountSettings({ account }: { account: string }) {
  const { data } = useCall("getAccountSettings", { account });
  return data ? <SettingsForm view={data} operation="updateAccountSettings" input={{ account }} readOnly={!holdsIn(session.principal, "basic_settings")} /> : <Loading />;
}

function Actions({ account }: { account: Account }) {
  const [open, setOpen] = useState<"" | "password" | "rename" | "person">("");
  const suspend = useAct("suspendAccount");
  const resume = useAct("resumeAccount");
  const recount = useAct("recalculateQuota", () => toast(t("Counted anew")));
  const restore = useAct("restoreAccount");
  const remove = useAct("deleteAccount", () => {
    toast(t("{name} is deleted", { name: account.address }), { seconds: 8, undo: () => restore.mutate({ account: account.id }, { onSuccess: (back) => navigate(accountPath(back.address)), onError: tell }) });
    navigate(domainPath(account.domain), { replace: true });
  });
  const { address, builtin, version } = account;
  const may = (right: string) => holdsIn(session.principal, right);
  return (
    <>
      {may("basic_settings") && <Button onClick={() => setOpen("password")}>{t("Set password")}</Button>}
      {account.state === "suspended" && may("can_create_accounts") && <Button tone="primary" onClick={() => resume.mutate({ account: address, $options: { version } }, { onError: tell })}>{t("Resume")}</Button>}
      <Menu label={t("More")}>
        {may("basic_settings") && <button type="button" onClick={() => setOpen("person")}>{t("Change the person's name")}</button>}
        <button type="button" onClick={() => recount.mutate({ account: address }, { onError: tell })}>{t("Count mail anew")}</button>
        {!builtin && may("can_create_accounts") && (
          <>
            <button type="button" onClick={() => setOpen("rename")}>{t("Rename")}</button>
            {account.state === "active" && <button type="button" onClick={() => confirm({ title: t("Suspend {name}?", { name: address }), text: t("Sign-in is refused at once and open sessions end. Its mail is kept."), action: t("Suspend"), danger: true, yes: () => suspend.mutate({ account: address, $options: { version } }, { onError: tell }) })}>{t("Suspend")}</button>}
            <hr />
            <button type="button" className="danger" onClick={() => confirm({ title: t("Delete {name}?", { name: address }), text: t("Its mail, names and settings can be restored for a while."), action: t("Delete"), danger: true, typed: account.name, yes: () => remove.mutate({ account: address, $options: { version } }, { onError: tell }) })}>{t("Delete")}</button>
          </>
        )}
      </Menu>
      {open === "password" && <SetPassword account={address} onClose={() => setOpen("")} />}
      {open === "rename" && <Rename account={account} onClose={() => setOpen("")} />}
      {open === "person" && <Person account={account} onClose={() => setOpen("")} />}
    </>
  );
}

function Gone({ account }: { account: Account }) {
  const restore = useAct("restoreAccount", (back) => { toast(t("{name} is back", { name: back.address })); navigate(accountPath(back.address), { replace: true }); });
  const purge = useAct("purgeAccount", () => navigate("/users/accounts?state=deleted", { replace: true }));
  return (
    <>
      <Button tone="primary" busy={restore.isPending} onClick={() => restore.mutate({ account: account.id }, { onError: tell })}>{t("Restore")}</Button>
      <Button tone="danger" onClick={() => confirm({ title: t("Delete {name} for good?", { name: account.address }), text: t("Nothing of it can be restored afterwards."), action: t("Delete for good"), danger: true, typed: account.name, yes: () => purge.mutate({ account: account.id, force: true }, { onError: tell }) })}>{t("Delete for good")}</Button>
    </>
  );
}

function SetPassword({ account, onClose }: { account: string; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const set = useAct("setAccountPassword", () => { toast(t("Password changed")); onClose(); });
  return (
    <FormDialog title={t("Set password")} action={t("Set password")} busy={set.isPending} problem={set.error} onClose={onClose} onSubmit={() => set.mutate({ account, password })}>
      <Field label={t("New password")} fault={set.error?.at("/password")} help={<button type="button" className="copy" style={{ color: "var(--accent)" }} onClick={() => { setPassword(makePassword()); setShown(true); }}>{t("Make one up")}</button>}>
        <input className="input mono" autoFocus type={shown ? "text" : "password"} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} /></Field>
    </FormDialog>
  );
}

function Rename({ account, onClose }: { account: Account; onClose: () => void }) {
  const [name, setName] = useState(account.name);
  const rename = useAct("renameAccount", (renamed) => { onClose(); navigate(accountPath(renamed.address), { replace: true }); });
  return (
    <FormDialog title={t("Rename {name}", { name: account.address })} action={t("Rename")} busy={rename.isPending} problem={rename.error} onClose={onClose} onSubmit={() => rename.mutate({ account: account.address, name: name.trim(), $options: { version: account.version } })}>
      <Field label={t("New name")} help={`${name.trim()}@${account.domain}`} fault={rename.error?.at("/name")}><input className="input mono" autoFocus value={name} onChange={(event) => setName(event.target.value)} /></Field>
    </FormDialog>
  );
}

function Person({ account, onClose }: { account: Account; onClose: () => void }) {
  const [name, setName] = useState(account.real_name);
  const update = useAct("updateAccount", () => { toast(t("Saved")); onClose(); });
  return (
    <FormDialog title={t("Change the person's name")} action={t("Save")} busy={update.isPending} problem={update.error} onClose={onClose} onSubmit={() => update.mutate({ account: account.address, real_name: name, $options: { version: account.version } })}>
      <Field label={t("Person")} fault={update.error?.at("/real_name")}><input className="input" autoFocus value={name} onChange={(event) => setName(event.target.value)} /></Field>
    </FormDialog>
  );
}
