//! Results in the words of the API.

use std::net::IpAddr;

use model::dns_check::{DnsCheckKind, DnsCheckResult, DnsCheckStatus, DnsRecord};

/// Seconds for which a record may be remembered.
const TTL: i64 = 3600;

/// Reasons, and what they say to people.
const REASONS: [(&str, &str); 29] = [
    ("no_answer", "The DNS does not answer now."),
    ("own_address_unknown", "The server does not know the address by which others reach it: set the WAN address under Network, LAN."),
    ("mx_missing", "Other servers do not know where mail for this domain goes."),
    ("mx_by_address", "Mail finds this server by the address of the domain only; an MX record says plainly where it goes."),
    ("mx_null", "The domain says that it takes no mail."),
    ("mx_elsewhere", "Mail for this domain goes to other servers."),
    ("mx_not_first", "Another server gets the mail before this one."),
    ("address_missing", "The mail host has no address."),
    ("address_elsewhere", "The mail host leads to another machine."),
    ("address_foreign", "Not all addresses of the mail host are those of this server."),
    ("ptr_missing", "The address has no name, and many servers refuse mail from such. Whoever owns the block of addresses enters it."),
    ("ptr_elsewhere", "The name of the address does not lead back to it. Whoever owns the block of addresses changes it."),
    ("helo_missing", "The name that this server says in HELO has no address."),
    ("helo_elsewhere", "The name that this server says in HELO leads to another machine."),
    ("spf_missing", "Others cannot tell mail of this domain from forged mail."),
    ("spf_several", "Several SPF records count as none; make them one."),
    ("spf_invalid", "The record, or one that it includes, is no SPF."),
    ("spf_lookups", "The record costs more than ten lookups: others give up."),
    ("spf_not_here", "The record does not name this server: its mail counts as forged."),
    ("dmarc_missing", "The domain does not say what others shall do with forged mail."),
    ("dmarc_none", "The domain asks others to do nothing about forged mail."),
    ("dmarc_several", "Several DMARC records count as none; make them one."),
    ("dmarc_invalid", "The record has no policy."),
    ("tls_rpt_missing", "Nobody is told when other servers cannot deliver under TLS."),
    ("srv_missing", "Programs and telephones do not find the service by the domain alone."),
    ("srv_elsewhere", "The record leads elsewhere."),
    ("naptr_elsewhere", "A record leads telephones away from this server."),
    ("dnssec_not_validated", "The resolver of this server does not check signatures."),
    ("spf_uncertain", "Whether the record allows this server depends on the message."),
];

/// A result under way.
pub(super) fn result(check: DnsCheckKind, name: &str) -> DnsCheckResult {
    DnsCheckResult { check, name: name.to_owned(), status: DnsCheckStatus::Ok, found: Vec::new(), expected: Vec::new(), lookups: None, records: Vec::new(), reason: None, why: None }
}

/// The result with what is wrong.
pub(super) fn wrong(mut result: DnsCheckResult, status: DnsCheckStatus, reason: &'static str) -> DnsCheckResult {
    result.status = status;
    result.why = REASONS.iter().find(|(known, _)| *known == reason).map(|(_, why)| (*why).to_owned());
    result.reason = Some(reason.to_owned());
    result
}

/// A record to enter; its name is given without the dot at its end.
pub(super) fn record(name: &str, kind: &str, value: String) -> DnsRecord {
    DnsRecord { name: format!("{name}."), kind: kind.to_owned(), ttl: TTL, value }
}

/// The records that give a host addresses.
pub(super) fn address_records(host: &str, addresses: &[IpAddr]) -> Vec<DnsRecord> {
    addresses.iter().map(|ip| record(host, if ip.is_ipv4() { "A" } else { "AAAA" }, ip.to_string())).collect()
}

/// The name under which the names of an address stand (RFC 1035 §3.5, RFC 3596 §2.5).
pub(super) fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => ip.octets().iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4)).collect::<String>() + "ip6.arpa",
    }
}

/// Records as lines of a zone file, each once.
pub(super) fn zone<'a>(records: impl Iterator<Item = &'a DnsRecord>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for record in records {
        let value = if record.kind == "TXT" { quoted(&record.value) } else { record.value.clone() };
        let line = format!("{} {} IN {} {value}\n", record.name, record.ttl, record.kind);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.concat()
}

/// A text in pieces of at most 255 octets (RFC 1035 §3.3).
fn quoted(text: &str) -> String {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for c in text.chars() {
        if piece.len() + c.len_utf8() > 255 {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces.iter().map(|piece| format!("\"{}\"", piece.replace('\\', "\\\\").replace('"', "\\\""))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_written_for_a_zone() {
        assert_eq!(reverse_name("203.0.113.5".parse().unwrap()), "5.113.0.203.in-addr.arpa");
        assert_eq!(reverse_name("2001:db8::567:89ab".parse().unwrap()), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
        let mx = record("a.example", "MX", "10 mail.a.example.".to_owned());
        let text = record("a.example", "TXT", format!("v=\"{}", "x".repeat(300)));
        let zone = zone([&mx, &text, &mx].into_iter());
        let lines: Vec<&str> = zone.lines().collect();
        assert_eq!((lines.len(), lines[0]), (2, "a.example. 3600 IN MX 10 mail.a.example."));
        assert!(lines[1].starts_with("a.example. 3600 IN TXT \"v=\\\"xxx") && lines[1].ends_with("xx\" \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""), "{}", lines[1]);
    }

    #[test]
    fn every_reason_has_words() {
        let sources = [include_str!("../dns_check.rs"), include_str!("mail.rs"), include_str!("services.rs")].concat();
        for (reason, _) in REASONS {
            assert!(sources.contains(&format!("\"{reason}\"")), "{reason} is never given");
        }
        let given = sources.split("wrong(").skip(1).filter_map(|rest| rest.split(')').next()).flat_map(|arguments| arguments.split('"').skip(1).step_by(2));
        for reason in given {
            assert!(REASONS.iter().any(|(known, _)| *known == reason), "{reason} has no words");
        }
    }
}
