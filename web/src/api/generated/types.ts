// Made by `npm run generate` from openapi/postamt.json; never edited.
/** A message that was taken. */
export type Accepted = {
  /** Number of the message. */
  "number": number;
  /** Shared by all records of this message. */
  "trace_id": string;
};
/** How the address lines of a listener are meant. */
export type AccessMode = "none" | "grant" | "deny";
/** An account. */
export type Account = {
  /** `name@domain`. */
  "address": string;
  /** Other names in the domain. */
  "aliases": Array<string>;
  /** True for `postmaster` and `pbx` of the main domain. */
  "builtin": boolean;
  /** When it was created. */
  "created_at": string;
  /** Name of the domain. */
  "domain": string;
  /** Id of the domain. */
  "domain_id": string;
  /** Id. */
  "id": string;
  /** Name in the domain. */
  "name": string;
  /** Name of the person. */
  "real_name": string;
  /** Whether it works. */
  "state": AccountState;
  /** What mail for a suspended account meets. */
  "suspend_mail": SuspendMail;
  /** Telephone numbers. */
  "telnums": Array<string>;
  /** When it was changed last. */
  "updated_at": string;
  /** Octets of stored mail. */
  "used_bytes": number;
  /** Stored messages. */
  "used_messages": number;
  /** Version of the object, its ETag. */
  "version": number;
};
/** The presence of an account. */
export type AccountPresence = {
  /** The account. */
  "account_id": string;
  /** Its address. */
  "address": string;
  /** Telephones that are registered. */
  "devices": number;
  /** What it adds. */
  "note": string;
  /** It is in a call. */
  "on_the_phone": boolean;
  /** How it can be reached, of all that it and its devices say. */
  "status": PresenceStatus;
};
/** The settings of [`AccountSettings`] that one level sets; what is absent is inherited. */
export type AccountSettingsPatch = {
  /** Incoming calls reach the account; off: callers hear that it is not available. */
  "accept_calls"?: boolean | null;
  /** The account may use the API. */
  "api"?: boolean | null;
  /** Callers who are refused: addresses or numbers; `*` stands for anything. */
  "call_blacklist"?: Array<string> | null;
  "call_in_flow"?: Flow | null;
  "call_out_flow"?: Flow | null;
  /** Another call rings while one is going on; off: its caller hears that the account is busy. */
  "call_waiting"?: boolean | null;
  /** Callers who are let through when nobody else is: addresses or numbers; `*` stands for anything. */
  "call_whitelist"?: Array<string> | null;
  /** Only callers of `call_whitelist` are let through. */
  "call_whitelist_only"?: boolean | null;
  /** Calls the account may have at a time; -1 = no limit. */
  "calls_limit"?: number | null;
  /** Accounts of the same domain may see whether the account is in a call. */
  "dialog_info"?: boolean | null;
  /** Where all calls go instead: addresses or numbers, parted by commas; empty = to the account's telephones. */
  "divert_always"?: string | null;
  /** Where calls go when the account is busy; empty = nowhere. */
  "divert_busy"?: string | null;
  /** Where calls go that fail otherwise; empty = where calls go when no telephone can be reached. */
  "divert_error"?: string | null;
  /** Where calls go that nobody answers; empty = nowhere. */
  "divert_no_answer"?: string | null;
  /** Where calls go when no telephone can be reached; empty = where calls go that nobody answers. */
  "divert_unregistered"?: string | null;
  /** Callers hear that the account is busy; what `divert_busy` names gets them. */
  "do_not_disturb"?: boolean | null;
  "failed_login_flow"?: Flow | null;
  /** Addresses or numbers at which the account is looked for, one after the other. */
  "find_me"?: Array<string> | null;
  /** How long the telephones ring, and then each of `find_me`, before the next is tried. */
  "find_me_seconds"?: number | null;
  /** Whoever of `find_me` was tried goes on ringing; off: only one rings at a time. */
  "find_me_together"?: boolean | null;
  "im_from"?: ImFrom | null;
  /** The account may use IMAP. */
  "imap"?: boolean | null;
  /** The account receives mail. */
  "mail"?: boolean | null;
  "mail_out_flow"?: Flow | null;
  /** The account receives mail for `all@` its domain. */
  "mail_to_all"?: boolean | null;
  /** Octets of mail the account may hold; -1 = no limit. */
  "max_account_size"?: number | null;
  /** Largest message the account may send. */
  "max_mail_out_size"?: number | null;
  /** Mailboxes the account may have. */
  "max_mailboxes"?: number | null;
  /** Largest message the account may receive; -1 = the limit of the server. */
  "max_message_size"?: number | null;
  /** Most entries of the account's roster. */
  "max_roster_items"?: number | null;
  /** Telephones the account may register at a time. */
  "max_signal_contacts"?: number | null;
  "media_force"?: MediaForce | null;
  /** The account may sign in from addresses outside Client IPs. */
  "mobile"?: boolean | null;
  /** Telephones of the account are told of voice messages without asking for it, as old ones need. */
  "mwi_unsolicited"?: boolean | null;
  /** How long the telephones ring before nobody answers. */
  "no_answer_seconds"?: number | null;
  /** The owner may change the password. */
  "password_change_allowed"?: boolean | null;
  /** The account may use POP3. */
  "pop"?: boolean | null;
  /** Accounts of the same domain may see whether the account can be reached. */
  "presence_domain_open"?: boolean | null;
  /** Over quota: how often delivery is tried again. */
  "quota_retry_every"?: number | null;
  /** Over quota: how long mail waits; 0 = it is refused at once. */
  "quota_retry_for"?: number | null;
  "register_flow"?: Flow | null;
  /** Callers who do not say who they are are refused. */
  "reject_anonymous"?: boolean | null;
  /** The account may send to other servers. */
  "relay"?: boolean | null;
  /** The password must not travel without TLS. */
  "require_secure_login"?: boolean | null;
  /** The account makes and gets calls and instant messages. */
  "signal"?: boolean | null;
  "signal_rules_allowed"?: RulesAllowed | null;
  /** Stands below what is written in the browser; empty = nothing. */
  "signature"?: string | null;
  /** Addresses or numbers that ring together with the account's telephones. */
  "simultaneous_ring"?: Array<string> | null;
  /** How long the telephones ring before the others ring too. */
  "simultaneous_ring_seconds"?: number | null;
  /** Telephones may register for the account. */
  "sip"?: boolean | null;
  /** The ladders of its calls are kept for days. */
  "trace_calls"?: boolean | null;
};
/** Whether an account works. */
export type AccountState = "active" | "suspended" | "deleted";
export type AddAliasBody = {
  /** The other name. */
  "name": string;
};
export type AddBuddyBody = {
  /** Groups the buddy stands in. */
  "groups"?: Array<string>;
  /** What the account calls the buddy. */
  "name"?: string;
  /** Whom: an address, or a name or number of the own domain. */
  "peer": string;
};
export type AddDomainAliasBody = {
  /** The other name. */
  "name": string;
};
export type AddMembersBody = {
  /** Addresses; names without a domain are in the group's domain. */
  "members": Array<string>;
};
export type AddTelnumBody = {
  /** The number in E.164 form. */
  "number": string;
};
/** A named list of address lines; the last line that matches decides. */
export type AddressList = {
  /** Lines: `192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, `!192.0.2.5`, `#other`, `; comment`. */
  "lines": Array<string>;
  /** Name of the list. */
  "name": string;
  /** Version of the object, its ETag. */
  "version": number;
};
/** Whether an address is in a list. */
export type AddressTest = {
  /** The line that decided, counted from 1. */
  "line"?: number | null;
  /** Whether it is in. */
  "listed": boolean;
};
/** An account that holds rights. */
export type Admin = {
  /** The account. */
  "account_id": string;
  /** Its address. */
  "address": string;
  /** Rights in its own domain. */
  "domain": Array<string>;
  /** Rights over the server. */
  "server": Array<string>;
};
export type ApproveSubscriptionBody = {
  /** Whether; true when absent. */
  "approve"?: boolean | null;
};
/** A part of a message. */
export type Attachment = {
  /** Content-ID, or empty. */
  "cid": string;
  /** `attachment` or `inline`. */
  "disposition": string;
  /** File name. */
  "name": string;
  /** Number of the part as IMAP counts it: `2`, `2.1`. */
  "part": string;
  /** Octets as transferred. */
  "size": number;
  /** Media type. */
  "type": string;
};
/** An attachment: an upload, or a part of a message of the account. */
export type AttachmentRef = {
  /** Names the upload. */
  "blob_id"?: string | null;
  /** Id by which the HTML shows it (`cid:`), without angle brackets. */
  "cid"?: string | null;
  /** Names a message instead, one of whose parts is attached. */
  "message_id"?: string | null;
  /** File name. */
  "name": string;
  /** Number of its part. */
  "part"?: string | null;
};
/** Somebody in a roster. */
export type Buddy = {
  /** The account waits to be allowed to see the presence of the buddy. */
  "asked": boolean;
  /** Groups the buddy stands in. */
  "groups": Array<string>;
  /** The account knows the buddy; otherwise the buddy only asks to see its presence. */
  "known": boolean;
  /** What the account calls the buddy. */
  "name": string;
  /** The address. */
  "peer": string;
  /** Who sees whose presence. */
  "subscription": RosterSubscription;
  /** The buddy waits to be allowed to see that of the account. */
  "waiting": boolean;
};
/** What became of many messages. */
export type BulkDone = {
  /** Where they stood before. */
  "before": Array<BulkPlaces>;
  /** Messages that were there. */
  "matched": number;
  /** With `filter`: give it back as `cursor` to go on; null when all is done. */
  "next_cursor"?: string | null;
};
export type BulkMessagesBody = {
  /** With `filter`: `next_cursor` of the call before. */
  "cursor"?: string | null;
  "delete"?: Deletion | null;
  "filter"?: MessageFilter | null;
  /** Ids of the messages, 1 to 500; what is not there any more is passed over. */
  "ids"?: Array<string> | null;
  /** `true` sets a keyword, `false` clears it; others stay. */
  "keywords"?: Record<string, boolean> | null;
  /** Mailboxes they shall stand in: ids or `path:` names; all of them. */
  "mailbox_ids"?: Array<string> | null;
};
/** Messages that stood in the same mailboxes. */
export type BulkPlaces = {
  /** Ids of the messages. */
  "ids": Array<string>;
  /** Ids of the mailboxes. */
  "mailbox_ids": Array<string>;
};
/** Between whom a call is. */
export type CallDirection = "internal" | "inbound" | "outbound" | "transit";
/** One side of a call. */
export type CallParty = {
  /** The account, when it is one of this server. */
  "account_id"?: string | null;
  /** Whether it proved who it is. */
  "authenticated": boolean;
  /** Its domain. */
  "domain_id"?: string | null;
  /** Name as shown. */
  "name": string;
  /** Address and port its requests come from or go to. */
  "remote": string;
  /** How it is connected. */
  "transport": string;
  /** SIP address. */
  "uri": string;
  /** How the telephone calls itself. */
  "user_agent": string;
};
/** A call, from its INVITE on. When it is over, this is its record. */
export type CallRecord = {
  /** When it was answered. */
  "answered_at"?: string | null;
  /** Who is called: the telephone that answered, or the account that was meant. */
  "callee": CallParty;
  /** Who calls. */
  "caller": CallParty;
  /** Why it ended: `answered`, `busy`, `no_answer`, `cancelled`, `rejected`, `not_found`, `unavailable`, `server_restart` and the like. */
  "cause": string;
  /** What was dialled. */
  "dialled": string;
  /** Between whom. */
  "direction": CallDirection;
  /** From the answer to the end, in seconds. */
  "duration_seconds"?: number | null;
  /** When it was over. */
  "ended_at"?: string | null;
  /** Who ended it: `caller`, `callee`, `server`, `timer` or `media`. */
  "ended_by": string;
  /** The final response to the caller. */
  "final_code"?: number | null;
  /** Id of the call, the same on all legs and in the log. */
  "id": string;
  "media"?: MediaReport | null;
  /** Whether the sound goes through this server: `direct` or `proxy`. */
  "media_path": string;
  /** When a telephone rang. */
  "ringing_at"?: string | null;
  /** What the Router and the account's settings made of it. */
  "routed": Array<string>;
  /** Call-ID of the caller's telephone. */
  "sip_call_id": string;
  /** When it was begun. */
  "started_at": string;
  /** How far it is. */
  "state": CallState;
};
/** How far a call is. */
export type CallState = "trying" | "ringing" | "connected" | "held" | "ended";
/** A stream of a call that goes on. */
export type CallStream = {
  /** The call. */
  "call": string;
  /** Address of the callee. */
  "callee": string;
  /** Address of the caller. */
  "caller": string;
  /** The stream. */
  "stream": MediaStream;
};
/** What passed in a call, as a ladder. */
export type CallTrace = {
  /** What passed between them, in order. */
  "arrows": Array<TraceArrow>;
  /** The call. */
  "id": string;
  /** What was decided. */
  "notes": Array<TraceNote>;
  /** Who took part; the Router is one of them. */
  "participants": Array<TraceParticipant>;
  /** Whether earlier entries were dropped, the ladder being full. */
  "truncated": boolean;
};
export type CaptureMediaBody = {
  /** Whole packets, in which the talk can be heard, rather than their headers alone. */
  "full"?: boolean;
  /** For how long: 1 to 60 seconds; 10 when absent. */
  "seconds"?: number | null;
};
/** How records of calls are written down. */
export type CdrFormat = "csv" | "json_lines";
/** A certificate; its key is never shown. */
export type Certificate = {
  /** Whether listeners show it. */
  "active": boolean;
  /** The chain in PEM. */
  "chain": string;
  /** SHA-256 of the first certificate, hexadecimal. */
  "fingerprint": string;
  /** Id. */
  "id": string;
  /** Where it comes from. */
  "kind": CertificateKind;
  /** Host names in it. */
  "names": Array<string>;
  /** When it ends. */
  "not_after": string;
  /** Version of the object, its ETag. */
  "version": number;
};
/** Where a certificate comes from. */
export type CertificateKind = "self_signed" | "imported";
/** How a check stands. */
export type CheckState = "ok" | "warning" | "failed";
/** What a list shows once. */
export type Collapse = "thread";
export type CompleteSetupBody = {
  /** Address lines to add to Client IPs beside loopback. */
  "client_ips"?: Array<string>;
  /** Language of the server: en, de or ru; en when absent. */
  "language"?: string | null;
  /** Main domain of the server. */
  "main_domain": string;
  /** Password of the administrator `postmaster`. */
  "postmaster_password": string;
  /** IANA time zone; UTC when absent. */
  "time_zone"?: string | null;
  /** The one-time token printed at start and kept in `setup-token` in the data folder. */
  "token": string;
};
/** A conversation with somebody. */
export type Conversation = {
  /** The newest message. */
  "last": ImMessage;
  /** The other side. */
  "peer": string;
  /** Messages that are not read. */
  "unread": number;
};
export type CreateAccountBody = {
  /** Other names in the domain. */
  "aliases"?: Array<string>;
  /** Name: letters, digits, `_`, `-`, `.`; no dot first or last. */
  "name": string;
  /** Password; without one nobody can sign in until one is set. */
  "password"?: string | null;
  /** Name of the person. */
  "real_name"?: string | null;
  /** Telephone numbers in E.164 form. */
  "telnums"?: Array<string>;
};
export type CreateAccountSignalRuleBody = {
  /** What is done then. */
  "actions"?: Array<RuleAction>;
  /** A remark. */
  "comment"?: string;
  /** All of them must be met; none = always. */
  "conditions"?: Array<RuleCondition>;
  /** Whether it acts; true when absent. */
  "enabled"?: boolean | null;
  /** Name, once in its set. */
  "name": string;
  /** Its place in the set, counted from 1; the last when absent. */
  "position"?: number | null;
  /** 0 to 10; 5 when absent. */
  "priority"?: number | null;
  /** When it is asked; at once when absent. */
  "stage"?: number;
};
export type CreateDomainBody = {
  /** Other names. */
  "aliases"?: Array<string>;
  /** Name. */
  "name": string;
};
export type CreateDomainSignalRuleBody = {
  /** What is done then. */
  "actions"?: Array<RuleAction>;
  /** A remark. */
  "comment"?: string;
  /** All of them must be met; none = always. */
  "conditions"?: Array<RuleCondition>;
  /** Whether it acts; true when absent. */
  "enabled"?: boolean | null;
  /** Name, once in its set. */
  "name": string;
  /** Its place in the set, counted from 1; the last when absent. */
  "position"?: number | null;
  /** 0 to 10; 5 when absent. */
  "priority"?: number | null;
  /** When it is asked; at once when absent. */
  "stage"?: number;
};
export type CreateDraftBody = {
  /** Uploaded files, and parts of messages. */
  "attachments"?: Array<AttachmentRef>;
  /** Bcc. */
  "bcc"?: Array<MailAddress>;
  /** Cc. */
  "cc"?: Array<MailAddress>;
  "from"?: MailAddress | null;
  /** HTML form. */
  "html"?: string | null;
  /** Message-ID this answers. */
  "in_reply_to"?: string | null;
  /** Message-IDs of the conversation, the first one first; what it answers when empty. */
  "references"?: Array<string>;
  /** Subject. */
  "subject"?: string;
  /** Plain text. */
  "text"?: string;
  /** To. */
  "to"?: Array<MailAddress>;
};
export type CreateForwarderBody = {
  /** Name in the domain. */
  "name": string;
  /** Where it leads. */
  "to": string;
};
export type CreateGroupBody = {
  /** Addresses. */
  "members"?: Array<string>;
  /** Name in the domain. */
  "name": string;
  /** Shown name. */
  "real_name"?: string | null;
  "settings"?: GroupSettings | null;
};
export type CreateListenerBody = {
  /** Local address, `*` when absent. */
  "address"?: string | null;
  /** True when absent. */
  "enabled"?: boolean | null;
  /** Port. */
  "port": number;
  /** What is spoken on it. */
  "protocol": Protocol;
  "settings"?: ListenerSettings | null;
  /** When TLS begins. */
  "tls": TlsMode;
};
export type CreateMailboxBody = {
  /** Full name; missing levels above it are made too. */
  "name": string;
};
export type CreateRoutingLineBody = {
  /** Text after `;`. */
  "comment"?: string | null;
  /** False keeps the record without using it. */
  "enabled"?: boolean;
  /** The pattern. */
  "left"?: string;
  /** Place in the table, counted from 1; absent = at the end. */
  "position"?: number | null;
  /** Effect on the relay mark. */
  "relay_prefix"?: RelayPrefix;
  /** What replaces the address. */
  "right"?: string;
  /** The whole line in text form; excludes all other fields but `position`. */
  "text"?: string | null;
  /** Flows the record serves; empty = all three. */
  "type_prefix"?: Array<RouteFlow>;
};
export type CreateServerSignalRuleBody = {
  /** What is done then. */
  "actions"?: Array<RuleAction>;
  /** A remark. */
  "comment"?: string;
  /** All of them must be met; none = always. */
  "conditions"?: Array<RuleCondition>;
  /** Whether it acts; true when absent. */
  "enabled"?: boolean | null;
  /** Name, once in its set. */
  "name": string;
  /** Its place in the set, counted from 1; the last when absent. */
  "position"?: number | null;
  /** 0 to 10; 5 when absent. */
  "priority"?: number | null;
  /** When it is asked; at once when absent. */
  "stage"?: number;
};
/** A dataset of an account. */
export type Dataset = {
  /** Addresses, numbers or pictures in which `*` stands for anything, the oldest first. */
  "entries": Array<string>;
  /** Its name, in lower case. */
  "name": string;
  /** Version of the object, its ETag. */
  "version": number;
};
/** How messages are taken away. */
export type Deletion = "to_trash" | "permanent";
/** What was found on this machine. */
export type DetectedLan = {
  /** Addresses of its interfaces. */
  "addresses": Array<string>;
  /** IPv4 address of the way to the Internet. */
  "route_ipv4"?: string | null;
  /** IPv6 address of the way to the Internet. */
  "route_ipv6"?: string | null;
  /** What may be wrong: `wan_ip_private` (telephones outside are shown an address they cannot reach), `wan_ip_not_on_machine` (a NAT in front must pass all ports unchanged), `wan_ip_not_on_route` (packets to the Internet leave from another address of this machine), `lan_ip_not_on_machine`. */
  "warnings": Array<string>;
};
/** What a telephone does when it is called. */
export type DeviceState = {
  /** Seconds until then. */
  "after"?: number;
  /** The status it answers with, 200 to 699; absent, it rings for ever. */
  "status"?: number | null;
};
/** The settings of [`DiallerSettings`] that one level sets; what is absent is inherited. */
export type DiallerSettingsPatch = {
  /** Calls ring in the browser; off: they ring at all other telephones only. */
  "incoming_calls"?: boolean | null;
};
/** What the DNS said of a domain. */
export type DnsCheck = {
  /** When it was asked; nothing when it never was. */
  "checked_at"?: string | null;
  /** Name of the domain. */
  "domain": string;
  /** Each check. */
  "results": Array<DnsCheckResult>;
  /** How many checks went how. */
  "summary": DnsCheckSummary;
  /** All records of the domain as lines of a zone file. */
  "zone_snippet": string;
};
/** What is looked at. Kinds for which the server has nothing to offer are not among them. */
export type DnsCheckKind = "all" | "mx" | "a_aaaa" | "ptr" | "helo" | "spf" | "dmarc" | "tls_rpt" | "srv" | "naptr" | "dnssec";
/** One thing that was looked at. */
export type DnsCheckResult = {
  /** Kind. */
  "check": DnsCheckKind;
  /** What should be there, as in a zone file. */
  "expected": Array<string>;
  /** What is there, as in a zone file. */
  "found": Array<string>;
  /** Lookups that the SPF record costs others, at most 10 (RFC 7208 §4.6.4). */
  "lookups"?: number | null;
  /** The name, or the address, that was asked for. */
  "name": string;
  /** Stable word for the reason; nothing when all is well. */
  "reason"?: string | null;
  /** Records to enter. */
  "records": Array<DnsRecord>;
  /** How it went. */
  "status": DnsCheckStatus;
  /** The reason for people. */
  "why"?: string | null;
};
/** How a check went. */
export type DnsCheckStatus = "ok" | "warning" | "error" | "unknown";
/** How many checks went how. */
export type DnsCheckSummary = {
  /** Something does not work. */
  "error": number;
  /** As it should be. */
  "ok": number;
  /** It cannot be judged. */
  "unknown": number;
  /** It works, but not well. */
  "warning": number;
};
/** A record to enter into a zone. */
export type DnsRecord = {
  /** Its name, with the dot at its end. */
  "name": string;
  /** Seconds for which it may be remembered. */
  "ttl": number;
  /** Its type, such as `MX`. */
  "type": string;
  /** Its value, with dots at the end of names; texts without quotes. */
  "value": string;
};
/** Who is asked. */
export type DnsResolver = "system";
/** The settings of [`DnsSettings`] that one level sets; what is absent is inherited. */
export type DnsSettingsPatch = {
  /** Name servers as `address` or `address:port`; empty = those of the system. */
  "servers"?: Array<string> | null;
  /** Time for one answer. */
  "timeout"?: number | null;
};
/** A domain whose accounts live here. */
export type Domain = {
  /** Other names of the domain. */
  "aliases": Array<string>;
  /** Addresses of this server at which the domain may be left out of login names. */
  "assigned_ips": Array<string>;
  /** True for the main domain. */
  "builtin": boolean;
  /** When it was created. */
  "created_at": string;
  /** Id. */
  "id": string;
  /** Name, lower-case A-labels. */
  "name": string;
  /** Whether it works. */
  "state": DomainState;
  /** When it was changed last. */
  "updated_at": string;
  /** Version of the object, its ETag. */
  "version": number;
};
/** Other names of a domain. */
export type DomainAliases = {
  /** The names, sorted. */
  "data": Array<string>;
  /** Version of the domain. */
  "version": number;
};
/** The settings of [`DomainSettings`] that one level sets; what is absent is inherited. */
export type DomainSettingsPatch = {
  /** Where unknown login names lead when they are rerouted. */
  "access_reroute_address"?: string | null;
  "access_to_unknown"?: ToUnknown | null;
  /** Accounts the domain may have; -1 = any number. */
  "accounts_limit"?: number | null;
  "call_in_flow"?: Flow | null;
  "call_out_flow"?: Flow | null;
  "force_smtp_auth"?: ForceSmtpAuth | null;
  /** Where mail for unknown names goes when it is rerouted; `*` is the unknown name. */
  "mail_reroute_address"?: string | null;
  "mail_to_all"?: MailToAll | null;
  "mail_to_unknown"?: MailToUnknown | null;
  "register_flow"?: Flow | null;
  /** Where signals for unknown names go when they are rerouted. */
  "signal_reroute_address"?: string | null;
  "signal_to_unknown"?: ToUnknown | null;
};
/** Whether a domain works. */
export type DomainState = "active" | "suspended";
/** When the sender wants a report. */
export type DsnWish = "never" | "success" | "failure" | "delay";
/** One setting as it acts, and where its value comes from. */
export type EffectiveSetting = {
  /** The values an enum can have; empty for other types. */
  "choices": Array<string>;
  /** The built-in value. */
  "default": unknown;
  /** The value set on the level that was asked for; null when it inherits. */
  "explicit": unknown;
  /** Help text. */
  "help": string;
  /** The value it would have without its own. */
  "inherited": unknown;
  /** Name of the setting. */
  "key": string;
  /** Largest value of a number. */
  "max"?: number | null;
  /** Smallest value of a number. */
  "min"?: number | null;
  /** The owner of the object may change it. */
  "own": boolean;
  /** Level the value comes from. */
  "source": Source;
  /** Type of the value: bool, int, string, list, flow or enum. */
  "type": string;
  /** Unit of a number, or empty. */
  "unit": string;
  /** The value that acts. */
  "value": unknown;
  /** View level at which administrators see it first. */
  "view": string;
};
/** How the octets of a message stand in JSON. */
export type Encoding = "utf-8" | "base64";
/** A stable code of errors. */
export type ErrorCode = {
  /** The code. */
  "code": string;
  /** HTTP status it comes with. */
  "status": number;
};
/** The error codes of the API. */
export type ErrorCodes = {
  /** One entry per code. */
  "data": Array<ErrorCode>;
};
/** Something that happened. */
export type Event = {
  /** Account concerned. */
  "account"?: string | null;
  /** Domain concerned. */
  "domain"?: string | null;
  /** Number in the outbox; give it back as `Last-Event-ID` to go on after it. */
  "id": number;
  /** Particulars. */
  "object": Record<string, unknown>;
  /** When. */
  "time": string;
  /** Topic it belongs to: `accounts`, `domains`, `mailbox`, `mail`, `queue`, `system`, `auth`. */
  "topic": string;
  /** What happened: `account.created`, `mail.delivered`, … */
  "type": string;
};
/** The types of events of one topic. */
export type EventTopic = {
  /** The topic. */
  "topic": string;
  /** Its types. */
  "types": Array<string>;
};
/** The types of events. */
export type EventTypes = {
  /** One entry per topic. */
  "data": Array<EventTopic>;
};
/** Whether the DNS is asked while explaining. */
export type ExplainDns = "live" | "off";
/** Reply to a peer; all null when the address would be accepted. */
export type ExplainReply = {
  /** Reply code. */
  "code"?: number | null;
  /** Enhanced status code, SMTP only. */
  "enhanced"?: string | null;
  /** Reply text. */
  "text"?: string | null;
};
export type ExplainRouteBody = {
  /** The address, in any form the server accepts. */
  "address": string;
  /** Route as for the outgoing leg of a gateway: without the table. */
  "direct"?: boolean;
  /** Whether ENUM may be asked. */
  "dns"?: ExplainDns;
  /** The kind of traffic. */
  "flow"?: RouteFlow;
  /** Who sends; absent = a stranger. */
  "sender"?: ExplainSender;
  /** A draft table in text form, used instead of the live one. */
  "table"?: string | null;
};
/** Who sends to the explained address. */
export type ExplainSender = {
  /** Address of the sender. */
  "address"?: string | null;
  /** Account the sender signed in as. */
  "authenticated_as"?: string | null;
  /** Network address the sender connects from. */
  "ip"?: string | null;
  /** Whether the sender may relay; absent = decided from the fields above. */
  "trusted"?: boolean | null;
};
/** One step of a routing run. */
export type ExplainStep = {
  /** The address after; absent when it stayed. */
  "after"?: string | null;
  /** The address before. */
  "before": string;
  /** Texts the wildcards matched: `L1`, `L2` in the local part, `D1` in the domain. */
  "captures"?: Record<string, string>;
  /** What was done. */
  "kind": StepKind;
  /** Marks the step gave; present on steps that may give one. */
  "marks"?: Array<RouteMark> | null;
  /** Remark in words. */
  "note"?: string | null;
  /** Pass it belongs to, counted from 1. */
  "pass": number;
  "record"?: StepRecord | null;
};
/** Where an address goes, and every step on the way. */
export type Explanation = {
  /** Passes through the table. */
  "passes": number;
  "relay_verdict"?: RelayVerdict | null;
  /** True when a record, forwarder or setting lets strangers use the result; it matters where something would be relayed. */
  "relayable": boolean;
  /** The result in fields. */
  "result": RouteResult;
  "sip"?: ExplainReply | null;
  /** Records that fit the address but were not applied. */
  "skipped": Array<SkippedRecord>;
  "smtp"?: ExplainReply | null;
  /** The steps in order. */
  "steps": Array<ExplainStep>;
  /** The result in one line, for example `LOCAL(john@company.dom)`. */
  "text": string;
  /** Remarks. */
  "warnings": Array<RoutingWarning>;
};
export type ExportCdrBody = {
  /** Only those of this account: id, address, name in the main domain, or `me`. */
  "account"?: string | null;
  /** Only those that ended for this reason, such as `busy`. */
  "cause"?: string | null;
  /** Only those of this domain: id or name. */
  "domain"?: string | null;
  "format"?: CdrFormat | null;
  /** Most in the file, the newest: up to 20000. */
  "most"?: number | null;
  /** Only those with this in the address of the caller or the callee, or in what was dialled. */
  "number"?: string | null;
  /** Only those begun since. */
  "since"?: string | null;
  /** Only those begun before. */
  "until"?: string | null;
};
/** A file in JSON. */
export type FileContent = {
  /** The file. */
  "content": string;
  /** How `content` is written: `utf-8` when the file is that, else `base64`. */
  "encoding": Encoding;
  /** File name, perhaps empty. */
  "name": string;
  /** Octets. */
  "size": number;
  /** Media type. */
  "type": string;
};
/** What a firewall in front has to let through. */
export type FirewallCheck = {
  /** The same for people. */
  "instructions": string;
  /** When it was asked; nothing when it was not since the start. */
  "probed_at"?: string | null;
  /** What the STUN server saw, when one is set. */
  "probes": Array<StunProbe>;
  /** Every range of ports to open, for each address. */
  "rules": Array<FirewallRule>;
  /** What may be wrong: as found on this machine, and `wan_ip_mismatch` (others see another address than they are shown), `port_not_preserved` (a NAT changes ports), `stun_no_answer`. */
  "warnings": Array<string>;
};
/** A range of ports to open. */
export type FirewallRule = {
  /** Address that is reached from outside. */
  "address": string;
  /** First port. */
  "first_port": number;
  /** Address on this machine, when a NAT in front has to pass packets to it. */
  "forward_to"?: string | null;
  /** Last port. */
  "last_port": number;
  /** `udp` or `tcp`. */
  "protocol": string;
  /** What for: a listener's protocol, or `media`. */
  "purpose": string;
};
/** So many events in a period. */
export type Flow = {
  /** Number of events; -1 = unlimited. */
  "count": number;
  /** Length of the period in seconds, 1 to 86400. */
  "period": number;
};
/** Who must sign in before sending with an address of the domain. */
export type ForceSmtpAuth = "nobody" | "clients" | "non_clients" | "everybody";
/** A name that leads to another address. */
export type Forwarder = {
  /** Name of the domain. */
  "domain": string;
  /** Id. */
  "id": string;
  /** Name in the domain. */
  "name": string;
  /** Where it leads: any address the Router knows. */
  "to": string;
  /** Version of the object, its ETag. */
  "version": number;
};
/** One name for several addresses. */
export type Group = {
  /** Name of the domain. */
  "domain": string;
  /** Id. */
  "id": string;
  /** Addresses; names without a domain are in the group's domain. */
  "members": Array<string>;
  /** Name in the domain. */
  "name": string;
  /** Shown name. */
  "real_name": string;
  /** How it distributes. */
  "settings": GroupSettings;
  /** Version of the object, its ETag. */
  "version": number;
};
/** How a group distributes. */
export type GroupSettings = {
  /** Mail is refused. */
  "email_disabled"?: boolean;
  /** Members' rules cannot redirect the copy again. */
  "final_delivery"?: boolean;
  /** Mail that no human wrote is refused. */
  "reject_automatic"?: boolean;
  /** The author gets no copy. */
  "remove_author"?: boolean;
  /** Who is named in To or Cc already gets no copy. */
  "remove_to_cc"?: boolean;
  /** Reply-To becomes the group. */
  "set_reply_to"?: boolean;
  /** Calls are refused. */
  "signal_disabled"?: boolean;
};
/** One header field. */
export type HeaderField = {
  /** Name. */
  "name": string;
  /** Value, unfolded, decoded. */
  "value": string;
};
/** Header fields of a message. */
export type Headers = {
  /** In the order of the message. */
  "data": Array<HeaderField>;
};
export type HoldMessageBody = {
  /** Only this recipient. */
  "recipient"?: string | null;
};
/** Whose instant messages an account takes. */
export type ImFrom = "everybody" | "roster" | "nobody";
/** An instant message as one side keeps it. */
export type ImMessage = {
  /** Status of the last SIP response. */
  "code"?: number | null;
  /** Media type of the text. */
  "content_type": string;
  /** Id; later messages have greater ones. */
  "id": string;
  /** The account sent it. */
  "outgoing": boolean;
  /** The other side. */
  "peer": string;
  /** The account has read it. */
  "read": boolean;
  /** When it was sent. */
  "sent_at": string;
  /** What became of it. */
  "state": ImState;
  /** The text. */
  "text": string;
};
/** What became of an instant message. */
export type ImState = "delivered" | "stored" | "waiting" | "failed";
export type ImportCertificateBody = {
  /** The chain in PEM, the server's own certificate first. */
  "chain": string;
  /** The private key in PEM (PKCS#8, PKCS#1 or SEC1). */
  "key": string;
};
export type ImportMessageBody = {
  "encoding"?: Encoding | null;
  /** Flags and keywords to set. */
  "keywords"?: Array<string>;
  /** The mailbox: id or `path:` name; INBOX when absent. */
  "mailbox"?: string | null;
  /** The message (RFC 5322); bare line feeds become CRLF unless it is base64. */
  "raw"?: string;
  /** When it was received; now when absent. */
  "received_at"?: string | null;
};
/** Addresses of this server for telephones inside and outside. */
export type Lan = {
  /** What was found on this machine. */
  "detected": DetectedLan;
  /** Lines that tell which addresses are in the local network; changed as address list `lan_ips`. */
  "lan_ips": Array<string>;
  /** IPv4 address for the local network. */
  "lan_ipv4": ShownAddress;
  /** IPv6 address for the local network. */
  "lan_ipv6": ShownAddress;
  /** Lines that tell which addresses mean nothing beyond a NAT; changed as address list `nated_ips`. */
  "nated_ips": Array<string>;
  /** STUN server that is asked when the firewall is checked; nothing when none is. */
  "stun_server"?: string | null;
  /** Version of the settings, their ETag. */
  "version": number;
  /** IPv4 address for everybody else. */
  "wan_ipv4": ShownAddress;
  /** IPv6 address for everybody else. */
  "wan_ipv6": ShownAddress;
};
/** Where a routing line came from. */
export type LineOrigin = "user" | "builtin";
/** A socket that a protocol listens on. */
export type Listener = {
  /** Local address, or `*` for all. */
  "address": string;
  /** Port that is really open. */
  "bound_port"?: number | null;
  /** A disabled listener keeps its row. */
  "enabled": boolean;
  /** Id. */
  "id": string;
  /** Why it is not open. */
  "last_error"?: string | null;
  /** Port as stored; a port offset of the process is added when it opens. */
  "port": number;
  /** What is spoken on it. */
  "protocol": Protocol;
  /** Whom it serves. */
  "settings": ListenerSettings;
  /** Whether it is open. */
  "state": ListenerState;
  /** When TLS begins. */
  "tls": TlsMode;
  /** Version of the object, its ETag. */
  "version": number;
};
/** Whom a listener serves. */
export type ListenerSettings = {
  /** How `access_ips` is meant. */
  "access"?: AccessMode;
  /** Address lines. */
  "access_ips"?: Array<string>;
  /** Connections at a time. */
  "max_connections"?: number;
  /** Connections of one address at a time, Client IPs excepted; 0 = no limit. */
  "max_connections_per_ip"?: number;
  /** Address lines of the proxies that may send it. */
  "proxy_ips"?: Array<string>;
  /** PROXY protocol header before anything else. */
  "proxy_protocol"?: ProxyProtocol;
};
/** Whether a listener is open. */
export type ListenerState = "up" | "failed" | "disabled";
export type LoginBody = {
  /** Name of the device, shown in the list of sessions. */
  "device_name"?: string | null;
  /** Login name: `user`, `user@domain`, `user%domain`, an alias or a telephone number. */
  "login": string;
  /** Password. */
  "password": string;
};
/** An address in a header. */
export type MailAddress = {
  /** Address. */
  "email": string;
  /** Shown name, or empty. */
  "name"?: string;
};
/** Who may write to everybody in the domain. */
export type MailToAll = "disabled" | "authenticated_domain_users" | "client_ips" | "everyone";
/** What happens to mail for unknown names. */
export type MailToUnknown = "rejected" | "rerouted" | "discarded" | "accepted_and_bounced";
/** The story of one message. */
export type MailTrace = {
  /** What happened, in order. */
  "events": Array<TraceEvent>;
  /** Message-ID header. */
  "message_id": string;
  /** Number given in the SMTP 250. */
  "number": number;
  /** Id shared by all records of the message. */
  "trace_id": string;
  /** Recipients for whom it still waits. */
  "waiting": Array<TransitRecipient>;
};
/** A mailbox of an account. */
export type Mailbox = {
  /** What it holds. */
  "class": MailboxClass;
  /** Id. */
  "id": string;
  /** Messages. */
  "messages": number;
  /** Highest change number. */
  "modseq": number;
  /** Full name with `/` between the levels. */
  "name": string;
  "role"?: Role | null;
  /** False for a mere container of other mailboxes. */
  "selectable": boolean;
  /** Octets. */
  "size": number;
  /** Whether clients show it. */
  "subscribed": boolean;
  /** UID of the next message. */
  "uid_next": number;
  /** UIDVALIDITY. */
  "uid_validity": number;
  /** Messages not seen. */
  "unseen": number;
  /** Version of the object, its ETag. */
  "version": number;
};
/** What a mailbox holds. */
export type MailboxClass = "mail" | "calendar" | "tasks" | "contacts" | "notes";
export type MarkReadBody = {
  /** The newest message that was read; all when absent. */
  "until"?: string | null;
};
/** What was marked. */
export type Marked = {
  /** Messages that were not read before. */
  "marked": number;
};
/** Packets of a call that are captured, or were. */
export type MediaCapture = {
  /** The call. */
  "call": string;
  /** When it ends, or ended. */
  "ends_at": string;
  /** Whole packets are kept, not their headers alone. */
  "full": boolean;
  /** Octets of them, without IP and UDP. */
  "octets": number;
  /** Packets so far, those that came and those that left. */
  "packets": number;
  /** More packets are taken. */
  "running": boolean;
  /** When it began. */
  "started_at": string;
  /** There was no room for all packets. */
  "truncated": boolean;
};
/** An end of a call. */
export type MediaEnd = "caller" | "callee";
/** When media of a call goes through this server. */
export type MediaForce = "auto" | "always" | "never";
/** Ports of relayed media. */
export type MediaPorts = {
  /** Relayed calls of two that the ports suffice for, for each local address, when RTCP has ports of its own. */
  "calls": number;
  /** First UDP port. */
  "first_port": number;
  /** Last UDP port. */
  "last_port": number;
  /** Relayed streams above which calls that need the relay are refused. */
  "max_streams": number;
  /** Version of the settings, their ETag. */
  "version": number;
};
/** Media of a call as the relay sees it. */
export type MediaReport = {
  /** The call. */
  "call": string;
  /** Media goes through this server; without, nothing is known of it. */
  "relayed": boolean;
  /** What arrives from each end, two entries for each m-line. */
  "streams": Array<MediaStream>;
  /** Ways that are silent though they should not be; empty for a sound call. */
  "verdicts": Array<MediaVerdict>;
};
/** The relay as a whole. */
export type MediaStats = {
  /** Calls that the relay knows. */
  "calls": number;
  /** Packets dropped since the start. */
  "dropped": number;
  /** Packets received since the start. */
  "packets": number;
  /** Pairs of ports there are, over the addresses used so far. */
  "ports": number;
  /** Pairs of ports in use. */
  "ports_used": number;
  /** Relayed streams: two for each m-line of a call of two. */
  "streams": number;
};
/** What arrives from one end in one stream. */
export type MediaStream = {
  /** Clock of the codec in Hz. */
  "clock"?: number | null;
  /** Encoding name of the codec. */
  "codec"?: string | null;
  /** Its address and port by its description. */
  "described"?: string | null;
  /** Packets that came twice. */
  "duplicates": number;
  /** Packets from elsewhere, dropped. */
  "foreign": number;
  /** Packets passed on. */
  "forwarded": number;
  /** Whose packets these are. */
  "from": MediaEnd;
  /** Packets that are no media, dropped. */
  "implausible": number;
  /** Number of the m-line, from 0. */
  "index": number;
  /** Largest jitter, in milliseconds. */
  "jitter_max_ms": number;
  /** Mean jitter, in milliseconds. */
  "jitter_mean_ms": number;
  /** Jitter now, in milliseconds. */
  "jitter_ms": number;
  /** `audio`, `video`, … */
  "kind": string;
  /** Its address and port as seen, once it is believed. */
  "latched"?: string | null;
  /** How its address was learnt: `off`, `strict`, `auto` or `loose`. */
  "latching": string;
  /** Our address and port that this end sends to. */
  "local": string;
  /** Longest time between two packets, in milliseconds. */
  "longest_gap_ms": number;
  /** The same in percent. */
  "loss_percent": number;
  /** Packets lost before they came here. */
  "lost": number;
  /** Estimate of what the other end hears, 1 to 4.5. */
  "mos"?: number | null;
  /** Octets received, without IP and UDP. */
  "octets": number;
  /** Packets above the allowed rate, dropped. */
  "over_limit": number;
  /** Packets received. */
  "packets": number;
  /** Changes of the payload type. */
  "payload_changes"?: number;
  /** RTP payload type. */
  "payload_type"?: number | null;
  /** `good`, `fair` or `poor`. */
  "quality"?: string | null;
  /** What of bursts the end lacks, by its own measure, in percent. */
  "remote_burst_density_percent"?: number | null;
  /** What comes too late for the end to play it, by its own measure (RFC 3611), in percent. */
  "remote_discard_percent"?: number | null;
  /** Jitter that the end reports of what it receives, in milliseconds. */
  "remote_jitter_ms"?: number | null;
  /** Loss that the end reports of what it receives, in percent. */
  "remote_loss_percent"?: number | null;
  /** How the end hears, by its own measure, 1 to 5. */
  "remote_mos"?: number | null;
  /** Packets that came late. */
  "reordered": number;
  /** RTCP packets received. */
  "rtcp_packets": number;
  /** Round trip between this server and the end, in milliseconds. */
  "rtt_ms"?: number | null;
  /** Packets that the network did not take. */
  "send_errors": number;
  /** Sum of the gaps above 200 ms, in seconds. */
  "silence_seconds": number;
  /** Changes of the source. */
  "source_changes": number;
  /** Synchronisation source. */
  "ssrc"?: number | null;
  /** Packets dropped because there was nobody to pass them on to. */
  "unwanted": number;
  /** Packets of payload types that nobody agreed on. */
  "wrong_payload": number;
};
/** A way that is silent though it should not be. */
export type MediaVerdict = {
  /** Our address and UDP port that must be open for it. */
  "open": string;
  /** Why. */
  "reason": SilenceReason;
  /** For how long, in seconds. */
  "seconds": number;
  /** Who is not heard. */
  "silent": SilentEnd;
  /** Number of the m-line, from 0. */
  "stream": number;
  /** What the descriptions promised, and what came. */
  "text": string;
};
/** Members of a group. */
export type Members = {
  /** Addresses, in the order of the group. */
  "data": Array<string>;
  /** Version of the group. */
  "version": number;
};
/** A stored message. */
export type Message = {
  /** Bcc; only what the account wrote itself has it. */
  "bcc": Array<MailAddress>;
  "body"?: MessageBody | null;
  /** Cc. */
  "cc": Array<MailAddress>;
  /** Date header as given. */
  "date": string;
  /** From. */
  "from": Array<MailAddress>;
  /** Whether it has attachments. */
  "has_attachment": boolean;
  /** Id. */
  "id": string;
  /** Flags and keywords: `$seen`, `$answered`, `$flagged`, `$deleted`, `$draft` and free ones. */
  "keywords": Record<string, boolean>;
  /** Mailboxes it stands in, with its UID in each. */
  "mailboxes": Array<MessagePlace>;
  /** Message-ID. */
  "message_id": string;
  /** Highest change number. */
  "modseq": number;
  /** Beginning of the text, at most 256 characters. */
  "preview": string;
  /** When it was stored. */
  "received_at": string;
  /** Message-IDs of the conversation before it, the first one first. */
  "references": Array<string>;
  /** Reply-To. */
  "reply_to": Array<MailAddress>;
  /** Octets. */
  "size": number;
  /** Subject. */
  "subject": string;
  "thread"?: ThreadView | null;
  /** Id of its thread. */
  "thread_id": string;
  /** To. */
  "to": Array<MailAddress>;
};
/** Text and parts of a message. */
export type MessageBody = {
  /** Parts that are attachments, and pictures that the HTML shows (`cid:`). */
  "attachments": Array<Attachment>;
  /** The HTML form in UTF-8 as its sender wrote it: not to be trusted. */
  "html"?: string | null;
  /** Whether there is an HTML form. */
  "html_available": boolean;
  /** Plain text, decoded. */
  "text"?: string | null;
};
/** Which messages are meant; empty: all. */
export type MessageFilter = {
  /** Text that From must contain. */
  "from"?: string | null;
  /** Whether it has attachments. */
  "has_attachment"?: boolean | null;
  /** A keyword the message must have. */
  "keyword"?: string | null;
  /** Only in this mailbox: id or `path:` name. */
  "mailbox"?: string | null;
  /** A keyword the message must not have. */
  "not_keyword"?: string | null;
  /** Stored at or after. */
  "received_after"?: string | null;
  /** Stored before. */
  "received_before"?: string | null;
  /** Text that Subject must contain. */
  "subject"?: string | null;
  /** Text that From, To, Cc, Subject or body must contain, without regard to case. */
  "text"?: string | null;
  /** Text that To or Cc must contain. */
  "to"?: string | null;
};
/** Where a message stands. */
export type MessagePlace = {
  /** Id of the mailbox. */
  "mailbox_id": string;
  /** UID there. */
  "uid": number;
};
/** A group of module settings. */
export type Module = "smtp" | "smtp_out" | "queue" | "imap" | "pop" | "media" | "sip" | "rules";
/** How much waits in one module. */
export type ModuleSummary = {
  /** Module. */
  "module": QueueModule;
  /** When the oldest message came. */
  "oldest": string;
  /** Queues. */
  "queues": number;
  /** Recipients. */
  "recipients": number;
};
/** The modules there are. */
export type Modules = {
  /** Their names. */
  "data": Array<Module>;
};
export type MoveRoutingLineBody = {
  /** The new place, counted from 1; a number past the end means the end. */
  "position": number;
};
/** Other names of an account, or its numbers. */
export type Names = {
  /** The names, sorted. */
  "data": Array<string>;
  /** Version of the account. */
  "version": number;
};
/** A new line for the routing table: either `text`, or `left` and `right` with their prefixes, or a `comment` alone. */
export type NewRoutingLine = {
  /** Text after `;`. */
  "comment"?: string | null;
  /** False keeps the record without using it. */
  "enabled"?: boolean;
  /** The pattern. */
  "left"?: string;
  /** Place in the table, counted from 1; absent = at the end. */
  "position"?: number | null;
  /** Effect on the relay mark. */
  "relay_prefix"?: RelayPrefix;
  /** What replaces the address. */
  "right"?: string;
  /** The whole line in text form; excludes all other fields but `position`. */
  "text"?: string | null;
  /** Flows the record serves; empty = all three. */
  "type_prefix"?: Array<RouteFlow>;
};
/** A rule as it is given. */
export type NewSignalRule = {
  /** What is done then. */
  "actions"?: Array<RuleAction>;
  /** A remark. */
  "comment"?: string;
  /** All of them must be met; none = always. */
  "conditions"?: Array<RuleCondition>;
  /** Whether it acts; true when absent. */
  "enabled"?: boolean | null;
  /** Name, once in its set. */
  "name": string;
  /** 0 to 10; 5 when absent. */
  "priority"?: number | null;
  /** When it is asked; at once when absent. */
  "stage"?: number;
};
/** What becomes of the messages of a deleted mailbox. */
export type OnMessages = "move_to_trash" | "destroy";
/** One page of a collection. */
export type PageAccount = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Account>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageAddressList = {
  /** The objects of this page, in the order asked for. */
  "data": Array<AddressList>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageAdmin = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Admin>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageBuddy = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Buddy>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageCallRecord = {
  /** The objects of this page, in the order asked for. */
  "data": Array<CallRecord>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageCallStream = {
  /** The objects of this page, in the order asked for. */
  "data": Array<CallStream>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageCertificate = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Certificate>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageConversation = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Conversation>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageDataset = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Dataset>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageDomain = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Domain>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageForwarder = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Forwarder>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageGroup = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Group>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageImMessage = {
  /** The objects of this page, in the order asked for. */
  "data": Array<ImMessage>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** Where a page stands in its collection. */
export type PageInfo = {
  /** Whether more objects follow. */
  "has_more": boolean;
  /** Give it back as `cursor` to read on; null at the end. */
  "next_cursor"?: string | null;
  /** Number of objects in the whole collection; only when `count=exact` was asked for. */
  "total"?: number | null;
};
/** One page of a collection. */
export type PageListener = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Listener>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageMailTrace = {
  /** The objects of this page, in the order asked for. */
  "data": Array<MailTrace>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageMailbox = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Mailbox>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageMessage = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Message>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageQueue = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Queue>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageRegistration = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Registration>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageRoutingConfirmation = {
  /** The objects of this page, in the order asked for. */
  "data": Array<RoutingConfirmation>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageRoutingHit = {
  /** The objects of this page, in the order asked for. */
  "data": Array<RoutingHit>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageRoutingLine = {
  /** The objects of this page, in the order asked for. */
  "data": Array<RoutingLine>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageRoutingVersion = {
  /** The objects of this page, in the order asked for. */
  "data": Array<RoutingVersion>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageSession = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Session>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageSipBan = {
  /** The objects of this page, in the order asked for. */
  "data": Array<SipBan>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageSipSubscription = {
  /** The objects of this page, in the order asked for. */
  "data": Array<SipSubscription>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageSipTransaction = {
  /** The objects of this page, in the order asked for. */
  "data": Array<SipTransaction>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageSubmission = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Submission>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageTargetHealth = {
  /** The objects of this page, in the order asked for. */
  "data": Array<TargetHealth>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageTelnum = {
  /** The objects of this page, in the order asked for. */
  "data": Array<Telnum>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** One page of a collection. */
export type PageTransitMessage = {
  /** The objects of this page, in the order asked for. */
  "data": Array<TransitMessage>;
  /** Where the page stands in the collection. */
  "page": PageInfo;
};
/** How somebody can be reached. */
export type PresenceStatus = "online" | "away" | "dnd" | "busy" | "offline" | "invisible";
/** Who a caller is and what the caller may do. */
export type Principal = {
  /** Id of the account. */
  "account_id": string;
  /** Address of the account. */
  "address": string;
  /** Rights in the own domain. */
  "domain_rights": Array<string>;
  /** When the access token ends. */
  "expires_at": string;
  /** Language of the server. */
  "language": string;
  /** Server rights. */
  "server_rights": Array<string>;
};
/** Why something was not done (RFC 9457) */
export type Problem = {
  "type": string;
  "title": string;
  "status": number;
  /** Stable key */
  "code": string;
  "detail": string;
  "errors"?: Array<ProblemField>;
  /** The right that is missing */
  "required"?: string;
  /** Path of the request */
  "instance"?: string;
  /** Names the request in logs; also in X-Request-Id */
  "request_id"?: string;
  /** The version the object has */
  "current_version"?: string;
};
/** A field at fault */
export type ProblemField = {
  /** JSON pointer into the input */
  "pointer": string;
  "code": string;
  "detail": string;
  /** Particulars, for example line and column */
  "params"?: Record<string, unknown>;
};
/** What is spoken on a listener. */
export type Protocol = "smtp" | "submission" | "imap" | "pop" | "http_admin" | "http_user" | "sip_udp" | "sip_tcp" | "sip_tls";
/** PROXY protocol of a listener. */
export type ProxyProtocol = "off" | "v1" | "v2";
export type PurgeAccountBody = {
  /** Also one that is not deleted yet; needs the right `master`. */
  "force"?: boolean;
};
/** A logical queue: a remote host, or an account. */
export type Queue = {
  /** What the last try ended with. */
  "last_error": string;
  /** Waiting messages. */
  "messages": number;
  /** Which module empties it. */
  "module": QueueModule;
  /** Host, account, list or program. */
  "name": string;
  /** When it is tried next; null while it is held. */
  "next_try"?: string | null;
  /** When its oldest message came; null when nothing waits in a queue that is held. */
  "oldest"?: string | null;
  /** Waiting recipients. */
  "recipients": number;
  /** What it does now. */
  "state": QueueState;
};
/** What an action on queues or messages did. */
export type QueueAction = {
  /** Recipients it touched. */
  "recipients": number;
};
/** Who empties a queue. */
export type QueueModule = "smtp" | "local" | "list" | "pipe";
/** What a queue does now. */
export type QueueState = "active" | "waiting" | "held";
/** How much waits in each module. */
export type QueueSummary = {
  /** One entry per module that has anything waiting. */
  "data": Array<ModuleSummary>;
};
/** A message as it stands on the wire. */
export type RawMessage = {
  /** How `raw` is written: `utf-8` when the message is that, else `base64`. */
  "encoding": Encoding;
  /** The message. */
  "raw": string;
};
/** Whether a recipient waits, is held or is being tried. */
export type RecipientState = "waiting" | "held" | "trying";
export type RedirectMessageBody = {
  /** Only what this recipient was to get. */
  "recipient"?: string | null;
  /** Who gets it now. */
  "to": Array<string>;
};
export type RefreshTokenBody = {
  /** The newest refresh token of the session; absent when a cookie holds it. */
  "refresh_token"?: string | null;
};
/** A binding of the registrar: a telephone of an account (RFC 3261 §10). */
export type Registration = {
  /** The account it is registered for. */
  "account_id": string;
  /** Its address. */
  "address": string;
  /** Where the telephone says it can be reached. */
  "contact": string;
  /** When it registered first. */
  "created_at": string;
  /** Until when. */
  "expires_at": string;
  /** Id of the binding. */
  "id": string;
  /** Whether a NAT is in between: `none`, `far_end` or `near_end`. */
  "nat": string;
  /** It answers pings, or is not pinged with anything that has an answer; requests go there. */
  "reachable": boolean;
  /** Address and port its requests come from. */
  "received": string;
  /** When it registered last. */
  "refreshed_at": string;
  /** How long its last answer to a ping took, in milliseconds. */
  "rtt_ms"?: number | null;
  /** How it is connected: `udp`, `tcp`, `tls`, `ws` or `wss`. */
  "transport": string;
  /** How it calls itself. */
  "user_agent": string;
};
/** What a telephone said when it was asked whether it is there. */
export type RegistrationPinged = {
  /** Status of its answer. */
  "code"?: number | null;
  /** Id of the binding. */
  "id": string;
  /** It answered, whatever it said. */
  "reachable": boolean;
  /** How long its answer took, in milliseconds. */
  "rtt_ms"?: number | null;
};
export type RejectByFilterBody = {
  /** Who signed in to send it. */
  "authenticated"?: string | null;
  /** Only for this recipient. */
  "recipient"?: string | null;
  /** The return path. */
  "sender"?: string | null;
  /** What the senders are told. */
  "text"?: string | null;
};
export type RejectMessageBody = {
  /** Only this recipient. */
  "recipient"?: string | null;
  /** What the sender is told. */
  "text"?: string | null;
};
export type RejectQueueBody = {
  /** What the senders are told. */
  "text"?: string | null;
};
/** Kinds of relay decisions. */
export type RelayDecision = "local" | "relay_allowed" | "relay_refused";
/** What a record does to the relay mark of the address it is applied to. */
export type RelayPrefix = "relay" | "relay_all" | "no_relay";
/** What a server decides for one recipient. */
export type RelayVerdict = {
  /** Why. */
  "reason": string;
  /** The decision. */
  "verdict": RelayDecision;
};
export type ReleaseMessageBody = {
  /** Only this recipient. */
  "recipient"?: string | null;
};
/** How many registrations were taken away. */
export type Removed = {
  /** The number. */
  "removed": number;
};
export type RenameAccountBody = {
  /** Keep the old name as an alias; true when absent. */
  "keep_alias"?: boolean | null;
  /** The new name. */
  "name": string;
};
export type RenameDomainBody = {
  /** Keep the old name as an alias; true when absent. */
  "keep_alias"?: boolean | null;
  /** The new name. */
  "name": string;
};
export type RenameForwarderBody = {
  /** The new name. */
  "new_name": string;
};
export type RenameGroupBody = {
  /** The new name. */
  "new_name": string;
};
export type RenameMainDomainBody = {
  /** Keep the old name as an alias; true when absent. */
  "keep_alias"?: boolean | null;
  /** The new name. */
  "name": string;
};
export type ReorderAccountSignalRulesBody = {
  /** Every rule once, by id or name, in the new order. */
  "rules": Array<string>;
};
export type ReorderDomainSignalRulesBody = {
  /** Every rule once, by id or name, in the new order. */
  "rules": Array<string>;
};
export type ReorderServerSignalRulesBody = {
  /** Every rule once, by id or name, in the new order. */
  "rules": Array<string>;
};
export type ReplaceAccountSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
export type ReplaceAddressListBody = {
  /** Its lines, all of them. */
  "lines": Array<string>;
};
export type ReplaceAliasesBody = {
  /** All of its other names. */
  "aliases": Array<string>;
};
export type ReplaceDatasetBody = {
  /** Its entries, all of them. */
  "entries": Array<string>;
};
export type ReplaceDomainAliasesBody = {
  /** All of its other names. */
  "aliases": Array<string>;
};
export type ReplaceDomainSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
export type ReplaceDraftBody = {
  /** Uploaded files, and parts of messages. */
  "attachments"?: Array<AttachmentRef>;
  /** Bcc. */
  "bcc"?: Array<MailAddress>;
  /** Cc. */
  "cc"?: Array<MailAddress>;
  "from"?: MailAddress | null;
  /** HTML form. */
  "html"?: string | null;
  /** Message-ID this answers. */
  "in_reply_to"?: string | null;
  /** Message-IDs of the conversation, the first one first; what it answers when empty. */
  "references"?: Array<string>;
  /** Subject. */
  "subject"?: string;
  /** Plain text. */
  "text"?: string;
  /** To. */
  "to"?: Array<MailAddress>;
};
export type ReplaceMembersBody = {
  /** Addresses; names without a domain are in the group's domain. */
  "members": Array<string>;
};
export type ReplaceRightsBody = {
  /** Rights in the account's own domain. */
  "domain"?: Array<string>;
  /** Rights over the server. */
  "server"?: Array<string>;
};
export type ReplaceRoutingTableBody = {
  /** True accepts a table that relays for everybody. */
  "confirm_open_relay"?: boolean;
  /** When the table is saved: seconds, 10 to 3600, after which the earlier table comes back by itself unless the change is confirmed; absent = the table stays. */
  "confirm_within"?: number | null;
  /** The table line by line; `position` is ignored, the order of the list counts. */
  "lines"?: Array<NewRoutingLine> | null;
  /** The table in text form. */
  "text"?: string | null;
};
export type ReplaceServerSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
export type ReplaceTelnumsBody = {
  /** All of its numbers in E.164 form. */
  "telnums": Array<string>;
};
/** Shape of the SMTP codes of refusals. */
export type ReplyCodes = "standard" | "compatible";
export type RerouteMessageBody = {
  /** Only this recipient. */
  "recipient"?: string | null;
};
export type RestoreAccountBody = {
  /** Another name, when the old one is taken. */
  "new_name"?: string | null;
};
/** A right. */
export type RightDescription = {
  /** Whether the caller holds it and may give it on. */
  "held": boolean;
  /** Name of the right. */
  "right": string;
  /** Over what it is held. */
  "scope": RightScope;
};
/** Over what a right is held. */
export type RightScope = "server" | "domain";
/** Rights of an account. */
export type Rights = {
  /** Rights in the account's own domain. */
  "domain": Array<string>;
  /** Rights over the server; only for accounts of the main domain. */
  "server": Array<string>;
  /** Version of the account. */
  "version": number;
};
/** The rights there are. */
export type RightsCatalogue = {
  /** One entry per right. */
  "data": Array<RightDescription>;
};
/** Special use of a mailbox (RFC 6154). */
export type Role = "inbox" | "sent" | "drafts" | "trash" | "junk" | "archive";
export type RollbackRoutingBody = {
  /** The version whose table becomes the newest one. */
  "version": number;
};
/** Who of two sees the presence of the other. */
export type RosterSubscription = "none" | "to" | "from" | "both";
/** The kind of traffic an address is routed for. */
export type RouteFlow = "mail" | "access" | "signal";
/** Kinds of results. */
export type RouteKind = "local" | "app" | "list" | "group" | "all" | "smtp" | "sip" | "pipe" | "null" | "spamtrap" | "error";
/** Marks an address can get on its way. */
export type RouteMark = "relayable";
/** A result in fields; only those of its kind are present. */
export type RouteResult = {
  /** The account, `name@domain`. */
  "account"?: string | null;
  /** Address handed to the module, for example the one sent in `RCPT TO`. */
  "address"?: string | null;
  /** Name of the application. */
  "app"?: string | null;
  /** Error code of the flow; absent for logins. */
  "code"?: number | null;
  /** Text after `+` in the address. */
  "detail"?: string | null;
  /** Kind of result. */
  "kind": RouteKind;
  /** Mailbox of the account named in the address. */
  "mailbox"?: string | null;
  /** Members of the group. */
  "members"?: Array<string> | null;
  /** Module that takes it, for example `SMTP`. */
  "module"?: string | null;
  /** Operation of the list. */
  "operation"?: string | null;
  /** Parameters of the application. */
  "params"?: Array<string> | null;
  /** Setting of the domain that decided about an unknown name, for example `mail_to_unknown=rejected`. */
  "policy"?: string | null;
  /** Queue of the module, for example the host. */
  "queue"?: string | null;
  /** Address the mail was really for, when a whole domain is collected in one account. */
  "real_to"?: string | null;
  /** Error text. */
  "text"?: string | null;
};
/** The settings of [`RouterSettings`] that one level sets; what is absent is inherited. */
export type RouterSettingsPatch = {
  /** `account+detail` is an address of the account. */
  "account_detail_addressing"?: boolean | null;
  "add_domain_to_unqualified"?: UnqualifiedSuffix | null;
  /** `mailbox#account` delivers mail into that mailbox. */
  "direct_mailbox_addressing"?: boolean | null;
  /** ENUM roots, asked in this order. */
  "enum_zones"?: Array<string> | null;
  /** `user@[1.2.3.4]` is accepted for the server's own addresses. */
  "ip_literals"?: boolean | null;
  /** Passes after which an address counts as a loop. */
  "max_routing_steps"?: number | null;
  "reply_codes"?: ReplyCodes | null;
  /** An address assigned to a secondary domain stands for that domain; off = for the main domain. */
  "secondary_ip_domains"?: boolean | null;
  /** Name of the domain that holds telephone numbers. */
  "telnum_domain"?: string | null;
};
/** A change of the Router that goes back by itself unless it is confirmed. */
export type RoutingConfirmation = {
  /** When it goes back. */
  "confirm_by": string;
  /** Id. */
  "id": string;
  /** What was changed. */
  "part": RoutingPart;
  /** When it was saved. */
  "saved_at": string;
  /** Address of the account that saved it. */
  "saved_by": string;
  /** Version that was saved: of the table, or of the settings of the server. */
  "version": number;
};
/** A line that cannot be saved. */
export type RoutingError = {
  /** Why: `routing_syntax`, or `open_relay` for a table that must be confirmed. */
  "code": RoutingErrorCode;
  /** Column in characters, counted from 1. */
  "column": number;
  /** Line, counted from 1. */
  "line": number;
  /** The reason in words. */
  "reason": string;
};
/** Why a line cannot be saved. */
export type RoutingErrorCode = "routing_syntax" | "open_relay";
/** How often a line of the table was applied. */
export type RoutingHit = {
  /** How often it was applied in this hour and the 23 hours before it. */
  "hits": number;
  /** The line. */
  "id": string;
  /** Its place in the table, counted from 1. */
  "position": number;
};
/** One line of the routing table. */
export type RoutingLine = {
  /** Text after `;`; null when there is none. */
  "comment"?: string | null;
  /** False for a record that is kept but not used (`;!` in the text form). */
  "enabled": boolean;
  /** Identity of the line; it survives edits and moves. */
  "id": string;
  /** The pattern, for example `<(3d)@gateway.company.dom>`; empty for a comment or blank line. */
  "left": string;
  /** Where the line came from. */
  "origin": LineOrigin;
  /** Place in the table, counted from 1; lines are tried in this order. */
  "position": number;
  /** Effect on the relay mark. */
  "relay_prefix": RelayPrefix;
  /** What replaces the address, for example `gatewayincoming{*}#pbx`; empty for a comment or blank line. */
  "right": string;
  /** The whole line as it was typed. */
  "text": string;
  /** Flows the record serves; empty = all three. */
  "type_prefix": Array<RouteFlow>;
  /** Version of the table in which this line was last changed. */
  "version": number;
};
/** Parts of the Router that are saved as a whole. */
export type RoutingPart = "table" | "settings";
/** The whole routing table. */
export type RoutingTable = {
  /** The same lines one by one. */
  "lines": Array<RoutingLine>;
  /** The table in text form. */
  "text": string;
  /** Version of the table; a replacement names it in `If-Match`. */
  "version": number;
};
/** What is wrong or doubtful in a table. */
export type RoutingValidation = {
  /** What keeps it from being saved. */
  "errors": Array<RoutingError>;
  /** True when the table can be saved. */
  "valid": boolean;
  /** What can be saved but looks like a mistake. */
  "warnings": Array<RoutingWarning>;
};
/** One version of the table in the history. */
export type RoutingVersion = {
  /** When it was saved. */
  "changed_at": string;
  /** Address of the account that saved it. */
  "changed_by": string;
  /** The table after the change, in text form. */
  "new_text": string;
  /** The table before the change, in text form. */
  "old_text": string;
  /** Version the change produced. */
  "version": number;
};
/** A remark about a table or about one routed address. */
export type RoutingWarning = {
  /** What kind of remark. */
  "code": RoutingWarningCode;
  /** Line of the table it is about, counted from 1. */
  "line"?: number | null;
  /** The remark in words. */
  "text": string;
};
/** Kinds of remarks. */
export type RoutingWarningCode = "open_relay" | "missing_signal" | "shadowed" | "duplicate" | "never_applies" | "loop_suspected" | "domain_lost" | "unknown_object" | "unknown_application" | "number_length" | "external_helper";
/** An action of a rule. */
export type RuleAction = {
  /** Addresses parted by commas, a status and a text, the name of a dataset, an address and a text, a URL after `[POST]` when it is posted to, or a text. In texts and URLs `^E` is the address of the caller, `^N` the name, `^F` both, `^R` who was called, `^A` the account, `^S` the subject, `^I` the Call-ID, `^H{Name}` a field of the request. */
  "arg"?: string;
  /** `redirect_to`, `fork_to`, `reject_with`, `stop_processing`, `discard_rules`, `remember_from_in`, `send_im`, `send_url` or `write_to_log`. */
  "verb": string;
};
/** A condition of a rule. */
export type RuleCondition = {
  /** With what: a picture in which `*` stands for anything, a list of them parted by commas, `#` and the name of a dataset, a number, a time or a date. */
  "arg"?: string;
  /** What is looked at: `method`, `request_uri`, `call_type`, `reg_clients`, `req_field`, `agent_type`, `from`, `to`, `from_name`, `authenticated`, `submit_address`, `presence`, `time_of_day`, `current_date`, `current_day`. */
  "field": string;
  /** How: `is`, `is_not`, `in`, `not_in`, `contains`, `not_contains`, `less_than`, `greater_than`. */
  "op": string;
};
/** Something about a rule. */
export type RuleFinding = {
  /** For people. */
  "detail": string;
  /** JSON pointer into the input. */
  "pointer": string;
};
/** Whether an account has rules. */
export type RulesAllowed = "no" | "any";
export type RunDnsCheckBody = {
  /** What is looked at; absent or with `all` everything. */
  "checks"?: Array<DnsCheckKind>;
  /** Who is asked. */
  "resolver"?: DnsResolver;
};
export type SearchMessagesBody = {
  /** `next_cursor` of the page before. */
  "cursor"?: string | null;
  /** Text that From must contain. */
  "from"?: string | null;
  /** Whether it has attachments. */
  "has_attachment"?: boolean | null;
  /** A keyword the message must have. */
  "keyword"?: string | null;
  /** Messages per page, 1 to 500. */
  "limit"?: number | null;
  /** Only in this mailbox: id or `path:` name. */
  "mailbox"?: string | null;
  /** A keyword the message must not have. */
  "not_keyword"?: string | null;
  /** Stored at or after. */
  "received_after"?: string | null;
  /** Stored before. */
  "received_before"?: string | null;
  /** Text that Subject must contain. */
  "subject"?: string | null;
  /** Text that From, To, Cc, Subject or body must contain, without regard to case. */
  "text"?: string | null;
  /** Text that To or Cc must contain. */
  "to"?: string | null;
};
export type SendImBody = {
  /** Its media type; `text/plain` when absent. */
  "content_type"?: string | null;
  /** The text. */
  "text": string;
};
export type SendMessageBody = {
  /** Uploaded files, and parts of messages. */
  "attachments"?: Array<AttachmentRef>;
  /** Bcc. */
  "bcc"?: Array<MailAddress>;
  /** Cc. */
  "cc"?: Array<MailAddress>;
  /** When the sender wants a report (RFC 3461); failures and delays when empty. */
  "dsn"?: Array<DsnWish>;
  "encoding"?: Encoding | null;
  "from"?: MailAddress | null;
  /** HTML form. */
  "html"?: string | null;
  /** Message-ID this answers. */
  "in_reply_to"?: string | null;
  /** The whole message (RFC 5322) instead of its parts; without recipients beside it, those of its header get it. */
  "raw"?: string | null;
  /** Message-IDs of the conversation, the first one first; what it answers when empty. */
  "references"?: Array<string>;
  /** Asks readers to say that they have read it (RFC 8098). */
  "request_mdn"?: boolean;
  /** A copy goes into the mailbox of sent messages; true when absent. */
  "save_sent"?: boolean | null;
  /** Time at which it is sent, at most 30 days ahead. */
  "send_at"?: string | null;
  /** Subject. */
  "subject"?: string;
  /** Plain text. */
  "text"?: string;
  /** To. */
  "to"?: Array<MailAddress>;
  /** Seconds in which it can be called back, 0 to 120. */
  "undo_seconds"?: number;
};
/** Identity of the server. */
export type Server = {
  /** Language. */
  "language": string;
  /** Main domain. */
  "main_domain": string;
  /** IANA time zone. */
  "time_zone": string;
  /** Version of the object. */
  "version": number;
};
/** One check. */
export type ServerCheck = {
  /** What it is measured by. */
  "bound"?: number | null;
  /** What is checked: `database`, `listeners`, `disk`, `open_files` (for the ports of media and all connections), `media_ports` (how many pairs are in use), `media_streams`, `local_ports` (that the system gives to others but which are ports of media), or a warning of the addresses as in `/network/lan`, which stands here only when it applies. */
  "check": string;
  /** The same for people. */
  "detail": string;
  /** What there is, when it is a number. */
  "found"?: number | null;
  /** How it stands. */
  "state": CheckState;
};
/** What of this server was checked. */
export type ServerChecks = {
  /** Every check, in a fixed order. */
  "data": Array<ServerCheck>;
};
/** The settings of [`ServerSettings`] that one level sets; what is absent is inherited. */
export type ServerSettingsPatch = {
  "failed_logins_per_ip"?: Flow | null;
  /** Login errors are the same for an unknown account and a wrong password. */
  "hide_unknown_accounts"?: boolean | null;
  "rate_admin_read"?: Flow | null;
  "rate_admin_write"?: Flow | null;
  "rate_anonymous"?: Flow | null;
  "rate_default"?: Flow | null;
  "rate_login"?: Flow | null;
  /** How long deleted accounts can be restored; 0 = not at all. */
  "undelete_window"?: number | null;
};
/** A session of an account. */
export type Session = {
  /** When it began. */
  "created_at": string;
  /** Name the device gave itself. */
  "device_name": string;
  /** Id. */
  "id": string;
  /** When its tokens were renewed last. */
  "last_used_at": string;
  /** Address it signed in from. */
  "remote_ip": string;
};
export type SetAccountPasswordBody = {
  /** The old password; needed when one changes one's own without further rights. */
  "old_password"?: string | null;
  /** The new password. */
  "password": string;
};
export type SetPresenceBody = {
  /** What it adds; at most 1000 characters. */
  "note"?: string;
  /** How it can be reached. */
  "status": PresenceStatus;
};
/** What a setting is, whatever its value. */
export type SettingDescription = {
  /** The values an enum can have; empty for other types. */
  "choices": Array<string>;
  /** The built-in value. */
  "default": unknown;
  /** Help text. */
  "help": string;
  /** Name of the setting. */
  "key": string;
  /** Largest value of a number. */
  "max"?: number | null;
  /** Smallest value of a number. */
  "min"?: number | null;
  /** The owner of the object may change it. */
  "own": boolean;
  /** Acts after a restart only. */
  "restart": boolean;
  /** Never shown back. */
  "secret": boolean;
  /** Type of the value: bool, int, string, list, flow or enum. */
  "type": string;
  /** Unit of a number, or empty. */
  "unit": string;
  /** View level at which administrators see it first. */
  "view": string;
};
/** Describes every setting there is. */
export type SettingsCatalogue = {
  /** One entry per object that has settings. */
  "data": Array<SettingsGroup>;
};
/** The settings of one kind of object. */
export type SettingsGroup = {
  /** Levels that can set them, the most general first. */
  "levels": Array<Source>;
  /** The object: `server`, `domain`, `account`, `router`, `group`, or the name of a module. */
  "object": string;
  /** The settings. */
  "settings": Array<SettingDescription>;
};
/** All settings of an object with their origin. */
export type SettingsView = {
  /** One entry per setting. */
  "data": Array<EffectiveSetting>;
  /** Version of the object that holds the explicit values. */
  "version": number;
};
/** A claimed server. */
export type SetupDone = {
  /** Access token of the administrator. */
  "access_token": string;
  /** Address of the administrator. */
  "administrator": string;
  /** Seconds the access token is good for. */
  "expires_in": number;
  /** Main domain. */
  "main_domain": string;
  /** Refresh token of the administrator. */
  "refresh_token"?: string | null;
};
/** Whether the server waits to be claimed. */
export type SetupState = {
  /** True once the server was claimed. */
  "completed": boolean;
  /** Address ranges of this machine's networks, offered as further Client IPs; none is taken by itself. */
  "interface_networks": Array<string>;
};
/** An address that this server shows to telephones. */
export type ShownAddress = {
  /** The address that acts; nothing when there is no way to such addresses. */
  "acts"?: string | null;
  /** Whether it is one of this machine; else a NAT in front must keep ports. */
  "on_machine": boolean;
  /** The address as set; nothing when it is found by the route. */
  "set"?: string | null;
};
/** A rule for calls and other signals. */
export type SignalRule = {
  /** What is done then, in this order. */
  "actions": Array<RuleAction>;
  /** A remark. */
  "comment": string;
  /** All of them must be met. A rule that does not look at the method means calls and messages. */
  "conditions": Array<RuleCondition>;
  /** Whether it acts; off, it keeps its priority. */
  "enabled": boolean;
  /** Id. */
  "id": string;
  /** Name, once in its set. */
  "name": string;
  /** 1 to 10, the highest first; 0 = never. */
  "priority": number;
  /** When it is asked: 0 = at once, 1 to 600 = after so many seconds without a final answer, 995 = nobody answers, 997 = busy, 999 = another failure. */
  "stage": number;
  /** Version of the rule, its ETag. */
  "version": number;
};
/** The rules of the server, a domain or an account, in their order. */
export type SignalRules = {
  /** The rules. */
  "data": Array<SignalRule>;
  /** Version of the whole set, its ETag. */
  "version": number;
};
/** What is wrong or doubtful in rules. */
export type SignalRulesReviewed = {
  /** Why they would be refused; none when they can be saved. */
  "errors": Array<RuleFinding>;
  /** What is doubtful: what is never asked or done, addresses that lead nowhere, datasets that are not there. */
  "warnings": Array<RuleFinding>;
};
/** What would happen to a call. */
export type SignalRulesTested = {
  /** Its text, when a rule says one. */
  "reason"?: string | null;
  /** What the caller hears in the end, when nobody who is called elsewhere answers. */
  "status": number;
  /** What is done, in the order of time. */
  "timeline": Array<TimelineStep>;
};
/** Why an end is silent, as far as one can guess. */
export type SilenceReason = "not_latched" | "private_address" | "firewall" | "wrong_pt" | "icmp_unreachable" | "stopped";
/** Who is silent. */
export type SilentEnd = "caller" | "callee" | "both";
/** An address that is not listened to for a while. */
export type SipBan = {
  /** The address; of IPv6 the network of 64 bits. */
  "address": string;
  /** Why: `wrong_passwords` (its passwords are refused), `scanner` or `unknown_users` (nothing of it is answered). */
  "reason": string;
  /** Since when. */
  "since": string;
  /** Until when. */
  "until": string;
};
/** How many messages of a kind came and left. */
export type SipCount = {
  /** Method, or class such as `2xx`. */
  "name": string;
  /** How many came. */
  "received": number;
  /** How many left. */
  "sent": number;
  /** How they travelled. */
  "transport": string;
};
/** Counters of SIP on this node. */
export type SipStats = {
  /** Addresses banned now. */
  "bans": number;
  /** Calls now. */
  "calls": number;
  /** Calls that were one too many to reach an account or its domain (`call_in_flow`). */
  "calls_in_limited": number;
  /** Calls that were one too many to be made by an account or its domain (`call_out_flow`). */
  "calls_out_limited": number;
  /** Transactions of sent requests now. */
  "client_transactions": number;
  /** Messages that were dropped: malformed ones that cannot be answered, and responses to nothing. */
  "dropped": number;
  /** Requests above the rate of their address that were answered with 503. */
  "limited": number;
  /** Registrations that were one too many for an account or its domain (`register_flow`). */
  "register_limited": number;
  /** Telephones registered now. */
  "registrations": number;
  /** Requests by method and transport. */
  "requests": Array<SipCount>;
  /** Responses by class and transport. */
  "responses": Array<SipCount>;
  /** Transactions of received requests now. */
  "server_transactions": number;
  /** Requests that were not answered at all, their address being banned or far above its rate. */
  "silenced": number;
  /** Since when is counted. */
  "started_at": string;
  /** Answers to an INVITE that no transaction waited for. */
  "stray": number;
};
/** Somebody watches a state of an account (RFC 6665). */
export type SipSubscription = {
  /** Whose. */
  "account_id": string;
  /** Its address. */
  "address": string;
  /** Domain of that account. */
  "domain_id": string;
  /** Until when. */
  "expires_at": string;
  /** Number of the subscription on this node. */
  "id": number;
  /** What is watched: `presence`, `presence.winfo`, `message-summary`, `dialog` or `reg`. */
  "package": string;
  /** Address and port the watcher subscribed from. */
  "remote": string;
  /** Since when. */
  "since": string;
  /** Whether the watcher is told: `active` or `pending`. */
  "state": string;
  /** How it is connected. */
  "transport": string;
  /** Its address. */
  "watcher": string;
  /** The account that watches. */
  "watcher_id"?: string | null;
};
/** A transaction that lasts. */
export type SipTransaction = {
  /** Since when. */
  "began_at": string;
  /** Branch of its topmost Via. */
  "branch": string;
  /** When its next timer is due. */
  "due_at"?: string | null;
  /** Id while it lasts. */
  "id": string;
  /** Its method. */
  "method": string;
  /** The other side. */
  "remote": string;
  /** `server`: the request was received; `client`: it was sent. */
  "side": string;
  /** Its Call-ID. */
  "sip_call_id": string;
  /** `waiting` for its final answer, or `answered`: it lasts a while longer for repeated messages. */
  "state": string;
  /** How it travels. */
  "transport": string;
};
/** A record that fitted but was not applied. */
export type SkippedRecord = {
  /** Line of the table, counted from 1. */
  "line": number;
  /** Why it was not applied. */
  "reason": string;
};
/** A level of settings. */
export type Source = "builtin" | "server" | "domain" | "account";
export type StartCallBody = {
  /** Who calls: id, address, name in the main domain, or `me`. */
  "account": string;
  /** The telephone picks itself up where it can, for its owner only. */
  "auto_answer"?: boolean | null;
  /** Whom: an address, or a name or number as the account would dial it. */
  "to": string;
};
/** Kinds of steps. */
export type StepKind = "parse" | "normalise" | "own_name" | "special" | "record" | "reserved" | "suffix" | "qualify" | "domain_alias" | "object" | "alias" | "forwarder" | "group" | "list" | "detail" | "mailbox" | "app" | "unknown_setting" | "telnum" | "enum" | "remote" | "blacklisted" | "loop";
/** A record named in a step. */
export type StepRecord = {
  /** Identity of the line; null in a draft table. */
  "id"?: string | null;
  /** Line of the table, counted from 1. */
  "line": number;
  /** The record as typed. */
  "text": string;
};
/** A message that was stored. */
export type Stored = {
  /** Id of the message. */
  "id": string;
  /** Id of the mailbox. */
  "mailbox_id": string;
  /** Octets. */
  "size": number;
  /** UID there. */
  "uid": number;
};
/** A question to a STUN server. */
export type StunProbe = {
  /** Address and port it was asked from. */
  "local": string;
  /** Address and port it saw; nothing when it did not answer. */
  "seen"?: string | null;
  /** Address and port of the server. */
  "server": string;
};
/** A message that was sent, or will be. */
export type Submission = {
  /** Id. */
  "id": string;
  /** Message-ID. */
  "message_id": string;
  /** Number of the message once it has gone. */
  "number"?: number | null;
  /** What became of each recipient. */
  "recipients": Array<SubmissionRecipient>;
  /** Whether it has gone. */
  "state": SubmissionState;
  /** Until when it can be called back. */
  "undo_until"?: string | null;
};
/** What became of a recipient. */
export type SubmissionRecipient = {
  /** Address. */
  "address": string;
  /** What the last try ended with. */
  "reply": string;
  /** Where the Router sends it. */
  "route": string;
  /** `pending`, `delivered`, `queued`, `sent`, `failed` or `cancelled`. */
  "state": string;
};
/** Whether a submission has gone. */
export type SubmissionState = "pending" | "sent" | "cancelled" | "failed";
export type SubmitRawMessageBody = {
  /** Return path; empty for none. */
  "from": string;
  /** The message, RFC 5322 text. */
  "raw": string;
  /** Recipients. */
  "to": Array<string>;
};
export type SuspendAccountBody = {
  "suspend_mail"?: SuspendMail | null;
};
/** What mail for a suspended account meets. */
export type SuspendMail = "accept" | "reject" | "bounce";
/** A server elsewhere that failed and is asked after the others of its name for a while. */
export type TargetHealth = {
  /** Its address and port. */
  "address": string;
  /** Why: 408 it does not answer, 503 it cannot be reached or says that it is overloaded. */
  "code": number;
  /** Since when. */
  "failed_at": string;
  /** How often in this time. */
  "failures": number;
  /** Until when. */
  "retry_at": string;
  /** How it was reached. */
  "transport": string;
};
/** A telephone number and whose it is. */
export type Telnum = {
  /** The account. */
  "account_id": string;
  /** Its address. */
  "address": string;
  /** The number in E.164 form. */
  "number": string;
};
export type TestAddressBody = {
  /** The address. */
  "address": string;
};
export type TestSignalRulesBody = {
  /** Whether the caller proved to be the account of that address; true when absent and there is one. */
  "authenticated"?: boolean | null;
  /** What the telephones of the account do; those that are registered ring without an answer when absent. */
  "devices_state"?: Array<DeviceState> | null;
  /** Other fields of the request, `Name: value`. */
  "fields"?: Array<string>;
  /** Who calls: an address or number; empty = somebody who does not say who he is. */
  "from"?: string;
  /** The name the caller shows. */
  "from_name"?: string;
  /** Whether the account is in another call. */
  "in_call"?: boolean;
  /** `INVITE` when absent; of other signals only what happens at once is asked. */
  "method"?: string | null;
  /** How the account can be reached, such as `online` or `away`; as it is now when absent. */
  "presence"?: string | null;
  /** Rules to try instead of those the account has. */
  "rules"?: Array<NewSignalRule> | null;
  /** The moment of the call by the clock of the server's time zone, `2026-06-18T10:30`; now when absent. */
  "time"?: string | null;
  /** The address that is called; the account's own when absent. */
  "to"?: string | null;
  /** The program that calls, as its `User-Agent` field says. */
  "user_agent"?: string;
};
/** What a mailbox holds of a thread. */
export type ThreadView = {
  /** Whether one of them is flagged. */
  "flagged": boolean;
  /** Who wrote the last ten of them, each once, the last one first. */
  "from": Array<MailAddress>;
  /** Its messages there, the one stored last first; at most 500. */
  "ids": Array<string>;
  /** How many of them are not seen. */
  "unseen": number;
};
/** One step of a call. */
export type TimelineStep = {
  /** What is done. */
  "action": string;
  /** Whose rule it is: `server`, `domain`, `account`; or `settings` of the account, or `telephones`. */
  "by": string;
  /** The same as live calls show it in their ladders. */
  "note": string;
  /** Name of the rule or setting. */
  "rule": string;
  /** Stage in which it is done. */
  "stage": number;
  /** Seconds since the call came. */
  "t": number;
  /** Where the call goes. */
  "targets": Array<string>;
};
/** When TLS begins. */
export type TlsMode = "off" | "starttls" | "implicit";
/** What happens to signals or logins for unknown names. */
export type ToUnknown = "rejected" | "rerouted";
/** Tokens of a session. */
export type Tokens = {
  /** Access token for `Authorization: Bearer`. */
  "access_token": string;
  /** Seconds the access token is good for. */
  "expires_in": number;
  /** Good for one use at `/auth/refresh`; absent when it went into a cookie. */
  "refresh_token"?: string | null;
  /** Always `Bearer`. */
  "token_type": string;
};
/** A message of the ladder. */
export type TraceArrow = {
  /** When. */
  "at": string;
  /** Its status, when it is a response. */
  "code"?: number | null;
  /** Who sent it. */
  "from": number;
  /** Its first line. */
  "label": string;
  /** The message with credentials masked, and without its body unless the whole is asked for. */
  "message": string;
  /** Who got it. */
  "to": number;
  /** How it travelled. */
  "transport": string;
};
/** How much of a call's ladder is wanted. */
export type TraceDetail = "headers" | "full";
/** One thing that happened to a message. */
export type TraceEvent = {
  /** When. */
  "at": string;
  /** Particulars: recipients, host, reply, size. */
  "detail": Record<string, unknown>;
  /** What: `received`, `delivered`, `queued`, `sent`, `deferred`, `failed`, `held`, … */
  "kind": string;
};
/** A decision in the ladder. */
export type TraceNote = {
  /** When. */
  "at": string;
  /** What kind of decision: `route`, `auth`, `rule`, `dns`, `timer` or `media`. */
  "kind": string;
  /** What was decided. */
  "text": string;
};
/** A column of the ladder. */
export type TraceParticipant = {
  /** Its address and port. */
  "address": string;
  /** Its number. */
  "id": number;
  /** What it is called. */
  "label": string;
};
/** A message in transit. */
export type TransitMessage = {
  /** Who signed in to send it. */
  "authenticated"?: string | null;
  /** What happened to it so far; only when one message is shown. */
  "events"?: Array<TraceEvent> | null;
  /** Header fields; only when one message is shown. */
  "headers"?: Array<HeaderField> | null;
  /** Whether all who are still to get it are on hold. */
  "held": boolean;
  /** The number given in the SMTP 250. */
  "number": number;
  /** When it was taken. */
  "queued_at": string;
  /** Who is still to get it. */
  "recipients": Array<TransitRecipient>;
  /** Return path; empty for reports. */
  "return_path": string;
  /** Octets. */
  "size": number;
  /** How it came: `SMTP [IP]`, `API [IP]`, … */
  "source": string;
  /** Shared by all records of this message. */
  "trace_id": string;
};
/** A recipient that has not got its message yet. */
export type TransitRecipient = {
  /** Address as given by the sender. */
  "address": string;
  /** Tries so far. */
  "attempts": number;
  /** What the last try ended with. */
  "last_reply": string;
  /** Module. */
  "module": QueueModule;
  /** Number within the message. */
  "n": number;
  /** Next try; null while it is held or being tried. */
  "next_try"?: string | null;
  /** Queue. */
  "queue": string;
  /** Whether it waits, is held or is being tried. */
  "state": RecipientState;
  /** Address the Router made of it. */
  "target": string;
};
/** One step. */
export type TrendPoint = {
  /** When it begins. */
  "at": string;
  /** Most calls at a time. */
  "calls": number;
  /** Recipients that failed for good. */
  "failed": number;
  /** Messages taken in. */
  "received": number;
  /** Most telephones registered. */
  "registrations": number;
  /** Messages taken by other servers. */
  "sent": number;
  /** Most recipients that waited. */
  "waiting": number;
};
/** How far back one looks. */
export type TrendSpan = "hour" | "day" | "week" | "month";
/** What went through the server. */
export type Trends = {
  /** Each step of which something is known; while the server did not run there is none. */
  "data": Array<TrendPoint>;
  /** When the first step begins. */
  "since": string;
  /** Length of a step in seconds. */
  "step_seconds": number;
  /** When the last step ends. */
  "until": string;
};
export type UnholdMessageBody = {
  /** Only this recipient. */
  "recipient"?: string | null;
};
/** The domain that is added to names without a dot; null = the main domain, empty = none. */
export type UnqualifiedSuffix = string | null;
export type UpdateAccountBody = {
  /** Name of the person. */
  "real_name"?: string | null;
};
export type UpdateAccountSettingsBody = {
  "set"?: AccountSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateAccountSignalRuleBody = {
  /** All of its actions. */
  "actions"?: Array<RuleAction> | null;
  /** A remark. */
  "comment"?: string | null;
  /** All of its conditions. */
  "conditions"?: Array<RuleCondition> | null;
  /** Whether it acts. */
  "enabled"?: boolean | null;
  /** Its new name. */
  "name"?: string | null;
  /** Its priority. */
  "priority"?: number | null;
  /** When it is asked. */
  "stage"?: number | null;
};
export type UpdateBuddyBody = {
  /** Groups the buddy stands in. */
  "groups"?: Array<string> | null;
  /** What the account calls the buddy. */
  "name"?: string | null;
};
export type UpdateDiallerSettingsBody = {
  "set"?: DiallerSettingsPatch | null;
  /** Names to return to their defaults. */
  "unset"?: Array<string>;
};
export type UpdateDnsSettingsBody = {
  "set"?: DnsSettingsPatch | null;
  /** Names to return to the built-in value. */
  "unset"?: Array<string>;
};
export type UpdateDomainAccountDefaultsBody = {
  "set"?: AccountSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateDomainBody = {
  /** Addresses of this server at which the domain may be left out of login names. */
  "assigned_ips"?: Array<string> | null;
};
export type UpdateDomainSettingsBody = {
  "set"?: DomainSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateDomainSignalRuleBody = {
  /** All of its actions. */
  "actions"?: Array<RuleAction> | null;
  /** A remark. */
  "comment"?: string | null;
  /** All of its conditions. */
  "conditions"?: Array<RuleCondition> | null;
  /** Whether it acts. */
  "enabled"?: boolean | null;
  /** Its new name. */
  "name"?: string | null;
  /** Its priority. */
  "priority"?: number | null;
  /** When it is asked. */
  "stage"?: number | null;
};
export type UpdateForwarderBody = {
  /** Where it leads. */
  "to": string;
};
export type UpdateGroupBody = {
  /** Addresses, all of them. */
  "members"?: Array<string> | null;
  /** Shown name. */
  "real_name"?: string | null;
  "settings"?: GroupSettings | null;
};
export type UpdateLanBody = {
  /** IPv4 address for the local network. */
  "lan_ipv4"?: string | null;
  /** IPv6 address for the local network. */
  "lan_ipv6"?: string | null;
  /** STUN server as `host` or `host:port`, asked when the firewall is checked; empty = none. */
  "stun_server"?: string | null;
  /** IPv4 address for everybody else. */
  "wan_ipv4"?: string | null;
  /** IPv6 address for everybody else. */
  "wan_ipv6"?: string | null;
};
export type UpdateListenerBody = {
  /** Local address, or `*`. */
  "address"?: string | null;
  /** Whether it is open. */
  "enabled"?: boolean | null;
  /** Port. */
  "port"?: number | null;
  "settings"?: ListenerSettings | null;
  "tls"?: TlsMode | null;
};
export type UpdateMailboxBody = {
  /** New full name. */
  "name"?: string | null;
  /** Whether clients show it. */
  "subscribed"?: boolean | null;
};
export type UpdateMediaPortsBody = {
  /** First UDP port. */
  "first_port"?: number | null;
  /** Last UDP port. */
  "last_port"?: number | null;
  /** Relayed streams above which calls that need the relay are refused. */
  "max_streams"?: number | null;
};
export type UpdateMessageBody = {
  /** `true` sets a keyword, `false` clears it; others stay. */
  "keywords"?: Record<string, boolean> | null;
  /** Mailboxes it shall stand in: ids or `path:` names; all of them. */
  "mailbox_ids"?: Array<string> | null;
};
export type UpdateModuleBody = {
  /** Values to set, by name. */
  "set"?: Record<string, unknown> | null;
  /** Names to return to the built-in value. */
  "unset"?: Array<string>;
};
export type UpdateRouterSettingsBody = {
  /** Seconds, 10 to 3600, after which the earlier settings come back by themselves unless the change is confirmed; absent = the settings stay. */
  "confirm_within"?: number | null;
  "set"?: RouterSettingsPatch | null;
  /** Names to return to the built-in value. */
  "unset"?: Array<string>;
};
export type UpdateRoutingLineBody = {
  /** Text after `;`; an empty text removes it. */
  "comment"?: string | null;
  /** False keeps the record without using it. */
  "enabled"?: boolean | null;
  /** The pattern. */
  "left"?: string | null;
  "relay_prefix"?: RelayPrefix | null;
  /** What replaces the address. */
  "right"?: string | null;
  /** The whole line in text form; excludes all other fields. */
  "text"?: string | null;
  /** Flows the record serves; empty = all three. */
  "type_prefix"?: Array<RouteFlow> | null;
};
export type UpdateServerAccountDefaultsBody = {
  "set"?: AccountSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateServerBody = {
  /** Language: en, de or ru. */
  "language"?: string | null;
  /** IANA time zone. */
  "time_zone"?: string | null;
};
export type UpdateServerDomainDefaultsBody = {
  "set"?: DomainSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateServerSettingsBody = {
  "set"?: ServerSettingsPatch | null;
  /** Names to return to inheritance. */
  "unset"?: Array<string>;
};
export type UpdateServerSignalRuleBody = {
  /** All of its actions. */
  "actions"?: Array<RuleAction> | null;
  /** A remark. */
  "comment"?: string | null;
  /** All of its conditions. */
  "conditions"?: Array<RuleCondition> | null;
  /** Whether it acts. */
  "enabled"?: boolean | null;
  /** Its new name. */
  "name"?: string | null;
  /** Its priority. */
  "priority"?: number | null;
  /** When it is asked. */
  "stage"?: number | null;
};
/** An uploaded file, to be attached. */
export type Upload = {
  /** Names the upload. */
  "blob_id": string;
  /** When it is forgotten unless it was used. */
  "expires_at": string;
  /** Octets. */
  "size": number;
  /** Media type. */
  "type": string;
};
export type ValidateAccountSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
export type ValidateDomainSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
export type ValidateRoutingBody = {
  /** True accepts a table that relays for everybody. */
  "confirm_open_relay"?: boolean;
  /** When the table is saved: seconds, 10 to 3600, after which the earlier table comes back by itself unless the change is confirmed; absent = the table stays. */
  "confirm_within"?: number | null;
  /** The table line by line; `position` is ignored, the order of the list counts. */
  "lines"?: Array<NewRoutingLine> | null;
  /** The table in text form. */
  "text"?: string | null;
};
export type ValidateServerSignalRulesBody = {
  /** All rules, in their order; one whose name was there keeps its id. */
  "rules": Array<NewSignalRule>;
};
/** What runs here. */
export type Version = {
  /** Versions of the API it speaks. */
  "api_versions": Array<string>;
  /** Name of the program. */
  "product": string;
  /** Version of the database schema. */
  "schema_version": number;
  /** Its version. */
  "version": string;
};

/** What each operation takes: path, query and body together. */
export interface Inputs {
  getSetupState: Record<string, never>;
  completeSetup: CompleteSetupBody;
  login: LoginBody;
  refreshToken: RefreshTokenBody;
  logout: Record<string, never>;
  logoutAll: Record<string, never>;
  getCurrentPrincipal: Record<string, never>;
  getServer: Record<string, never>;
  updateServer: UpdateServerBody;
  getServerChecks: Record<string, never>;
  getServerSettings: Record<string, never>;
  updateServerSettings: UpdateServerSettingsBody;
  getServerAccountDefaults: Record<string, never>;
  updateServerAccountDefaults: UpdateServerAccountDefaultsBody;
  getServerDomainDefaults: Record<string, never>;
  updateServerDomainDefaults: UpdateServerDomainDefaultsBody;
  renameMainDomain: RenameMainDomainBody;
  listModules: Record<string, never>;
  getModule: {
    /** The module: `smtp`, `smtp_out`, `queue`, `imap`, `pop`, `media`, `sip` or `rules`. */
    "module": string;
  };
  updateModule: {
    /** The module: `smtp`, `smtp_out`, `queue`, `imap`, `pop`, `media`, `sip` or `rules`. */
    "module": string;
  } & UpdateModuleBody;
  describeSettings: Record<string, never>;
  listErrorCodes: Record<string, never>;
  listEventTypes: Record<string, never>;
  getVersion: Record<string, never>;
  getTrends: {
    "span"?: TrendSpan | null;
  };
  listListeners: Record<string, never>;
  createListener: CreateListenerBody;
  getListener: {
    /** Id of the listener. */
    "id": string;
  };
  updateListener: {
    /** Id of the listener. */
    "id": string;
  } & UpdateListenerBody;
  deleteListener: {
    /** Id of the listener. */
    "id": string;
  };
  listAddressLists: Record<string, never>;
  getAddressList: {
    /** Name of the list. */
    "list": string;
  };
  replaceAddressList: {
    /** Name of the list. */
    "list": string;
  } & ReplaceAddressListBody;
  testAddress: {
    /** Name of the list. */
    "list": string;
  } & TestAddressBody;
  getLan: Record<string, never>;
  updateLan: UpdateLanBody;
  detectLan: Record<string, never>;
  getMediaPorts: Record<string, never>;
  updateMediaPorts: UpdateMediaPortsBody;
  checkFirewall: Record<string, never>;
  getFirewallPlan: Record<string, never>;
  getDnsSettings: Record<string, never>;
  updateDnsSettings: UpdateDnsSettingsBody;
  listRegistrations: {
    /** Only those of this account: id, address, name in the main domain, or `me`. */
    "account"?: string | null;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Only those of this domain: id or name. */
    "domain"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
    /** Only those behind such a NAT. */
    "nat"?: string | null;
    /** Only those whose user agent holds this text. */
    "user_agent"?: string | null;
  };
  removeRegistrations: {
    /** All those of this account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  removeRegistration: {
    /** Id of the registration. */
    "id": string;
  };
  pingRegistration: {
    /** Id of the registration. */
    "id": string;
  };
  listTargetsHealth: Record<string, never>;
  listBans: Record<string, never>;
  removeBan: {
    /** The address. */
    "address": string;
  };
  listTransactions: {
    /** Only those whose other side has this IP address. */
    "address"?: string | null;
    /** Most to be shown, the newest first: 1 to 500. */
    "limit"?: number | null;
    /** Only those of this method. */
    "method"?: string | null;
    /** Only `server`: requests received, or `client`: requests sent. */
    "side"?: string | null;
    /** Only those in this state. */
    "state"?: string | null;
  };
  abortTransaction: {
    /** Id of the transaction. */
    "id": string;
  };
  getSipStats: Record<string, never>;
  listCalls: {
    /** Only those of this account: id, address, name in the main domain, or `me`. */
    "account"?: string | null;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Only those of this domain: id or name. */
    "domain"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
    /** Only those begun since. */
    "since"?: string | null;
    /** Only those begun before. */
    "until"?: string | null;
  };
  startCall: StartCallBody;
  getCall: {
    /** Id of the call. */
    "call": string;
  };
  hangupCall: {
    /** Id of the call. */
    "call": string;
  };
  traceCall: {
    /** Id of the call. */
    "call": string;
    "detail"?: TraceDetail | null;
  };
  listSubscriptions: {
    /** Only those of or to this account: id, address, name in the main domain, or `me`. */
    "account"?: string | null;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Only those to accounts of this domain: id or name. */
    "domain"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
  };
  getPresence: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  setPresence: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & SetPresenceBody;
  getCallMedia: {
    /** Id of the call. */
    "call": string;
  };
  captureMedia: {
    /** The call. */
    "call": string;
  } & CaptureMediaBody;
  getMediaCapture: {
    /** Id of the call. */
    "call": string;
  };
  listMediaStreams: {
    /** Only those of this account: id, address, name in the main domain, or `me`. */
    "account"?: string | null;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Only those of this domain: id or name. */
    "domain"?: string | null;
    /** Most on a page; those of one call stay together. */
    "limit"?: number | null;
    /** Only those that are heard so: `good`, `fair` or `poor`. */
    "quality"?: string | null;
  };
  getMediaStats: Record<string, never>;
  listCdr: {
    /** Only those of this account: id, address, name in the main domain, or `me`. */
    "account"?: string | null;
    /** Only those that ended for this reason, such as `busy`. */
    "cause"?: string | null;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Only those of this domain: id or name. */
    "domain"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
    /** Only those with this in the address of the caller or the callee, or in what was dialled. */
    "number"?: string | null;
    /** Only those begun since. */
    "since"?: string | null;
    /** Only those begun before. */
    "until"?: string | null;
  };
  exportCdr: ExportCdrBody;
  getCdr: {
    /** Id of the call. */
    "call": string;
  };
  listCertificates: Record<string, never>;
  importCertificate: ImportCertificateBody;
  getRoutingTable: Record<string, never>;
  replaceRoutingTable: ReplaceRoutingTableBody;
  listRoutingLines: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  createRoutingLine: CreateRoutingLineBody;
  moveRoutingLine: {
    /** The line. */
    "id": string;
  } & MoveRoutingLineBody;
  updateRoutingLine: {
    /** The line. */
    "id": string;
  } & UpdateRoutingLineBody;
  deleteRoutingLine: {
    /** The line. */
    "id": string;
  };
  listRoutingHistory: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  rollbackRouting: RollbackRoutingBody;
  validateRouting: ValidateRoutingBody;
  explainRoute: ExplainRouteBody;
  listRoutingHits: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  listRoutingConfirmations: Record<string, never>;
  confirmRouting: {
    /** The change. */
    "id": string;
  };
  revertRouting: {
    /** The change. */
    "id": string;
  };
  getRouterSettings: Record<string, never>;
  updateRouterSettings: UpdateRouterSettingsBody;
  listDomains: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  createDomain: CreateDomainBody;
  getDomain: {
    /** The domain: id or name. */
    "domain": string;
  };
  updateDomain: {
    /** The domain: id or name. */
    "domain": string;
  } & UpdateDomainBody;
  deleteDomain: {
    /** The domain: id or name. */
    "domain": string;
  };
  renameDomain: {
    /** The domain: id or name. */
    "domain": string;
  } & RenameDomainBody;
  suspendDomain: {
    /** The domain: id or name. */
    "domain": string;
  };
  resumeDomain: {
    /** The domain: id or name. */
    "domain": string;
  };
  listDomainAliases: {
    /** The domain: id or name. */
    "domain": string;
  };
  addDomainAlias: {
    /** The domain: id or name. */
    "domain": string;
  } & AddDomainAliasBody;
  replaceDomainAliases: {
    /** The domain: id or name. */
    "domain": string;
  } & ReplaceDomainAliasesBody;
  removeDomainAlias: {
    /** The domain: id or name. */
    "domain": string;
    /** The other name. */
    "name": string;
  };
  getLastDnsCheck: {
    /** The domain: id or name. */
    "domain": string;
  };
  runDnsCheck: {
    /** The domain: id or name. */
    "domain": string;
  } & RunDnsCheckBody;
  getDomainSettings: {
    /** The domain: id or name. */
    "domain": string;
  };
  updateDomainSettings: {
    /** The domain: id or name. */
    "domain": string;
  } & UpdateDomainSettingsBody;
  getDomainAccountDefaults: {
    /** The domain: id or name. */
    "domain": string;
  };
  updateDomainAccountDefaults: {
    /** The domain: id or name. */
    "domain": string;
  } & UpdateDomainAccountDefaultsBody;
  listAccounts: {
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Accounts per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** Only those whose address or person holds this text. */
    "q"?: string;
    "state"?: AccountState | null;
  };
  listDomainAccounts: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** The domain: id or name. */
    "domain": string;
  };
  createAccount: {
    /** The domain: id or name. */
    "domain": string;
  } & CreateAccountBody;
  getAccount: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  updateAccount: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & UpdateAccountBody;
  deleteAccount: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  restoreAccount: {
    /** The account: id. */
    "account": string;
  } & RestoreAccountBody;
  purgeAccount: {
    /** The account: id; address too when it is not deleted. */
    "account": string;
  } & PurgeAccountBody;
  suspendAccount: {
    /** The account: id or address. */
    "account": string;
  } & SuspendAccountBody;
  resumeAccount: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  setAccountPassword: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & SetAccountPasswordBody;
  getAccountSettings: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  updateAccountSettings: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & UpdateAccountSettingsBody;
  listAliases: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  addAlias: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & AddAliasBody;
  replaceAliases: {
    /** The account: id or address. */
    "account": string;
  } & ReplaceAliasesBody;
  removeAlias: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The other name. */
    "name": string;
  };
  renameAccount: {
    /** The account: id or address. */
    "account": string;
  } & RenameAccountBody;
  listTelnums: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  addTelnum: {
    /** The account: id or address. */
    "account": string;
  } & AddTelnumBody;
  replaceTelnums: {
    /** The account: id or address. */
    "account": string;
  } & ReplaceTelnumsBody;
  removeTelnum: {
    /** The account: id or address. */
    "account": string;
    /** The number in E.164 form. */
    "number": string;
  };
  getRights: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  replaceRights: {
    /** The account: id or address. */
    "account": string;
  } & ReplaceRightsBody;
  recalculateQuota: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  listAccountSessions: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  deleteAccountSession: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the session. */
    "id": string;
  };
  killAccountSessions: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  findTelnum: {
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Numbers per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** Only numbers that begin so. */
    "number"?: string;
  };
  listAdmins: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  listRights: Record<string, never>;
  listServerSignalRules: Record<string, never>;
  createServerSignalRule: CreateServerSignalRuleBody;
  replaceServerSignalRules: ReplaceServerSignalRulesBody;
  reorderServerSignalRules: ReorderServerSignalRulesBody;
  validateServerSignalRules: ValidateServerSignalRulesBody;
  getServerSignalRule: {
    /** The rule: id or name. */
    "rule": string;
  };
  updateServerSignalRule: {
    /** The rule: id or name. */
    "rule": string;
  } & UpdateServerSignalRuleBody;
  deleteServerSignalRule: {
    /** The rule: id or name. */
    "rule": string;
  };
  listDomainSignalRules: {
    /** The domain: id or name. */
    "domain": string;
  };
  createDomainSignalRule: {
    /** The domain: id or name. */
    "domain": string;
  } & CreateDomainSignalRuleBody;
  replaceDomainSignalRules: {
    /** The domain: id or name. */
    "domain": string;
  } & ReplaceDomainSignalRulesBody;
  reorderDomainSignalRules: {
    /** The domain: id or name. */
    "domain": string;
  } & ReorderDomainSignalRulesBody;
  validateDomainSignalRules: {
    /** The domain: id or name. */
    "domain": string;
  } & ValidateDomainSignalRulesBody;
  getDomainSignalRule: {
    /** The domain: id or name. */
    "domain": string;
    /** The rule: id or name. */
    "rule": string;
  };
  updateDomainSignalRule: {
    /** The domain: id or name. */
    "domain": string;
    /** The rule: id or name. */
    "rule": string;
  } & UpdateDomainSignalRuleBody;
  deleteDomainSignalRule: {
    /** The domain: id or name. */
    "domain": string;
    /** The rule: id or name. */
    "rule": string;
  };
  listAccountSignalRules: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  createAccountSignalRule: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & CreateAccountSignalRuleBody;
  replaceAccountSignalRules: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & ReplaceAccountSignalRulesBody;
  reorderAccountSignalRules: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & ReorderAccountSignalRulesBody;
  validateAccountSignalRules: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & ValidateAccountSignalRulesBody;
  getAccountSignalRule: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The rule: id or name. */
    "rule": string;
  };
  updateAccountSignalRule: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The rule: id or name. */
    "rule": string;
  } & UpdateAccountSignalRuleBody;
  deleteAccountSignalRule: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The rule: id or name. */
    "rule": string;
  };
  testSignalRules: {
    /** The account that is called: id, address, name in the main domain, or `me`. */
    "account": string;
  } & TestSignalRulesBody;
  listDatasets: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  getDataset: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Name of the dataset. */
    "name": string;
  };
  replaceDataset: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Name of the dataset: letters, digits, dots, dashes and blanks. */
    "name": string;
  } & ReplaceDatasetBody;
  deleteDataset: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Name of the dataset. */
    "name": string;
  };
  getDiallerSettings: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  updateDiallerSettings: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & UpdateDiallerSettingsBody;
  listForwarders: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** The domain: id or name. */
    "domain": string;
  };
  createForwarder: {
    /** The domain: id or name. */
    "domain": string;
  } & CreateForwarderBody;
  getForwarder: {
    /** The domain: id or name. */
    "domain": string;
    /** Name in the domain. */
    "name": string;
  };
  updateForwarder: {
    /** The domain: id or name. */
    "domain": string;
    /** Name in the domain. */
    "name": string;
  } & UpdateForwarderBody;
  deleteForwarder: {
    /** The domain: id or name. */
    "domain": string;
    /** Name in the domain. */
    "name": string;
  };
  renameForwarder: {
    /** The domain: id or name. */
    "domain": string;
    /** Name in the domain. */
    "name": string;
  } & RenameForwarderBody;
  listGroups: {
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Objects per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** The domain: id or name. */
    "domain": string;
  };
  createGroup: {
    /** The domain: id or name. */
    "domain": string;
  } & CreateGroupBody;
  getGroup: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  };
  updateGroup: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  } & UpdateGroupBody;
  deleteGroup: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  };
  renameGroup: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  } & RenameGroupBody;
  listMembers: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  };
  addMembers: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  } & AddMembersBody;
  replaceMembers: {
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  } & ReplaceMembersBody;
  removeMember: {
    /** The member's address as the group has it. */
    "address": string;
    /** The domain: id or name. */
    "domain": string;
    /** Name of the group. */
    "group": string;
  };
  listMailboxes: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  createMailbox: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & CreateMailboxBody;
  getMailbox: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The mailbox: id, or `path:` and the name. */
    "mailbox": string;
  };
  updateMailbox: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The mailbox: id, or `path:` and the name. */
    "mailbox": string;
  } & UpdateMailboxBody;
  deleteMailbox: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The mailbox: id, or `path:` and the name. */
    "mailbox": string;
    "on_messages"?: OnMessages | null;
  };
  listMessages: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    "collapse"?: Collapse | null;
    /** `exact` adds the total number. */
    "count"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Messages per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** Only of this mailbox: id or `path:` name. */
    "mailbox"?: string | null;
    /** Messages passed over before the page begins, so that a list can be entered anywhere. */
    "position"?: number | null;
    /** Only of this thread, those stored last first. */
    "thread"?: string | null;
  };
  importMessage: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & ImportMessageBody;
  searchMessages: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & SearchMessagesBody;
  getMessage: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
  };
  updateMessage: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
  } & UpdateMessageBody;
  deleteMessage: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
    /** `true`: it does not go to the trash first. */
    "permanent"?: string | null;
  };
  bulkMessages: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & BulkMessagesBody;
  getHeaders: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
  };
  getRaw: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
  };
  getPart: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Id of the message. */
    "id": string;
    /** Number of the part, such as `1.2`. */
    "part": string;
  };
  searchMailTrace: {
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Messages per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** Message-ID, with or without angle brackets. */
    "message_id"?: string | null;
    /** Number given in the SMTP 250. */
    "number"?: string | null;
    /** Received not earlier; 30 days ago when absent. */
    "received_after"?: string | null;
    /** Received earlier. */
    "received_before"?: string | null;
    /** A recipient, as the sender gave it or as it was delivered. */
    "recipient"?: string | null;
    /** Return path. */
    "sender"?: string | null;
  };
  getMailTrace: {
    /** Shared by all records of the message. */
    "trace_id": string;
  };
  createUpload: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  };
  downloadBlob: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The upload. */
    "blob": string;
  };
  createDraft: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & CreateDraftBody;
  replaceDraft: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The draft; it gets another id. */
    "id": string;
  } & ReplaceDraftBody;
  listSubmissions: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Submissions per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
  };
  sendMessage: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
  } & SendMessageBody;
  getSubmission: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The submission. */
    "id": string;
  };
  cancelSubmission: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The submission. */
    "id": string;
  };
  listConversations: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
  };
  deleteConversation: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The other side. */
    "peer": string;
  };
  markRead: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** The other side. */
    "peer": string;
  } & MarkReadBody;
  listImMessages: {
    /** The account: id, address, name in the main domain, or `me`. */
    "account": string;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
    /** The other side. */
    "peer": string;
  };
  sendIm: {
    /** The account that sends it: id, address, name in the main domain, or `me`. */
    "account": string;
    /** To whom: an address, or a name or number of the own domain. */
    "peer": string;
  } & SendImBody;
  listRoster: {
    /** The account: id, address or `me`. */
    "account": string;
    /** Where the page begins. */
    "cursor"?: string | null;
    /** Most on a page. */
    "limit"?: number | null;
  };
  addBuddy: {
    /** The account: id, address or `me`. */
    "account": string;
  } & AddBuddyBody;
  updateBuddy: {
    /** The account: id, address or `me`. */
    "account": string;
    /** The address of the buddy. */
    "peer": string;
  } & UpdateBuddyBody;
  removeBuddy: {
    /** The account: id, address or `me`. */
    "account": string;
    /** The address of the buddy. */
    "peer": string;
  };
  approveSubscription: {
    /** The account: id, address or `me`. */
    "account": string;
    /** The address of who asks, or sees it already. */
    "peer": string;
  } & ApproveSubscriptionBody;
  getQueueSummary: Record<string, never>;
  listQueues: {
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Queues per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** Of this module: `smtp`, `local`, `list` or `pipe`. */
    "module"?: string | null;
    /** With this in their name. */
    "name"?: string | null;
    /** In this state: `active`, `waiting` or `held`. */
    "state"?: string | null;
  };
  getQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  };
  releaseQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  };
  holdQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  };
  unholdQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  };
  rerouteQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  };
  rejectQueue: {
    /** The module: `smtp`, `local`, `list` or `pipe`. */
    "module": string;
    /** Host, account, list or program. */
    "name": string;
  } & RejectQueueBody;
  listTransitMessages: {
    /** Sent by who signed in so. */
    "authenticated"?: string | null;
    /** `next_cursor` of the page before. */
    "cursor"?: string | null;
    /** Messages per page, 1 to 500; 50 when absent. */
    "limit"?: number | null;
    /** In a queue of this module. */
    "module"?: string | null;
    /** In this queue. */
    "queue"?: string | null;
    /** Taken before. */
    "queued_before"?: string | null;
    /** With this in the address of a recipient. */
    "recipient"?: string | null;
    /** With this in their return path. */
    "sender"?: string | null;
    /** With a recipient in this state: `waiting` or `held`. */
    "state"?: string | null;
  };
  submitRawMessage: SubmitRawMessageBody;
  rejectByFilter: RejectByFilterBody;
  getTransitMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  };
  deleteTransitMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  };
  downloadTransitMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  };
  releaseMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & ReleaseMessageBody;
  holdMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & HoldMessageBody;
  unholdMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & UnholdMessageBody;
  rejectMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & RejectMessageBody;
  redirectMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & RedirectMessageBody;
  rerouteMessage: {
    /** The number given in the SMTP 250. */
    "number": number;
  } & RerouteMessageBody;
  streamEvents: {
    /** Topics, parted by commas; all when absent */
    "topics"?: string;
  };
}

