//! Replaces (RFC 3891): who has a part in a call may take it over, or hand it on; nobody else. Nor does a telephone dial for others.

use libtest_mimic::{Failed, Trial};

use crate::telephony::{registered, server};
use crate::sip::{Telephone, field, status};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("call_stealing::only_who_has_a_part_in_a_call_may_replace_it", only_who_has_a_part_in_a_call_may_replace_it),
        Trial::test("call_stealing::telephones_dial_for_their_owners_and_callers", telephones_dial_for_their_owners_and_callers),
    ]
}

fn only_who_has_a_part_in_a_call_may_replace_it() -> Result<(), Failed> {
    let names = ["anna", "bert", "carla"];
    let (_scratch, server, _admin) = server(&names);
    let [mut anna, bert, mut carla] = names.map(|name| registered(&server, name));
    let answered = anna.call(&bert, "mine");
    let tag = |name: &str| field(&answered, name).unwrap().split(";tag=").nth(1).unwrap().to_owned();
    let replaces = format!("Replaces: mine;to-tag={};from-tag={}\r\nRequire: replaces\r\n", tag("To"), tag("From"));
    let to = ("sip:bert@main.example", "<sip:bert@main.example>");

    let theft = carla.request("INVITE", to.0, to.1, "theft", &replaces, "");
    carla.send(&theft);
    assert_eq!(status(&carla.receive()), 403);
    // Its owner moves it to another telephone.
    let mut other = Telephone::new(server.offset, "anna");
    let moved = other.request("INVITE", to.0, to.1, "moved", &replaces, "");
    other.send(&moved);
    let came = bert.receive();
    assert!(came.starts_with("INVITE ") && field(&came, "Replaces").is_some(), "{came}");
    bert.send(&bert.reply(&came, 486, ""));
    assert_eq!(status(&other.receive()), 486);
    assert!(bert.receive().starts_with("ACK "));

    // Whom a party asks by REFER may take it over, for a while.
    let refer_to = format!("Refer-To: <sip:bert@main.example?Replaces=mine%3Bto-tag%3D{}%3Bfrom-tag%3D{}>\r\n", tag("To"), tag("From"));
    let second = anna.call(&carla, "asking");
    let refer = anna.inside(&second, "REFER", 9).replace("Content-Length", &format!("{refer_to}Content-Length"));
    anna.send(&refer);
    let asked = carla.receive();
    assert!(asked.starts_with("REFER "), "{asked}");
    carla.send(&carla.reply(&asked, 202, ""));
    assert_eq!(status(&anna.receive()), 202);
    let taken = carla.request("INVITE", to.0, to.1, "taken", &replaces, "");
    carla.send(&taken);
    assert!(bert.receive().starts_with("INVITE "));
    Ok(())
}

fn telephones_dial_for_their_owners_and_callers() -> Result<(), Failed> {
    let names = ["anna", "bert", "carla"];
    let (_scratch, server, _admin) = server(&names);
    let [mut anna, mut bert, mut carla] = names.map(|name| registered(&server, name));
    let answered = anna.call(&bert, "mine");
    let tag = |name: &str| field(&answered, name).unwrap().split(";tag=").nth(1).unwrap().to_owned();
    let dial = "Refer-To: <sip:+4919001234567@main.example>\r\n";
    let of_the_call = format!("{dial}Target-Dialog: mine;local-tag={};remote-tag={}\r\n", tag("To"), tag("From"));
    let bert_at = ("sip:bert@main.example", "<sip:bert@main.example>");
    // Nobody is asked to dial out of the blue, nor by who has no part in the call that is named.
    for (n, (by_anna, more)) in [(true, dial.to_owned()), (false, dial.to_owned()), (false, of_the_call.clone()), (false, of_the_call.replace("mine", "unknown"))].into_iter().enumerate() {
        let who = if by_anna { &mut anna } else { &mut carla };
        let refer = who.request("REFER", bert_at.0, bert_at.1, &format!("blue{n}"), &more, "");
        who.send(&refer);
        assert_eq!(status(&who.receive()), 403, "{more}");
    }
    // Who has, may: the request reaches the telephone.
    let refer = anna.request("REFER", bert_at.0, bert_at.1, "asks", &of_the_call, "");
    anna.send(&refer);
    let asked = bert.receive();
    assert!(asked.starts_with("REFER ") && asked.contains("Target-Dialog: mine"), "{asked}");
    bert.send(&bert.reply(&asked, 202, ""));
    assert_eq!(status(&anna.receive()), 202);
    // One's own telephone is named by its GRUU: of others it is as little good.
    for (who, wanted) in [(&mut carla, 403), (&mut bert, 404)] {
        let refer = who.request("REFER", "sip:bert@main.example;gr=urn:uuid:0", bert_at.1, &format!("device{wanted}"), dial, "");
        who.send(&refer);
        let got = status(&who.receive());
        assert!(got == wanted || wanted == 404 && got == 480, "{got}");
    }
    Ok(())
}
