// Operations in components: what is shown is fetched and kept fresh, what is done makes shown things fetch anew.
import { QueryClient, keepPreviousData, useInfiniteQuery, useMutation, useQuery, type UseQueryOptions } from "@tanstack/react-query";
import { useEffect } from "react";
import { call, Problem, type Input, type OperationId, type Options, type Result } from "./client";
import { operations } from "./generated/operations";
import { listen, type Topic } from "./events";

export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => !(error instanceof Problem && error.status >= 400 && error.status < 500) && count < 2, staleTime: 5_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});

type Extra<I extends OperationId> = Omit<UseQueryOptions<Result<I>, Problem>, "queryKey" | "queryFn">;

/** The result of a query, kept while the next one loads. */
export function useCall<I extends OperationId>(id: I, input: Input<I>, extra: Extra<I> = {}) {
  return useQuery<Result<I>, Problem>({ queryKey: [id, input], queryFn: ({ signal }) => call(id, input, { signal }), placeholderData: keepPreviousData as never, ...extra });
}

type Paged = { data: unknown[]; page: { next_cursor?: string | null } };
type PagedId = { [I in OperationId]: Result<I> extends Paged ? (Input<I> extends { cursor?: string | null } ? I : never) : never }[OperationId];
export type Row<I extends PagedId> = Result<I> extends { data: Array<infer T> } ? T : never;

/** All pages read so far of a collection, and how to read on. */
export function usePages<I extends PagedId>(id: I, input: Omit<Input<I>, "cursor">, extra: { refetchInterval?: number; enabled?: boolean } = {}) {
  const query = useInfiniteQuery({
    queryKey: [id, input, "pages"],
    queryFn: ({ pageParam, signal }) => call(id, { ...input, ...(pageParam ? { cursor: pageParam } : {}) } as Input<I>, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last as Paged).page.next_cursor ?? null,
    placeholderData: keepPreviousData,
    ...extra,
  });
  const rows = (query.data?.pages ?? []).flatMap((page) => (page as Paged).data) as Row<I>[];
  const total = (query.data?.pages[0] as { page: { total?: number | null } } | undefined)?.page.total ?? undefined;
  return { rows, total, loading: query.isPending, error: query.error as Problem | null, more: query.hasNextPage, readOn: () => { if (!query.isFetchingNextPage) void query.fetchNextPage(); }, refetch: query.refetch };
}

/** Does an operation; what is shown is fetched anew afterwards. */
export function useAct<I extends OperationId>(id: I, done?: (result: Result<I>, input: Input<I>) => void) {
  return useMutation<Result<I>, Problem, Input<I> & { $options?: Options }>({
    mutationFn: ({ $options, ...input }) => call(id, input as Input<I>, $options),
    onSuccess: (result, input) => {
      void queries.invalidateQueries();
      done?.(result, input);
    },
  });
}

const shows: Record<Topic, string[]> = {
  accounts: ["accounts"], domains: ["domains", "groups", "forwarders"], auth: ["accounts"], calls: ["calls"], registrations: ["calls"], im: ["im", "calls", "roster"],
  mailbox: ["mail"], mail: ["submissions"], queue: ["queue", "mail_trace"], system: ["server", "listeners", "network", "certificates", "router", "modules"],
};

/** Fetches anew what these topics tell of, as it happens. */
export function useLive(...topics: Topic[]) {
  const names = topics.join(",");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tags = new Set<string>();
    const stop = listen(names.split(",") as Topic[], (event) => {
      for (const tag of event ? shows[event.topic as Topic] ?? [] : topics.flatMap((topic) => shows[topic])) tags.add(tag);
      timer ??= setTimeout(() => {
        timer = undefined;
        const wanted = new Set(tags);
        tags.clear();
        void queries.invalidateQueries({ predicate: ({ queryKey }) => wanted.has(operations[queryKey[0] as OperationId]?.[2]) });
      }, 250);
    });
    return () => { clearTimeout(timer); stop(); };
  }, [names]);
}
