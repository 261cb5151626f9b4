//! From what two ends agreed on to what the relay thread does.

use std::net::SocketAddr;

use rtp::{Expected, SECOND};
use sdp::{Description, Kind, Media, negotiate};
use service::media::MediaSide;

use crate::call::{Branch, Call, Exchange, Leg};
use crate::control::Shared;
use crate::decide::Surroundings;
use crate::endpoint::{FORMATS, Setup, Slot};
use crate::sweep::{Told, Watch, Watched, WatchedStream};
use crate::thread::Order;

/// What an end that has not signed in may send, in octets per second (media.md §6).
const STRANGER_AUDIO: u64 = 256_000 / 8;
const STRANGER_OTHER: u64 = 8_000_000 / 8;
/// How long such a caller may hear early media (media.md §4.4).
const STRANGER_EARLY: u64 = 60 * SECOND;

/// One end of a stream in an exchange.
#[derive(Clone, Copy)]
struct End<'a> {
    description: &'a Description,
    media: &'a Media,
    side: &'a MediaSide,
}

impl Shared {
    /// Has a branch's endpoints do what was agreed on.
    pub(crate) fn configure(&self, call: &mut Call, number: u32, exchange: &Exchange) {
        let around = self.around();
        let Some((for_caller, for_callee)) = exchange.both() else { return };
        let active = call.active == Some(number);
        let (Some(caller_side), Some(callee_side)) = (call.caller, call.branches.get(&number).and_then(|branch| branch.side)) else { return };
        let mut setups = Vec::new();
        for (index, (caller, callee)) in for_caller.media.iter().zip(&for_callee.media).enumerate() {
            if caller.port == 0 || callee.port == 0 {
                continue;
            }
            let caller = End { description: for_caller, media: caller, side: &caller_side };
            let callee = End { description: for_callee, media: callee, side: &callee_side };
            let Some(caller_leg) = call.legs.get_mut(index).and_then(Option::as_mut) else { continue };
            caller.describe(caller_leg);
            let caller_leg = *caller_leg;
            let Some(callee_leg) = call.branches.get_mut(&number).and_then(|branch| branch.legs.get_mut(index)?.as_mut()) else { continue };
            callee.describe(callee_leg);
            let callee_leg = *callee_leg;
            let formats = formats(caller, callee);
            setups.extend(callee.setups(&around, &callee_leg, active.then_some(&caller_leg), &formats));
            if active {
                setups.extend(caller.setups(&around, &caller_leg, Some(&callee_leg), &formats));
            }
        }
        self.order(call, Order::Configure(setups));
        if active {
            self.order(call, Order::Peer(unheard(call, number)));
        }
    }

    /// Has the relay thread look after the call as it is now.
    pub(crate) fn watch(&self, call: &Call) {
        // What was never relayed wakes no thread.
        let Some(branch) = call.leading().filter(|_| !call.legs.is_empty()) else { return };
        let settings = &self.around().settings;
        let mut streams = Vec::new();
        for index in 0..call.legs.len() {
            if let Some([caller, callee]) = self.watched(call, branch, index) {
                streams.push(WatchedStream { index, caller, callee, said: [false; 2], hearing: Default::default() });
            }
        }
        if streams.is_empty() {
            self.order(call, Order::Forget(call.id));
            return;
        }
        let held = !streams.iter().any(|stream| stream.caller.promised && stream.callee.promised);
        let seconds = if held { settings.hold_timeout } else { settings.timeout };
        let now = crate::thread::micros(self.start);
        let stranger = call.caller.is_some_and(|side| !side.authenticated);
        let early_until = call.early.filter(|_| stranger && call.answered.is_none()).map(|early| early + STRANGER_EARLY);
        let timeout = u64::try_from(seconds).unwrap_or(60).saturating_mul(SECOND);
        self.order(call, Order::Watch(Watch { call: call.id, since: now, answered: call.answered, timeout, early_until, streams, told: Told::default() }));
    }

