//! Accounts: identity, settings, aliases, numbers and rights.

use macros::Settings;
use serde::{Deserialize, Serialize};
use types::{Secret, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::media::MediaForce;
use crate::settings::{Flow, setting_enum};

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Account {
    /// Id.
    pub id: Uuid,
    /// `name@domain`.
    pub address: String,
    /// Name in the domain.
    pub name: String,
    /// Name of the domain.
    pub domain: String,
    /// Id of the domain.
    pub domain_id: Uuid,
    /// Name of the person.
    pub real_name: String,
    /// Whether it works.
    pub state: AccountState,
    /// True for `postmaster` and `pbx` of the main domain.
    pub builtin: bool,
    /// Other names in the domain.
    pub aliases: Vec<String>,
    /// Telephone numbers.
    pub telnums: Vec<String>,
    /// What mail for a suspended account meets.
    pub suspend_mail: SuspendMail,
    /// Octets of stored mail.
    pub used_bytes: i64,
    /// Stored messages.
    pub used_messages: i64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It works.
    Active,
    /// Sign-in is refused.
    Suspended,
    /// Deleted, can be restored for a while.
    Deleted,
}

/// What mail for a suspended account meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuspendMail {
    /// Stored as ever.
    Accept,
    /// Refused for the time being (450).
    Reject,
    /// Refused (550).
    Bounce,
}

/// Creates an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// The domain: id or name.
    pub domain: String,
    /// Name: letters, digits, `_`, `-`, `.`; no dot first or last.
    pub name: String,
    /// Password; without one nobody can sign in until one is set.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// Name of the person.
    pub real_name: Option<String>,
    /// Other names in the domain.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Telephone numbers in E.164 form.
    #[serde(default)]
    pub telnums: Vec<String>,
}

/// Changes an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAccount {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Name of the person.
    pub real_name: Option<String>,
}

