//! Calls over real sockets of loopback. Nothing is waited for but packets; that one is not passed on shows when the one
//! sent after it is.

mod support;

use std::time::Duration;

use bytes::Bytes;
use model::media::{MediaForce, MediaSettings};
use service::media::{CaptureRefused, MediaBody, MediaControl, MediaEvent, MediaSide};
use uuid::Uuid;

use support::{AUDIO, Net, Phone, rtcp_receiver, rtcp_sender, rtp, shown};

#[test]
fn both_hear_each_other_and_only_the_relay() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let offer = net.offer(0, &a, &b);
    assert!(!offer.contains("127.0.1.1") && offer.contains("a=x-kept"));
    let answer = net.answer(0, false, &b);
    assert!(!answer.contains("127.0.2.1"));
    let (for_b, for_a) = (shown(&offer), shown(&answer));
    assert!((20_000..=31_999).contains(&for_a.port()) && for_a.port().is_multiple_of(2) && for_a != for_b);
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear(), (rtp(7, 1), for_b));
    b.send(for_b, &rtp(9, 50));
    assert_eq!(a.hear(), (rtp(9, 50), for_a));
    a.send_rtcp(for_a, &rtcp_receiver(7));
    assert_eq!(b.hear_rtcp().0, rtcp_receiver(7));
    let report = net.relay.end(net.call).unwrap();
    let [from_a, from_b] = report.streams.as_slice() else { panic!("{report:?}") };
    assert_eq!((from_a.packets, from_a.forwarded, from_a.rtcp_packets, from_a.codec.as_deref(), from_a.ssrc), (1, 1, 1, Some("PCMU"), Some(7)));
    assert_eq!((from_b.packets, from_b.latched.clone(), from_b.described.clone()), (1, Some(b.address().to_string()), Some(b.address().to_string())));
    assert_eq!(net.relay.stats().streams, 0);
    assert_eq!(net.relay.stats().ports_used, 0);
    assert!(net.relay.report(net.call).is_none());
}

#[test]
fn a_call_that_needs_no_relay_is_left_alone() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let body = a.describe(AUDIO);
    assert_eq!(net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Auto, "application/sdp", &body), Ok(MediaBody::Unchanged));
    assert_eq!(net.relay.answer(net.call, Some(0), false, false, "application/sdp", &b.describe(AUDIO)), Ok(MediaBody::Unchanged));
    let bad = "this is no description".into();
    assert_eq!(net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Auto, "application/sdp", &bad), Ok(MediaBody::Unchanged));
    assert_eq!(net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Always, "application/sdp", &bad).unwrap_err().status, 400);
    assert_eq!(net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Always, "text/plain", &bad), Ok(MediaBody::Unchanged));
    assert!(!net.relay.report(net.call).unwrap().relayed);
}

#[test]
fn a_stranger_is_not_heard_before_and_after_latching() {
    let net = Net::new(MediaSettings::default());
    let (a, b, stranger) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.3.1"));
    // Behind a NAT: what it describes is not from where it sends.
    let side = MediaSide { far_end_nat: true, ..a.side() };
    let hidden = a.describe_as("10.7.7.7", 4000, AUDIO);
    let offer = net.offer_of(0, &side, &b.side(), &hidden);
    let for_a = shown(&net.answer(0, false, &b));
    stranger.send(for_a, &rtp(66, 1));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    b.send(shown(&offer), &rtp(9, 1));
    assert_eq!(a.hear().0, rtp(9, 1));
    stranger.send(for_a, &rtp(7, 2));
    stranger.send(for_a, b"no media at all");
    a.send(for_a, &rtp(7, 2));
    assert_eq!(b.hear().0, rtp(7, 2));
    let report = net.relay.report(net.call).unwrap();
    let from_a = &report.streams[0];
    assert_eq!((from_a.foreign, from_a.implausible, from_a.packets), (2, 1, 2));
    assert_eq!((from_a.latching.as_str(), from_a.latched.clone(), from_a.described.as_deref()), ("strict", Some(a.address().to_string()), Some("10.7.7.7:4000")));
}

