//! The server: identity and the settings of the server level.

use macros::Settings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sip_peer::{StaticRoute, Workaround};
use crate::settings::{Flow, setting_enum};

/// Identity of the server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Server {
    /// Main domain.
    pub main_domain: String,
    /// Language.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Version of the object.
    pub version: i64,
}

/// Changes the identity of the server.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateServer {
    /// Language: en, de or ru.
    pub language: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
}

/// Settings of the whole server.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct ServerSettings {
    /// Login errors are the same for an unknown account and a wrong password.
    #[setting(default = true)]
    pub hide_unknown_accounts: bool,
    /// How long deleted accounts can be restored; 0 = not at all.
    #[setting(default = 2_592_000, min = 0, max = 31_536_000, unit = "seconds")]
    pub undelete_window: i64,
    /// API requests per principal.
    #[setting(default = Flow { count: 600, period: 60 }, view = "advanced")]
    pub rate_default: Flow,
    /// Reading API requests per administrator.
    #[setting(default = Flow { count: 3000, period: 60 }, view = "advanced")]
    pub rate_admin_read: Flow,
    /// Writing API requests per administrator.
    #[setting(default = Flow { count: 300, period: 60 }, view = "advanced")]
    pub rate_admin_write: Flow,
    /// Sign-in requests per address.
    #[setting(default = Flow { count: 10, period: 60 }, view = "advanced")]
    pub rate_login: Flow,
    /// API requests without sign-in per address.
    #[setting(default = Flow { count: 60, period: 60 }, view = "advanced")]
    pub rate_anonymous: Flow,
    /// Failed sign-ins per address before it is refused for the rest of the period.
    #[setting(default = Flow { count: 20, period: 600 }, view = "advanced")]
    pub failed_logins_per_ip: Flow,
}

/// How mail arrives by SMTP.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct SmtpSettings {
    /// Largest message taken.
    #[setting(default = 52_428_800, min = 102_400, unit = "bytes")]
    pub max_size: i64,
    /// Recipients of one message from a client address or an authenticated user.
    #[setting(default = 1000, min = 1, max = 10_000)]
    pub rcpt_limit_clients: i64,
    /// Recipients of one message from anybody else.
    #[setting(default = 100, min = 1, max = 10_000)]
    pub rcpt_limit_nonclients: i64,
    /// Connections at a time.
    #[setting(default = 300, min = 0, max = 10_000)]
    pub channels: i64,
    /// Errors of a client address before its connection is closed.
    #[setting(default = 30, min = 1, max = 1000)]
    pub max_errors_clients: i64,
    /// Errors of anybody else before the connection is closed.
    #[setting(default = 8, min = 1, max = 1000)]
    pub max_errors: i64,
    /// Silence after which a connection is closed.
    #[setting(default = 300, min = 30, max = 1800, unit = "seconds")]
    pub idle_timeout: i64,
    /// Messages over one connection.
    #[setting(default = 500, min = 1, max = 100_000)]
    pub messages_per_connection: i64,
    /// What a bare CR or LF in a message leads to.
    #[setting(default = BareNewline::Reject, view = "expert")]
    pub bare_newline: BareNewline,
    /// A name after HELO is needed before MAIL.
    #[setting(default = true)]
    pub require_helo: bool,
    /// Delay before the greeting for strangers; who talks earlier is refused.
    #[setting(default = 0, min = 0, max = 60, unit = "seconds")]
    pub prompt_delay: i64,
    /// Received lines after which a message is taken for a loop.
    #[setting(default = 30, min = 5, max = 100, view = "advanced")]
    pub max_hops: i64,
    /// Reply codes: the standard ones or those of the seed product.
    #[setting(default = ReplyCodes::Standard, view = "expert")]
    pub reply_codes: ReplyCodes,
}

setting_enum! {
    /// What a bare CR or LF in a message leads to.
    BareNewline {
        /// 521 and the connection is closed.
        Reject,
        /// It becomes CRLF.
        Normalise,
    }
}

setting_enum! {
    /// Shape of refusal codes.
    ReplyCodes {
        /// RFC 5321 and RFC 3463.
        Standard,
        /// 473, 571, 591.
        Compatible,
    }
}

setting_enum! {
    /// When outgoing mail is encrypted.
    OutgoingTls {
        /// Never.
        Nobody,
        /// When the other side offers it; with one clear try when the handshake fails.
        WhenOffered,
        /// Always; mail waits when the other side has none.
        Always,
    }
}

