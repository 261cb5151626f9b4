// Who this server is: main domain, language, time zone; and its general settings.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import { Button, Facts, Field, Loading } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { SettingsForm } from "../../forms/SettingsForm";
import { languages, t } from "../../i18n";
import { holds } from "../../rights";
import { Link, useGuard } from "../../router";
import { Page, PageHead } from "../../shell/App";

export default function General() {
  useLive("system");
  const { data: server, error } = useCall("getServer", {});
  const { data: settings } = useCall("getServerSettings", {});
  const { data: version } = useCall("getVersion", {}, { staleTime: Infinity });
  const [draft, setDraft] = useState<{ language: string; time_zone: string } | null>(null);
  const save = useAct("updateServer", () => { setDraft(null); toast(t("Saved")); });
  useGuard(draft !== null);
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!server) return <Page><Loading /></Page>;
  const now = draft ?? { language: server.language, time_zone: server.time_zone };
  const master = holds(session.principal, "master");
  return (
    <Page>
      <PageHead title={t("General")} />
      <form className="card stack form" onSubmit={(event) => { event.preventDefault(); save.mutate({ ...now, $options: { version: server.version } }); }}>
        <Facts of={[["Main domain", <Link key="d" to={`/users/domains/${encodeURIComponent(server.main_domain)}`}>{server.main_domain}</Link>], version && ["Version", `${version.product} ${version.version}`]]} />
        <div className="columns">
          <Field label={t("Language")} fault={save.error?.at("/language")}><select className="input" disabled={!master} value={now.language} onChange={(event) => setDraft({ ...now, language: event.target.value })}>{languages.map(([code, name]) => <option key={code} value={code}>{name}</option>)}</select></Field>
          <Field label={t("Time zone")} fault={save.error?.at("/time_zone")}><select className="input" disabled={!master} value={now.time_zone} onChange={(event) => setDraft({ ...now, time_zone: event.target.value })}>{[...new Set([now.time_zone, "UTC", ...Intl.supportedValuesOf("timeZone")])].map((zone) => <option key={zone}>{zone}</option>)}</select></Field>
        </div>
        <ProblemNote problem={save.error} fields />
        {master && <div className="row"><Button type="submit" tone="primary" disabled={!draft} busy={save.isPending}>{t("Save")}</Button></div>}
      </form>
      {settings && <div className="wide"><SettingsForm view={settings} operation="updateServerSettings" input={{}} readOnly={!holds(session.principal, "settings")} /></div>}
    </Page>
  );
}
