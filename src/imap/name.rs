//! Mailbox names: modified UTF-7 (RFC 3501 §5.1.3), rules of the house, wildcards (RFC 3501 §6.3.8).

/// Longest name in octets of UTF-8.
const NAME_MAX: usize = 512;
/// Longest level in characters.
const LEVEL_MAX: usize = 128;
/// Most levels.
const DEPTH_MAX: usize = 32;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Reads a name from the wire: modified UTF-7, or plain UTF-8 when it has 8-bit characters. `None` when it is neither.
pub fn decode(wire: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(wire).ok()?;
    if !text.is_ascii() || !text.contains('&') {
        return Some(text.to_owned());
    }
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((clear, shifted)) = rest.split_once('&') {
        name.push_str(clear);
        let (code, after) = shifted.split_once('-')?;
        match code {
            "" => name.push('&'),
            code => name.push_str(&decode_shift(code)?),
        }
        rest = after;
    }
    name.push_str(rest);
    // Only one spelling of a name is taken, so that no two wire forms mean one mailbox.
    (encode(&name) == text).then_some(name)
}

fn decode_shift(code: &str) -> Option<String> {
    let (mut bits, mut count) = (0u32, 0u32);
    let mut units = Vec::with_capacity(code.len() * 6 / 16);
    for byte in code.bytes() {
        let value = ALPHABET.iter().position(|b| *b == byte)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf16(&units).ok()
}

/// Writes a name in modified UTF-7.
pub fn encode(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut shifted: Vec<u16> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut wire, &mut shifted);
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
        } else {
            shifted.extend(c.encode_utf16(&mut [0; 2]).iter());
        }
    }
    flush(&mut wire, &mut shifted);
    wire
}

fn flush(wire: &mut String, shifted: &mut Vec<u16>) {
    if shifted.is_empty() {
        return;
    }
    wire.push('&');
    let (mut bits, mut count) = (0u32, 0u32);
    let mut put = |value: u32| {
        let index = (value & 63) as usize;
        wire.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'A')));
    };
    for unit in shifted.drain(..) {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            put(bits >> count);
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        put(bits << (6 - count));
    }
    wire.push('-');
}

/// Spells INBOX in capitals, alone or as the first level; all other names are compared exactly (RFC 3501 §5.1).
pub fn canonical(name: &str) -> String {
    let (first, rest) = name
        .split_once('/')
        .map_or((name, None), |(first, rest)| (first, Some(rest)));
    match rest {
        _ if !first.eq_ignore_ascii_case("INBOX") => name.to_owned(),
        Some(rest) => format!("INBOX/{rest}"),
        None => "INBOX".to_owned(),
    }
}

/// Whether a new mailbox may have this name: levels of 1 to 128 characters parted by `/`, at most 32 of them, 512
/// octets in all, no control characters, no wildcards, no leading `#` or `~`.
pub fn is_valid(name: &str) -> bool {
    name.len() <= NAME_MAX
        && !name.starts_with(['#', '~'])
        && !name.contains(|c: char| c.is_control() || matches!(c, '*' | '%'))
        && name.split('/').count() <= DEPTH_MAX
        && name
            .split('/')
            .all(|level| (1..=LEVEL_MAX).contains(&level.chars().count()))
}

/// Whether the name fits the pattern: `*` stands for anything, `%` for anything within a level. Linear in the product of
/// both lengths, never more.
pub fn matches(pattern: &str, name: &str) -> bool {
    // `reach` holds the places of the name the pattern so far can end at.
    let name = name.as_bytes();
    let mut reach = vec![false; name.len() + 1];
    if let Some(start) = reach.first_mut() {
        *start = true;
    }
    for symbol in pattern.bytes() {
        let mut next = vec![false; name.len() + 1];
        let mut open = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let here = reach.get(at).copied().unwrap_or(false);
            let before = at.checked_sub(1).and_then(|b| name.get(b)).copied();
            *slot = match symbol {
                b'*' | b'%' => {
                    open = here || open && (symbol == b'*' || before != Some(b'/'));
                    open
                }
                _ => {
                    before == Some(symbol)
                        && at.checked_sub(1).and_then(|b| reach.get(b)) == Some(&true)
                }
            };
        }
        reach = next;
    }
    reach.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modified_utf7() {
        // RFC 3501 §5.1.3.
        for (wire, name) in [
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("INBOX", "INBOX"),
            ("a&-b", "a&b"),
            ("&2D3cUQ-", "👑"),
            ("Entw&APw-rfe", "Entwürfe"),
        ] {
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(name), "{wire}");
            assert_eq!(encode(name), wire);
        }
        assert_eq!(decode("Entwürfe".as_bytes()).as_deref(), Some("Entwürfe"));
        for wire in ["&", "&Jjo!", "&U,BTFw-&ZeVnLIqe-", "&AGE-", "a&b", "&2D0-"] {
            assert_eq!(decode(wire.as_bytes()), None, "{wire}");
        }
        assert_eq!(decode(b"\xff"), None);
    }

    #[test]
    fn rules_of_names() {
        for (name, valid) in [
            ("a", true),
            ("a/b c/ü", true),
            ("", false),
            ("a//b", false),
            ("/a", false),
            ("a/", false),
            ("#x", false),
            ("a*", false),
            ("a\u{7}", false),
        ] {
            assert_eq!(is_valid(name), valid, "{name:?}");
        }
        assert!(!is_valid(&"a/".repeat(40)) && !is_valid(&"a".repeat(129)));
        assert_eq!(canonical("inbox"), "INBOX");
        assert_eq!(canonical("Inbox/x"), "INBOX/x");
        assert_eq!(canonical("inboxes"), "inboxes");
    }

    #[test]
    fn wildcards() {
        for (pattern, name, fits) in [
            ("*", "a/b", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("%/%", "a/b", true),
            ("*b", "a/b", true),
            ("*%", "a/b", true),
            ("a*c", "a/b/c", true),
            ("a", "b", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_has_one_wire_form(name in "[a-c&/\\-é台👑]{0,12}") {
            assert_eq!(decode(encode(&name).as_bytes()).as_deref(), Some(name.as_str()));
        }
    }
}
