//! What a SUBSCRIBE or PUBLISH asks for, checked by itself.

use super::Package;
use crate::header::{Event, MediaType, Seconds, Value};
use crate::{Name, Refusal, Request};

/// How long subscriptions and publications last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Shortest time that may be asked for.
    pub min: u32,
    /// The time when none is named.
    pub default: u32,
    /// Longest time that is given.
    pub max: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            min: 60,
            default: 3600,
            max: 7200,
        }
    }
}

impl Times {
    /// The time that is given for what is asked, 0 for 0.
    ///
    /// # Errors
    /// 423 with Min-Expires when it is too short, 400 when it cannot be read.
    pub fn given(&self, request: &Request) -> Result<u32, Refusal> {
        let asked = request.first::<Seconds<'_>>(Name::Expires);
        let asked = asked.map_err(|_| Refusal::new(400, "Bad Expires"))?;
        match asked.map_or(self.default, |asked| asked.seconds) {
            0 => Ok(0),
            asked if asked < self.min => {
                Err(Refusal::new(423, "").with(Name::MinExpires, self.min.to_string()))
            }
            asked => Ok(asked.min(self.max)),
        }
    }
}

/// What a SUBSCRIBE asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Which state.
    pub package: Package,
    /// What tells it from others in its dialog.
    pub id: Option<&'a str>,
    /// Seconds that are given, 0 to be told once.
    pub expires: u32,
    /// Whether the state of a list may be told (RFC 4662 §4.1); one is refused with 421 otherwise.
    pub lists: bool,
    /// Whether it is inside a dialog, for [`Notifier::refresh`](super::Notifier::refresh).
    pub in_dialog: bool,
}

impl<'a> Asked<'a> {
    /// Reads a SUBSCRIBE; `served` are the packages there are.
    ///
    /// # Errors
    /// [`Refusal`]: 489 for another package, 406 when its body is not accepted, 423, 400.
    pub fn read(request: &'a Request, served: &[Package], times: &Times) -> Result<Self, Refusal> {
        let event = event(request)?;
        let package = event.and_then(|event| Package::parse(event.package));
        let Some((event, package)) = event.zip(package).filter(|(_, p)| served.contains(p)) else {
            return Err(unknown(served));
        };
        if !accepts(request, package.body()) {
            return Err(Refusal::new(406, "").with(Name::Accept, package.body()));
        }
        let mut supported = request.tokens(Name::Supported);
        Ok(Self {
            package,
            lists: supported.any(|tag| tag.eq_ignore_ascii_case("eventlist")),
            id: event.id(),
            expires: times.given(request)?,
            in_dialog: request.to().is_ok_and(|to| to.tag().is_some()),
        })
    }
}

pub(crate) fn event(request: &Request) -> Result<Option<Event<'_>>, Refusal> {
    let event = request.first::<Event<'_>>(Name::Event);
    event.map_err(|_| Refusal::new(400, "Bad Event"))
}

/// 489 with the packages there are.
pub(crate) fn unknown(served: &[Package]) -> Refusal {
    let names: Vec<_> = served.iter().map(|package| package.name()).collect();
    Refusal::new(489, "").with(Name::AllowEvents, names.join(", "))
}

/// Whether a body of this type may be sent; without Accept it is what the package always has.
fn accepts(request: &Request, body: &str) -> bool {
    let (kind, subtype) = body.split_once('/').unwrap_or_default();
    let mut items = request
        .items(Name::Accept)
        .filter(|item| !item.is_empty())
        .peekable();
    items.peek().is_none()
        || items.any(|item| {
            MediaType::parse(item).is_ok_and(|accepted| {
                accepted.params.get("q") != Some("0")
                    && (accepted.is(kind, subtype)
                        || accepted.is(kind, "*")
                        || accepted.is("*", "*"))
            })
        })
}
