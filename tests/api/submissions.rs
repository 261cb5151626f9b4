//! Sending through the API: uploads, composing, the time to call a message back, what became of it; octets as they are.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::{Anna, PASSWORD, account};
use crate::client::{Client, Raw};
use crate::server::{Options, Server};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("submissions::{name}"), run);
    vec![
        test("a_message_is_composed_and_sent", a_message_is_composed_and_sent),
        test("a_message_is_called_back", a_message_is_called_back),
        test("a_waiting_message_survives_a_crash", a_waiting_message_survives_a_crash),
        test("a_whole_message_is_sent", a_whole_message_is_sent),
        test("what_cannot_be_sent_is_named", what_cannot_be_sent_is_named),
        test("drafts_are_kept_and_written_anew", drafts_are_kept_and_written_anew),
        test("many_messages_are_changed_at_once", many_messages_are_changed_at_once),
        test("octets_come_and_go_as_they_are", octets_come_and_go_as_they_are),
    ]
}

const HERE: &str = "/accounts/me/submissions";

fn to(email: &str) -> Value {
    json!([{"name": "", "email": email}])
}

fn bob(anna: &Anna) -> Client {
    let body = json!({"name": "bob", "password": PASSWORD, "aliases": ["robert"]});
    assert_eq!(anna.admin.call("POST", "/domains/client.example/accounts", Some(body)).status, 201);
    let mut bob = Client::new(anna.rest.port);
    assert_eq!(bob.sign_in("bob@client.example", PASSWORD), 200);
    bob
}

fn inbox(client: &Client, mailbox: &str) -> Vec<Value> {
    client.call("GET", &format!("/accounts/me/messages?mailbox=path:{mailbox}"), None).body["data"].as_array().unwrap().clone()
}

/// An account of the same domain that holds nothing: mail for it waits in the queue.
pub(crate) fn full(anna: &Anna) {
    assert_eq!(anna.admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": "full"}))).status, 201);
    assert_eq!(anna.admin.call("PATCH", "/accounts/full@client.example/settings", Some(json!({"set": {"max_account_size": 1}}))).status, 200);
}

/// Asks until the answer is there; there is no event to wait for from outside.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn a_message_is_composed_and_sent() -> Outcome {
    let anna = account();
    let bob = bob(&anna);
    full(&anna);
    let uploaded = anna.rest.raw("POST", "/accounts/me/uploads", "Content-Type: application/pdf\r\n", b"%PDF \xff\x00");
    assert_eq!(uploaded.status, 201);
    let upload: Value = serde_json::from_slice(&uploaded.body)?;
    assert_eq!((&upload["size"], &upload["type"]), (&json!(7), &json!("application/pdf")));
    let message = json!({
        "to": [{"name": "Bob", "email": "robert@client.example"}], "cc": to("postmaster@main.example"), "bcc": to("full@client.example"),
        "subject": "Vertrag für dich", "text": "Anbei.", "attachments": [{"blob_id": upload["blob_id"], "name": "verträge.pdf"}], "dsn": ["failure"], "request_mdn": true,
    });
    let sent = anna.rest.call_with("POST", HERE, Some(message.clone()), "Idempotency-Key: one\r\n");
    assert_eq!((sent.status, &sent.body["state"]), (202, &json!("sent")), "{:#}", sent.body);
    let again = anna.rest.call_with("POST", HERE, Some(message), "Idempotency-Key: one\r\n");
    assert_eq!(again.body["id"], sent.body["id"]);
    let states: Vec<(&str, &str)> = sent.body["recipients"].as_array().unwrap().iter().map(|r| (r["address"].as_str().unwrap(), r["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("robert@client.example", "delivered"), ("postmaster@main.example", "delivered"), ("full@client.example", "queued")]);
    let [arrived] = &inbox(&bob, "INBOX")[..] else { panic!("bob has one message") };
    assert_eq!((&arrived["subject"], &arrived["from"][0]["email"], &arrived["has_attachment"]), (&json!("Vertrag für dich"), &json!("anna@client.example"), &json!(true)));
    let id = arrived["id"].as_str().unwrap();
    let whole = bob.call("GET", &format!("/accounts/me/messages/{id}/raw"), None).body["raw"].as_str().unwrap().to_owned();
    assert!(!whole.to_lowercase().contains("bcc") && !whole.contains("full@client.example"), "{whole}");
    assert!(whole.contains("Disposition-Notification-To: <anna@client.example>"), "{whole}");
    let part = bob.call("GET", &format!("/accounts/me/messages/{id}"), None).body["body"]["attachments"][0]["part"].as_str().unwrap().to_owned();
    let file = bob.raw("GET", &format!("/accounts/me/messages/{id}/parts/{part}"), "", b"");
    assert_eq!((file.status, &file.body[..]), (200, &b"%PDF \xff\x00"[..]));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"vertr_ge.pdf\"; filename*=UTF-8''vertr%C3%A4ge.pdf"));
    let [copy] = &inbox(&anna.rest, "Sent%20Items")[..] else { panic!("anna keeps a copy") };
    assert_eq!((&copy["keywords"]["$seen"], &copy["message_id"]), (&json!(true), &arrived["message_id"]));
    assert_eq!(anna.server.sql("SELECT params->>'notify' FROM queue_recipient WHERE address = 'full@client.example' LIMIT 1"), "FAILURE");
    let list = anna.rest.call("GET", HERE, None).body;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (1, &sent.body["id"]));
    Ok(())
}

