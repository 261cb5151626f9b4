//! What is known of a call's media, in words and numbers for people.

use model::media::{MediaEnd, MediaReport, MediaStream, MediaVerdict, PoorMedia, SilenceReason, SilentEnd};
use rtp::{Mode, Quality, SECOND, Silent, Verdict, Why};
use sdp::{Codec, Description, Kind, Media};

use crate::call::{Call, Leg};
use crate::control::Shared;
use crate::endpoint::Snapshot;
use crate::sweep::Poor;
use crate::thread::micros;

/// Asks the relay thread, and puts its answer beside what the descriptions promise.
pub(crate) fn report(shared: &Shared, call: &Call) -> MediaReport {
    let relayed = call.branches.values().any(|branch| branch.relayed);
    let mut found = MediaReport { call: call.id, relayed, streams: Vec::new(), verdicts: Vec::new() };
    let (true, Some(branch), Some(worker)) = (relayed, call.leading(), shared.workers.get(call.worker)) else { return found };
    let slots = call.all_legs().flat_map(|leg| [leg.rtp, leg.rtcp]).collect();
    let snapshots = worker.report(slots);
    let find = |slot| snapshots.iter().find(|snapshot| snapshot.slot == slot);
    let settled = branch.settled();
    let now = micros(shared.start);
    for (index, (caller, callee)) in call.legs.iter().zip(&branch.legs).enumerate() {
        let (Some(caller), Some(callee)) = (caller, callee) else { continue };
        let codecs = settled.and_then(|exchange| exchange.both());
        let media = codecs.and_then(|(caller, callee)| Some((caller, caller.media.get(index)?, callee, callee.media.get(index)?)));
        let kind = branch.exchange.as_ref().and_then(|exchange| exchange.offer.media.get(index)).map_or(Kind::Other, |media| media.kind);
        // Packets are in formats of whoever receives them, or else of the sender.
        let (for_caller, for_callee) = (media.map(|m| (m.0, m.1)), media.map(|m| (m.2, m.3)));
        for (end, leg, told) in [(MediaEnd::Caller, caller, [for_callee, for_caller]), (MediaEnd::Callee, callee, [for_caller, for_callee])] {
            if let (Some(rtp), Some(rtcp)) = (find(leg.rtp), find(leg.rtcp)) {
                found.streams.push(stream(index, end, kind, leg, rtp, rtcp, told));
            }
        }
        let judged = call.answered.zip(find(caller.rtp)).zip(find(callee.rtp)).and_then(|((answered, from_caller), from_callee)| {
            let [caller, callee] = shared.watched(call, branch, index)?;
            let leg = |snapshot: &Snapshot, end: crate::sweep::Watched| snapshot.leg(end.promised, end.shown_private, end.port);
            rtp::verdict(now, answered, &leg(from_caller, caller), &leg(from_callee, callee))
        });
        found.verdicts.extend(judged.map(|judged| verdict(call, index, &judged, now)));
    }
    found
}

