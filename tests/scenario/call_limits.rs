//! Limits of how often accounts and domains register and call; the telephones are outside, where nobody is trusted.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::netns::{self, Internet};
use crate::ua::Ua;

const BOB: &str = "sip:bob@main.example";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("call_limits::accounts_and_domains_have_theirs", accounts_and_domains_have_theirs).with_ignored_flag(!netns::is_possible())]
}

fn set(exchange: &Exchange, path: &str, set: &Value) {
    let answer = exchange.admin.call("PATCH", path, Some(json!({"set": set})));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn accounts_and_domains_have_theirs() -> Result<(), Failed> {
    let mut internet = Internet::new();
    let host = internet.host();
    let exchange = Exchange::open();
    let server = exchange.sip(internet.v4);
    let ua = |user: &str| Ua::new(Some(&host.space), host.v4, server, user);
    let (mut alice, bob, mut carol) = (ua("alice"), ua("bob"), ua("carol"));
    let (account, domain) = ("/accounts/bob@main.example/settings", "/domains/main.example/settings");
    let call = |from: &mut Ua| {
        let invited = from.invite(BOB, "");
        from.outcome(&invited).0
    };
    let hour = |count: i64| json!({"count": count, "period": 3600});
    // Nobody is registered: whoever may call hears 480.
    set(&exchange, account, &json!({"call_in_flow": hour(1)}));
    assert_eq!([call(&mut alice).status(), call(&mut alice).status()], [480, 480]);
    let routed = exchange.record()["routed"].to_string();
    assert!(routed.contains("gets more calls than it may"), "{routed}");
    set(&exchange, account, &json!({"call_in_flow": hour(-1)}));
    // Calls that an account makes, then all of its domain.
    set(&exchange, "/accounts/alice@main.example/settings", &json!({"call_out_flow": hour(1)}));
    assert_eq!(call(&mut alice).status(), 480);
    let limited = call(&mut alice);
    assert_eq!(limited.start(), "SIP/2.0 403 Call limit");
    assert_eq!(exchange.record()["final_code"], 403);
    set(&exchange, domain, &json!({"call_out_flow": hour(1)}));
    assert_eq!([call(&mut carol).status(), call(&mut carol).status()], [480, 403]);
    // Registrations of an account, then of its domain; whoever comes too often is told when to come again.
    let register = |ua: &mut Ua| ua.request("REGISTER", "sip:main.example", "Expires: 600\r\n", "");
    let mut bob = bob;
    set(&exchange, account, &json!({"register_flow": hour(2)}));
    assert_eq!([register(&mut bob).status(), register(&mut bob).status()], [200, 200]);
    let refused = register(&mut bob);
    let wait: u64 = refused.field("Retry-After").unwrap().parse().unwrap();
    assert!(refused.status() == 503 && (1700..=1800).contains(&wait), "{refused:#?}");
    set(&exchange, domain, &json!({"register_flow": hour(1)}));
    assert_eq!([register(&mut carol).status(), register(&mut carol).status()], [200, 503]);
    // The refusals are counted, each kind apart.
    let stats = exchange.admin.call("GET", "/sip/stats", None).body;
    assert_eq!(["register_limited", "calls_in_limited", "calls_out_limited"].map(|name| stats[name].as_i64().unwrap()), [2, 1, 2], "{stats:#}");
    // It is told, once for each account and limit.
    let told = || exchange.server().sql("SELECT string_agg(concat_ws(' ', object->>'limit', object->>'address'), ', ' ORDER BY object->>'limit', object->>'address') FROM event WHERE type = 'limit.hit'");
    let all = "call_in_flow bob@main.example, call_out_flow alice@main.example, call_out_flow carol@main.example, register_flow bob@main.example, register_flow carol@main.example";
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while told() != all {
        assert!(std::time::Instant::now() < end, "{}", told());
        std::thread::yield_now();
    }
    // Client IPs register as they like.
    let mut near = Ua::new(None, std::net::Ipv4Addr::LOCALHOST, exchange.sip(std::net::Ipv4Addr::LOCALHOST), "bob");
    assert_eq!(register(&mut near).status(), 200);
    Ok(())
}