/// How mail leaves by SMTP.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct SmtpOutSettings {
    /// Mail may leave for other hosts.
    #[setting(default = true)]
    pub enabled: bool,
    /// Connections at a time.
    #[setting(default = 100, min = 0, max = 10_000)]
    pub channels: i64,
    /// Connections to one host at a time.
    #[setting(default = 5, min = 1, max = 100)]
    pub channels_per_host: i64,
    /// Port of the hosts that MX records name.
    #[setting(default = 25, min = 1, max = 65_535, view = "expert")]
    pub port: i64,
    /// MX records may lead to private and loopback addresses.
    #[setting(default = false, view = "expert")]
    pub allow_private: bool,
    /// Send everything through this host (`host` or `host:port`); empty = directly.
    #[setting(default = "")]
    pub relay_via: String,
    /// When outgoing mail is encrypted.
    #[setting(default = OutgoingTls::WhenOffered)]
    pub tls: OutgoingTls,
    /// Delays before the first retries.
    #[setting(default = [300i64, 600, 1200], min = 1, max = 86_400, unit = "seconds")]
    pub first_retries: Vec<i64>,
    /// Delay between later retries during the first three hours; an hour during the first day, three hours later.
    #[setting(default = 1800, min = 1, max = 86_400, unit = "seconds")]
    pub retry_every: i64,
    /// Age at which the sender is told that the message waits; 0 = never.
    #[setting(default = 18_000, min = 0, unit = "seconds")]
    pub warn_after: i64,
    /// Age at which the message is given back.
    #[setting(default = 432_000, min = 1, max = 2_592_000, unit = "seconds")]
    pub give_up_after: i64,
    /// Messages over one connection.
    #[setting(default = 100, min = 1, max = 1000)]
    pub reuse: i64,
    /// Recipients of one transaction.
    #[setting(default = 100, min = 1, max = 1000)]
    pub max_rcpt: i64,
    /// Time to connect.
    #[setting(default = 60, min = 1, max = 600, unit = "seconds", view = "advanced")]
    pub connect_timeout: i64,
}

/// The queue and local delivery.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct QueueSettings {
    /// Waiting messages above which new ones are refused; 0 = no limit.
    #[setting(default = 0, min = 0)]
    pub max_messages: i64,
    /// Free disk space below which new messages are refused.
    #[setting(default = 268_435_456, min = 0, unit = "bytes", view = "advanced")]
    pub min_free: i64,
    /// Days the delivery records are kept.
    #[setting(default = 30, min = 1, max = 400)]
    pub trace_days: i64,
}

/// IMAP.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct ImapSettings {
    /// Connections at a time.
    #[setting(default = 10_000, min = 0, max = 100_000)]
    pub max_connections: i64,
    /// Silence after which a connection is closed.
    #[setting(default = 1800, min = 1800, max = 86_400, unit = "seconds")]
    pub idle_timeout: i64,
    /// Time to sign in.
    #[setting(default = 60, min = 10, max = 600, unit = "seconds")]
    pub preauth_timeout: i64,
    /// Longest command line.
    #[setting(default = 65_536, min = 1024, max = 1_048_576, unit = "bytes", view = "expert")]
    pub max_line: i64,
}

/// POP3.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct PopSettings {
    /// Connections at a time.
    #[setting(default = 2000, min = 0, max = 100_000)]
    pub max_connections: i64,
    /// Silence after which a connection is closed.
    #[setting(default = 600, min = 60, max = 3600, unit = "seconds")]
    pub idle_timeout: i64,
    /// Retrieving a message marks it as seen.
    #[setting(default = true)]
    pub sets_seen: bool,
}

setting_enum! {
    /// Who may send to other servers.
    SipRelay {
        /// Nobody, but where a line of the Router says so.
        Nobody,
        /// Client IPs, and accounts that may relay.
        Clients,
    }
}

setting_enum! {
    /// Who has to prove to be of a domain of ours.
    SipOwn {
        /// Nobody.
        Nobody,
        /// All but Client IPs.
        NonClients,
        /// All.
        Everybody,
    }
}

setting_enum! {
    /// A digest of a password (RFC 8760).
    SipDigest {
        /// SHA-256.
        Sha256,
        /// MD5.
        Md5,
    }
}

setting_enum! {
    /// How telephones behind a NAT are pinged.
    SipPing {
        /// A pair of line ends.
        Crlf,
        /// OPTIONS.
        Options,
        /// NOTIFY without a subscription.
        Notify,
    }
}

