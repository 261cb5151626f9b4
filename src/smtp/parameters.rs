//! The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), DSN (RFC 3461), AUTH (RFC 4954), SMTPUTF8
//! (RFC 6531).

use std::fmt;

/// Longest ENVID in octets (RFC 3461 §4.4).
const MAX_ENVID: usize = 100;
/// Longest ORCPT in octets (RFC 3461 §4.2).
const MAX_ORCPT: usize = 500;

/// What the body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Body {
    /// ASCII lines.
    #[default]
    SevenBit,
    /// Lines of octets (`BODY=8BITMIME`).
    EightBit,
}

/// How much of the message a report returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ret {
    /// `RET=FULL`
    Full,
    /// `RET=HDRS`
    Headers,
}

/// Parameters of MAIL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailParameters {
    /// `SIZE=`: octets the client means to send.
    pub size: Option<u64>,
    /// `BODY=`
    pub body: Body,
    /// `RET=`
    pub ret: Option<Ret>,
    /// `ENVID=`, decoded: printable ASCII.
    pub envelope_id: Option<String>,
    /// `AUTH=`, decoded: who submitted the message first; empty for `<>`.
    pub auth: Option<String>,
    /// `SMTPUTF8`
    pub utf8: bool,
}

/// When the sender wants a report about a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// On success.
    pub success: bool,
    /// On failure.
    pub failure: bool,
    /// When it takes long.
    pub delay: bool,
}

impl Notify {
    /// `NOTIFY=NEVER`
    pub const NEVER: Self = Self {
        success: false,
        failure: false,
        delay: false,
    };
}

/// The address the sender wrote first, before aliases and forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822`, `utf-8`, …
    pub kind: String,
    /// The address, decoded.
    pub address: String,
}

/// Parameters of RCPT.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RcptParameters {
    /// `NOTIFY=`; `None` leaves it to the servers.
    pub notify: Option<Notify>,
    /// `ORCPT=`
    pub original: Option<OriginalRecipient>,
}

/// What is wrong with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Not one we announced.
    #[error("parameter not implemented")]
    Unknown,
    /// Its value is malformed, or it stands there twice.
    #[error("parameter syntax error")]
    Syntax,
}

impl MailParameters {
    /// Reads what follows the path of MAIL. The first fault does not stop the reading, since the size has to be judged
    /// before it.
    pub(crate) fn parse(text: &str) -> (Self, Result<(), ParameterError>) {
        let mut found = Self::default();
        let mut body = None;
        let result = each(text, |keyword, value| match keyword {
            "SIZE" => once(&mut found.size, value.and_then(decimal)),
            "BODY" => match value?.to_ascii_uppercase().as_str() {
                "7BIT" => once(&mut body, Some(Body::SevenBit)),
                "8BITMIME" => once(&mut body, Some(Body::EightBit)),
                _ => Some(Err(ParameterError::Unknown)),
            },
            "RET" => once(&mut found.ret, value.and_then(ret)),
            "ENVID" => once(&mut found.envelope_id, value.and_then(envelope_id)),
            "AUTH" => once(&mut found.auth, value.and_then(submitter)),
            "SMTPUTF8" if value.is_none() && !found.utf8 => {
                found.utf8 = true;
                Some(Ok(()))
            }
            "SMTPUTF8" => None,
            _ => Some(Err(ParameterError::Unknown)),
        });
        found.body = body.unwrap_or_default();
        (found, result)
    }
}

impl RcptParameters {
    /// Reads what follows the path of RCPT.
    pub(crate) fn parse(text: &str) -> Result<Self, ParameterError> {
        let mut found = Self::default();
        each(text, |keyword, value| match keyword {
            "NOTIFY" => once(&mut found.notify, value.and_then(notify)),
            "ORCPT" => once(&mut found.original, value.and_then(original)),
            _ => Some(Err(ParameterError::Unknown)),
        })?;
        Ok(found)
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.success, "SUCCESS"),
            (self.failure, "FAILURE"),
            (self.delay, "DELAY"),
        ];
        let wanted: Vec<&str> = kinds
            .into_iter()
            .filter_map(|(on, name)| on.then_some(name))
            .collect();
        f.write_str(if wanted.is_empty() { "NEVER" } else { "" })?;
        f.write_str(&wanted.join(","))
    }
}

