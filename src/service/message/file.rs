//! Octets for the API: messages, parts and files, as they are or inside JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use message::Facts;
use model::message::Encoding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::operation::{Call, Done, Octets};
use crate::{Error, Result, Service};

/// Names a part of a message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub(crate) account: String,
    /// Id of the message.
    pub(crate) id: Uuid,
    /// Number of the part, such as `1.2`.
    pub(crate) part: String,
}

/// A message as it stands on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RawMessage {
    /// The message.
    pub(crate) raw: String,
    /// How `raw` is written: `utf-8` when the message is that, else `base64`.
    pub(crate) encoding: Encoding,
}

/// A file in JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FileContent {
    /// File name, perhaps empty.
    pub(crate) name: String,
    /// Media type.
    #[serde(rename = "type")]
    pub(crate) media_type: String,
    /// Octets.
    pub(crate) size: i64,
    /// The file.
    pub(crate) content: String,
    /// How `content` is written: `utf-8` when the file is that, else `base64`.
    pub(crate) encoding: Encoding,
}

/// Octets as they stand in JSON.
pub(crate) fn in_json(octets: &[u8]) -> (String, Encoding) {
    match std::str::from_utf8(octets) {
        Ok(text) => (text.to_owned(), Encoding::Utf8),
        Err(_) => (STANDARD.encode(octets), Encoding::Base64),
    }
}

/// Octets that stand in JSON.
pub(crate) fn of_json(text: String, encoding: Option<Encoding>, pointer: &str) -> Result<Bytes> {
    match encoding.unwrap_or(Encoding::Utf8) {
        Encoding::Utf8 => Ok(text.into()),
        Encoding::Base64 => Ok(STANDARD.decode(text.trim()).map_err(|_| Error::invalid(pointer, "is no base64"))?.into()),
    }
}

/// A message that stands in JSON; bare line feeds of a text become CRLF.
pub(crate) fn message_of_json(text: &str, encoding: Option<Encoding>, pointer: &str) -> Result<Bytes> {
    match encoding.unwrap_or(Encoding::Utf8) {
        Encoding::Utf8 => Ok(text.replace("\r\n", "\n").replace('\n', "\r\n").into()),
        Encoding::Base64 => of_json(text.to_owned(), encoding, pointer),
    }
}

/// A message as the caller wants it: as it is, or in JSON.
pub(crate) fn raw_message(call: &Call, name: impl std::fmt::Display, data: Bytes) -> Done<RawMessage> {
    if call.as_it_is {
        let octets = Octets { media_type: "message/rfc822".to_owned(), name: Some(format!("{name}.eml")), data };
        return Done { octets: Some(octets), ..RawMessage { raw: String::new(), encoding: Encoding::Utf8 }.into() };
    }
    let (raw, encoding) = in_json(&data);
    RawMessage { raw, encoding }.into()
}

/// A file as the caller wants it: as it is, or in JSON.
pub(crate) fn shown(call: &Call, name: String, media_type: String, data: Bytes) -> Done<FileContent> {
    let size = i64::try_from(data.len()).unwrap_or(i64::MAX);
    if call.as_it_is {
        let octets = Octets { media_type: media_type.clone(), name: Some(name.clone()), data };
        return Done { octets: Some(octets), ..FileContent { name, media_type, size, content: String::new(), encoding: Encoding::Utf8 }.into() };
    }
    let (content, encoding) = in_json(&data);
    FileContent { name, media_type, size, content, encoding }.into()
}

impl Service {
    /// A part of a message, its transfer encoding undone.
    pub(crate) async fn get_part(self, call: Call, input: PartRef) -> Result<Done<FileContent>> {
        let account = self.mail_account(&call, &input.account).await?;
        let (name, media_type, data) = self.part(account, input.id, &input.part).await?;
        Ok(shown(&call, name, media_type, data))
    }

    /// File name, media type and octets of a part of a message.
    pub(crate) async fn part(&self, account: Uuid, id: Uuid, part: &str) -> Result<(String, String, Bytes)> {
        let unknown = || Error::not_found("part");
        let row = self.email_row(account, id).await?;
        let raw = self.whole_message(account, id).await?.ok_or_else(super::broken)?;
        let facts = Facts::decode(&row.facts).unwrap_or_else(|| Facts::of(&raw));
        let part = facts.part_at(part).and_then(|index| facts.parts.get(index)).ok_or_else(unknown)?;
        let data = Bytes::copy_from_slice(&message::part_bytes(&raw, part));
        let charset = part.param("charset").filter(|_| part.kind == "text").map(|charset| format!("; charset={charset}")).unwrap_or_default();
        Ok((part.file_name().unwrap_or_default(), format!("{}/{}{charset}", part.kind, part.subtype), data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_go_through_json() {
        for octets in [&b"text"[..], b"\xff\x00\r\n", b""] {
            let (text, encoding) = in_json(octets);
            assert_eq!(of_json(text, Some(encoding), "/x").unwrap(), octets);
        }
        assert_eq!(message_of_json("a\nb\r\n", None, "/raw").unwrap(), "a\r\nb\r\n");
        assert!(of_json("*".to_owned(), Some(Encoding::Base64), "/x").is_err());
    }
}
