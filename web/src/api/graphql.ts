// Questions in GraphQL, for the explorer; pages use operations by name.
import { bearer } from "./session";

export async function graphql(query: string, variables: Record<string, unknown>): Promise<unknown> {
  const answer = await fetch("/graphql", { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${await bearer()}` }, body: JSON.stringify({ query, variables }) });
  return answer.json();
}
