// What happened to a message, in order.
import type { TraceEvent } from "../api/generated/types";
import { t, word } from "../i18n";
import { clock, day, size } from "../i18n/format";

type Detail = Record<string, unknown>;
const good = new Set(["received", "delivered", "relayed", "sent", "released", "unheld"]);
const bad = new Set(["failed", "rejected", "bounced", "expired"]);

/** The particulars of an event as words. */
export function particulars(detail: Detail): string[] {
  const said: string[] = [];
  for (const [key, value] of Object.entries(detail)) {
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    const text = key === "size" ? size(Number(value)) : Array.isArray(value) ? value.map((one) => (typeof one === "object" && one !== null ? Object.values(one).filter((part) => part !== "").join(" ") : String(one))).join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
    said.push(`${word(`detail.${key}`).replace(/^detail\./, "")}: ${text}`);
  }
  return said;
}

export function Story({ events }: { events: readonly TraceEvent[] }) {
  return (
    <ol className="timeline" aria-label={t("What happened")}>
      {events.map((event, index) => (
        <li key={index} className={good.has(event.kind) ? "ok" : bad.has(event.kind) ? "error" : "warn"}>
          <div className="row tight" style={{ justifyContent: "space-between" }}><strong>{word(`trace.${event.kind}`).replace(/^trace\./, "")}</strong><span className="muted numbers" title={event.at}>{day(event.at)}, {clock(event.at)}</span></div>
          <ul className="plain">{particulars(event.detail as Detail).map((said) => <li key={said} className="mono muted" style={{ padding: 0 }}>{said}</li>)}</ul>
        </li>
      ))}
    </ol>
  );
}
