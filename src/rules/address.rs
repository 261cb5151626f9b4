//! Addresses and numbers as settings and rules name them.

/// A telephone number without what only eases reading, `00` as `+`; `None` for a name. `*` stays what it is.
pub fn number(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_digit() || "+*#-./() ".contains(c);
    if !text.chars().all(fits) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect();
    Some(match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    })
}

/// The addresses in a text, parted by commas: a name or number is of the own domain, of a URI its address is meant.
pub fn addresses(text: &str, domain: &str) -> Vec<String> {
    text.split(',').filter_map(|part| one(part, domain)).collect()
}

/// One address of [`addresses`].
pub(crate) fn one(part: &str, domain: &str) -> Option<String> {
    let part = part.trim().trim_start_matches('<').trim_end_matches('>');
    if part.is_empty() {
        return None;
    }
    let whole = |address: String| if address.contains('@') { address } else { format!("{address}@{domain}") };
    match part.split_once(':') {
        Some((scheme, rest)) if ["sip", "sips"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => of_sip(rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel") => {
            let digits: String = rest.split(';').next()?.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (!digits.is_empty()).then(|| whole(digits))
        }
        _ if part.contains('@') => Some(part.to_owned()),
        _ => Some(whole(number(part).unwrap_or_else(|| part.to_owned()))),
    }
}

/// `user@host` of what follows `sip:`.
fn of_sip(rest: &str) -> Option<String> {
    let rest = rest.split('?').next()?;
    let (user, host) = rest.rsplit_once('@')?;
    let host = host.split(';').next()?;
    let host = match (host.strip_prefix('['), host.split_once(':')) {
        (Some(_), _) => host.get(..=host.find(']')?)?,
        (None, Some((host, _port))) => host,
        (None, None) => host,
    };
    let user = unescape(user.split([':', ';']).next()?)?;
    // A user that hides an address in itself is nobody.
    (!user.is_empty() && !host.is_empty() && !user.contains(['@', '\0'])).then(|| format!("{user}@{host}"))
}

fn unescape(text: &str) -> Option<String> {
    let (mut octets, mut rest) = (Vec::with_capacity(text.len()), text.bytes());
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                u8::try_from(digit(rest.next()?)? * 16 + digit(rest.next()?)?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_of_the_own_domain() {
        let found = addresses("bob, 0049 30 123 ,carol@b.example,<sip:dora@c.example>, tel:+49-30-1,,sip:", "a.example");
        assert_eq!(found, ["bob@a.example", "+4930123@a.example", "carol@b.example", "dora@c.example", "+49301@a.example"]);
        let found = addresses("sip:e%20f@[::1]:5060;transport=tcp, SIPS:g;x=1:pw@h.example:5061?Subject=1,sip:a%40b@c", "a.example");
        assert_eq!(found, ["e f@[::1]", "g@h.example"]);
    }
}
