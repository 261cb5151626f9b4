// What is done to everything in a mailbox or found, shown or not: asked before, done piece by piece, taken back where it can be.
import { useRef, useState } from "react";
import type { BulkMessagesBody, BulkPlaces, Mailbox, MessageFilter } from "../../api/generated/types";
import { Button } from "../../components/controls";
import { confirm } from "../../components/Dialog";
import { t } from "../../i18n";
import { number } from "../../i18n/format";
import { sweep, sweptAway, sweptOver, sweptTo } from "./actions";
import { boxName, withRole } from "./boxes";

export interface Everything {
  /** Messages changed so far, while it goes on. */
  progress: number | null;
  stop: () => void;
  moveTo: (to: Mailbox) => void;
  remove: () => void;
  mark: (keyword: string, on: boolean) => void;
}

/** `count` is known of a mailbox; what a search finds is known when all was read. */
export function useEverything({ filter, count, boxes, onDone }: { filter: MessageFilter; count: number | null; boxes: readonly Mailbox[]; onDone: () => void }): Everything {
  const [progress, setProgress] = useState<number | null>(null);
  const stopped = useRef(false);
  const run = (title: string, text: string, action: string, danger: boolean, change: Partial<BulkMessagesBody>, after: (before: BulkPlaces[]) => void) => {
    if (progress !== null) return;
    confirm({ title, text, action, danger, yes: async () => {
      stopped.current = false;
      setProgress(0);
      after(await sweep({ filter, change, progress: setProgress, stopped: () => stopped.current }));
      setProgress(null);
      onDone();
    } });
  };
  const also = t("This is done to all of them, also to those that are not shown here.");
  const trash = withRole(boxes, "trash");
  const n = count === null ? "" : number(count);
  return {
    progress,
    stop: () => { stopped.current = true; },
    moveTo: (to) => {
      const name = boxName(to);
      run(count === null ? t("Move everything found to {name}?", { name }) : t("Move {n} messages to {name}?", { n, name }), also, t("Move"), false, { mailbox_ids: [to.id] }, (before) => sweptTo(before, to));
    },
    remove: () => {
      const text = filter.mailbox && filter.mailbox === trash?.id ? t("What is in the trash cannot be brought back once it is deleted.") : `${also} ${t("They go to the trash; what is there already is deleted for good.")}`;
      run(count === null ? t("Delete everything found?") : t("Delete {n} messages?", { n }), text, t("Delete"), true, { delete: "to_trash" }, (before) => sweptAway(before, trash));
    },
    mark: (keyword, on) => run(count === null ? t("Change everything found?") : t("Change {n} messages?", { n }), also, keyword === "$flagged" ? (on ? t("Flag") : t("Take the flag away")) : on ? t("Mark as read") : t("Mark as unread"), false, { keywords: { [keyword]: on } }, sweptOver),
  };
}

/** What says how far it is. */
export const Progress = ({ everything: { progress, stop } }: { everything: Everything }) => (
  <>
    <span className="numbers grow" role="status">{t("{n} done…", { n: number(progress ?? 0) })}</span>
    <Button tone="quiet" onClick={stop}>{t("Stop")}</Button>
  </>
);