/// As on the wire: `rfc822;user@example.org`, encoded.
impl fmt::Display for OriginalRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.kind, encode_xtext(&self.address))
    }
}

/// Calls `take` for each `KEYWORD[=value]` in turn; `None` from it means a syntax error. Answers the first fault.
fn each<'a>(
    text: &'a str,
    mut take: impl FnMut(&str, Option<&'a str>) -> Option<Result<(), ParameterError>>,
) -> Result<(), ParameterError> {
    let mut result = Ok(());
    for parameter in text.split(' ').filter(|p| !p.is_empty()) {
        let (keyword, value) = match parameter.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (parameter, None),
        };
        let taken =
            take(&keyword.to_ascii_uppercase(), value).unwrap_or(Err(ParameterError::Syntax));
        result = result.and(taken);
    }
    result
}

/// Stores a value that must be there and must not have been there before.
fn once<T>(slot: &mut Option<T>, value: Option<T>) -> Option<Result<(), ParameterError>> {
    if slot.is_some() || value.is_none() {
        return None;
    }
    *slot = value;
    Some(Ok(()))
}

/// Up to 20 digits (RFC 1870 §3); what does not fit counts as the largest number.
fn decimal(text: &str) -> Option<u64> {
    let plain = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().unwrap_or(u64::MAX))
}

fn ret(text: &str) -> Option<Ret> {
    match text.to_ascii_uppercase().as_str() {
        "FULL" => Some(Ret::Full),
        "HDRS" => Some(Ret::Headers),
        _ => None,
    }
}

fn envelope_id(text: &str) -> Option<String> {
    let id = decode_xtext(text)?;
    let printable = id.bytes().all(|b| matches!(b, b' '..=b'~'));
    (printable && (1..=MAX_ENVID).contains(&text.len())).then_some(id)
}

fn submitter(text: &str) -> Option<String> {
    match text {
        "<>" => Some(String::new()),
        _ => decode_xtext(text)
            .filter(|address| !address.is_empty() && !address.contains(char::is_control)),
    }
}

fn notify(text: &str) -> Option<Notify> {
    let mut found = Notify::NEVER;
    if text.eq_ignore_ascii_case("NEVER") {
        return Some(found);
    }
    for kind in text.split(',') {
        let flag = match kind.to_ascii_uppercase().as_str() {
            "SUCCESS" => &mut found.success,
            "FAILURE" => &mut found.failure,
            "DELAY" => &mut found.delay,
            _ => return None,
        };
        *flag = true;
    }
    Some(found)
}

fn original(text: &str) -> Option<OriginalRecipient> {
    let (kind, address) = text.split_once(';').filter(|_| text.len() <= MAX_ORCPT)?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let address = decode_xtext(address)
        .filter(|a| is_kind && !a.is_empty() && !a.contains(char::is_control))?;
    Some(OriginalRecipient {
        kind: kind.to_owned(),
        address,
    })
}

