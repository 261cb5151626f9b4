// Messages as the list reads them: pages of a mailbox by position, so that it can be entered anywhere; pages of a search one after another.
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { call, type Problem } from "../../api/client";
import type { Input, Result } from "../../api/client";
import { listen } from "../../api/events";
import { queries, useCall, usePages } from "../../api/hooks";
import type { Mailbox, Message, SearchMessagesBody } from "../../api/generated/types";
import { marked, without } from "./threads";

export const ME = { account: "me" } as const;
export const PAGE = 100;
type Page = Result<"listMessages">;

export interface Source {
  count: number;
  row: (index: number) => Message | undefined;
  /** The rows that were read. */
  loaded: () => Message[];
  /** Says which rows are looked at. */
  want: (first: number, last: number) => void;
  loading: boolean;
  error: Problem | null;
  /** More may be found than is counted. */
  more: boolean;
}

export const useBoxes = () => useCall("listMailboxes", ME, { staleTime: 30_000 });

/** What a list shows: a row for each message, or for each thread. */
const kind = (threads: boolean) => (threads ? { collapse: "thread" } as const : {});
const pageInput = (mailbox: string, threads: boolean, page: number): Input<"listMessages"> => ({ ...ME, mailbox, ...kind(threads), limit: PAGE, position: page * PAGE });
export const pageKey = (mailbox: string, threads: boolean, page: number) => ["listMessages", pageInput(mailbox, threads, page)] as const;

export function useMailbox(mailbox: Mailbox | undefined, threads: boolean, active: boolean): Source {
  const [range, setRange] = useState<readonly [number, number]>([0, 0]);
  const id = mailbox?.id ?? "";
  useEffect(() => setRange([0, 0]), [id, threads]);
  const pages = active && mailbox ? Array.from({ length: range[1] - range[0] + 1 }, (_, index) => range[0] + index) : [];
  const results = useQueries({
    queries: pages.map((page) => ({
      queryKey: pageKey(id, threads, page), staleTime: 30_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => call("listMessages", pageInput(id, threads, page), { signal }),
    })),
  });
  const head = (range[0] === 0 ? results[0]?.data : undefined) ?? queries.getQueryData<Page>(pageKey(id, threads, 0));
  // A mailbox may hold a message twice, and more messages than threads: what does not fit on the first page is counted.
  const counted = useCall("listMessages", { ...ME, mailbox: id, ...kind(threads), limit: 1, count: "exact" }, { enabled: active && Boolean(head?.page.has_more), staleTime: 30_000, placeholderData: undefined as never });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const want = useCallback((first: number, last: number) => {
    const next = [Math.floor(first / PAGE), Math.floor(last / PAGE)] as const;
    clearTimeout(timer.current);
    const known = queries.getQueryData(pageKey(id, threads, next[0])) && queries.getQueryData(pageKey(id, threads, next[1]));
    // Who flies over thousands of rows asks for those where the flight ends.
    timer.current = setTimeout(() => setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next)), known ? 0 : 70);
  }, [id, threads]);
  // Reading the data is what makes a change of it show.
  const read = new Map(pages.map((page, index) => [page, results[index]?.data]));
  const row = (index: number) => {
    const page = Math.floor(index / PAGE);
    return (read.get(page) ?? queries.getQueryData<Page>(pageKey(id, threads, page)))?.data[index % PAGE];
  };
  const first = results[0];
  const problem = results.find((one) => one.error)?.error ?? counted.error;
  const count = (head?.page.has_more ? counted.data?.page.total : undefined) ?? head?.data.length ?? 0;
  const loaded = () => Array.from({ length: Math.ceil(count / PAGE) }, (_, page) => queries.getQueryData<Page>(pageKey(id, threads, page))?.data ?? []).flat();
  return { count, row, loaded, want, loading: !mailbox || Boolean(first?.isPending), error: (problem ?? null) as Problem | null, more: false };
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
  return { count: rows.length, row: (index) => rows[index], loaded: () => rows, want, loading: active && loading, error, more };
}

