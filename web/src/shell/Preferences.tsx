// What a browser remembers of its user, to be chosen.
import { languages, language, setLanguage, t, type Key, type Language } from "../i18n";
import { levels, useDensity, useLayout, useScheme, useViewLevel, type Density, type Scheme } from "../preferences";

/** Layout, level of detail, colours and language: the same for both applications but for the first two. */
export function PreferenceFields({ admin }: { admin: boolean }) {
  const [layout, setLayout] = useLayout();
  const [level, setLevel] = useViewLevel();
  const [density, setDensity] = useDensity();
  const [scheme, setScheme] = useScheme();
  const choose = <T extends string>(label: Key, value: T, options: readonly (readonly [T, string])[], onChange: (value: T) => void) => (
    <label className="field"><span className="label">{t(label)}</span><select className="input" value={value} onChange={(event) => onChange(event.target.value as T)}>{options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}</select></label>
  );
  return (
    <section className="card stack form">
      {admin && choose("Layout", layout, [["dash", "Dash"], ["classic", t("Classic tabs")]], setLayout)}
      {admin && choose("View", level, levels.map((one) => [one, t(({ basic: "Basic", advanced: "Advanced", expert: "Expert" } as const)[one])]), setLevel)}
      {choose<Scheme>("Colours", scheme, [["auto", t("As the system")], ["light", t("Light")], ["dark", t("Dark")]], setScheme)}
      {choose<Density>("Rows", density, [["comfortable", t("Comfortable")], ["dense", t("Dense")]], setDensity)}
      {choose<Language>("Language", language(), languages, (next) => void setLanguage(next))}
    </section>
  );
}
