use crate::{Name, Request};

/// What a caller wants done with its request (Request-Disposition, RFC 3841 §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition {
    /// How several targets are tried.
    pub fork: Fork,
    /// Whether other branches are cancelled when one has answered.
    pub cancel: bool,
}

/// How several targets are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// By preference.
    Usual,
    /// All at once.
    Parallel,
    /// One after the other.
    Sequential,
    /// Only the best.
    None,
}

impl Disposition {
    /// Reads what the caller wants; contradictory wishes count from the narrowest.
    pub fn of(request: &Request) -> Self {
        let wants = |directive: &str| {
            request
                .tokens(Name::RequestDisposition)
                .any(|token| token.eq_ignore_ascii_case(directive))
        };
        if request.value(Name::RequestDisposition).is_none() {
            return Self {
                fork: Fork::Usual,
                cancel: true,
            };
        }
        let fork = if wants("no-fork") {
            Fork::None
        } else if wants("sequential") {
            Fork::Sequential
        } else if wants("parallel") {
            Fork::Parallel
        } else {
            Fork::Usual
        };
        Self {
            fork,
            cancel: !wants("no-cancel"),
        }
    }
}
