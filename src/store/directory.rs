//! What a name or a telephone number stands for: the questions of the Router, one query each.

use model::account::{AccountState, SuspendMail};
use serde_json::Value;
use uuid::Uuid;

use crate::account::{state, suspend_mail};
use crate::{Result, Store};

/// What a name stands for.
pub enum Named {
    /// An account, by its name or an alias.
    Account(NamedAccount),
    /// A forwarder: its target.
    Forwarder(String),
    /// A group.
    Group {
        /// Id.
        id: Uuid,
        /// Name in its domain.
        name: String,
        /// Addresses.
        members: Vec<String>,
        /// How it distributes.
        settings: Value,
    },
    /// A kind of object that is not kept here yet.
    Other,
}

/// An account, as far as routing goes.
pub struct NamedAccount {
    /// Id.
    pub id: Uuid,
    /// Name in its domain.
    pub name: String,
    /// Whether it works.
    pub state: AccountState,
    /// What mail meets while it is suspended.
    pub suspend_mail: SuspendMail,
    /// Settings patches: server, domain, account.
    pub settings: [Value; 3],
}

/// The owner of a telephone number.
pub struct NumberOwner {
    /// Name of the account's domain.
    pub domain: String,
    /// The account.
    pub account: NamedAccount,
}

impl Store {
    /// What has a name in a domain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn named(&self, domain: Uuid, name: &str) -> Result<Option<Named>> {
        let row = sqlx::query!(
            r#"SELECT a.id AS "account_id?", a.name AS "account_name?", a.state AS "state?", a.suspend_mail AS "suspend_mail?",
               s.account_defaults AS server, d.account_defaults AS domain, a.settings AS "settings?",
               f.target AS "target?", g.id AS "group_id?", g.name AS "group_name?", g.members AS "members?", g.settings AS "group_settings?"
               FROM object_name o JOIN domain d ON d.id = o.domain_id CROSS JOIN server s
               LEFT JOIN account a ON o.kind IN ('account', 'alias') AND a.id = o.object_id
               LEFT JOIN forwarder f ON o.kind = 'forwarder' AND f.id = o.object_id
               LEFT JOIN mail_group g ON o.kind = 'group' AND g.id = o.object_id
               WHERE o.domain_id = $1 AND o.name = $2"#,
            domain,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(r) = row else { return Ok(None) };
        if let (Some(id), Some(name), Some(now), Some(mail), Some(settings)) = (r.account_id, r.account_name, r.state, r.suspend_mail, r.settings) {
            let (state, suspend_mail) = (state(&now), suspend_mail(&mail));
            return Ok(Some(Named::Account(NamedAccount { id, name, state, suspend_mail, settings: [r.server, r.domain, settings] })));
        }
        if let Some(target) = r.target {
            return Ok(Some(Named::Forwarder(target)));
        }
        if let (Some(id), Some(name), Some(members), Some(settings)) = (r.group_id, r.group_name, r.members, r.group_settings) {
            return Ok(Some(Named::Group { id, name, members, settings }));
        }
        Ok(Some(Named::Other))
    }

    /// The account that owns a telephone number, `+` and digits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn number_owner(&self, number: &str) -> Result<Option<NumberOwner>> {
        let row = sqlx::query!(
            r#"SELECT a.id, a.name, a.state, a.suspend_mail, d.name AS domain, s.account_defaults AS server, d.account_defaults AS domain_defaults, a.settings
               FROM telnum t JOIN account a ON a.id = t.account_id JOIN domain d ON d.id = a.domain_id CROSS JOIN server s WHERE t.number = $1"#,
            number
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| NumberOwner {
            domain: r.domain,
            account: NamedAccount {
                id: r.id,
                name: r.name,
                state: state(&r.state),
                suspend_mail: suspend_mail(&r.suspend_mail),
                settings: [r.server, r.domain_defaults, r.settings],
            },
        }))
    }
}
