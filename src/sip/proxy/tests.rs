use types::Machine;

use super::*;
use crate::header::{Address, Transport, Via};
use crate::{Method, Name};

mod play;
mod random;

use play::{INVITE, Play, is_own, octets, request, secret};

/// What goes upstream, without ACKs and 100 of an endpoint.
fn shown(play: &mut Play) -> String {
    let done = play.done();
    let words = done.split(", ").filter(|word| !word.starts_with("ACK"));
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_call_passes_both_ways() {
    let mut play = Play::new(INVITE);
    play.add(&[("b", 1000, 0)]);
    let sent = &play.sent[&BranchId(0)];
    assert_eq!(sent.uri_octets(), b"sip:b@192.0.2.99");
    assert_eq!(sent.max_forwards(), Ok(Some(11)));
    assert_eq!(sent.value(Name::MaxBreadth), Some(&b"52"[..]));
    let vias: Vec<Via<'_>> = sent.all(Name::Via).map(Result::unwrap).collect();
    assert_eq!(
        (vias[0].host(), vias[0].port()),
        ("proxy.example.com", Some(5060))
    );
    assert!(vias[0].wants_rport());
    let branch = vias[0].unique_branch().unwrap();
    assert!(branch.starts_with("z9hG4bK0000000000000001.") && branch.len() == 40);
    assert_eq!(vias[1].rport(), Some(5066));
    play.answer(0, 100).answer(0, 180).answer(0, 200);
    assert_eq!(play.done(), "INVITE 0, < 180, < 200, ended");
    let response = parse_response(&play.last);
    assert_eq!(response.all::<Via<'_>>(Name::Via).count(), 1);
    assert_eq!(response.to().unwrap().tag(), Some("b0"));
    // Nobody told the context any more; it strays, and goes the same way.
    assert_eq!(play.until(40_000).finals, [200]);
}

fn parse_response(text: &str) -> Response {
    match crate::parse(octets(text), &crate::Limits::OURS) {
        crate::Parsed::Message(crate::Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_answer_cancels_the_others_when_they_may_be() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 500, 0), ("b", 500, 0), ("c", 500, 0)]);
    play.answer(0, 180).answer(1, 180).answer(1, 200);
    assert_eq!(
        play.done(),
        "INVITE 0, INVITE 1, INVITE 2, < 180, < 180, < 200, CANCEL 0"
    );
    let cancel = &play.cancels[&BranchId(0)];
    assert_eq!(
        cancel.value(Name::Reason),
        Some(&b"SIP;cause=200;text=\"Call completed elsewhere\""[..])
    );
    assert_eq!(
        Some(cancel.via().unwrap().branch()),
        play.sent
            .get(&BranchId(0))
            .map(|sent| sent.via().unwrap().branch())
    );
    // The third is cancelled once it has said anything, and what it says goes no further.
    play.answer(2, 183).answer(0, 487).answer(2, 487);
    assert_eq!(play.done(), "CANCEL 2, ACK 0, ACK 2, ended");
    assert_eq!(play.finals, [200]);
}

#[test]
fn several_answers_are_all_passed_on() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 500, 0), ("b", 500, 0)]);
    play.answer(0, 180).answer(1, 180);
    play.answer(0, 200).answer(1, 200);
    assert_eq!(
        play.done(),
        "INVITE 0, INVITE 1, < 180, < 180, < 200, CANCEL 1, < 200, ended"
    );
    // A 2xx from a fork further on.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 500, 0), ("b", 500, 0)]);
    play.answer(0, 200).answer(0, 200);
    assert_eq!(play.done(), "INVITE 0, INVITE 1, < 200, < 200");
    play.until(33_000);
    assert_eq!((play.finals.len(), play.ended), (2, 1));
}

