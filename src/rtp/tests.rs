use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::{Coding, Expected, Header, Kind, Latch, Leg, Mode, Quality, Report, ReportBlock, RoundTrip, SECOND, Seen, Silent, Stream, Verdict, Voip, Why, coding, compound, fuzzing, kind, mos, verdict};

fn header(sequence: u16) -> Header {
    Header { marker: false, payload: 0, sequence, timestamp: u32::from(sequence).wrapping_mul(160), ssrc: 1, length: 12 }
}

/// Packets every 20 ms with these sequence numbers.
fn stream(sequences: &[u16]) -> Stream {
    let mut stream = Stream::default();
    for (index, sequence) in sequences.iter().enumerate() {
        stream.arrive(index as u64 * 20_000, &header(*sequence), 172, 8000);
    }
    stream
}

#[test]
fn headers_are_read() {
    let plain = [0x80, 0x80 | 8, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1];
    assert_eq!(Header::parse(&plain), Some(Header { marker: true, payload: 8, sequence: 0x1234, timestamp: 160, ssrc: 0xdead_beef, length: 12 }));
    let mut extended = plain.to_vec();
    extended[0] = 0x91;
    extended.splice(12..12, [0, 0, 0, 1, 0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
    assert_eq!(Header::parse(&extended).map(|header| header.length), Some(24));
    for bad in [&plain[..11], &[0x40; 12], &extended[..20], &[0x8f; 12]] {
        assert_eq!(Header::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn what_shares_a_port_is_told_apart() {
    let of = |first: u8, second: u8, length: usize| {
        let mut datagram = vec![0; length];
        datagram[0] = first;
        datagram[1] = second;
        kind(&datagram)
    };
    for (first, second, length, expected) in [
        (0x80, 0, 12, Kind::Rtp),
        (0x80, 0x80 | 111, 12, Kind::Rtp),
        (0x80, 0, 11, Kind::Other),
        (0x80, 200, 8, Kind::Rtcp),
        (0x81, 201, 32, Kind::Rtcp),
        (0x80, 223, 8, Kind::Rtcp),
        (0x80, 224, 12, Kind::Rtp),
        (0, 1, 20, Kind::Stun),
        (0, 1, 19, Kind::Other),
        (22, 254, 13, Kind::Dtls),
        (64, 0, 20, Kind::Other),
        (0xff, 0, 20, Kind::Other),
    ] {
        assert_eq!(of(first, second, length), expected, "{first} {second} {length}");
    }
    assert_eq!(kind(&[]), Kind::Other);
}

#[test]
fn losses_duplicates_and_late_packets_are_counted_apart() {
    for (sequences, lost, duplicates, reordered) in [
        (vec![1, 2, 3], 0, 0, 0),
        (vec![1, 2, 5], 2, 0, 0),
        (vec![1, 2, 5, 3], 1, 0, 1),
        (vec![1, 2, 2, 3, 1], 0, 2, 0),
        (vec![65_534, 65_535, 0, 1], 0, 0, 0),
        (vec![65_534, 1], 2, 0, 0),
        (vec![10, 9, 11], 0, 0, 1),
        // A restart of the sender far away: two that follow each other.
        (vec![1, 2, 30_000, 30_001, 30_003], 1, 0, 0),
        // One stray is nothing.
        (vec![1, 2, 30_000, 3], 0, 0, 0),
    ] {
        let stream = stream(&sequences);
        assert_eq!((stream.lost(), stream.duplicates, stream.reordered), (lost, duplicates, reordered), "{sequences:?}");
    }
    let half = stream(&[1, 3, 5, 7]);
    assert!((half.loss_percent() - 100.0 * 3.0 / 7.0).abs() < 1e-9);
}

#[test]
fn a_new_source_keeps_the_losses_of_the_old_one() {
    let mut found = stream(&[1, 3]);
    let other = Header { ssrc: 2, sequence: 500, payload: 8, ..header(0) };
    found.arrive(60_000, &other, 172, 8000);
    found.arrive(80_000, &Header { sequence: 503, ..other }, 172, 8000);
    assert_eq!((found.lost(), found.source_changes, found.ssrc, found.payload, found.expected()), (3, 1, Some(2), 8, 7));
}

#[test]
fn jitter_is_that_of_the_standard() {
    // RFC 3550 A.8 by hand: transit differs by 80 units once, so J = 80/16 = 5 units; then 80 back: J = 5 + (80 - 5)/16.
    let mut found = Stream::default();
    found.arrive(0, &header(0), 172, 8000);
    found.arrive(30_000, &header(1), 172, 8000);
    assert!((found.jitter_ms() - 5.0 / 8.0).abs() < 0.01);
    found.arrive(40_000, &header(2), 172, 8000);
    assert!((found.jitter_ms() - (5.0 + 75.0 / 16.0) / 8.0).abs() < 0.02);
    assert!(found.jitter_mean_ms() < found.jitter_max_ms());
    // Events repeat their timestamp and are kept out.
    let before = found.jitter_ms();
    found.arrive(90_000, &Header { timestamp: 0, payload: 101, ..header(3) }, 16, 0);
    assert!((found.jitter_ms() - before).abs() < f64::EPSILON);
    assert!(stream(&[1, 2, 3, 4, 5]).jitter_max_ms() < 0.01);
}

#[test]
fn gaps_are_measured() {
    let mut found = stream(&[1, 2]);
    found.arrive(520_000, &header(3), 172, 8000);
    assert_eq!((found.longest_gap, found.silence, found.first, found.last), (500_000, 500_000, Some(0), Some(520_000)));
}

/// RFC 3550 §6.4.1 layout, with a block of an SSRC.
fn sender_report() -> Vec<u8> {
    let mut packet = vec![0x81, 200, 0, 12];
    packet.extend_from_slice(&7u32.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0xab, 0xcd, 0x12, 0x34, 0, 0]);
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(&[0, 0, 0, 99, 0, 0, 0, 9]);
    packet.extend_from_slice(&9u32.to_be_bytes());
    packet.extend_from_slice(&[64, 0xff, 0xff, 0xfe, 0, 1, 0, 2, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0x80, 0]);
    packet
}

#[test]
fn compound_packets_are_read() {
    let mut packet = sender_report();
    packet.extend_from_slice(&[0x81, 202, 0, 1, 0, 0, 0, 7]);
    packet.extend_from_slice(&[0x80, 207, 0, 1, 0, 0, 0, 7]);
    packet.extend_from_slice(&[0x81, 203, 0, 1, 0, 0, 0, 7]);
    let reports: Vec<_> = compound(&packet).unwrap().collect();
    let [Report::Sender { ssrc: 7, ntp: 0xabcd_1234, packets: 99, blocks }, Report::Description, Report::Extended(None), Report::Bye] = reports.as_slice() else { panic!("{reports:?}") };
    let block = ReportBlock { ssrc: 9, fraction: 64, lost: -2, highest: 0x0001_0002, jitter: 40, last_report: 1, delay: 0x8000 };
    assert_eq!(blocks.collect::<Vec<_>>(), [block]);
    for length in 1..packet.len() {
        let whole = compound(&packet[..length]).is_some();
        assert_eq!(whole, [52, 60, 68].contains(&length), "{length}");
    }
    packet[0] |= 0x20;
    assert!(compound(&packet).is_none(), "padding in the middle");
}

#[test]
fn round_trips_take_off_the_delay_of_the_other_end() {
    let mut trip = RoundTrip::default();
    trip.forwarded(1_000_000, 77);
    trip.forwarded(2_000_000, 78);
    let block = ReportBlock { ssrc: 1, fraction: 0, lost: 0, highest: 0, jitter: 0, last_report: 77, delay: 65_536 };
    trip.heard(2_150_000, &block);
    assert_eq!(trip.latest, Some(150_000));
    trip.heard(9_000_000, &ReportBlock { last_report: 5, ..block });
    trip.heard(9_000_000, &ReportBlock { last_report: 0, ..block });
    assert_eq!(trip.latest, Some(150_000));
}

#[test]
fn estimates_follow_loss_and_delay() {
    let pcm = coding("PCMU").unwrap();
    // R = 93.2 - 0.024 * 60 = 91.76, by the formula.
    assert!((mos(pcm, 0.0, 0.0, 0.0) - 4.38).abs() < 0.02);
    let falling = [mos(pcm, 0.0, 0.0, 0.0), mos(pcm, 1.0, 0.0, 0.0), mos(pcm, 5.0, 0.0, 30.0), mos(pcm, 5.0, 600.0, 30.0), mos(pcm, 60.0, 600.0, 30.0)];
    assert!(falling.is_sorted_by(|a, b| a > b), "{falling:?}");
    assert!(mos(coding("opus").unwrap(), 5.0, 0.0, 0.0) < mos(pcm, 0.0, 0.0, 0.0));
    assert_eq!(coding("H264"), None::<Coding>);
    assert_eq!([4.2, 3.7, 3.0].map(Quality::of), [Quality::Good, Quality::Fair, Quality::Poor]);
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn latch(mode: Mode, described: &str, signalling: &str) -> Latch {
    let described = address(described);
    Latch::new(0, mode, Expected { described: Some(described), signalling: Some(signalling.parse().unwrap()), private: described.to_string().starts_with("10.") })
}

/// Packets as milliseconds, source, SSRC and sequence number; what each is.
fn check(mut latch: Latch, packets: &[(u64, &str, u32, u16, Seen)]) -> Latch {
    for (index, (ms, from, ssrc, sequence, seen)) in packets.iter().enumerate() {
        assert_eq!(latch.packet(ms * 1000, address(from), Some((*ssrc, *sequence))), *seen, "packet {index} of {packets:?}");
    }
    latch
}

const PUBLIC: &str = "192.0.2.1:4000";
const PRIVATE: &str = "10.0.0.1:4000";
const NAT: &str = "192.0.2.7:61000";
const OTHER: &str = "203.0.113.9:5000";

#[test]
fn whose_address_is_right_is_believed_at_once() {
    use Seen::{Foreign, Latched, Taken};
    for mode in [Mode::Off, Mode::Strict, Mode::Auto] {
        let end = check(latch(mode, PUBLIC, "192.0.2.1"), &[(0, PUBLIC, 1, 1, Latched), (20, PUBLIC, 1, 2, Taken), (21, OTHER, 1, 3, Foreign), (40, PUBLIC, 2, 9, Taken)]);
        assert_eq!((end.latched(), end.is_loose()), (Some(address(PUBLIC)), false));
    }
    check(latch(Mode::Off, PUBLIC, "192.0.2.1"), &[(0, "192.0.2.1:4002", 1, 1, Foreign)]);
}

#[test]
fn a_phone_behind_nat_is_found_by_its_signalling() {
    use Seen::{Foreign, Latched, Taken};
    let strict = check(latch(Mode::Strict, PRIVATE, "192.0.2.7"), &[(0, OTHER, 1, 1, Foreign), (10, NAT, 1, 1, Latched), (30, "192.0.2.7:1", 1, 2, Foreign)]);
    assert_eq!(strict.remote(), Some(address(NAT)));
    let auto = latch(Mode::Auto, PRIVATE, "192.0.2.7");
    assert_eq!(auto.remote(), Some(address(PRIVATE)));
    check(auto, &[(0, NAT, 1, 1, Taken), (20, NAT, 1, 2, Taken), (25, OTHER, 9, 1, Foreign), (40, NAT, 1, 3, Latched), (60, NAT, 1, 4, Taken)]);
    // Packets that do not follow each other are of nobody in particular.
    let jumping = check(auto, &[(0, NAT, 1, 1, Taken), (20, NAT, 1, 9, Taken), (40, NAT, 2, 10, Taken), (60, NAT, 2, 11, Taken)]);
    assert_eq!(jumping.latched(), None);
}

#[test]
fn anybody_is_believed_once_after_a_while_when_the_address_is_private() {
    use Seen::{Candidate, Foreign, Latched, Taken};
    let auto = latch(Mode::Auto, PRIVATE, "192.0.2.7");
    let loose = check(auto, &[(2999, OTHER, 1, 1, Foreign), (3000, OTHER, 1, 2, Candidate), (3020, OTHER, 1, 3, Candidate), (3040, OTHER, 1, 4, Latched), (3060, OTHER, 1, 5, Taken), (3080, NAT, 1, 6, Foreign)]);
    assert!(loose.is_loose());
    check(auto, &[(10_001, OTHER, 1, 1, Foreign)]);
    check(latch(Mode::Strict, PRIVATE, "192.0.2.7"), &[(4000, OTHER, 1, 1, Foreign)]);
    check(latch(Mode::Auto, PUBLIC, "192.0.2.1"), &[(4000, OTHER, 1, 1, Foreign)]);
    // Two strangers at a time disturb each other and win nothing.
    check(auto, &[(3000, OTHER, 1, 1, Candidate), (3001, "198.51.100.1:9", 2, 1, Candidate), (3020, OTHER, 1, 2, Candidate), (3021, "198.51.100.1:9", 2, 2, Candidate), (3040, OTHER, 1, 3, Candidate)]);
}

#[test]
fn another_port_takes_over_when_the_first_is_silent() {
    use Seen::{Foreign, Latched, Taken};
    let moved = "192.0.2.7:62000";
    let strict = check(latch(Mode::Strict, PRIVATE, "192.0.2.7"), &[(0, NAT, 1, 1, Latched)]);
    check(strict, &[(1999, moved, 1, 2, Foreign), (2000, OTHER, 1, 2, Foreign), (2000, moved, 2, 2, Foreign), (2000, moved, 1, 2, Latched), (2020, moved, 1, 3, Taken), (2021, NAT, 1, 3, Foreign)]);
}

#[test]
fn packets_that_were_not_shown_count_as_heard() {
    let mut latch = check(latch(Mode::Strict, PRIVATE, "192.0.2.7"), &[(0, NAT, 1, 1, Seen::Latched)]);
    latch.touch(3 * SECOND, Some(2));
    check(latch, &[(4999, "192.0.2.7:62000", 2, 2, Seen::Foreign), (5000, "192.0.2.7:62000", 1, 2, Seen::Foreign), (5000, "192.0.2.7:62000", 2, 2, Seen::Latched)]);
}

#[test]
fn only_a_new_address_makes_forget() {
    let expected = |described| Expected { described: Some(address(described)), signalling: Some("192.0.2.7".parse().unwrap()), private: true };
    let mut latch = check(latch(Mode::Strict, PRIVATE, "192.0.2.7"), &[(0, NAT, 1, 1, Seen::Latched)]);
    latch.expect(SECOND, Mode::Strict, expected(PRIVATE));
    assert_eq!(latch.remote(), Some(address(NAT)));
    // Resumed after long, with another source through another port of the NAT.
    let resumed = check(latch, &[(1000, "192.0.2.7:62000", 5, 7, Seen::Foreign), (2000, OTHER, 5, 8, Seen::Foreign), (2000, "192.0.2.7:62000", 5, 8, Seen::Latched)]);
    assert_eq!(resumed.remote(), Some(address("192.0.2.7:62000")));
    latch.expect(SECOND, Mode::Strict, expected("10.0.0.1:4002"));
    assert_eq!(latch.remote(), Some(address("10.0.0.1:4002")));
}

#[test]
fn a_verdict_names_who_is_silent_and_why() {
    let sound = Leg { promised: true, packets: 900, last: Some(20 * SECOND), port: 20_000, ..Leg::default() };
    let mute = Leg { promised: true, port: 20_002, ..Leg::default() };
    let now = 20 * SECOND;
    let at = |caller: Leg, callee: Leg| verdict(now, 5 * SECOND, &caller, &callee);
    let said = |silent, since, why, port| Some(Verdict { silent, since: since * SECOND, why, port });
    assert_eq!(at(sound, sound), None);
    assert_eq!(at(sound, mute), said(Silent::Callee, 5, Why::Firewall, 20_002));
    assert_eq!(at(mute, sound), said(Silent::Caller, 5, Why::Firewall, 20_002));
    assert_eq!(at(mute, mute), said(Silent::Both, 5, Why::Firewall, 20_002));
    for (leg, why) in [
        (Leg { foreign: 9, ..mute }, Why::NotLatched),
        (Leg { foreign: 9, wrong_payload: 9, ..mute }, Why::WrongPayload),
        (Leg { shown_private: true, ..mute }, Why::PrivateAddress),
        (Leg { unreachable: true, ..mute }, Why::Unreachable),
    ] {
        assert_eq!(at(sound, leg), said(Silent::Callee, 5, why, 20_002));
    }
    assert_eq!(at(sound, Leg { packets: 9, last: Some(8 * SECOND), ..mute }), said(Silent::Callee, 8, Why::Stopped, 20_002));
    // Nothing was promised, nothing is missed; too early; too little the other way to tell.
    assert_eq!(at(sound, Leg { promised: false, ..mute }), None);
    assert_eq!(verdict(now, 11 * SECOND, &sound, &mute), None);
    assert_eq!(at(Leg { packets: 49, ..sound }, mute), None);
    assert_eq!(at(sound, Leg { last: Some(11 * SECOND), packets: 9, ..mute }), None);
}

#[test]
fn a_telephone_says_how_it_hears() {
    // RFC 3611 §4.7: eight words and their head; before them a block of another kind.
    let mut block = [0_u8; 32];
    block[3] = 9;
    block[4..10].copy_from_slice(&[13, 26, 128, 1, 0x03, 0xe8]);
    block[22] = 41;
    let packet = |blocks: &[u8]| {
        let words = u8::try_from(blocks.len() / 4 + 1).unwrap();
        [&[0x80, 207, 0, words, 0, 0, 0, 7][..], blocks].concat()
    };
    let other = [4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8];
    let found = |packet: &[u8]| match compound(packet).unwrap().next() {
        Some(Report::Extended(voip)) => voip,
        other => panic!("{other:?}"),
    };
    let heard = Voip { lost: 13, discarded: 26, burst_density: 128, burst_duration: 1000, mos: Some(41) };
    assert_eq!(found(&packet(&[&other[..], &[7, 0, 0, 8], &block].concat())), Some(heard));
    block[22] = 127;
    assert_eq!(found(&packet(&[&[7, 0, 0, 8][..], &block].concat())), Some(Voip { mos: None, ..heard }));
    assert_eq!(found(&packet(&other)), None);
    assert_eq!(found(&packet(&[&[7, 0, 0, 7][..], &block[..28]].concat())), None, "too short");
    assert_eq!(found(&packet(&[&[7, 0, 0, 9][..], &block].concat())), None, "cut off");
}

fn corpus(target: &str, run: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 10);
    for file in files {
        run(&std::fs::read(file).unwrap());
    }
}

#[test]
fn corpora() {
    corpus("rtp_packet", fuzzing::rtp_packet);
    corpus("rtcp_packet", fuzzing::rtcp_packet);
    corpus("stun_message", fuzzing::stun_message);
}

proptest! {
    /// Whatever is dropped, doubled and shuffled within a short distance: the counters say what was done.
    #[test]
    fn counters_say_what_was_done(start in any::<u16>(), fates in vec(0..10u8, 2..300)) {
        let (mut sent, mut lost, mut twice) = (Vec::new(), 0, 0);
        for (index, fate) in fates.iter().enumerate() {
            let sequence = start.wrapping_add(u16::try_from(index).unwrap());
            match fate {
                // The first and the last are needed to know what was expected.
                0 if index > 0 && index + 1 < fates.len() => lost += 1,
                1 => {
                    twice += 1;
                    sent.extend([sequence, sequence]);
                }
                _ => sent.push(sequence),
            }
        }
        let found = stream(&sent);
        prop_assert_eq!((found.lost(), found.duplicates, found.reordered, found.packets), (lost, twice, 0, sent.len() as u64));
        let last = sent.len() - 1;
        for pair in sent[1..last].chunks_exact_mut(2) {
            pair.swap(0, 1);
        }
        let found = stream(&sent);
        prop_assert_eq!((found.lost(), found.duplicates), (lost, twice));
    }

    #[test]
    fn any_octets_are_taken(data in vec(any::<u8>(), 0..400)) {
        fuzzing::rtp_packet(&data);
        fuzzing::rtcp_packet(&data);
        fuzzing::stun_message(&data);
    }

    #[test]
    fn any_packets_are_counted(packets in vec((any::<u16>(), 0..3u32, any::<u32>()), 0..100)) {
        let data: Vec<u8> = packets.iter().flat_map(|(sequence, ssrc, timestamp)| {
            let mut packet = vec![12, 0x80, 0];
            packet.extend_from_slice(&sequence.to_be_bytes());
            packet.extend_from_slice(&timestamp.to_be_bytes());
            packet.extend_from_slice(&ssrc.to_be_bytes());
            packet
        }).collect();
        fuzzing::rtp_packet(&data);
    }
}
