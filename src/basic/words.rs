//! What the pages say, in English and German.

use axum::http::{HeaderMap, header};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

/// Key, English, German.
const WORDS: &[(&str, &str, &str)] = &[
    ("all", "Reply to all", "Allen antworten"),
    ("attachments", "Attachments", "Anhänge"),
    ("back", "Back", "Zurück"),
    ("bcc", "Blind copy", "Blindkopie"),
    ("cc", "Copy", "Kopie"),
    ("compose", "Write a message", "Nachricht schreiben"),
    ("date", "Date", "Datum"),
    ("delete", "Delete", "Löschen"),
    ("done.deleted", "Deleted.", "Gelöscht."),
    ("done.flagged", "Marked.", "Markiert."),
    ("done.moved", "Moved.", "Verschoben."),
    ("done.seen", "Marked as read.", "Als gelesen markiert."),
    ("done.sent", "The message is on its way.", "Die Nachricht ist unterwegs."),
    ("done.unseen", "Marked as unread.", "Als ungelesen markiert."),
    ("empty", "There are no messages here.", "Hier sind keine Nachrichten."),
    ("error", "That did not work", "Das hat nicht geklappt"),
    ("flag", "Flag", "Kennzeichnen"),
    ("forward", "Forward", "Weiterleiten"),
    ("from", "From", "Von"),
    ("full", "Full web app", "Zur vollen Web-App"),
    ("invalid_credentials", "Incorrect name or password.", "Name oder Passwort ist falsch."),
    ("login", "Name or address", "Name oder Adresse"),
    ("mailbox", "Mailbox", "Postfach"),
    ("mailboxes", "Mailboxes", "Postfächer"),
    ("messages", "Messages", "Nachrichten"),
    ("move", "Move to", "Verschieben nach"),
    ("next", "Older messages", "Ältere Nachrichten"),
    ("nobody", "Say to whom the message goes.", "An wen soll die Nachricht gehen?"),
    ("no_subject", "(no subject)", "(kein Betreff)"),
    ("no_text", "This message has no text.", "Diese Nachricht hat keinen Text."),
    ("of_form", "The page was too old; please send it again.", "Die Seite war zu alt; bitte noch einmal absenden."),
    ("password", "Password", "Passwort"),
    ("raw", "Source", "Quelltext"),
    ("reply", "Reply", "Antworten"),
    ("search", "Search", "Suchen"),
    ("send", "Send", "Senden"),
    ("sign_in", "Sign in", "Anmelden"),
    ("sign_out", "Sign out", "Abmelden"),
    ("size", "Size", "Größe"),
    ("subject", "Subject", "Betreff"),
    ("text", "Text", "Text"),
    ("to", "To", "An"),
    ("unread", "Unread", "Ungelesen"),
    ("read", "Read", "Gelesen"),
    ("wrote", "wrote:", "schrieb:"),
];

impl Language {
    /// What the browser prefers (RFC 9110 §12.5.4, the first of ours in its order).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = wanted.split(',').find_map(|one| match one.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        });
        known.unwrap_or(Self::English)
    }

    /// The tag of it (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What stands for a key.
    pub(crate) fn find(self, key: &str) -> Option<&'static str> {
        let (_, english, german) = WORDS.iter().find(|(known, ..)| *known == key)?;
        Some(match self {
            Self::English => english,
            Self::German => german,
        })
    }

    /// What stands for a key that is known to be there.
    pub(crate) fn say(self, key: &'static str) -> &'static str {
        self.find(key).unwrap_or(key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_that_is_said_has_words_once() {
        let known: BTreeSet<&str> = WORDS.iter().map(|(key, ..)| *key).collect();
        assert_eq!(known.len(), WORDS.len());
        for source in [include_str!("mail.rs"), include_str!("compose.rs"), include_str!("page.rs"), include_str!("session.rs")] {
            for key in source.split(".say(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains(key), "{key}");
            }
        }
        assert!(WORDS.iter().all(|(_, english, german)| !english.is_empty() && !german.is_empty()));
    }

    #[test]
    fn the_first_language_of_ours_is_taken() {
        for (wanted, language) in [("", Language::English), ("fr, de-AT;q=0.8, en;q=0.5", Language::German), ("en-GB,de", Language::English), ("x", Language::English)] {
            let headers = [(header::ACCEPT_LANGUAGE, wanted.parse().unwrap())].into_iter().collect();
            assert_eq!(Language::of(&headers), language, "{wanted}");
        }
    }
}