#[test]
fn the_best_response_goes_back() {
    // Responses of branches in order of time, and what goes upstream.
    let table: &[(&[u16], u16)] = &[
        (&[404], 404),
        (&[486, 404], 404),
        (&[404, 486], 486),
        (&[500, 486], 486),
        (&[486, 302], 302),
        (&[302, 603], 603),
        (&[603, 600], 600),
        (&[486, 401, 404], 401),
        (&[486, 484, 480], 484),
        (&[486, 415, 480], 415),
        (&[486, 420, 480], 420),
        (&[408, 500], 500),
        (&[480, 408], 480),
        (&[408, 408], 408),
        (&[503, 503], 503),
        (&[503, 408], 500),
        (&[503, 504], 504),
        (&[504, 503], 500),
        (&[503, 404], 404),
        (&[487, 480], 480),
    ];
    for (statuses, best) in table {
        let mut play = Play::new(INVITE);
        for (branch, status) in statuses.iter().enumerate() {
            // Groups of their own, as a 6xx ends its group.
            let branch = u32::try_from(branch).unwrap();
            play.add(&[("a", 1000, branch)]);
            play.answer(branch, *status);
            for id in std::mem::take(&mut play.redirected) {
                play.input(Input::Redirect(id, Vec::new()));
            }
        }
        play.input(Input::Finish);
        assert_eq!(play.finals, [*best], "{statuses:?}");
        assert_eq!(play.ended, 1);
    }
    let mut play = Play::new(INVITE);
    play.input(Input::Finish);
    assert_eq!(play.done(), "< 480, ended");
    let mut play = Play::new(INVITE);
    play.input(Input::Result(404));
    assert_eq!(play.done(), "exhausted 404");
    play.add(&[]);
    assert_eq!(play.done(), "exhausted 404");
    play.input(Input::Finish);
    assert_eq!(play.done(), "< 404, ended");
}

#[test]
fn challenges_are_merged() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 1000, 0), ("c", 1000, 0)]);
    play.answer_with(
        0,
        401,
        &[(Name::WwwAuthenticate, "Digest realm=\"a\", nonce=\"1\"")],
    );
    let two = [
        (Name::ProxyAuthenticate, "Digest realm=\"b\", nonce=\"2\""),
        (Name::ProxyAuthenticate, "Digest realm=\"b2\", nonce=\"2\""),
    ];
    play.answer_with(1, 407, &two)
        .answer(2, 404)
        .input(Input::Finish);
    let response = parse_response(&play.last);
    let read = |name| -> Vec<String> {
        let values = response.values(name);
        values
            .map(|value| String::from_utf8(value.to_vec()).unwrap())
            .collect()
    };
    assert_eq!(response.status(), 407);
    assert_eq!(
        read(Name::WwwAuthenticate),
        ["Digest realm=\"a\", nonce=\"1\""]
    );
    assert_eq!(
        read(Name::ProxyAuthenticate),
        two.map(|(_, value)| value.to_owned())
    );
}

#[test]
fn preferences_come_one_after_the_other() {
    let mut play = Play::new(INVITE);
    play.add(&[("b", 500, 0), ("a", 1000, 0), ("c", 500, 0), ("d", 100, 0)]);
    assert_eq!(play.done(), "INVITE 0");
    assert_eq!(play.sent[&BranchId(0)].uri_octets(), b"sip:a@192.0.2.99");
    // At once when those before have failed.
    play.answer(0, 486);
    assert_eq!(shown(&mut play), "INVITE 1, INVITE 2");
    // After a while in any case.
    play.answer(1, 180).answer(2, 100).until(19_900);
    assert_eq!(shown(&mut play), "< 180");
    play.until(20_000);
    assert_eq!(shown(&mut play), "CANCEL 1, CANCEL 2, INVITE 3");
    play.answer(1, 487).answer(2, 487).answer(3, 404);
    assert_eq!(shown(&mut play), "exhausted 404");
    play.input(Input::Finish);
    assert_eq!(play.finals, [404]);
}

