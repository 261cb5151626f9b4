//! A creating call with a key is done once, however often it is sent.

use serde_json::Value;
use store::idempotency::Known;

use crate::{Call, Error, Kind, Operation, Reply, Result, Service};

/// Larger answers are not kept.
const LARGEST: usize = 256 * 1024;

impl Operation {
    /// Does it once for this key: a repetition gets the first answer, and the second part says so.
    ///
    /// # Errors
    /// As [`Operation::perform`]; `Conflict` while the first one runs, `Invalid` when the key was given with another input.
    pub async fn perform_once(&self, service: &Service, call: Call, input: Value, key: &str) -> Result<(Reply, bool)> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::new(Kind::Malformed, "invalid_parameter", "Idempotency-Key must have 1 to 255 visible characters."));
        }
        let principal = call.caller.account.as_ref().map_or_else(|| call.caller.remote_ip.to_string(), |account| account.account_id.to_string());
        let scope = format!("{principal} {}", self.id);
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        digest.update(input.to_string().as_bytes());
        if let Some(octets) = &call.octets {
            digest.update(octets.media_type.as_bytes());
            digest.update(&octets.data);
        }
        let digest = digest.finish();
        match service.store().take_idempotency_key(&scope, key, digest.as_ref()).await? {
            Known::New => {}
            Known::Running => return Err(Error::new(Kind::Conflict, "idempotency_in_progress", "The first call with this key is still being done.")),
            Known::Other => return Err(Error::new(Kind::Invalid, "idempotency_key_reused", "This key was given with another input.")),
            Known::Done(_, version, body) => return Ok((Reply { body, version, octets: None, cursors: Vec::new() }, true)),
        }
        let done = self.perform(service, call, input).await;
        // A refusal leaves the key free: nothing was done.
        let answer = done.as_ref().ok().filter(|reply| reply.body.len() <= LARGEST);
        let status = i16::try_from(self.status).unwrap_or_default();
        service.store().settle_idempotency_key(&scope, key, answer.map(|reply| (status, reply.version, reply.body.as_slice()))).await?;
        done.map(|reply| (reply, false))
    }
}