fn stream(index: usize, from: MediaEnd, kind: Kind, leg: &Leg, rtp: &Snapshot, rtcp: &Snapshot, told: [Option<(&Description, &Media)>; 2]) -> MediaStream {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let milliseconds = |micros: u64| micros as f64 / 1000.0;
    let (stream, counters) = (&rtp.stream, &rtp.counters);
    let codecs: Vec<_> = told.into_iter().flatten().flat_map(|(description, media)| description.codecs(media)).collect();
    let codec = codecs.iter().find(|codec| stream.ssrc.is_some() && codec.payload == stream.payload);
    let round_trip = rtp.round_trip.map(milliseconds);
    let mos = codec.filter(|_| stream.packets > 0).and_then(|codec| rtp::coding(codec.name)).map(|coding| {
        round(rtp::mos(coding, stream.loss_percent(), round_trip.unwrap_or(0.0), stream.jitter_mean_ms()))
    });
    MediaStream {
        index: i32::try_from(index).unwrap_or(i32::MAX),
        from,
        kind: word(kind).to_owned(),
        local: leg.shown().to_string(),
        described: rtp.described.map(|address| address.to_string()),
        latched: rtp.latched.map(|address| address.to_string()),
        latching: latching(rtp).to_owned(),
        codec: codec.map(|codec| codec.name.to_owned()),
        payload_type: stream.ssrc.map(|_| i32::from(stream.payload)),
        clock: codec.and_then(|codec: &Codec<'_>| i32::try_from(codec.clock).ok()),
        ssrc: stream.ssrc.map(i64::from),
        payload_changes: i64::from(stream.payload_changes),
        source_changes: i64::from(stream.source_changes),
        packets: whole(stream.packets),
        octets: whole(stream.octets),
        rtcp_packets: whole(counters.rtcp + rtcp.counters.rtcp),
        forwarded: whole(rtp.tally.forwarded),
        foreign: whole(counters.foreign + rtcp.counters.foreign),
        implausible: whole(counters.implausible + rtcp.counters.implausible),
        unwanted: whole(counters.unwanted + rtcp.counters.unwanted),
        over_limit: whole(counters.over_limit + rtcp.counters.over_limit),
        wrong_payload: whole(counters.wrong_payload),
        send_errors: whole(counters.send_errors + rtcp.counters.send_errors),
        lost: whole(stream.lost()),
        loss_percent: round(stream.loss_percent()),
        duplicates: whole(stream.duplicates),
        reordered: whole(stream.reordered),
        jitter_ms: round(stream.jitter_ms()),
        jitter_mean_ms: round(stream.jitter_mean_ms()),
        jitter_max_ms: round(stream.jitter_max_ms()),
        longest_gap_ms: milliseconds(stream.longest_gap),
        silence_seconds: stream.silence as f64 / SECOND as f64,
        rtt_ms: round_trip,
        remote_loss_percent: rtp.remote.map(|remote| round(remote.loss_percent)),
        remote_jitter_ms: rtp.remote.filter(|_| stream.clock > 0).map(|remote| round(f64::from(remote.jitter) * 1000.0 / f64::from(stream.clock))),
        remote_discard_percent: rtp.hears.map(|hears| share(hears.discarded)),
        remote_burst_density_percent: rtp.hears.map(|hears| share(hears.burst_density)),
        remote_mos: rtp.hears.and_then(|hears| hears.mos).map(|mos| f64::from(mos) / 10.0),
        mos,
        quality: mos.map(|mos| quality(mos).to_owned()),
    }
}

/// Of 1/256 in percent.
fn share(part: u8) -> f64 {
    round(f64::from(part) * 100.0 / 256.0)
}

/// Two decimals are more than is known.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn quality(mos: f64) -> &'static str {
    match Quality::of(mos) {
        Quality::Good => "good",
        Quality::Fair => "fair",
        Quality::Poor => "poor",
    }
}

fn latching(snapshot: &Snapshot) -> &'static str {
    match snapshot.mode {
        _ if snapshot.loose => "loose",
        Mode::Off => "off",
        Mode::Strict => "strict",
        Mode::Auto => "auto",
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "audio",
        Kind::Video => "video",
        Kind::Image => "image",
        Kind::Application => "application",
        Kind::Text => "text",
        Kind::Message => "message",
        Kind::Other => "other",
    }
}

/// What is heard badly, for people.
pub(crate) fn poor(index: usize, from: MediaEnd, found: &Poor) -> PoorMedia {
    PoorMedia { stream: i32::try_from(index).unwrap_or(i32::MAX), from, seconds: round(found.lasts as f64 / SECOND as f64), mos: round(found.mos), loss_percent: round(found.loss) }
}

/// A verdict for people.
pub(crate) fn verdict(call: &Call, index: usize, found: &Verdict, now: u64) -> MediaVerdict {
    let (silent, who) = match found.silent {
        Silent::Caller => (SilentEnd::Caller, "the caller"),
        Silent::Callee => (SilentEnd::Callee, "the callee"),
        Silent::Both => (SilentEnd::Both, "either end"),
    };
    let callee = call.leading().and_then(|branch| branch.legs.get(index).copied().flatten());
    let caller = call.legs.get(index).copied().flatten();
    let leg = if found.silent == Silent::Callee { callee } else { caller };
    let open = leg.map_or_else(|| found.port.to_string(), |leg| leg.shown().to_string());
    let (reason, why) = match found.why {
        Why::NotLatched => (SilenceReason::NotLatched, "packets come from another address than it described or signals from"),
        Why::PrivateAddress => (SilenceReason::PrivateAddress, "it was shown a private address that it cannot reach"),
        Why::Firewall => (SilenceReason::Firewall, "nothing has arrived"),
        Why::WrongPayload => (SilenceReason::WrongPt, "packets come in a format that was not agreed on"),
        Why::Unreachable => (SilenceReason::IcmpUnreachable, "its address refuses what is sent to it"),
        Why::Stopped => (SilenceReason::Stopped, "it was heard before"),
    };
    let seconds = now.saturating_sub(found.since) as f64 / SECOND as f64;
    let text = format!("No media from {who} for {seconds:.0} s, though the descriptions promise it: {why}. UDP must reach {open}.");
    MediaVerdict { stream: i32::try_from(index).unwrap_or(i32::MAX), silent, seconds: round(seconds), reason, open, text }
}
