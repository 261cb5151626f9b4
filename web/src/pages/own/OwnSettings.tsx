// What users decide themselves: name, password, calls, sessions, look.
import { useState } from "react";
import { queries, useAct, useCall } from "../../api/hooks";
import { Button, Field, Loading } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { useGrouping, usePane, useWriting, type Pane, type Writing } from "../../preferences";
import { useSearch } from "../../router";
import { Tabs } from "../../components/controls";
import { PreferenceFields } from "../../shell/Preferences";
import { Page, PageHead } from "../../shell/App";
import { Sessions } from "../account/Sessions";

/** The one setting of mail that is the user's own; the others are of calls. */
const SIGNATURE = "signature";

export default function OwnSettings() {
  const [tab, setTab] = useSearch<"profile" | "calls" | "sessions" | "look">("tab", "profile");
  return (
    <Page>
      <PageHead title={t("Settings")} />
      <Tabs label={t("Settings")} value={tab} onChange={setTab} tabs={[["profile", t("Profile")], ["calls", t("Calls")], ["sessions", t("Sessions")], ["look", t("Look")]]} />
      {tab === "profile" && <Profile />}
      {tab === "calls" && <Calls />}
      {tab === "sessions" && <Sessions account="me" />}
      {tab === "look" && <><PreferenceFields admin={false} /><MailLook /></>}
    </Page>
  );
}

/** How mail looks and is written in this browser. */
function MailLook() {
  const [pane, setPane] = usePane();
  const [grouping, setGrouping] = useGrouping();
  const [writing, setWriting] = useWriting();
  return (
    <section className="card stack form" aria-label={t("Mail")}>
      <h2>{t("Mail")}</h2>
      <Field label={t("Reading pane")}><select className="input" value={pane} onChange={(event) => setPane(event.target.value as Pane)}><option value="right">{t("Right")}</option><option value="below">{t("Below")}</option><option value="off">{t("Off")}</option></select></Field>
      <label className="switch"><input type="checkbox" checked={grouping === "threads"} onChange={(event) => setGrouping(event.target.checked ? "threads" : "messages")} />{t("Conversations")}</label>
      <Field label={t("New messages are")}><select className="input" value={writing} onChange={(event) => setWriting(event.target.value as Writing)}><option value="rich">{t("Text with form")}</option><option value="plain">{t("Plain text")}</option></select></Field>
    </section>
  );
}

function Profile() {
  const { data } = useCall("getAccount", { account: "me" });
  const [name, setName] = useState<string | null>(null);
  const save = useAct("updateAccount", (account) => { queries.setQueryData(["getAccount", { account: "me" }], account); setName(null); toast(t("Saved")); });
  const { data: settings } = useCall("getAccountSettings", { account: "me" });
  if (!data) return <Loading />;
  return (
    <>
    <div className="columns wide">
      <form className="card stack" onSubmit={(event) => { event.preventDefault(); save.mutate({ account: "me", real_name: name ?? data.real_name, $options: { version: data.version } }); }}>
        <h2>{t("Profile")}</h2>
        <Field label={t("Address")}><input className="input mono" readOnly value={data.address} /></Field>
        <Field label={t("Name")} fault={save.error?.at("/real_name")}><input className="input" autoComplete="name" value={name ?? data.real_name} onChange={(event) => setName(event.target.value)} /></Field>
        <ProblemNote problem={save.error} fields />
        <div className="row"><Button type="submit" tone="primary" busy={save.isPending} disabled={name === null || name === data.real_name}>{t("Save")}</Button></div>
      </form>
      <Password />
    </div>
    {settings && <SettingsForm view={settings} keys={[SIGNATURE]} operation="updateAccountSettings" input={{ account: "me" }} />}
    </>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const change = useAct("setAccountPassword", () => { setOld(""); setPassword(""); toast(t("Password changed")); });
  return (
    <form className="card stack" onSubmit={(event) => { event.preventDefault(); change.mutate({ account: "me", password, old_password: old }); }}>
      <h2>{t("Password")}</h2>
      <Field label={t("Present password")} fault={change.error?.at("/old_password")}><input className="input" type="password" autoComplete="current-password" required value={old} onChange={(event) => setOld(event.target.value)} /></Field>
      <Field label={t("New password")} fault={change.error?.at("/password")}><input className="input" type="password" autoComplete="new-password" required value={password} onChange={(event) => setPassword(event.target.value)} /></Field>
      <ProblemNote problem={change.error} fields />
      <div className="row"><Button type="submit" tone="primary" busy={change.isPending}>{t("Change password")}</Button></div>
    </form>
  );
}

function Calls() {
  const { data } = useCall("getAccountSettings", { account: "me" });
  const { data: browser } = useCall("getDiallerSettings", { account: "me" });
  if (!data) return <Loading />;
  return (
    <>
      <SettingsForm view={data} keys={data.data.filter((one) => one.own && one.key !== SIGNATURE).map((one) => one.key)} operation="updateAccountSettings" input={{ account: "me" }} />
      {browser && <h2>{t("Telephone in the browser")}</h2>}
      {browser && <SettingsForm view={browser} operation="updateDiallerSettings" input={{ account: "me" }} />}
    </>
  );
}
