use super::*;
use proptest::prelude::*;

/// Everything a session says and keeps.
fn session(
    input: &[u8],
    piece: usize,
    config: Config,
) -> (String, Vec<Vec<u8>>, Option<Close>, bool) {
    let mut play = Play::new(config, false);
    for part in input.chunks(piece.max(1)) {
        if play.closed.is_none() && !play.wants_tls {
            play.send(part);
        }
        play.wait(0);
    }
    (play.said, play.shell.messages, play.closed, play.wants_tls)
}

fn lines() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "EHLO a.example\r\n",
        "HELO\r\n",
        "MAIL FROM:<a@b>\r\n",
        "MAIL FROM:<> SIZE=10\r\n",
        "RCPT TO:<c@d>\r\n",
        "RCPT TO:<unknown@d>\r\n",
        "DATA\r\n",
        "BDAT 5\r\nabc\r\n",
        "BDAT 7 LAST\r\n.\r\nab\r\n",
        "BDAT 0 LAST\r\n",
        "Received: x\r\n",
        "..\r\n",
        ".\r\n",
        "text\r\n",
        "\r\n",
        "bare\n",
        "RSET\r\n",
        "AUTH PLAIN AGFubmEAcGVuY2ls\r\n",
        "AUTH LOGIN\r\n",
        "*\r\n",
        "NOOP\r\n",
        "QUIT\r\n",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn how_the_input_is_cut_does_not_matter(
        parts in proptest::collection::vec(lines(), 0..25),
        piece in 1usize..40,
    ) {
        // Only impatience is judged by packets.
        let config = Config {
            max_errors: u32::MAX,
            mechanisms: sasl::Mechanism::ALL.to_vec(),
            auth_requires_tls: false,
            ..trusted()
        };
        let input = format!("EHLO a.example\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n{}", parts.concat());
        let whole = session(input.as_bytes(), usize::MAX, config.clone());
        prop_assert_eq!(&session(input.as_bytes(), piece, config.clone()), &whole);
        prop_assert_eq!(session(input.as_bytes(), 1, config), whole);
    }
}
