// Names and help texts of settings: English ones come with the API, those of other languages from their records.
import { word } from "../i18n";

const acronyms: Record<string, string> = { imap: "IMAP", pop: "POP3", smtp: "SMTP", sip: "SIP", api: "API", ip: "IP", tls: "TLS", enum: "ENUM", helo: "HELO", nat: "NAT", stun: "STUN", udp: "UDP", dscp: "DSCP", wan: "WAN", lan: "LAN", ipv4: "IPv4", ipv6: "IPv6", mwi: "MWI", rcpt: "RCPT", preauth: "pre-auth", telnum: "telephone number", max: "maximum", min: "minimum", dns: "DNS", timer: "timer" };

/** The name of a setting: `max_account_size` is "Maximum account size". */
export function label(key: string): string {
  const own = word(`setting.${key}`);
  if (own !== `setting.${key}`) return own;
  const words = key.split("_").map((part) => acronyms[part] ?? part).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Its help text, which comes in English. */
export function help(english: string): string {
  const own = word(english);
  return own === english ? english.replaceAll("`", "") : own;
}
