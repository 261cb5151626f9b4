//! What the server says of itself: its settings, error codes and version.

use model::account::{AccountSettings, DiallerSettings};
use model::domain::DomainSettings;
use model::media::MediaSettings;
use model::routing::RouterSettings;
use model::server::{ErrorCode, ErrorCodes, EventTopic, EventTypes, ImapSettings, PopSettings, QueueSettings, RulesSettings, ServerSettings, SettingsCatalogue, SettingsGroup, SipSettings, SmtpOutSettings, SmtpSettings, Version};
use model::settings::{Settings, Source, describe};

use crate::operation::{Call, Done, Nothing};
use crate::{Result, Service};

/// Every code of an error, and the HTTP status it comes with.
const CODES: &[(&str, i32)] = &[
    ("admin_api_disabled_here", 403),
    ("authentication_required", 401),
    ("body_too_large", 413),
    ("builtin_protected", 409),
    ("certificate_invalid", 422),
    ("conflict", 409),
    ("cursor_mismatch", 400),
    ("domain_exists", 409),
    ("domain_limit_reached", 409),
    ("filter_not_supported", 400),
    ("group_cycle", 409),
    ("idempotency_in_progress", 409),
    ("idempotency_key_reused", 422),
    ("internal", 500),
    ("invalid_credentials", 401),
    ("invalid_parameter", 400),
    ("last_master", 409),
    ("limit_reached", 409),
    ("listener_conflict", 409),
    ("mailbox_exists", 409),
    ("mailbox_has_children", 409),
    ("mailbox_limit_reached", 409),
    ("mailbox_protected", 409),
    ("malformed_json", 400),
    ("name_in_use", 409),
    ("not_acceptable", 406),
    ("not_empty", 409),
    ("not_found", 404),
    ("not_own", 403),
    ("outgoing_limit", 429),
    ("overloaded", 503),
    ("password_policy", 422),
    ("precondition_required", 428),
    ("query_too_complex", 400),
    ("query_too_deep", 400),
    ("quota_exceeded", 507),
    ("rate_limited", 429),
    ("refresh_reused", 401),
    ("relay_denied", 403),
    ("right_required", 403),
    ("right_scope", 422),
    ("role_taken", 409),
    ("route_not_found", 404),
    ("routing_syntax", 422),
    ("setup_already_done", 409),
    ("setup_required", 503),
    ("setup_token_invalid", 403),
    ("storage_full", 503),
    ("tls_required", 403),
    ("token_expired", 401),
    ("token_revoked", 401),
    ("unknown_field", 400),
    ("unknown_recipient", 422),
    ("unsupported_media_type", 415),
    ("validation_failed", 422),
    ("version_conflict", 412),
    ("wrong_state", 409),
];

/// Types of events by topic.
const EVENTS: &[(&str, &[&str])] = &[
    ("accounts", &["account.created", "account.deleted", "account.purged", "account.renamed", "account.restored", "account.resumed", "account.suspended", "account.updated", "rights.changed"]),
    ("auth", &["auth.blocked", "auth.session_ended", "setup.completed"]),
    ("domains", &["domain.created", "domain.deleted", "domain.dns_checked", "domain.renamed", "domain.resumed", "domain.suspended", "domain.updated", "forwarder.created", "forwarder.deleted", "forwarder.renamed", "forwarder.updated", "group.created", "group.deleted", "group.renamed", "group.updated"]),
    ("calls", &["call.answered", "call.ended", "call.held", "call.resumed", "call.ringing", "call.started", "media.foreign_packets", "media.one_way", "media.quality"]),
    ("registrations", &["registration.added", "registration.refreshed", "registration.removed"]),
    ("im", &["message.received", "message.sent", "presence.changed", "roster.changed"]),
    ("mailbox", &["mail.appended", "mail.delivered", "mail.expunged", "mail.flags_changed", "mailbox.created", "mailbox.deleted", "mailbox.renamed", "mailbox.updated"]),
    ("mail", &["submission.changed"]),
    ("queue", &["queue.host_state", "queue.message_added", "queue.message_changed", "queue.message_read", "queue.message_removed"]),
    ("system", &["address_list.updated", "certificate.issued", "limit.hit", "listener.state", "media.ports_exhausted", "routing.changed", "routing.confirmed", "routing.reverted", "server.updated", "sip.changed"]),
];

fn group<S: Settings>(object: &str, levels: &[Source]) -> SettingsGroup {
    SettingsGroup { object: object.to_owned(), levels: levels.to_vec(), settings: describe::<S>() }
}

impl Service {
    /// Describes every setting there is.
    pub(crate) async fn describe_settings(self, call: Call, _input: Nothing) -> Result<Done<SettingsCatalogue>> {
        call.caller.signed_in()?;
        let server = [Source::Server];
        let data = vec![
            group::<ServerSettings>("server", &server),
            group::<DomainSettings>("domain", &[Source::Server, Source::Domain]),
            group::<AccountSettings>("account", &[Source::Server, Source::Domain, Source::Account]),
            group::<DiallerSettings>("dialler", &[Source::Account]),
            group::<RouterSettings>("router", &server),
            group::<SmtpSettings>("smtp", &server),
            group::<SmtpOutSettings>("smtp_out", &server),
            group::<QueueSettings>("queue", &server),
            group::<ImapSettings>("imap", &server),
            group::<PopSettings>("pop", &server),
            group::<MediaSettings>("media", &server),
            group::<SipSettings>("sip", &server),
            group::<RulesSettings>("rules", &server),
        ];
        Ok(SettingsCatalogue { data }.into())
    }

    /// The codes of errors.
    pub(crate) async fn list_error_codes(self, call: Call, _input: Nothing) -> Result<Done<ErrorCodes>> {
        call.caller.signed_in()?;
        Ok(ErrorCodes { data: CODES.iter().map(|(code, status)| ErrorCode { code: (*code).to_owned(), status: *status }).collect() }.into())
    }

    /// The types of events.
    pub(crate) async fn list_event_types(self, call: Call, _input: Nothing) -> Result<Done<EventTypes>> {
        call.caller.signed_in()?;
        let topic = |(topic, types): &(&str, &[&str])| EventTopic { topic: (*topic).to_owned(), types: types.iter().map(|kind| (*kind).to_owned()).collect() };
        Ok(EventTypes { data: EVENTS.iter().map(topic).collect() }.into())
    }

    /// What runs here.
    pub(crate) async fn get_version(self, call: Call, _input: Nothing) -> Result<Done<Version>> {
        call.caller.signed_in()?;
        Ok(Version { product: "Postamt".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), api_versions: vec!["v1".to_owned()], schema_version: store::Store::schema_version() }.into())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::CODES;

    /// Codes that the sources of a folder make errors with.
    fn used(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                for part in text.split("Error::new(").chain(text.split("Self::new(")).skip(1) {
                    let Some((kind, rest)) = part.split_once(", \"") else { continue };
                    let kind = kind.trim_start_matches("crate::").split('(').next().unwrap();
                    if let (true, Some(code)) = (kind.starts_with("Kind::") && !kind.contains([' ', '\n']), rest.split('"').next()) {
                        found.push(code.to_owned());
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_in_use_is_listed() {
        let mut found = Vec::new();
        for room in ["service", "rest"] {
            used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room), &mut found);
        }
        assert!(found.len() > 40, "{found:?}");
        for code in found {
            assert!(CODES.iter().any(|(listed, _)| *listed == code), "{code} is not listed");
        }
        assert!(CODES.is_sorted());
    }
}
