import { useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import { Loading } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { SettingsForm } from "../../forms/SettingsForm";
import { t } from "../../i18n";
import { holds } from "../../rights";
import { Page, PageHead } from "../../shell/App";

export default function Dns() {
  useLive("system");
  const { data, error } = useCall("getDnsSettings", {});
  return (
    <Page>
      <PageHead title="DNS" />
      <p className="muted form">{t("Which name servers are asked for the hosts of other domains.")}</p>
      <ProblemNote problem={error} />
      {data ? <div className="wide"><SettingsForm view={data} operation="updateDnsSettings" input={{}} readOnly={!holds(session.principal, "settings")} /></div> : !error && <Loading />}
    </Page>
  );
}
