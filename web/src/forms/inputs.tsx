// Inputs by type and unit of a setting.
import { useState } from "react";
import type { EffectiveSetting } from "../api/generated/types";
import { t, word } from "../i18n";
import { duration, number, size } from "../i18n/format";

const sizes = [["B", 1], ["KiB", 1024], ["MiB", 1024 ** 2], ["GiB", 1024 ** 3], ["TiB", 1024 ** 4]] as const;
const times = [["seconds", 1], ["minutes", 60], ["hours", 3600], ["days", 86_400]] as const;

/** The largest unit that writes a number without a fraction. */
export function split(value: number, units: readonly (readonly [string, number])[]): [number, number] {
  for (const [, factor] of [...units].reverse()) if (value !== 0 && value % factor === 0) return [value / factor, factor];
  return [value, units[0]?.[1] ?? 1];
}

/** A value as one reads it. */
export function shown(value: unknown, one: EffectiveSetting | undefined): string {
  if (value === null || value === undefined) return t("not set");
  if (typeof value === "boolean") return value ? t("On") : t("Off");
  if (typeof value === "number") {
    if (value === -1 && one?.min === -1) return t("unlimited");
    if (one?.unit === "bytes") return size(value);
    if (one?.unit === "seconds") return duration(value);
    return number(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? t("empty") : value.map((part) => shown(part, one)).join(", ");
  if (typeof value === "object" && "count" in value && "period" in value) return flow(value as { count: number; period: number });
  return value === "" ? t("empty") : one?.type === "enum" ? choice(String(value)) : String(value);
}
const flow = ({ count, period }: { count: number; period: number }) => (count < 0 ? t("unlimited") : t("{count} in {period}", { count: number(count), period: duration(period) }));

/** A value of an enum as words. */
export function choice(value: string): string {
  const own = word(`choice.${value}`);
  return own !== `choice.${value}` ? own : (value.charAt(0).toUpperCase() + value.slice(1)).replaceAll("_", " ");
}

interface Props { id: string; one: EffectiveSetting; value: unknown; disabled: boolean; invalid: boolean; onChange: (value: unknown) => void }

export function SettingInput({ id, one, value, disabled, invalid, onChange }: Props) {
  const common = { id, disabled, "aria-describedby": `${id}-help`, "aria-invalid": invalid || undefined, className: "input" };
  switch (one.type) {
    case "bool":
      return <span className="switch"><input {...common} className="" type="checkbox" role="switch" checked={value === true} onChange={(event) => onChange(event.target.checked)} /><span aria-hidden="true">{value === true ? t("On") : t("Off")}</span></span>;
    case "enum":
      return <select {...common} value={String(value)} onChange={(event) => onChange(event.target.value)}>{one.choices.map((each) => <option key={each} value={each}>{choice(each)}</option>)}</select>;
    case "int":
      return one.unit === "bytes" || one.unit === "seconds" ? <Quantity {...common} value={Number(value)} unlimited={one.min === -1} units={one.unit === "bytes" ? sizes : times} onChange={onChange} />
        : <Integer {...common} value={Number(value)} unit={one.unit} unlimited={one.min === -1} onChange={onChange} />;
    case "flow": {
      const { count, period } = (value ?? { count: -1, period: 60 }) as { count: number; period: number };
      return (
        <div className="row tight">
          <input {...common} style={{ flex: "1 1 80px", width: "auto", minWidth: "60px" }} type="number" min={-1} value={count} onChange={(event) => onChange({ count: event.target.valueAsNumber || 0, period })} />
          <span>{t("in")}</span>
          <div style={{ flex: "2 1 160px" }}><Quantity id={`${id}-period`} aria-label={t("Period")} disabled={disabled} value={period} unlimited={false} units={times} onChange={(next) => onChange({ count, period: next })} /></div>
        </div>
      );
    }
    case "list": {
      const list = (Array.isArray(value) ? value : []) as unknown[];
      const numeric = one.unit !== "" || list.some((each) => typeof each === "number");
      return <Lines {...common} list={list} numeric={numeric} onChange={onChange} />;
    }
    default:
      if (one.unit === "lines") return <textarea {...common} rows={4} value={String(value ?? "")} onChange={(event) => onChange(event.target.value)} />;
      return <input {...common} type="text" autoComplete="off" value={value === null || value === undefined ? "" : String(value)} onChange={(event) => onChange(event.target.value)} />;
  }
}

type Passed = { id: string; disabled: boolean; "aria-describedby"?: string; "aria-invalid"?: true | undefined; "aria-label"?: string };

/** A number with a unit one can choose, or no limit at all. */
export function Quantity({ value, units, unlimited, onChange, ...rest }: Passed & { value: number; units: readonly (readonly [string, number])[]; unlimited: boolean; onChange: (value: number) => void }) {
  const [factor, setFactor] = useState(() => split(value < 0 ? 0 : value, units)[1]);
  const limited = value >= 0;
  const fits = value % factor === 0 ? factor : split(value, units)[1];
  return (
    <div className="with-unit">
      {limited && <input {...rest} className="input" type="number" min={0} value={value / fits} onChange={(event) => onChange((event.target.valueAsNumber || 0) * fits)} />}
      <select {...(limited ? {} : rest)} className="input" disabled={rest.disabled} aria-label={limited ? t("Unit") : rest["aria-label"]} value={limited ? fits : -1}
        onChange={(event) => {
          const chosen = Number(event.target.value);
          if (chosen < 0) { onChange(-1); return; }
          setFactor(chosen);
          onChange(limited ? (value / fits) * chosen : chosen);
        }}>
        {unlimited && <option value={-1}>{t("unlimited")}</option>}
        {units.map(([name, each]) => <option key={name} value={each}>{word(name)}</option>)}
      </select>
    </div>
  );
}

function Integer({ value, unit, unlimited, onChange, ...rest }: Passed & { className: string; value: number; unit: string; unlimited: boolean; onChange: (value: number) => void }) {
  const limited = !unlimited || value >= 0;
  return (
    <div className="with-unit">
      {limited && <input {...rest} type="number" value={Number.isNaN(value) ? "" : value} onChange={(event) => onChange(event.target.valueAsNumber || 0)} />}
      {unlimited && <select {...(limited ? { className: "input", "aria-label": t("Unit") } : rest)} disabled={rest.disabled} value={limited ? 0 : -1} onChange={(event) => onChange(Number(event.target.value) < 0 ? -1 : 1)}>
        <option value={-1}>{t("unlimited")}</option><option value={0}>{t("at most")}</option></select>}
      {unit && <span style={{ alignSelf: "center" }}>{word(unit)}</span>}
    </div>
  );
}

/** One entry a line; what is half typed stays as it is. */
function Lines({ list, numeric, onChange, ...rest }: Passed & { className: string; list: unknown[]; numeric: boolean; onChange: (value: unknown[]) => void }) {
  const [text, setText] = useState<string | null>(null);
  const joined = list.join("\n");
  const parse = (typed: string) => typed.split("\n").map((row) => row.trim()).filter(Boolean).map((row) => (numeric ? Number(row) || 0 : row));
  const own = text !== null && JSON.stringify(parse(text)) === JSON.stringify(list);
  const value = own ? text : joined;
  return <textarea {...rest} className="input mono" rows={Math.max(2, value.split("\n").length)} spellCheck={false} placeholder={t("one per line")} value={value} onChange={(event) => { setText(event.target.value); onChange(parse(event.target.value)); }} />;
}