#[test]
fn groups_ring_at_the_same_time() {
    let mut play = Play::new(INVITE);
    play.add(&[
        ("a1", 1000, 1),
        ("b1", 1000, 2),
        ("a2", 500, 1),
        ("b2", 500, 2),
    ]);
    play.answer(0, 180).answer(1, 180);
    assert_eq!(play.done(), "INVITE 0, INVITE 1, < 180, < 180");
    // A 6xx ends its own group only.
    play.answer(0, 603);
    assert_eq!(shown(&mut play), "");
    play.until(20_000);
    assert_eq!(shown(&mut play), "CANCEL 1, INVITE 2");
    assert_eq!(play.sent[&BranchId(2)].uri_octets(), b"sip:b2@192.0.2.99");
    play.answer(1, 487).answer(2, 486);
    assert_eq!(shown(&mut play), "exhausted 603");
    // The rules know better.
    play.add(&[("voicemail", 1000, 3)]).answer(3, 200);
    assert_eq!(shown(&mut play), "INVITE 3, < 200, ended");
}

#[test]
fn callers_say_how_their_requests_fork() {
    let three: &[(&str, u16, u32)] = &[("a", 500, 0), ("b", 1000, 0), ("c", 500, 1)];
    let table = [
        ("no-fork", "INVITE 0"),
        ("sequential", "INVITE 0"),
        ("Parallel", "INVITE 0, INVITE 1, INVITE 2"),
        ("queue", "INVITE 0, INVITE 1"),
    ];
    for (directive, begun) in table {
        let field = format!("Request-Disposition: proxy, {directive}\r\nCSeq");
        let mut play = Play::new(&INVITE.replacen("CSeq", &field, 1));
        play.add(three);
        assert_eq!(play.done(), begun, "{directive}");
        play.answer(0, 404);
        let then = match directive {
            "no-fork" => "exhausted 404",
            "sequential" => "INVITE 1",
            _ => "",
        };
        if directive != "queue" {
            assert_eq!(shown(&mut play), then, "{directive}");
        }
    }
    let mut play = Play::new(&INVITE.replace("CSeq", "d: no-cancel\r\nCSeq"));
    play.add(&[("a", 500, 0), ("b", 500, 0)]);
    play.answer(0, 180).answer(1, 200);
    assert_eq!(play.done(), "INVITE 0, INVITE 1, < 180, < 200");
    play.answer(0, 486);
    assert_eq!(shown(&mut play), "ended");
}

#[test]
fn no_more_branches_than_allowed() {
    let config = Config {
        max_forks: 2,
        ..Config::default()
    };
    let mut play = Play::with(INVITE, config);
    let all: Vec<_> = (0..20).map(|_| ("a", 1000, 0)).collect();
    play.add(&all);
    assert_eq!(play.done(), "INVITE 0, INVITE 1");
    for branch in 0..16 {
        play.answer(branch, 404);
    }
    assert!(play.done().ends_with("ACK 14, ACK 15, exhausted 404"));
    assert_eq!(play.sent.len(), 16);
    // As many as Max-Breadth leaves (RFC 5393 §5.3.3).
    let mut play = Play::new(&INVITE.replace("CSeq", "Max-Breadth: 2\r\nCSeq"));
    play.add(&[("a", 1000, 0), ("b", 1000, 0), ("c", 1000, 0)]);
    assert_eq!(play.done(), "INVITE 0, INVITE 1");
    let breadths = |play: &Play| -> Vec<String> {
        let mut sent: Vec<_> = play.sent.iter().collect();
        sent.sort_by_key(|(id, _)| **id);
        sent.iter()
            .map(|(_, sent)| sent.tokens(Name::MaxBreadth).collect())
            .collect()
    };
    assert_eq!(breadths(&play), ["1", "1"]);
    play.answer(0, 404);
    assert_eq!(breadths(&play), ["1", "1", "1"]);
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 1000, 0)])
        .add(&[("c", 1000, 0)]);
    assert_eq!(breadths(&play), ["26", "26", "1"]);
}

