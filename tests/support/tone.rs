//! Pairs of tones: made, and found again in what was heard.

use std::f64::consts::TAU;
use std::path::Path;
use std::time::{Duration, Instant};

/// Samples in a second.
pub(crate) const RATE: usize = 8000;
const PATIENCE: Duration = Duration::from_secs(30);
/// Seconds that a phone can speak.
const LENGTH: usize = 90;

/// Two frequencies in hertz that only one phone sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tones(f64, f64);

/// One pair each; none is near a harmonic of another.
pub(crate) const PAIRS: [Tones; 4] = [Tones(440.0, 620.0), Tones(780.0, 1100.0), Tones(1480.0, 1900.0), Tones(2300.0, 2740.0)];

impl Tones {
    /// Writes a recording of it: one channel of 16 bits.
    pub(crate) fn write(self, path: &Path) {
        let samples = (0..RATE * LENGTH).flat_map(|n| {
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
            let sample = [self.0, self.1].map(|tone| (TAU * tone * n as f64 / RATE as f64).sin() * 7000.0).iter().sum::<f64>() as i16;
            sample.to_le_bytes()
        });
        let data: Vec<u8> = samples.collect();
        let size = |more: usize| u32::try_from(data.len() + more).unwrap().to_le_bytes();
        let mut file = [&b"RIFF"[..], &size(36), b"WAVEfmt ", &16_u32.to_le_bytes(), &[1, 0, 1, 0]].concat();
        file.extend(8000_u32.to_le_bytes());
        file.extend(16_000_u32.to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend([&b"data"[..], &size(0), &data].concat());
        std::fs::write(path, file).unwrap();
    }

    /// The lesser of the shares that its two tones have of the power, from 0 to a half.
    fn share(self, samples: &[i16]) -> f64 {
        goertzel(samples, self.0).min(goertzel(samples, self.1))
    }
}

/// The share that a frequency has of the power (Goertzel's algorithm).
#[allow(clippy::cast_precision_loss)]
fn goertzel(samples: &[i16], tone: f64) -> f64 {
    let factor = 2.0 * (TAU * tone / RATE as f64).cos();
    let (mut one, mut two, mut total) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        total += sample * sample;
        (one, two) = (sample + factor * one - two, one);
    }
    let power = one * one + two * two - factor * one * two;
    if total < 1.0 { 0.0 } else { power * 2.0 / (total * samples.len() as f64) }
}

/// What somebody heard.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Silence,
    Only(Tones),
    /// The share of each pair.
    Else([f64; PAIRS.len()]),
}

impl Heard {
    pub(crate) fn of(samples: &[i16]) -> Self {
        let loudest = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        if loudest < 300 {
            return Self::Silence;
        }
        let shares = PAIRS.map(|pair| pair.share(samples));
        let there: Vec<usize> = (0..PAIRS.len()).filter(|n| shares[*n] > 0.3).collect();
        let absent = shares.iter().filter(|share| **share < 0.005).count();
        match there.as_slice() {
            [one] if absent == PAIRS.len() - 1 => Self::Only(PAIRS[*one]),
            _ => Self::Else(shares),
        }
    }
}

/// Samples of a recording in one channel of 16 bits, as far as it was written.
pub(crate) fn samples(recording: &Path) -> Vec<i16> {
    let octets = std::fs::read(recording).unwrap_or_default();
    octets.get(44..).unwrap_or_default().chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Waits until half a second of a growing recording, from now on, holds nothing but these tones.
pub(crate) fn wait_to_hear(tones: Tones, recording: impl Fn() -> Vec<i16>, log: impl Fn() -> String) {
    let (from, end) = (recording().len(), Instant::now() + PATIENCE);
    loop {
        let recording = recording();
        let heard = if recording.len() < from + RATE / 2 { Heard::Silence } else { Heard::of(&recording[recording.len() - RATE / 2..]) };
        if heard == Heard::Only(tones) {
            return;
        }
        assert!(Instant::now() < end, "heard {heard:?} instead of {tones:?}\n{}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A sample of G.711 µ-law.
pub(crate) fn from_mu_law(octet: u8) -> i16 {
    let octet = !octet;
    let magnitude = ((i16::from(octet & 15) << 3) + 0x84) << ((octet & 0x70) >> 4);
    if octet & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
}
