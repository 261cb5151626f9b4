//! Rules over calls and other signals: conditions, actions, stages, and what the settings of an account add to them.
//!
//! Types to know: [`Set`] is the rules of one level, made by [`compile`]; [`Facts`] is what conditions look at; a [`Course`]
//! is a call for one account, which tells at once, after a time and when the telephones failed where the call goes next.
//! [`rehearse`] runs the same course without anybody being called. [`wire`] reads and prints the CommuniGate form.
//!
//! Deliberately absent: where addresses lead (`router`), telephones, clocks, and what is kept where. Fields of mail come with
//! rules for mail: they are values of [`Facts`] like those of signals.
//!
//! Driven by: `realtime` for calls that are there, `service` for checks and rehearsals.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod action;
mod address;
mod caller;
mod condition;
mod course;
mod follow;
#[doc(hidden)]
pub mod fuzzing;
mod macros;
mod moment;
mod outcome;
mod picture;
mod rehearse;
mod review;
mod set;
pub mod wire;

pub use action::{Action, Goal, Verb};
pub use address::{addresses, number};
pub use caller::{Caller, refused};
pub use condition::{Condition, Facts, Field, Operator, dataset_name};
pub use course::{Account, Course, Rules, Situation, at_start};
pub use moment::Moment;
pub use outcome::{By, Effect, Lead, Outcome, Step, Why};
pub use picture::{Picture, fold};
pub use rehearse::{Device, Rehearsal, Scene, Timed, rehearse};
pub use review::{review, targets};
pub use set::{Fault, Level, Rule, Set, check, compile, stage};