/// Settings of an account.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct AccountSettings {
    /// Octets of mail the account may hold; -1 = no limit.
    #[setting(default = -1, min = -1, unit = "bytes")]
    pub max_account_size: i64,
    /// Largest message the account may receive; -1 = the limit of the server.
    #[setting(default = -1, min = -1, unit = "bytes")]
    pub max_message_size: i64,
    /// Largest message the account may send.
    #[setting(default = 31_457_280, min = -1, unit = "bytes")]
    pub max_mail_out_size: i64,
    /// Recipients the account may send to.
    #[setting(default = Flow { count: 500, period: 3600 }, view = "advanced")]
    pub mail_out_flow: Flow,
    /// Mailboxes the account may have.
    #[setting(default = 1000, min = 1, max = 100_000, view = "advanced")]
    pub max_mailboxes: i64,
    /// The account receives mail.
    #[setting(default = true)]
    pub mail: bool,
    /// The account may send to other servers.
    #[setting(default = true)]
    pub relay: bool,
    /// The account may use IMAP.
    #[setting(default = true)]
    pub imap: bool,
    /// The account may use POP3.
    #[setting(default = true)]
    pub pop: bool,
    /// Telephones may register for the account.
    #[setting(default = true)]
    pub sip: bool,
    /// The account makes and gets calls and instant messages.
    #[setting(default = true)]
    pub signal: bool,
    /// Stands below what is written in the browser; empty = nothing.
    #[setting(own, unit = "lines")]
    pub signature: String,
    /// Incoming calls reach the account; off: callers hear that it is not available.
    #[setting(default = true, own)]
    pub accept_calls: bool,
    /// Callers hear that the account is busy; what `divert_busy` names gets them.
    #[setting(default = false, own)]
    pub do_not_disturb: bool,
    /// Callers who do not say who they are are refused.
    #[setting(default = false, own)]
    pub reject_anonymous: bool,
    /// Where all calls go instead: addresses or numbers, parted by commas; empty = to the account's telephones.
    #[setting(own)]
    pub divert_always: String,
    /// Where calls go when the account is busy; empty = nowhere.
    #[setting(own)]
    pub divert_busy: String,
    /// Where calls go that nobody answers; empty = nowhere.
    #[setting(own)]
    pub divert_no_answer: String,
    /// How long the telephones ring before nobody answers.
    #[setting(default = 20, min = 1, max = 600, unit = "seconds", own)]
    pub no_answer_seconds: i64,
    /// Where calls go when no telephone can be reached; empty = where calls go that nobody answers.
    #[setting(own)]
    pub divert_unregistered: String,
    /// Where calls go that fail otherwise; empty = where calls go when no telephone can be reached.
    #[setting(own)]
    pub divert_error: String,
    /// Addresses or numbers that ring together with the account's telephones.
    #[setting(own)]
    pub simultaneous_ring: Vec<String>,
    /// How long the telephones ring before the others ring too.
    #[setting(default = 0, min = 0, max = 600, unit = "seconds", own)]
    pub simultaneous_ring_seconds: i64,
    /// Addresses or numbers at which the account is looked for, one after the other.
    #[setting(own)]
    pub find_me: Vec<String>,
    /// How long the telephones ring, and then each of `find_me`, before the next is tried.
    #[setting(default = 15, min = 1, max = 600, unit = "seconds", own)]
    pub find_me_seconds: i64,
    /// Whoever of `find_me` was tried goes on ringing; off: only one rings at a time.
    #[setting(default = false, own)]
    pub find_me_together: bool,
    /// Callers who are refused: addresses or numbers; `*` stands for anything.
    #[setting(own)]
    pub call_blacklist: Vec<String>,
    /// Only callers of `call_whitelist` are let through.
    #[setting(default = false, own)]
    pub call_whitelist_only: bool,
    /// Callers who are let through when nobody else is: addresses or numbers; `*` stands for anything.
    #[setting(own)]
    pub call_whitelist: Vec<String>,
    /// Who may change the account's rules for calls: `any` = the owner too, `no` = administrators alone, and none of them act.
    #[setting(default = RulesAllowed::Any)]
    pub signal_rules_allowed: RulesAllowed,
    /// Another call rings while one is going on; off: its caller hears that the account is busy.
    #[setting(default = true, own)]
    pub call_waiting: bool,
    /// Telephones of the account are told of voice messages without asking for it, as old ones need.
    #[setting(default = false, view = "advanced", own)]
    pub mwi_unsolicited: bool,
    /// Accounts of the same domain may see whether the account is in a call.
    #[setting(default = true, own)]
    pub dialog_info: bool,
    /// Accounts of the same domain may see whether the account can be reached.
    #[setting(default = true, own)]
    pub presence_domain_open: bool,
    /// Whose instant messages reach the account; others hear that theirs are not taken.
    #[setting(default = ImFrom::Everybody, own)]
    pub im_from: ImFrom,
    /// Most entries of the account's roster.
    #[setting(default = 1000, min = 0, max = 10_000, view = "advanced")]
    pub max_roster_items: i64,
    /// Telephones the account may register at a time.
    #[setting(default = 10, min = 1, max = 100)]
    pub max_signal_contacts: i64,
    /// Calls the account may have at a time; -1 = no limit.
    #[setting(default = -1, min = -1)]
    pub calls_limit: i64,
    /// When media of the account's calls goes through this server; on `auto`, as the server's own setting says.
    #[setting(default = MediaForce::Auto, view = "advanced")]
    pub media_force: MediaForce,
    /// Calls that reach the account; those above it hear that it is not available.
    #[setting(default = Flow { count: -1, period: 3600 }, view = "advanced")]
    pub call_in_flow: Flow,
    /// Calls that the account makes.
    #[setting(default = Flow { count: -1, period: 3600 }, view = "advanced")]
    pub call_out_flow: Flow,
    /// Registrations of the account's telephones that come from outside Client IPs.
    #[setting(default = Flow { count: 20, period: 60 }, view = "advanced")]
    pub register_flow: Flow,
    /// The ladders of its calls are kept for days.
    #[setting(default = false, view = "advanced")]
    pub trace_calls: bool,
    /// The account may use the API.
    #[setting(default = true)]
    pub api: bool,
    /// The account may sign in from addresses outside Client IPs.
    #[setting(default = true)]
    pub mobile: bool,
    /// The account receives mail for `all@` its domain.
    #[setting(default = true)]
    pub mail_to_all: bool,
    /// The password must not travel without TLS.
    #[setting(default = true, view = "advanced")]
    pub require_secure_login: bool,
    /// The owner may change the password.
    #[setting(default = true)]
    pub password_change_allowed: bool,
    /// Failed sign-ins before the account is closed for the rest of the period.
    #[setting(default = Flow { count: 10, period: 60 }, view = "advanced")]
    pub failed_login_flow: Flow,
    /// Over quota: how often delivery is tried again.
    #[setting(default = 1800, min = 1, max = 86_400, unit = "seconds", view = "advanced")]
    pub quota_retry_every: i64,
    /// Over quota: how long mail waits; 0 = it is refused at once.
    #[setting(default = 604_800, min = 0, max = 2_592_000, unit = "seconds", view = "advanced")]
    pub quota_retry_for: i64,
}