/** What each operation gives. */
export interface Results {
  getSetupState: SetupState;
  completeSetup: SetupDone;
  login: Tokens;
  refreshToken: Tokens;
  logout: void;
  logoutAll: void;
  getCurrentPrincipal: Principal;
  getServer: Server;
  updateServer: Server;
  getServerChecks: ServerChecks;
  getServerSettings: SettingsView;
  updateServerSettings: SettingsView;
  getServerAccountDefaults: SettingsView;
  updateServerAccountDefaults: SettingsView;
  getServerDomainDefaults: SettingsView;
  updateServerDomainDefaults: SettingsView;
  renameMainDomain: Server;
  listModules: Modules;
  getModule: SettingsView;
  updateModule: SettingsView;
  describeSettings: SettingsCatalogue;
  listErrorCodes: ErrorCodes;
  listEventTypes: EventTypes;
  getVersion: Version;
  getTrends: Trends;
  listListeners: PageListener;
  createListener: Listener;
  getListener: Listener;
  updateListener: Listener;
  deleteListener: void;
  listAddressLists: PageAddressList;
  getAddressList: AddressList;
  replaceAddressList: AddressList;
  testAddress: AddressTest;
  getLan: Lan;
  updateLan: Lan;
  detectLan: DetectedLan;
  getMediaPorts: MediaPorts;
  updateMediaPorts: MediaPorts;
  checkFirewall: FirewallCheck;
  getFirewallPlan: FirewallCheck;
  getDnsSettings: SettingsView;
  updateDnsSettings: SettingsView;
  listRegistrations: PageRegistration;
  removeRegistrations: Removed;
  removeRegistration: void;
  pingRegistration: RegistrationPinged;
  listTargetsHealth: PageTargetHealth;
  listBans: PageSipBan;
  removeBan: void;
  listTransactions: PageSipTransaction;
  abortTransaction: void;
  getSipStats: SipStats;
  listCalls: PageCallRecord;
  startCall: CallRecord;
  getCall: CallRecord;
  hangupCall: void;
  traceCall: CallTrace;
  listSubscriptions: PageSipSubscription;
  getPresence: AccountPresence;
  setPresence: AccountPresence;
  getCallMedia: MediaReport;
  captureMedia: MediaCapture;
  getMediaCapture: MediaCapture;
  listMediaStreams: PageCallStream;
  getMediaStats: MediaStats;
  listCdr: PageCallRecord;
  exportCdr: FileContent;
  getCdr: CallRecord;
  listCertificates: PageCertificate;
  importCertificate: Certificate;
  getRoutingTable: RoutingTable;
  replaceRoutingTable: RoutingTable;
  listRoutingLines: PageRoutingLine;
  createRoutingLine: RoutingLine;
  moveRoutingLine: RoutingLine;
  updateRoutingLine: RoutingLine;
  deleteRoutingLine: void;
  listRoutingHistory: PageRoutingVersion;
  rollbackRouting: RoutingTable;
  validateRouting: RoutingValidation;
  explainRoute: Explanation;
  listRoutingHits: PageRoutingHit;
  listRoutingConfirmations: PageRoutingConfirmation;
  confirmRouting: void;
  revertRouting: void;
  getRouterSettings: SettingsView;
  updateRouterSettings: SettingsView;
  listDomains: PageDomain;
  createDomain: Domain;
  getDomain: Domain;
  updateDomain: Domain;
  deleteDomain: void;
  renameDomain: Domain;
  suspendDomain: Domain;
  resumeDomain: Domain;
  listDomainAliases: DomainAliases;
  addDomainAlias: DomainAliases;
  replaceDomainAliases: DomainAliases;
  removeDomainAlias: void;
  getLastDnsCheck: DnsCheck;
  runDnsCheck: DnsCheck;
  getDomainSettings: SettingsView;
  updateDomainSettings: SettingsView;
  getDomainAccountDefaults: SettingsView;
  updateDomainAccountDefaults: SettingsView;
  listAccounts: PageAccount;
  listDomainAccounts: PageAccount;
  createAccount: Account;
  getAccount: Account;
  updateAccount: Account;
  deleteAccount: void;
  restoreAccount: Account;
  purgeAccount: void;
  suspendAccount: Account;
  resumeAccount: Account;
  setAccountPassword: void;
  getAccountSettings: SettingsView;
  updateAccountSettings: SettingsView;
  listAliases: Names;
  addAlias: Names;
  replaceAliases: Names;
  removeAlias: void;
  renameAccount: Account;
  listTelnums: Names;
  addTelnum: Names;
  replaceTelnums: Names;
  removeTelnum: void;
  getRights: Rights;
  replaceRights: Rights;
  recalculateQuota: Account;
  listAccountSessions: PageSession;
  deleteAccountSession: void;
  killAccountSessions: void;
  findTelnum: PageTelnum;
  listAdmins: PageAdmin;
  listRights: RightsCatalogue;
  listServerSignalRules: SignalRules;
  createServerSignalRule: SignalRule;
  replaceServerSignalRules: SignalRules;
  reorderServerSignalRules: SignalRules;
  validateServerSignalRules: SignalRulesReviewed;
  getServerSignalRule: SignalRule;
  updateServerSignalRule: SignalRule;
  deleteServerSignalRule: void;
  listDomainSignalRules: SignalRules;
  createDomainSignalRule: SignalRule;
  replaceDomainSignalRules: SignalRules;
  reorderDomainSignalRules: SignalRules;
  validateDomainSignalRules: SignalRulesReviewed;
  getDomainSignalRule: SignalRule;
  updateDomainSignalRule: SignalRule;
  deleteDomainSignalRule: void;
  listAccountSignalRules: SignalRules;
  createAccountSignalRule: SignalRule;
  replaceAccountSignalRules: SignalRules;
  reorderAccountSignalRules: SignalRules;
  validateAccountSignalRules: SignalRulesReviewed;
  getAccountSignalRule: SignalRule;
  updateAccountSignalRule: SignalRule;
  deleteAccountSignalRule: void;
  testSignalRules: SignalRulesTested;
  listDatasets: PageDataset;
  getDataset: Dataset;
  replaceDataset: Dataset;
  deleteDataset: void;
  getDiallerSettings: SettingsView;
  updateDiallerSettings: SettingsView;
  listForwarders: PageForwarder;
  createForwarder: Forwarder;
  getForwarder: Forwarder;
  updateForwarder: Forwarder;
  deleteForwarder: void;
  renameForwarder: Forwarder;
  listGroups: PageGroup;
  createGroup: Group;
  getGroup: Group;
  updateGroup: Group;
  deleteGroup: void;
  renameGroup: Group;
  listMembers: Members;
  addMembers: Members;
  replaceMembers: Members;
  removeMember: void;
  listMailboxes: PageMailbox;
  createMailbox: Mailbox;
  getMailbox: Mailbox;
  updateMailbox: Mailbox;
  deleteMailbox: void;
  listMessages: PageMessage;
  importMessage: Stored;
  searchMessages: PageMessage;
  getMessage: Message;
  updateMessage: Message;
  deleteMessage: void;
  bulkMessages: BulkDone;
  getHeaders: Headers;
  getRaw: RawMessage;
  getPart: FileContent;
  searchMailTrace: PageMailTrace;
  getMailTrace: MailTrace;
  createUpload: Upload;
  downloadBlob: FileContent;
  createDraft: Stored;
  replaceDraft: Stored;
  listSubmissions: PageSubmission;
  sendMessage: Submission;
  getSubmission: Submission;
  cancelSubmission: void;
  listConversations: PageConversation;
  deleteConversation: void;
  markRead: Marked;
  listImMessages: PageImMessage;
  sendIm: ImMessage;
  listRoster: PageBuddy;
  addBuddy: Buddy;
  updateBuddy: Buddy;
  removeBuddy: void;
  approveSubscription: Buddy;
  getQueueSummary: QueueSummary;
  listQueues: PageQueue;
  getQueue: Queue;
  releaseQueue: QueueAction;
  holdQueue: QueueAction;
  unholdQueue: QueueAction;
  rerouteQueue: QueueAction;
  rejectQueue: QueueAction;
  listTransitMessages: PageTransitMessage;
  submitRawMessage: Accepted;
  rejectByFilter: QueueAction;
  getTransitMessage: TransitMessage;
  deleteTransitMessage: void;
  downloadTransitMessage: RawMessage;
  releaseMessage: TransitMessage;
  holdMessage: TransitMessage;
  unholdMessage: TransitMessage;
  rejectMessage: QueueAction;
  redirectMessage: TransitMessage;
  rerouteMessage: QueueAction;
  streamEvents: void;
}
