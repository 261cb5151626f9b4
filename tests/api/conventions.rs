//! What every answer has in common: limits, request ids, known versions, cursors of edges.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::{PASSWORD, account};
use crate::administration::claimed;
use crate::client::{Client, header};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("conventions::{name}"), run);
    vec![
        test("answers_tell_what_is_left_of_a_limit", answers_tell_what_is_left_of_a_limit),
        test("requests_have_names", requests_have_names),
        test("a_known_version_is_not_sent_again", a_known_version_is_not_sent_again),
        test("every_edge_has_a_cursor", every_edge_has_a_cursor),
    ]
}

/// Quota, window, and what is left.
fn limit(head: &str) -> (String, String, i64) {
    let (name, policy) = header(head, "ratelimit-policy").unwrap().split_once(';').unwrap();
    let (same, state) = header(head, "ratelimit").unwrap().split_once(';').unwrap();
    assert_eq!(name, same);
    let left = state.split(';').find_map(|part| part.strip_prefix("r=")).unwrap().parse().unwrap();
    (name.to_owned(), policy.to_owned(), left)
}

fn answers_tell_what_is_left_of_a_limit() -> Outcome {
    let anna = account();
    let limits = json!({"set": {"rate_default": {"count": 4, "period": 3600}, "rate_admin_read": {"count": -1, "period": 60}}});
    assert_eq!(anna.admin.call("PATCH", "/server/settings", Some(limits)).status, 200);
    // What was taken before counts on: some calls were made already.
    let first = limit(&anna.rest.call("GET", "/accounts/me", None).head);
    assert_eq!((first.0.as_str(), first.1.as_str()), ("\"default\"", "q=4;w=3600"));
    let mut last = first.2;
    while last > 0 {
        let next = limit(&anna.rest.call("GET", "/accounts/me", None).head).2;
        assert_eq!(next, last - 1);
        last = next;
    }
    let refused = anna.rest.call("GET", "/accounts/me", None);
    assert_eq!((refused.status, limit(&refused.head).2), (429, 0));
    assert!(header(&refused.head, "retry-after").is_some());
    assert_eq!(limit(&Client::new(anna.rest.port).call("GET", "/accounts/me", None).head).0, "\"anonymous\"");
    assert_eq!(header(&anna.admin.call("GET", "/domains", None).head, "ratelimit"), None, "without a limit there is nothing to tell");
    Ok(())
}

fn requests_have_names() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let named = |headers: &str| admin.call_with("GET", "/domains/nowhere.example", None, headers);
    let given = named("X-Request-Id: mine-1\r\n");
    assert_eq!((header(&given.head, "x-request-id"), &given.body["request_id"], &given.body["instance"]), (Some("mine-1"), &json!("mine-1"), &json!("/api/v1/domains/nowhere.example")));
    let made = named("");
    let id = header(&made.head, "x-request-id").unwrap();
    assert_eq!((id.len(), &made.body["request_id"]), (36, &json!(id)));
    assert_ne!(header(&named(&format!("X-Request-Id: {}\r\n", "x".repeat(200))).head, "x-request-id").unwrap().len(), 200);
    let good = admin.call_with("GET", "/server", None, "X-Request-Id: mine-2\r\n");
    assert_eq!((good.status, header(&good.head, "x-request-id")), (200, Some("mine-2")));
    Ok(())
}

fn a_known_version_is_not_sent_again() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    let etag = admin.call("GET", "/domains/main.example", None).etag.unwrap();
    let ask = |tags: &str| admin.call_with("GET", "/domains/main.example", None, &format!("If-None-Match: {tags}\r\n"));
    for tags in [etag.clone(), format!("W/{etag}"), format!("\"0\", {etag}"), "*".to_owned()] {
        let known = ask(&tags);
        assert_eq!((known.status, &known.body, known.etag.as_deref()), (304, &Value::Null, Some(etag.as_str())), "{tags}");
    }
    assert_eq!(ask("\"0\"").status, 200);
    assert_eq!(admin.call("PATCH", "/domains/main.example", Some(json!({"assigned_ips": ["192.0.2.1"]}))).status, 200);
    let newer = ask(&etag);
    assert_eq!((newer.status, newer.etag != Some(etag.clone())), (200, true));
    assert_eq!(admin.raw("GET", "/router/table", "Accept: text/plain\r\nIf-None-Match: *\r\n", b"").status, 304);
    assert_eq!(admin.call_with("PATCH", "/domains/main.example", Some(json!({})), &format!("If-None-Match: {etag}\r\n")).status, 200, "only reading is spared");
    Ok(())
}

fn every_edge_has_a_cursor() -> Outcome {
    let (_scratch, _server, admin) = claimed();
    for n in 0..5 {
        assert_eq!(admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": format!("a{n}"), "password": PASSWORD}))).status, 201);
        assert_eq!(admin.call("POST", "/accounts/me/messages", Some(json!({"raw": format!("Subject: {n}\r\n\r\nx")}))).status, 201);
    }
    for (field, arguments, word) in [("listDomainAccounts", "domain: \"main.example\"", "name"), ("listAccounts", "q: \"\"", "name"), ("listMessages", "account: \"me\"", "subject")] {
        let ask = |first: usize, after: &str| {
            let after = if after.is_empty() { String::new() } else { format!(", after: \"{after}\"") };
            let query = format!("{{ {field}({arguments}, first: {first}{after}) {{ edges {{ cursor node {{ {word} }} }} pageInfo {{ endCursor hasNextPage }} }} }}");
            admin.graphql(&query, &json!({}))["data"][field].clone()
        };
        let all = ask(500, "")["edges"].as_array().unwrap().clone();
        assert!(all.len() >= 5, "{field}");
        for (index, edge) in all.iter().enumerate() {
            let after = ask(2, edge["cursor"].as_str().unwrap())["edges"].as_array().unwrap().clone();
            assert_eq!(after, all[index + 1..].iter().take(2).cloned().collect::<Vec<_>>(), "{field} after {index}");
        }
        let page = ask(2, "");
        assert_eq!(page["pageInfo"]["endCursor"], page["edges"][1]["cursor"], "{field}");
    }
    Ok(())
}
