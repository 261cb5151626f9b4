// What happened while one looks, and the last changes of the routing table with their authors.
import { useEffect, useState } from "react";
import { listen } from "../../api/events";
import type { Event } from "../../api/generated/types";
import { useCall } from "../../api/hooks";
import { Time } from "../../components/controls";
import { t, word } from "../../i18n";
import { Link } from "../../router";

const SHOWN = 8;

/** What an event is about, in a few words. */
export function subject(event: Event): string {
  const object = event.object as Record<string, unknown>;
  for (const key of ["address", "name", "domain", "queue", "recipient", "dialled", "number", "id"]) if ((typeof object[key] === "string" && !/^[0-9a-f]{8}-/.test(object[key])) || typeof object[key] === "number") return String(object[key]);
  return "";
}

/** A type of event as words: `call.answered` is "Call answered". */
function title(type: string): string {
  const own = word(`event.${type}`);
  const plain = type.replace(/[._]/g, " ");
  return own === `event.${type}` ? plain.charAt(0).toUpperCase() + plain.slice(1) : own;
}

export function Happened({ history: shown }: { history: boolean }) {
  const [events, setEvents] = useState<readonly Event[]>([]);
  useEffect(() => listen(["accounts", "domains", "calls", "registrations", "queue", "system"], (event) => { if (event) setEvents((old) => [event, ...old].slice(0, SHOWN)); }), []);
  const { data: history } = useCall("listRoutingHistory", { limit: 5 }, { enabled: shown });
  return (
    <section className="card stack" aria-label={t("What happens")} style={{ minHeight: "220px" }}>
      <h2>{t("What happens")}</h2>
      {events.length === 0 ? <p className="muted">{t("Events appear here as they happen.")}</p> : (
        <ul className="plain stack tight">{events.map((event) => <li key={event.id} className="row" style={{ justifyContent: "space-between" }}><span>{title(event.type)} <span className="mono">{subject(event)}</span></span><span className="muted"><Time at={event.time} /></span></li>)}</ul>
      )}
      {history && history.data.length > 0 && (
        <div className="stack tight">
          <h3>{t("Last changes of the routing table")}</h3>
          <ul className="plain stack tight">{history.data.map((version) => <li key={version.version} className="row" style={{ justifyContent: "space-between" }}><Link to="/settings/router?tab=history">{t("Version {n} by {who}", { n: version.version, who: version.changed_by === "anonymous" ? t("set-up") : version.changed_by })}</Link><span className="muted"><Time at={version.changed_at} /></span></li>)}</ul>
        </div>
      )}
    </section>
  );
}
