use super::*;
use crate::testing::request;

const REALM: &str = "example.com";

fn guard() -> Guard {
    Guard::new(
        NonceKeys::new(&[7; 32], None),
        300,
        vec![Algorithm::Sha256, Algorithm::Md5],
    )
}

fn register(authorization: &[String]) -> Request {
    let fields: String = authorization
        .iter()
        .map(|value| format!("Authorization: {value}\r\n"))
        .collect();
    request(&format!(
        "REGISTER sip:example.com SIP/2.0\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\n{fields}\r\n"
    ))
}

fn ask(stale: bool) -> Ask<'static> {
    Ask {
        asks: Asks::Server,
        realm: REALM,
        opaque: Some("7"),
        stale,
        only: None,
    }
}

/// The challenges of a 401, as a client reads them.
fn challenges(guard: &Guard, now: u64) -> Vec<Challenge> {
    let mut writer = Writer::response(401, "");
    guard.challenge(&mut writer, now, [1; 8], ask(false));
    let text = String::from_utf8(writer.finish().to_vec()).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("WWW-Authenticate: "))
        .map(|value| {
            let read = Authentication::parse(value.as_bytes()).unwrap();
            Challenge::read(|name| read.get(name)).unwrap()
        })
        .collect()
}

fn answer(challenge: &Challenge, uri: &str, password: &str, count: u32) -> String {
    let ha1 = Ha1::derive(challenge.algorithm, "alice", REALM, password);
    let covered = digest::Request {
        method: "REGISTER",
        body: b"",
    };
    challenge
        .answer(("alice", &ha1), uri, covered, "c0ffee", count)
        .to_string()
}

fn secret(algorithm: Algorithm) -> Ha1 {
    Ha1::derive(algorithm, "alice", REALM, "secret")
}

#[test]
fn a_client_comes_in_with_either_algorithm() {
    let mut guard = guard();
    let challenges = challenges(&guard, 1000);
    let algorithms: Vec<_> = challenges.iter().map(|c| c.algorithm).collect();
    assert_eq!(algorithms, [Algorithm::Sha256, Algorithm::Md5]);
    for challenge in &challenges {
        let request = register(&[answer(challenge, "sip:example.com", "secret", 1)]);
        let Presented::Credentials(found) = guard.examine(1001, &request, REALM) else {
            panic!();
        };
        assert_eq!(
            (found.username.as_str(), found.opaque.as_deref()),
            ("alice", Some("7"))
        );
        let other = Ha1::derive(found.algorithm, "alice", REALM, "other");
        let wrong = guard.verify(1001, &request, &found, &[other]);
        assert_eq!(wrong, (Verdict::Wrong, None));
        assert_eq!(
            guard.verify(1001, &request, &found, &[]),
            (Verdict::Wrong, None)
        );
        let right = guard.verify(1001, &request, &found, &[other, secret(found.algorithm)]);
        let first = challenge.algorithm == Algorithm::Sha256;
        // Both algorithms share a nonce, so the second use of its first count is a replay.
        let verdict = if first {
            Verdict::Right
        } else {
            Verdict::Replayed
        };
        assert_eq!(right, (verdict, Some(1)));
    }
}

#[test]
fn counts_are_used_once() {
    let mut guard = guard();
    let challenge = &challenges(&guard, 1000)[0];
    let mut verdicts = Vec::new();
    for count in [1, 1, 3, 2, 2, 0] {
        let request = register(&[answer(challenge, "sip:example.com", "secret", count)]);
        let Presented::Credentials(found) = guard.examine(1000, &request, REALM) else {
            panic!();
        };
        verdicts.push(
            guard
                .verify(1000, &request, &found, &[secret(Algorithm::Sha256)])
                .0,
        );
    }
    use Verdict::{Replayed, Right};
    assert_eq!(
        verdicts,
        [Right, Replayed, Right, Right, Replayed, Replayed]
    );
    assert_eq!(guard.windows.len(), 1);
    // What is over is forgotten when something is used.
    let challenge = &challenges(&guard, 2000)[0];
    let request = register(&[answer(challenge, "sip:example.com", "secret", 1)]);
    let Presented::Credentials(found) = guard.examine(2000, &request, REALM) else {
        panic!();
    };
    guard.verify(2000, &request, &found, &[secret(Algorithm::Sha256)]);
    assert_eq!(guard.windows.len(), 1);
}

#[test]
fn what_cannot_be_used_is_told_apart() {
    let guard = guard();
    let challenges = challenges(&guard, 1000);
    let [sha, md5] = &challenges[..] else {
        panic!();
    };
    let good = |challenge: &Challenge| answer(challenge, "sip:example.com", "x", 1);
    let examine = |now, values: &[String]| guard.examine(now, &register(values), REALM);
    assert_eq!(examine(1000, &[]), Presented::Nothing);
    assert_eq!(examine(1301, &[good(sha)]), Presented::Stale);
    let foreign = Challenge {
        nonce: "abc".into(),
        ..sha.clone()
    };
    assert_eq!(examine(1000, &[good(&foreign)]), Presented::Nothing);
    let other_realm = Challenge {
        realm: "elsewhere".into(),
        ..sha.clone()
    };
    assert_eq!(examine(1000, &[good(&other_realm)]), Presented::Nothing);
    let unknown = "NoOneKnowsThisScheme opaque-data=here".to_owned();
    assert_eq!(examine(1000, &[unknown]), Presented::Nothing);
    let without_qop = Challenge {
        qop: Vec::new(),
        ..sha.clone()
    };
    let unusable = |values: &[String]| matches!(examine(1000, values), Presented::Unusable(_));
    assert!(unusable(&[good(&without_qop)]));
    for elsewhere in ["sip:example.org", "sip:bob@example.com", "x"] {
        assert!(unusable(&[answer(sha, elsewhere, "x", 1)]), "{elsewhere}");
    }
    for near in [
        "sip:EXAMPLE.com",
        "sip:example.com:5060",
        "sips:example.com;transport=tcp",
    ] {
        assert!(!unusable(&[answer(sha, near, "x", 1)]), "{near}");
    }
    // The stronger of two counts, whichever comes first; one for another realm is no hindrance.
    for values in [
        [good(md5), good(sha), good(&other_realm)],
        [good(&other_realm), good(sha), good(md5)],
    ] {
        match examine(1000, &values) {
            Presented::Credentials(found) => assert_eq!(found.algorithm, Algorithm::Sha256),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_proxy_asks_in_its_own_way() {
    assert_eq!(
        (Asks::Proxy.status(), Asks::Proxy.field()),
        (407, Name::ProxyAuthenticate)
    );
    let mut writer = Writer::response(Asks::Proxy.status(), "");
    let ask = Ask {
        asks: Asks::Proxy,
        opaque: None,
        ..ask(true)
    };
    guard().challenge(&mut writer, 1, [0; 8], ask);
    let text = String::from_utf8(writer.finish().to_vec()).unwrap();
    assert!(text.starts_with("SIP/2.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Digest realm=\"example.com\""));
    assert_eq!(text.matches("stale=true").count(), 2);
}