#[test]
fn timer_c_ends_what_rings_for_ever() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 180).until(100_000);
    play.answer(0, 180).until(289_900);
    assert_eq!(play.done(), "INVITE 0, < 180, < 180");
    // A 100 says nothing new.
    play.answer(0, 100).until(290_000);
    assert_eq!(play.done(), "CANCEL 0");
    play.input(Input::Finish).until(322_100);
    assert!(play.done().ends_with("< 408, ended"));
    // In time after all.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 180).until(190_000);
    play.answer(0, 487);
    assert!(shown(&mut play).ends_with("CANCEL 0, exhausted 408"));
    // A driver that never finds the way.
    let mut play = Play::new(INVITE);
    let lost = Target::new("sip:a@b", 0).unwrap();
    play.proxy.handle(play.now, Input::Add(vec![lost]));
    assert!(matches!(play.proxy.poll(), Some(Output::Branch(..))));
    play.input(Input::Finish).until(190_000);
    assert_eq!(play.finals, [408]);
}

#[test]
fn silence_and_lost_ways_lead_to_the_next_flow() {
    let mut play = Play::new(INVITE);
    let target = Target::new("sip:a@b", 2).unwrap();
    play.input(Input::Add(vec![target]));
    let first = play.sent[&BranchId(0)]
        .via()
        .unwrap()
        .branch()
        .unwrap()
        .to_owned();
    play.unreachable(0).answer(0, 503);
    let last = play.sent[&BranchId(0)]
        .via()
        .unwrap()
        .branch()
        .unwrap()
        .to_owned();
    assert_ne!(first, last);
    assert_eq!(shown(&mut play), "INVITE 0, INVITE 0, INVITE 0");
    play.until(33_000);
    assert!(play.done().ends_with("exhausted 408"));
    // Not behind the back of somebody who rings, nor when it is cancelled.
    let mut play = Play::new(INVITE);
    play.input(Input::Add(vec![Target::new("sip:a@b", 2).unwrap()]));
    play.answer(0, 180).answer(0, 503).input(Input::Finish);
    assert_eq!(
        shown(&mut play),
        "INVITE 0, < 180, exhausted 503, < 503, ended"
    );
    let mut play = Play::new(INVITE);
    play.input(Input::Add(vec![Target::new("sip:a@b", 2).unwrap()]));
    play.follow(&Method::Cancel, "").unreachable(0);
    assert_eq!(shown(&mut play), "INVITE 0, < 200, < 487, ended");
}

#[test]
fn a_caller_cancels() {
    // Before anything was said, after, and too late.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 1000, 0), ("c", 500, 0)])
        .answer(0, 180);
    play.follow(&Method::Cancel, "Reason: Q.850;cause=16\r\n");
    assert_eq!(play.done(), "INVITE 0, INVITE 1, < 180, < 200, CANCEL 0");
    assert_eq!(
        play.cancels[&BranchId(0)].value(Name::Reason),
        Some(&b"Q.850;cause=16"[..])
    );
    play.answer(1, 100).answer(1, 180).answer(0, 487);
    assert_eq!(shown(&mut play), "CANCEL 1");
    play.answer(1, 487);
    assert_eq!(shown(&mut play), "< 487, ended");
    assert!(play.last.contains(";tag=b1"));
    // It was answered while the CANCEL was under way.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 180);
    play.follow(&Method::Cancel, "").answer(0, 200);
    assert_eq!(
        play.done(),
        "INVITE 0, < 180, < 200, CANCEL 0, < 200, ended"
    );
    assert_eq!(play.finals, [200]);
    // It was answered before.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 200);
    play.follow(&Method::Cancel, "");
    assert_eq!(play.done(), "INVITE 0, < 200, ended, < 200");
    // Nothing was tried yet, or all had failed.
    let mut play = Play::new(INVITE);
    play.follow(&Method::Cancel, "");
    assert_eq!(play.done(), "< 200, < 487, ended");
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 486);
    play.follow(&Method::Cancel, "");
    assert_eq!(
        shown(&mut play),
        "INVITE 0, exhausted 486, < 200, < 487, ended"
    );
    // The branch says nothing any more.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 180);
    play.follow(&Method::Cancel, "").until(32_100);
    assert!(play.done().ends_with("< 487, ended"));
}

