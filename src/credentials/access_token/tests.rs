use super::*;

const ISSUER: &str = "https://mail.client1.com";
const NOW: i64 = 1_800_000_000;

fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "018f4c2e-account".to_owned(),
        aud: AUDIENCE.to_owned(),
        exp: NOW + 600,
        iat: NOW,
        jti: "t1".to_owned(),
        sid: Some("s1".to_owned()),
        scope: "mail:read events".to_owned(),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        auth_time: NOW - 5,
        act: Some(Actor {
            sub: "postmaster".to_owned(),
        }),
        dom: Some("d1".to_owned()),
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

/// RFC 8037 Appendix A: key, thumbprint and signature.
#[test]
fn the_rfc_example_signs_and_opens() {
    let seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let key = SigningKey::from_seed(&seed.try_into().unwrap()).unwrap();
    assert_eq!(
        base64url(key.public().octets()),
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );
    assert_eq!(
        key.public().kid(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(
        key.seal(r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing"),
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
         hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn a_token_is_read_back() {
    let (old, new) = (key(1), key(2));
    let set = KeySet::new([old.public().clone(), new.public().clone()]);
    for key in [&old, &new] {
        assert_eq!(set.verify(&key.sign(&claims()), ISSUER, NOW), Ok(claims()));
    }
    let plain = Claims {
        sid: None,
        act: None,
        dom: None,
        amr: Vec::new(),
        ..claims()
    };
    assert_eq!(set.verify(&new.sign(&plain), ISSUER, NOW), Ok(plain));
}

#[test]
fn pkcs8_keeps_the_key() {
    let der = key(3).to_pkcs8().unwrap();
    let read = SigningKey::from_pkcs8(&der).unwrap();
    assert_eq!(read.public(), key(3).public());
    assert_eq!(read.sign(&claims()), key(3).sign(&claims()));
    assert!(SigningKey::from_pkcs8(b"nonsense").is_err());
    assert!(!format!("{read:?}").contains("pair"));
}

#[test]
fn times_audience_and_issuer_are_checked() {
    let set = KeySet::new([key(1).public().clone()]);
    let check = |claims: Claims, now, want| {
        assert_eq!(set.verify(&key(1).sign(&claims), ISSUER, now).err(), want);
    };
    check(claims(), NOW + 599, None);
    check(claims(), NOW + 600, Some(TokenError::Expired));
    check(claims(), NOW - 60, None);
    check(claims(), NOW - 61, Some(TokenError::Expired));
    check(
        Claims {
            iss: "https://evil.example".to_owned(),
            ..claims()
        },
        NOW,
        Some(TokenError::Foreign),
    );
    let other = serde_json::to_string(&Claims {
        aud: "other".to_owned(),
        ..claims()
    })
    .unwrap();
    let header = format!(
        r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#,
        key(1).public().kid()
    );
    assert_eq!(
        set.verify(&key(1).seal(&header, &other), ISSUER, NOW),
        Err(TokenError::Foreign)
    );
}

/// RFC 8725: no `none`, no other algorithm, no tricks with the key id, no unknown critical header.
#[test]
fn forged_tokens_are_refused() {
    let (mine, other) = (key(1), key(2));
    let set = KeySet::new([mine.public().clone()]);
    let kid = mine.public().kid();
    let payload = serde_json::to_string(&claims()).unwrap();
    let good = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#);
    assert!(set.verify(&mine.seal(&good, &payload), ISSUER, NOW).is_ok());
    for (header, want) in [
        (good.replace("EdDSA", "none"), TokenError::Malformed),
        (good.replace("EdDSA", "HS256"), TokenError::Malformed),
        (good.replace("at+jwt", "JWT"), TokenError::Malformed),
        (
            good.replace(kid, "../../etc/passwd"),
            TokenError::UnknownKey,
        ),
        (
            good.replace(kid, other.public().kid()),
            TokenError::UnknownKey,
        ),
        (
            good.replace('}', r#","crit":["exp"]}"#),
            TokenError::Malformed,
        ),
        ("{}".to_owned(), TokenError::Malformed),
    ] {
        assert_eq!(
            set.verify(&mine.seal(&header, &payload), ISSUER, NOW),
            Err(want),
            "{header}"
        );
    }
    assert_eq!(
        set.verify(&other.seal(&good, &payload), ISSUER, NOW),
        Err(TokenError::Signature)
    );

    let token = mine.sign(&claims());
    let unsigned = &token[..=token.rfind('.').unwrap()];
    for bad in [
        "",
        "..",
        "a.b.c",
        unsigned,
        &format!("{token}.x"),
        &format!("{token}A"),
        &"a.".repeat(9000),
    ] {
        assert!(set.verify(bad, ISSUER, NOW).is_err(), "{bad}");
    }
    assert_eq!(
        KeySet::default().verify(&token, ISSUER, NOW),
        Err(TokenError::UnknownKey)
    );
}

#[test]
fn every_changed_character_is_noticed() {
    let set = KeySet::new([key(1).public().clone()]);
    let token = key(1).sign(&claims());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(set.verify(&changed, ISSUER, NOW).is_err(), "at {at}");
    }
}

#[test]
fn the_key_set_is_published() {
    let jwks = KeySet::new([key(1).public().clone(), key(2).public().clone()]).jwks();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
    assert_eq!(jwks["keys"][0]["kid"], key(1).public().kid());
    assert_eq!(jwks["keys"][0]["x"], base64url(key(1).public().octets()));
    assert_eq!(jwks["keys"][0].get("d"), None);
}

#[test]
fn the_corpus_is_replayed() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/corpus/access_token"
    );
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        crate::fuzzing::access_token(&std::fs::read(file.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files >= 10);
}
