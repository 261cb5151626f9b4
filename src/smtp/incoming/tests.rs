use proptest::prelude::*;

use super::*;

const STRICT: Limits = Limits {
    bare_newline: BareNewline::Reject,
    line: 1000,
    size: 1_000_000,
};
const LENIENT: Limits = Limits {
    bare_newline: BareNewline::Normalise,
    ..STRICT
};

/// Feeds `input` in pieces; answers the message, where it ended or that it was refused.
fn receive(input: &[u8], piece: usize, limits: Limits) -> (Vec<u8>, Found) {
    let mut incoming = Incoming::new(Framing::Dots, limits);
    let mut message = Vec::new();
    for (i, part) in input.chunks(piece).enumerate() {
        let found = incoming.receive(&Bytes::copy_from_slice(part));
        message.extend(incoming.take_piece().unwrap_or_default());
        assert!(incoming.gathered.len() < GATHERED);
        match found {
            Found::More => {}
            Found::Bare => return (Vec::new(), Found::Bare),
            Found::End(at) => {
                message.extend(incoming.take_rest().unwrap_or_default());
                assert_eq!(message.len() as u64, incoming.size());
                return (message, Found::End(i * piece + at));
            }
        }
    }
    (message, Found::More)
}

#[test]
fn the_end_is_crlf_dot_crlf_and_nothing_else() {
    for (input, message) in [
        (".\r\n", ""),
        ("a\r\n.\r\n", "a\r\n"),
        ("..\r\n.\r\n", ".\r\n"),
        (".a\r\n..b\r\n.\r\n", "a\r\n.b\r\n"),
        ("a.\r\n.\r\n", "a.\r\n"),
        ("\r\n\r\n.\r\n", "\r\n\r\n"),
        ("a\r\n.\0\r\n\0.\r\n. \r\n.\r\n", "a\r\n\0\r\n\0.\r\n \r\n"),
    ] {
        for piece in 1..=input.len() {
            let (got, found) = receive(input.as_bytes(), piece, STRICT);
            assert_eq!(
                (got.as_slice(), found),
                (message.as_bytes(), Found::End(input.len())),
                "{input:?} {piece}"
            );
        }
    }
}

#[test]
fn bare_newlines_are_refused_or_made_lines_but_never_end_a_message() {
    for (input, message) in [
        ("a\n.\nb", "a\r\n.\r\nb"),
        ("a\n.\r\nb", "a\r\n.\r\nb"),
        ("a\r\n.\nb", "a\r\n\r\nb"),
        ("a\r.\rb", "a\r\n.\r\nb"),
        ("a\r.\r\nb", "a\r\n.\r\nb"),
        ("a\r\n.\rb", "a\r\n\r\nb"),
        ("a\n\n.\r\nb", "a\r\n\r\n.\r\nb"),
        ("a\r\r\n.\nb", "a\r\n\r\n\r\nb"),
        ("\n.\r\nb", "\r\n.\r\nb"),
        (".\nb", "\r\nb"),
        ("a\n\r\nb", "a\r\n\r\nb"),
    ] {
        for piece in 1..=input.len() {
            assert_eq!(
                receive(input.as_bytes(), piece, STRICT).1,
                Found::Bare,
                "{input:?} {piece}"
            );
            let whole = format!("{input}\r\n.\r\n");
            let (got, found) = receive(whole.as_bytes(), piece, LENIENT);
            let want = format!("{message}\r\n");
            assert_eq!(
                (got.as_slice(), found),
                (want.as_bytes(), Found::End(whole.len())),
                "{input:?} {piece}"
            );
        }
    }
}

#[test]
fn big_pieces_are_not_copied() {
    let input = Bytes::from("line\r\n".repeat(2000));
    let mut incoming = Incoming::new(Framing::Dots, STRICT);
    assert_eq!(incoming.receive(&input), Found::More);
    assert_eq!(incoming.take_piece().unwrap().as_ptr(), input.as_ptr());
    assert_eq!(incoming.take_rest(), None);

    let complete = Bytes::from("line\r\n".repeat(2000) + ".\r\nQUIT\r\n");
    let mut incoming = Incoming::new(Framing::Dots, STRICT);
    assert_eq!(incoming.receive(&complete), Found::End(12_003));
    let piece = incoming.take_piece().unwrap();
    assert_eq!((piece.as_ptr(), piece.len()), (complete.as_ptr(), 12_000));
}