#[test]
fn rules_divert() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 500, 0)]).answer(0, 180);
    play.input(Input::Stop(None)).add(&[("voicemail", 1000, 1)]);
    assert_eq!(play.done(), "INVITE 0, < 180, CANCEL 0, INVITE 1");
    play.answer(0, 487).answer(1, 200);
    assert_eq!(shown(&mut play), "< 200, ended");
    // A race that the one who was stopped wins.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 180);
    play.input(Input::Stop(Some(0))).add(&[("v", 1000, 1)]);
    play.answer(0, 200).answer(1, 180);
    assert_eq!(
        play.done(),
        "INVITE 0, < 180, CANCEL 0, INVITE 1, < 200, CANCEL 1"
    );
}

#[test]
fn redirections_are_the_drivers_to_follow() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 302);
    assert_eq!(shown(&mut play), "INVITE 0, redirected 0");
    let other = Target::new("sip:c@192.0.2.99?Subject=x", 0).unwrap();
    assert_eq!(other.uri(), "sip:c@192.0.2.99");
    play.input(Input::Redirect(BranchId(0), vec![other]));
    play.answer(1, 486).input(Input::Finish);
    assert_eq!(shown(&mut play), "INVITE 1, exhausted 486, < 486, ended");
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 302);
    play.input(Input::Finish)
        .input(Input::Redirect(BranchId(0), Vec::new()));
    assert_eq!(shown(&mut play), "INVITE 0, redirected 0, < 302, ended");
    // Somebody else answers, or the driver is gone.
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 1000, 0)]).answer(0, 302);
    play.answer(1, 200);
    assert_eq!(
        shown(&mut play),
        "INVITE 0, INVITE 1, redirected 0, < 200, ended"
    );
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0)]).answer(0, 302);
    play.input(Input::Finish).until(190_000);
    assert_eq!(play.finals, [302]);
}

#[test]
fn other_requests_have_no_provisional_responses() {
    let message = INVITE.replace("INVITE", "MESSAGE");
    let mut play = Play::new(&message);
    play.add(&[("a", 1000, 0), ("b", 1000, 0)]);
    play.answer(0, 100).answer(0, 180).answer(1, 200);
    assert_eq!(play.done(), "MESSAGE 0, MESSAGE 1, < 200, ended");
    assert_eq!(play.answer(0, 200).finals, [200]);
    // A 408 tells its client nothing that it does not know (RFC 4320 §4.2).
    let mut play = Play::new(&message);
    play.add(&[("a", 1000, 0)]).input(Input::Finish);
    play.until(60_000);
    assert_eq!(play.finals, []);
    assert_eq!(play.ended, 1);
    let mut play = Play::new(&message);
    play.add(&[("a", 1000, 0)])
        .answer(0, 408)
        .input(Input::Finish);
    assert_eq!((play.finals.len(), play.ended), (0, 1));
    // Nor can it be cancelled.
    let mut play = Play::new(&message);
    play.add(&[("a", 1000, 0), ("b", 500, 0)]).answer(0, 100);
    play.until(20_100);
    assert!(play.cancels.is_empty() && play.sent.len() == 2);
}

