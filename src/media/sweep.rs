//! Looking after calls: silence one way, silence both ways, calls that nobody ends (media.md §8).

use std::collections::HashMap;

use model::media::MediaEnd;
use rtp::{Coding, SECOND, Silent, Verdict, verdict};
use uuid::Uuid;

use crate::endpoint::{Slot, Snapshot};
use crate::thread::Thread;

/// Sweeps after which each call was looked at.
const PARTS: usize = 10;
/// A call that is not answered, and whose end nobody tells.
const UNANSWERED: u64 = 900 * SECOND;

/// Packets from elsewhere in a second that are worth telling.
const INTRUSION: u64 = 100;

/// What is heard is judged over so long at a time,
const HEARING: u64 = 5 * SECOND;
/// of so many packets at least, as fewer are a pause;
const FEWEST: u64 = 20;
/// bad is an estimate below this,
const BAD: f64 = 3.1;
/// and worth telling after this time (media.md §8).
const BAD_FOR: u64 = 30 * SECOND;

/// A call to look after.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) call: Uuid,
    /// When it began, or was described anew.
    pub(crate) since: u64,
    /// When it was answered.
    pub(crate) answered: Option<u64>,
    /// Silence of both after which it is given up.
    pub(crate) timeout: u64,
    /// Early media ends then.
    pub(crate) early_until: Option<u64>,
    pub(crate) streams: Vec<WatchedStream>,
    pub(crate) told: Told,
}

/// What was said of a call already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    timeout: bool,
    intrusion: bool,
    /// Packets from elsewhere when it was last looked at, and when that was.
    foreign: (u64, u64),
}

/// One m-line: the endpoints of both ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WatchedStream {
    pub(crate) index: usize,
    pub(crate) caller: Watched,
    pub(crate) callee: Watched,
    pub(crate) said: [bool; 2],
    /// How each end is heard, the caller first.
    pub(crate) hearing: [Hearing; 2],
}

/// How an end was heard when one last looked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hearing {
    at: Option<u64>,
    expected: u64,
    lost: u64,
    bad_since: Option<u64>,
    told: bool,
}

impl Hearing {
    /// What is amiss and was not said yet: for how long, the estimate, loss in percent.
    fn judge(&mut self, now: u64, end: &Watched, seen: &Snapshot) -> Option<Poor> {
        let began = self.at.unwrap_or(now);
        if self.at.is_some() && now.saturating_sub(began) < HEARING {
            return None;
        }
        let (expected, lost) = (seen.stream.expected(), seen.stream.lost());
        let (came, missing) = (expected.saturating_sub(self.expected), lost.saturating_sub(self.lost));
        (self.at, self.expected, self.lost) = (Some(now), expected, lost);
        let coding = end.codings.iter().flatten().find(|(payload, _)| *payload == seen.stream.payload).map(|(_, coding)| *coding);
        let Some(coding) = coding.filter(|_| began < now && came >= FEWEST) else {
            self.bad_since = None;
            return None;
        };
        let loss = 100.0 * missing as f64 / came as f64;
        let round_trip = seen.round_trip.map_or(0.0, |micros| micros as f64 / 1000.0);
        let mos = rtp::mos(coding, loss, round_trip, seen.stream.jitter_ms());
        if mos >= BAD {
            (self.bad_since, self.told) = (None, false);
            return None;
        }
        let lasts = now - *self.bad_since.get_or_insert(began);
        (lasts >= BAD_FOR && !std::mem::replace(&mut self.told, true)).then_some(Poor { lasts, mos, loss })
    }
}

/// Something that is heard badly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Poor {
    pub(crate) lasts: u64,
    pub(crate) mos: f64,
    /// In percent.
    pub(crate) loss: f64,
}

/// One end of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) slot: Slot,
    pub(crate) promised: bool,
    pub(crate) shown_private: bool,
    pub(crate) port: u16,
    /// Its codecs of which is known how they bear loss, by payload type.
    pub(crate) codings: [Option<(u8, Coding)>; 4],
}

/// What a thread has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    OneWay { call: Uuid, index: usize, verdict: Verdict, now: u64 },
    Quality { call: Uuid, index: usize, from: MediaEnd, poor: Poor },
    Timeout { call: Uuid, seconds: u64 },
    Abandoned { call: Uuid },
    Intrusion { call: Uuid, per_second: u64 },
    Exhausted { address: std::net::IpAddr },
    Stop,
}

