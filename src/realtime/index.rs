//! Which calls belong to an account, to a stranger's address or to a Call-ID, found without looking at all of them.

use std::collections::HashMap;
use std::net::IpAddr;

use uuid::Uuid;

use crate::call::Call;

/// What calls are found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// It calls, is called, or its telephones ring.
    Account(Uuid),
    /// Where a caller comes from who has not signed in.
    Stranger(IpAddr),
    /// A Call-ID.
    CallId(Box<str>),
}

/// All marks of a call; one may come twice.
fn marks(call: &Call) -> impl Iterator<Item = Mark> {
    let (record, caller) = (&call.record, &call.record.caller);
    let parties = [caller.account_id, record.callee.account_id].into_iter().flatten();
    let accounts = parties.chain(call.alerted.iter().copied()).map(Mark::Account);
    let stranger = (!caller.authenticated).then_some(Mark::Stranger(call.from));
    accounts.chain(stranger).chain([Mark::CallId(record.sip_call_id.as_str().into())])
}

/// Calls by their marks.
#[derive(Debug, Default)]
pub(crate) struct Index(HashMap<Mark, Vec<Uuid>>);

impl Index {
    pub(crate) fn add(&mut self, call: &Call) {
        for mark in marks(call) {
            let calls = self.0.entry(mark).or_default();
            if !calls.contains(&call.record.id) {
                calls.push(call.record.id);
            }
        }
    }

    pub(crate) fn remove(&mut self, call: &Call) {
        for mark in marks(call) {
            if let Some(calls) = self.0.get_mut(&mark) {
                calls.retain(|id| *id != call.record.id);
                if calls.is_empty() {
                    self.0.remove(&mark);
                }
            }
        }
    }

    /// The calls with this mark.
    pub(crate) fn of(&self, mark: &Mark) -> &[Uuid] {
        self.0.get(mark).map_or(&[], Vec::as_slice)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