/// SIP.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct SipSettings {
    /// Shortest time a telephone may register for.
    #[setting(default = 60, min = 10, max = 3600, unit = "seconds")]
    pub min_expires: i64,
    /// Time of a registration that names none.
    #[setting(default = 3600, min = 10, max = 86_400, unit = "seconds")]
    pub default_expires: i64,
    /// Longest time a telephone may register for.
    #[setting(default = 7200, min = 60, max = 86_400, unit = "seconds")]
    pub max_expires: i64,
    /// The same by datagrams from behind a NAT.
    #[setting(default = 600, min = 60, max = 3600, unit = "seconds", view = "advanced")]
    pub max_expires_nat_udp: i64,
    /// A registration too many takes the place of the oldest; off: it is refused.
    #[setting(default = false, view = "advanced")]
    pub evict_oldest: bool,
    /// Telephones have to register anew when the password of their account is changed.
    #[setting(default = true)]
    pub drop_on_password_change: bool,
    /// Pages of others that may use telephones in browsers, as `https://www.example.com`, beside those of this server.
    #[setting(default = Vec::<String>::new(), view = "advanced")]
    pub ws_origins: Vec<String>,
    /// Time between pings of telephones behind a NAT; 0 = none.
    #[setting(default = 25, min = 0, max = 120, unit = "seconds")]
    pub nat_ping_interval: i64,
    /// How they are pinged: `crlf` needs no answer; a telephone that leaves two of the others unanswered is not called until it
    /// answers again.
    #[setting(default = SipPing::Crlf, view = "advanced")]
    pub nat_ping_method: SipPing,
    /// How long a call may ring without any news of it.
    #[setting(default = 190, min = 181, max = 900, unit = "seconds", view = "advanced")]
    pub timer_c: i64,
    /// Telephones that are rung at a time for one call.
    #[setting(default = 32, min = 1, max = 100, view = "advanced")]
    pub max_forks: i64,
    /// Longest call.
    #[setting(default = 14_400, min = 60, max = 604_800, unit = "seconds")]
    pub max_call_duration: i64,
    /// Requests by datagrams in a second from an address where nobody has signed in lately, four times as many at once; above
    /// that they get 503, and then no answer; 0 = no limit.
    #[setting(default = 50, min = 0, max = 100_000, view = "advanced")]
    pub stranger_rate: i64,
    /// Calls at a time from an address by callers who have not signed in; 0 = no limit.
    #[setting(default = 20, min = 0, max = 100_000, view = "advanced")]
    pub stranger_calls: i64,
    /// Calls and registrations leave something behind: records, ladders, events; off: nothing stays of a call that is over, and
    /// nobody is told of it.
    #[setting(default = true, view = "advanced")]
    pub history: bool,
    /// The ladder of every call is kept; off: of failed calls, and of accounts whose own setting says so.
    #[setting(default = false)]
    pub trace_calls: bool,
    /// Where requests to domains go instead of asking the DNS: `far.example sip:192.0.2.1:5070;transport=tcp`, several targets one
    /// after the other, or by `;weight=N`.
    #[setting(default = Vec::<StaticRoute>::new(), view = "advanced")]
    pub static_routes: Vec<StaticRoute>,
    /// What is not asked of some telephones and servers: `192.0.2.0/24 no_tcp`, `far.example no_100rel`, `agent:Old*
    /// no_session_timer`, also `no_replaces` and `force_media_proxy`.
    #[setting(default = Vec::<Workaround>::new(), view = "advanced")]
    pub workarounds: Vec<Workaround>,
    /// Who may send to other servers without a line of the Router that says so.
    #[setting(default = SipRelay::Clients)]
    pub relay_policy: SipRelay,
    /// Who says to be of a domain of ours has to prove it.
    #[setting(default = SipOwn::NonClients)]
    pub auth_own_domain: SipOwn,
    /// Callers of other domains have to sign in, too: only accounts call from outside Client IPs.
    #[setting(default = false)]
    pub auth_outside_calls: bool,
    /// How passwords are asked for, the best first: `sha256`, `md5`; empty = both.
    #[setting(default = Vec::<SipDigest>::new(), view = "advanced")]
    pub digest_algorithms: Vec<SipDigest>,
    /// How long the answer to one challenge is good for.
    #[setting(default = 300, min = 30, max = 3600, unit = "seconds", view = "advanced")]
    pub nonce_ttl: i64,
    /// Time in which telephones confirm a call when they leave it open; 0 = they need not, and the shortest is 90.
    #[setting(default = 1800, min = 0, max = 86_400, unit = "seconds", view = "advanced")]
    pub session_expires: i64,
    /// Calls at a time; more are refused with 503; 0 = no limit.
    #[setting(default = 20_000, min = 0, max = 1_000_000)]
    pub max_calls: i64,
    /// Requests that are being dealt with at a time; more are refused with 503, inside dialogs a tenth later.
    #[setting(default = 200_000, min = 100, max = 2_000_000, view = "expert")]
    pub max_server_transactions: i64,
    /// Servers that a request without Max-Forwards may still pass.
    #[setting(default = 70, min = 1, max = 255, view = "expert")]
    pub max_forwards: i64,
    /// T1: time of a round trip, in milliseconds (RFC 3261 §17).
    #[setting(default = 500, min = 100, max = 2000, view = "expert")]
    pub t1_ms: i64,
    /// T2: longest time between retransmissions, in milliseconds.
    #[setting(default = 4000, min = 1000, max = 16_000, view = "expert")]
    pub t2_ms: i64,
    /// T4: longest time a message stays in the network, in milliseconds.
    #[setting(default = 5000, min = 1000, max = 20_000, view = "expert")]
    pub t4_ms: i64,
    /// Timer B: how long a call waits for any answer of a server or telephone.
    #[setting(default = 32, min = 2, max = 64, unit = "seconds", view = "advanced")]
    pub timer_b: i64,
    /// Type of service of datagrams; acts on listeners that are opened afterwards.
    #[setting(default = 104, min = 0, max = 255, view = "expert", restart)]
    pub udp_tos: i64,
    /// How long a ladder is kept where it is to be kept.
    #[setting(default = 7, min = 1, max = 90, unit = "days")]
    pub trace_days: i64,
    /// How long the ladder of a failed call is kept; 0 = not.
    #[setting(default = 24, min = 0, max = 720, unit = "hours")]
    pub trace_failed_hours: i64,
}

