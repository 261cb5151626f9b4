import { session } from "../../api/session";
import { t } from "../../i18n";
import { holds } from "../../rights";
import { Page, PageHead } from "../../shell/App";
import { Rules } from "./Rules";

export default function ServerRules() {
  return (
    <Page>
      <PageHead title={t("Call rules")} />
      <p className="muted form">{t("Asked for every call of this server, before those of domains and accounts.")}</p>
      <Rules scope={{ of: "Server" }} readOnly={!holds(session.principal, "settings")} />
    </Page>
  );
}
