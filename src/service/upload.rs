//! Uploads: files that wait to be attached to a message.

use bytes::Bytes;
use model::submission::{CreateUpload, Upload};
use serde::Deserialize;
use store::submission::Body;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::message::content::{pack, unpack};
use crate::message::file::{FileContent, of_json, shown};
use crate::operation::{Call, Done};
use crate::{Error, Kind, Result, Service, new_id, now};

/// Uploads of an account at a time.
const MOST: i64 = 1000;
const SECONDS: i64 = 86_400;

/// Names an upload.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlobRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// The upload.
    pub(crate) blob: Uuid,
}

/// Hashes and compresses; a large body does not hold up others.
pub(crate) async fn packed(data: &Bytes) -> Result<Body> {
    let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
    let packed = if data.len() < 256 * 1024 {
        pack(data)
    } else {
        let data = data.clone();
        let broken = |_| Error::new(Kind::Unavailable, "overloaded", "The server cannot do this now; try again later.");
        tokio::task::spawn_blocking(move || pack(&data)).await.map_err(broken)?
    };
    Ok(Body { hash: packed.hash, codec: packed.codec, data: packed.data, size })
}

/// A media type that is safe in a header: `type/subtype`, perhaps with parameters.
fn media_type(given: &str) -> Result<String> {
    let well = given.len() <= 255 && given.split(';').next().is_some_and(|kind| kind.split('/').filter(|word| !word.trim().is_empty()).count() == 2);
    if !well || !given.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(Error::invalid("/type", "is no media type"));
    }
    Ok(given.to_owned())
}

impl Service {
    /// Keeps a file for a day, to be attached.
    pub(crate) async fn create_upload(self, call: Call, input: CreateUpload) -> Result<Done<Upload>> {
        let account = self.mail_account(&call, &input.account).await?;
        let (data, kind) = match call.octets {
            Some(octets) => (octets.data, octets.media_type),
            None => (of_json(input.content, input.encoding, "/content")?, input.media_type.unwrap_or_else(|| "application/octet-stream".to_owned())),
        };
        let media_type = media_type(&kind)?;
        let limit = self.receiver(account).await?.max_mail_out_size;
        let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
        if limit >= 0 && size > limit {
            return Err(Error::new(Kind::Malformed, "body_too_large", format!("The account may send at most {limit} octets.")));
        }
        let (id, expires_at) = (new_id(), now().plus_seconds(SECONDS));
        if !self.store().insert_upload(account, id, &packed(&data).await?, &media_type, expires_at, MOST).await? {
            return Err(Error::new(Kind::Conflict, "limit_reached", "The account has too many uploads; use them, or wait."));
        }
        Ok(Upload { blob_id: id, size, media_type, expires_at }.into())
    }

    /// An upload as it came.
    pub(crate) async fn download_blob(self, call: Call, input: BlobRef) -> Result<Done<FileContent>> {
        let account = self.mail_account(&call, &input.account).await?;
        let (media_type, data) = self.upload(account, input.blob).await?.ok_or_else(|| Error::not_found("upload"))?;
        Ok(shown(&call, input.blob.to_string(), media_type, data))
    }

    /// Media type and octets of an upload.
    pub(crate) async fn upload(&self, account: Uuid, id: Uuid) -> Result<Option<(String, Bytes)>> {
        let Some(row) = self.store().upload(account, id).await? else { return Ok(None) };
        let data = unpack(row.stored, row.size).ok_or_else(crate::message::broken)?;
        Ok(Some((row.media_type, data)))
    }
}
