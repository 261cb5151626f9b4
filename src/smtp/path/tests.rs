use super::*;

#[test]
fn paths_are_read() {
    for (text, local, domain) in [
        ("<user@client1.com>", "user", Some("client1.com")),
        ("user@client1.com", "user", Some("client1.com")),
        ("< user@client1.com >", "user", Some("client1.com")),
        ("<postmaster>", "postmaster", None),
        (
            "<@a.example,@b.example:user@client1.com>",
            "user",
            Some("client1.com"),
        ),
        (
            "<@[192.0.2.1]:user@client1.com>",
            "user",
            Some("client1.com"),
        ),
        ("<user@client1.com.>", "user", Some("client1.com")),
        ("<user@[192.0.2.1]>", "user", Some("[192.0.2.1]")),
        (
            "<user@[IPv6:2001:db8::1]>",
            "user",
            Some("[IPv6:2001:db8::1]"),
        ),
        (
            "<user%far.example@client1.com>",
            "user%far.example",
            Some("client1.com"),
        ),
        (
            "<\"two words\"@client1.com>",
            "two words",
            Some("client1.com"),
        ),
        (
            "<\"a\\\"b\\\\c\"@client1.com>",
            "a\"b\\c",
            Some("client1.com"),
        ),
        (
            "<\"user@far.example\"@client1.com>",
            "user@far.example",
            Some("client1.com"),
        ),
        ("<\"\"@client1.com>", "", Some("client1.com")),
        ("<a..b.@client1.com>", "a..b.", Some("client1.com")),
        (
            "<user+detail@client1.com>",
            "user+detail",
            Some("client1.com"),
        ),
        ("<пётр@почта.example>", "пётр", Some("почта.example")),
        (
            "<user@under_score.example>",
            "user",
            Some("under_score.example"),
        ),
    ] {
        let path: Path = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((path.local(), path.domain()), (local, domain), "{text}");
        // Printed and read again it is the same, with brackets and without.
        assert_eq!(path.to_string().parse(), Ok(path.clone()), "{text}");
        assert_eq!(format!("<{path}>").parse(), Ok(path.clone()), "{text}");
        assert_eq!(Path::new(local, domain), Ok(path), "{text}");
    }
}

#[test]
fn faults_are_found_where_they_are() {
    for (text, position) in [
        ("", 0),
        ("<", 1),
        ("<user@client1.com", 17),
        ("user@client1.com>", 16),
        ("<user@>", 6),
        ("<@client1.com>", 13),
        ("<user@client1.com>x", 18),
        ("<user@a@b>", 7),
        ("<user@.example>", 6),
        ("<user@a..b>", 6),
        ("<us er@client1.com>", 4),
        ("<\"open@client1.com>", 19),
        ("<\"a\\", 3),
        ("<\"a\u{1}b\"@client1.com>", 3),
        ("<user@[192.0.2.256]>", 6),
        ("<user@[tag:content]>", 6),
        ("<user@[192.0.2.1>", 6),
        ("<a(b)@client1.com>", 2),
        ("<user@exa mple>", 10),
        ("<>", 2),
    ] {
        assert_eq!(text.parse::<Path>(), Err(PathError { position }), "{text}");
    }
    assert!(
        format!("<{}@client1.com>", "x".repeat(600))
            .parse::<Path>()
            .is_err()
    );
    assert!(
        format!("<x@{}com>", "abc.".repeat(70))
            .parse::<Path>()
            .is_err()
    );
}

#[test]
fn parameters_are_left_behind() {
    for (text, path, rest) in [
        ("<> SIZE=5", None, " SIZE=5"),
        ("< >", None, ""),
        (
            "user@client1.com SIZE=5",
            Some("user@client1.com"),
            " SIZE=5",
        ),
        (
            "<user@client1.com> BODY=7BIT",
            Some("user@client1.com"),
            " BODY=7BIT",
        ),
    ] {
        let (found, left) = take_path(text).unwrap();
        assert_eq!(
            (found.map(|p| p.to_string()).as_deref(), left),
            (path, rest)
        );
    }
}

#[test]
fn parts_that_no_path_can_carry_are_refused() {
    for (local, domain) in [
        ("a\r\nb", None),
        ("a", Some("")),
        ("a", Some("b c")),
        ("a", Some("b>")),
        ("a", Some("b.")),
    ] {
        assert!(Path::new(local, domain).is_err(), "{local:?} {domain:?}");
    }
    assert_eq!(
        Path::new("a b", Some("c.example")).unwrap().to_string(),
        "\"a b\"@c.example"
    );
    assert_eq!(
        Path::new(".a", Some("c.example")).unwrap().to_string(),
        "\".a\"@c.example"
    );
}

#[test]
fn the_longest_path_is_read_in_every_form() {
    let longest = "a".repeat(512);
    let path: Path = longest.parse().unwrap();
    assert_eq!(format!("< {longest} >").parse(), Ok(path));
    assert!(format!("{longest}a").parse::<Path>().is_err());
    // Quotes belong to the address where it cannot be written without them.
    let quoted = |blanks: usize| format!("\"{}\"", " ".repeat(blanks));
    assert!(quoted(510).parse::<Path>().is_ok() && quoted(511).parse::<Path>().is_err());
}
