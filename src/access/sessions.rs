//! Sessions counted per account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

/// Sessions of each account.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<Uuid, usize>>);

/// One session; it counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    sessions: Arc<Sessions>,
    account: Uuid,
}

impl Sessions {
    /// Lets a session in unless the account has `max` of them already.
    pub(crate) fn enter(self: &Arc<Self>, account: Uuid, max: usize) -> Option<Session> {
        let mut counts = self.0.lock().ok()?;
        let count = counts.entry(account).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Session { sessions: self.clone(), account })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Ok(mut counts) = self.sessions.0.lock()
            && let Some(count) = counts.get_mut(&self.account)
        {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_bounded_and_leave() {
        let sessions = Arc::new(Sessions::default());
        let one = sessions.enter(Uuid::nil(), 1).unwrap();
        assert!(sessions.enter(Uuid::nil(), 1).is_none());
        assert!(sessions.enter(Uuid::max(), 1).is_some());
        drop(one);
        assert!(sessions.enter(Uuid::nil(), 1).is_some());
        assert!(sessions.0.lock().unwrap().is_empty());
    }
}
