// Mailboxes as a tree: those with a use of their own first, the others by name below them.
import type { Mailbox, Role } from "../../api/generated/types";
import type { IconName } from "../../components/Icon";
import { language, t, type Key } from "../../i18n";

export interface Box { box: Mailbox; name: string; depth: number; icon: IconName }

const roles: Record<Role, { at: number; name: Key; icon: IconName }> = {
  inbox: { at: 0, name: "Inbox", icon: "inbox" }, drafts: { at: 1, name: "Drafts", icon: "edit" }, sent: { at: 2, name: "Sent", icon: "send" },
  archive: { at: 3, name: "Archive", icon: "archive" }, junk: { at: 4, name: "Junk", icon: "ban" }, trash: { at: 5, name: "Trash", icon: "trash" },
};

/** What a mailbox is called here: by its use, else by the last level of its name. */
export const boxName = (box: Mailbox): string => (box.role && !box.name.includes("/") ? t(roles[box.role].name) : box.name.split("/").at(-1) ?? box.name);

export function tree(list: readonly Mailbox[]): Box[] {
  const mail = list.filter((box) => box.class === "mail");
  const rank = (box: Mailbox) => {
    const top = mail.find((one) => one.name === box.name.split("/")[0]);
    return top?.role ? roles[top.role].at : Object.keys(roles).length;
  };
  const order = new Intl.Collator(language(), { numeric: true });
  const byLevels = (a: string[], b: string[]): number => {
    for (let level = 0; level < Math.max(a.length, b.length); level += 1) {
      const compared = order.compare(a[level] ?? "", b[level] ?? "");
      if (compared !== 0) return compared;
    }
    return 0;
  };
  return [...mail].sort((a, b) => rank(a) - rank(b) || byLevels(a.name.split("/"), b.name.split("/")))
    .map((box) => ({ box, name: boxName(box), depth: box.name.split("/").length - 1, icon: box.role ? roles[box.role].icon : "folder" }));
}

export const withRole = (list: readonly Mailbox[] | undefined, role: Role) => list?.find((box) => box.role === role);
