// What is done to messages: shown at once, told to the server, taken back when it refuses or the reader thinks again.
import { call, Problem } from "../../api/client";
import type { BulkMessagesBody, BulkPlaces, Mailbox, Message, MessageFilter } from "../../api/generated/types";
import { confirm } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { number } from "../../i18n/format";
import { boxName, withRole } from "./boxes";
import { dropRows, ME, patchBoxes, patchKeyword, patchLists, patchPlace, refresh } from "./data";
import { idsOf, marking, unread } from "./threads";

const AT_ONCE = 500;

/** Changes messages; gives where they stood before, or `null` when the server refuses. */
async function bulk(ids: readonly string[], change: Partial<BulkMessagesBody>): Promise<BulkPlaces[] | null> {
  const before: BulkPlaces[] = [];
  try {
    for (let at = 0; at < ids.length; at += AT_ONCE) before.push(...(await call("bulkMessages", { ...ME, ids: ids.slice(at, at + AT_ONCE), ...change })).before);
    // Flags are told by events soon enough.
    if (!change.keywords) void refresh();
    return before;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tell(error);
    void refresh();
    return null;
  }
}

const standsIn = (message: Message, mailbox: string) => message.mailboxes.some((place) => place.mailbox_id === mailbox);

/** Sets or clears a keyword. */
export async function mark(messages: readonly Message[], keyword: string, on: boolean): Promise<void> {
  const ids = new Set(messages.flatMap((one) => marking(one, keyword, on)));
  if (ids.size === 0) return;
  patchKeyword(ids, keyword, on);
  // Of a thread that is read only what was unread counts.
  const counted = (one: Message) => { const n = marking(one, keyword, on).length; return on ? Math.min(n, unread(one)) : n; };
  if (keyword === "$seen") patchBoxes((box) => ({ ...box, unseen: box.unseen + (on ? -1 : 1) * messages.filter((one) => standsIn(one, box.id)).reduce((sum, one) => sum + counted(one), 0) }));
  await bulk([...ids], { keywords: { [keyword]: on } });
}

/** Takes messages out of every list they are in; `to` is where they stand now. */
function vanish(messages: readonly Message[], found: boolean, to?: string) {
  const ids = idsOf(messages);
  if (to) patchPlace(ids, to);
  const places = new Set(messages.flatMap((one) => one.mailboxes.map((place) => place.mailbox_id)));
  for (const mailbox of places) dropRows(mailbox, ids);
  if (found) patchLists((list) => list.filter((one) => !ids.has(one.id)));
  patchBoxes((box) => {
    const here = messages.filter((one) => standsIn(one, box.id));
    return here.length === 0 ? box : { ...box, messages: box.messages - idsOf(here).size, unseen: box.unseen - here.reduce((sum, one) => sum + unread(one), 0) };
  });
}

const counted = (n: number, one: string, many: string) => (n === 1 ? one : many);
const movedTo = (n: number, to: Mailbox) => counted(n, t("Moved to {name}", { name: boxName(to) }), t("{n} messages moved to {name}", { n: number(n), name: boxName(to) }));
const trashed = (n: number) => counted(n, t("Moved to the trash"), t("{n} messages moved to the trash", { n: number(n) }));
const UNDO_SECONDS = 8;

export async function move(messages: readonly Message[], to: Mailbox): Promise<void> {
  const moving = messages.filter((one) => !(one.mailboxes.length === 1 && standsIn(one, to.id)));
  if (moving.length === 0) return;
  vanish(moving, false, to.id);
  const ids = idsOf(moving);
  const before = await bulk([...ids], { mailbox_ids: [to.id] });
  if (before) toast(movedTo(ids.size, to), { undo: () => void putBack(before), seconds: UNDO_SECONDS });
}

/** Each to where it stood before. */
async function putBack(before: readonly BulkPlaces[]) {
  for (const { mailbox_ids, ids } of before) if (!await bulk(ids, { mailbox_ids })) return;
}

/** Into the trash; what is there already goes for good, after a question. */
export function remove(messages: readonly Message[], boxes: readonly Mailbox[], done: () => void = () => undefined) {
  if (messages.length === 0) return;
  const trash = withRole(boxes, "trash");
  const last = messages.filter((one) => trash && one.mailboxes.every((place) => place.mailbox_id === trash.id));
  const rest = messages.filter((one) => !last.includes(one));
  const go = async () => {
    done();
    vanish(messages, rest.length === 0, trash?.id);
    const before = await bulk([...idsOf(messages)], { delete: "to_trash" });
    if (!before) return;
    if (rest.length > 0) toast(trashed(idsOf(messages).size), { undo: () => void putBack(kept(before, trash)), seconds: UNDO_SECONDS });
    else toast(t("Deleted for good"));
  };
  if (last.length === 0) { void go(); return; }
  confirm({ title: t("Delete for good?"), text: t("What is in the trash cannot be brought back once it is deleted."), action: t("Delete"), danger: true, yes: () => void go() });
}

/** What stood in the trash alone is gone. */
const kept = (before: readonly BulkPlaces[], trash: Mailbox | undefined) => before.filter(({ mailbox_ids }) => !(mailbox_ids.length === 1 && mailbox_ids[0] === trash?.id));

/** What is done to everything in a mailbox or found, shown or not. */
export interface Sweep { filter: MessageFilter; change: Partial<BulkMessagesBody>; progress: (done: number) => void; stopped: () => boolean }

/** Does it piece by piece. Gives where the messages stood before, also when it was stopped on the way. */
export async function sweep({ filter, change, progress, stopped }: Sweep): Promise<BulkPlaces[]> {
  const before: BulkPlaces[] = [];
  let done = 0;
  let cursor: string | null | undefined;
  try {
    do {
      const step = await call("bulkMessages", { ...ME, filter, ...change, ...(cursor ? { cursor } : {}) });
      before.push(...step.before);
      done += step.matched;
      progress(done);
      cursor = step.next_cursor;
    } while (cursor && !stopped());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tell(error);
  }
  void refresh();
  return before;
}

const sum = (before: readonly BulkPlaces[]) => before.reduce((n, { ids }) => n + ids.length, 0);

export function sweptTo(before: readonly BulkPlaces[], to: Mailbox) {
  if (before.length > 0) toast(movedTo(sum(before), to), { undo: () => void putBack(before), seconds: UNDO_SECONDS });
}

export function sweptAway(before: readonly BulkPlaces[], trash: Mailbox | undefined) {
  const back = kept(before, trash);
  if (back.length > 0) toast(trashed(sum(back)), { undo: () => void putBack(back), seconds: UNDO_SECONDS });
  else if (before.length > 0) toast(t("Deleted for good"));
}

export function sweptOver(before: readonly BulkPlaces[]) {
  toast(t("{n} messages changed", { n: number(sum(before)) }));
}
