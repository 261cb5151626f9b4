//! Calls are found, and forks told apart.

use proptest::prelude::*;
use sip::header::Transport;

use super::*;

fn request() -> Request {
    let text = "INVITE sip:b@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@a>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    match parse(text.into(), &sip::Limits::DATAGRAM) {
        Parsed::Message(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add { caller: Option<u8>, address: u8, call_id: u8 },
    Callee(usize, u8),
    Alert(usize, u8),
    Answer(usize),
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let account = 0..4_u8;
    prop_oneof![
        (proptest::option::of(account.clone()), 0..3_u8, 0..3_u8).prop_map(|(caller, address, call_id)| Step::Add { caller, address, call_id }),
        (any::<usize>(), account.clone()).prop_map(|(call, account)| Step::Callee(call, account)),
        (any::<usize>(), account).prop_map(|(call, account)| Step::Alert(call, account)),
        any::<usize>().prop_map(Step::Answer),
        any::<usize>().prop_map(Step::End),
    ]
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(number.into())
}

fn flow(address: u8) -> Flow {
    Flow { id: 1, transport: Transport::Udp, address: ([192, 0, 2, address], 5060).into() }
}

fn add(calls: &mut Calls, caller: Option<u8>, address: u8, call_id: u8) -> Uuid {
    let flow = flow(address);
    let party = caller_party(&request(), &flow, caller.map(|account| (id(account), id(9))), caller.is_some());
    let mut record = begin(&request(), party, Vec::new());
    record.sip_call_id = call_id.to_string();
    let side = MediaSide { source: flow.address.ip(), lan: false, far_end_nat: false, authenticated: caller.is_some() };
    calls.add(Instant::now(), record, End { flow, side, by_flow: false, relay: MediaForce::Auto }, &request())
}

/// The same by looking at all calls.
fn agrees(calls: &Calls) {
    let live: Vec<&Call> = calls.live.values().collect();
    for account in (0..4).map(id) {
        for this in live.iter().map(|call| Some(call.record.id)).chain([None]) {
            let others = live.iter().filter(|call| Some(call.record.id) != this && call.has(account)).count();
            assert_eq!(calls.others_of(account, this), others);
        }
        let concerns = |call: &Call| call.has(account) || call.record.answered_at.is_none() && call.alerted.contains(&account);
        let mut found: Vec<Uuid> = calls.concerning(account).map(|call| call.record.id).collect();
        let mut all: Vec<Uuid> = live.iter().filter(|call| concerns(call)).map(|call| call.record.id).collect();
        (found.sort_unstable(), all.sort_unstable());
        assert_eq!(found, all);
    }
    for address in 0..3 {
        let ip = flow(address).address.ip();
        assert_eq!(calls.of_stranger(ip), live.iter().filter(|call| !call.record.caller.authenticated && call.caller.flow.address.ip() == ip).count());
    }
    for call_id in (0..3).map(|number| number.to_string()) {
        let with: Vec<&&Call> = live.iter().filter(|call| call.record.sip_call_id == call_id).collect();
        assert_eq!(calls.parties(&call_id).is_some(), !with.is_empty());
        for account in (0..4).map(id) {
            assert_eq!(calls.parties(&call_id).is_some_and(|parties| parties.contains(&account)), with.iter().any(|call| call.has(account)));
        }
    }
}

proptest! {
    #[test]
    fn calls_are_found_as_by_looking_at_all(steps in proptest::collection::vec(step(), 1..40)) {
        let (mut calls, mut ids) = (Calls::default(), Vec::new());
        for step in steps {
            let pick = |place: usize| ids.get(place % ids.len().max(1)).copied().unwrap_or_default();
            match step {
                Step::Add { caller, address, call_id } => {
                    let call = add(&mut calls, caller, address, call_id);
                    ids.push(call);
                }
                Step::Callee(call, account) => calls.set_callee(pick(call), id(account), id(9)),
                Step::Alert(call, account) => calls.alert(pick(call), id(account)),
                Step::Answer(call) => drop(calls.get_mut(pick(call)).map(|call| call.record.answered_at = Some(moment()))),
                Step::End(call) => drop(calls.end(pick(call), "answered", "caller")),
            }
            agrees(&calls);
        }
        ids.into_iter().for_each(|call| drop(calls.end(call, "answered", "caller")));
        prop_assert!(calls.index.is_empty(), "nothing is left behind");
    }
}

#[test]
fn forks_are_told_apart_by_their_tags() {
    let mut calls = Calls::default();
    let call = add(&mut calls, Some(1), 1, 1);
    let call = calls.get_mut(call).unwrap();
    for (tag, branch, address) in [("x", 0, 2), ("y", 1, 3), ("x", 1, 3)] {
        call.reach(tag, branch, End { flow: flow(address), by_flow: true, ..call.caller.clone() });
    }
    let at = |call: &Call, tag: Option<&str>| call.reached(tag).map(|one| (one.branch, one.end.flow.address.ip()));
    assert_eq!((at(call, Some("x")), at(call, Some("z")), at(call, None)), (Some((0, [192, 0, 2, 2].into())), None, None));
    assert!(call.callee().is_none());
    assert!(!call.is_late(Some("x")));
    call.win("y");
    assert_eq!([Some("x"), Some("y"), Some("z"), None].map(|tag| call.is_late(tag)), [true, false, false, false]);
    assert_eq!((at(call, Some("x")).unwrap().0, at(call, Some("z")).unwrap().0, at(call, None).unwrap().0), (0, 1, 1));
    assert_eq!(call.callee().unwrap().flow.address.ip(), IpAddr::from([192, 0, 2, 3]));
}
