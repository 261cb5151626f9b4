// Messages as the list reads them: pages of a mailbox by position, so that it can be entered anywhere; pages of a search one after another.
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { call, type Problem } from "../../api/client";
import type { Input, Result } from "../../api/client";
import { listen } from "../../api/events";
import { queries, useCall, usePages } from "../../api/hooks";
import type { Mailbox, Message, SearchMessagesBody } from "../../api/generated/types";

export const ME = { account: "me" } as const;
export const PAGE = 100;
type Page = Result<"listMessages">;

export interface Source {
  count: number;
  row: (index: number) => Message | undefined;
  /** Says which rows are looked at. */
  want: (first: number, last: number) => void;
  loading: boolean;
  error: Problem | null;
  /** More may be found than is counted. */
  more: boolean;
}

export const useBoxes = () => useCall("listMailboxes", ME, { staleTime: 30_000 });

const pageInput = (mailbox: string, page: number): Input<"listMessages"> => ({ ...ME, mailbox, limit: PAGE, position: page * PAGE });
export const pageKey = (mailbox: string, page: number) => ["listMessages", pageInput(mailbox, page)] as const;

export function useMailbox(mailbox: Mailbox | undefined, active: boolean): Source {
  const [range, setRange] = useState<readonly [number, number]>([0, 0]);
  const id = mailbox?.id ?? "";
  useEffect(() => setRange([0, 0]), [id]);
  const pages = active && mailbox ? Array.from({ length: range[1] - range[0] + 1 }, (_, index) => range[0] + index) : [];
  const results = useQueries({
    queries: pages.map((page) => ({
      queryKey: pageKey(id, page), staleTime: 30_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => call("listMessages", pageInput(id, page), { signal }),
    })),
  });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const want = useCallback((first: number, last: number) => {
    const next = [Math.floor(first / PAGE), Math.floor(last / PAGE)] as const;
    clearTimeout(timer.current);
    const known = queries.getQueryData(pageKey(id, next[0])) && queries.getQueryData(pageKey(id, next[1]));
    // Who flies over thousands of rows asks for those where the flight ends.
    timer.current = setTimeout(() => setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next)), known ? 0 : 70);
  }, [id]);
  // Reading the data is what makes a change of it show.
  const read = new Map(pages.map((page, index) => [page, results[index]?.data]));
  const row = (index: number) => {
    const page = Math.floor(index / PAGE);
    return (read.get(page) ?? queries.getQueryData<Page>(pageKey(id, page)))?.data[index % PAGE];
  };
  const first = results[0];
  return { count: mailbox?.messages ?? 0, row, want, loading: !mailbox || Boolean(first?.isPending), error: (results.find((one) => one.error)?.error ?? null) as Problem | null, more: false };
}

/** Pages that found little are read on by themselves, this many at most. */
const PATIENCE = 20;

export function useFound(query: Partial<SearchMessagesBody>, active: boolean): Source {
  const { rows, loading, error, more, readOn } = usePages("searchMessages", { ...ME, ...query, limit: PAGE }, { enabled: active });
  const tries = useRef(0);
  const asked = JSON.stringify(query);
  useEffect(() => { tries.current = 0; }, [asked]);
  useEffect(() => {
    if (active && more && rows.length < PAGE / 2 && tries.current < PATIENCE) { tries.current += 1; readOn(); }
  });
  const want = useCallback((_: number, last: number) => { if (more && last >= rows.length - 20) readOn(); }, [more, rows.length, readOn]);
  return { count: rows.length, row: (index) => rows[index], want, loading: active && loading, error, more };
}

/** Every list of messages that was read, changed by hand before the server has said so. */
export function patchLists(change: (list: Message[]) => Message[]) {
  queries.setQueriesData<Page>({ queryKey: ["listMessages"] }, (page) => page && { ...page, data: change(page.data) });
  queries.setQueriesData<{ pages: Page[]; pageParams: unknown[] }>({ queryKey: ["searchMessages"] }, (found) => found && { ...found, pages: found.pages.map((page) => ({ ...page, data: change(page.data) })) });
}

export function patchMessages(ids: ReadonlySet<string>, change: (message: Message) => Message) {
  patchLists((list) => (list.some((one) => ids.has(one.id)) ? list.map((one) => (ids.has(one.id) ? change(one) : one)) : list));
  queries.setQueriesData<Message>({ queryKey: ["getMessage"] }, (message) => (message && ids.has(message.id) ? change(message) : message));
}

export function patchBoxes(change: (box: Mailbox) => Mailbox) {
  queries.setQueriesData<Result<"listMailboxes">>({ queryKey: ["listMailboxes"] }, (page) => page && { ...page, data: page.data.map(change) });
}

/** Takes rows out of what was read of a mailbox; those below move up, from page to page. */
export function dropRows(mailbox: string, ids: ReadonlySet<string>) {
  const cached = queries.getQueriesData<Page>({ queryKey: ["listMessages"] })
    .flatMap(([key, page]) => { const input = key[1] as Input<"listMessages">; return page && input.mailbox === mailbox && typeof input.position === "number" ? [{ key, at: input.position, page }] : []; })
    .sort((a, b) => a.at - b.at);
  let shift = 0;
  for (const [index, { key, at, page }] of cached.entries()) {
    const kept = page.data.filter((one) => !ids.has(one.id));
    const gone = page.data.length - kept.length;
    // What an earlier page lost is missing at the head of this one, when they touch.
    const mine = shift > 0 && cached[index - 1]?.at === at - PAGE ? kept.slice(shift) : kept;
    shift = gone + (kept.length - mine.length);
    const next = cached[index + 1];
    const filled = next?.at === at + PAGE ? [...mine, ...next.page.data.filter((one) => !ids.has(one.id)).slice(0, PAGE - mine.length)] : mine;
    queries.setQueryData(key, { ...page, data: filled });
  }
}

/** Reads everything about mail anew; with `marks` only what shows flags: who reads fast changes them all the time. */
export const refresh = (marks = false) => queries.invalidateQueries({ predicate: ({ queryKey: [id, input] }) => {
  if (id === "listMailboxes" || id === "listMessages") return !marks || !(input as Input<"listMessages">).thread;
  return !marks && (id === "searchMessages" || id === "getMessage");
} });

const GATHERED_MS = 250;
const MARKS_GATHERED_MS = 1_000;

/** Keeps what is shown of mail as it is on the server. */
export function useLiveMail() {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let whole = false;
    const act = () => { timer = undefined; void refresh(!whole); whole = false; };
    const stop = listen(["mailbox", "mail"], (event) => {
      const marks = event?.type === "mail.flags_changed";
      if (!marks && !whole) { whole = true; clearTimeout(timer); timer = undefined; }
      timer ??= setTimeout(act, marks ? MARKS_GATHERED_MS : GATHERED_MS);
    });
    return () => { clearTimeout(timer); stop(); };
  }, []);
}
