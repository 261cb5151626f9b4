//! Compound RTCP packets (RFC 3550 §6), read as far as a relay must.

/// One packet of a compound packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report<'a> {
    /// Sender report: who sends, the middle 32 bits of its NTP time, and what it says of others.
    Sender {
        /// Its SSRC.
        ssrc: u32,
        /// Middle 32 bits of the NTP timestamp.
        ntp: u32,
        /// Packets it has sent.
        packets: u32,
        /// Report blocks.
        blocks: Blocks<'a>,
    },
    /// Receiver report: who receives, and what it says of others.
    Receiver {
        /// Its SSRC.
        ssrc: u32,
        /// Report blocks.
        blocks: Blocks<'a>,
    },
    /// Source description.
    Description,
    /// Goodbye.
    Bye,
    /// Extended report (RFC 3611), of which only what a telephone hears is read.
    Extended(Option<Voip>),
    /// Any other, by its packet type.
    Other(u8),
}

/// What a telephone hears, by its own measure (RFC 3611 §4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Voip {
    /// Share that is lost on the way, in 1/256.
    pub lost: u8,
    /// Share that comes too late to be played, in 1/256.
    pub discarded: u8,
    /// Share that is lost or discarded within bursts, in 1/256.
    pub burst_density: u8,
    /// Mean length of the bursts in milliseconds.
    pub burst_duration: u16,
    /// Estimate of how it sounds in tenths, 10 to 50.
    pub mos: Option<u8>,
}

/// Finds the block of VoIP metrics among the blocks of an extended report.
fn voip(mut blocks: &[u8]) -> Option<Voip> {
    loop {
        let (head, rest) = blocks.split_first_chunk::<4>()?;
        let [kind, _, high, low] = *head;
        let (block, rest) = rest.split_at_checked(4 * usize::from(u16::from_be_bytes([high, low])))?;
        if kind != 7 {
            blocks = rest;
            continue;
        }
        let [_, _, _, _, lost, discarded, burst_density, _, b1, b0, ..] = *block else { return None };
        let mos = block.get(22).copied().filter(|mos| (10..=50).contains(mos));
        return (block.len() == 32).then_some(Voip { lost, discarded, burst_density, burst_duration: u16::from_be_bytes([b1, b0]), mos });
    }
}

/// What a receiver says of one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// Source it speaks of.
    pub ssrc: u32,
    /// Share lost since its last report, in 1/256.
    pub fraction: u8,
    /// Packets lost since the beginning; negative with duplicates.
    pub lost: i32,
    /// Highest sequence number received, with cycles.
    pub highest: u32,
    /// Jitter in units of the clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 = none came.
    pub last_report: u32,
    /// Time since then in 1/65536 s.
    pub delay: u32,
}

/// Report blocks, each of 24 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk::<24>()?;
        self.0 = rest;
        let lost = word(block, 4)?;
        Some(ReportBlock {
            ssrc: word(block, 0)?,
            fraction: u8::try_from(lost >> 24).ok()?,
            // A signed number of 24 bits.
            lost: (lost << 8).cast_signed() >> 8,
            highest: word(block, 8)?,
            jitter: word(block, 12)?,
            last_report: word(block, 16)?,
            delay: word(block, 20)?,
        })
    }
}

/// The packets of a compound packet.
#[derive(Debug, Clone, Copy)]
pub struct Compound<'a>(&'a [u8]);

/// Checks lengths and versions (RFC 3550 A.2, but a packet may come alone: RFC 5506); `None` for anything malformed.
pub fn compound(datagram: &[u8]) -> Option<Compound<'_>> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let (packet, after) = split(rest)?;
        // Padding only in the last one.
        if packet.first()? & 0x20 != 0 && !after.is_empty() {
            return None;
        }
        read(packet)?;
        rest = after;
    }
    (!datagram.is_empty()).then_some(Compound(datagram))
}

impl<'a> Iterator for Compound<'a> {
    type Item = Report<'a>;

    fn next(&mut self) -> Option<Report<'a>> {
        let (packet, rest) = split(self.0)?;
        self.0 = rest;
        read(packet)
    }
}

fn split(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let [first, kind, high, low] = *octets.first_chunk::<4>()?;
    let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
    (first >> 6 == 2 && (192..=223).contains(&kind)).then(|| octets.split_at_checked(length))?
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..at + 4)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

fn read(packet: &[u8]) -> Option<Report<'_>> {
    let [first, kind, ..] = *packet else { return None };
    let blocks = |at: usize| Some(Blocks(packet.get(at..at + 24 * usize::from(first & 0x1f))?));
    Some(match kind {
        200 => Report::Sender { ssrc: word(packet, 4)?, ntp: (word(packet, 8)? << 16) | (word(packet, 12)? >> 16), packets: word(packet, 20)?, blocks: blocks(28)? },
        201 => Report::Receiver { ssrc: word(packet, 4)?, blocks: blocks(8)? },
        202 => Report::Description,
        203 => Report::Bye,
        207 => Report::Extended(voip(packet.get(8..)?)),
        other => Report::Other(other),
    })
}