/// The calls of a thread.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    watches: Vec<Watch>,
    places: HashMap<Uuid, usize>,
    next: usize,
}

impl Sweep {
    pub(crate) fn watch(&mut self, mut watch: Watch) {
        match self.places.get(&watch.call).and_then(|at| self.watches.get_mut(*at)) {
            Some(place) => {
                for stream in &mut watch.streams {
                    if let Some(old) = place.streams.iter().find(|old| old.index == stream.index) {
                        (stream.said, stream.hearing) = (old.said, old.hearing);
                    }
                }
                watch.told = Told { timeout: false, ..place.told };
                *place = watch;
            }
            None => {
                self.places.insert(watch.call, self.watches.len());
                self.watches.push(watch);
            }
        }
    }

    pub(crate) fn forget(&mut self, call: Uuid) {
        let Some(at) = self.places.remove(&call) else { return };
        if at < self.watches.len() {
            self.watches.swap_remove(at);
        }
        if let Some(moved) = self.watches.get(at) {
            self.places.insert(moved.call, at);
        }
    }
}

impl Thread {
    /// Looks at a part of the calls.
    pub(crate) fn look_around(&mut self, now: u64) {
        self.close_due(now);
        let count = self.sweep.watches.len();
        for _ in 0..count.div_ceil(PARTS) {
            self.sweep.next = if self.sweep.next + 1 < count { self.sweep.next + 1 } else { 0 };
            let Some(mut watch) = self.sweep.watches.get(self.sweep.next).cloned() else { return };
            self.look_at(now, &mut watch);
            if let Some(place) = self.sweep.watches.get_mut(self.sweep.next) {
                *place = watch;
            }
        }
    }

    pub(crate) fn look_at(&mut self, now: u64, watch: &mut Watch) {
        let (mut heard, mut foreign) = (watch.since, 0);
        let answered = watch.answered;
        for stream in &mut watch.streams {
            let mut poor = [None; 2];
            let mut leg = |end: Watched, place: usize| {
                let snapshot = self.endpoint(end.slot)?.snapshot(end.slot);
                heard = heard.max(snapshot.tally.heard.unwrap_or(0));
                foreign += snapshot.counters.foreign;
                if let Some((hearing, poor)) = stream.hearing.get_mut(place).zip(poor.get_mut(place)).filter(|_| answered.is_some()) {
                    *poor = hearing.judge(now, &end, &snapshot);
                }
                Some(snapshot.leg(end.promised, end.shown_private, end.port))
            };
            let (Some(caller), Some(callee)) = (leg(stream.caller, 0), leg(stream.callee, 1)) else { continue };
            for (from, poor) in [MediaEnd::Caller, MediaEnd::Callee].into_iter().zip(poor).filter_map(|(from, poor)| Some((from, poor?))) {
                self.notify(Notice::Quality { call: watch.call, index: stream.index, from, poor });
            }
            let Some(answered) = watch.answered else { continue };
            let Some(found) = verdict(now, answered, &caller, &callee) else {
                stream.said = [false; 2];
                continue;
            };
            let said = match found.silent {
                Silent::Caller | Silent::Both => &mut stream.said[0],
                Silent::Callee => &mut stream.said[1],
            };
            if !std::mem::replace(said, true) {
                self.notify(Notice::OneWay { call: watch.call, index: stream.index, verdict: found, now });
            }
        }
        self.look_for_intrusion(now, watch, foreign);
        if watch.early_until.is_some_and(|until| now >= until) && watch.answered.is_none() {
            watch.early_until = None;
            let slots: Vec<Slot> = watch.streams.iter().map(|stream| stream.callee.slot).collect();
            for slot in slots {
                if let Some(endpoint) = self.endpoint(slot) {
                    endpoint.hot.peer = None;
                }
            }
        }
        let quiet = now.saturating_sub(heard);
        let (timeout, given_up) = if watch.answered.is_some() { (watch.timeout, 3 * watch.timeout) } else { (u64::MAX, UNANSWERED) };
        if quiet >= given_up {
            self.notify(Notice::Abandoned { call: watch.call });
        } else if quiet < timeout {
            watch.told.timeout = false;
        } else if !std::mem::replace(&mut watch.told.timeout, true) {
            self.notify(Notice::Timeout { call: watch.call, seconds: quiet / SECOND });
        }
    }