fn a_message_is_called_back() -> Outcome {
    let anna = account();
    let bob = bob(&anna);
    let waiting = anna.rest.call("POST", HERE, Some(json!({"to": to("bob@client.example"), "bcc": to("postmaster@main.example"), "subject": "Oops", "undo_seconds": 100})));
    assert_eq!((waiting.status, &waiting.body["state"], waiting.body["undo_until"].is_string()), (202, &json!("pending"), true));
    assert_eq!(waiting.body["recipients"][0], json!({"address": "bob@client.example", "state": "pending", "route": waiting.body["recipients"][0]["route"], "reply": ""}));
    let path = format!("{HERE}/{}", waiting.body["id"].as_str().unwrap());
    assert_eq!(bob.call("DELETE", &path, None).status, 404, "somebody else's");
    assert_eq!(anna.rest.call("DELETE", &path, None).status, 204);
    let again = anna.rest.call("DELETE", &path, None);
    assert_eq!((again.status, &again.body["code"]), (409, &json!("wrong_state")));
    assert_eq!(anna.rest.call("GET", &path, None).body["state"], "cancelled");
    assert!(inbox(&bob, "INBOX").is_empty());
    let [draft] = &inbox(&anna.rest, "Drafts")[..] else { panic!("the draft is back") };
    assert_eq!((&draft["subject"], &draft["keywords"]["$draft"]), (&json!("Oops"), &json!(true)));
    let raw = anna.rest.call("GET", &format!("/accounts/me/messages/{}/raw", draft["id"].as_str().unwrap()), None).body;
    assert!(raw["raw"].as_str().unwrap().contains("Bcc: <postmaster@main.example>"), "{raw}");
    let short = anna.rest.call("POST", HERE, Some(json!({"to": to("bob@client.example"), "undo_seconds": 1, "save_sent": false})));
    let path = format!("{HERE}/{}", short.body["id"].as_str().unwrap());
    let sent = until("the time is over", || Some(anna.rest.call("GET", &path, None).body).filter(|body| body["state"] == "sent"));
    assert_eq!((&sent["recipients"][0]["state"], &sent["undo_until"]), (&json!("delivered"), &Value::Null));
    assert_eq!(inbox(&bob, "INBOX").len(), 1);
    assert_eq!(anna.rest.call("DELETE", &path, None).status, 409);
    assert!(inbox(&anna.rest, "Sent%20Items").is_empty());
    Ok(())
}

fn a_waiting_message_survives_a_crash() -> Outcome {
    let anna = account();
    let mut bob = bob(&anna);
    let waiting = anna.rest.call("POST", HERE, Some(json!({"to": to("bob@client.example"), "undo_seconds": 2})));
    assert_eq!(waiting.body["state"], "pending");
    let gone = anna.rest.call("POST", HERE, Some(json!({"to": to("bob@client.example"), "subject": "gone"})));
    // As if the server had died between handing the message over and writing that down.
    anna.server.sql(&format!("UPDATE submission SET state = 'pending' WHERE id = '{}'", gone.body["id"].as_str().unwrap()));
    let Anna { server, scratch, rest, .. } = anna;
    let offset = server.kill_hard();
    let server = Server::start_at(&Options::new(&scratch.0.join("data")), offset);
    assert_eq!(bob.sign_in("bob@client.example", PASSWORD), 200);
    let path = format!("{HERE}/{}", waiting.body["id"].as_str().unwrap());
    until("it is sent after all", || Some(rest.call("GET", &path, None).body).filter(|body| body["state"] == "sent"));
    let path = format!("{HERE}/{}", gone.body["id"].as_str().unwrap());
    until("it is known to be sent", || Some(rest.call("GET", &path, None).body).filter(|body| body["state"] == "sent"));
    let subjects: Vec<Value> = inbox(&bob, "INBOX").iter().map(|m| m["subject"].clone()).collect();
    assert_eq!(subjects.iter().filter(|s| *s == "gone").count(), 1, "nothing is sent twice: {subjects:?}");
    assert_eq!(subjects.len(), 2);
    drop(server);
    Ok(())
}

