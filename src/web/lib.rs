//! The web app as files inside the program: what `npm run build` made when this was compiled.
//!
//! Types to know: [`File`], [`find`].
//! Deliberately absent: HTTP, and any reading of files at run time. Without a build there are no files.
//! Driven by `rest`, which serves them.

/// A file of the web app.
#[derive(Debug)]
pub struct File {
    /// Path below the root of the app, without a leading slash.
    pub name: &'static str,
    /// Names the content.
    pub tag: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file of that name.
pub fn find(name: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.name.cmp(name)).ok().and_then(|index| FILES.get(index))
}

impl File {
    /// The octets in the best coding that an `Accept-Encoding` allows, and its name (RFC 9110 §12.5.3).
    pub fn encoded(&self, accepted: &str) -> (Option<&'static str>, &'static [u8]) {
        let takes = |coding: &str| accepted.split(',').any(|one| { let mut words = one.split(';').map(str::trim); words.next() == Some(coding) && !words.any(|word| word == "q=0") });
        match (self.br, self.gz) {
            (Some(octets), _) if takes("br") => (Some("br"), octets),
            (_, Some(octets)) if takes("gzip") => (Some("gzip"), octets),
            _ => (None, self.plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_coding_is_given() {
        let file = File { name: "a.js", tag: "", plain: b"plain", br: Some(b"br"), gz: Some(b"gz") };
        for (accepted, coding) in [("gzip, deflate, br", Some("br")), ("gzip;q=0.5", Some("gzip")), ("br;q=0, gzip", Some("gzip")), ("identity", None), ("", None)] {
            assert_eq!(file.encoded(accepted).0, coding, "{accepted}");
        }
    }

    #[test]
    fn names_are_in_the_order_they_are_looked_for() {
        assert!(FILES.is_sorted_by_key(|file| file.name));
    }
}