    /// Both ends of a stream, with what the descriptions promise of them.
    pub(crate) fn watched(&self, call: &Call, branch: &Branch, index: usize) -> Option<[Watched; 2]> {
        let around = self.around();
        let (caller, callee) = (call.legs.get(index)?.as_ref()?, branch.legs.get(index)?.as_ref()?);
        let both = branch.settled().and_then(Exchange::both).and_then(|(for_caller, for_callee)| Some([(for_caller, for_caller.media.get(index)?), (for_callee, for_callee.media.get(index)?)]));
        let flow = both.map(|[caller, callee]| negotiate::flow(caller.0, caller.1, callee.0, callee.1)).unwrap_or_default();
        let mut codings = [None; 4];
        let known = both.into_iter().flatten().flat_map(|(description, media)| description.codecs(media)).filter_map(|codec| Some((codec.payload, rtp::coding(codec.name)?)));
        codings.iter_mut().zip(known).for_each(|(place, known)| *place = Some(known));
        let watched = |leg: &Leg, promised, side: Option<MediaSide>| {
            let shown_private = side.is_some_and(|side| !side.lan && !side.source.is_loopback() && (around.is_nated)(leg.local.shown));
            Watched { slot: leg.rtp, promised, shown_private, port: leg.port, codings }
        };
        Some([watched(caller, flow.forth, call.caller), watched(callee, flow.back, branch.side)])
    }
}

/// The other branches are not heard.
fn unheard(call: &Call, number: u32) -> Vec<(Slot, Option<Slot>)> {
    let others = call.branches.iter().filter(|(other, _)| **other != number);
    others.flat_map(|(_, branch)| branch.legs.iter().flatten()).flat_map(|leg| [(leg.rtp, None), (leg.rtcp, None)]).collect()
}

impl End<'_> {
    /// Notes where the end listens; who says "send me nothing" by its address keeps the one it had.
    fn describe(&self, leg: &mut Leg) {
        let Some(connection) = self.description.connection_of(self.media).filter(|connection| !connection.hold) else { return };
        let described = connection.address.map(|address| {
            let (port, address) = (self.media.port, address.to_canonical());
            let rtcp = match self.media.rtcp {
                Some(rtcp) => SocketAddr::new(rtcp.address.map_or(address, |address| address.to_canonical()), rtcp.port),
                None => SocketAddr::new(address, port.wrapping_add(1)),
            };
            (SocketAddr::new(address, port), rtcp)
        });
        // An address of the other family cannot be sent to from here.
        leg.described = described.filter(|(rtp, _)| rtp.is_ipv6() == leg.local.bound.is_ipv6());
    }

    fn setups(&self, around: &Surroundings, leg: &Leg, peer: Option<&Leg>, formats: &[Option<(u8, u32)>; FORMATS]) -> [(Slot, Setup); 2] {
        let signalling = Some(self.side.source.to_canonical());
        let private = leg.described.is_none_or(|(address, _)| (around.is_nated)(address.ip()));
        let limit = match (self.side.authenticated, self.media.kind) {
            (true, _) => u64::MAX,
            (false, Kind::Audio) => STRANGER_AUDIO,
            (false, _) => STRANGER_OTHER,
        };
        let setup = |described, peer| Setup {
            mode: around.mode(self.side),
            expected: Expected { described, signalling, private },
            peer,
            mux: self.media.rtcp_mux,
            opaque: !self.media.protocol.is_rtp(),
            formats: *formats,
            limit,
        };
        [(leg.rtp, setup(leg.described.map(|both| both.0), peer.map(|peer| peer.rtp))), (leg.rtcp, setup(leg.described.map(|both| both.1), peer.map(|peer| peer.rtcp)))]
    }
}

/// Payload types that either description names: which of the two counts for a direction, devices see differently.
fn formats(caller: End<'_>, callee: End<'_>) -> [Option<(u8, u32)>; FORMATS] {
    let mut all = [None; FORMATS];
    let mut places = all.iter_mut();
    let mut known = Vec::new();
    for end in [callee, caller] {
        for codec in end.description.codecs(end.media) {
            if known.contains(&codec.payload) {
                continue;
            }
            known.push(codec.payload);
            // All packets of an event share one timestamp.
            let clock = if codec.name.eq_ignore_ascii_case("telephone-event") { 0 } else { codec.clock };
            if let Some(place) = places.next() {
                *place = Some((codec.payload, clock));
            }
        }
    }
    all
}
