import { t } from "../i18n";
import { useDensity, type Density } from "../preferences";
import { Segments } from "./controls";

/** How close rows stand, of tables and of mail. */
export function DensityField() {
  const [density, setDensity] = useDensity();
  return <div className="field"><span className="label">{t("Rows")}</span><Segments<Density> label={t("Rows")} value={density} onChange={setDensity} options={[["comfortable", t("Comfortable")], ["dense", t("Dense")]]} /></div>;
}
