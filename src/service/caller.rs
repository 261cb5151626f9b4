use std::net::IpAddr;
use std::sync::Arc;

use types::Timestamp;
use uuid::Uuid;

use crate::{Error, Result};

/// Who asks, through which door.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account, when somebody is signed in.
    pub account: Option<Arc<Standing>>,
    /// Where the call comes from.
    pub remote_ip: IpAddr,
    /// Whether the door is open for administration.
    pub admin_door: bool,
    /// When the proof of who asks ends.
    pub expires_at: Timestamp,
}

/// An account as it stands: who it is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Account.
    pub account_id: Uuid,
    /// Its domain.
    pub domain_id: Uuid,
    /// `name@domain`.
    pub address: String,
    /// The session, when a token was used.
    pub session_id: Option<Uuid>,
    /// Rights over the server.
    pub server_rights: Vec<String>,
    /// Rights in the own domain.
    pub domain_rights: Vec<String>,
}

impl Standing {
    /// Whether it has a right over the server; `master` has all but reading other people's mail.
    pub fn has_server_right(&self, right: &str) -> bool {
        let has = |wanted: &str| self.server_rights.iter().any(|r| r == wanted);
        has(right) || (right != "mailbox_read_all" && has("master"))
    }
}

impl Caller {
    /// Whoever can open the server's local socket: the server's user and root. May do everything.
    pub fn local_console() -> Self {
        let standing = Standing {
            account_id: Uuid::nil(),
            domain_id: Uuid::nil(),
            address: "local_console".to_owned(),
            session_id: None,
            server_rights: vec!["master".to_owned()],
            domain_rights: Vec::new(),
        };
        Self { account: Some(Arc::new(standing)), remote_ip: std::net::Ipv4Addr::LOCALHOST.into(), admin_door: true, expires_at: Timestamp::default() }
    }

    /// Nobody who is known.
    pub fn stranger(remote_ip: IpAddr, admin_door: bool) -> Self {
        Self { account: None, remote_ip, admin_door, expires_at: Timestamp::default() }
    }

    /// The account that asks.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn signed_in(&self) -> Result<&Standing> {
        self.account.as_deref().ok_or_else(Error::unauthenticated)
    }

    /// Name for audit lines.
    pub fn name(&self) -> &str {
        self.account.as_deref().map_or("anonymous", |a| a.address.as_str())
    }

    fn at_admin_door(&self) -> Result<()> {
        if self.admin_door {
            return Ok(());
        }
        Err(Error::new(crate::Kind::Forbidden, "admin_api_disabled_here", "Administration is open on the administrators' port only."))
    }

    /// Lets pass who has a right over the server.
    ///
    /// # Errors
    /// When nobody is signed in, the right is missing, or the door is not for administration.
    pub fn may_server(&self, right: &'static str) -> Result<()> {
        let standing = self.signed_in()?;
        if !standing.has_server_right(right) {
            return Err(Error::right_required(right));
        }
        self.at_admin_door()
    }

    /// Lets pass who has a right in this domain: its own administrators, and those of all domains.
    ///
    /// # Errors
    /// `NotFound` for a domain the caller may not know of; `Forbidden` when the right is missing.
    pub fn may_domain(&self, domain: Uuid, right: &'static str) -> Result<()> {
        let standing = self.signed_in()?;
        if standing.has_server_right("domains_all") || (right == "domain" && standing.has_server_right("domains_read")) {
            return self.at_admin_door();
        }
        let has = |wanted: &str| standing.domain_rights.iter().any(|r| r == wanted);
        if standing.domain_id != domain || !has("domain") {
            return Err(if standing.domain_id == domain { Error::right_required(right) } else { Error::not_found("object") });
        }
        if !has(right) {
            return Err(Error::right_required(right));
        }
        self.at_admin_door()
    }

    /// Lets pass the owner of an account, and who has the right in its domain.
    ///
    /// # Errors
    /// As [`Caller::may_domain`].
    pub fn may_own(&self, account: Uuid, domain: Uuid, right: &'static str) -> Result<()> {
        if self.signed_in()?.account_id == account {
            return Ok(());
        }
        self.may_domain(domain, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(server: &[&str], domain: &[&str], home: Uuid) -> Caller {
        let rights = |list: &[&str]| list.iter().map(|r| (*r).to_owned()).collect();
        let standing = Standing {
            account_id: Uuid::from_u128(1),
            domain_id: home,
            address: "a@b.example".into(),
            session_id: None,
            server_rights: rights(server),
            domain_rights: rights(domain),
        };
        Caller { account: Some(Arc::new(standing)), remote_ip: [127, 0, 0, 1].into(), admin_door: true, expires_at: Timestamp::default() }
    }

    #[test]
    fn rights_are_asked_in_the_right_place() {
        let (home, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        assert!(caller(&["master"], &[], home).may_server("settings").is_ok());
        assert!(caller(&["master"], &[], home).may_server("mailbox_read_all").is_err());
        assert!(caller(&["monitors"], &[], home).may_server("settings").is_err());
        let admin = caller(&[], &["domain", "can_create_aliases"], home);
        assert!(admin.may_domain(home, "can_create_aliases").is_ok());
        assert_eq!(admin.may_domain(home, "can_create_accounts").unwrap_err().required, Some("can_create_accounts"));
        assert_eq!(admin.may_domain(other, "domain").unwrap_err().code, "not_found");
        assert!(caller(&["domains_read"], &[], home).may_domain(other, "domain").is_ok());
        assert!(caller(&["domains_read"], &[], home).may_domain(other, "can_create_accounts").is_err());
        let user = caller(&[], &[], home);
        assert!(user.may_own(Uuid::from_u128(1), home, "basic_settings").is_ok());
        assert!(user.may_own(Uuid::from_u128(2), home, "basic_settings").is_err());
        let elsewhere = Caller { admin_door: false, ..caller(&["master"], &[], home) };
        assert_eq!(elsewhere.may_server("settings").unwrap_err().code, "admin_api_disabled_here");
    }
}
