// What stands below what one writes: a setting of the account, read once the application is there.
import { useEffect } from "react";
import { useCall } from "../../api/hooks";
import { session } from "../../api/session";

let signature = "";
session.subscribe(() => { if (session.state() === "out") signature = ""; });

export function useSignature(): void {
  const { data } = useCall("getAccountSettings", { account: "me" }, { staleTime: 60_000 });
  useEffect(() => {
    const value = data?.data.find((one) => one.key === "signature")?.value;
    if (typeof value === "string") signature = value;
  }, [data]);
}

/** Room to write, the signature below it (RFC 3676 §4.3), then what is answered or forwarded. */
export const signed = (rest = "", own = signature): string => (own.trim() === "" ? rest : `\n\n-- \n${own.trimEnd()}${rest}`);
