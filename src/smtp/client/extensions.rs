/// What the server offers (RFC 5321 §4.1.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 1870: the largest message in octets, 0 for no fixed limit.
    pub size: Option<u64>,
    /// RFC 6152.
    pub eight_bit: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 4954: names of mechanisms.
    pub auth: Vec<String>,
    /// RFC 3030.
    pub chunking: bool,
    /// RFC 6531.
    pub utf8: bool,
    /// RFC 8689.
    pub require_tls: bool,
}

impl Extensions {
    /// Reads the text of a reply to EHLO; its first line is only a greeting.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.split('\n').skip(1) {
            let mut words = line.split(' ').filter(|word| !word.is_empty());
            let Some(keyword) = words.next() else {
                continue;
            };
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => found.pipelining = true,
                "SIZE" => found.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0)),
                "8BITMIME" => found.eight_bit = true,
                "DSN" => found.dsn = true,
                "STARTTLS" => found.starttls = true,
                "AUTH" => found.auth.extend(words.map(str::to_owned)),
                "CHUNKING" => found.chunking = true,
                "SMTPUTF8" => found.utf8 = true,
                "REQUIRETLS" => found.require_tls = true,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found() {
        let found = Extensions::parse(
            "PIPELINING\nsize 1000\n8BITMIME\nX-OTHER\nAUTH PLAIN  LOGIN\n\nAUTH X\nSIZE",
        );
        let want = Extensions {
            size: Some(0),
            eight_bit: true,
            auth: vec!["PLAIN".into(), "LOGIN".into(), "X".into()],
            ..Extensions::default()
        };
        assert_eq!(found, want);
        assert_eq!(Extensions::parse(""), Extensions::default());
    }
}