#[test]
fn small_pieces_are_gathered() {
    let mut incoming = Incoming::new(Framing::Octets, STRICT);
    let mut sizes = Vec::new();
    for _ in 0..20_000 {
        assert_eq!(incoming.receive(&Bytes::from_static(b".")), Found::More);
        sizes.extend(incoming.take_piece().map(|piece| piece.len()));
    }
    assert_eq!(sizes, [GATHERED]);
    assert_eq!(incoming.take_rest().unwrap().len(), 20_000 - GATHERED);
    assert!(incoming.has_long_line());
}

#[test]
fn limits_are_noticed_and_the_end_still_found() {
    let small = Limits {
        size: 10,
        line: 5,
        ..STRICT
    };
    let mut incoming = Incoming::new(Framing::Dots, small);
    let input = Bytes::from_static(b"12345\r\n123456\r\n.\r\nNOOP");
    assert_eq!(incoming.receive(&input), Found::End(18));
    assert!(incoming.is_too_big() && incoming.has_long_line());
    assert_eq!((incoming.size(), incoming.take_rest()), (15, None));

    let mut exact = Incoming::new(
        Framing::Dots,
        Limits {
            size: 7,
            line: 5,
            ..STRICT
        },
    );
    assert_eq!(
        exact.receive(&Bytes::from_static(b"12345\r\n.\r\n")),
        Found::End(10)
    );
    assert!(!exact.is_too_big() && !exact.has_long_line());
}

#[test]
fn counted_messages_keep_their_dots_and_must_end_whole() {
    let mut incoming = Incoming::new(Framing::Octets, STRICT);
    assert_eq!(
        incoming.receive(&Bytes::from_static(b".\r\n..\r\n.\r\n")),
        Found::More
    );
    assert_eq!(incoming.take_rest().unwrap(), ".\r\n..\r\n.\r\n");
    incoming.receive(&Bytes::from_static(b"a\r"));
    assert_eq!(incoming.finish(), Found::Bare);
    let mut lenient = Incoming::new(Framing::Octets, LENIENT);
    lenient.receive(&Bytes::from_static(b"a\r"));
    assert_eq!(
        (lenient.finish(), lenient.take_rest().unwrap()),
        (Found::More, "a\r\n".into())
    );
}

/// RFC 5321 §4.5.2 written down naively.
fn naive(input: &[u8]) -> (Vec<u8>, Found) {
    let mut message = Vec::new();
    let mut at = 0;
    while let Some(newline) = input[at..].iter().position(|b| matches!(b, b'\r' | b'\n')) {
        let line = &input[at..at + newline];
        match &input[at + newline..] {
            [b'\r', b'\n', ..] => {}
            [b'\r'] => break,
            _ => return (Vec::new(), Found::Bare),
        }
        at += newline + 2;
        if line == b"." {
            return (message, Found::End(at));
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        message.extend_from_slice(b"\r\n");
    }
    (message, Found::More)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_fast_reader_agrees_with_the_naive_one(
        parts in proptest::collection::vec("\r\n|\r\n|\r\n|\\.|a|\r|\n|\\.\r\n", 0..30),
        piece in 1usize..20,
    ) {
        let input = parts.concat();
        let (want, end) = naive(input.as_bytes());
        let (got, found) = receive(input.as_bytes(), piece, STRICT);
        prop_assert_eq!(found, end);
        if let Found::End(_) = end {
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn lenient_reading_does_not_depend_on_pieces(input in "[\r\n.a]{0,40}", piece in 1usize..20) {
        let whole = receive(input.as_bytes(), 1000, LENIENT);
        prop_assert_ne!(whole.1, Found::Bare);
        let parts = receive(input.as_bytes(), piece, LENIENT);
        prop_assert_eq!(whole.1, parts.1);
        if let Found::End(_) = whole.1 {
            prop_assert_eq!(&whole.0, &parts.0);
            let text = String::from_utf8(whole.0).unwrap();
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
