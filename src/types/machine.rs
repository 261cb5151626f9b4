use std::time::Instant;

/// A protocol as a pure state machine: no socket, no clock, no thread, no database.
///
/// The driver calls [`handle`](Machine::handle) once, then [`poll`](Machine::poll) until it answers `None`, then waits
/// for bytes, an answer or the [`deadline`](Machine::deadline). A fault of the peer is an output (a reply), never an
/// error and never a panic. Every buffer, list and counter inside has a limit given at construction.
pub trait Machine {
    /// What happens to the machine.
    type Input;
    /// What the machine wants done.
    type Output;
    /// Takes one input. `now` is the only clock the machine ever sees.
    fn handle(&mut self, now: Instant, input: Self::Input);
    /// Next thing to do; `None` when drained.
    fn poll(&mut self) -> Option<Self::Output>;
    /// When to call `handle(now, Tick)` if nothing else happens.
    fn deadline(&self) -> Option<Instant>;
}