    /// Many packets from elsewhere in a second are no accident.
    fn look_for_intrusion(&self, now: u64, watch: &mut Watch, foreign: u64) {
        let (before, at) = watch.told.foreign;
        let passed = now.saturating_sub(at);
        // Of less than a second nothing can be said.
        if passed < SECOND {
            return;
        }
        watch.told.foreign = (foreign, now);
        let per_second = foreign.saturating_sub(before).saturating_mul(SECOND) / passed;
        if per_second > INTRUSION && !std::mem::replace(&mut watch.told.intrusion, true) {
            self.notify(Notice::Intrusion { call: watch.call, per_second });
        }
    }

    fn notify(&self, notice: Notice) {
        // Nobody listens any more only when everything stops.
        let _ = self.notices.send(notice);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::sync::mpsc::{Receiver, channel, sync_channel};
    use std::time::Instant;

    use rtp::{Expected, Mode, Why};

    use super::*;
    use crate::endpoint::{FORMATS, NewEndpoint, Setup};

    const CALL: Uuid = Uuid::from_u128(1);

    /// A thread that nobody runs, with a call of two endpoints; packets come by hand, at any time.
    struct Scene {
        thread: Thread,
        notices: Receiver<Notice>,
        ends: [UdpSocket; 2],
        watch: Watch,
        setups: Vec<Setup>,
        sequence: u16,
    }

    fn socket() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0").unwrap()
    }

    impl Scene {
        fn new() -> Self {
            let (notify, notices) = channel();
            let (_, orders) = sync_channel(1);
            let mut thread = Thread::new(Instant::now(), orders, notify, std::sync::Arc::default()).unwrap();
            let (ends, mut setups) = ([socket(), socket()], Vec::new());
            for (slot, end) in [(0, &ends[0]), (1, &ends[1])] {
                thread.open(0, NewEndpoint { slot, socket: socket(), rtcp: false, sibling: slot, bursts: false });
                let expected = Expected { described: Some(end.local_addr().unwrap()), ..Expected::default() };
                let mut formats = [None; FORMATS];
                formats[0] = Some((0, 8000));
                let setup = Setup { mode: Mode::Off, expected, peer: Some(1 - slot), mux: false, opaque: false, formats, limit: u64::MAX };
                thread.endpoint(slot).unwrap().configure(0, &setup);
                setups.push(setup);
            }
            let watched = |slot| Watched { slot, promised: true, shown_private: false, port: 20_000 + 2 * u16::try_from(slot).unwrap(), codings: [rtp::coding("PCMU").map(|coding| (0, coding)), None, None, None] };
            let streams = vec![WatchedStream { index: 0, caller: watched(0), callee: watched(1), said: [false; 2], hearing: Default::default() }];
            let watch = Watch { call: CALL, since: 0, answered: Some(0), timeout: 60 * SECOND, early_until: None, streams, told: Told::default() };
            Self { thread, notices, ends, watch, setups, sequence: 0 }
        }

        fn packets(&mut self, second: u64, end: usize, count: usize) {
            let from = self.ends[end].local_addr().unwrap();
            self.packets_from(second, end, count, from);
        }

        fn packets_from(&mut self, second: u64, end: usize, count: usize, from: SocketAddr) {
            for _ in 0..count {
                self.sequence += 1;
                let mut datagram = vec![0x80, 0];
                datagram.extend_from_slice(&self.sequence.to_be_bytes());
                datagram.extend_from_slice(&[0; 8]);
                self.thread.packet(second * SECOND, Slot::try_from(end).unwrap(), from, &datagram);
            }
        }

        fn packet(&mut self, second: u64, end: usize, sequence: u16) {
            let datagram = [&[0x80, 0][..], &sequence.to_be_bytes(), &[0; 8]].concat();
            let from = self.ends[end].local_addr().unwrap();
            self.thread.packet(second * SECOND, Slot::try_from(end).unwrap(), from, &datagram);
        }

