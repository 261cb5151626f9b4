// The list of messages: only the rows in sight exist, however many there are.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type DragEvent, type MouseEvent } from "react";
import type { Mailbox, Message } from "../../api/generated/types";
import { Empty, Loading } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { ProblemNote } from "../../components/ProblemNote";
import { locale, t } from "../../i18n";
import { moment, number } from "../../i18n/format";
import type { Density } from "../../preferences";
import { boxName } from "./boxes";
import type { Source } from "./data";
import { shown } from "./people";
import { flagged, holds, unread } from "./threads";

/** Today the hour, this year the day, else the date. */
export function brief(time: string, now = new Date()): string {
  const at = new Date(time);
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale(), options).format(at);
  if (at.toDateString() === now.toDateString()) return format({ hour: "2-digit", minute: "2-digit" });
  return at.getFullYear() === now.getFullYear() ? format({ day: "numeric", month: "short" }) : format({ day: "2-digit", month: "2-digit", year: "2-digit" });
}

const heights: Record<Density, readonly [broad: number, narrow: number]> = { comfortable: [40, 64], dense: [30, 48] };

export function List({ source, label, broad, density, cursor, open, chosen, onOpen, onChoose, onFlag, onDrag, empty, boxes, outgoing }: {
  source: Source; label: string; broad: boolean; density: Density; cursor: number; open: string; chosen: (message: Message) => boolean;
  onOpen: (index: number) => void; onChoose: (index: number, range: boolean) => void; onFlag: (message: Message) => void; onDrag: (event: DragEvent, message: Message) => void;
  empty: React.ReactNode; /** Names of mailboxes, when the list is of several. */ boxes?: readonly Mailbox[] | undefined; outgoing: boolean;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = heights[density][broad ? 0 : 1];
  const rows = useVirtualizer({ count: source.count, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 6 });
  useEffect(() => { rows.measure(); }, [height, rows]);
  const items = rows.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const { want } = source;
  useEffect(() => want(first, last), [first, last, want]);
  useEffect(() => { if (cursor >= 0 && cursor < source.count) rows.scrollToIndex(cursor, { align: "auto" }); }, [cursor]); // eslint-disable-line
  if (source.error) return <div style={{ padding: "12px" }}><ProblemNote problem={source.error} /></div>;
  if (source.loading && source.count === 0) return <Loading />;
  if (source.count === 0) return <Empty>{source.more ? t("Searching…") : empty}</Empty>;
  return (
    <div className={`list-scroller ${broad ? "broad" : ""}`} ref={scroller} role="grid" tabIndex={0} aria-label={label} aria-rowcount={source.count} aria-multiselectable="true" aria-activedescendant={cursor >= first && cursor <= last ? `row-${cursor}` : undefined}>
      <div role="rowgroup" style={{ height: `${rows.getTotalSize()}px`, position: "relative" }}>
        {items.map(({ index, start }) => (
          <Row key={index} index={index} top={start} height={height} message={source.row(index)} cursor={index === cursor} open={open} chosen={chosen} onOpen={onOpen} onChoose={onChoose} onFlag={onFlag} onDrag={onDrag} boxes={boxes} outgoing={outgoing} />
        ))}
      </div>
    </div>
  );
}

function Row({ index, top, height, message, cursor, open, chosen, onOpen, onChoose, onFlag, onDrag, boxes, outgoing }: {
  index: number; top: number; height: number; message: Message | undefined; cursor: boolean; open: string; chosen: (message: Message) => boolean;
  onOpen: (index: number) => void; onChoose: (index: number, range: boolean) => void; onFlag: (message: Message) => void; onDrag: (event: DragEvent, message: Message) => void; boxes: readonly Mailbox[] | undefined; outgoing: boolean;
}) {
  const place = { transform: `translateY(${top}px)`, height: `${height}px` };
  if (!message) return <div role="row" aria-rowindex={index + 1} id={`row-${index}`} className="mail-row" style={place}><div role="gridcell" className="skeleton grow" aria-label={t("Loading")} /></div>;
  const { keywords } = message;
  const subject = message.subject || t("(no subject)");
  const { thread } = message;
  const people = outgoing ? message.to : thread?.from ?? message.from;
  const who = people.length === 0 ? (outgoing ? t("(nobody yet)") : t("(unknown sender)")) : people.slice(0, 3).map(shown).join(", ");
  const isNew = unread(message) > 0;
  const isChosen = chosen(message);
  const isFlagged = flagged(message);
  const click = (event: MouseEvent) => {
    if ((event.target as HTMLElement).closest("button, input")) return;
    if (event.shiftKey || event.ctrlKey || event.metaKey) onChoose(index, event.shiftKey); else onOpen(index);
  };
  const names = boxes && message.mailboxes.flatMap((one) => boxes.find((box) => box.id === one.mailbox_id) ?? []).map(boxName).join(", ");
  return (
    <div role="row" aria-rowindex={index + 1} id={`row-${index}`} aria-selected={isChosen} style={place} draggable onDragStart={(event) => onDrag(event, message)} onClick={click}
      className={`mail-row ${isNew ? "unread" : ""} ${cursor ? "cursor" : ""} ${holds(message, open) ? "open" : ""} ${isChosen ? "chosen" : ""}`}>
      <div role="gridcell" className="choose"><input type="checkbox" tabIndex={-1} aria-label={t("Choose {name}", { name: subject })} checked={isChosen} onChange={() => undefined} onClick={(event) => onChoose(index, event.shiftKey)} /></div>
      <div role="gridcell" className="who"><span className="dot" />{isNew && <span className="hidden">{t("unread")}</span>}<span className="text">{who}</span>{thread && thread.ids.length > 1 && <span className="tally numbers" title={t("{n} messages", { n: number(thread.ids.length) })}>{number(thread.ids.length)}</span>}</div>
      <div role="gridcell" className="what">
        <span className="text"><span className="subject">{subject}</span> <span className="preview">{message.preview}</span></span>
        {names && <span className="chip">{names}</span>}
      </div>
      <div role="gridcell" className="signs">
        {keywords.$answered && <span title={t("answered")}><Icon name="reply" /><span className="hidden">{t("answered")}</span></span>}
        {message.has_attachment && <span title={t("with attachment")}><Icon name="clip" /><span className="hidden">{t("with attachment")}</span></span>}
      </div>
      <div role="gridcell" className="when"><time dateTime={message.received_at} title={moment(message.received_at)}>{brief(message.received_at)}</time></div>
      <div role="gridcell" className="flag"><button type="button" tabIndex={-1} className={`star ${isFlagged ? "on" : ""}`} aria-pressed={isFlagged} aria-label={t("Flag")} title={t("Flag")} onClick={() => onFlag(message)}><Icon name="star" /></button></div>
    </div>
  );
}
