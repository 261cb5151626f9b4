//! Messages as multi-line responses: dots doubled, a dot at the end (RFC 1939 §3).

use bytes::Bytes;

/// Cuts the bytes so that a dot belongs between each two pieces; nothing is copied.
pub(crate) fn pieces(raw: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = Some(raw.clone());
    let mut at_start = true;
    std::iter::from_fn(move || {
        let mut whole = rest.take()?;
        let leading = std::mem::take(&mut at_start) && whole.starts_with(b".");
        let cut = if leading {
            Some(0)
        } else {
            memchr::memmem::find(&whole, b"\n.").map(|at| at + 1)
        };
        if let Some(cut) = cut {
            rest = Some(whole.split_off(cut));
        }
        Some(whole)
    })
}

/// The header, the empty line and the first lines of the body (RFC 1939 §7 TOP).
pub(crate) fn top(raw: &Bytes, lines: u32) -> Bytes {
    let mut at = 0;
    let mut left: Option<u32> = None;
    while let Some(rest) = raw
        .get(at..)
        .filter(|rest| !rest.is_empty() && left != Some(0))
    {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        at += len;
        match &mut left {
            Some(left) => *left -= 1,
            None if matches!(rest.get(..len), Some(b"\n" | b"\r\n")) => left = Some(lines),
            None => {}
        }
    }
    raw.slice(..at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots() {
        for (raw, expected) in [
            ("", vec![""]),
            ("a\r\nb", vec!["a\r\nb"]),
            (".", vec!["", "."]),
            ("a\r\n.\r\n..b\r\n", vec!["a\r\n", ".\r\n", "..b\r\n"]),
            ("a.b", vec!["a.b"]),
        ] {
            let found: Vec<_> = pieces(&Bytes::copy_from_slice(raw.as_bytes())).collect();
            assert_eq!(found, expected, "{raw:?}");
        }
    }

    #[test]
    fn tops() {
        let raw = Bytes::from_static(b"A: b\r\n\r\n1\r\n2\r\n3");
        for (lines, expected) in [
            (0, "A: b\r\n\r\n"),
            (1, "A: b\r\n\r\n1\r\n"),
            (9, "A: b\r\n\r\n1\r\n2\r\n3"),
        ] {
            assert_eq!(top(&raw, lines), expected);
        }
        assert_eq!(top(&Bytes::from_static(b"A: b\r\n"), 3), "A: b\r\n");
    }
}
