//! Lists of messages: rows of threads, what is counted, what is done to everything that fits.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::{Anna, PASSWORD, account};
use crate::lines::Lines;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("messages::{name}"), run);
    vec![test("a_thread_is_one_row", a_thread_is_one_row), test("everything_that_fits_is_changed", everything_that_fits_is_changed)]
}

fn put(anna: &Anna, id: &str, references: &str, more: Value) -> Value {
    let mut body = json!({"raw": format!("From: {id} <{id}@far.example>\r\nSubject: {id}\r\nMessage-ID: <{id}@far>\r\nReferences: {references}\r\n\r\n{id}\r\n")});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let stored = anna.rest.call("POST", "/accounts/me/messages", Some(body));
    assert_eq!(stored.status, 201, "{:#}", stored.body);
    stored.body["id"].clone()
}

fn list(anna: &Anna, query: &str) -> Value {
    let page = anna.rest.call("GET", &format!("/accounts/me/messages?{query}"), None);
    assert_eq!(page.status, 200, "{:#}", page.body);
    page.body
}

fn subjects(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect()
}

/// A list that shows each thread once names its last message in the mailbox, and what the mailbox holds of it.
fn a_thread_is_one_row() -> Outcome {
    let anna = account();
    let one = put(&anna, "one", "", json!({"keywords": ["$seen"]}));
    let two = put(&anna, "two", "<one@far>", json!({"keywords": ["$flagged"]}));
    put(&anna, "other", "", json!({}));
    let away = put(&anna, "away", "<one@far>", json!({"mailbox": "path:Trash"}));
    let three = put(&anna, "three", "<one@far> <two@far>", json!({"keywords": ["$seen"]}));
    put(&anna, "last", "", json!({"keywords": ["$seen"]}));
    let rows = list(&anna, "mailbox=path:INBOX&collapse=thread&count=exact");
    assert_eq!((subjects(&rows), &rows["page"]), (vec!["last", "three", "other"], &json!({"next_cursor": null, "has_more": false, "total": 3})));
    let thread = &rows["data"][1]["thread"];
    assert_eq!((&thread["ids"], &thread["unseen"], &thread["flagged"]), (&json!([three, two, one]), &json!(1), &json!(true)));
    assert_eq!(thread["from"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(), ["three", "two", "one"]);
    assert_eq!(rows["data"][0]["thread"]["ids"].as_array().unwrap().len(), 1);
    // Entered anywhere, and read on.
    assert_eq!(subjects(&list(&anna, "mailbox=path:INBOX&collapse=thread&position=1&limit=1")), ["three"]);
    let first = list(&anna, "mailbox=path:INBOX&collapse=thread&limit=2");
    assert_eq!((subjects(&first), &first["page"]["total"]), (vec!["last", "three"], &Value::Null));
    let next = list(&anna, &format!("mailbox=path:INBOX&collapse=thread&limit=2&cursor={}", first["page"]["next_cursor"].as_str().unwrap()));
    assert_eq!((subjects(&next), &next["page"]["has_more"]), (vec!["other"], &json!(false)));
    // Each mailbox has its own last message; all together show the last of all.
    assert_eq!(list(&anna, "mailbox=path:Trash&collapse=thread")["data"][0]["thread"]["ids"], json!([away]));
    let all = list(&anna, "collapse=thread&count=exact");
    assert_eq!((&all["page"]["total"], &all["data"][1]["thread"]["ids"]), (&json!(3), &json!([three, away, two, one])));
    assert!(list(&anna, "mailbox=path:INBOX")["data"][0]["thread"].is_null(), "a row of one message says nothing of its thread");
    // A message that a mailbox holds twice is one row, and counts once.
    let mut imap = Lines::connect(anna.imap);
    imap.ok(&format!("LOGIN anna@client.example \"{PASSWORD}\""));
    imap.ok("SELECT INBOX");
    imap.ok("COPY 1 INBOX");
    assert_eq!(anna.rest.call("GET", "/accounts/me/mailboxes/path:INBOX", None).body["messages"], 6);
    let each = list(&anna, "mailbox=path:INBOX&count=exact");
    assert_eq!((&each["page"]["total"], subjects(&each).len()), (&json!(5), 5));
    assert_eq!(list(&anna, "mailbox=path:INBOX&collapse=thread")["data"][1]["thread"]["ids"], json!([three, two, one]));
    let thread = each["data"][1]["thread_id"].as_str().unwrap();
    assert_eq!(list(&anna, &format!("thread={thread}&count=exact"))["page"]["total"], 4);
    for (query, status, pointer) in [("collapse=subject", 400, None), ("count=some", 422, Some("/count")), (&format!("thread={thread}&collapse=thread"), 422, Some("/collapse"))] {
        let refused = anna.rest.call("GET", &format!("/accounts/me/messages?{query}"), None);
        assert_eq!(refused.status, status, "{query}: {:#}", refused.body);
        assert!(pointer.is_none_or(|pointer| refused.body["errors"][0]["pointer"] == pointer), "{:#}", refused.body);
    }
    Ok(())
}

/// What a filter finds is changed piece by piece, newest first; the answers say where everything stood, so that it can be put back.
fn everything_that_fits_is_changed() -> Outcome {
    const MANY: usize = 530;
    let anna = account();
    assert_eq!(anna.admin.call("PATCH", "/server/settings", Some(json!({"set": {"rate_default": {"count": 100_000, "period": 60}}}))).status, 200);
    for n in 0..MANY {
        put(&anna, &format!("m{n}"), "", json!({}));
    }
    put(&anna, "trashed", "", json!({"mailbox": "path:Trash"}));
    let bulk = |body: Value| anna.rest.call("POST", "/accounts/me/messages/bulk", Some(body));
    let messages = |mailbox: &str| anna.rest.call("GET", &format!("/accounts/me/mailboxes/path:{mailbox}"), None).body["messages"].as_u64().unwrap_or(0);
    let all = json!({"mailbox": "path:INBOX"});
    let first = bulk(json!({"filter": all, "mailbox_ids": ["path:Archive"]}));
    assert_eq!((first.status, &first.body["matched"], messages("Archive")), (200, &json!(500), 500), "{:#}", first.body);
    let inbox = anna.rest.call("GET", "/accounts/me/mailboxes/path:INBOX", None).body["id"].clone();
    let stood = first.body["before"].as_array().unwrap();
    assert_eq!((stood.len(), &stood[0]["mailbox_ids"], stood[0]["ids"].as_array().unwrap().len()), (1, &json!([inbox]), 500));
    let second = bulk(json!({"filter": all, "mailbox_ids": ["path:Archive"], "cursor": first.body["next_cursor"]}));
    assert_eq!((&second.body["matched"], &second.body["next_cursor"], messages("INBOX")), (&json!(MANY - 500), &Value::Null, 0), "{:#}", second.body);
    assert_eq!(bulk(json!({"ids": stood[0]["ids"], "mailbox_ids": stood[0]["mailbox_ids"]})).body["matched"], 500);
    assert_eq!((messages("INBOX"), messages("Archive")), (500, 30));
    // What no longer fits once it is changed is passed by all the same.
    let mut cursor = Value::Null;
    let mut seen = 0;
    loop {
        let step = bulk(json!({"filter": {"mailbox": "path:Archive", "not_keyword": "$seen", "from": "m1"}, "keywords": {"$seen": true}, "cursor": cursor})).body;
        seen += step["matched"].as_u64().unwrap();
        cursor = step["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    // m1 and m10 to m19 were the oldest.
    assert_eq!((seen, anna.rest.call("GET", "/accounts/me/mailboxes/path:Archive", None).body["unseen"].as_u64()), (11, Some(19)));
    let found = bulk(json!({"filter": {"from": "trashed"}, "delete": "to_trash"}));
    assert_eq!((&found.body["matched"], messages("Trash")), (&json!(1), 0));
    for (body, pointer) in [
        (json!({"keywords": {"$seen": true}}), "/filter"),
        (json!({"ids": [], "keywords": {"$seen": true}}), "/ids"),
        (json!({"ids": stood[0]["ids"], "filter": {}}), "/filter"),
        (json!({"filter": {"keyword": "no keyword"}, "keywords": {"$seen": true}}), "/filter/keyword"),
    ] {
        let refused = bulk(body);
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)), "{:#}", refused.body);
    }
    Ok(())
}