/// Rules.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct RulesSettings {
    /// Web servers that rules may ask though they are in a private network: names of hosts, addresses, networks.
    #[setting(default = Vec::<String>::new(), view = "advanced")]
    pub url_allow: Vec<String>,
}

/// DNS.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct DnsSettings {
    /// Name servers as `address` or `address:port`; empty = those of the system.
    #[setting(default = Vec::<String>::new())]
    pub servers: Vec<String>,
    /// Time for one answer.
    #[setting(default = 5, min = 1, max = 30, unit = "seconds")]
    pub timeout: i64,
}

/// A group of module settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// Receiving by SMTP.
    Smtp,
    /// Sending by SMTP.
    SmtpOut,
    /// Queue and local delivery.
    Queue,
    /// IMAP.
    Imap,
    /// POP3.
    Pop,
    /// The media relay.
    Media,
    /// SIP.
    Sip,
    /// Rules.
    Rules,
}

/// The modules there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Modules {
    /// Their names.
    pub data: Vec<Module>,
}

/// Changes settings of a module; the values are checked against the module.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateModule {
    /// The module: `smtp`, `smtp_out`, `queue`, `imap`, `pop`, `media`, `sip` or `rules`.
    pub module: String,
    /// Values to set, by name.
    #[schema(value_type = Option<Object>)]
    pub set: Option<serde_json::Map<String, serde_json::Value>>,
    /// Names to return to the built-in value.
    #[serde(default)]
    pub unset: Vec<String>,
}

/// Describes every setting there is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingsCatalogue {
    /// One entry per object that has settings.
    pub data: Vec<SettingsGroup>,
}

/// The settings of one kind of object.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettingsGroup {
    /// The object: `server`, `domain`, `account`, `router`, `group`, or the name of a module.
    pub object: String,
    /// Levels that can set them, the most general first.
    pub levels: Vec<crate::settings::Source>,
    /// The settings.
    pub settings: Vec<crate::settings::SettingDescription>,
}

/// Renames the main domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameMainDomain {
    /// The new name.
    pub name: String,
    /// Keep the old name as an alias; true when absent.
    pub keep_alias: Option<bool>,
}

/// The types of events.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventTypes {
    /// One entry per topic.
    pub data: Vec<EventTopic>,
}

/// The types of events of one topic.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventTopic {
    /// The topic.
    pub topic: String,
    /// Its types.
    pub types: Vec<String>,
}

/// The error codes of the API.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorCodes {
    /// One entry per code.
    pub data: Vec<ErrorCode>,
}

/// A stable code of errors.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorCode {
    /// The code.
    pub code: String,
    /// HTTP status it comes with.
    pub status: i32,
}

/// What runs here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    /// Name of the program.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Versions of the API it speaks.
    pub api_versions: Vec<String>,
    /// Version of the database schema.
    pub schema_version: i64,
}