#[test]
fn ipv4_and_ipv6_meet() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("::1"));
    let body = a.describe(AUDIO);
    let MediaBody::Changed(offer) = net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Never, "application/sdp", &body).unwrap() else { panic!() };
    let offer = String::from_utf8(offer.to_vec()).unwrap();
    assert!(offer.contains("c=IN IP6 ::1\r\n"));
    let answer = net.answer(0, false, &b);
    assert!(answer.contains("c=IN IP4 127.0.0.1\r\n"));
    a.send(shown(&answer), &rtp(7, 1));
    assert_eq!(b.hear(), (rtp(7, 1), shown(&offer)));
    b.send(shown(&offer), &rtp(9, 1));
    assert_eq!(a.hear().0, rtp(9, 1));
}

#[test]
fn the_caller_hears_the_branch_that_spoke_last_and_then_the_one_that_won() {
    let net = Net::new(MediaSettings::default());
    let (a, b, c) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.3.1"));
    let (to_b, to_c) = (shown(&net.offer(1, &a, &b)), shown(&net.offer(2, &a, &c)));
    assert_ne!(to_b, to_c);
    let for_a = shown(&net.answer(1, true, &b));
    b.send(to_b, &rtp(9, 1));
    assert_eq!(a.hear().0, rtp(9, 1));
    assert_eq!(shown(&net.answer(2, true, &c)), for_a, "the caller's port is the same for all branches");
    b.send(to_b, &rtp(9, 2));
    c.send(to_c, &rtp(10, 1));
    assert_eq!(a.hear().0, rtp(10, 1));
    // The same preview again is no news.
    net.answer(1, true, &b);
    b.send(to_b, &rtp(9, 3));
    c.send(to_c, &rtp(10, 2));
    assert_eq!(a.hear().0, rtp(10, 2));
    net.answer(1, false, &b);
    net.relay.branch_won(net.call, 1);
    c.send(to_c, &rtp(10, 3));
    b.send(to_b, &rtp(9, 4));
    assert_eq!(a.hear().0, rtp(9, 4));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    assert_eq!(net.relay.stats().streams, 2);
}

#[test]
fn a_branch_that_failed_gives_its_ports_back() {
    let net = Net::new(MediaSettings::default());
    let (a, b, c) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.3.1"));
    net.offer(1, &a, &b);
    net.offer(2, &a, &c);
    assert_eq!(net.relay.stats().streams, 3);
    net.relay.branch_ended(net.call, 1);
    assert_eq!(net.relay.stats().streams, 2);
    let for_a = shown(&net.answer(2, false, &c));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(c.hear().0, rtp(7, 1));
}

#[test]
fn hold_and_resume_keep_ports_and_a_moved_phone_is_learnt_anew() {
    let net = Net::new(MediaSettings::default());
    let (a, b, moved) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.1.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    let for_a = shown(&net.answer(0, false, &b));
    net.relay.branch_won(net.call, 0);
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    let held = net.in_dialog(true, &a, &b, &a.describe_as("0.0.0.0", a.address().port(), AUDIO));
    assert!(held.ends_with("a=inactive\r\n") && held.contains(" 2 IN IP4 "), "{held}");
    assert_eq!(shown(&held), to_b);
    let agreed = net.in_dialog_answer(false, &b.describe(&format!("{AUDIO}a=inactive\r\n")));
    assert_eq!(shown(&agreed), for_a);
    // The other end changes its address in the offer that resumes.
    let resumed = net.in_dialog(true, &moved, &b, &moved.describe(AUDIO));
    assert_eq!(shown(&resumed), to_b);
    assert_eq!(shown(&net.in_dialog_answer(false, &b.describe(AUDIO))), for_a);
    b.send(to_b, &rtp(9, 1));
    assert_eq!(moved.hear().0, rtp(9, 1));
    moved.send(for_a, &rtp(8, 1));
    assert_eq!(b.hear().0, rtp(8, 1));
    // The called may offer as well.
    let other = net.in_dialog(false, &b, &moved, &b.describe(&format!("{AUDIO}a=sendonly\r\n")));
    assert_eq!(shown(&other), for_a);
}

#[test]
fn an_offer_may_come_in_the_answer() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let body = b.describe(AUDIO);
    let MediaBody::Changed(offer) = net.relay.offer(net.call, Some(0), false, &b.side(), &a.side(), MediaForce::Always, "application/sdp", &body).unwrap() else { panic!() };
    let for_a = shown(std::str::from_utf8(&offer).unwrap());
    net.relay.branch_won(net.call, 0);
    let MediaBody::Changed(answer) = net.relay.answer(net.call, None, true, false, "application/sdp", &a.describe(AUDIO)).unwrap() else { panic!() };
    let to_b = shown(std::str::from_utf8(&answer).unwrap());
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear(), (rtp(7, 1), to_b));
    b.send(to_b, &rtp(9, 1));
    assert_eq!(a.hear(), (rtp(9, 1), for_a));
}

