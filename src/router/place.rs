//! What a domain part means: ours, reserved, or somewhere else.

use std::sync::Arc;

use crate::address::is_canonical_suffix;
use crate::domains::{Domain, Domains, Name};

/// What a domain part means once own names are taken off.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The main domain.
    Empty,
    /// A secondary domain.
    Domain(&'a Arc<Domain>),
    /// Another name of a domain.
    Alias(&'a Arc<Domain>),
    /// `error`, `null`, `blackhole` or `spamtrap`.
    Word(Word),
    /// A reserved name.
    Reserved(Reserved),
    /// A reserved suffix.
    Suffix(Suffix),
    /// An IP literal or a host with port.
    Host,
    /// A name without dots.
    Bare,
    /// A name with dots.
    Remote,
}

/// Words that end routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Error,
    Null,
    Blackhole,
    Spamtrap,
    MailerDaemon,
}

/// Reserved domain names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reserved {
    Pipe,
    Telnum,
    Pstn,
    Blacklisted,
    Wakeup,
}

/// Reserved suffixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suffix {
    Via,
    Relay,
    Smtp,
    SmtpHold,
    Local,
    Domain,
    Pipe,
    List,
    Enum,
}

impl Place<'_> {
    /// The empty domain, a domain, or an alias.
    pub(crate) fn is_local(self) -> bool {
        matches!(self, Self::Empty | Self::Domain(_) | Self::Alias(_))
    }

    /// Not matched by a wildcard that fixes no character.
    pub(crate) fn is_explicit_only(self) -> bool {
        matches!(
            self,
            Self::Word(_) | Self::Reserved(_) | Self::Suffix(_) | Self::Host
        )
    }
}

/// What a canonical domain means when it is no name or address of the server itself.
pub(crate) fn place<'a>(domains: &'a Domains, domain: &str, telnum: &str) -> Place<'a> {
    if domain.is_empty() {
        return Place::Empty;
    }
    match domains.name(domain) {
        Some(Name::Domain(found)) => return Place::Domain(found),
        Some(Name::Alias(found)) => return Place::Alias(found),
        _ => {}
    }
    foreign_place(domain, telnum)
}

/// What a canonical domain means when it is not ours.
pub(crate) fn foreign_place(domain: &str, telnum: &str) -> Place<'static> {
    if domain == telnum {
        return Place::Reserved(Reserved::Telnum);
    }
    let Some((_, label)) = domain.rsplit_once('.') else {
        return match domain {
            "error" => Place::Word(Word::Error),
            "null" => Place::Word(Word::Null),
            "blackhole" => Place::Word(Word::Blackhole),
            "spamtrap" => Place::Word(Word::Spamtrap),
            "pipe" => Place::Reserved(Reserved::Pipe),
            "telnum" => Place::Reserved(Reserved::Telnum),
            "pstn" => Place::Reserved(Reserved::Pstn),
            "blacklisted" => Place::Reserved(Reserved::Blacklisted),
            "wakeup" => Place::Reserved(Reserved::Wakeup),
            _ if domain.contains([':', '[']) => Place::Host,
            _ => Place::Bare,
        };
    };
    if is_canonical_suffix(label) {
        return Place::Suffix(match label {
            "_via" => Suffix::Via,
            "_relay" => Suffix::Relay,
            "_smtp" => Suffix::Smtp,
            "_smtpq" => Suffix::SmtpHold,
            "local" => Suffix::Local,
            "_domain" => Suffix::Domain,
            "pipe" => Suffix::Pipe,
            "_list" => Suffix::List,
            _ => Suffix::Enum,
        });
    }
    if domain.starts_with('[') || label.contains(':') {
        Place::Host
    } else {
        Place::Remote
    }
}

/// The word a whole local part is, when there is no domain.
pub(crate) fn word(local: &str) -> Option<Word> {
    Some(match local {
        "error" => Word::Error,
        "null" => Word::Null,
        "blackhole" => Word::Blackhole,
        "spamtrap" => Word::Spamtrap,
        "mailer-daemon" => Word::MailerDaemon,
        _ if local.starts_with("error{") && local.ends_with('}') => Word::Error,
        _ => return None,
    })
}
