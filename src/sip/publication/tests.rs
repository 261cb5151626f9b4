use super::*;
use crate::testing::request;

const RESOURCE: Resource = Resource {
    package: Package::Presence,
    account: 1,
    list: false,
};

fn publish(fields: &str) -> Request {
    let fields: String = fields.lines().map(|line| format!("{line}\r\n")).collect();
    request(&format!(
        "PUBLISH sip:presentity@example.com SIP/2.0\r\nTo: <sip:presentity@example.com>\r\n\
         From: <sip:presentity@example.com>;tag=1234wxyz\r\nEvent: presence\r\n{fields}\r\n"
    ))
}

struct Table {
    publications: Publications<&'static str>,
    start: Instant,
}

impl Table {
    fn new() -> Self {
        Self {
            publications: Publications::new(Times::default(), 7),
            start: Instant::now(),
        }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn send(
        &mut self,
        seconds: u64,
        fields: &str,
        state: Option<&'static str>,
    ) -> Result<Published, u16> {
        let now = self.at(seconds);
        self.publications
            .publish(now, &publish(fields), RESOURCE, state)
            .map_err(|refusal| refusal.status)
    }

    fn states(&self) -> Vec<&str> {
        self.publications.states(RESOURCE).copied().collect()
    }
}

/// RFC 3903 §4: publish, refresh, modify, remove; every success has a tag of its own.
#[test]
fn a_publication_lives() {
    let mut table = Table::new();
    let first = table.send(0, "Expires: 3600", Some("open")).unwrap();
    assert_eq!((first.expires, first.changed), (3600, true));
    let reply = first.reply(&publish(""), "t", "192.0.2.1:5060".parse().unwrap());
    let field = format!("\r\nSIP-ETag: {}\r\nExpires: 3600\r\n", first.etag);
    assert!(memchr::memmem::find(&reply, field.as_bytes()).is_some());
    let with = |etag: &str, rest: &str| format!("SIP-If-Match: {etag}\n{rest}");
    let second = table
        .send(1, &with(&first.etag, "Expires: 9999"), None)
        .unwrap();
    assert_eq!((second.expires, second.changed), (7200, false));
    assert_ne!(first.etag, second.etag);
    assert_eq!(table.send(2, &with(&first.etag, ""), None), Err(412));
    assert_eq!(table.states(), ["open"]);
    let third = table
        .send(3, &with(&second.etag, ""), Some("closed"))
        .unwrap();
    assert_eq!(
        (third.expires, third.changed, table.states()),
        (3600, true, vec!["closed"])
    );
    let other = table.send(4, "", Some("busy")).unwrap();
    assert_eq!(table.states(), ["closed", "busy"]);
    let gone = table
        .send(5, &with(&third.etag, "Expires: 0"), None)
        .unwrap();
    assert_eq!(
        (gone.etag.as_str(), gone.changed, table.states()),
        ("", true, vec!["busy"])
    );
    assert_eq!(
        table.send(6, &with(&third.etag, "Expires: 0"), None),
        Err(412)
    );
    assert_ne!(other.etag, third.etag);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut table = Table::new();
    for (fields, state, status) in [
        ("Expires: 59", Some("x"), 423),
        ("", None, 400),
        ("SIP-If-Match: nothing", None, 412),
        ("SIP-If-Match: nothing", Some("x"), 412),
        ("Expires: 0", None, 400),
    ] {
        assert_eq!(table.send(0, fields, state), Err(status), "{fields}");
    }
    assert!(!table.send(0, "Expires: 0", Some("x")).unwrap().changed);
    assert!(table.publications.resources.is_empty());
    for _ in 0..MOST {
        table.send(0, "", Some("x")).unwrap();
    }
    assert_eq!(table.send(0, "", Some("x")), Err(403));
    type Any = Publications<()>;
    let served = [Package::Presence, Package::Dialog];
    assert_eq!(Any::package(&publish(""), &served), Ok(Package::Presence));
    assert_eq!(
        Any::package(&publish(""), &served[1..]),
        Err(unknown(&served[1..]))
    );
}

#[test]
fn what_is_not_refreshed_is_forgotten() {
    let mut table = Table::new();
    let first = table.send(0, "Expires: 60", Some("a")).unwrap();
    table.send(0, "Expires: 100", Some("b")).unwrap();
    let refreshed = table.send(
        50,
        &format!("Expires: 200\nSIP-If-Match: {}", first.etag),
        None,
    );
    assert!(refreshed.is_ok());
    assert_eq!(table.publications.deadline(), Some(table.at(60)));
    assert_eq!(table.publications.expire(table.at(99)), None);
    assert_eq!(table.publications.expire(table.at(100)), Some(RESOURCE));
    assert_eq!(table.publications.expire(table.at(100)), None);
    assert_eq!(table.states(), ["a"]);
    // What is over is over even before it is taken away.
    let etag = refreshed.unwrap().etag;
    assert_eq!(
        table.send(250, &format!("SIP-If-Match: {etag}"), None),
        Err(412)
    );
    assert_eq!(table.publications.expire(table.at(250)), Some(RESOURCE));
    assert!(table.publications.resources.is_empty());
    assert_eq!(table.publications.deadline(), None);
}
