//! Globally routable user agent URIs (RFC 5627). A temporary one holds the account and a mark of the device, sealed, so
//! that nobody has to store it and nobody else can read it.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use super::{AccountId, Binding, Locations, Target};
use crate::Uri;
use crate::scan;
use crate::token::Tokens;
use crate::uri::unescape;

const PURPOSE: &str = "gruu";
const PREFIX: &str = "tgruu.";

/// What the address of record lends to a GRUU: its URI without parameters.
fn trunk(aor: &str) -> &str {
    aor.split([';', '?']).next().unwrap_or(aor)
}

/// The public GRUU of a device: the address of record with its identity (RFC 5627 §A.1).
pub(super) fn public(aor: &str, instance: &str) -> String {
    let mut uri = format!("{};gr=", trunk(aor));
    let bare = instance.strip_prefix('<').and_then(|i| i.strip_suffix('>'));
    for byte in bare.unwrap_or(instance).bytes() {
        if byte != b'%' && scan::is(byte, scan::PARAM) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// A temporary GRUU of a device, another for each REGISTER (RFC 5627 §A.2).
pub(super) fn temporary(aor: &str, binding: &Binding, tokens: &Tokens) -> Option<String> {
    let mut content = Vec::with_capacity(28);
    content.extend(binding.account.to_be_bytes());
    content.extend(mark(binding));
    content.extend(binding.cseq.to_be_bytes());
    let token = tokens.seal(PURPOSE, &content)?;
    let (scheme, rest) = trunk(aor).split_once(':')?;
    let host = rest.rsplit('@').next()?;
    Some(format!("{scheme}:{PREFIX}{token}@{host};gr"))
}

/// A temporary GRUU lasts as long as its device registers with the same Call-ID (RFC 5627 §3.1).
fn mark(binding: &Binding) -> [u8; 8] {
    let texts = binding.texts();
    let hash = digest(
        &SHA256,
        [texts.instance, "\0", texts.call_id].concat().as_bytes(),
    );
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

impl Locations {
    /// The device a public GRUU of this account names; `None` when the URI is none or the device is not there (480, RFC
    /// 5627 §6.2).
    pub fn by_gruu(&self, now: u64, account: AccountId, uri: &Uri<'_>) -> Option<Target<'_>> {
        let gr = unescape(uri.param("gr").filter(|gr| !gr.is_empty())?);
        let mut targets = self.targets(now, account).into_iter();
        targets.find(|target| {
            let instance = target.ways.first().map_or("", |way| way.texts().instance);
            let bare = instance.strip_prefix('<').and_then(|i| i.strip_suffix('>'));
            bare.unwrap_or(instance).as_bytes() == &gr[..]
        })
    }

    /// The device a temporary GRUU names, which may be any of this node.
    pub fn by_temporary_gruu(
        &self,
        now: u64,
        uri: &Uri<'_>,
        tokens: &Tokens,
    ) -> Option<Target<'_>> {
        uri.param("gr")?;
        let content = tokens.open(PURPOSE, uri.user()?.strip_prefix(PREFIX)?)?;
        let account = u128::from_be_bytes(*content.first_chunk()?);
        let marked = content.get(16..24)?;
        let mut targets = self.targets(now, account).into_iter();
        targets.find(|target| target.ways.iter().any(|way| mark(way) == marked))
    }
}
