//! Who watches a presence: `application/watcherinfo+xml` (RFC 3858).

use super::xml::Xml;
use crate::subscription::Standing;

/// One who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watcher<'a> {
    /// What tells the subscription from others.
    pub id: u64,
    /// The watcher.
    pub uri: &'a str,
    /// Whether he is told.
    pub standing: Standing,
    /// Seconds since he subscribed.
    pub duration: u64,
}

/// Writes the body: all who watch `resource` as of this version.
pub fn write<'a>(
    version: u32,
    resource: &str,
    watchers: impl IntoIterator<Item = Watcher<'a>>,
) -> String {
    let mut xml = Xml::new();
    xml.open(
        "watcherinfo",
        &[
            ("xmlns", &"urn:ietf:params:xml:ns:watcherinfo"),
            ("version", &version),
            ("state", &"full"),
        ],
    );
    xml.open(
        "watcher-list",
        &[("resource", &resource), ("package", &"presence")],
    );
    for watcher in watchers {
        let (status, event) = match watcher.standing {
            Standing::Active => ("active", "approved"),
            Standing::Pending => ("pending", "subscribe"),
        };
        let attributes: [(&str, &dyn std::fmt::Display); 4] = [
            ("id", &format_args!("w{}", watcher.id)),
            ("event", &event),
            ("status", &status),
            ("duration-subscribed", &watcher.duration),
        ];
        xml.leaf("watcher", &attributes, watcher.uri);
    }
    xml.finish()
}
