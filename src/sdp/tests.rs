use std::net::IpAddr;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::negotiate::{Breach, Flow, NewOffer, answer, flow, new_offer};
use crate::{Description, Direction, Kind, NewOrigin, Protocol, Reason, Rewrite, fuzzing, part};

/// RFC 3264 §10.1: the offer.
const OFFER: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 host.anywhere.com\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n";
/// RFC 3264 §10.1: the answer.
const ANSWER: &str = "v=0\r\no=bob 2890844730 2890844730 IN IP4 host.example.com\r\ns=\r\nc=IN IP4 host.example.com\r\nt=0 0\r\nm=audio 49920 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\nm=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n";
/// RFC 8839 appendix A, with RTCP on a port of its own as in RFC 3605 §2.1.
const ICE: &str = "v=0\r\no=jdoe 2890844526 2890842807 IN IP4 203.0.113.141\r\ns=\r\nc=IN IP4 192.0.2.3\r\nt=0 0\r\na=ice-options:ice2\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=ice-ufrag:8hhY\r\nm=audio 45664 RTP/AVP 0\r\nb=RS:0\r\nb=RR:0\r\na=rtcp:53020 IN IP4 192.0.2.4\r\na=rtpmap:0 PCMU/8000\r\na=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host\r\na=x-unknown:kept  as it is\r\nz=7\r\n";

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn read(text: &str) -> Description {
    Description::parse(&body(text)).unwrap()
}

fn minimal(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n{lines}")
}

#[test]
fn streams_are_read() {
    let offer = read(OFFER);
    let shapes: Vec<_> = offer.media.iter().map(|media| (media.kind, media.port, media.protocol, offer.direction_of(media))).collect();
    let rtp = |kind, port| (kind, port, Protocol::Rtp, Direction::SendRecv);
    assert_eq!(shapes, [rtp(Kind::Audio, 49170), rtp(Kind::Video, 51372), rtp(Kind::Video, 53000)]);
    assert_eq!(offer.origin.version, 2_890_844_526);
    assert_eq!(offer.connection.unwrap().address, None);
    let ice = read(ICE);
    let audio = &ice.media[0];
    assert!(ice.ice && !audio.rtcp_mux);
    assert_eq!((audio.rtcp.unwrap().port, audio.rtcp.unwrap().address), (53020, Some(IpAddr::from([192, 0, 2, 4]))));
}

#[test]
fn kinds_of_carriage_are_told_apart() {
    for (line, kind, protocol) in [
        ("m=audio 4000 RTP/SAVP 0", Kind::Audio, Protocol::Srtp),
        ("m=audio 4000 UDP/TLS/RTP/SAVPF 111", Kind::Audio, Protocol::Srtp),
        ("m=video 4000 RTP/AVPF 96", Kind::Video, Protocol::Rtp),
        ("m=image 4000 udptl t38", Kind::Image, Protocol::Datagrams),
        ("m=application 4000 UDP/BFCP *", Kind::Application, Protocol::Datagrams),
        ("m=message 4000 TCP/MSRP *", Kind::Message, Protocol::Other),
        ("m=whatever 4000 new/thing x", Kind::Other, Protocol::Other),
    ] {
        let description = read(&minimal(&format!("c=IN IP4 192.0.2.1\r\n{line}\r\n")));
        assert_eq!((description.media[0].kind, description.media[0].protocol), (kind, protocol), "{line}");
    }
}

