// Lines over time; where nothing is known the line breaks. The legend shows the value under the pointer, else the newest one.
import { useState, type PointerEvent } from "react";
import { t } from "../i18n";
import { moment, number } from "../i18n/format";

export interface Series { label: string; tone: "accent" | "ok" | "error" | "warn"; values: readonly (number | null)[] }

const WIDTH = 600;
const HEIGHT = 96;

/** The next round number, so that the top of the chart is one people can read. */
export function roundUp(value: number): number {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/** A path through what is known, broken where it is not; a single point gets a short line. */
export function path(values: readonly (number | null)[], top: number): string {
  const x = (index: number) => ((index + 0.5) / values.length) * WIDTH;
  const y = (value: number) => HEIGHT - (value / top) * (HEIGHT - 4) - 2;
  return values.map((value, index) => {
    if (value === null) return "";
    const alone = (values[index - 1] ?? null) === null;
    const end = alone && (values[index + 1] ?? null) === null ? "h2" : "";
    return `${alone ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}${end}`;
  }).join("");
}

export function TrendChart({ title, times, series }: { title: string; times: readonly string[]; series: readonly Series[] }) {
  const [at, setAt] = useState<number | null>(null);
  const top = roundUp(Math.max(1, ...series.flatMap((one) => one.values.map((value) => value ?? 0))));
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(Math.max(0, Math.min(times.length - 1, Math.floor(((event.clientX - box.left) / box.width) * times.length))));
  };
  const newest = Math.max(...series.map((one) => one.values.findLastIndex((value) => value !== null)));
  const shown = at ?? (newest < 0 ? null : newest);
  const value = (one: Series) => (shown === null ? null : one.values[shown] ?? null);
  return (
    <section className="card stack tight" aria-label={title}>
      <div className="row" style={{ justifyContent: "space-between" }}><h2>{title}</h2><span className="muted numbers" style={{ fontSize: "12.5px" }}>{at === null ? "" : moment(times[at] ?? "")}</span></div>
      <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${series.map((one) => `${one.label} ${value(one) ?? t("unknown")}`).join(", ")}`} onPointerMove={move} onPointerLeave={() => setAt(null)}>
        <line x1="0" x2={WIDTH} y1="2" y2="2" className="grid" /><line x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} className="grid" /><line x1="0" x2={WIDTH} y1={HEIGHT - 2} y2={HEIGHT - 2} className="grid" />
        {at !== null && <line x1={((at + 0.5) / times.length) * WIDTH} x2={((at + 0.5) / times.length) * WIDTH} y1="0" y2={HEIGHT} className="cursor" />}
        {series.map((one) => <path key={one.label} d={path(one.values, top)} stroke={`var(--${one.tone})`} />)}
      </svg>
      <div className="row" style={{ justifyContent: "space-between", fontSize: "13px" }}>
        <span className="row">{series.map((one) => <span key={one.label} className="row tight"><i className="swatch" style={{ background: `var(--${one.tone})` }} /><span className="muted">{one.label}</span> <strong className="numbers">{value(one) === null ? "–" : number(value(one) ?? 0)}</strong></span>)}</span>
        <span className="muted numbers">{t("top {n}", { n: number(top) })}</span>
      </div>
    </section>
  );
}
