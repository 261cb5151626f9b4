//! The decision whether a stranger may send to a result.

use model::routing::{Flow, RelayDecision, RelayVerdict};

use crate::context::Context;
use crate::error::{RouteError, Situation};
use crate::route::Route;
use crate::routing::Outcome;

/// What SMTP or SIP does with a routed recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The result is ours: no relaying takes place.
    Local,
    /// Relayed, because the sender is trusted or the address is marked.
    Allowed {
        /// The address is marked; false when only the sender's trust counts.
        marked: bool,
    },
    /// Refused; the caller may know one of the exceptions (the destination is a client address, or a host we back up).
    Refused(RouteError),
}

impl Outcome {
    /// Decides for one recipient. `None` for errors and for logins.
    pub fn verdict(&self, address: &str, context: &Context) -> Option<Verdict> {
        match &self.route {
            Route::Error(_) => None,
            _ if self.flow == Flow::Access => None,
            Route::Smtp(_) | Route::Sip(_) if self.relayable => {
                Some(Verdict::Allowed { marked: true })
            }
            Route::Smtp(_) | Route::Sip(_) if context.trusted => {
                Some(Verdict::Allowed { marked: false })
            }
            Route::Smtp(_) | Route::Sip(_) => {
                let login = if self.flow == Flow::Mail {
                    context.login_offered
                } else {
                    context.caller_is_ours
                };
                let situation = if login {
                    Situation::RelayNeedsLogin
                } else {
                    Situation::Relay
                };
                Some(Verdict::Refused(RouteError::new(situation, address)))
            }
            _ => Some(Verdict::Local),
        }
    }
}

impl Verdict {
    /// The verdict as the API shows it.
    pub(crate) fn to_model(&self, route: &Route) -> RelayVerdict {
        let (verdict, reason) = match self {
            Self::Local => (RelayDecision::Local, local_reason(route)),
            Self::Allowed { marked: true } => (
                RelayDecision::RelayAllowed,
                "a record, forwarder or setting marked the address",
            ),
            Self::Allowed { marked: false } => {
                (RelayDecision::RelayAllowed, "the sender is trusted")
            }
            Self::Refused(_) => (
                RelayDecision::RelayRefused,
                "the sender is not trusted and the address is not marked",
            ),
        };
        RelayVerdict {
            verdict,
            reason: reason.to_owned(),
        }
    }
}

fn local_reason(route: &Route) -> &'static str {
    match route {
        Route::Local(_) => "a local account",
        Route::App(_) => "application of a local account",
        Route::List { .. } => "a local mailing list",
        Route::Group { .. } => "a local group",
        Route::All(_) => "local accounts",
        Route::Pipe(_) => "a program of this server",
        _ => "dropped here",
    }
}
