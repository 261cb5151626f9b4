use std::borrow::Cow;

use super::{Value, token_and_params};
use crate::params::Params;
use crate::scan::Malformed;

/// Event (RFC 6665 §8.2.1).
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The package with its templates, such as `presence.winfo`.
    pub package: &'a str,
    /// Its parameters.
    pub params: Params<'a>,
}

impl<'a> Event<'a> {
    /// What tells subscriptions of one dialog apart.
    pub fn id(&self) -> Option<&'a str> {
        self.params.get("id")
    }
}

impl<'a> Value<'a> for Event<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        token_and_params(octets).map(|(package, params)| Self { package, params })
    }
}

/// Subscription-State (RFC 6665 §8.2.3).
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated` or another.
    pub state: &'a str,
    /// Its parameters: `reason`, `expires`, `retry-after`.
    pub params: Params<'a>,
}

impl<'a> SubscriptionState<'a> {
    /// Whether the subscription is over.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }

    /// Why it is over.
    pub fn reason(&self) -> Option<&'a str> {
        self.params.get("reason")
    }

    /// Seconds it still lasts.
    pub fn expires(&self) -> Option<u32> {
        self.params.number("expires")
    }

    /// Seconds to wait before subscribing again.
    pub fn retry_after(&self) -> Option<u32> {
        self.params.number("retry-after")
    }
}

impl<'a> Value<'a> for SubscriptionState<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        token_and_params(octets).map(|(state, params)| Self { state, params })
    }
}

/// An item of Reason (RFC 3326 §2).
#[derive(Debug, Clone, Copy)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850` or another.
    pub protocol: &'a str,
    /// Its parameters.
    pub params: Params<'a>,
}

impl<'a> Reason<'a> {
    /// The code in the terms of the protocol.
    pub fn cause(&self) -> Option<u32> {
        self.params.number("cause")
    }

    /// The text for people.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.params.unquoted("text")
    }
}

impl<'a> Value<'a> for Reason<'a> {
    fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        token_and_params(octets).map(|(protocol, params)| Self { protocol, params })
    }
}