#[test]
fn multiplexed_rtcp_goes_to_where_the_other_end_listens() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let mux = format!("{AUDIO}a=rtcp-mux\r\n");
    let offer = net.offer_of(0, &a.side(), &b.side(), &a.describe(&mux));
    assert!(offer.contains("a=rtcp-mux\r\n") && !offer.contains("a=rtcp:"));
    // The called does not know how.
    let for_a = shown(&net.answer(0, false, &b));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    a.send(for_a, &rtcp_sender(7, 0x1234_5678));
    assert_eq!(b.hear_rtcp().0, rtcp_sender(7, 0x1234_5678));
    b.send_rtcp(shown(&offer), &rtcp_receiver(9));
    assert_eq!(a.hear().0, rtcp_receiver(9));
}

#[test]
fn ports_run_out_and_come_back() {
    let net = Net::new(MediaSettings { first_port: 33_000, last_port: 33_003, ..MediaSettings::default() });
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    net.offer(0, &a, &b);
    let refused = net.try_offer(0x77, &a, &b).unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(30)));
    assert!(matches!(net.event(), MediaEvent::PortsExhausted { .. }));
    net.relay.end(net.call);
    assert_eq!(net.try_offer(0x78, &a, &b).unwrap_err().status, 503, "ports rest after use");
    net.replace(MediaSettings { first_port: 33_004, last_port: 33_009, max_streams: 2, ..MediaSettings::default() });
    assert!(net.try_offer(0x79, &a, &b).is_ok());
    assert_eq!(net.try_offer(0x80, &a, &b).unwrap_err().status, 503, "more streams than allowed");
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    net.offer(0, &a, &b);
    let answer = |body: &bytes::Bytes| net.relay.answer(net.call, Some(0), false, false, "application/sdp", body).map_err(|refused| refused.status);
    assert_eq!(answer(&b.describe(&format!("{AUDIO}m=audio 4000 RTP/AVP 0\r\n"))), Err(488));
    assert_eq!(answer(&"nonsense".into()), Err(488));
    let MediaBody::Changed(rejecting) = answer(&b.describe_as("127.0.2.1", 0, AUDIO)).unwrap() else { panic!() };
    assert!(String::from_utf8_lossy(&rejecting).contains("m=audio 0 RTP/AVP"));
    assert_eq!(net.relay.stats().streams, 0, "a rejected stream gives its ports back");
}

#[test]
fn round_trips_are_seen_in_reports_that_pass() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    let for_a = shown(&net.answer(0, false, &b));
    a.send_rtcp(for_a, &rtcp_sender(7, 0xabcd_0001));
    assert_eq!(b.hear_rtcp().0, rtcp_sender(7, 0xabcd_0001));
    let mut reply = rtcp_receiver(9);
    reply[24..28].copy_from_slice(&0xabcd_0001u32.to_be_bytes());
    reply[12] = 64;
    b.send_rtcp(to_b, &reply);
    assert_eq!(a.hear_rtcp().0, reply);
    let report = net.relay.report(net.call).unwrap();
    let from_b = &report.streams[1];
    assert!(from_b.rtt_ms.is_some_and(|rtt| rtt < 5000.0));
    assert_eq!(from_b.remote_loss_percent, Some(25.0));
    // How the telephone hears, by its own measure (RFC 3611 §4.7).
    let mut hears = [&[0x80, 207, 0, 10, 0, 0, 0, 9, 7, 0, 0, 8][..], &[0; 32]].concat();
    (hears[17], hears[18], hears[34]) = (64, 128, 38);
    b.send_rtcp(to_b, &hears);
    assert_eq!(a.hear_rtcp().0, hears);
    let report = net.relay.report(net.call).unwrap();
    let from_b = &report.streams[1];
    assert_eq!((from_b.remote_discard_percent, from_b.remote_burst_density_percent, from_b.remote_mos), (Some(25.0), Some(50.0), Some(3.8)));
}

#[test]
fn what_is_not_rtp_passes_as_it_is() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let fax = |phone: &Phone| format!("m=image {} udptl t38\r\na=T38FaxVersion:0\r\n", phone.address().port());
    let offer = net.offer_of(0, &a.side(), &b.side(), &a.describe(&fax(&a)));
    let MediaBody::Changed(answer) = net.relay.answer(net.call, Some(0), false, false, "application/sdp", &b.describe(&fax(&b))).unwrap() else { panic!() };
    a.send(shown(std::str::from_utf8(&answer).unwrap()), b"fax");
    assert_eq!(b.hear(), (b"fax".to_vec(), shown(&offer)));
}

