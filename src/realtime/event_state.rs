//! What is told of an account: its presence, its calls, its telephones, and who watches it.

use std::time::Instant;

use model::call::{CallParty, CallState};
use model::presence::PresenceStatus;
use service::PresenceState;
use sip::event_body::dialog_info::{self, Party, State};
use sip::event_body::message_summary::{self, Counts};
use sip::event_body::presence::{Availability, Presence};
use sip::event_body::{reg_info, watcher_info};
use sip::header::Transport;
use sip::subscription::{Due, Package, Resource, Standing};
use uuid::Uuid;

use crate::call::{Call, moment};
use crate::events::GONE;
use crate::switch::Switch;

/// Voice messages that wait.
pub(crate) fn summary(address: &str, counts: [i64; 4]) -> String {
    let [new, old, urgent_new, urgent_old] = counts.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    message_summary::write(address, Counts { new, old, urgent_new, urgent_old })
}

/// What an account says of itself, as its devices would.
fn said(status: &str, note: &str) -> Presence {
    let availability = match status {
        "online" => Availability::Online,
        "away" => Availability::Away,
        "busy" | "dnd" => Availability::Busy,
        _ => Availability::Offline,
    };
    Presence { availability, on_the_phone: false, note: note.to_owned() }
}

/// How far a call is for an account.
fn state(call: &Call, initiator: bool) -> State {
    match call.record.state {
        CallState::Trying if initiator => State::Trying,
        CallState::Trying | CallState::Ringing => State::Early,
        CallState::Ended => State::Terminated(None),
        _ => State::Confirmed,
    }
}

impl Switch {
    /// What is told to a subscriber.
    pub(crate) fn event_body(&self, now: Instant, due: &Due) -> Option<String> {
        let account = Uuid::from_u128(due.resource.account);
        let entity = format!("sip:{}", self.events.known.get(&account)?.address);
        Some(match due.resource.package {
            Package::Presence if due.standing == Standing::Pending => Presence::default().write(&entity, None),
            Package::Presence => self.presence(now, account).write(&entity, Some(&entity)),
            Package::PresenceWatchers => self.watchers(now, due, &entity),
            Package::Dialog => self.dialogs(due.version, account, &entity),
            Package::Registration => {
                let gone = self.events.gone.get(&account).into_iter().flatten().filter(|(since, ..)| now.saturating_duration_since(*since) < GONE).map(|(_, cause, binding)| (*cause, binding));
                reg_info::write(due.version, &entity, self.seconds(now), self.locations.list(account.as_u128()), gone)
            }
            Package::MessageSummary | Package::Conference => return None,
        })
    }

    /// How an account can be reached, as others may know it: of all that it and its devices say; a telephone that says nothing
    /// can be reached.
    fn presence(&self, now: Instant, account: Uuid) -> Presence {
        let own = self.events.said.get(&account);
        if own.is_some_and(|row| matches!(row.status.as_str(), "offline" | "invisible")) {
            return Presence::default();
        }
        let own = own.map(|row| said(&row.status, &row.note));
        let resource = crate::events::resource(Package::Presence, account);
        let mut presence = Presence::aggregate(self.events.published.states(resource).chain(&own));
        if own.is_none() && self.events.published.states(resource).next().is_none() && !self.locations.targets(self.seconds(now), account.as_u128()).is_empty() {
            presence.availability = Availability::Online;
        }
        presence.on_the_phone |= self.calls.is_talking(account);
        presence
    }

    /// How an account can be reached, as it sees it itself.
    pub(crate) fn presence_state(&self, now: Instant, account: Uuid) -> PresenceState {
        let presence = self.presence(now, account);
        let row = self.events.said.get(&account);
        let word = row.map(|row| row.status.as_str());
        let status = match (presence.availability, word) {
            (_, Some("invisible")) => PresenceStatus::Invisible,
            (Availability::Busy, Some("dnd")) => PresenceStatus::Dnd,
            (Availability::Busy, _) => PresenceStatus::Busy,
            (Availability::Online, _) => PresenceStatus::Online,
            (Availability::Away, _) => PresenceStatus::Away,
            (Availability::Offline, _) => PresenceStatus::Offline,
        };
        let hidden = matches!(word, Some("offline" | "invisible"));
        PresenceState {
            status,
            note: if hidden { row.map(|row| row.note.clone()).unwrap_or_default() } else { presence.note },
            on_the_phone: self.calls.is_talking(account),
            devices: self.locations.list(account.as_u128()).len(),
            browsers: self.locations.list(account.as_u128()).iter().filter(|binding| matches!(binding.flow.transport, Transport::Ws | Transport::Wss)).count(),
        }
    }

    fn watchers(&self, now: Instant, due: &Due, entity: &str) -> String {
        let resource = Resource { package: Package::Presence, ..due.resource };
        let known: Vec<(u64, String, Standing, u64)> = self
            .events
            .notifier
            .of(resource)
            .filter(|(_, subscription)| !subscription.is_ending())
            .filter_map(|(handle, subscription)| {
                let watcher = self.events.known.get(&Uuid::from_u128(subscription.watcher?))?;
                Some((handle.number(), format!("sip:{}", watcher.address), subscription.standing, now.saturating_duration_since(subscription.since).as_secs()))
            })
            .collect();
        watcher_info::write(due.version, entity, known.iter().map(|(id, uri, standing, duration)| watcher_info::Watcher { id: *id, uri, standing: *standing, duration: *duration }))
    }

    /// The calls of an account. Tags and targets, with which a call can be taken, are not told.
    fn dialogs(&self, version: u32, account: Uuid, entity: &str) -> String {
        let at = moment();
        let calls: Vec<(String, &Call, bool)> = self.calls.concerning(account).map(|call| (call.record.id.to_string(), call, call.record.caller.account_id == Some(account))).collect();
        let party = |party: &CallParty| (party.uri.clone(), party.name.clone());
        let parties: Vec<(String, String)> = calls.iter().map(|(_, call, initiator)| party(if *initiator { &call.record.callee } else { &call.record.caller })).collect();
        let told = calls.iter().zip(&parties).map(|((id, call, initiator), (identity, display))| dialog_info::Call {
            id,
            call_id: "",
            local_tag: "",
            remote_tag: "",
            initiator: *initiator,
            state: state(call, *initiator),
            duration: u64::try_from((at.micros() - call.record.started_at.micros()) / 1_000_000).ok(),
            local: Party { identity: entity, display: "", target: "" },
            remote: Party { identity, display, target: "" },
        });
        dialog_info::write(version, false, entity, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_says_counts_as_a_device() {
        let all = |list: &[(&str, Availability)]| {
            for (status, availability) in list {
                assert_eq!(said(status, "").availability, *availability, "{status}");
            }
        };
        all(&[("online", Availability::Online), ("away", Availability::Away), ("dnd", Availability::Busy), ("busy", Availability::Busy), ("invisible", Availability::Offline)]);
        assert!(summary("sip:b@a", [2, 1, 1, 0]).contains("Voice-Message: 2/1 (1/0)"));
    }
}
