//! How messages are kept: hashed, compressed, with what is known of them.

use std::cell::RefCell;
use std::io::Read;

use bytes::Bytes;
use message::Facts;
use store::message::Stored;
use uuid::Uuid;

/// Stored in the clear.
const CLEAR: i16 = 0;
/// Compressed with zstd.
const ZSTD: i16 = 1;
/// Quick: mail gains little from more.
const LEVEL: i32 = 1;
/// Below this nothing is gained.
const COMPRESS_FROM: usize = 256;

thread_local! {
    // A context costs more to make than a message to read.
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = RefCell::new(zstd::bulk::Decompressor::new().ok());
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
}

/// A message as it is stored.
pub(crate) struct Packed {
    /// BLAKE3-256 of the clear octets.
    pub(crate) hash: [u8; 32],
    /// How the octets are written.
    pub(crate) codec: i16,
    /// The octets.
    pub(crate) data: Bytes,
}

/// Makes a message ready to be stored.
pub(crate) fn pack(raw: &Bytes) -> Packed {
    let hash = *blake3::hash(raw).as_bytes();
    let packed = if raw.len() < COMPRESS_FROM { None } else { COMPRESSOR.with_borrow_mut(|c| c.as_mut()?.compress(raw).ok()) };
    // What hardly shrinks is read faster as it is.
    match packed.filter(|packed| packed.len() < raw.len() / 10 * 9) {
        Some(packed) => Packed { hash, codec: ZSTD, data: packed.into() },
        None => Packed { hash, codec: CLEAR, data: raw.clone() },
    }
}

/// The clear octets; `None` when what is stored is broken.
pub(crate) fn unpack(stored: Stored, size: i64) -> Option<Bytes> {
    match stored.codec {
        CLEAR => Some(stored.data.into()),
        _ => {
            let size = usize::try_from(size).ok()?;
            DECOMPRESSOR.with_borrow_mut(|d| d.as_mut()?.decompress(&stored.data, size).ok()).map(Bytes::from)
        }
    }
}

/// The first `wanted` clear octets out of a beginning of what is stored; `None` when it does not reach so far.
pub(crate) fn unpack_head(stored: &Stored, wanted: usize) -> Option<Bytes> {
    if stored.codec == CLEAR {
        return stored.data.get(..wanted).map(Bytes::copy_from_slice);
    }
    let mut head = vec![0; wanted];
    zstd::stream::read::Decoder::new(stored.data.as_slice()).ok()?.read_exact(&mut head).ok()?;
    Some(head.into())
}

/// Thread of a message: all that go back to the same first message of an account.
pub(crate) fn thread_of(account: Uuid, facts: &Facts, id: Uuid) -> Uuid {
    let Some(root) = facts.references.first().map(String::as_str).or_else(|| facts.message_id()) else { return id };
    let mut hasher = blake3::Hasher::new();
    hasher.update(account.as_bytes()).update(root.as_bytes());
    let mut octets = [0; 16];
    hasher.finalize_xof().fill(&mut octets);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_messages_come_back() {
        for raw in ["", "short", &"Subject: x\r\n\r\nThe same again.\r\n".repeat(500)] {
            let raw = Bytes::copy_from_slice(raw.as_bytes());
            let packed = pack(&raw);
            assert!(packed.data.len() <= raw.len());
            let size = i64::try_from(raw.len()).unwrap();
            let stored = || Stored { codec: packed.codec, data: packed.data.to_vec() };
            assert_eq!(unpack(stored(), size).unwrap(), raw);
            assert_eq!(unpack_head(&stored(), raw.len().min(40)).unwrap(), raw.slice(..raw.len().min(40)));
            assert!(unpack_head(&stored(), raw.len() + 1).is_none());
        }
    }

    #[test]
    fn replies_share_the_thread() {
        let account = Uuid::from_u128(7);
        let thread = |raw: &str| thread_of(account, &Facts::of(raw.as_bytes()), Uuid::from_u128(9));
        let first = thread("Message-ID: <a@x>\r\n\r\n");
        assert_eq!(thread("Message-ID: <b@x>\r\nIn-Reply-To: <a@x>\r\n\r\n"), first);
        assert_eq!(thread("Message-ID: <c@x>\r\nReferences: <a@x> <b@x>\r\n\r\n"), first);
        assert_ne!(thread("Message-ID: <d@x>\r\n\r\n"), first);
        assert_eq!(thread("\r\n"), Uuid::from_u128(9));
    }
}