#[test]
fn a_body_of_several_parts_is_rewritten_in_its_part() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let sdp = String::from_utf8(a.describe(AUDIO).to_vec()).unwrap();
    let whole = format!("--x\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--x\r\nContent-Type: text/plain\r\n\r\nc=IN IP4 127.0.1.1\r\n--x--\r\n");
    let MediaBody::Changed(out) = net.relay.offer(net.call, Some(0), true, &a.side(), &b.side(), MediaForce::Always, "multipart/mixed;boundary=x", &whole.into()).unwrap() else { panic!() };
    let out = String::from_utf8(out.to_vec()).unwrap();
    assert_eq!(out.matches("127.0.1.1").count(), 1);
    assert!(out.ends_with("\r\n--x\r\nContent-Type: text/plain\r\n\r\nc=IN IP4 127.0.1.1\r\n--x--\r\n"));
}

#[test]
fn it_stops_when_it_is_dropped() {
    let net = Net::new(MediaSettings { threads: 2, ..MediaSettings::default() });
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    drop(net);
    assert!(std::net::UdpSocket::bind(to_b).is_ok());
    assert!(Duration::ZERO < support::PATIENCE);
}

#[test]
fn early_media_is_heard_before_the_answer_and_nothing_before_a_description() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    b.send(to_b, &rtp(9, 1));
    net.until(|report| report.streams[1].unwanted == 1);
    let preview = net.answer(0, true, &b);
    b.send(to_b, &rtp(9, 2));
    assert_eq!(a.hear(), (rtp(9, 2), shown(&preview)));
    a.send(shown(&preview), &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    assert_eq!(net.answer(0, false, &b), preview, "the same answer is shown unchanged");
    net.relay.branch_won(net.call, 0);
    b.send(to_b, &rtp(9, 3));
    assert_eq!(a.hear().0, rtp(9, 3));
}

#[test]
fn another_codec_in_the_answer_replaces_the_preview() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    let preview = net.answer(0, true, &b);
    let other = String::from_utf8(b.describe(AUDIO).to_vec()).unwrap().replace("RTP/AVP 0 101", "RTP/AVP 8 101");
    let MediaBody::Changed(answer) = net.relay.answer(net.call, Some(0), false, false, "application/sdp", &other.into()).unwrap() else { panic!() };
    let answer = String::from_utf8(answer.to_vec()).unwrap();
    assert_eq!(shown(&answer), shown(&preview));
    assert!(preview.contains(" 1 IN IP4") && answer.contains(" 2 IN IP4") && answer.contains("RTP/AVP 8 101"));
    let mut packet = rtp(9, 1);
    packet[1] = 8;
    b.send(to_b, &packet);
    assert_eq!(a.hear().0, packet);
    assert_eq!(net.relay.report(net.call).unwrap().streams[1].codec.as_deref(), Some("PCMA"));
}

#[test]
fn a_new_offer_that_is_refused_changes_nothing() {
    let net = Net::new(MediaSettings::default());
    let (a, b, other) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.1.1"));
    let to_b = shown(&net.offer(0, &a, &b));
    let for_a = shown(&net.answer(0, false, &b));
    net.relay.branch_won(net.call, 0);
    net.in_dialog(true, &other, &b, &other.describe(AUDIO));
    // 488 comes back: no answer. Media stays with the old address.
    b.send(to_b, &rtp(9, 1));
    assert_eq!(a.hear().0, rtp(9, 1));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    let fewer = a.describe("");
    let refused = net.relay.offer(net.call, None, true, &a.side(), &b.side(), MediaForce::Auto, "application/sdp", &fewer).unwrap_err();
    assert_eq!(refused.status, 488);
    let many = a.describe(&AUDIO.repeat(31));
    assert_eq!(net.relay.offer(net.call, None, true, &a.side(), &b.side(), MediaForce::Auto, "application/sdp", &many).unwrap_err().status, 488);
}

