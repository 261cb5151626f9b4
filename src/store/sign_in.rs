//! What a protocol needs to let an account in, in one query.

use model::rule::SignalRule;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Store};

/// An account, what proves who it is, and the levels of its settings.
pub struct SignInRow {
    /// Account.
    pub account_id: Uuid,
    /// Its domain.
    pub domain_id: Uuid,
    /// `name@domain`.
    pub address: String,
    /// Account and domain are active.
    pub active: bool,
    /// Argon2id verifier, when a password was set.
    pub verifier: Option<String>,
    /// SCRAM-SHA-256 keys.
    pub scram: Option<Value>,
    /// Digest secrets, sealed.
    pub digest: Option<Vec<u8>>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Telephone numbers.
    pub telnums: Vec<String>,
    /// Rights over the server.
    pub server_rights: Vec<String>,
    /// Rights in the own domain.
    pub domain_rights: Vec<String>,
    /// Settings patches: server, domain, account.
    pub settings: [Value; 3],
    /// Patches of the settings of its domain: server, domain.
    pub domain_settings: [Value; 2],
    /// Patch of the settings of the telephone in the browser.
    pub dialler: Value,
    /// Its own rules for signals.
    pub rules: Vec<SignalRule>,
}

impl Store {
    /// Everything a sign-in asks of an account.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn sign_in(&self, account: Uuid) -> Result<Option<SignInRow>> {
        let row = sqlx::query!(
            r#"SELECT a.domain_id, a.name || '@' || d.name AS "address!", a.state = 'active' AND d.state = 'active' AS "active!",
               c.verifier AS "verifier?", c.scram AS "scram?", c.digest AS "digest?", a.aliases, a.telnums, a.server_rights, a.domain_rights, s.account_defaults AS server, d.account_defaults AS domain, a.settings, a.dialler,
               s.domain_defaults, d.settings AS domain_settings,
               (SELECT r.rules FROM rule_set r WHERE r.account_id = a.id) AS rules
               FROM account a JOIN domain d ON d.id = a.domain_id CROSS JOIN server s
               LEFT JOIN credential c ON c.account_id = a.id AND c.kind = 'password' WHERE a.id = $1"#,
            account
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| SignInRow {
            account_id: account,
            domain_id: r.domain_id,
            address: r.address,
            active: r.active,
            verifier: r.verifier,
            scram: r.scram,
            digest: r.digest,
            aliases: r.aliases,
            telnums: r.telnums,
            server_rights: r.server_rights,
            domain_rights: r.domain_rights,
            settings: [r.server, r.domain, r.settings],
            domain_settings: [r.domain_defaults, r.domain_settings],
            dialler: r.dialler,
            rules: r.rules.map(crate::rule::rules_of).unwrap_or_default(),
        }))
    }
}
