//! Properties that hold for every input; run by the fuzz target and, over its corpus, by the tests.

use crate::spf::{self, Mechanism};
use crate::{Facts, fields, html_body, part_bytes, part_text, search_text, structure, text_body};

/// Any bytes are a message: the parts lie inside it and inside one another, and what is stored is read back.
///
/// # Panics
/// When a property does not hold.
pub fn message_facts(data: &[u8]) {
    let facts = Facts::of(data);
    assert!(!facts.parts.is_empty() && facts.parts.len() <= structure::PARTS_MAX);
    assert!(facts.preview.chars().count() <= 256);
    assert_eq!(
        Facts::decode(&facts.encode()).as_ref(),
        Some(&facts),
        "stored facts are read back"
    );
    for (at, part) in facts.parts.iter().enumerate() {
        assert!(part.header_start <= part.body_start && part.body_start <= part.body_end);
        assert!(
            part.body_end as usize <= data.len() && (part.depth as usize) < structure::DEPTH_MAX
        );
        for child in facts
            .children(at)
            .take(8)
            .filter_map(|child| facts.parts.get(child))
        {
            assert!(
                child.header_start >= part.body_start
                    && child.body_end <= part.body_end.max(child.body_start)
            );
        }
        if at < 20 {
            part_bytes(data, part);
            part_text(data, part);
            assert!(part.kind == "multipart" || facts.part_at(&facts.section(at)).is_some());
        }
    }
    text_body(data, &facts);
    html_body(data, &facts);
    search_text(data, &facts);
    fields(data).for_each(|field| assert!(field.raw.len() > field.value.len()));
}

/// What is understood of a record is written so that it is understood the same again, and no more is understood than stands there.
///
/// # Panics
/// When a property does not hold.
pub fn spf_record(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(record) = spf::parse(&text) else { return assert!(!spf::is_record(&text)) };
    assert!(record.terms.len() < text.split_ascii_whitespace().count());
    for term in &record.terms {
        assert!("+-~?".contains(term.qualifier));
        if let Mechanism::Network(network, bits) = term.mechanism {
            assert!(bits <= if network.is_ipv4() { 32 } else { 128 } && spf::is_in(network, network, bits));
        }
    }
    let again = spf::parse(&record.to_string());
    assert_eq!(again, Some(spf::Record { invalid: false, ..record }));
}

#[cfg(test)]
mod tests {
    fn corpus(target: &str, run: fn(&[u8])) {
        let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(files.len() >= 10);
        for file in files {
            run(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn corpora() {
        corpus("message_facts", super::message_facts);
        corpus("spf_record", super::spf_record);
    }

    proptest::proptest! {
        #[test]
        fn any_lines(lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "", "--a", "--a--", "--aa", "--aa--", "x", "Content-Type: multipart/mixed; boundary=a",
                "Content-Type: multipart/digest; boundary=aa", "Content-Type: message/rfc822",
                "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64",
                "Content-Transfer-Encoding: quoted-printable", "Subject: =?utf-8?Q?=C3?=", "To: a@b, c <d@e>, g: h@i;",
                "YWJj", "=C3=BC=", "<p>a&amp;b", "Date: Tue, 1 Jul 2003 10:52:37 +0200", " folded",
            ]), 0..40)) {
            super::message_facts(lines.join("\r\n").as_bytes());
            super::message_facts(lines.join("\n").as_bytes());
        }

        #[test]
        fn any_terms(terms in proptest::collection::vec("[-+~?]?(all|a|mx|ip4|ip6|include|exists|ptr|redirect|x)([:/=][-a-z0-9.:/=%]{0,12})?", 0..8)) {
            super::spf_record(format!("v=spf1 {}", terms.join(" ")).as_bytes());
        }

        #[test]
        fn any_bytes(data in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            super::message_facts(&data);
            super::spf_record(&data);
        }
    }
}
