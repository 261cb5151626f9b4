//! Session timers (RFC 4028): telephones confirm a call from time to time, so that one that vanished does not count for ever.

use std::time::{Duration, Instant};

use sip::header::SessionExpires;
use sip::{Fields, Method, Name, Request};

/// The shortest interval there may be, in seconds (RFC 4028 §4).
const SHORTEST: i64 = 90;

/// When a call has to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    interval: Duration,
    confirmed: Instant,
}

/// What is to be asked for in an INVITE that leaves it open (RFC 4028 §8.1): the interval of the settings in seconds, or nothing
/// when that is 0.
pub(crate) fn asked(request: &Request, interval: i64) -> Option<String> {
    let can = || request.tokens(Name::Supported).any(|tag| tag.eq_ignore_ascii_case("timer"));
    (interval > 0 && *request.method() == Method::Invite && can() && request.value(Name::SessionExpires).is_none()).then(|| interval.max(SHORTEST).to_string())
}

impl Session {
    /// The session that an answer to an INVITE begins, when its telephones agreed on one.
    pub(crate) fn of(now: Instant, answer: &Fields) -> Option<Self> {
        let agreed = answer.first::<SessionExpires<'_>>(Name::SessionExpires).ok()??;
        Some(Self { interval: Duration::from_secs(agreed.seconds.into()), confirmed: now })
    }

    /// A telephone confirms the call.
    pub(crate) fn confirm(&mut self, now: Instant) {
        self.confirmed = now;
    }

    /// Whether nobody confirmed it in time.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.confirmed) > self.interval
    }
}

#[cfg(test)]
mod tests {
    use sip::{Limits, Message, Parsed, parse};

    use super::*;

    fn invite(more: &str) -> Request {
        let text = format!("INVITE sip:b@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@a>\r\nContact: <sip:a@a>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{more}Content-Length: 0\r\n\r\n");
        match parse(text.into(), &Limits::DATAGRAM) {
            Parsed::Message(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_is_asked_for_when_a_telephone_can_and_leaves_it_open() {
        let can = invite("Supported: 100rel, timer\r\n");
        for (interval, expected) in [(1800, Some("1800")), (1, Some("90")), (0, None)] {
            assert_eq!(asked(&can, interval).as_deref(), expected);
        }
        assert_eq!(asked(&invite("Supported: 100rel\r\n"), 1800), None);
        assert_eq!(asked(&invite("Supported: timer\r\nSession-Expires: 90\r\n"), 1800), None);
    }

    #[test]
    fn a_session_ends_unless_it_is_confirmed() {
        let now = Instant::now();
        assert_eq!(Session::of(now, &invite("")), None);
        let mut session = Session::of(now, &invite("Session-Expires: 90;refresher=uac\r\n")).unwrap();
        let later = |seconds| now + Duration::from_secs(seconds);
        assert!(!session.is_over(later(90)) && session.is_over(later(91)));
        session.confirm(later(60));
        assert!(!session.is_over(later(150)) && session.is_over(later(151)));
    }
}
