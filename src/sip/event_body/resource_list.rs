//! The states of many resources in one notification: `multipart/related` (RFC 4662 §5).

use std::fmt::{Display, Write};

use super::xml::Xml;
use crate::subscription::{Ending, Package, Standing};

/// One resource of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its URI.
    pub uri: &'a str,
    /// Its name; empty for none.
    pub name: &'a str,
    /// Whether its state may be told, or why it never is.
    pub standing: Result<Standing, Ending>,
    /// Its state; `None` when there is none yet, or it may not be told.
    pub body: Option<&'a str>,
}

/// Writes the body with its media type: these members of the list `uri`, each with its state as the package writes it, all
/// there are unless it is `partial`. `boundary` is random, of letters and digits.
pub fn write(
    version: u32,
    partial: bool,
    uri: &str,
    package: Package,
    members: &[Member<'_>],
    boundary: &str,
) -> (String, String) {
    let mut xml = Xml::new();
    let full = !partial;
    let attributes: [(&str, &dyn Display); 4] = [
        ("xmlns", &"urn:ietf:params:xml:ns:rlmi"),
        ("uri", &uri),
        ("version", &version),
        ("fullState", &full),
    ];
    xml.open("list", &attributes);
    for (at, member) in members.iter().enumerate() {
        xml.open("resource", &[("uri", &member.uri)]);
        if !member.name.is_empty() {
            xml.leaf("name", &[], member.name);
        }
        let (state, reason) = match member.standing {
            Ok(Standing::Active) => ("active", None),
            Ok(Standing::Pending) => ("pending", None),
            Err(ending) => ("terminated", Some(ending.name())),
        };
        let id = format!("i{at}");
        let cid = format!("{at}@{boundary}");
        let mut attributes: Vec<(&str, &dyn Display)> = vec![("id", &id), ("state", &state)];
        if let Some(reason) = &reason {
            attributes.push(("reason", reason));
        }
        if member.body.is_some() {
            attributes.push(("cid", &cid));
        }
        xml.leaf("instance", &attributes, "");
        xml.close();
    }
    let mut out = String::with_capacity(4096);
    let mut part = |cid: &str, media_type: &str, body: &str| {
        let _ = write!(
            out,
            "--{boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{cid}@{boundary}>\r\n\
             Content-Type: {media_type}\r\n\r\n{body}\r\n"
        );
    };
    part(
        "list",
        "application/rlmi+xml;charset=\"UTF-8\"",
        &xml.finish(),
    );
    for (at, member) in members.iter().enumerate() {
        if let Some(body) = member.body {
            part(&at.to_string(), package.body(), body);
        }
    }
    let _ = write!(out, "--{boundary}--\r\n");
    let media_type = format!(
        "multipart/related;type=\"application/rlmi+xml\";start=\"<list@{boundary}>\";boundary=\"{boundary}\""
    );
    (media_type, out)
}
