//! A second Router, slow and simple, written from the reference alone: it scans the table line by line, works on plain
//! strings and shares nothing with the real one but the parsed record. The property test compares the two.

mod address;
mod left;
mod local;
mod right;
mod route;
mod tests;
mod worlds;

pub(crate) use route::{Answered, Simple};
