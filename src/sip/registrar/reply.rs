//! The answer to a REGISTER.

use std::fmt::Write;
use std::net::SocketAddr;

use bytes::Bytes;

use super::contacts::SUPPORTED;
use super::{AccountId, Binding, Locations, Registered, gruu};
use crate::token::Tokens;
use crate::{Name, Request, Writer};

/// What the answer to a REGISTER says besides the bindings.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The tag of To.
    pub tag: &'a str,
    /// Where the request came from.
    pub source: SocketAddr,
    /// The value of Date.
    pub date: &'a str,
    /// The address of record, `sip:alice@example.com`, of which GRUUs are made.
    pub aor: &'a str,
    /// The value of Service-Route, `<sip:example.com;lr>` (RFC 3608); empty for none.
    pub service_route: &'a str,
    /// The URIs the account owns (RFC 7315 §4.1), the first its main one.
    pub associated: &'a [&'a str],
    /// What seals temporary GRUUs; none are given without.
    pub tokens: Option<&'a Tokens>,
}

/// Seconds after which the peer of a flow without a sign of life is gone (RFC 5626 §5.4).
const FLOW_TIMER: &str = "120";

impl Locations {
    /// The 200 with all bindings of the account and what they still have.
    pub fn reply(
        &self,
        now: u64,
        account: AccountId,
        request: &Request,
        registered: &Registered,
        reply: &Reply<'_>,
    ) -> Bytes {
        let mut writer = Writer::reply(request, 200, "", reply.tag, reply.source);
        let with_gruu = request
            .tokens(Name::Supported)
            .any(|tag| tag.eq_ignore_ascii_case("gruu"));
        let mut value = String::with_capacity(256);
        let bindings = self.list(account).iter();
        for binding in bindings.filter(|binding| binding.expires_at > now) {
            value.clear();
            contact(&mut value, binding, now);
            if with_gruu && !binding.texts().instance.is_empty() {
                let public = gruu::public(reply.aor, binding.texts().instance);
                let _ = write!(value, ";pub-gruu=\"{public}\"");
                let temporary = reply
                    .tokens
                    .and_then(|tokens| gruu::temporary(reply.aor, binding, tokens));
                if let Some(temporary) = temporary {
                    let _ = write!(value, ";temp-gruu=\"{temporary}\"");
                }
            }
            writer.field(Name::Contact, &value);
        }
        if registered.path {
            writer.copy_all(request, Name::Path);
        }
        if !reply.service_route.is_empty() {
            writer.field(Name::ServiceRoute, reply.service_route);
        }
        if registered.outbound {
            writer.field(Name::Require, "outbound");
            writer.field(Name::FlowTimer, FLOW_TIMER);
        }
        writer.field(Name::Supported, SUPPORTED.join(", "));
        if !reply.associated.is_empty() {
            let uris: Vec<_> = reply
                .associated
                .iter()
                .map(|uri| format!("<{uri}>"))
                .collect();
            writer.other("P-Associated-URI", uris.join(", "));
        }
        writer.field(Name::Date, reply.date);
        writer.finish()
    }
}

fn contact(out: &mut String, binding: &Binding, now: u64) {
    let texts = binding.texts();
    let left = binding.expires_at.saturating_sub(now);
    let _ = write!(out, "<{}>;expires={left}", texts.contact);
    if binding.q < 1000 {
        let thousandths = format!("{:03}", binding.q);
        let shown = thousandths.trim_end_matches('0');
        let _ = match shown {
            "" => write!(out, ";q=0"),
            digits => write!(out, ";q=0.{digits}"),
        };
    }
    if !texts.instance.is_empty() {
        out.push_str(";+sip.instance=\"");
        for c in texts.instance.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    if let Some(reg_id) = binding.reg_id {
        let _ = write!(out, ";reg-id={reg_id}");
    }
    out.push_str(texts.params);
}
