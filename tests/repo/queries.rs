//! Every checked query has its description in `src/store/.sqlx`, and no description is left over.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{files, root};

/// The literals given to `query!`, `query_as!` and `query_scalar!` below `src/store`.
fn written() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files(&root().join("src/store"), ".rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        for (start, _) in text.match_indices("query").filter(|(at, _)| is_macro(&text[*at..])) {
            let rest = &text[start..];
            let open = rest.find('"').expect("a query macro has a literal");
            let raw = rest[..open].ends_with("r#");
            let end = if raw { "\"#" } else { "\"" };
            let body = &rest[open + 1..];
            let literal = &body[..body.find(end).expect("the literal ends")];
            found.insert(if raw { literal.to_owned() } else { unescape(literal) });
        }
    }
    found
}

fn is_macro(text: &str) -> bool {
    ["query!(", "query_as!(", "query_scalar!("].iter().any(|name| text.starts_with(name))
}

fn unescape(literal: &str) -> String {
    let mut text = String::new();
    let mut lines = literal.split("\\\n");
    text.push_str(lines.next().unwrap_or_default());
    for line in lines {
        text.push_str(line.trim_start());
    }
    text.replace("\\\"", "\"")
}

#[test]
fn queries_and_descriptions_match() {
    let described: BTreeSet<String> = files(&root().join("src/store/.sqlx"), ".json")
        .iter()
        .map(|path| {
            let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            json["query"].as_str().unwrap().to_owned()
        })
        .collect();
    let written = written();
    assert!(!written.is_empty(), "no query was found");
    let missing: Vec<_> = written.difference(&described).collect();
    let left: Vec<_> = described.difference(&written).collect();
    assert!(missing.is_empty(), "queries without a description (make sqlx): {missing:#?}");
    assert!(left.is_empty(), "descriptions without a query (make sqlx): {left:#?}");
}
