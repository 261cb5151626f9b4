/// The field whose number tells a loop (RFC 5321 §6.3).
const FIELD: &[u8] = b"received:";

/// Counts the `Received` fields of a header that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct HopCounter {
    /// How much of the field name the current line has matched.
    matched: usize,
    /// Whether the current line has text.
    in_line: bool,
    /// Whether the current line can no longer be the field.
    differs: bool,
    over: bool,
    count: u32,
}

impl HopCounter {
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Part of a line.
    pub(crate) fn text(&mut self, part: &[u8]) {
        if self.over || part.is_empty() {
            return;
        }
        self.in_line = true;
        if self.differs {
            return;
        }
        for (byte, want) in part
            .iter()
            .zip(FIELD.get(self.matched..).unwrap_or_default())
        {
            if !byte.eq_ignore_ascii_case(want) {
                self.differs = true;
                return;
            }
            self.matched += 1;
        }
        if self.matched == FIELD.len() {
            self.count = self.count.saturating_add(1);
            self.differs = true;
        }
    }

    /// The line has ended; an empty one ends the header.
    pub(crate) fn end_line(&mut self) {
        self.over |= !self.in_line;
        self.in_line = false;
        self.differs = false;
        self.matched = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_of_the_header_count() {
        let message = "Received: a\r\n received: folded\r\nRECEIVED:b\r\nReceived-SPF: c\r\nReceive\r\nreceived:\r\n\
                       \r\nReceived: body\r\n";
        for piece in [1, 2, 7, 1000] {
            let mut counter = HopCounter::default();
            for line in message.split("\r\n") {
                for part in line.as_bytes().chunks(piece) {
                    counter.text(part);
                }
                counter.end_line();
            }
            assert_eq!(counter.count(), 3, "in pieces of {piece}");
        }
    }
}
