// Whether the server can do its work: the one question that is no operation.
import { useQuery } from "@tanstack/react-query";

export interface Health { ready: boolean; checks: { check: string; ok: boolean; detail?: string }[] }

export const useHealth = () => useQuery<Health>({
  queryKey: ["health"],
  refetchInterval: 15_000,
  queryFn: async ({ signal }) => (await fetch("/health/ready", { signal })).json() as Promise<Health>,
});
