// What lists and pages of calls share.
import type { CallParty, CallRecord } from "../../api/generated/types";
import { word } from "../../i18n";
import { choice } from "../../forms/inputs";

export const callPath = (id: string) => `/monitors/calls/${encodeURIComponent(id)}`;
export const party = (one: CallParty): string => one.name ? `${one.name} <${one.uri}>` : one.uri;
export const cause = (call: CallRecord): string => { const key = `cause.${call.cause || call.state}`; const own = word(key); return own === key ? choice(call.cause || call.state) : own; };