fn a_whole_message_is_sent() -> Outcome {
    let anna = account();
    let bob = bob(&anna);
    let raw = "From: Anna <anna@client.example>\nTo: Robert <robert@client.example>\nBcc: bob@client.example\nSubject: whole\n\nBody\n";
    let sent = anna.rest.call("POST", HERE, Some(json!({"raw": raw})));
    assert_eq!((sent.status, sent.body["recipients"].as_array().unwrap().len()), (202, 2), "{:#}", sent.body);
    let [arrived] = &inbox(&bob, "INBOX")[..] else { panic!("both addresses are one mailbox") };
    assert_eq!((&arrived["subject"], &arrived["message_id"]), (&json!("whole"), &sent.body["message_id"]));
    let foreign = anna.rest.call("POST", HERE, Some(json!({"raw": raw.replace("anna@", "bob@")})));
    assert_eq!((foreign.status, &foreign.body["errors"][0]["pointer"]), (422, &json!("/raw")));
    let both = anna.rest.call("POST", HERE, Some(json!({"raw": raw, "subject": "x"})));
    assert_eq!((both.status, &both.body["errors"][0]["pointer"]), (422, &json!("/raw")));
    Ok(())
}

fn what_cannot_be_sent_is_named() -> Outcome {
    let anna = account();
    bob(&anna);
    for (body, status, code, pointer) in [
        (json!({}), 422, "validation_failed", "/to"),
        (json!({"to": to("bob")}), 422, "unknown_recipient", "/to/0"),
        (json!({"to": to("bob@client.example"), "cc": to("nobody@client.example")}), 422, "unknown_recipient", "/cc/0"),
        (json!({"to": to("bob@client.example"), "undo_seconds": 121}), 422, "validation_failed", "/undo_seconds"),
        (json!({"to": to("bob@client.example"), "send_at": "2999-01-01T00:00:00Z"}), 422, "validation_failed", "/send_at"),
        (json!({"to": to("bob@client.example"), "from": {"name": "", "email": "bob@client.example"}}), 422, "validation_failed", "/from/email"),
        (json!({"to": to("bob@client.example"), "dsn": ["never", "delay"]}), 422, "validation_failed", "/dsn"),
        (json!({"to": to("bob@client.example"), "attachments": [{"blob_id": "00000000-0000-0000-0000-000000000000", "name": "x"}]}), 422, "validation_failed", "/attachments/0/blob_id"),
        (json!({"to": to("bob@client.example"), "nonsense": 1}), 400, "unknown_field", "/nonsense"),
    ] {
        let refused = anna.rest.call("POST", HERE, Some(body.clone()));
        assert_eq!((refused.status, &refused.body["code"], &refused.body["errors"][0]["pointer"]), (status, &json!(code), &json!(pointer)), "{body}");
    }
    assert_eq!(anna.rest.call("GET", HERE, None).body["data"], json!([]));
    let other = anna.rest.call("POST", "/accounts/bob@client.example/submissions", Some(json!({"to": to("bob@client.example")})));
    assert_eq!((other.status, &other.body["required"]), (403, &json!("can_impersonate")));
    let few = json!({"set": {"mail_out_flow": {"count": 2, "period": 3600}, "max_mail_out_size": 2000}});
    assert_eq!(anna.admin.call("PATCH", "/accounts/anna@client.example/settings", Some(few)).status, 200);
    let send = |text: String| anna.rest.call("POST", HERE, Some(json!({"to": to("bob@client.example"), "text": text})));
    assert_eq!((send("x".repeat(3000)).status, send("one".to_owned()).status, send("two".to_owned()).status), (413, 202, 202));
    let third = send("three".to_owned());
    assert_eq!((third.status, &third.body["code"]), (429, &json!("outgoing_limit")));
    assert!(crate::client::header(&third.head, "retry-after").is_some());
    assert_eq!(anna.admin.call("PATCH", "/accounts/anna@client.example/settings", Some(json!({"set": {"max_account_size": 10}}))).status, 200);
    let full = until("the quota acts", || Some(anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": "Subject: x\r\n\r\ny"})))).filter(|answer| answer.status != 201));
    assert_eq!((full.status, &full.body["code"]), (507, &json!("quota_exceeded")));
    let large = anna.rest.raw("POST", "/accounts/me/uploads", "Content-Type: text/plain\r\n", &[b'x'; 2001]);
    assert_eq!(large.status, 413);
    Ok(())
}

fn sandboxed(raw: &Raw) {
    assert_eq!(raw.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
    assert!(raw.header("content-disposition").unwrap().starts_with("attachment"));
}

fn octets_come_and_go_as_they_are() -> Outcome {
    let anna = account();
    let message = b"Subject: x\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<script>\xfc</script>\r\n";
    let stored = anna.rest.raw("POST", "/accounts/me/messages?mailbox=path:Archive", "Content-Type: message/rfc822\r\n", message);
    assert_eq!(stored.status, 201, "{}", String::from_utf8_lossy(&stored.body));
    let id = serde_json::from_slice::<Value>(&stored.body)?["id"].as_str().unwrap().to_owned();
    let path = format!("/accounts/me/messages/{id}");
    let raw = anna.rest.raw("GET", &format!("{path}/raw"), "", b"");
    assert_eq!((raw.status, &raw.body[..], raw.header("content-type")), (200, &message[..], Some("message/rfc822")));
    sandboxed(&raw);
    let part = anna.rest.raw("GET", &format!("{path}/parts/1"), "Accept: text/html,*/*\r\n", b"");
    assert_eq!((part.header("content-type"), &part.body[..]), (Some("text/html; charset=iso-8859-1"), &b"<script>\xfc</script>\r\n"[..]));
    sandboxed(&part);
    let json = anna.rest.call("GET", &format!("{path}/parts/1"), None).body;
    assert_eq!((&json["encoding"], &json["size"]), (&json!("base64"), &json!(20)));
    assert_eq!(anna.rest.raw("GET", &format!("{path}/parts/9"), "", b"").status, 404);
    let upload = anna.rest.raw("POST", "/accounts/me/uploads", "Content-Type: application/json\r\n", b"{\"a\": 1}");
    let blob = serde_json::from_slice::<Value>(&upload.body)?["blob_id"].as_str().unwrap().to_owned();
    let back = anna.rest.raw("GET", &format!("/accounts/me/blobs/{blob}"), "", b"");
    assert_eq!((back.header("content-type"), &back.body[..]), (Some("application/json"), &b"{\"a\": 1}"[..]));
    assert_eq!(anna.admin.raw("GET", &format!("/accounts/anna@client.example/blobs/{blob}"), "", b"").status, 403);
    assert_eq!(Client::new(anna.rest.port).raw("POST", "/accounts/me/uploads", "Content-Type: text/plain\r\n", b"x").status, 401);
    let table = anna.admin.raw("GET", "/router/table", "Accept: text/plain\r\n", b"");
    assert_eq!(table.header("content-type"), Some("text/plain; charset=utf-8"));
    let changed = [&table.body[..], b"<added> = postmaster\n"].concat();
    let etag = table.header("etag").unwrap();
    let replaced = anna.admin.raw("PUT", "/router/table", &format!("Content-Type: text/plain\r\nAccept: text/plain\r\nIf-Match: {etag}\r\n"), &changed);
    assert_eq!((replaced.status, &replaced.body), (200, &changed));
    let refused = anna.admin.raw("POST", "/router/validate", "Content-Type: text/plain\r\n", b"<(x> = c\n");
    assert_eq!(serde_json::from_slice::<Value>(&refused.body)?["valid"], false);
    assert_eq!(anna.rest.raw("GET", "/accounts/me", "Accept: text/html\r\n", b"").status, 406);
    Ok(())
}

/// A draft keeps everything that was written: recipients, Bcc too, the conversation, files of another message.
fn drafts_are_kept_and_written_anew() -> Outcome {
    let anna = account();
    let raw = "From: a@far.example\r\nMessage-ID: <two@far>\r\nReferences: <one@far>\r\nSubject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n--b\r\nContent-Type: text/csv; name=t.csv\r\nContent-Disposition: attachment; filename=t.csv\r\n\r\n1,2\r\n--b--\r\n";
    let stored = anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": raw}))).body;
    let message = |id: &Value| anna.rest.call("GET", &format!("/accounts/me/messages/{}", id.as_str().unwrap()), None).body;
    let first = message(&stored["id"]);
    assert_eq!((&first["body"]["html"], &first["references"]), (&json!("<b>bold</b>"), &json!(["one@far"])));
    let part = first["body"]["attachments"][0]["part"].clone();
    let mut draft = json!({
        "to": to("bob@client.example"), "bcc": to("secret@far.example"), "text": "Half", "in_reply_to": "two@far", "references": ["one@far", "two@far"],
        "attachments": [{"message_id": stored["id"], "part": part, "name": "t.csv"}],
    });
    let kept = anna.rest.call("POST", "/accounts/me/drafts", Some(draft.clone()));
    assert_eq!(kept.status, 201, "{:#}", kept.body);
    draft["subject"] = json!("Whole");
    draft["attachments"][0]["message_id"] = kept.body["id"].clone();
    draft["attachments"][0]["part"] = message(&kept.body["id"])["body"]["attachments"][0]["part"].clone();
    let path = format!("/accounts/me/drafts/{}", kept.body["id"].as_str().unwrap());
    let anew = anna.rest.call("PUT", &path, Some(draft.clone()));
    assert_eq!(anew.status, 200, "{:#}", anew.body);
    assert_eq!(anna.rest.call("PUT", &path, Some(draft.clone())).status, 404);
    let [only] = &inbox(&anna.rest, "Drafts")[..] else { panic!("there is one draft") };
    assert_eq!((&only["subject"], &only["bcc"][0]["email"], &only["keywords"]), (&json!("Whole"), &json!("secret@far.example"), &json!({"$draft": true, "$seen": true})));
    assert_eq!((&only["references"], &only["thread_id"]), (&json!(["one@far", "two@far"]), &first["thread_id"]));
    assert_eq!(message(&only["id"])["body"]["attachments"][0]["name"], "t.csv");
    let thread = anna.rest.call("GET", &format!("/accounts/me/messages?thread={}", first["thread_id"].as_str().unwrap()), None).body;
    assert_eq!(thread["data"].as_array().unwrap().len(), 2);
    let elsewhere = format!("/accounts/me/drafts/{}", stored["id"].as_str().unwrap());
    assert_eq!(anna.rest.call("PUT", &elsewhere, Some(json!({}))).status, 409, "only drafts are written anew");
    draft["attachments"][0]["part"] = json!("9");
    let refused = anna.rest.call("POST", "/accounts/me/drafts", Some(draft));
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("/attachments/0/part")));
    Ok(())
}

fn many_messages_are_changed_at_once() -> Outcome {
    let anna = account();
    let store = |n: usize| anna.rest.call("POST", "/accounts/me/messages", Some(json!({"raw": format!("Subject: {n}\r\n\r\n{n}\r\n")}))).body["id"].clone();
    let ids: Vec<Value> = (0..5).map(store).collect();
    let bulk = |body: Value| anna.rest.call("POST", "/accounts/me/messages/bulk", Some(body));
    let subjects = |query: &str| -> Vec<String> {
        let page = anna.rest.call("GET", &format!("/accounts/me/messages?{query}"), None).body;
        page["data"].as_array().unwrap().iter().map(|m| m["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects("mailbox=path:INBOX&position=2&limit=2"), ["2", "1"], "a list is entered anywhere");
    let done = bulk(json!({"ids": [ids[0], ids[1], "00000000-0000-0000-0000-000000000000"], "keywords": {"$seen": true}, "mailbox_ids": ["path:Archive"]}));
    assert_eq!((done.status, &done.body["matched"]), (200, &json!(2)), "{:#}", done.body);
    assert_eq!((subjects("mailbox=path:INBOX"), subjects("mailbox=path:Archive")), (vec!["4".to_owned(), "3".to_owned(), "2".to_owned()], vec!["1".to_owned(), "0".to_owned()]));
    let archive = anna.rest.call("GET", "/accounts/me/mailboxes/path:Archive", None).body;
    assert_eq!((&archive["messages"], &archive["unseen"]), (&json!(2), &json!(0)));
    assert_eq!(bulk(json!({"ids": [ids[2], ids[3]], "delete": "to_trash"})).status, 200);
    assert_eq!(subjects("mailbox=path:Trash"), ["3", "2"]);
    assert_eq!(bulk(json!({"ids": [ids[2]], "delete": "to_trash"})).status, 200, "what is in the trash goes for good");
    assert_eq!(bulk(json!({"ids": [ids[4]], "delete": "permanent"})).status, 200);
    assert_eq!((subjects("mailbox=path:Trash"), subjects("mailbox=path:INBOX").len()), (vec!["3".to_owned()], 0));
    assert_eq!(bulk(json!({"ids": [ids[3]], "delete": "permanent", "keywords": {}})).status, 422);
    Ok(())
}
