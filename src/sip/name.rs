/// Makes the enum of header field names with their spelling and compact form.
macro_rules! names {
    ($($variant:ident $name:literal $($compact:literal)?, $source:literal;)*) => {
        /// The name of a header field; case does not matter, a compact form is the same name (RFC 3261 §7.3.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Name {
            $(#[doc = $source] $variant,)*
            /// Any name this room does not know.
            Other,
        }

        impl Name {
            /// All names with a spelling of their own.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// As it is written; empty for [`Name::Other`].
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other => "",
                }
            }

            fn compact(letter: u8) -> Self {
                $($(if letter == $compact { return Self::$variant; })?)*
                Self::Other
            }
        }

        const SPELLINGS: &[&[u8]] = &[$($name.as_bytes()),*];
    };
}

names! {
    Via "Via" b'v', "RFC 3261 §20.42.";
    Route "Route", "RFC 3261 §20.34.";
    RecordRoute "Record-Route", "RFC 3261 §20.30.";
    MaxForwards "Max-Forwards", "RFC 3261 §20.22.";
    From "From" b'f', "RFC 3261 §20.20.";
    To "To" b't', "RFC 3261 §20.39.";
    CallId "Call-ID" b'i', "RFC 3261 §20.8.";
    CSeq "CSeq", "RFC 3261 §20.16.";
    Contact "Contact" b'm', "RFC 3261 §20.10.";
    Expires "Expires", "RFC 3261 §20.19.";
    MinExpires "Min-Expires", "RFC 3261 §20.23.";
    Authorization "Authorization", "RFC 3261 §20.7.";
    ProxyAuthorization "Proxy-Authorization", "RFC 3261 §20.28.";
    WwwAuthenticate "WWW-Authenticate", "RFC 3261 §20.44.";
    ProxyAuthenticate "Proxy-Authenticate", "RFC 3261 §20.27.";
    AuthenticationInfo "Authentication-Info", "RFC 3261 §20.6.";
    ContentType "Content-Type" b'c', "RFC 3261 §20.15.";
    ContentLength "Content-Length" b'l', "RFC 3261 §20.14.";
    ContentEncoding "Content-Encoding" b'e', "RFC 3261 §20.12.";
    ContentDisposition "Content-Disposition", "RFC 3261 §20.11.";
    ContentLanguage "Content-Language", "RFC 3261 §20.13.";
    Accept "Accept", "RFC 3261 §20.1.";
    AcceptEncoding "Accept-Encoding", "RFC 3261 §20.2.";
    AcceptLanguage "Accept-Language", "RFC 3261 §20.3.";
    AcceptContact "Accept-Contact" b'a', "RFC 3841 §9.2.";
    RejectContact "Reject-Contact" b'j', "RFC 3841 §9.2.";
    RequestDisposition "Request-Disposition" b'd', "RFC 3841 §9.1.";
    Allow "Allow", "RFC 3261 §20.5.";
    AllowEvents "Allow-Events" b'u', "RFC 6665 §8.2.2.";
    AlertInfo "Alert-Info", "RFC 3261 §20.4.";
    CallInfo "Call-Info", "RFC 3261 §20.9.";
    Date "Date", "RFC 3261 §20.17.";
    ErrorInfo "Error-Info", "RFC 3261 §20.18.";
    InReplyTo "In-Reply-To", "RFC 3261 §20.21.";
    MimeVersion "MIME-Version", "RFC 3261 §20.24.";
    Organization "Organization", "RFC 3261 §20.25.";
    Priority "Priority", "RFC 3261 §20.26.";
    ProxyRequire "Proxy-Require", "RFC 3261 §20.29.";
    ReplyTo "Reply-To", "RFC 3261 §20.31.";
    Require "Require", "RFC 3261 §20.32.";
    RetryAfter "Retry-After", "RFC 3261 §20.33.";
    Server "Server", "RFC 3261 §20.35.";
    Subject "Subject" b's', "RFC 3261 §20.36.";
    Supported "Supported" b'k', "RFC 3261 §20.37.";
    Timestamp "Timestamp", "RFC 3261 §20.38.";
    Unsupported "Unsupported", "RFC 3261 §20.40.";
    UserAgent "User-Agent", "RFC 3261 §20.41.";
    Warning "Warning", "RFC 3261 §20.43.";
    RAck "RAck", "RFC 3262 §7.2.";
    RSeq "RSeq", "RFC 3262 §7.1.";
    Event "Event" b'o', "RFC 6665 §8.2.1.";
    SubscriptionState "Subscription-State", "RFC 6665 §8.2.3.";
    ReferTo "Refer-To" b'r', "RFC 3515 §2.1.";
    ReferredBy "Referred-By" b'b', "RFC 3892 §3.";
    ReferSub "Refer-Sub", "RFC 4488 §4.";
    TargetDialog "Target-Dialog", "RFC 4538 §7.";
    Replaces "Replaces", "RFC 3891 §6.1.";
    Join "Join", "RFC 3911 §7.1.";
    SessionExpires "Session-Expires" b'x', "RFC 4028 §4.";
    MinSe "Min-SE", "RFC 4028 §5.";
    Reason "Reason", "RFC 3326 §2.";
    Path "Path", "RFC 3327 §4.";
    ServiceRoute "Service-Route", "RFC 3608 §5.";
    PAssertedIdentity "P-Asserted-Identity", "RFC 3325 §9.1.";
    PPreferredIdentity "P-Preferred-Identity", "RFC 3325 §9.2.";
    RemotePartyId "Remote-Party-ID", "The forerunner of P-Asserted-Identity.";
    Privacy "Privacy", "RFC 3323 §4.2.";
    Diversion "Diversion", "RFC 5806 §8.1.";
    HistoryInfo "History-Info", "RFC 7044 §5.";
    SipEtag "SIP-ETag", "RFC 3903 §11.3.1.";
    SipIfMatch "SIP-If-Match", "RFC 3903 §11.3.2.";
    FlowTimer "Flow-Timer", "RFC 5626 §11.";
    MaxBreadth "Max-Breadth", "RFC 5393 §5.3.3.";
    Identity "Identity" b'y', "RFC 8224 §4.";
}

