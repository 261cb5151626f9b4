//! A stateful proxy (RFC 3261 §16, RFC 4320, RFC 5393, RFC 6026).
//!
//! A received request is held to the rules by [`check()`] and its Route fields are read by [`Routing`]; then one [`Proxy`]
//! keeps what became of it on all branches until one final answer has gone back. Who the targets are, which flows lead to
//! them and what else is changed in a message is the driver's: it adds [`Target`]s, sends what [`Proxy::forward`] makes with
//! [`Endpoint::send`](crate::Endpoint::send), and hands in what comes back. ACKs to 2xx and strayed 2xx need no state:
//! [`forward_ack`], [`relay`] and [`next_via`].

use std::time::Duration;

use bytes::Bytes;

use crate::{Malformed, Request, Response, Uri};

mod best;
mod branch;
mod check;
mod context;
mod dialled;
mod disposition;
mod forward;
mod lane;
mod route;

pub use check::{Checked, MAX_FORWARDS, Refusal, Secret, check, check_within};
pub use context::Proxy;
pub use dialled::as_dialled;
pub use disposition::{Disposition, Fork};
pub use forward::{Outgoing, forward_ack, next_via, relay, trying};
pub use route::Routing;

/// A branch of a request: one target that it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub u32);

/// Where a request may be sent.
#[derive(Debug, Clone)]
pub struct Target<T> {
    uri: String,
    /// The values of the Route fields that lead there, topmost first, such as the Path of a binding.
    pub route: Vec<String>,
    /// What the driver needs to find the way.
    pub next: T,
    /// The preference in thousandths, 0 to 1000.
    pub q: u16,
    /// The address of record it belongs to, in the driver's numbers.
    pub group: u32,
}

impl<T> Target<T> {
    /// A target with this request URI, whose headers are left out (RFC 3261 §19.1.1), without a route, with the highest
    /// preference, in group 0.
    ///
    /// # Errors
    /// [`Malformed`] when it is no URI.
    pub fn new(uri: &str, next: T) -> Result<Self, Malformed> {
        let uri = Uri::parse(uri.as_bytes())?.without_headers().to_owned();
        Ok(Self {
            uri,
            route: Vec::new(),
            next,
            q: 1000,
            group: 0,
        })
    }

    /// The request URI.
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

/// Times and bounds of a [`Proxy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Timer C: how long an INVITE may go without any news from a branch (RFC 3261 §16.6, more than three minutes).
    pub timer_c: Duration,
    /// How long a cancelled branch has for its final response (RFC 3261 §9.1, 64*T1).
    pub cancelled: Duration,
    /// How long targets of one preference are tried before those of the next.
    pub serial: Duration,
    /// Most branches at a time. Eight times as many targets are tried in all; more are ignored.
    pub max_forks: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timer_c: Duration::from_secs(190),
            cancelled: Duration::from_secs(32),
            serial: Duration::from_secs(20),
            max_forks: 32,
        }
    }
}

/// What happens to a request that is passed on.
#[derive(Debug, Clone)]
pub enum Input<T> {
    /// Try these too, at once: those of a group by preference, those of equal preference and other groups in parallel.
    Add(Vec<Target<T>>),
    /// Something that was no target came to this status, which counts as a response: an address of record without devices.
    Result(u16),
    /// No targets follow: the best response goes back when all branches are over, without [`Output::Exhausted`].
    Finish,
    /// A response came on this branch.
    Response(BranchId, Response),
    /// This branch ended without a response, or no way leads to its target. It counts as this status: 408 when nothing
    /// came in time, 503 when it could not be sent, 430 or 480 for a flow that is gone.
    Failed(BranchId, u16),
    /// What a redirected branch is replaced by; by nothing, when its response is to count.
    Redirect(BranchId, Vec<Target<T>>),
    /// Cancel what is under way for this group, or all, and forget what has not been tried.
    Stop(Option<u32>),
    /// This CANCEL came for the request.
    Cancelled(Request),
    /// Nobody waits for an answer any more.
    Abandoned,
    /// The deadline is reached.
    Tick,
}

/// What a request that is passed on wants done.
#[derive(Debug, Clone)]
pub enum Output<T> {
    /// Find the way to this target, then [`Proxy::forward`] to it, or say [`Input::Failed`].
    Branch(BranchId, T),
    /// Send this CANCEL to where the branch was sent, with [`Endpoint::send`](crate::Endpoint::send); its responses mean
    /// nothing.
    Cancel(BranchId, Bytes),
    /// The branch was given up: [`Endpoint::forget`](crate::Endpoint::forget) its request.
    Forget(BranchId),
    /// Answer the request with this response of a branch, passed on by [`relay`].
    Relay(BranchId, Response),
    /// Answer the request with this status, in these octets.
    Respond(u16, Bytes),
    /// A branch was redirected (3xx); it stays open until [`Input::Redirect`].
    Redirected(BranchId, Response),
    /// All targets failed, at best with this status; [`Input::Add`] more or [`Input::Finish`].
    Exhausted(u16),
    /// Nothing more happens. Another 2xx that comes for one of its branches strays: [`relay`] it.
    Ended,
}

#[cfg(test)]
mod tests;
