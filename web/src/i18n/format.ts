// Numbers, sizes, durations and times as people read them.
import { locale, t } from "./index";

export const number = (value: number) => new Intl.NumberFormat(locale()).format(value);

/** Octets as KiB, MiB, GiB. */
export function size(octets: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value)} ${units[unit]}`;
}

const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"], [4.35, "week"], [12, "month"], [Infinity, "year"]];

/** "3 minutes ago". */
export function ago(time: string, now = Date.now()): string {
  let span = (new Date(time).getTime() - now) / 1000;
  for (const [length, unit] of steps) {
    if (Math.abs(span) < length) return new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" }).format(Math.round(span), unit);
    span /= length;
  }
  return time;
}

export const moment = (time: string) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date(time));
export const day = (time: string) => new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(time));
export const clock = (time: string) => new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(new Date(time));

/** "1:23:45" or "0:07". */
export function span(seconds: number): string {
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}` : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

const durations: [number, "day" | "hour" | "minute" | "second"][] = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
/** "30 minutes": the largest unit that says it exactly. */
export function duration(seconds: number): string {
  if (seconds < 0) return t("unlimited");
  const [length, unit] = durations.find(([one]) => seconds >= one && seconds % one === 0) ?? [1, "second" as const];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}
