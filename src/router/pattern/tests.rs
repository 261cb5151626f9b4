use super::*;

/// The captures of a match, joined by `|`, or `-`.
#[track_caller]
fn check(pattern: &str, text: &str, expected: &str) {
    let parsed = Pattern::parse(pattern).unwrap();
    let mut captures = Captures::default();
    let shown = if parsed.matches(text, &mut captures) {
        (0..captures.len())
            .map(|number| captures.text(number, text))
            .collect::<Vec<_>>()
            .join("|")
    } else {
        assert_eq!(captures.len(), 0, "{pattern} {text}");
        "-".to_owned()
    };
    assert_eq!(shown, expected, "{pattern} on {text}");
}

#[test]
fn matching() {
    for (pattern, text, expected) in [
        ("sales", "sales", ""),
        ("sales", "sale", "-"),
        ("*", "", ""),
        ("*", "abc", "abc"),
        ("*-*", "a-b-c", "a|b-c"),
        ("report-*", "report-x", "x"),
        ("*-x", "a-x-x", "a-x"),
        ("(3d)", "123", "123"),
        ("(3d)", "1234", "-"),
        ("(3d)", "12a", "-"),
        ("7(2d)", "745", "45"),
        ("(2-4d)(2d)", "12345", "123|45"),
        ("(2-4d)(2d)", "1234", "12|34"),
        ("(2+d)", "123456", "123456"),
        ("(1-3D)", "12", "12"),
        ("(2a)(1d)", "ab1", "ab|1"),
        ("(2x)", "a1", "a1"),
        ("(2h)", "fg", "-"),
        ("(2h)", "fe", "fe"),
        ("(2c)", "ä€", "ä€"),
        ("(1c)*", "äx", "ä|x"),
        ("*(1c)", "xä", "x|ä"),
        ("*(2c)*", "€uro", "|€u|ro"),
        ("\\*(2d)", "*51", "51"),
        ("\\(x\\)\\\\", "(x)\\", ""),
        ("a*b*c*d", "axbxcxd", "x|x|x"),
        ("a*b*c*d", "abcbcd", "||bc"),
        ("*a*", "bab", "b|b"),
        ("(1-2d)*(1-2d)", "12345", "12|3|45"),
        ("\"x*y\"", "\"x*y\"", ""),
        ("\"x*y\"", "\"xay\"", "-"),
    ] {
        check(pattern, text, expected);
    }
}

#[test]
fn impossible_patterns() {
    for (pattern, at, reason) in [
        ("a(", 1, Reason::Group),
        ("(d)", 0, Reason::Group),
        ("(3z)", 0, Reason::Group),
        ("(3-d)", 0, Reason::Group),
        ("x(0d)", 1, Reason::GroupCount),
        ("(41d)", 0, Reason::GroupCount),
        ("(4-3d)", 0, Reason::GroupCount),
        ("(1-41d)", 0, Reason::GroupCount),
        ("(local)", 0, Reason::LocalGroup),
        ("\"x", 0, Reason::UnclosedQuote),
    ] {
        assert_eq!(
            Pattern::parse(pattern).unwrap_err(),
            Fault::new(at, reason),
            "{pattern}"
        );
    }
}

#[test]
fn hostile_texts_end_soon() {
    // Without remembered dead ends this would try more combinations than there is time for.
    let pattern = Pattern::parse("*a*a*a*a*a*a*a*a*b").unwrap();
    let text = "a".repeat(MAX_TEXT);
    assert!(!pattern.matches(&text, &mut Captures::default()));
    let groups = Pattern::parse("(1-40d)(1-40d)(1-40d)(1-40d)(1-40d)(1-40d)(1-40d)x*y*z").unwrap();
    assert!(!groups.matches(&"1".repeat(MAX_TEXT), &mut Captures::default()));
    assert!(
        !Pattern::parse("*")
            .unwrap()
            .matches(&"x".repeat(MAX_TEXT + 1), &mut Captures::default())
    );
}