#[test]
fn requests_are_checked() {
    let with = |field: &str| request(&INVITE.replace("CSeq", &format!("{field}\r\nCSeq")));
    let status = |request: &Request| check(request, &secret(), &["foo"]).err().map(|r| r.status);
    assert_eq!(status(&request(INVITE)), None);
    assert_eq!(status(&with("Proxy-Require: FOO")), None);
    assert_eq!(status(&with("Max-Breadth: 0")), Some(440));
    assert_eq!(status(&with("Max-Breadth: 1")), None);
    let zero = INVITE.replace("Max-Forwards: 12", "Max-Forwards: 0");
    assert_eq!(status(&request(&zero)), Some(483));
    let unknown = with("Proxy-Require: foo, bar, baz");
    let refusal = check(&unknown, &secret(), &["foo"]).unwrap_err();
    assert_eq!(refusal.fields, [(Name::Unsupported, "bar, baz".to_owned())]);
    let answer = refusal.answer(&unknown, "192.0.2.1:5066".parse().unwrap());
    let answer = parse_response(std::str::from_utf8(&answer).unwrap());
    assert_eq!(answer.status(), 420);
    assert_eq!(answer.value(Name::Unsupported), Some(&b"bar, baz"[..]));
    assert!(answer.to().unwrap().tag().is_some());
    // Without Max-Forwards it gets one.
    let mut play = Play::new(&INVITE.replace("Max-Forwards: 12\r\n", ""));
    play.add(&[("a", 1000, 0)]);
    assert_eq!(play.sent[&BranchId(0)].max_forwards(), Ok(Some(70)));
}

#[test]
fn loops_are_found_and_spirals_pass() {
    let status = |request: &Request, secret: &Secret| check(request, secret, &[]).err();
    let mut play = Play::new(INVITE);
    play.input(Input::Add(vec![
        Target::new("sip:bob@biloxi.com", 0).unwrap(),
        Target::new("sip:robert@biloxi.com", 0).unwrap(),
    ]));
    let same = play.sent[&BranchId(0)].clone();
    let other = play.sent[&BranchId(1)].clone();
    // It went elsewhere under the same URI and came back.
    assert_eq!(status(&same, &secret()).map(|r| r.status), Some(482));
    assert_eq!(status(&other, &secret()), None);
    // To another server it is nothing to worry about.
    assert_eq!(status(&same, &Secret::new([8; 16])), None);
    // The spiral comes back as it first came.
    let spiral = other.as_bytes().to_vec();
    let spiral = String::from_utf8(spiral).unwrap();
    let mut second = Play::new(&spiral);
    second.input(Input::Add(vec![
        Target::new("sip:bob@biloxi.com", 0).unwrap(),
    ]));
    let back = second.sent[&BranchId(0)].clone();
    assert_eq!(status(&back, &secret()).map(|r| r.status), Some(482));
    // Another Route or other credentials lead elsewhere.
    for field in [
        "Route: <sip:edge.example.com;lr>",
        "Proxy-Authorization: Digest a=b",
    ] {
        let text = String::from_utf8(same.as_bytes().to_vec()).unwrap();
        let changed = request(&text.replace("CSeq", &format!("{field}\r\nCSeq")));
        assert_eq!(status(&changed, &secret()), None, "{field}");
    }
}

