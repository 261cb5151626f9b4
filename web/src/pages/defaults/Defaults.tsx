// What all domains and all accounts inherit.
import { useCall } from "../../api/hooks";
import { session } from "../../api/session";
import { Loading } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { holds } from "../../rights";
import { usePath } from "../../router";
import { Page, PageHead } from "../../shell/App";

export default function Defaults() {
  const accounts = usePath().endsWith("/account-defaults");
  return accounts ? <AccountDefaults /> : <DomainDefaults />;
}

function AccountDefaults() {
  const { data, error } = useCall("getServerAccountDefaults", {});
  return (
    <Page>
      <PageHead title={t("Account defaults")} />
      <p className="muted form">{t("What every account inherits unless its domain or the account itself says otherwise.")}</p>
      <ProblemNote problem={error} />
      {data ? <div className="wide"><SettingsForm view={data} operation="updateServerAccountDefaults" input={{}} readOnly={!holds(session.principal, "domains_all")} /></div> : !error && <Loading />}
    </Page>
  );
}

function DomainDefaults() {
  const { data, error } = useCall("getServerDomainDefaults", {});
  return (
    <Page>
      <PageHead title={t("Domain defaults")} />
      <p className="muted form">{t("What every domain inherits unless it says otherwise.")}</p>
      <ProblemNote problem={error} />
      {data ? <div className="wide"><SettingsForm view={data} operation="updateServerDomainDefaults" input={{}} readOnly={!holds(session.principal, "domains_all")} /></div> : !error && <Loading />}
    </Page>
  );
}