/** Every list of messages that was read, changed by hand before the server has said so. */
export function patchLists(change: (list: Message[]) => Message[]) {
  queries.setQueriesData<Page>({ queryKey: ["listMessages"] }, (page) => page && { ...page, data: change(page.data) });
  queries.setQueriesData<{ pages: Page[]; pageParams: unknown[] }>({ queryKey: ["searchMessages"] }, (found) => found && { ...found, pages: found.pages.map((page) => ({ ...page, data: change(page.data) })) });
}

/** These messages got or lost a keyword. */
export function patchKeyword(ids: ReadonlySet<string>, keyword: string, on: boolean) {
  patchLists((list) => list.map((row) => marked(row, ids, keyword, on)));
  queries.setQueriesData<Message>({ queryKey: ["getMessage"] }, (message) => message && marked(message, ids, keyword, on));
}

/** These messages stand in this mailbox now. */
export function patchPlace(ids: ReadonlySet<string>, mailbox_id: string) {
  const put = (message: Message) => (ids.has(message.id) ? { ...message, mailboxes: [{ mailbox_id, uid: 0 }] } : message);
  patchLists((list) => list.map(put));
  queries.setQueriesData<Message>({ queryKey: ["getMessage"] }, (message) => message && put(message));
}

export function patchBoxes(change: (box: Mailbox) => Mailbox) {
  queries.setQueriesData<Result<"listMailboxes">>({ queryKey: ["listMailboxes"] }, (page) => page && { ...page, data: page.data.map(change) });
}

/** Takes messages out of what was read of a mailbox; rows below those that are gone move up, from page to page. */
export function dropRows(mailbox: string, ids: ReadonlySet<string>) {
  for (const threads of [false, true]) dropFrom(mailbox, threads, ids);
}

function dropFrom(mailbox: string, threads: boolean, ids: ReadonlySet<string>) {
  const all = queries.getQueriesData<Page>({ queryKey: ["listMessages"] })
    .flatMap(([key, page]) => { const input = key[1] as Input<"listMessages">; return page && input.mailbox === mailbox && Boolean(input.collapse) === threads ? [{ key, input, page }] : []; });
  const cached = all.flatMap(({ key, input, page }) => (typeof input.position === "number" ? [{ key, at: input.position, page, kept: page.data.flatMap((row) => without(row, ids) ?? []) }] : [])).sort((a, b) => a.at - b.at);
  let shift = 0;
  let lost = 0;
  for (const [index, { key, at, page, kept }] of cached.entries()) {
    const gone = page.data.length - kept.length;
    lost += gone;
    // What an earlier page lost is missing at the head of this one, when they touch.
    const mine = shift > 0 && cached[index - 1]?.at === at - PAGE ? kept.slice(shift) : kept;
    shift = gone + (kept.length - mine.length);
    const next = cached[index + 1];
    const filled = next?.at === at + PAGE ? [...mine, ...next.kept.slice(0, PAGE - mine.length)] : mine;
    queries.setQueryData(key, { ...page, data: filled });
  }
  for (const { key, page } of all) if (typeof page.page.total === "number") queries.setQueryData(key, { ...page, page: { ...page.page, total: page.page.total - lost } });
}

const RECOUNT_MS = 2_000;
let recount: ReturnType<typeof setTimeout> | undefined;

/** Reads everything about mail anew; with `marks` only what shows flags: who reads fast changes them all the time. */
export function refresh(marks = false) {
  // To count a large mailbox is dear, and tells of its far end only.
  if (!marks) recount ??= setTimeout(() => {
    recount = undefined;
    void queries.invalidateQueries({ predicate: ({ queryKey: [id, input] }) => id === "listMessages" && Boolean((input as Input<"listMessages">).count) });
  }, RECOUNT_MS);
  return queries.invalidateQueries({ predicate: ({ queryKey: [id, input] }) => {
    if (id === "listMessages" && (input as Input<"listMessages">).count) return false;
    if (id === "listMailboxes" || id === "listMessages") return !marks || !(input as Input<"listMessages">).thread;
    return !marks && (id === "searchMessages" || id === "getMessage");
  } });
}

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
