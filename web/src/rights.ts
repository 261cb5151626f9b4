// Which rights a principal holds; the server decides, this only spares people a refusal.
import type { Principal } from "./api/generated/types";

/** A server right; `master` implies all but reading mail. */
export const holds = (principal: Principal | null, right: string): boolean =>
  Boolean(principal?.server_rights.some((one) => one === right || (one === "master" && right !== "mailbox_read_all")));

/** A right in a domain, as its administrator or as one of all domains. */
export const holdsIn = (principal: Principal | null, right: string): boolean => holds(principal, "domains_all") || Boolean(principal?.domain_rights.includes(right));
