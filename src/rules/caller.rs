//! Who calls, and whom an account refuses.

use model::account::AccountSettings;
use uuid::Uuid;

use crate::address::number;
use crate::picture::{Picture, fold};

/// Who calls, as settings ask for it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The account it is, by proof or by the word of whom we trust.
    pub account: Option<Uuid>,
    /// Addresses: the one that was proved, or what the request says.
    pub addresses: Vec<String>,
    /// Telephone numbers, `+` and digits where they are global.
    pub numbers: Vec<String>,
    /// He does not say who he is.
    pub anonymous: bool,
}

impl Caller {
    /// Adds what a number or address says; `user` is the part before the `@`.
    pub fn add(&mut self, address: &str, is_address: bool) {
        let user = address.split('@').next().unwrap_or_default();
        self.numbers.extend(number(user));
        if is_address {
            self.addresses.push(address.to_lowercase());
        }
    }

    /// Whether a line of a list means this caller.
    fn is_meant(&self, line: &str) -> bool {
        let line = line.trim();
        // In these lists all but `*` is meant as it is.
        let picture = |text: &str| Picture::parse(&text.replace('\\', r"\\"));
        if line.contains('@') {
            let picture = picture(line);
            return self.addresses.iter().any(|address| picture.fits(&fold(address)));
        }
        if line.is_empty() {
            return false;
        }
        match number(line) {
            Some(line) => self.numbers.iter().any(|number| picture(&line).fits(number)),
            None => self.addresses.iter().any(|address| picture(line).fits(&fold(address.split('@').next().unwrap_or_default()))),
        }
    }

    /// Whether one of the lines means this caller.
    pub fn is_listed(&self, lines: &[String]) -> bool {
        lines.iter().any(|line| self.is_meant(line))
    }
}

/// Whoever may not reach the account at all, by call or message: the status, and why.
pub fn refused(settings: &AccountSettings, caller: &Caller) -> Option<(u16, &'static str)> {
    if settings.reject_anonymous && caller.anonymous {
        Some((433, "refuses callers who do not say who they are"))
    } else if caller.is_listed(&settings.call_blacklist) {
        Some((603, "refuses this caller"))
    } else if settings.call_whitelist_only && !caller.is_listed(&settings.call_whitelist) {
        Some((603, "refuses callers who are not on the list"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_means_addresses_names_and_numbers() {
        let mut bob = Caller { addresses: vec!["bob@a.example".to_owned()], numbers: vec!["+4930123".to_owned()], ..Caller::default() };
        for (line, meant) in [
            ("bob@a.example", true), ("BOB@A.example", true), ("*@a.example", true), ("*@*.example", true), ("bob", true), ("b*", true), ("*", true),
            ("+4930123", true), ("0049 30-123", true), ("+49*", true), ("+4930", false), ("30123", false), ("alice", false), ("*@b.example", false), ("", false),
        ] {
            assert_eq!(bob.is_meant(line), meant, "{line}");
        }
        bob.add("+4940@a.example", true);
        assert!(bob.is_meant("004940"));
    }

    #[test]
    fn who_is_refused() {
        let mut settings = AccountSettings { reject_anonymous: true, ..AccountSettings::default() };
        let bob = Caller { addresses: vec!["bob@a.example".to_owned()], ..Caller::default() };
        let nobody = Caller { anonymous: true, ..Caller::default() };
        let status = |settings: &AccountSettings, caller: &Caller| refused(settings, caller).map(|(status, _)| status);
        assert_eq!((status(&settings, &nobody), status(&settings, &bob)), (Some(433), None));
        settings.call_blacklist = vec!["bob".to_owned()];
        assert_eq!(status(&settings, &bob), Some(603));
        settings = AccountSettings { call_whitelist_only: true, ..AccountSettings::default() };
        assert_eq!(status(&settings, &bob), Some(603));
        settings.call_whitelist = vec!["*@a.example".to_owned()];
        assert_eq!(status(&settings, &bob), None);
    }
}