/// Request URI and Route of a request that came with these.
fn routed(
    uri: &str,
    routes: &[&str],
    target: Option<(&str, &[&str])>,
) -> (String, Vec<String>, String) {
    let lines: String = routes
        .iter()
        .map(|route| format!("Route: {route}\r\n"))
        .collect();
    let text =
        INVITE
            .replacen("sip:bob@biloxi.com", uri, 1)
            .replacen("CSeq", &format!("{lines}CSeq"), 1);
    let mut play = Play::new(&text);
    let uri = play
        .proxy
        .routing()
        .uri(play.proxy.request())
        .unwrap()
        .text()
        .to_owned();
    let (uri, route) = target.unwrap_or((&uri, &[]));
    let mut target = Target::new(uri, 0).unwrap();
    target.route = route.iter().map(|route| (*route).to_owned()).collect();
    play.proxy.handle(play.now, Input::Add(vec![target]));
    let Some(Output::Branch(id, _)) = play.proxy.poll() else {
        panic!("no branch");
    };
    let hop = play.proxy.next_hop(id).unwrap().text().to_owned();
    let outgoing = Outgoing {
        transport: Transport::Tls,
        sent_by: "proxy.example.com",
        random: 1,
        record_route: &[
            "<sip:o@proxy.example.com;lr>".to_owned(),
            "<sip:i@proxy.example.com;lr>".to_owned(),
        ],
    };
    let octets = play.proxy.forward(play.now, id, &outgoing, |splice| {
        splice.append(Name::Organization, "Ours");
    });
    let sent = request(std::str::from_utf8(&octets.unwrap()).unwrap());
    assert_eq!(sent.value(Name::Organization), Some(&b"Ours"[..]));
    let recorded: Vec<_> = sent
        .all::<Address<'_>>(Name::RecordRoute)
        .map(|a| a.unwrap().uri.user())
        .collect();
    assert_eq!(recorded, [Some("o"), Some("i")]);
    let items = sent
        .items(Name::Route)
        .map(|item| String::from_utf8(item.to_vec()).unwrap());
    (
        String::from_utf8(sent.uri_octets().to_vec()).unwrap(),
        items.collect(),
        hop,
    )
}

