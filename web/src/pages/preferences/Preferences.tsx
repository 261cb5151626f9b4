import { t } from "../../i18n";
import { PreferenceFields } from "../../shell/Preferences";
import { Page, PageHead } from "../../shell/App";

export default function Preferences() {
  return <Page><PageHead title={t("Preferences")} /><PreferenceFields admin /></Page>;
}
