// What is done to messages: shown at once, told to the server, taken back when it refuses or the reader thinks again.
import { call, Problem } from "../../api/client";
import type { BulkMessagesBody, Mailbox, Message } from "../../api/generated/types";
import { confirm } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { number } from "../../i18n/format";
import { boxName, withRole } from "./boxes";
import { dropRows, ME, patchBoxes, patchLists, patchMessages, refresh } from "./data";

const AT_ONCE = 500;

async function bulk(ids: string[], change: Partial<BulkMessagesBody>): Promise<boolean> {
  try {
    for (let at = 0; at < ids.length; at += AT_ONCE) await call("bulkMessages", { ...ME, ids: ids.slice(at, at + AT_ONCE), ...change });
    // Flags are told by events soon enough.
    if (!change.keywords) void refresh();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tell(error);
    void refresh();
    return false;
  }
}

const idsOf = (messages: readonly Message[]) => new Set(messages.map((one) => one.id));
const standsIn = (message: Message, mailbox: string) => message.mailboxes.some((place) => place.mailbox_id === mailbox);

/** Sets or clears a keyword. */
export async function mark(messages: readonly Message[], keyword: string, on: boolean): Promise<void> {
  const changing = messages.filter((one) => Boolean(one.keywords[keyword]) !== on);
  if (changing.length === 0) return;
  patchMessages(idsOf(changing), (one) => {
    const keywords = { ...one.keywords };
    if (on) keywords[keyword] = true; else delete keywords[keyword];
    return { ...one, keywords };
  });
  if (keyword === "$seen") patchBoxes((box) => ({ ...box, unseen: box.unseen + (on ? -1 : 1) * changing.filter((one) => standsIn(one, box.id)).length }));
  await bulk([...idsOf(changing)], { keywords: { [keyword]: on } });
}

/** Takes messages out of every list they are in; `to` is where they stand now. */
function vanish(messages: readonly Message[], found: boolean, to?: string) {
  const ids = idsOf(messages);
  if (to) patchMessages(ids, (one) => ({ ...one, mailboxes: [{ mailbox_id: to, uid: 0 }] }));
  const places = new Set(messages.flatMap((one) => one.mailboxes.map((place) => place.mailbox_id)));
  for (const mailbox of places) dropRows(mailbox, ids);
  if (found) patchLists((list) => list.filter((one) => !ids.has(one.id)));
  patchBoxes((box) => {
    const here = messages.filter((one) => standsIn(one, box.id));
    return here.length === 0 ? box : { ...box, messages: box.messages - here.length, unseen: box.unseen - here.filter((one) => !one.keywords.$seen).length };
  });
}

const counted = (n: number, one: string, many: string) => (n === 1 ? one : many);

export async function move(messages: readonly Message[], to: Mailbox): Promise<void> {
  const moving = messages.filter((one) => !(one.mailboxes.length === 1 && standsIn(one, to.id)));
  if (moving.length === 0) return;
  vanish(moving, false, to.id);
  if (!await bulk([...idsOf(moving)], { mailbox_ids: [to.id] })) return;
  const n = moving.length;
  toast(counted(n, t("Moved to {name}", { name: boxName(to) }), t("{n} messages moved to {name}", { n: number(n), name: boxName(to) })), { undo: () => void putBack(moving), seconds: 8 });
}

/** Each to where it stood before. */
async function putBack(messages: readonly Message[]) {
  const groups = new Map<string, { mailbox_ids: string[]; ids: string[] }>();
  for (const one of messages) {
    const mailbox_ids = one.mailboxes.map((place) => place.mailbox_id);
    const group = groups.get(mailbox_ids.join()) ?? { mailbox_ids, ids: [] };
    group.ids.push(one.id);
    groups.set(mailbox_ids.join(), group);
  }
  for (const { mailbox_ids, ids } of groups.values()) {
    patchMessages(new Set(ids), (one) => ({ ...one, mailboxes: mailbox_ids.map((mailbox_id) => ({ mailbox_id, uid: 0 })) }));
    await bulk(ids, { mailbox_ids });
  }
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
    if (!await bulk([...idsOf(messages)], { delete: "to_trash" })) return;
    const n = messages.length;
    if (rest.length > 0) toast(counted(n, t("Moved to the trash"), t("{n} messages moved to the trash", { n: number(n) })), { undo: () => void putBack(rest), seconds: 8 });
    else toast(t("Deleted for good"));
  };
  if (last.length === 0) { void go(); return; }
  confirm({ title: t("Delete for good?"), text: t("What is in the trash cannot be brought back once it is deleted."), action: t("Delete"), danger: true, yes: () => void go() });
}