#[test]
fn routes_are_followed() {
    let own = "<sip:proxy.example.com;lr>";
    let own_twice = "<sip:proxy.example.com:5061;lr>, <sip:proxy.example.com;lr>";
    let next = "<sip:edge.example.com;lr>";
    let strict = "<sip:strict.example.com>";
    let bob = "sip:bob@10.0.0.1";
    type Case<'a> = (
        &'a str,
        &'a [&'a str],
        Option<(&'a str, &'a [&'a str])>,
        (&'a str, &'a [&'a str], &'a str),
    );
    let table: &[Case<'_>] = &[
        (bob, &[], None, (bob, &[], bob)),
        (bob, &[own], None, (bob, &[], bob)),
        (bob, &[own_twice], None, (bob, &[], bob)),
        (
            bob,
            &[own, next],
            None,
            (bob, &[next], "sip:edge.example.com;lr"),
        ),
        (
            bob,
            &["<sip:proxy.example.com;lr>, <sip:edge.example.com;lr>", own],
            None,
            (bob, &[next, own], "sip:edge.example.com;lr"),
        ),
        // A strict router came before (RFC 3261 §16.12.1.2).
        (
            "sip:proxy.example.com;lr",
            &["<sip:bob@10.0.0.1>"],
            None,
            (bob, &[], bob),
        ),
        (
            "sip:proxy.example.com;lr",
            &[next, "<sip:bob@10.0.0.1>"],
            None,
            (bob, &[next], "sip:edge.example.com;lr"),
        ),
        (
            "sip:proxy.example.com;lr",
            &[own, next, "<sip:bob@10.0.0.1>"],
            None,
            (bob, &[next], "sip:edge.example.com;lr"),
        ),
        // A strict router comes next.
        (
            bob,
            &[own, strict, next],
            None,
            (
                "sip:strict.example.com",
                &[next, "<sip:bob@10.0.0.1>"],
                "sip:strict.example.com",
            ),
        ),
        // The path of a binding.
        (
            "sip:bob@biloxi.com",
            &[own],
            Some((bob, &[next])),
            (bob, &[next], "sip:edge.example.com;lr"),
        ),
        (
            "sip:bob@biloxi.com",
            &[],
            Some((bob, &[next, own])),
            (bob, &[next, own], "sip:edge.example.com;lr"),
        ),
        (
            "sip:bob@biloxi.com",
            &[],
            Some((bob, &[strict])),
            (
                "sip:strict.example.com",
                &["<sip:bob@10.0.0.1>"],
                "sip:strict.example.com",
            ),
        ),
        // Ours without a route is a request to us.
        (
            "sip:proxy.example.com;lr",
            &[],
            None,
            ("sip:proxy.example.com;lr", &[], "sip:proxy.example.com;lr"),
        ),
    ];
    for (uri, routes, target, (wanted, left, hop)) in table {
        let found = routed(uri, routes, *target);
        assert_eq!(found.0, *wanted, "{uri} {routes:?}");
        assert_eq!(found.1, *left, "{uri} {routes:?}");
        assert_eq!(found.2, *hop, "{uri} {routes:?}");
    }
    let text = INVITE
        .replacen("sip:bob@biloxi.com", "sip:proxy.example.com;lr;pa=1", 1)
        .replace(
            "CSeq: 7",
            "Route: <sip:proxy.example.com;lr;pa=2>, <sip:bob@a>\r\nCSeq: 7",
        );
    let read = request(&text);
    let routing = Routing::new(&read, is_own).unwrap();
    let tokens: Vec<_> = routing
        .own(&read)
        .map(|uri| uri.param("pa").unwrap())
        .collect();
    assert_eq!(tokens, ["1", "2"]);
    assert_eq!(routing.left(&read).count(), 0);
    assert!(Routing::new(&request(&text.replace("<sip:bob@a>", "<sip:bob@a")), is_own).is_err());
}

#[test]
fn acks_and_strays_pass_without_state() {
    let text = INVITE
        .replace("INVITE", "ACK")
        .replacen("sip:bob@biloxi.com", "sip:bob@10.0.0.1", 1)
        .replace("CSeq", "Route: <sip:proxy.example.com;lr>\r\nCSeq");
    let ack = request(&text);
    let checked = check(&ack, &secret(), &[]).unwrap();
    let routing = Routing::new(&ack, is_own).unwrap();
    let outgoing = Outgoing {
        transport: Transport::Tcp,
        sent_by: "proxy.example.com",
        random: 9,
        record_route: &[],
    };
    let source = "203.0.113.9:4000".parse().unwrap();
    let octets = forward_ack(&ack, source, &checked, &routing, &outgoing, |_| ());
    let sent = request(std::str::from_utf8(&octets).unwrap());
    assert_eq!(*sent.method(), Method::Ack);
    assert_eq!(sent.uri_octets(), b"sip:bob@10.0.0.1");
    assert_eq!(sent.values(Name::Route).count(), 0);
    assert_eq!(sent.max_forwards(), Ok(Some(11)));
    let vias: Vec<Via<'_>> = sent.all(Name::Via).map(Result::unwrap).collect();
    assert_eq!(vias[0].transport(), Some(Transport::Tcp));
    assert_eq!(vias[1].rport(), Some(4000));
    let answer = crate::Writer::reply(&sent, 200, "", "b", source).finish();
    let stray = parse_response(std::str::from_utf8(&answer).unwrap());
    let next = next_via(&stray, |via| via.host() == "proxy.example.com").unwrap();
    assert_eq!(next.response_target(), ("203.0.113.9", Some(4000)));
    assert!(next_via(&stray, |via| via.host() == "192.0.2.1").is_none());
    let back = relay(&stray, |_| ());
    let back = parse_response(std::str::from_utf8(&back).unwrap());
    assert_eq!(back.all::<Via<'_>>(Name::Via).count(), 1);
    assert!(next_via(&back, |_| true).is_none());
    assert_eq!(trying(&request(INVITE), source).slice(..11), "SIP/2.0 100");
}

#[test]
fn nobody_waits() {
    let mut play = Play::new(INVITE);
    play.add(&[("a", 1000, 0), ("b", 1000, 0)]).answer(0, 180);
    play.input(Input::Abandoned);
    assert_eq!(play.done(), "INVITE 0, INVITE 1, < 180, CANCEL 0");
    play.answer(0, 487).answer(1, 200);
    assert_eq!(shown(&mut play), "ended");
    assert_eq!(play.finals, []);
}
