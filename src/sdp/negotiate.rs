//! The rules of offer and answer (RFC 3264) that hold between two descriptions.

use crate::description::{Description, Direction, Media};

/// What a new offer means beside the description of the same end before it (RFC 3264 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewOffer {
    /// The version did not move: nothing changes.
    Same,
    /// Something may have changed.
    Changed,
}

/// A breach of the rules of offer and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Fewer m-lines than before, or not as many as were offered (RFC 3264 §6, §8).
    #[error("the number of m-lines does not match")]
    Count,
    /// An m-line of another kind or another way of carrying than was offered.
    #[error("an m-line is not the one that was offered")]
    Kind,
    /// A stream that was offered as rejected is taken.
    #[error("a rejected m-line is taken")]
    Rejected,
}

/// Compares an offer with the description its maker gave before.
///
/// # Errors
/// When m-lines are missing.
pub fn new_offer(before: &Description, offer: &Description) -> Result<NewOffer, Breach> {
    if offer.media.len() < before.media.len() {
        return Err(Breach::Count);
    }
    let same_session = before.text(&before.origin.session) == offer.text(&offer.origin.session);
    // A maker that forgets to count is not punished: what it wrote decides.
    let same = same_session && before.origin.version == offer.origin.version && before.body() == offer.body();
    Ok(if same { NewOffer::Same } else { NewOffer::Changed })
}

/// Checks an answer against its offer.
///
/// # Errors
/// The rule it breaks.
pub fn answer(offer: &Description, answer: &Description) -> Result<(), Breach> {
    if offer.media.len() != answer.media.len() {
        return Err(Breach::Count);
    }
    for (offered, answered) in offer.media.iter().zip(&answer.media) {
        if offered.port == 0 && answered.port != 0 {
            return Err(Breach::Rejected);
        }
        if answered.port != 0 && (offered.kind != answered.kind || offered.protocol != answered.protocol) {
            return Err(Breach::Kind);
        }
    }
    Ok(())
}

/// Which ways a stream flows once offer and answer have met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// From who offered to who answered.
    pub forth: bool,
    /// From who answered to who offered.
    pub back: bool,
}

/// The ways on which one end sends and the other wants to receive.
pub fn flow(offer: &Description, offered: &Media, answer: &Description, answered: &Media) -> Flow {
    if offered.port == 0 || answered.port == 0 {
        return Flow::default();
    }
    meet(offer.direction_of(offered), answer.direction_of(answered))
}

/// Two directions, each seen from its own end.
pub fn meet(offer: Direction, answer: Direction) -> Flow {
    Flow { forth: offer.sends() && answer.receives(), back: answer.sends() && offer.receives() }
}
