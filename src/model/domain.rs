//! Domains.

use macros::Settings;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::settings::{Flow, setting_enum};

/// A domain whose accounts live here.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Domain {
    /// Id.
    pub id: Uuid,
    /// Name, lower-case A-labels.
    pub name: String,
    /// Whether it works.
    pub state: DomainState,
    /// True for the main domain.
    pub builtin: bool,
    /// Other names of the domain.
    pub aliases: Vec<String>,
    /// Addresses of this server at which the domain may be left out of login names.
    pub assigned_ips: Vec<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Whether a domain works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    /// It works.
    Active,
    /// Nothing is taken or let in.
    Suspended,
}

/// Creates a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDomain {
    /// Name.
    pub name: String,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Renames a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameDomain {
    /// The domain: id or name.
    pub domain: String,
    /// The new name.
    pub name: String,
    /// Keep the old name as an alias; true when absent.
    pub keep_alias: Option<bool>,
}

/// Replaces the other names of a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceDomainAliases {
    /// The domain: id or name.
    pub domain: String,
    /// All of its other names.
    pub aliases: Vec<String>,
}

/// Changes a domain.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateDomain {
    /// The domain: id or name.
    pub domain: String,
    /// Addresses of this server at which the domain may be left out of login names.
    pub assigned_ips: Option<Vec<String>>,
}

/// Settings of a domain.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct DomainSettings {
    /// What happens to mail for unknown names.
    #[setting(default = MailToUnknown::Rejected)]
    pub mail_to_unknown: MailToUnknown,
    /// Where mail for unknown names goes when it is rerouted; `*` is the unknown name.
    #[setting(default = "")]
    pub mail_reroute_address: String,
    /// What happens to signals for unknown names.
    #[setting(default = ToUnknown::Rejected)]
    pub signal_to_unknown: ToUnknown,
    /// Where signals for unknown names go when they are rerouted.
    #[setting(default = "pbx")]
    pub signal_reroute_address: String,
    /// What happens to unknown login names.
    #[setting(default = ToUnknown::Rejected)]
    pub access_to_unknown: ToUnknown,
    /// Where unknown login names lead when they are rerouted.
    #[setting(default = "")]
    pub access_reroute_address: String,
    /// Who may write to `all@` this domain.
    #[setting(default = MailToAll::AuthenticatedDomainUsers)]
    pub mail_to_all: MailToAll,
    /// Who must sign in before sending with an address of this domain.
    #[setting(default = ForceSmtpAuth::NonClients)]
    pub force_smtp_auth: ForceSmtpAuth,
    /// Accounts the domain may have; -1 = any number.
    #[setting(default = -1, min = -1)]
    pub accounts_limit: i64,
    /// Calls that reach all accounts of the domain together.
    #[setting(default = Flow { count: -1, period: 60 }, view = "advanced")]
    pub call_in_flow: Flow,
    /// Calls that all accounts of the domain make together.
    #[setting(default = Flow { count: -1, period: 60 }, view = "advanced")]
    pub call_out_flow: Flow,
    /// Registrations of all telephones of the domain together that come from outside Client IPs.
    #[setting(default = Flow { count: -1, period: 60 }, view = "advanced")]
    pub register_flow: Flow,
}

setting_enum! {
    /// What happens to mail for unknown names.
    MailToUnknown {
        /// Refused.
        Rejected,
        /// Sent to `mail_reroute_address`.
        Rerouted,
        /// Taken and dropped.
        Discarded,
        /// Taken, then reported back.
        AcceptedAndBounced,
    }
}

setting_enum! {
    /// What happens to signals or logins for unknown names.
    ToUnknown {
        /// Refused.
        Rejected,
        /// Sent to the reroute address.
        Rerouted,
    }
}

setting_enum! {
    /// Who may write to everybody in the domain.
    MailToAll {
        /// Nobody.
        Disabled,
        /// Signed-in users of the domain.
        AuthenticatedDomainUsers,
        /// Client addresses.
        ClientIps,
        /// Everybody.
        Everyone,
    }
}

setting_enum! {
    /// Who must sign in before sending with an address of the domain.
    ForceSmtpAuth {
        /// Nobody.
        Nobody,
        /// Client addresses only.
        Clients,
        /// Everybody but client addresses.
        NonClients,
        /// Everybody.
        Everybody,
    }
}

/// Other names of a domain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DomainAliases {
    /// The names, sorted.
    pub data: Vec<String>,
    /// Version of the domain.
    pub version: i64,
}
