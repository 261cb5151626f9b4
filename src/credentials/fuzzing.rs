//! Properties of the token readers over arbitrary bytes.

use crate::{Hashing, KeySet, SigningKey, Verdict, opaque};

/// Nothing that is not signed by a key of the set is taken, and no reader panics.
pub fn access_token(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let set = KeySet::new(SigningKey::from_seed(&[1; 32]).map(|key| key.public().clone()));
    assert!(set.verify(&text, "https://mail.client1.com", 0).is_err());
    let _ = opaque::kind(&text);
    let quick = Hashing {
        memory: 8,
        iterations: 1,
        lanes: 1,
    };
    // Only the shape of a stored hash is read here; its costs would be the fuzzer's own time.
    let stored = Some(&*text).filter(|text| !text.starts_with("$argon2id$"));
    assert_eq!(quick.verify("pencil", stored), Verdict::Differs);
}
