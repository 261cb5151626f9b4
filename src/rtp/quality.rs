//! An estimate of what the ear hears: the E-model, shortened (ITU-T G.107; media.md §8).

/// How a codec bears loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coding {
    /// Impairment of the codec itself, `Ie`.
    pub impairment: f64,
    /// Robustness against loss, `Bpl`.
    pub robustness: f64,
}

/// A word for an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// 4.0 and above.
    Good,
    /// 3.6 and above.
    Fair,
    /// Below.
    Poor,
}

impl Quality {
    /// The word for an estimate.
    pub fn of(mos: f64) -> Self {
        match mos {
            mos if mos >= 4.0 => Self::Good,
            mos if mos >= 3.6 => Self::Fair,
            _ => Self::Poor,
        }
    }
}

/// Values of a codec by its encoding name; `None` when nothing is known of it.
pub fn coding(name: &str) -> Option<Coding> {
    let (impairment, robustness) = match name.to_ascii_lowercase().as_str() {
        "pcmu" | "pcma" => (0.0, 25.1),
        "g722" => (0.0, 25.0),
        "opus" => (5.0, 20.0),
        _ => return None,
    };
    Some(Coding { impairment, robustness })
}

/// The estimate, 1 to 4.5, from loss in percent, round trip and jitter in milliseconds.
pub fn mos(coding: Coding, loss: f64, round_trip: f64, jitter: f64) -> f64 {
    let effective = coding.impairment + (95.0 - coding.impairment) * loss / (loss + coding.robustness);
    // A frame of 20 ms is the codec's own delay.
    let delay = round_trip / 2.0 + (2.0 * jitter).max(40.0) + 20.0;
    let late = if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    let rating = (93.2 - (0.024 * delay + late) - effective).clamp(0.0, 100.0);
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).clamp(1.0, 4.5)
}