        fn look(&mut self, second: u64) -> Vec<Notice> {
            self.look_in(second * SECOND)
        }

        fn look_in(&mut self, now: u64) -> Vec<Notice> {
            let mut watch = self.watch.clone();
            self.thread.look_at(now, &mut watch);
            self.watch = watch;
            self.notices.try_iter().collect()
        }
    }

    #[test]
    fn one_way_is_told_once_and_again_when_it_was_sound_between() {
        let mut scene = Scene::new();
        scene.packets(1, 0, 60);
        assert!(scene.look(9).is_empty());
        scene.packets(10, 0, 60);
        let [Notice::OneWay { call: CALL, index: 0, verdict, .. }] = scene.look(11)[..] else { panic!() };
        assert_eq!((verdict.silent, verdict.why, verdict.since, verdict.port), (Silent::Callee, Why::Firewall, 0, 20_002));
        assert!(scene.look(12).is_empty());
        scene.packets(12, 1, 60);
        scene.packets(13, 0, 60);
        assert!(scene.look(13).is_empty());
        scene.packets(24, 1, 60);
        let [Notice::OneWay { verdict, .. }] = scene.look(24)[..] else { panic!() };
        assert_eq!((verdict.silent, verdict.why, verdict.since), (Silent::Caller, Why::Stopped, 13 * SECOND));
    }

    #[test]
    fn a_port_where_nobody_listens_is_the_reason_and_no_packet_is_lost_by_being_told() {
        let mut scene = Scene::new();
        let closed = std::mem::replace(&mut scene.ends[1], socket()).local_addr().unwrap();
        let expected = Expected { described: Some(closed), ..Expected::default() };
        let setup = Setup { expected, ..scene.setups[1] };
        let endpoint = scene.thread.endpoint(1).unwrap();
        endpoint.hot.socket = crate::socket::open("127.0.0.1:0".parse().unwrap(), 0).unwrap();
        endpoint.configure(0, &setup);
        for second in 1..=10 {
            scene.packets(second, 0, 6);
            scene.thread.refused(1);
        }
        let from_caller = scene.thread.endpoint(0).unwrap();
        assert_eq!((from_caller.tally.forwarded, scene.thread.endpoint(1).unwrap().counters.send_errors), (60, 0));
        let [Notice::OneWay { verdict, .. }] = scene.look(11)[..] else { panic!() };
        assert_eq!((verdict.silent, verdict.why), (Silent::Callee, Why::Unreachable));
        // It listens again.
        let listening = UdpSocket::bind(closed).unwrap();
        scene.ends[1] = listening;
        scene.packets(12, 0, 1);
        let mut buffer = [0; 64];
        assert_eq!(scene.ends[1].recv(&mut buffer).unwrap(), 12);
        scene.packets(12, 1, 60);
        assert_eq!(scene.thread.endpoint(1).unwrap().tally.refusals, 0);
    }

    #[test]
    fn a_source_that_is_not_believed_is_the_reason() {
        let mut scene = Scene::new();
        scene.packets(10, 0, 60);
        scene.packets_from(10, 1, 60, "192.0.2.9:4000".parse().unwrap());
        let [Notice::OneWay { verdict, .. }] = scene.look(11)[..] else { panic!() };
        assert_eq!((verdict.silent, verdict.why), (Silent::Callee, Why::NotLatched));
    }

    #[test]
    fn packets_from_elsewhere_are_counted_over_a_second_however_often_a_call_is_looked_at() {
        let mut scene = Scene::new();
        let stranger = "192.0.2.9:4000".parse().unwrap();
        let mut told = Vec::new();
        for tenth in 0..40 {
            scene.packets_from(1 + tenth / 10, 1, 15, stranger);
            told.extend(scene.look_in(SECOND + tenth * SECOND / 10));
        }
        assert!(matches!(told[..], [Notice::Intrusion { call: CALL, per_second: 150 }]), "{told:?}");
    }

    #[test]
    fn many_packets_from_elsewhere_are_told_once() {
        let mut scene = Scene::new();
        let stranger = "192.0.2.9:4000".parse().unwrap();
        scene.packets_from(1, 1, 100, stranger);
        assert!(scene.look(1).is_empty());
        scene.packets_from(2, 1, 150, stranger);
        assert!(matches!(scene.look(2)[..], [Notice::Intrusion { call: CALL, per_second: 150 }]));
        scene.packets_from(3, 1, 150, stranger);
        assert!(scene.look(3).is_empty());
    }

