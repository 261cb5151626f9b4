// What lists and pages of calls share.
import type { CallParty, CallRecord } from "../../api/generated/types";
import { word } from "../../i18n";
import { choice } from "../../forms/inputs";

export const callPath = (id: string) => `/monitors/calls/${encodeURIComponent(id)}`;
/** A SIP address as people write it. */
export const plain = (uri: string): string => uri.replace(/^sips?:/, "");
export const party = (one: CallParty): string => (one.name ? `${one.name} <${plain(one.uri)}>` : plain(one.uri));
export const cause = (call: CallRecord): string => { const key = `cause.${call.cause || call.state}`; const own = word(key); return own === key ? choice(call.cause || call.state) : own; };
