//! How fast messages are read and passed on. Run with `cargo bench -p sip`.
fn main() {}