    #[test]
    fn what_is_heard_badly_for_half_a_minute_is_told_once_until_it_is_better() {
        let mut scene = Scene::new();
        let mut sequences = [0_u16; 2];
        let mut run = |seconds: std::ops::Range<u64>, loses: bool| {
            let mut told = Vec::new();
            for second in seconds {
                for (end, sequence) in (0..).zip(&mut sequences) {
                    for n in 0..50 {
                        *sequence += 1;
                        if !(loses && end == 1 && n % 2 == 0) {
                            scene.packet(second, end, *sequence);
                        }
                    }
                }
                told.extend(scene.look(second).into_iter().map(|notice| match notice {
                    Notice::Quality { call: CALL, index: 0, from, poor } => (second, from, poor),
                    other => panic!("{other:?}"),
                }));
            }
            told
        };
        assert_eq!(run(1..20, false), []);
        let told = run(20..70, true);
        let [(second, MediaEnd::Callee, poor)] = told[..] else { panic!("{told:?}") };
        assert!((45..=56).contains(&second) && poor.lasts >= 30 * SECOND && poor.mos < 3.1 && (40.0..=60.0).contains(&poor.loss), "{told:?}");
        assert_eq!(run(70..90, false), []);
        assert_eq!(run(90..110, true), [], "not for half a minute yet");
        assert_eq!(run(110..140, true).len(), 1);
    }

    #[test]
    fn silence_of_both_ends_the_call_and_then_the_relay() {
        let mut scene = Scene::new();
        scene.packets(1, 0, 60);
        scene.packets(1, 1, 60);
        assert!(matches!(scene.look(12)[..], [Notice::OneWay { .. }]));
        assert!(scene.look(60).is_empty());
        assert!(matches!(scene.look(61)[..], [Notice::Timeout { call: CALL, seconds: 60 }]));
        assert!(scene.look(180).is_empty());
        assert!(matches!(scene.look(181)[..], [Notice::Abandoned { call: CALL }]));
    }

    #[test]
    fn a_call_that_rings_has_more_time() {
        let mut scene = Scene::new();
        scene.watch.answered = None;
        assert!(scene.look(899).is_empty());
        assert!(matches!(scene.look(900)[..], [Notice::Abandoned { call: CALL }]));
    }

    #[test]
    fn early_media_for_a_stranger_ends() {
        let mut scene = Scene::new();
        scene.watch.answered = None;
        scene.watch.early_until = Some(60 * SECOND);
        scene.look(59);
        assert_eq!(scene.thread.endpoint(1).unwrap().hot.peer, Some(0));
        scene.look(60);
        assert_eq!(scene.thread.endpoint(1).unwrap().hot.peer, None);
    }

    #[test]
    fn all_calls_have_their_turn_and_the_gone_are_forgotten() {
        let mut sweep = Sweep::default();
        let base = Scene::new().watch;
        for number in 0..5 {
            sweep.watch(Watch { call: Uuid::from_u128(number), ..base.clone() });
        }
        for gone in [0, 4, 2] {
            sweep.forget(Uuid::from_u128(gone));
        }
        sweep.forget(Uuid::from_u128(77));
        let mut left: Vec<_> = sweep.watches.iter().map(|watch| watch.call.as_u128()).collect();
        left.sort_unstable();
        assert_eq!(left, [1, 3]);
        for (call, at) in &sweep.places {
            assert_eq!(sweep.watches[*at].call, *call);
        }
    }

    #[test]
    fn a_limit_holds_in_each_second() {
        let mut scene = Scene::new();
        let setup = Setup { limit: 120, ..scene.setups[0] };
        scene.thread.endpoint(0).unwrap().configure(0, &setup);
        scene.packets(1, 0, 11);
        scene.packets(2, 0, 1);
        let endpoint = scene.thread.endpoint(0).unwrap();
        assert_eq!((endpoint.tally.forwarded, endpoint.counters.over_limit), (11, 1));
    }
}