#[test]
fn codecs_come_from_the_map_and_from_the_table() {
    let text = minimal("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 9 96 0 101 97\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n");
    let description = read(&text);
    let codecs: Vec<_> = description.codecs(&description.media[0]).iter().map(|codec| (codec.payload, codec.name, codec.clock, codec.channels, codec.parameters)).collect();
    assert_eq!(codecs, [(9, "G722", 8000, 1, ""), (96, "opus", 48_000, 2, "useinbandfec=1"), (0, "PCMU", 8000, 1, ""), (101, "telephone-event", 8000, 1, "0-16"), (97, "", 0, 1, "")]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let media = "m=audio 4000 RTP/AVP 0\r\n";
    let connection = "c=IN IP4 192.0.2.1\r\n";
    for (text, reason) in [
        (String::new(), Reason::Start),
        ("v=1\r\no=- 1 1 IN IP4 192.0.2.1\r\n".to_owned(), Reason::Start),
        ("v=0\r\no=- 1 IN IP4 192.0.2.1\r\n".to_owned(), Reason::Origin),
        ("v=0\r\no=- a 1 IN IP4 192.0.2.1\r\n".to_owned(), Reason::Origin),
        (minimal(media), Reason::NoConnection),
        (minimal(&format!("{connection}{connection}{media}")), Reason::Repeated),
        (minimal(&format!("c=IN IP4 224.2.36.42/127\r\n{media}")), Reason::Connection),
        (minimal(&format!("c=IN IP4 224.2.36.42\r\n{media}")), Reason::Connection),
        (minimal(&format!("c=IN IP6 192.0.2.1\r\n{media}")), Reason::Connection),
        (minimal(&format!("{connection}m=audio 4000/2 RTP/AVP 0\r\n")), Reason::PortCount),
        (minimal(&format!("{connection}m=audio 70000 RTP/AVP 0\r\n")), Reason::Media),
        (minimal(&format!("{connection}m=audio 4000 RTP/AVP\r\n")), Reason::Media),
        (minimal(&format!("{connection}m=audio 4000 RTP/AVP 0  8\r\n")), Reason::Media),
        (minimal(&format!("{connection}{media}a=rtcp:x\r\n")), Reason::Attribute),
        (minimal(&format!("{connection}{media}a=sendonly\r\na=recvonly\r\n")), Reason::Repeated),
        (minimal("no line\r\n"), Reason::Line),
        (minimal("a=\0\r\n"), Reason::Line),
        (minimal("\r\na=after-an-empty-line\r\n"), Reason::Line),
        (minimal(&format!("{connection}{}", media.repeat(31))), Reason::TooMuch),
        (minimal(&format!("a={}\r\n", "x".repeat(65_536))), Reason::TooMuch),
    ] {
        assert_eq!(Description::parse(&body(&text)).map(|_| ()).map_err(|fault| fault.reason), Err(reason), "{text:.200}");
    }
    assert_eq!(Description::parse(&body("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=bad\r\n")).unwrap_err().at, 31);
}

#[test]
fn line_ends_may_be_bare_and_missing() {
    for text in [OFFER.replace("\r\n", "\n"), OFFER.trim_end().to_owned(), format!("{OFFER}\r\n\r\n")] {
        let description = read(&text);
        assert_eq!(description.media.len(), 3);
        let all = rewrite(&description, "192.0.2.9", &[Some(1), Some(2), Some(3)]);
        assert_eq!(all.matches(['\n']).count(), text.matches('\n').count());
    }
}

fn rewrite(description: &Description, address: &str, ports: &[Option<u16>]) -> String {
    let rewrite = Rewrite { address: address.parse().unwrap(), origin: NewOrigin { user: "-", session: 5, version: 2 }, ports };
    String::from_utf8(rewrite.apply(description).to_vec()).unwrap()
}

#[test]
fn the_relay_takes_the_place_of_the_other_end() {
    let expected = "v=0\r\no=- 5 2 IN IP6 2001:db8::1\r\ns=\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\nb=RS:0\r\nb=RR:0\r\na=rtpmap:0 PCMU/8000\r\na=x-unknown:kept  as it is\r\nz=7\r\n";
    assert_eq!(rewrite(&read(ICE), "2001:db8::1", &[Some(20_000)]), expected);
    let answer = rewrite(&read(ANSWER), "192.0.2.9", &[Some(20_000), Some(20_002), None]);
    assert!(answer.contains("m=audio 20000 RTP/AVP 0\r\n") && answer.contains("m=video 0 RTP/AVP 31\r\n") && answer.contains("m=video 0 RTP/AVP 32\r\n"));
    assert!(!answer.contains("host.example.com"));
}

#[test]
fn a_hold_by_address_stays_a_hold() {
    for (held, inactive) in [
        ("c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000", "c=IN IP4 192.0.2.9\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=inactive\r\n"),
        ("c=IN IP6 ::\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\nb=AS:9\r\n", "c=IN IP4 192.0.2.9\r\nm=audio 20000 RTP/AVP 0\r\na=inactive\r\nb=AS:9\r\n"),
        ("c=IN IP6 a.invalid\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n", "c=IN IP4 192.0.2.9\r\na=sendonly\r\nm=audio 20000 RTP/AVP 0\r\na=inactive\r\n"),
        ("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", "c=IN IP4 192.0.2.9\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\na=inactive\r\n"),
    ] {
        let description = read(&minimal(held));
        assert_eq!(description.direction_of(&description.media[0]), Direction::Inactive);
        let out = rewrite(&description, "192.0.2.9", &[Some(20_000)]);
        assert!(out.ends_with(inactive), "{out}");
    }
}

#[test]
fn a_description_is_found_among_parts() {
    let sdp = minimal("");
    let mixed = format!("preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\ncontent-type: application/sdp\r\nContent-Disposition: session\r\n\r\n{sdp}\r\n--b1--\r\nepilogue");
    for (content_type, text, found) in [
        ("application/sdp", sdp.clone(), Ok(Some(sdp.as_str()))),
        ("Application/SDP; charset=utf-8", sdp.clone(), Ok(Some(sdp.as_str()))),
        ("text/plain", sdp.clone(), Ok(None)),
        ("multipart/mixed;boundary=b1", mixed.clone(), Ok(Some(sdp.as_str()))),
        ("multipart/mixed; boundary=\"b1\"", mixed.clone(), Ok(Some(sdp.as_str()))),
        ("multipart/mixed", mixed.clone(), Err(())),
        ("multipart/mixed;boundary=b1", mixed.replace("--b1--", ""), Err(())),
        ("multipart/mixed;boundary=b1", mixed.replace("text/plain", "application/sdp"), Err(())),
        ("multipart/mixed;boundary=b1", mixed.replace("Content-Disposition: session", "Content-Transfer-Encoding: base64"), Err(())),
        ("multipart/mixed;boundary=o", format!("--o\r\nContent-Type: multipart/related;boundary=b1\r\n\r\n{mixed}\r\n--o--"), Ok(Some(sdp.as_str()))),
    ] {
        let answer = part(content_type, text.as_bytes()).map(|range| range.map(|range| &text[range])).map_err(|_| ());
        assert_eq!(answer, found, "{content_type} {text}");
    }
}

#[test]
fn answers_match_their_offers() {
    let offer = read(OFFER);
    let with = |change: fn(String) -> String| answer(&offer, &read(&change(ANSWER.to_owned())));
    assert_eq!(with(|text| text), Ok(()));
    assert_eq!(with(|text| text.replace("m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n", "")), Err(Breach::Count));
    assert_eq!(with(|text| text.replace("m=audio", "m=text")), Err(Breach::Kind));
    assert_eq!(with(|text| text.replace("49920 RTP/AVP", "49920 RTP/SAVP")), Err(Breach::Kind));
    let rejecting = read(&OFFER.replace("m=audio 49170", "m=audio 0"));
    assert_eq!(answer(&rejecting, &read(ANSWER)), Err(Breach::Rejected));
    assert_eq!(new_offer(&offer, &read(OFFER)), Ok(NewOffer::Same));
    assert_eq!(new_offer(&offer, &read(&OFFER.replace("2890844526 2890844526", "2890844526 2890844527"))), Ok(NewOffer::Changed));
    assert_eq!(new_offer(&offer, &read(&OFFER.replace("49170", "49172"))), Ok(NewOffer::Changed));
    assert_eq!(new_offer(&offer, &read(&minimal("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"))), Err(Breach::Count));
}

#[test]
fn directions_meet() {
    let stream = |direction: &str| read(&minimal(&format!("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na={direction}\r\n")));
    for (offered, answered, forth, back) in [
        ("sendrecv", "sendrecv", true, true),
        ("sendonly", "recvonly", true, false),
        ("recvonly", "sendonly", false, true),
        ("sendonly", "inactive", false, false),
        ("sendrecv", "recvonly", true, false),
        ("inactive", "inactive", false, false),
    ] {
        let (offer, answer) = (stream(offered), stream(answered));
        assert_eq!(flow(&offer, &offer.media[0], &answer, &answer.media[0]), Flow { forth, back }, "{offered} {answered}");
    }
}

fn corpus(target: &str, run: fn(&[u8])) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10);
    let files: Vec<_> = files.into_iter().map(|file| std::fs::read(file).unwrap()).collect();
    files.iter().for_each(|file| run(file));
    files
}

