//! Words of the service turned into words of the machine, field by field.

use imap::{BodyStructure, Flags, Message, Part, Refusal, SpecialUse};
use message::Facts;
use model::mailbox::Role;
use service::message::{Criterion, Entry};
use service::{Error, Kind};

pub(super) fn refusal(error: Error) -> Refusal {
    match (error.code, error.kind) {
        ("quota_exceeded", _) => Refusal::OverQuota,
        ("mailbox_exists", _) => Refusal::AlreadyExists,
        ("mailbox_has_children", _) => Refusal::HasChildren,
        ("role_taken", _) => Refusal::UseAttribute,
        ("mailbox_limit_reached", _) => Refusal::Limit,
        (_, Kind::NotFound) => Refusal::NotFound,
        (_, Kind::Forbidden) => Refusal::Forbidden,
        (_, Kind::Unavailable | Kind::Limited(_)) => Refusal::Unavailable,
        (_, Kind::Internal) => Refusal::Internal,
        _ => Refusal::Cannot,
    }
}

pub(super) fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(if value < 0 { 0 } else { u32::MAX })
}

pub(super) fn modseq(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(super) fn flags(bits: i32) -> Flags {
    Flags::from_bits(u8::try_from(bits & 0xff).unwrap_or(0))
}

pub(super) fn entry(entry: Entry) -> Message {
    Message { uid: number(entry.uid), flags: flags(entry.flags), keywords: entry.keywords, modseq: modseq(entry.modseq) }
}

pub(super) fn special_use(role: Role) -> Option<SpecialUse> {
    Some(match role {
        Role::Inbox => return None,
        Role::Sent => SpecialUse::Sent,
        Role::Drafts => SpecialUse::Drafts,
        Role::Trash => SpecialUse::Trash,
        Role::Junk => SpecialUse::Junk,
        Role::Archive => SpecialUse::Archive,
    })
}

pub(super) fn role(special: SpecialUse) -> Role {
    match special {
        SpecialUse::Sent => Role::Sent,
        SpecialUse::Drafts => Role::Drafts,
        SpecialUse::Trash => Role::Trash,
        SpecialUse::Junk => Role::Junk,
        SpecialUse::Archive => Role::Archive,
    }
}

pub(super) fn criterion(criterion: imap::Criterion) -> Criterion {
    match criterion {
        imap::Criterion::Header { field, text } => Criterion::Header { field, text },
        imap::Criterion::Body(text) => Criterion::Body(text),
        imap::Criterion::Text(text) => Criterion::Text(text),
        imap::Criterion::Before(day) => Criterion::Before(day),
        imap::Criterion::On(day) => Criterion::On(day),
        imap::Criterion::Since(day) => Criterion::Since(day),
        imap::Criterion::SentBefore(day) => Criterion::SentBefore(day),
        imap::Criterion::SentOn(day) => Criterion::SentOn(day),
        imap::Criterion::SentSince(day) => Criterion::SentSince(day),
        imap::Criterion::Larger(size) => Criterion::Larger(size),
        imap::Criterion::Smaller(size) => Criterion::Smaller(size),
    }
}

/// Envelope and structure of a message, as far as they are needed.
pub(super) fn facts(facts: Facts, needs: imap::Needs) -> (Option<imap::Envelope>, Option<BodyStructure>) {
    let structure = needs.structure.then(|| BodyStructure(facts.parts.into_iter().map(part).collect()));
    (needs.envelope.then(|| envelope(facts.envelope)), structure)
}

fn envelope(envelope: message::Envelope) -> imap::Envelope {
    let list = |addresses: Vec<message::Address>| addresses.into_iter().map(|a| imap::Address { name: a.name, adl: a.adl, mailbox: a.mailbox, host: a.host }).collect();
    imap::Envelope {
        date: envelope.date,
        subject: envelope.subject,
        from: list(envelope.from),
        sender: list(envelope.sender),
        reply_to: list(envelope.reply_to),
        to: list(envelope.to),
        cc: list(envelope.cc),
        bcc: list(envelope.bcc),
        in_reply_to: envelope.in_reply_to,
        message_id: envelope.message_id,
    }
}

fn part(part: message::Part) -> Part {
    Part {
        depth: part.depth,
        kind: part.kind,
        subtype: part.subtype,
        params: part.params,
        id: part.id,
        description: part.description,
        encoding: part.encoding,
        md5: part.md5,
        disposition: part.disposition.map(|d| (d.kind, d.params)),
        language: part.language,
        location: part.location,
        header_start: part.header_start,
        body_start: part.body_start,
        body_end: part.body_end,
        lines: part.lines,
        envelope: part.envelope.map(|e| envelope(*e)),
    }
}
