//! How others see this server: a STUN server is asked, ours or one that plays a NAT.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::administration::claimed;
use crate::client::Client;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("firewall::a_stun_server_tells_what_a_nat_does", a_stun_server_tells_what_a_nat_does)]
}

/// Answers binding requests with this address and, instead of the port that it sees, the next one (RFC 8489 §14.2).
fn nat(seen: Ipv4Addr) -> SocketAddr {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut request = [0; 1500];
        while let Ok((size, peer)) = socket.recv_from(&mut request) {
            assert_eq!((size, &request[..4]), (20, &[0, 1, 0, 0][..]));
            let mask = &request[4..8];
            let port = (peer.port() + 1).to_be_bytes();
            let value: Vec<u8> = port.iter().zip(mask).chain(seen.octets().iter().zip(mask)).map(|(octet, mask)| octet ^ mask).collect();
            let answer = [&[1, 1, 0, 12], &request[4..20], &[0, 0x20, 0, 8, 0, 1], &value].concat();
            socket.send_to(&answer, peer).unwrap();
        }
    });
    address
}

fn set(admin: &Client, change: Value) {
    let answer = admin.call("PATCH", "/network/lan", Some(change));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What the check warns of, as far as the STUN server told it, and what was seen.
fn checked(admin: &Client) -> (Vec<String>, Value) {
    let body = admin.call("POST", "/network/media-ports/firewall-check", None).body;
    let told = ["wan_ip_mismatch", "port_not_preserved", "stun_no_answer"];
    (body["warnings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).filter(|one| told.contains(&one.as_str())).collect(), body["probes"].clone())
}

fn a_stun_server_tells_what_a_nat_does() -> Outcome {
    let (_scratch, server, admin) = claimed();
    assert_eq!(checked(&admin), (vec![], json!([])), "nobody is asked unless somebody is named");
    // Our own SIP port answers (RFC 5626 §4.4.2).
    let ours = format!("127.0.0.1:{}", 5060 + server.offset);
    set(&admin, json!({"stun_server": ours, "wan_ipv4": "127.0.0.1"}));
    assert_eq!(admin.call("GET", "/network/lan", None).body["stun_server"], json!(ours));
    let (warnings, probes) = checked(&admin);
    assert_eq!((warnings, probes.as_array().unwrap().len(), &probes[0]["server"]), (vec![], 1, &json!(ours)));
    assert_eq!(probes[0]["local"], probes[0]["seen"]);
    let plan = admin.call("GET", "/server/firewall", None).body;
    assert_eq!((&plan["probes"], plan["probed_at"].is_string()), (&probes, true), "what was seen is remembered: {plan}");
    let local: SocketAddr = probes[0]["local"].as_str().unwrap().parse()?;
    assert!((20_000..=31_999).contains(&local.port()), "{local} is no port of media");
    // An address outside that is not the one others see.
    set(&admin, json!({"wan_ipv4": "203.0.113.7"}));
    assert_eq!(checked(&admin).0, ["wan_ip_mismatch"]);
    let all = admin.call("POST", "/network/media-ports/firewall-check", None).body;
    assert!(all["warnings"].as_array().unwrap().contains(&json!("wan_ip_not_on_machine")));
    set(&admin, json!({"stun_server": nat([203, 0, 113, 7].into()).to_string()}));
    let (warnings, probes) = checked(&admin);
    assert_eq!(warnings, ["port_not_preserved"]);
    let port = |which: &str| probes[0][which].as_str().unwrap().parse::<SocketAddr>().unwrap().port();
    assert_eq!((port("seen"), probes[0]["seen"].as_str().unwrap().starts_with("203.0.113.7:")), (port("local") + 1, true));
    set(&admin, json!({"stun_server": nat([203, 0, 113, 8].into()).to_string()}));
    assert_eq!(checked(&admin).0, ["wan_ip_mismatch", "port_not_preserved"]);
    let silent = UdpSocket::bind(("127.0.0.1", 0))?;
    set(&admin, json!({"stun_server": silent.local_addr()?.to_string()}));
    let (warnings, probes) = checked(&admin);
    assert_eq!((warnings, &probes[0]["seen"]), (vec!["stun_no_answer".to_owned()], &Value::Null));
    for wrong in ["a b", "host:0", "stun:host"] {
        let answer = admin.call("PATCH", "/network/lan", Some(json!({"stun_server": wrong})));
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!("/stun_server")), "{wrong}");
    }
    set(&admin, json!({"stun_server": "", "wan_ipv4": ""}));
    assert_eq!((checked(&admin), &admin.call("GET", "/network/lan", None).body["stun_server"]), ((vec![], json!([])), &Value::Null));
    set(&admin, json!({"lan_ipv4": "203.0.113.9"}));
    let found = admin.call("POST", "/network/lan/detect", None).body;
    assert!(found["warnings"].as_array().unwrap().contains(&json!("lan_ip_not_on_machine")), "{found}");
    Ok(())
}