#[test]
fn streams_do_not_mix_and_a_fax_takes_the_place_of_a_voice() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let (video_a, video_b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let both = |phone: &Phone, video: &Phone| phone.describe(&format!("{AUDIO}m=video {} RTP/AVP 31\r\n", video.address().port()));
    let second = |text: &str| {
        let ports: Vec<u16> = text.lines().filter_map(|line| line.strip_prefix("m=")?.split(' ').nth(1)?.parse().ok()).collect();
        std::net::SocketAddr::new(shown(text).ip(), ports[1])
    };
    let offer = net.offer_of(0, &a.side(), &b.side(), &both(&a, &video_a));
    let MediaBody::Changed(answer) = net.relay.answer(net.call, Some(0), false, false, "application/sdp", &both(&b, &video_b)).unwrap() else { panic!() };
    let answer = String::from_utf8(answer.to_vec()).unwrap();
    net.relay.branch_won(net.call, 0);
    let mut picture = rtp(8, 1);
    picture[1] = 31;
    video_a.send(second(&answer), &picture);
    a.send(shown(&answer), &rtp(7, 1));
    assert_eq!((video_b.hear(), b.hear()), ((picture, second(&offer)), (rtp(7, 1), shown(&offer))));
    assert_eq!(net.relay.report(net.call).unwrap().streams.iter().map(|stream| stream.kind.as_str()).collect::<Vec<_>>(), ["audio", "audio", "video", "video"]);
    // The called asks for fax instead, without the picture.
    let fax = |phone: &Phone| phone.describe(&format!("m=image {} udptl t38\r\nm=video 0 RTP/AVP 31\r\n", phone.address().port()));
    let fax_offer = net.in_dialog(false, &b, &a, &fax(&b));
    assert_eq!(shown(&fax_offer), shown(&answer));
    let fax_answer = net.in_dialog_answer(true, &fax(&a));
    assert_eq!(shown(&fax_answer), shown(&offer));
    a.send(shown(&fax_offer), b"fax");
    assert_eq!(b.hear().0, b"fax");
    assert_eq!(net.relay.stats().streams, 2);
}

#[test]
fn ciphertext_passes_with_its_keys() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let secured = |phone: &Phone| {
        let text = String::from_utf8(phone.describe(AUDIO).to_vec()).unwrap().replace("RTP/AVP", "RTP/SAVP");
        bytes::Bytes::from(text + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n")
    };
    let offer = net.offer_of(0, &a.side(), &b.side(), &secured(&a));
    assert!(offer.contains("RTP/SAVP 0") && offer.contains("a=crypto:1"));
    let MediaBody::Changed(answer) = net.relay.answer(net.call, Some(0), false, false, "application/sdp", &secured(&b)).unwrap() else { panic!() };
    let for_a = shown(std::str::from_utf8(&answer).unwrap());
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear().0, rtp(7, 1));
    // Ciphertext of RTCP: a header in the clear, then anything.
    let mut reports = rtcp_sender(7, 1);
    reports.extend_from_slice(&[0xff; 14]);
    a.send_rtcp(for_a, &reports);
    assert_eq!(b.hear_rtcp().0, reports);
}

#[test]
fn a_call_is_captured_and_heard_all_the_same() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    assert_eq!(net.relay.capture(net.call, 60, true), Err(CaptureRefused::NotRelayed));
    let for_b = shown(&net.offer(0, &a, &b));
    let for_a = shown(&net.answer(0, false, &b));
    assert_eq!(net.relay.capture(net.call, 60, true), Ok(()));
    assert_eq!(net.relay.capture(net.call, 60, true), Err(CaptureRefused::Running));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(b.hear(), (rtp(7, 1), for_b));
    b.send_rtcp(for_b, &rtcp_receiver(9));
    assert_eq!(a.hear_rtcp().0, rtcp_receiver(9));
    // The thread answers when it is done with the packet.
    assert!(net.relay.report(net.call).is_some());
    let captured = net.relay.captured(net.call).unwrap();
    let octets: Vec<&[u8]> = captured.packets.iter().map(|one| &one.octets[..]).collect();
    assert_eq!(octets, [&rtp(7, 1)[..], &rtp(7, 1), &rtcp_receiver(9), &rtcp_receiver(9)]);
    let [came, left, ..] = &captured.packets[..] else { panic!() };
    assert_eq!((came.from, came.to, left.from, left.to), (a.address(), for_a, for_b, b.address()));
    assert!(captured.full && !captured.truncated && captured.lasts == 60_000_000 && came.after <= left.after);
    let report = net.relay.end(net.call).unwrap();
    assert_eq!((report.streams[0].packets, report.streams[0].forwarded), (1, 1), "what is captured is counted once");
    assert!(net.relay.captured(net.call).is_some(), "it outlives the call");
}

