use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn wire(reply: &Reply, utf8: bool) -> String {
    let mut out = BytesMut::new();
    reply.write(&mut out, utf8);
    String::from_utf8(out.to_vec()).unwrap()
}

fn parse(text: &str) -> Result<Vec<Reply>, ReplyError> {
    let mut parser = ReplyParser::default();
    let mut replies = Vec::new();
    // Byte by byte, which must not matter.
    for byte in text.bytes() {
        parser.push(Bytes::copy_from_slice(&[byte]));
        replies.extend(parser.next_reply()?);
    }
    Ok(replies)
}

#[test]
fn replies_are_written_safely() {
    let code = EnhancedCode::new(5, 1, 1);
    for (text, utf8, want) in [
        ("no such user", false, "550 5.1.1 no such user\r\n"),
        ("two\nlines", false, "550-5.1.1 two\r\n550 5.1.1 lines\r\n"),
        ("a\r\n250 ok", false, "550-5.1.1 a \r\n550 5.1.1 250 ok\r\n"),
        ("tab\tnul\0", false, "550 5.1.1 tab nul \r\n"),
        ("grüß", false, "550 5.1.1 gr??\r\n"),
        ("grüß", true, "550 5.1.1 grüß\r\n"),
        ("", false, "550 5.1.1 \r\n"),
    ] {
        assert_eq!(wire(&Reply::new(550, code, text), utf8), want);
    }
    let long = wire(&Reply::new(550, code, "ä".repeat(700)), true);
    assert!(
        long.lines().all(|line| line.len() <= 510) && long.lines().count() == 3,
        "{long}"
    );
}

#[test]
fn replies_are_read() {
    let reply = |code, enhanced: Option<(u8, u16, u16)>, text: &'static str| Reply {
        code,
        enhanced: enhanced.map(|(a, b, c)| EnhancedCode::new(a, b, c)),
        text: text.into(),
    };
    for (text, want) in [
        ("220 ready\r\n", reply(220, None, "ready")),
        ("250\r\n", reply(250, None, "")),
        ("250 \n", reply(250, None, "")),
        (
            "250-one\r\n250-two\r\n250 three\r\n",
            reply(250, None, "one\ntwo\nthree"),
        ),
        ("250 2.1.0 ok\r\n", reply(250, Some((2, 1, 0)), "ok")),
        ("250 4.1.0 ok\r\n", reply(250, None, "4.1.0 ok")),
        (
            "550-5.1.1 a\r\n550 5.1.1 b\r\n",
            reply(550, Some((5, 1, 1)), "a\nb"),
        ),
        (
            "550-5.1.1 a\r\n550 b\r\n",
            reply(550, Some((5, 1, 1)), "a\nb"),
        ),
        ("354 2.0 go\r\n", reply(354, None, "2.0 go")),
    ] {
        assert_eq!(parse(text), Ok(vec![want]), "{text:?}");
    }
    for (text, want) in [
        ("HTTP/1.1 400 Bad Request\r\n", ReplyError::Syntax),
        ("\r\n", ReplyError::Syntax),
        ("25\r\n", ReplyError::Syntax),
        ("2500 x\r\n", ReplyError::Syntax),
        ("150 x\r\n", ReplyError::Syntax),
        ("ü50 x\r\n", ReplyError::Syntax),
        (
            &format!("250 {}\r\n", "x".repeat(3000)),
            ReplyError::TooLong,
        ),
        (&"250-x\r\n".repeat(200), ReplyError::TooLong),
        (
            &format!("250-{}\r\n", "x".repeat(2000)).repeat(10),
            ReplyError::TooLong,
        ),
    ] {
        assert_eq!(parse(text), Err(want), "{text:?}");
    }
}

#[test]
fn enhanced_codes_are_recognised() {
    let take = EnhancedCode::take;
    assert_eq!(take("5.1.1 x"), Some((EnhancedCode::new(5, 1, 1), "x")));
    assert_eq!(take("4.7.321"), Some((EnhancedCode::new(4, 7, 321), "")));
    for bad in [
        "",
        "3.1.1 x",
        "5.1 x",
        "5.1.1.1 x",
        "5.1.1234 x",
        "5..1 x",
        "5.+1.1 x",
        "05.1.1",
    ] {
        assert!(take(bad).is_none_or(|_| bad == "05.1.1"), "{bad}");
    }
}

proptest! {
    #[test]
    fn written_replies_are_read_back(
        code in 200u16..600,
        enhanced in proptest::option::of((0u16..1000, 0u16..1000)),
        text in "[ -~ä]{0,300}(\n[ -~]{0,50}){0,4}",
    ) {
        let class = (code / 100) as u8;
        let enhanced = enhanced.filter(|_| class != 3).map(|(s, d)| EnhancedCode::new(class, s, d));
        // A text that looks like a code of its own would be taken for one.
        prop_assume!(text.split('\n').all(|line| EnhancedCode::take(line).is_none()));
        let reply = Reply { code, enhanced, text: text.into() };
        prop_assert_eq!(parse(&wire(&reply, true)), Ok(vec![reply]));
    }
}
