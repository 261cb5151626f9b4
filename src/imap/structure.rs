use bytes::BytesMut;

use crate::{
    Envelope,
    write::{nstring, number, put, string},
};

/// One MIME part with its place in the raw message, as FETCH needs it (RFC 3501 §7.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Levels below the message, which has 0.
    pub depth: u32,
    /// Media type.
    pub kind: String,
    /// Media subtype.
    pub subtype: String,
    /// Parameters as written.
    pub params: Vec<(String, String)>,
    /// `Content-ID`.
    pub id: Option<String>,
    /// `Content-Description`.
    pub description: Option<String>,
    /// `Content-Transfer-Encoding`.
    pub encoding: String,
    /// `Content-MD5`.
    pub md5: Option<String>,
    /// `Content-Disposition`: kind and parameters.
    pub disposition: Option<(String, Vec<(String, String)>)>,
    /// `Content-Language`.
    pub language: Vec<String>,
    /// `Content-Location`.
    pub location: Option<String>,
    /// Byte offset of the part's own header.
    pub header_start: u32,
    /// Byte offset of the body.
    pub body_start: u32,
    /// Byte offset of the end of the body.
    pub body_end: u32,
    /// Lines of the body.
    pub lines: u32,
    /// Envelope of the message inside, for `message/rfc822`.
    pub envelope: Option<Envelope>,
}

impl Part {
    fn is_message(&self) -> bool {
        self.kind.eq_ignore_ascii_case("message") && self.envelope.is_some()
    }

    fn is_multipart(&self) -> bool {
        self.kind.eq_ignore_ascii_case("multipart")
    }

    pub(crate) fn header(&self) -> std::ops::Range<usize> {
        self.header_start as usize..self.body_start as usize
    }

    pub(crate) fn body(&self) -> std::ops::Range<usize> {
        self.body_start as usize..self.body_end as usize
    }
}

/// Deepest level written; no structure made of a real message is deeper.
const DEPTH_MAX: u32 = 100;

/// Parts of a message in the order they stand, the message itself first; `depth` says which is inside which.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyStructure(pub Vec<Part>);

impl BodyStructure {
    fn part(&self, at: usize) -> Option<&Part> {
        self.0.get(at)
    }

    fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let depth = self.part(at).map_or(0, |part| part.depth);
        let below = self
            .0
            .iter()
            .enumerate()
            .skip(at + 1)
            .take_while(move |(_, part)| part.depth > depth);
        below
            .filter(move |(_, part)| part.depth == depth + 1)
            .map(|(at, _)| at)
    }

    /// Finds a part by its numbers (RFC 3501 §6.4.5).
    pub(crate) fn find(&self, path: &[u32]) -> Option<&Part> {
        self.index(path).and_then(|at| self.part(at))
    }

    /// The message inside a `message/rfc822` part.
    pub(crate) fn message_inside(&self, path: &[u32]) -> Option<&Part> {
        let at = self
            .index(path)
            .filter(|at| self.part(*at).is_some_and(Part::is_message))?;
        self.children(at).next().and_then(|child| self.part(child))
    }

    fn index(&self, path: &[u32]) -> Option<usize> {
        // Counting begins in a message: its root is itself part 1 unless it is a multipart.
        let inside = |root: usize, number: u32| match self.part(root)?.is_multipart() {
            true => self.children(root).nth((number as usize).checked_sub(1)?),
            false => (number == 1).then_some(root),
        };
        let (first, rest) = path.split_first()?;
        let mut at = inside(0, *first)?;
        for number in rest {
            at = match self.part(at)? {
                part if part.is_multipart() => inside(at, *number)?,
                part if part.is_message() => inside(self.children(at).next()?, *number)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// Writes `BODY` or, with the extension data, `BODYSTRUCTURE`.
    pub fn write(&self, out: &mut BytesMut, extended: bool) {
        self.write_part(out, 0, extended);
    }

    fn write_part(&self, out: &mut BytesMut, at: usize, extended: bool) {
        let Some(part) = self.part(at).filter(|part| part.depth < DEPTH_MAX) else {
            return put(out, "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)");
        };
        put(out, "(");
        if part.is_multipart() {
            for child in self.children(at) {
                self.write_part(out, child, extended);
            }
            put(out, " ");
            string(out, &part.subtype);
            if extended {
                put(out, " ");
                params(out, &part.params);
                extension(out, part);
            }
        } else {
            self.write_single(out, at, part, extended);
        }
        put(out, ")");
    }

    fn write_single(&self, out: &mut BytesMut, at: usize, part: &Part, extended: bool) {
        string(out, &part.kind);
        put(out, " ");
        string(out, &part.subtype);
        put(out, " ");
        params(out, &part.params);
        for value in [&part.id, &part.description] {
            put(out, " ");
            nstring(out, value.as_deref());
        }
        put(out, " ");
        string(out, &part.encoding);
        put(out, " ");
        number(
            out,
            u64::from(part.body_end.saturating_sub(part.body_start)),
        );
        if let Some(envelope) = part.envelope.as_ref().filter(|_| part.is_message()) {
            put(out, " ");
            envelope.write(out);
            put(out, " ");
            self.write_part(
                out,
                self.children(at).next().unwrap_or(usize::MAX),
                extended,
            );
        }
        if part.is_message() || part.kind.eq_ignore_ascii_case("text") {
            put(out, " ");
            number(out, u64::from(part.lines));
        }
        if extended {
            put(out, " ");
            nstring(out, part.md5.as_deref());
            extension(out, part);
        }
    }
}

fn params(out: &mut BytesMut, params: &[(String, String)]) {
    if params.is_empty() {
        return put(out, "NIL");
    }
    for (at, (name, value)) in params.iter().enumerate() {
        put(out, if at == 0 { "(" } else { " " });
        string(out, name);
        put(out, " ");
        string(out, value);
    }
    put(out, ")");
}

/// Disposition, language and location.
fn extension(out: &mut BytesMut, part: &Part) {
    put(out, " ");
    match &part.disposition {
        Some((kind, values)) => {
            put(out, "(");
            string(out, kind);
            put(out, " ");
            params(out, values);
            put(out, ")");
        }
        None => put(out, "NIL"),
    }
    put(out, " ");
    match part.language.as_slice() {
        [] => put(out, "NIL"),
        [one] => string(out, one),
        many => {
            for (at, tag) in many.iter().enumerate() {
                put(out, if at == 0 { "(" } else { " " });
                string(out, tag);
            }
            put(out, ")");
        }
    }
    put(out, " ");
    nstring(out, part.location.as_deref());
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn part(depth: u32, kind: &str, places: (u32, u32, u32)) -> Part {
        let (kind, subtype) = kind.split_once('/').unwrap();
        Part {
            depth,
            kind: kind.into(),
            subtype: subtype.into(),
            encoding: "7BIT".into(),
            header_start: places.0,
            body_start: places.1,
            body_end: places.2,
            lines: 2,
            ..Part::default()
        }
    }

    /// Text, a message that holds a multipart of two, and a message that holds a text.
    pub(crate) fn nested() -> BodyStructure {
        let message = |places| Part {
            envelope: Some(Envelope::default()),
            ..part(1, "message/rfc822", places)
        };
        BodyStructure(vec![
            part(0, "multipart/mixed", (0, 10, 100)),
            part(1, "text/plain", (12, 20, 30)),
            message((32, 40, 70)),
            part(2, "multipart/mixed", (40, 45, 70)),
            part(3, "text/plain", (46, 50, 55)),
            part(3, "image/png", (56, 60, 65)),
            message((72, 80, 95)),
            part(2, "text/html", (80, 85, 95)),
        ])
    }

    #[test]
    fn parts_are_found_by_number() {
        for (path, start) in [
            (vec![1], Some(20)),
            (vec![2], Some(40)),
            (vec![2, 1], Some(50)),
            (vec![2, 2], Some(60)),
            (vec![3], Some(80)),
            (vec![3, 1], Some(85)),
            (vec![1, 1], None),
            (vec![3, 2], None),
            (vec![4], None),
            (vec![0], None),
        ] {
            assert_eq!(
                nested().find(&path).map(|p| p.body_start),
                start,
                "{path:?}"
            );
        }
        assert_eq!(nested().message_inside(&[2]).unwrap().body_start, 45);
        assert_eq!(nested().message_inside(&[1]), None);
        let single = BodyStructure(vec![part(0, "text/plain", (0, 5, 9))]);
        assert_eq!(single.find(&[1]).unwrap().body_start, 5);
        assert_eq!(single.find(&[2]), None);
    }

    fn check(structure: &BodyStructure, extended: bool, expected: &str) {
        let mut out = BytesMut::new();
        structure.write(&mut out, extended);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn written_structures() {
        let mut text = part(0, "TEXT/PLAIN", (0, 0, 3028));
        text.params = vec![("CHARSET".into(), "US-ASCII".into())];
        text.lines = 92;
        // RFC 3501 §8.
        let body = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)";
        check(&BodyStructure(vec![text.clone()]), false, body);
        text.disposition = Some(("inline".into(), vec![("a".into(), "b".into())]));
        text.language = vec!["en".into(), "de".into()];
        let extended = format!(
            "{} NIL (\"inline\" (\"a\" \"b\")) (\"en\" \"de\") NIL)",
            &body[..body.len() - 1]
        );
        check(&BodyStructure(vec![text]), true, &extended);
        check(
            &nested(),
            false,
            "((\"text\" \"plain\" NIL NIL NIL \"7BIT\" 10 2)(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 30 \
             (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ((\"text\" \"plain\" NIL NIL NIL \"7BIT\" 5 2)(\"image\" \
             \"png\" NIL NIL NIL \"7BIT\" 5) \"mixed\") 2)(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 15 \
             (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"html\" NIL NIL NIL \"7BIT\" 10 2) 2) \"mixed\")",
        );
    }

    #[test]
    fn nonsense_is_written_too() {
        check(
            &BodyStructure(Vec::new()),
            true,
            "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)",
        );
    }
}