/// Alice and Bob are at home; another server outside sends her call back, and changes nothing of it.
#[test]
fn a_call_that_comes_back_is_not_relayed() {
    let net = Net::new(MediaSettings::default());
    let (a, b) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"));
    let plain = |phone: &Phone, more: &str| Bytes::from(format!("v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 0\r\n{more}", phone.address().ip(), phone.address().port()));
    let outside = |last: u8| MediaSide { source: [127, 0, 3, last].into(), lan: false, far_end_nat: false, authenticated: true };
    let back = Uuid::from_u128(77);
    let offer = |call, from_caller, from: &MediaSide, to: &MediaSide, body: &Bytes| {
        let outcome = net.relay.offer(call, Some(0), from_caller, from, to, MediaForce::Auto, "application/sdp", body).unwrap();
        let MediaBody::Changed(body) = outcome else { panic!("{outcome:?}") };
        body
    };
    let at = |body: &Bytes| shown(std::str::from_utf8(body).unwrap());
    for more in ["", "a=sendonly\r\n"] {
        let left = offer(net.call, true, &a.side(), &outside(1), &plain(&a, more));
        assert_ne!(at(&left), a.address());
        // From somebody else it is an offer like any other.
        let other = Uuid::from_u128(78);
        assert_ne!(at(&offer(other, true, &outside(2), &b.side(), &left)), a.address());
        net.relay.end(other);
        assert_eq!(net.relay.stats().streams, 2);
        let came = offer(back, true, &outside(1), &b.side(), &left);
        assert_eq!(at(&came), a.address());
        assert!(came.ends_with(more.as_bytes()), "{came:?}");
        let answer = plain(&b, "");
        assert_eq!(net.relay.answer(back, Some(0), false, false, "application/sdp", &answer), Ok(MediaBody::Unchanged));
        let MediaBody::Changed(answer) = net.relay.answer(net.call, Some(0), false, false, "application/sdp", &answer).unwrap() else { panic!() };
        assert_eq!(at(&answer), b.address());
        net.relay.branch_won(back, 0);
        net.relay.branch_won(net.call, 0);
        assert_eq!((net.relay.stats().streams, net.relay.stats().ports_used), (0, 0), "{more}");
        assert!([net.call, back].iter().all(|call| !net.relay.report(*call).unwrap().relayed));
    }
    // Bob takes it up: his offer goes the other way round.
    let left = offer(back, false, &b.side(), &outside(1), &plain(&b, ""));
    assert_eq!(at(&offer(net.call, false, &outside(1), &a.side(), &left)), b.address());
    assert_eq!(net.relay.answer(net.call, Some(0), true, false, "application/sdp", &plain(&a, "")), Ok(MediaBody::Unchanged));
    assert!(matches!(net.relay.answer(back, Some(0), true, false, "application/sdp", &plain(&a, "")), Ok(MediaBody::Changed(body)) if at(&body) == a.address()));
    assert_eq!(net.relay.stats().streams, 0);
}

#[test]
fn a_call_that_comes_back_with_another_answer_is_relayed() {
    let net = Net::new(MediaSettings::default());
    let (a, b, c) = (Phone::new("127.0.1.1"), Phone::new("127.0.2.1"), Phone::new("127.0.3.1"));
    let outside = MediaSide { source: [127, 0, 3, 1].into(), lan: false, far_end_nat: false, authenticated: true };
    let MediaBody::Changed(left) = net.relay.offer(net.call, Some(0), true, &a.side(), &outside, MediaForce::Auto, "application/sdp", &a.describe("m=audio 4000 RTP/AVP 0\r\n")).unwrap() else { panic!() };
    assert!(matches!(net.relay.offer(Uuid::from_u128(77), Some(0), true, &outside, &b.side(), MediaForce::Auto, "application/sdp", &left), Ok(MediaBody::Changed(_))));
    net.relay.answer(Uuid::from_u128(77), Some(0), false, false, "application/sdp", &b.describe("m=audio 5000 RTP/AVP 0\r\n")).unwrap();
    // What was outside answers itself.
    let for_a = shown(&net.answer(0, false, &c));
    a.send(for_a, &rtp(7, 1));
    assert_eq!(c.hear().0, rtp(7, 1));
    assert_eq!(net.relay.stats().streams, 2);
}
