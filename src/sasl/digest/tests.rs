use std::borrow::Cow;

use super::*;

const GET: Request<'_> = Request {
    method: "GET",
    body: b"",
};

/// Parameters as a header parser finds them.
fn find<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let rest = text.strip_prefix("Digest ").unwrap_or(text);
    let mut pairs = rest.split(", ").filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(
        value
            .trim_matches('"')
            .replace("\\\"", "\"")
            .replace("\\\\", "\\")
            .into(),
    )
}

/// RFC 7616 §3.9.1.
#[test]
fn the_examples_of_the_rfc() {
    let credentials = |algorithm: &str, response: &str| {
        format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    for (algorithm, response) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Algorithm::Sha256,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let text = credentials(algorithm.name(), response);
        let credentials = Credentials::read(|name| find(&text, name)).unwrap();
        let ha1 = Ha1::derive(
            algorithm,
            "Mufasa",
            "http-auth@example.org",
            "Circle of Life",
        );
        assert!(credentials.verify(&ha1, GET), "{algorithm}");
        assert!(!credentials.verify(
            &ha1,
            Request {
                method: "POST",
                ..GET
            }
        ));
        assert!(!credentials.verify(
            &Ha1::derive(algorithm, "Mufasa", "http-auth@example.org", "x"),
            GET
        ));
        assert!(!credentials.verify(&Ha1::dummy(algorithm), GET));
        let other = if algorithm == Algorithm::Md5 {
            Algorithm::Sha256
        } else {
            Algorithm::Md5
        };
        assert!(!credentials.verify(
            &Ha1::derive(other, "Mufasa", "http-auth@example.org", "Circle of Life"),
            GET
        ));
        assert_eq!(credentials.count(), 1);
        assert_eq!(
            Ha1::parse(algorithm, &ha1.reveal().to_uppercase()),
            Some(ha1)
        );
    }
}

/// RFC 2617 §3.5; without `qop` as in RFC 2069 §2.4 with the errata's value.
#[test]
fn older_examples() {
    let challenge = Challenge {
        realm: "testrealm@host.com".into(),
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093".into(),
        algorithm: Algorithm::Md5,
        session: false,
        qop: vec![Qop::Auth, Qop::AuthInt],
        opaque: Some("5ccc069c403ebaf9f0171e9517f40e41".into()),
        stale: false,
    };
    let ha1 = Ha1::derive(
        Algorithm::Md5,
        "Mufasa",
        "testrealm@host.com",
        "Circle Of Life",
    );
    let answer = challenge.answer(("Mufasa", &ha1), "/dir/index.html", GET, "0a4f113b", 1);
    assert_eq!(answer.response, "6629fae49393a05397450978507c4ef1");
    let old = Challenge {
        qop: Vec::new(),
        ..challenge
    };
    let ha1 = Ha1::derive(
        Algorithm::Md5,
        "Mufasa",
        "testrealm@host.com",
        "CircleOfLife",
    );
    assert_eq!(
        old.answer(("Mufasa", &ha1), "/dir/index.html", GET, "", 1)
            .response,
        "1949323746fe6a43ef61f9606e7febea"
    );
}

#[test]
fn what_is_printed_is_read() {
    for algorithm in Algorithm::ALL {
        for (session, qop) in [
            (false, vec![Qop::Auth]),
            (true, vec![Qop::Auth]),
            (false, vec![Qop::AuthInt]),
            (false, vec![]),
            (true, vec![]),
        ] {
            let challenge = Challenge {
                realm: "a \"b\" \\ c".into(),
                nonce: "n".into(),
                algorithm,
                session,
                qop,
                opaque: Some("o".into()),
                stale: true,
            };
            let text = challenge.to_string();
            assert_eq!(
                Challenge::read(|name| find(&text, name)).as_ref(),
                Ok(&challenge),
                "{text}"
            );
            let ha1 = Ha1::derive(algorithm, "u", &challenge.realm, "p");
            let request = Request {
                method: "INVITE",
                body: b"v=0",
            };
            let answer = challenge.answer(("u", &ha1), "sip:a@b", request, "c", 17);
            let text = answer.to_string();
            let read = Credentials::read(|name| find(&text, name)).unwrap();
            assert_eq!(read, answer, "{text}");
            assert!(read.verify(&ha1, request), "{text}");
            let other = Request {
                body: b"v=1",
                ..request
            };
            assert_eq!(
                read.verify(&ha1, other),
                read.qop != Some(Qop::AuthInt),
                "{text}"
            );
        }
    }
}