#[test]
fn corpora() {
    let seeds = corpus("sdp_description", fuzzing::sdp_description);
    assert!(seeds.iter().filter(|seed| Description::parse(&Bytes::copy_from_slice(seed)).is_ok()).count() >= 8);
    corpus("sdp_part", fuzzing::sdp_part);
}

/// Lines that a description may have, some odd.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("c=IN IP4 192.0.2.1".to_owned()),
        Just("c=IN IP4 0.0.0.0".to_owned()),
        (any::<u16>(), prop_oneof!["RTP/S?AVPF?", "udptl", "TCP/MSRP"], "[0-9]{1,3}( [0-9]{1,3}){0,3}").prop_map(|(port, protocol, formats)| format!("m=audio {port} {protocol} {formats}")),
        "a=(sendonly|recvonly|inactive|sendrecv|rtcp-mux|rtcp:[0-9]{1,5}|ice-lite|candidate:1|rtpmap:[0-9]{1,3} [a-zA-Z]{1,9}/[0-9]{1,6}|group:BUNDLE 1)",
        "[a-z]=[ -~]{0,40}",
    ]
}

proptest! {
    #[test]
    fn every_description_keeps_the_properties(lines in vec(line(), 0..20), end in prop_oneof![Just("\r\n"), Just("\n")]) {
        let text = minimal("c=IN IP4 192.0.2.1\r\n") + &lines.iter().map(|line| format!("{line}{end}")).collect::<String>();
        fuzzing::sdp_description(text.as_bytes());
    }

    #[test]
    fn a_rewriting_with_nothing_to_do_changes_nothing(lines in vec("[abkiz]=[ -~]{0,40}", 0..10), ports in vec(1u16.., 0..4)) {
        let streams: String = ports.iter().map(|port| format!("m=audio {port} RTP/AVP 0\r\n{}", lines.iter().filter(|line| !line.contains("rtcp") && !line.contains("ice-")).map(|line| format!("{line}\r\n")).collect::<String>())).collect();
        let text = body(&format!("v=0\r\no=- 5 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{streams}"));
        let description = Description::parse(&text).unwrap();
        let ports: Vec<_> = ports.into_iter().map(Some).collect();
        let rewrite = Rewrite { address: "192.0.2.1".parse().unwrap(), origin: NewOrigin { user: "-", session: 5, version: 2 }, ports: &ports };
        prop_assert_eq!(rewrite.apply(&description), text);
    }

    #[test]
    fn any_octets_are_taken(data in vec(any::<u8>(), 0..200)) {
        fuzzing::sdp_description(&data);
        fuzzing::sdp_part(&data);
    }
}
