//! Mail in transit: what administrators see, and what their actions do.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::PASSWORD;
use crate::client::Client;
use crate::server::{Options, Scratch, Server};
use crate::smtp::Smtp;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("queue::{name}"), run);
    vec![
        test("a_held_message_stays_and_a_released_one_is_due", a_held_message_stays_and_a_released_one_is_due),
        test("a_held_queue_stays_and_goes_on", a_held_queue_stays_and_goes_on),
        test("a_rejected_message_is_reported_to_its_sender", a_rejected_message_is_reported_to_its_sender),
        test("the_router_is_asked_again", the_router_is_asked_again),
        test("a_message_is_given_to_others", a_message_is_given_to_others),
        test("lists_are_filtered_and_paged", lists_are_filtered_and_paged),
        test("raw_messages_are_taken", raw_messages_are_taken),
        test("looking_and_acting_are_two_rights", looking_and_acting_are_two_rights),
        test("the_command_line_shows_and_acts", the_command_line_shows_and_acts),
    ]
}

/// A server that sends nothing, with `john@client.example` and `anna@client.example`.
struct Post {
    admin: Client,
    server: Server,
    scratch: Scratch,
}

impl Post {
    fn new() -> Self {
        let scratch = Scratch::new();
        let mut options = Options::new(&scratch.0.join("data"));
        options.environment = vec![
            ("POSTAMT_BOOTSTRAP__MAIN_DOMAIN".to_owned(), "main.example".to_owned()),
            ("POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD".to_owned(), PASSWORD.to_owned()),
        ];
        let server = Server::start(&options);
        let mut admin = Client::new(server.port());
        assert_eq!(admin.sign_in("postmaster", PASSWORD), 200);
        assert_eq!(admin.call("POST", "/domains", Some(json!({"name": "client.example"}))).status, 201);
        for name in ["john", "anna"] {
            assert_eq!(admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
        }
        assert_eq!(admin.call("PATCH", "/server/modules/smtp_out", Some(json!({"set": {"enabled": false}}))).status, 200);
        Self { admin, server, scratch }
    }

    /// Sends a message by SMTP; gives its number.
    fn send(&self, from: &str, to: &[&str]) -> i64 {
        let mut smtp = Smtp::connect(2025 + self.server.offset);
        let reply = smtp.send(from, to, "Subject: Hello\r\nMessage-ID: <queue@test.example>\r\n\r\nsome text");
        reply.strip_prefix("250 2.0.0 ").and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{reply}"))
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.admin.call("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
        answer.body
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.admin.call("POST", path, Some(body));
        assert!([200, 201, 202].contains(&answer.status), "{path}: {:#}", answer.body);
        answer.body
    }

    fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let answer = self.admin.call(method, path, (method == "POST").then_some(body));
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// What happened to a message, in words.
    fn story(&self, number: i64) -> Vec<String> {
        self.get(&format!("/messages/{number}"))["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn user(&self, name: &str) -> Client {
        let mut client = Client::new(self.server.port());
        assert_eq!(client.sign_in(&format!("{name}@client.example"), PASSWORD), 200);
        client
    }

    /// Subjects in the mailboxes of somebody.
    fn subjects(client: &Client) -> Vec<String> {
        let list = client.call("GET", "/accounts/me/messages", None).body;
        list["data"].as_array().unwrap().iter().map(|message| message["subject"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a message with this in its subject is in somebody's INBOX.
    fn wait_for_subject(&self, name: &str, part: &str) {
        let (client, give_up) = (self.user(name), Instant::now() + Duration::from_secs(30));
        while !Self::subjects(&client).iter().any(|subject| subject.contains(part)) {
            assert!(Instant::now() < give_up, "{:?}", Self::subjects(&client));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn postamt(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_postamt")).arg("--data").arg(&self.server.data).args(arguments).output().unwrap()
    }

    /// A command that must succeed: what it prints.
    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.postamt(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn a_held_message_stays_and_a_released_one_is_due() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example", "eve@far.example"]);
    let held = post.post(&format!("/messages/{number}/hold"), json!({"recipient": "Bob@far.example"}));
    let states = |message: &Value| message["recipients"].as_array().unwrap().iter().map(|to| to["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!((states(&held), &held["held"]), (vec!["held".to_owned(), "waiting".to_owned()], &json!(false)));
    assert_eq!(held["recipients"][0]["next_try"], Value::Null);
    let held = post.post(&format!("/messages/{number}/hold"), json!({}));
    assert_eq!(held["held"], true);
    assert_eq!(post.refused("POST", &format!("/messages/{number}/hold"), json!({})), (409, "wrong_state".to_owned()));
    assert_eq!(post.server.sql("SELECT count(*) FROM queue_recipient WHERE state = 'waiting'"), "0", "nobody may claim it");
    // The time on hold does not count.
    post.server.sql("UPDATE queue_recipient SET held_at = now() - interval '1 hour', since = now() - interval '2 hours', next_try = now() - interval '50 minutes'");
    post.post(&format!("/messages/{number}/unhold"), json!({"recipient": "eve@far.example"}));
    let times = |n: i32| post.server.sql(&format!("SELECT round(EXTRACT(EPOCH FROM now() - since) / 60), round(EXTRACT(EPOCH FROM next_try - now()) / 60) FROM queue_recipient WHERE n = {n}"));
    assert_eq!(times(1), "60|10", "an hour old, and due in ten minutes");
    let released = post.post(&format!("/messages/{number}/release"), json!({}));
    assert_eq!(states(&released), ["waiting", "waiting"]);
    assert_eq!(post.server.sql("SELECT count(*) FROM queue_recipient WHERE state = 'waiting' AND next_try <= now() AND lease_owner IS NULL AND held_at IS NULL"), "2");
    assert_eq!(times(0), "60|0");
    assert_eq!(post.story(number), ["received", "held", "held", "unheld", "released", "released"]);
    assert_eq!(post.refused("POST", "/messages/999999/hold", json!({})), (404, "not_found".to_owned()));
    assert_eq!(post.refused("POST", &format!("/messages/{number}/hold"), json!({"recipient": "x@far.example"})), (404, "not_found".to_owned()));
    // What is being tried is left alone.
    post.server.sql("UPDATE queue_recipient SET lease_owner = gen_random_uuid(), lease_until = now() + interval '60 seconds'");
    for action in ["hold", "release", "reject", "reroute"] {
        assert_eq!(post.refused("POST", &format!("/messages/{number}/{action}"), json!({})), (409, "wrong_state".to_owned()), "{action}");
    }
    assert_eq!(post.get(&format!("/messages/{number}"))["recipients"][0]["state"], "trying");
    let events = post.server.sql("SELECT type, object->>'number', object->>'action' FROM event WHERE topic = 'queue' ORDER BY seq");
    let expected: Vec<String> = ["holdMessage", "holdMessage", "unholdMessage", "releaseMessage"].iter().map(|action| format!("queue.message_changed|{number}|{action}")).collect();
    assert_eq!(events.lines().collect::<Vec<_>>(), expected);
    Ok(())
}

fn a_held_queue_stays_and_goes_on() -> Outcome {
    let post = Post::new();
    post.send("john@client.example", &["bob@far.example"]);
    post.send("john@client.example", &["eve@far.example", "x@other.example"]);
    assert_eq!(post.get("/queues/summary")["data"][0]["recipients"], 3);
    let far = post.get("/queues/smtp/far.example");
    assert_eq!((&far["state"], &far["messages"], &far["recipients"]), (&json!("active"), &json!(2), &json!(2)));
    assert_eq!(post.post("/queues/smtp/far.example/hold", json!({}))["recipients"], 2);
    assert_eq!(post.get("/queues/smtp/far.example")["state"], "held");
    assert_eq!(post.get("/queues/smtp/other.example")["state"], "active");
    // A queue may be held before anything comes.
    post.post("/queues/smtp/empty.example/hold", json!({}));
    let empty = post.get("/queues/smtp/empty.example");
    assert_eq!((&empty["state"], &empty["recipients"], &empty["oldest"]), (&json!("held"), &json!(0), &Value::Null));
    post.server.sql("UPDATE queue_hold SET held_at = now() - interval '1 hour'; UPDATE queue_recipient SET since = now() - interval '2 hours', next_try = now() - interval '30 minutes'");
    post.post("/queues/smtp/far.example/unhold", json!({}));
    assert_eq!(post.server.sql("SELECT DISTINCT round(EXTRACT(EPOCH FROM now() - since) / 60), round(EXTRACT(EPOCH FROM next_try - now()) / 60) FROM queue_recipient WHERE queue = 'far.example'"), "60|30");
    assert_eq!(post.get("/queues/smtp/far.example")["state"], "waiting");
    assert_eq!(post.refused("POST", "/queues/smtp/far.example/unhold", json!({})), (409, "wrong_state".to_owned()));
    post.server.sql("INSERT INTO queue_pause (module, queue, until, last_reply) VALUES ('smtp', 'far.example', now() + interval '1 hour', '451 no route')");
    assert_eq!(post.get("/queues/smtp/far.example")["last_error"], "451 no route");
    let released = post.admin.call("POST", "/queues/smtp/far.example/release", Some(json!({})));
    assert_eq!((released.status, &released.body["recipients"]), (202, &json!(2)));
    assert_eq!(post.get("/queues/smtp/far.example")["state"], "active");
    assert_eq!(post.server.sql("SELECT count(*) FROM queue_pause"), "0");
    assert_eq!(post.refused("GET", "/queues/smtp/nowhere.example", json!({})), (404, "not_found".to_owned()));
    assert_eq!(post.server.sql("SELECT string_agg(object->>'state', ',' ORDER BY seq) FROM event WHERE type = 'queue.host_state'"), "held,held,waiting,active");
    Ok(())
}

fn a_rejected_message_is_reported_to_its_sender() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example", "eve@far.example"]);
    // Held, so that the report can be seen before it is made.
    post.post("/queues/local/bob@far.example/hold", json!({}));
    post.post("/queues/local/eve@far.example/hold", json!({}));
    assert_eq!(post.post(&format!("/messages/{number}/reject"), json!({"recipient": "bob@far.example", "text": "not\r\nwanted"}))["recipients"], 1);
    let bob = &post.get(&format!("/messages/{number}"))["recipients"][0];
    assert_eq!((&bob["module"], &bob["last_reply"]), (&json!("local"), &json!("550 5.7.1 not  wanted")));
    assert_eq!(post.post("/queues/smtp/far.example/reject", json!({}))["recipients"], 1);
    assert_eq!(post.get(&format!("/messages/{number}"))["recipients"][1]["last_reply"], "550 5.7.1 rejected by the administrator");
    assert_eq!(post.story(number), ["received", "rejected", "rejected"]);
    // The report is made when the hold ends.
    post.post("/queues/local/bob@far.example/release", json!({}));
    post.wait_for_subject("john", "Undelivered");
    // Nobody is told of a message that came from nobody.
    let silent = post.send("", &["bob@far.example"]);
    post.post(&format!("/messages/{silent}/reject"), json!({}));
    assert_eq!(post.refused("GET", &format!("/messages/{silent}"), json!({})), (404, "not_found".to_owned()));
    // Neither of one that is deleted.
    let deleted = post.send("john@client.example", &["bob@far.example"]);
    assert_eq!(post.admin.call("DELETE", &format!("/messages/{deleted}"), None).status, 204);
    assert_eq!(post.refused("GET", &format!("/messages/{deleted}"), json!({})), (404, "not_found".to_owned()));
    assert_eq!(post.server.sql(&format!("SELECT kind FROM delivery_record WHERE message_number = {deleted} ORDER BY n")), "received\ndeleted");
    // All that somebody sent.
    post.send("evil@bad.example", &["bob@far.example", "x@other.example"]);
    post.send("good@bad.example", &["bob@far.example"]);
    assert_eq!(post.refused("POST", "/messages/reject", json!({"recipient": "bob@far.example"})), (422, "validation_failed".to_owned()));
    assert_eq!(post.post("/messages/reject", json!({"sender": "Evil@bad.example"}))["recipients"], 2);
    assert_eq!(post.get("/messages?module=smtp")["data"].as_array().unwrap().len(), 1);
    Ok(())
}

fn the_router_is_asked_again() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example", "x@other.example"]);
    assert_eq!(post.post(&format!("/messages/{number}/reroute"), json!({}))["recipients"], 0, "nothing has changed");
    post.post("/router/lines", json!({"text": "far.example = near.example.via"}));
    post.post("/router/lines", json!({"text": "<x@other.example> = john@client.example"}));
    post.post("/queues/local/john@client.example/hold", json!({}));
    assert_eq!(post.post("/queues/smtp/far.example/reroute", json!({}))["recipients"], 1);
    assert_eq!(post.post(&format!("/messages/{number}/reroute"), json!({"recipient": "x@other.example"}))["recipients"], 1);
    let message = post.get(&format!("/messages/{number}"));
    let places: Vec<String> = message["recipients"].as_array().unwrap().iter().map(|to| format!("{} {}/{}", to["address"], to["module"], to["queue"]).replace('"', "")).collect();
    assert_eq!(places, ["bob@far.example smtp/near.example", "x@other.example local/john@client.example"]);
    assert_eq!(post.story(number), ["received", "rerouted", "rerouted"]);
    // A place where nobody can get it makes it fail.
    post.post("/queues/local/y@third.example/hold", json!({}));
    let lost = post.send("john@client.example", &["y@third.example"]);
    post.post("/router/lines", json!({"text": "<y@third.example> = error"}));
    assert_eq!(post.post(&format!("/messages/{lost}/reroute"), json!({}))["recipients"], 1);
    let reply = post.get(&format!("/messages/{lost}"))["recipients"][0]["last_reply"].clone();
    assert!(reply.as_str().unwrap().starts_with('5'), "{reply}");
    Ok(())
}

fn a_message_is_given_to_others() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example", "eve@far.example"]);
    post.post("/queues/local/anna@client.example/hold", json!({}));
    let path = format!("/messages/{number}/redirect");
    for (to, code) in [(json!(["nobody@client.example"]), "unknown_recipient"), (json!([]), "validation_failed")] {
        assert_eq!(post.refused("POST", &path, json!({"to": to})), (422, code.to_owned()));
    }
    let message = post.post(&path, json!({"recipient": "bob@far.example", "to": ["anna@client.example", "carl@third.example"]}));
    let to: Vec<&str> = message["recipients"].as_array().unwrap().iter().map(|to| to["address"].as_str().unwrap()).collect();
    assert_eq!(to, ["eve@far.example", "anna@client.example", "carl@third.example"]);
    post.post("/queues/local/anna@client.example/unhold", json!({}));
    post.wait_for_subject("anna", "Hello");
    assert_eq!(message["events"][1]["detail"], json!({"to": "bob@far.example", "by": "postmaster@main.example", "now": ["anna@client.example", "carl@third.example"]}));
    Ok(())
}

fn lists_are_filtered_and_paged() -> Outcome {
    let post = Post::new();
    let numbers: Vec<i64> = ["a@far.example", "b@other.example", "c@third.example"].iter().map(|to| post.send("john@client.example", &[to])).collect();
    post.post(&format!("/messages/{}/hold", numbers[1]), json!({}));
    let found = |query: &str| post.get(&format!("/messages?{query}"))["data"].as_array().unwrap().iter().map(|message| message["number"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(found("limit=10"), numbers);
    for (query, expected) in [
        ("sender=JOHN", &numbers[..]),
        ("sender=anna", &[]),
        ("recipient=b@other", &numbers[1..2]),
        ("queue=far.example&module=smtp", &numbers[..1]),
        ("filter[state]=held", &numbers[1..2]),
        ("queued_before=2020-01-01T00:00:00Z", &[]),
        ("authenticated=john@client.example", &[]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    let first = post.get("/messages?limit=2");
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("limit=2&cursor={cursor}")), numbers[2..]);
    assert_eq!(post.refused("GET", "/messages?cursor=zz", json!({})), (400, "cursor_mismatch".to_owned()));
    let names = |query: &str| post.get(&format!("/queues?{query}"))["data"].as_array().unwrap().iter().map(|queue| queue["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names("filter[module]=smtp"), ["far.example", "other.example", "third.example"]);
    assert_eq!(names("state=held"), ["other.example"]);
    assert_eq!(names("name=THIRD"), ["third.example"]);
    assert!(names("module=local").is_empty());
    let first = post.get("/queues?limit=2");
    assert_eq!(names(&format!("limit=2&cursor={}", first["page"]["next_cursor"].as_str().unwrap())), ["third.example"]);
    let shown = post.get(&format!("/messages/{}", numbers[0]));
    assert!(shown["headers"].as_array().unwrap().iter().any(|field| field == &json!({"name": "Subject", "value": "Hello"})), "{shown:#}");
    Ok(())
}

fn raw_messages_are_taken() -> Outcome {
    let post = Post::new();
    let message = json!({"from": "", "to": ["john@client.example", "bob@far.example"], "raw": "Subject: by hand\n\ntext\n"});
    let number = post.post("/messages", message.clone())["number"].as_i64().unwrap();
    assert_eq!(Post::subjects(&post.user("john")), ["by hand"]);
    assert_eq!(post.get(&format!("/messages/{number}"))["source"], "API [127.0.0.1]");
    let answer = post.admin.call("POST", "/messages", Some(json!({"from": "", "to": ["bob@far.example", "nobody@client.example"], "raw": "Subject: x\n\n"})));
    assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!("/to/1")));
    assert_eq!(post.refused("POST", "/messages", json!({"from": "nobody@client.example", "to": ["bob@far.example"], "raw": "Subject: x\n\n"})), (422, "validation_failed".to_owned()));
    assert_eq!(post.refused("POST", "/messages", json!({"from": "", "to": ["bob@far.example"], "raw": " "})), (422, "validation_failed".to_owned()));
    // Once for one key.
    let once = || post.admin.call_with("POST", "/messages", Some(message.clone()), "Idempotency-Key: by-hand\r\n").body["number"].clone();
    assert_eq!(once(), once());
    Ok(())
}

fn looking_and_acting_are_two_rights() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example"]);
    let able = |name: &str, rights: Value| {
        assert_eq!(post.admin.call("POST", "/domains/main.example/accounts", Some(json!({"name": name, "password": PASSWORD}))).status, 201);
        let address = format!("{name}@main.example");
        let given = post.admin.call("PUT", &format!("/accounts/{address}/rights"), Some(json!({"server": rights, "domain": []})));
        assert_eq!(given.status, 200, "{:#}", given.body);
        let mut client = Client::new(post.server.port());
        assert_eq!(client.sign_in(&address, PASSWORD), 200);
        client
    };
    let (watcher, keeper, reader) = (able("watcher", json!(["monitors"])), able("keeper", json!(["monitors", "queue_control"])), able("reader", json!(["mailbox_read_all"])));
    let (message, hold, raw) = (format!("/messages/{number}"), format!("/messages/{number}/hold"), format!("/messages/{number}/download"));
    for path in ["/queues", "/queues/summary", "/messages", &message] {
        assert_eq!(watcher.call("GET", path, None).status, 200, "{path}");
        assert_eq!(reader.call("GET", path, None).body["required"], "queue_control", "{path}");
    }
    assert_eq!(watcher.call("POST", &hold, Some(json!({}))).body["required"], "queue_control");
    assert_eq!(watcher.call("DELETE", &message, None).status, 403);
    assert_eq!(keeper.call("GET", &raw, None).body["required"], "mailbox_read_all");
    let read = reader.call("GET", &raw, None).body;
    assert!(read["raw"].as_str().unwrap().ends_with("\r\n\r\nsome text\r\n"), "{read:#}");
    assert_eq!(post.server.sql("SELECT actor, object FROM audit WHERE action = 'downloadTransitMessage'"), format!("reader@main.example|{number}"));
    assert_eq!(keeper.call("POST", &hold, Some(json!({}))).status, 200);
    assert_eq!(keeper.call("DELETE", &message, None).status, 204);
    Ok(())
}

fn the_command_line_shows_and_acts() -> Outcome {
    let post = Post::new();
    let number = post.send("john@client.example", &["bob@far.example", "x@other.example"]).to_string();
    let lines = |text: &str| text.lines().map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    assert_eq!(lines(&post.printed(&["queue", "list"])), ["QUEUE MESSAGES RECIPIENTS STATE", "smtp/far.example 1 1 active", "smtp/other.example 1 1 active"]);
    assert_eq!(post.printed(&["queue", "list", "local"]), "nothing waits\n");
    for filter in ["smtp/far.example", "JOHN@client.example", "bob@far.example"] {
        assert!(post.printed(&["queue", "list", filter]).lines().nth(1).unwrap().starts_with(&number), "{filter}");
    }
    assert_eq!(serde_json::from_str::<Value>(&post.printed(&["queue", "list", "--messages", "--json"]))?.as_array().unwrap().len(), 1);
    assert!(post.printed(&["queue", "hold", &number]).contains("held"));
    let shown = post.printed(&["queue", "show", &number]);
    for part in [format!("message {number}, "), "from    <john@client.example>".to_owned(), "Subject: Hello".to_owned(), "held        {".to_owned(), "local_console".to_owned()] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    let again = post.postamt(&["queue", "hold", &number]);
    assert_eq!((again.status.code(), String::from_utf8(again.stderr)?), (Some(1), "postamt: The message is on hold already.\n".to_owned()));
    assert!(post.printed(&["queue", "hold", "--off", &number]).contains("waiting"));
    assert_eq!(post.printed(&["queue", "hold", "smtp/far.example"]), "done: 1 recipients\n");
    assert_eq!(post.get("/queues/smtp/far.example")["state"], "held");
    assert_eq!(post.printed(&["queue", "retry", "smtp/far.example"]), "done: 1 recipients\n");
    assert_eq!(post.printed(&["queue", "reroute", &number]), "done: 0 recipients\n");
    assert!(post.printed(&["queue", "redirect", &number, "carl@third.example", "--recipient", "bob@far.example"]).contains("smtp/third.example"));
    post.post("/queues/local/x@other.example/hold", json!({}));
    assert_eq!(post.printed(&["queue", "reject", "smtp/other.example", "--text", "no"]), "done: 1 recipients\n");
    assert_eq!(post.printed(&["queue", "delete", &number]), "done\n");
    assert_eq!(post.printed(&["queue", "list", "smtp"]), "nothing waits\n");
    let nothing = post.postamt(&["queue", "show", &number]);
    assert_eq!(nothing.status.code(), Some(1));
    let explained = post.printed(&["route", "explain", "john@client.example", "--ip", "198.51.100.7"]);
    assert!(explained.contains("john@client.example goes to LOCAL(john@client.example)\n"), "{explained}");
    let stranger = post.printed(&["route", "explain", "bob@far.example", "--ip", "198.51.100.7"]);
    assert!(stranger.contains("goes to SMTP") && stranger.contains("\nrelay refused: "), "{stranger}");
    let table = post.scratch.0.join("draft");
    std::fs::write(&table, "<j> = john@client.example\n")?;
    let draft = post.printed(&["route", "explain", "j@main.example", "--table", table.to_str().unwrap()]);
    assert!(draft.contains("[line 1: <j> = john@client.example]") && draft.contains("LOCAL(john@client.example)"), "{draft}");
    assert_eq!(post.postamt(&["--data", "/nowhere", "queue", "list"]).status.code(), Some(2));
    Ok(())
}