/// Reads `xtext` (RFC 3461 §4); characters beyond ASCII may stand for themselves (RFC 6533 §3).
pub(crate) fn decode_xtext(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            b'=' | ..=b' ' | 0x7f => return None,
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes `xtext`, pure ASCII.
pub(crate) fn encode_xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'+' && byte != b'=' => out.push(char::from(byte)),
            _ => out.push_str(&format!("+{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ParameterError::*;

    #[test]
    fn mail_parameters_are_read() {
        let (found, result) = MailParameters::parse(
            " size=500000 BODY=8bitmime RET=HDRS ENVID=QQ+2B314159 AUTH=e+3Dmc2@example.com SMTPUTF8",
        );
        assert_eq!(result, Ok(()));
        let want = MailParameters {
            size: Some(500_000),
            body: Body::EightBit,
            ret: Some(Ret::Headers),
            envelope_id: Some("QQ+314159".to_owned()),
            auth: Some("e=mc2@example.com".to_owned()),
            utf8: true,
        };
        assert_eq!(found, want);
        assert_eq!(
            MailParameters::parse("  "),
            (MailParameters::default(), Ok(()))
        );
        assert_eq!(
            MailParameters::parse(" AUTH=<>").0.auth.as_deref(),
            Some("")
        );
        assert_eq!(
            MailParameters::parse(" SIZE=99999999999999999999").0.size,
            Some(u64::MAX)
        );
    }

    #[test]
    fn faulty_mail_parameters_are_named() {
        for (text, want) in [
            (" SIZE", Syntax),
            (" SIZE=", Syntax),
            (" SIZE=1x", Syntax),
            (" SIZE=-1", Syntax),
            (" SIZE=123456789012345678901", Syntax),
            (" SIZE=1 SIZE=1", Syntax),
            (" BODY=BINARYMIME", Unknown),
            (" BODY", Syntax),
            (" RET=SOME", Syntax),
            (" ENVID=a+b", Syntax),
            (" ENVID=+00", Syntax),
            (" AUTH=a+0Ab", Syntax),
            (" SMTPUTF8=1", Syntax),
            (" SMTPUTF8 SMTPUTF8", Syntax),
            (" NOTIFY=NEVER", Unknown),
            (" =", Unknown),
            (" REQUIRETLS", Unknown),
        ] {
            assert_eq!(MailParameters::parse(text).1, Err(want), "{text}");
        }
        let (found, result) = MailParameters::parse(" X=1 SIZE=7");
        assert_eq!((found.size, result), (Some(7), Err(Unknown)));
    }

    #[test]
    fn rcpt_parameters_are_read_and_written() {
        for (text, notify, original) in [
            ("NOTIFY=NEVER", Some("NEVER"), None),
            ("NOTIFY=SUCCESS,DELAY", Some("SUCCESS,DELAY"), None),
            (
                "NOTIFY=failure ORCPT=rfc822;Bob@Example.COM",
                Some("FAILURE"),
                Some("rfc822;Bob@Example.COM"),
            ),
            ("ORCPT=utf-8;п@x", None, Some("utf-8;+D0+BF@x")),
            ("ORCPT=rfc822;a+2Bb@x", None, Some("rfc822;a+2Bb@x")),
        ] {
            let found = RcptParameters::parse(text).unwrap();
            assert_eq!(
                found.notify.map(|n| n.to_string()).as_deref(),
                notify,
                "{text}"
            );
            assert_eq!(
                found.original.map(|o| o.to_string()).as_deref(),
                original,
                "{text}"
            );
        }
        for (text, want) in [
            ("NOTIFY=NEVER,FAILURE", Syntax),
            ("NOTIFY=", Syntax),
            ("NOTIFY", Syntax),
            ("NOTIFY=NEVER NOTIFY=NEVER", Syntax),
            ("ORCPT=rfc822", Syntax),
            ("ORCPT=;x", Syntax),
            ("ORCPT=rfc822;", Syntax),
            ("ORCPT=rfc822;a+0D+0Ab", Syntax),
            ("SIZE=1", Unknown),
        ] {
            assert_eq!(RcptParameters::parse(text), Err(want), "{text}");
        }
        assert!(RcptParameters::parse(&format!("ORCPT=rfc822;{}", "x".repeat(500))).is_err());
    }

    #[test]
    fn xtext_is_read_back() {
        for text in ["", "plain", "a+b=c d", "grüß", "\u{7f}"] {
            assert_eq!(decode_xtext(&encode_xtext(text)).as_deref(), Some(text));
        }
    }
}
