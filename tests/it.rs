//! The one integration binary: real servers, real PostgreSQL, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "api/administration.rs"]
mod administration;
#[path = "support/client.rs"]
mod client;
#[path = "support/contract.rs"]
mod contract;
#[path = "api/events.rs"]
mod events;
#[path = "scenario/lifecycle.rs"]
mod lifecycle;
#[path = "api/listeners.rs"]
mod listeners;
#[path = "api/names.rs"]
mod names;
#[path = "api/routing.rs"]
mod routing;
#[path = "api/parity.rs"]
mod parity;
#[path = "support/server.rs"]
mod server;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(lifecycle::trials());
    trials.extend(administration::trials());
    trials.extend(listeners::trials());
    trials.extend(routing::trials());
    trials.extend(names::trials());
    trials.extend(events::trials());
    trials.extend(parity::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
