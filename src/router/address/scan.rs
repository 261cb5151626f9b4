//! Looking at an address outside its quoted strings and braces.

/// Bytes outside quoted strings and `{…}`, with their positions.
///
/// A `{` that is never closed is an ordinary character, and so are all braces after it; a quote that is never closed ends
/// the walk and shows in `broken`.
pub(crate) struct Outside<'a> {
    bytes: &'a [u8],
    position: usize,
    plain_braces: bool,
    /// True once an unclosed quote was met.
    pub(crate) broken: bool,
}

impl<'a> Outside<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            position: 0,
            plain_braces: false,
            broken: false,
        }
    }
}

impl Iterator for Outside<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            let (at, byte) = (self.position, *self.bytes.get(self.position)?);
            let end = match byte {
                b'"' => match close_quote(self.bytes, at) {
                    Some(end) => end,
                    None => {
                        self.broken = true;
                        self.position = self.bytes.len();
                        return None;
                    }
                },
                b'{' if !self.plain_braces => match close_brace(self.bytes, at) {
                    Some(end) => end,
                    None => {
                        self.plain_braces = true;
                        continue;
                    }
                },
                _ => {
                    self.position = at + 1;
                    return Some((at, byte));
                }
            };
            self.position = end + 1;
        }
    }
}

/// Position of the quote that closes the one at `open`.
pub(crate) fn close_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Position of the brace that closes the one at `open`; nested braces and quoted strings are skipped.
pub(crate) fn close_brace(bytes: &[u8], open: usize) -> Option<usize> {
    let (mut at, mut depth) = (open + 1, 1_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = close_quote(bytes, at)?,
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// Leftmost position of `wanted` outside quotes and braces.
pub(crate) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    text.as_bytes()
        .contains(&wanted)
        .then(|| Outside::new(text).find(|(_, b)| *b == wanted))
        .flatten()
        .map(|(at, _)| at)
}

/// Rightmost position of `wanted` outside quotes and braces.
pub(crate) fn rfind_outside(text: &str, wanted: u8) -> Option<usize> {
    text.as_bytes()
        .contains(&wanted)
        .then(|| Outside::new(text).filter(|(_, b)| *b == wanted).last())
        .flatten()
        .map(|(at, _)| at)
}

/// Parts of the inside of `{…}`: split at `,` outside nested braces and quotes, without surrounding blanks.
pub(crate) fn split_params(inner: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(inner);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, tail) = match find_outside(text, b',') {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = tail;
        Some(part.trim())
    })
}
