//! What happens when nothing happens: held replies, signs of life, the end.

use std::time::Instant;

use types::stream::Close;

use super::{Mode, Server};

impl Server {
    pub(super) fn tick(&mut self, now: Instant) {
        if let Mode::Held { until, reply } = &self.mode {
            if *until <= now {
                let reply = reply.clone();
                self.mode = Mode::Commands;
                self.out.put(&reply);
                if self.failures >= self.config.max_failures {
                    self.bye("Too many failed sign-ins", Close::Fault);
                }
            }
            return;
        }
        if self.timeout().is_some_and(|at| at <= now) {
            return self.bye("Idle for too long", Close::Timeout);
        }
        if self.alive_due().is_some_and(|at| at <= now) {
            self.last_alive = Some(now);
            self.out.put("* OK Still here\r\n");
        }
    }

    /// When the session ends for want of input; never while the shell is asked.
    pub(super) fn timeout(&self) -> Option<Instant> {
        if self.waiting.is_some() || self.streaming.is_some() {
            None
        } else if self.signed_in {
            self.last_input?.checked_add(self.config.idle_timeout)
        } else {
            self.connected?.checked_add(self.config.preauth_timeout)
        }
    }

    /// When a sign of life is due.
    pub(super) fn alive_due(&self) -> Option<Instant> {
        let silent = self.waiting.is_some() || matches!(self.mode, Mode::Idle { .. });
        let since = self.last_alive.filter(|_| silent && self.signed_in)?;
        since.checked_add(self.config.keep_alive)
    }
}