#[test]
fn bad_credentials_are_refused() {
    let good = "username=\"u\", realm=\"r\", nonce=\"n\", uri=\"s\", response=\"x\", qop=auth, nc=00000001, cnonce=\"c\"";
    assert!(Credentials::read(|name| find(good, name)).is_ok());
    for (from, to, error) in [
        ("username", "user", DigestError::Parameter("username")),
        (
            "nonce=\"n\", uri",
            "nonc=\"n\", uri",
            DigestError::Parameter("nonce"),
        ),
        ("nc=00000001", "nc=1", DigestError::Parameter("nc")),
        ("nc=00000001", "nc=0000000g", DigestError::Parameter("nc")),
        ("cnonce", "conce", DigestError::Parameter("cnonce")),
        ("qop=auth", "qop=none", DigestError::Qop),
        (
            "qop=auth",
            "qop=auth, algorithm=SHA-1",
            DigestError::Algorithm,
        ),
    ] {
        let bad = good.replace(from, to);
        assert_eq!(
            Credentials::read(|name| find(&bad, name)),
            Err(error),
            "{bad}"
        );
    }
    let long = good.replace("\"u\"", &format!("\"{}\"", "u".repeat(1025)));
    assert_eq!(
        Credentials::read(|name| find(&long, name)),
        Err(DigestError::Parameter("username"))
    );
}

#[test]
fn algorithms_are_found() {
    assert_eq!(Algorithm::parse("md5"), Some((Algorithm::Md5, false)));
    assert_eq!(
        Algorithm::parse("SHA-256-SESS"),
        Some((Algorithm::Sha256, true))
    );
    for unknown in ["", "-sess", "SHA-512-256", "MD5-ses", "é-sess"] {
        assert_eq!(Algorithm::parse(unknown), None, "{unknown}");
    }
    assert_eq!(Ha1::parse(Algorithm::Md5, &"g".repeat(32)), None);
    assert_eq!(Ha1::parse(Algorithm::Md5, &"a".repeat(64)), None);
    assert_eq!(
        format!("{:?}", Ha1::dummy(Algorithm::Md5)),
        "Ha1 { algorithm: Md5, .. }"
    );
}

#[test]
fn nonces_are_known_by_their_seal() {
    let keys = NonceKeys::new(&[1; 32], None);
    let nonce = keys.make(1000, [9; 8], "example.com");
    let later = NonceKeys::new(&[2; 32], Some(&[1; 32]));
    for (at, want) in [
        (990, NonceCheck::Fresh),
        (1000, NonceCheck::Fresh),
        (1300, NonceCheck::Fresh),
        (1301, NonceCheck::Stale),
    ] {
        assert_eq!(keys.check(&nonce, at, 300, "example.com"), want, "{at}");
        assert_eq!(later.check(&nonce, at, 300, "example.com"), want, "{at}");
    }
    assert_eq!(
        keys.check(&nonce, 1000, 300, "example.org"),
        NonceCheck::Foreign
    );
    assert_eq!(
        NonceKeys::new(&[3; 32], None).check(&nonce, 1000, 300, "example.com"),
        NonceCheck::Foreign
    );
    for foreign in [
        "",
        "x",
        &nonce[1..],
        &nonce.replace('A', "B"),
        &format!("{nonce}{nonce}"),
    ] {
        assert_eq!(
            keys.check(foreign, 1000, 300, "example.com"),
            NonceCheck::Foreign,
            "{foreign}"
        );
    }
    assert_ne!(nonce, keys.make(1000, [8; 8], "example.com"));
}

#[test]
fn counts_are_taken_once() {
    let mut window = ReplayWindow::default();
    let got: Vec<bool> = [1, 1, 3, 2, 2, 0, 100, 36, 37, 37, 100, 101]
        .into_iter()
        .map(|count| window.accept(count))
        .collect();
    assert_eq!(
        got,
        [
            true, false, true, true, false, false, true, false, true, false, false, true
        ]
    );
    assert!(window.accept(u32::MAX) && !window.accept(u32::MAX) && !window.accept(5));
}
