// The ladder of a call: a lane for each party, an arrow for each message, decisions between them. A click shows the message.
import { useState } from "react";
import type { CallTrace, TraceArrow } from "../api/generated/types";
import { t } from "../i18n";
import { Copy } from "./controls";
import { Dialog } from "./Dialog";

const ROW = 30;
const TOP = 50;
const LANE = 190;
const LEFT = 110;

type Item = { at: string; arrow: TraceArrow } | { at: string; note: CallTrace["notes"][number] };

/** Seconds since the first message, as people compare them. */
const since = (first: string, at: string) => ((new Date(at).getTime() - new Date(first).getTime()) / 1000).toFixed(3);

/** The first line of a message without what all of them have. */
export function short(line: string): string {
  const text = line.replace(/ SIP\/2\.0$/, "").replace(/^SIP\/2\.0 /, "").replace(/ sips?:/, " ");
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}

export function Ladder({ trace }: { trace: CallTrace }) {
  const [open, setOpen] = useState<TraceArrow | null>(null);
  const items: Item[] = [...trace.arrows.map((arrow) => ({ at: arrow.at, arrow })), ...trace.notes.map((note) => ({ at: note.at, note }))].sort((a, b) => a.at.localeCompare(b.at));
  // This server stands between who called and who was called.
  const [server, caller, ...others] = trace.participants;
  const parties = [caller, server, ...others].filter((one) => one !== undefined);
  const lane = new Map(parties.map((one, index) => [one.id, LEFT + 40 + index * LANE]));
  const x = (id: number) => lane.get(id) ?? LEFT;
  const width = LEFT + 80 + (trace.participants.length - 1) * LANE + 40;
  const height = TOP + items.length * ROW + 16;
  const first = items[0]?.at ?? "";
  return (
    <div className="ladder scroller" tabIndex={0} role="group" aria-label={t("Ladder")}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMinYMin">
        {parties.map((one) => (
          <g key={one.id}>
            <text x={x(one.id)} y={18} textAnchor="middle" className="party">{one.label.length > 26 ? `${one.label.slice(0, 25)}…` : one.label}</text>
            <text x={x(one.id)} y={34} textAnchor="middle" className="where">{one.address}</text>
            <line x1={x(one.id)} x2={x(one.id)} y1={TOP - 8} y2={height - 8} className="lane" />
          </g>
        ))}
        {items.map((item, index) => {
          const y = TOP + index * ROW + 18;
          if ("note" in item) return <g key={index}><text x={8} y={y} className="where">{since(first, item.at)}</text><text x={LEFT} y={y} className="note">{item.note.kind}: {item.note.text}</text></g>;
          const { arrow } = item;
          const [from, to] = [x(arrow.from), x(arrow.to)];
          const head = to >= from ? -7 : 7;
          const tone = arrow.code === null || arrow.code === undefined ? "asks" : arrow.code < 200 ? "waits" : arrow.code < 300 ? "good" : arrow.code < 400 || arrow.code === 401 || arrow.code === 407 ? "waits" : "bad";
          return (
            <g key={index} className={`arrow ${tone}`} tabIndex={0} role="button" onClick={() => setOpen(arrow)} onKeyDown={(event) => { if (event.key === "Enter") setOpen(arrow); }}>
              <rect x={Math.min(from, to)} y={y - 18} width={Math.max(Math.abs(to - from), 24)} height={ROW - 4} fill="transparent" />
              <text x={8} y={y} className="where">{since(first, arrow.at)}</text>
              <line x1={from} x2={to} y1={y + 3} y2={y + 3} />
              <path d={`M${to} ${y + 3} l${head} -4 v8 z`} />
              <text x={(from + to) / 2} y={y - 3} textAnchor="middle">{short(arrow.label)}</text>
            </g>
          );
        })}
      </svg>
      {trace.truncated && <p className="muted" style={{ padding: "8px 16px" }}>{t("There was more than is kept.")}</p>}
      {open && <Dialog title={open.label} kind="drawer" onClose={() => setOpen(null)}><p className="muted">{open.at} · {open.transport}</p><pre className="mono">{open.message}</pre><Copy text={open.message}>{t("Copy as text")}</Copy></Dialog>}
    </div>
  );
}