setting_enum! {
    /// Whose instant messages an account takes.
    ImFrom {
        /// Those of everybody.
        Everybody,
        /// Those of whom it has in its roster.
        Roster,
        /// Nobody's but its own.
        Nobody,
    }
}

setting_enum! {
    /// Whether an account has rules.
    RulesAllowed {
        /// It has none; those it had do not act.
        No,
        /// It has.
        Any,
    }
}

/// Settings of the telephone in the browser.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct DiallerSettings {
    /// Calls ring in the browser; off: they ring at all other telephones only.
    #[setting(default = false, own)]
    pub incoming_calls: bool,
}

/// Sets a password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The new password.
    #[schema(value_type = String)]
    pub password: Secret,
    /// The old password; needed when one changes one's own without further rights.
    #[schema(value_type = Option<String>)]
    pub old_password: Option<Secret>,
}

/// Suspends an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendAccount {
    /// The account: id or address.
    pub account: String,
    /// What mail meets meanwhile; accept when absent.
    pub suspend_mail: Option<SuspendMail>,
}

/// Renames an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameAccount {
    /// The account: id or address.
    pub account: String,
    /// The new name.
    pub name: String,
    /// Keep the old name as an alias; true when absent.
    pub keep_alias: Option<bool>,
}

/// Restores a deleted account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreAccount {
    /// The account: id.
    pub account: String,
    /// Another name, when the old one is taken.
    pub new_name: Option<String>,
}

/// Other names of an account, or its numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Names {
    /// The names, sorted.
    pub data: Vec<String>,
    /// Version of the account.
    pub version: i64,
}

/// Rights of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rights {
    /// Rights over the server; only for accounts of the main domain.
    pub server: Vec<String>,
    /// Rights in the account's own domain.
    pub domain: Vec<String>,
    /// Version of the account.
    pub version: i64,
}

/// Replaces the rights of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceRights {
    /// The account: id or address.
    pub account: String,
    /// Rights over the server.
    #[serde(default)]
    pub server: Vec<String>,
    /// Rights in the account's own domain.
    #[serde(default)]
    pub domain: Vec<String>,
}

/// Replaces the other names of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceAliases {
    /// The account: id or address.
    pub account: String,
    /// All of its other names.
    pub aliases: Vec<String>,
}

/// Replaces the telephone numbers of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceTelnums {
    /// The account: id or address.
    pub account: String,
    /// All of its numbers in E.164 form.
    pub telnums: Vec<String>,
}

/// A telephone number and whose it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Telnum {
    /// The number in E.164 form.
    pub number: String,
    /// The account.
    pub account_id: Uuid,
    /// Its address.
    pub address: String,
}

/// An account that holds rights.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Admin {
    /// The account.
    pub account_id: Uuid,
    /// Its address.
    pub address: String,
    /// Rights over the server.
    pub server: Vec<String>,
    /// Rights in its own domain.
    pub domain: Vec<String>,
}

/// The rights there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RightsCatalogue {
    /// One entry per right.
    pub data: Vec<RightDescription>,
}

/// A right.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RightDescription {
    /// Name of the right.
    pub right: String,
    /// Over what it is held.
    pub scope: RightScope,
    /// Whether the caller holds it and may give it on.
    pub held: bool,
}

/// Over what a right is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightScope {
    /// The server.
    Server,
    /// One domain.
    Domain,
}

/// Takes an account away for good.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurgeAccount {
    /// The account: id; address too when it is not deleted.
    pub account: String,
    /// Also one that is not deleted yet; needs the right `master`.
    #[serde(default)]
    pub force: bool,
}

/// A telephone number of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TelnumRef {
    /// The account: id or address.
    pub account: String,
    /// The number in E.164 form.
    pub number: String,
}