impl Name {
    /// Finds the name, long or compact, in any case.
    #[inline]
    pub fn parse(name: &[u8]) -> Self {
        if let [letter] = name {
            return Self::compact(letter.to_ascii_lowercase());
        }
        let mut slot = hash(name);
        loop {
            let known = usize::from(SLOTS.get(slot).copied().unwrap_or(EMPTY));
            let (Some(spelling), Some(found)) = (SPELLINGS.get(known), Self::KNOWN.get(known))
            else {
                return Self::Other;
            };
            if is_same(spelling, name) || spelling.eq_ignore_ascii_case(name) {
                return *found;
            }
            slot = (slot + 1) % SIZE;
        }
    }

    /// A bit that few other names have.
    pub(crate) const fn bit(self) -> u64 {
        1 << (self as u8 % 64)
    }

    /// Whether the field is a list whose items may also stand in fields of their own (RFC 3261 §7.3.1).
    pub fn is_list(self) -> bool {
        use Name::*;
        matches!(
            self,
            Via | Route
                | RecordRoute
                | Contact
                | Accept
                | AcceptEncoding
                | AcceptLanguage
                | AcceptContact
                | RejectContact
                | RequestDisposition
                | Allow
                | AllowEvents
                | AlertInfo
                | CallInfo
                | ContentEncoding
                | ContentLanguage
                | ErrorInfo
                | InReplyTo
                | ProxyRequire
                | Require
                | Supported
                | Unsupported
                | Warning
                | Reason
                | Path
                | ServiceRoute
                | PAssertedIdentity
                | PPreferredIdentity
                | RemotePartyId
                | Diversion
                | HistoryInfo
        )
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// Whether both are the same; for most names without a loop.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ends = |name: &[u8]| -> Option<(u64, u64)> {
        let (first, last) = (name.first_chunk()?, name.last_chunk()?);
        Some((u64::from_ne_bytes(*first), u64::from_ne_bytes(*last)))
    };
    match (ends(one), ends(other)) {
        (Some(one_ends), Some(other_ends)) if one.len() <= 16 => one_ends == other_ends,
        (None, None) => one.iter().eq(other),
        _ => one == other,
    }
}

const SIZE: usize = 256;
const EMPTY: u8 = u8::MAX;

/// Where to look for a name: open addressing over its length and three of its letters.
static SLOTS: [u8; SIZE] = slots();

const fn slots() -> [u8; SIZE] {
    let mut slots = [EMPTY; SIZE];
    let mut known = 0;
    while known < SPELLINGS.len() {
        let mut slot = hash(SPELLINGS[known]);
        while slots[slot] != EMPTY {
            slot = (slot + 1) % SIZE;
        }
        slots[slot] = known as u8;
        known += 1;
    }
    slots
}

const fn hash(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    let (first, middle, last) = (name[0] | 32, name[length / 2] | 32, name[length - 1] | 32);
    (length * 29 + first as usize * 3 + middle as usize * 11 + last as usize * 47) % SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        for name in Name::KNOWN {
            assert_eq!(Name::parse(name.text().as_bytes()), *name);
            assert_eq!(
                Name::parse(name.text().to_ascii_uppercase().as_bytes()),
                *name
            );
        }
        for other in ["", "X-Header", "Vi", "z", "Call_ID", "P-Asserted-Identitz"] {
            assert_eq!(Name::parse(other.as_bytes()), Name::Other, "{other}");
        }
    }

    #[test]
    fn compact_forms_are_the_same_names() {
        let forms = "i Call-ID,m Contact,e Content-Encoding,l Content-Length,c Content-Type,f From,s Subject,k Supported,t To,v Via,\
                     r Refer-To,b Referred-By,x Session-Expires,o Event,u Allow-Events,a Accept-Contact,j Reject-Contact,\
                     d Request-Disposition,y Identity";
        for (compact, long) in forms
            .split(',')
            .filter_map(|pair| pair.trim().split_once(' '))
        {
            assert_eq!(
                Name::parse(compact.as_bytes()),
                Name::parse(long.as_bytes()),
                "{compact}"
            );
            assert_eq!(
                Name::parse(compact.to_uppercase().as_bytes()).text(),
                long,
                "{compact}"
            );
        }
    }

    #[test]
    fn the_table_is_sparse() {
        let worst = Name::KNOWN.iter().map(|name| {
            let start = hash(name.text().as_bytes());
            (0..SIZE)
                .find(|step| SLOTS[(start + step) % SIZE] == *name as u8)
                .unwrap()
        });
        assert!(worst.max().unwrap() <= 4);
    }
}
