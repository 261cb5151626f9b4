//! Mail that leaves: found in the DNS, sent, put off, given back.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::account::PASSWORD;
use crate::administration::claimed;
use crate::client::Client;
use crate::dns::Dns;
use crate::lines::Lines;
use crate::server::{Options, Scratch, Server};
use crate::sink::Sink;
use crate::smtp::{Smtp, base64};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("mail_out::{name}"), run);
    vec![
        test("a_message_walks_to_the_next_server", a_message_walks_to_the_next_server),
        test("one_connection_takes_what_there_is", one_connection_takes_what_there_is),
        test("what_fails_comes_back", what_fails_comes_back),
        test("what_waits_is_reported_and_given_up", what_waits_is_reported_and_given_up),
        test("encryption_is_taken_where_it_works", encryption_is_taken_where_it_works),
        test("an_administrator_steers_the_queue", an_administrator_steers_the_queue),
        test("senders_decide_what_they_are_told", senders_decide_what_they_are_told),
        test("mail_for_a_full_account_waits_for_room", mail_for_a_full_account_waits_for_room),
        test("nothing_is_lost_by_kill_9", nothing_is_lost_by_kill_9),
        test("a_stop_in_order_sends_nothing_twice", a_stop_in_order_sends_nothing_twice),
    ]
}

/// A server with `anna` at `a.example`, or another domain and name, and the DNS it asks.
struct World {
    server: Server,
    admin: Client,
    dns: Dns,
    _scratch: Scratch,
}

fn world(domain: &str, user: &str) -> World {
    let (scratch, server, admin) = claimed();
    assert_eq!(admin.call("POST", "/domains", Some(json!({"name": domain}))).status, 201);
    assert_eq!(admin.call("POST", &format!("/domains/{domain}/accounts"), Some(json!({"name": user, "password": PASSWORD}))).status, 201);
    let dns = Dns::start();
    let servers = json!({"set": {"servers": [dns.address.to_string()]}});
    assert_eq!(admin.call("PATCH", "/network/dns", Some(servers)).status, 200);
    World { server, admin, dns, _scratch: scratch }
}

impl World {
    /// Settings of sending mail.
    fn sending(&self, set: &Value) {
        let answer = self.admin.call("PATCH", "/server/modules/smtp_out", Some(json!({"set": set})));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Mail for `domain` goes to a port of 127.0.0.1.
    fn lead(&self, domain: &str, port: u16) {
        let host = format!("mx.{domain}");
        self.dns.exchange(domain, 10, &host);
        self.dns.host(&host, "127.0.0.1");
        self.sending(&json!({"port": port, "allow_private": true, "first_retries": [1], "retry_every": 1}));
    }

    /// A connection on which anna has signed in.
    fn submit(&self) -> Smtp {
        let mut smtp = Smtp::connect(2587 + self.server.offset);
        let welcome = smtp.command(&format!("AUTH PLAIN {}", base64(format!("\0anna@a.example\0{PASSWORD}").as_bytes())));
        assert!(welcome.starts_with("235 "), "{welcome}");
        smtp
    }

    fn imap(&self, user: &str) -> Lines {
        let mut lines = Lines::connect(2143 + self.server.offset);
        lines.ok(&format!("LOGIN {user} \"{PASSWORD}\""));
        lines.ok("SELECT INBOX");
        lines
    }

    /// Waits for so many messages in the INBOX of `user`, and gives the last of them.
    fn message(&self, user: &str, count: usize) -> String {
        let name = user.split('@').next().unwrap();
        let sql = format!("SELECT m.messages FROM mailbox m JOIN account a ON a.id = m.account_id WHERE a.name = '{name}' AND m.name = 'INBOX'");
        wait(&format!("{count} messages for {user}"), || self.server.sql(&sql).parse::<usize>().is_ok_and(|there| there >= count));
        self.imap(user).ok(&format!("FETCH {count} BODY[]")).0.join("\n")
    }

    fn waiting(&self) -> String {
        self.server.sql("SELECT count(*) FROM queue_recipient")
    }
}

/// Asks until it is so; what happens in another process has no event here.
fn wait(what: &str, so: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < give_up, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn good(reply: &str) {
    assert!(reply.starts_with("250 "), "{reply}");
}

fn a_message_walks_to_the_next_server() -> Outcome {
    let (a, b) = (world("a.example", "anna"), world("b.example", "bob"));
    // The first host refuses the connection.
    a.dns.exchange("b.example", 10, "mx1.b.example");
    a.dns.host("mx1.b.example", "127.0.0.9");
    a.dns.exchange("b.example", 20, "mx2.b.example");
    a.dns.host("mx2.b.example", "127.0.0.1");
    a.sending(&json!({"port": 2025 + b.server.offset, "allow_private": true}));
    good(&a.submit().send("anna@a.example", &["bob@b.example"], "Subject: over there\r\nMessage-ID: <one@a.example>\r\n\r\nline\r\n..dot"));
    let text = b.message("bob@b.example", 1);
    for part in ["\nReturn-Path: <anna@a.example>\r\n", " with ESMTPS\r\n", " with ESMTPA\r\n", "\r\nMessage-ID: <one@a.example>\r\n", "\r\n\r\nline\r\n.dot\r\n"] {
        assert!(text.contains(part), "{part} {text}");
    }
    assert_eq!(text.matches("Return-Path:").count(), 1, "{text}");
    wait("the end of the queue", || a.waiting() == "0");
    assert_eq!(a.server.sql("SELECT detail->>'to', detail->>'host', left(detail->>'reply', 9) FROM delivery_record WHERE kind = 'sent'"), "bob@b.example|mx2.b.example|250 2.0.0");
    assert_eq!(a.server.sql("SELECT count(*) FROM queue_message"), "0");
    // An unknown user there is a report here.
    good(&a.submit().send("anna@a.example", &["nobody@b.example"], "Subject: who\r\n\r\nx"));
    let report = a.message("anna@a.example", 1);
    assert!(report.contains("Status: 5.1.1\r\n") && report.contains("550 5.1.1 nobody@b.example unknown user account"), "{report}");
    // A trial sends nothing beyond this machine.
    a.dns.exchange("far.example", 10, "mx.far.example");
    a.dns.host("mx.far.example", "192.0.2.1");
    good(&a.submit().send("anna@a.example", &["bob@far.example"], "Subject: far\r\n\r\nx"));
    wait("the reason", || a.server.sql("SELECT last_reply FROM queue_recipient").starts_with("451 4.4.1 mail does not leave this machine"));
    Ok(())
}

fn one_connection_takes_what_there_is() -> Outcome {
    let a = world("a.example", "anna");
    let sink = Sink::start(&["PIPELINING", "SIZE 1000000"]);
    // The module is off: everything waits.
    a.lead("sink.example", sink.port);
    a.sending(&json!({"enabled": false}));
    let mut smtp = a.submit();
    for n in 0..3 {
        good(&smtp.send("anna@a.example", &[&format!("user{n}@sink.example"), "later@sink.example"], &format!("Subject: {n}\r\n\r\nx")));
    }
    assert_eq!((a.waiting(), sink.taken.lock().unwrap().connections), ("6".to_owned(), 0));
    // A queue that is full refuses what is new.
    let most = |count: i64| assert_eq!(a.admin.call("PATCH", "/server/modules/queue", Some(json!({"set": {"max_messages": count}}))).status, 200);
    most(3);
    assert_eq!(smtp.command("MAIL FROM:<anna@a.example>"), "452 4.3.1 message queue is full");
    most(0);
    a.sending(&json!({"enabled": true}));
    good(&smtp.send("anna@a.example", &["last@sink.example"], "Subject: last\r\n\r\nx"));
    wait("all messages", || a.waiting() == "0");
    {
        let taken = sink.taken.lock().unwrap();
        assert!(taken.messages.len() == 4 || taken.messages.len() == 5, "the one that was put off comes alone: {}", taken.messages.len());
        assert!(taken.connections <= 2, "{} connections", taken.connections);
        assert!(taken.messages.iter().all(|m| !m.contains("Return-Path:") && m.contains("\nx\n")));
    }
    // A connection that is lost at the end of a message is made again at once.
    good(&smtp.send("anna@a.example", &["gone@sink.example"], "Subject: lost\r\n\r\nx"));
    wait("the message whose connection was lost", || a.waiting() == "0");
    assert!(sink.taken.lock().unwrap().messages.last().unwrap().contains("Subject: lost"));
    Ok(())
}

fn what_fails_comes_back() -> Outcome {
    let a = world("a.example", "anna");
    let sink = Sink::start(&["PIPELINING"]);
    a.lead("sink.example", sink.port);
    a.dns.exchange("null.example", 0, "");
    a.dns.exchange("inside.example", 10, "mx.inside.example");
    a.dns.host("mx.inside.example", "127.0.0.1");
    let mut smtp = a.submit();
    for line in ["MAIL FROM:<anna@a.example> ENVID=id+2B1 RET=HDRS", "RCPT TO:<never@sink.example> ORCPT=rfc822;first@sink.example", "RCPT TO:<never2@sink.example>", "RCPT TO:<bob@sink.example>"] {
        good(&smtp.command(line));
    }
    good(&smtp.data("Subject: refused\r\nX-Mark: it\r\n\r\nsecret"));
    let report = a.message("anna@a.example", 1);
    let parts = [
        "\nReturn-Path: <>\r\n",
        "\r\nAuto-Submitted: auto-replied\r\n",
        "\r\nContent-Type: multipart/report; ",
        "\r\nContent-Type: message/delivery-status\r\n",
        "\r\nOriginal-Envelope-Id: id+1\r\nReporting-MTA: dns; main.example\r\n",
        "\r\nOriginal-Recipient: rfc822;first@sink.example\r\nFinal-Recipient: rfc822;never@sink.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.sink.example\r\nDiagnostic-Code: smtp; 550 5.1.1 nobody of that name\r\n",
        "\r\nFinal-Recipient: rfc822;never2@sink.example\r\n",
        "\r\nX-Mark: it\r\n",
    ];
    for part in parts {
        assert!(report.contains(part), "{part}\n{report}");
    }
    assert!(!report.contains("secret") && !report.contains("bob@sink.example"), "{report}");
    assert_eq!(sink.messages(), 1, "who was accepted has it");
    for (count, to, status) in [(2, "x@nowhere.example", "550 5.1.2 nowhere.example host unknown"), (3, "x@null.example", "556 5.1.10 null.example takes no mail")] {
        good(&smtp.send("anna@a.example", &[to], "Subject: x\r\n\r\nx"));
        let report = a.message("anna@a.example", count);
        assert!(report.contains(status), "{status}\n{report}");
    }
    a.sending(&json!({"allow_private": false}));
    good(&smtp.send("anna@a.example", &["x@inside.example"], "Subject: x\r\n\r\nx"));
    assert!(a.message("anna@a.example", 4).contains("550 5.4.4 inside.example has no usable address"));
    // Our own port at our own address: a loop.
    a.sending(&json!({"allow_private": true, "port": 2025 + a.server.offset}));
    good(&smtp.send("anna@a.example", &["x@inside.example"], "Subject: x\r\n\r\nx"));
    assert!(a.message("anna@a.example", 5).contains("554 5.4.6 inside.example DNS loop"));
    // A report that fails is not reported.
    a.sending(&json!({"port": sink.port}));
    let mut client = Smtp::connect(2025 + a.server.offset);
    good(&client.send("never@sink.example", &["never@sink.example"], "Subject: both wrong\r\n\r\nx"));
    wait("the end of the queue", || a.waiting() == "0");
    assert_eq!(a.server.sql("SELECT count(*) FROM delivery_record WHERE kind = 'failed' AND detail->>'to' = 'never@sink.example'"), "3");
    Ok(())
}

fn what_waits_is_reported_and_given_up() -> Outcome {
    let a = world("a.example", "anna");
    let sink = Sink::start(&["PIPELINING"]);
    a.lead("sink.example", sink.port);
    a.dns.exchange("dark.example", 10, "mx.dark.example");
    a.dns.host("mx.dark.example", "127.0.0.8");
    a.dns.fail("broken.example");
    a.sending(&json!({"first_retries": [3600], "retry_every": 3600}));
    let mut smtp = a.submit();
    good(&smtp.send("anna@a.example", &["busy@sink.example"], "Subject: busy\r\n\r\nx"));
    good(&smtp.send("anna@a.example", &["bob@dark.example"], "Subject: dark\r\n\r\nx"));
    good(&smtp.send("anna@a.example", &["bob@broken.example"], "Subject: broken\r\n\r\nx"));
    let tried = |queue: &str, reply: &str| {
        let sql = format!("SELECT last_reply FROM queue_recipient WHERE queue = '{queue}'");
        wait(queue, || a.server.sql(&sql).contains(reply));
    };
    tried("sink.example", "450 4.2.1 not now");
    tried("dark.example", "451 4.4.1 mx.dark.example [127.0.0.8]: Connection refused");
    tried("broken.example", "451 4.4.3 DNS error: ");
    // The host's fault lets the whole queue wait; the recipient's fault only the recipient.
    assert_eq!(a.server.sql("SELECT queue, attempts FROM queue_pause ORDER BY 1"), "broken.example|1\ndark.example|1");
    assert_eq!(a.server.sql("SELECT attempts, next_try > now() + interval '50 minutes' FROM queue_recipient WHERE queue = 'sink.example'"), "1|t");
    good(&smtp.send("anna@a.example", &["second@dark.example"], "Subject: behind\r\n\r\nx"));
    // Age brings one warning for each message, with the reason.
    a.server.sql("UPDATE queue_recipient SET since = since - interval '1 hour'");
    a.sending(&json!({"warn_after": 1800}));
    let mut reports: Vec<String> = (1..=4).map(|count| a.message("anna@a.example", count)).collect();
    reports.retain(|report| report.contains("Action: delayed\r\n") && report.contains("Will-Retry-Until: "));
    assert_eq!(reports.len(), 4);
    assert_eq!(reports.iter().filter(|report| report.contains("Connection refused")).count(), 2, "{reports:?}");
    assert_eq!(a.server.sql("SELECT count(*) FROM queue_recipient WHERE warned AND lease_owner IS NULL"), "4");
    assert_eq!(a.server.sql("SELECT next_try > now() + interval '50 minutes' FROM queue_recipient WHERE queue = 'sink.example'"), "t", "a warning is no try");
    // It is given up at last.
    a.sending(&json!({"warn_after": 0, "give_up_after": 60}));
    let reports: Vec<String> = (5..=8).map(|count| a.message("anna@a.example", count)).collect();
    assert!(reports.iter().all(|report| report.contains("Action: failed\r\nStatus: 4.4.7\r\n")), "{reports:?}");
    assert_eq!(a.waiting(), "0");
    Ok(())
}

fn encryption_is_taken_where_it_works() -> Outcome {
    let a = world("a.example", "anna");
    // It offers STARTTLS and cannot shake hands.
    let sink = Sink::start(&["STARTTLS"]);
    a.lead("sink.example", sink.port);
    a.sending(&json!({"tls": "always", "first_retries": [3600], "retry_every": 3600}));
    let mut smtp = a.submit();
    good(&smtp.send("anna@a.example", &["bob@sink.example"], "Subject: sealed\r\n\r\nx"));
    wait("the pause", || a.server.sql("SELECT last_reply FROM queue_pause").starts_with("451 4.7.5 mx.sink.example: TLS: "));
    assert_eq!((sink.messages(), a.waiting()), (0, "1".to_owned()));
    let before = sink.taken.lock().unwrap().connections;
    // New mail does not wake a queue that waits.
    good(&smtp.send("anna@a.example", &["bob@sink.example"], "Subject: sealed too\r\n\r\nx"));
    a.sending(&json!({"tls": "when_offered"}));
    good(&smtp.send("anna@a.example", &["anna@a.example"], "Subject: me\r\n\r\nx"));
    assert_eq!(a.waiting(), "2");
    a.server.sql("UPDATE queue_pause SET until = now()");
    a.sending(&json!({"retry_every": 1}));
    wait("both messages", || a.waiting() == "0" && sink.messages() == 2);
    assert_eq!(sink.taken.lock().unwrap().connections - before, 2, "one that fails to encrypt, one in the clear");
    assert_eq!(a.server.sql("SELECT count(*) FROM queue_pause"), "0");
    Ok(())
}

fn an_administrator_steers_the_queue() -> Outcome {
    let a = world("a.example", "anna");
    let sink = Sink::start(&["PIPELINING"]);
    a.lead("sink.example", sink.port);
    a.sending(&json!({"first_retries": [3600], "retry_every": 3600}));
    let act = |what: &str, body: Value| {
        let answer = a.admin.call("POST", &format!("/queues/smtp/sink.example/{what}"), Some(body));
        assert!(answer.status < 300, "{what}: {}", answer.body);
    };
    let mut smtp = a.submit();
    // Put off for an hour, and sent at once when it is released.
    good(&smtp.send("anna@a.example", &["later@sink.example"], "Subject: one\r\n\r\nx"));
    wait("the first try", || a.server.sql("SELECT attempts FROM queue_recipient") == "1");
    act("release", json!({}));
    wait("the second try", || a.waiting() == "0" && sink.messages() == 1);
    act("hold", json!({}));
    good(&smtp.send("anna@a.example", &["bob@sink.example"], "Subject: two\r\n\r\nx"));
    good(&smtp.send("anna@a.example", &["anna@a.example"], "Subject: not held\r\n\r\nx"));
    a.message("anna@a.example", 1);
    assert_eq!((a.waiting(), sink.messages()), ("1".to_owned(), 1));
    act("unhold", json!({}));
    wait("the one that was held", || a.waiting() == "0" && sink.messages() == 2);
    // What is rejected goes back with the administrator's words.
    good(&smtp.send("anna@a.example", &["busy@sink.example"], "Subject: three\r\n\r\nx"));
    wait("a try", || a.server.sql("SELECT attempts FROM queue_recipient") == "1");
    act("reject", json!({"text": "we do not write to them any more"}));
    let report = a.message("anna@a.example", 2);
    assert!(report.contains("we do not write to them any more") && report.contains("Action: failed\r\n"), "{report}");
    assert_eq!(a.waiting(), "0");
    Ok(())
}

fn senders_decide_what_they_are_told() -> Outcome {
    let a = world("a.example", "anna");
    let (plain, reporting) = (Sink::start(&["PIPELINING"]), Sink::start(&["PIPELINING", "DSN"]));
    a.lead("sink.example", plain.port);
    let mut smtp = a.submit();
    let mut send = |to: &str, parameters: &str| {
        good(&smtp.command("MAIL FROM:<anna@a.example> ENVID=e1 RET=FULL"));
        good(&smtp.command(&format!("RCPT TO:<{to}> {parameters}")));
        good(&smtp.data("Subject: x\r\n\r\nthe body"));
    };
    send("never@sink.example", "NOTIFY=NEVER");
    send("never@sink.example", "NOTIFY=SUCCESS,DELAY");
    send("bob@sink.example", "NOTIFY=FAILURE");
    send("bob@sink.example", "NOTIFY=SUCCESS ORCPT=rfc822;robert@sink.example");
    wait("the end of the queue", || a.waiting() == "0");
    let report = a.message("anna@a.example", 1);
    assert!(report.contains("Original-Recipient: rfc822;robert@sink.example\r\nFinal-Recipient: rfc822;bob@sink.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n"), "{report}");
    assert!(report.contains("the body"), "RET=FULL: {report}");
    assert!(plain.taken.lock().unwrap().commands.iter().all(|line| !line.contains("NOTIFY") && !line.contains("ENVID")));
    // A server that can report is left to it.
    a.lead("dsn.example", reporting.port);
    send("bob@dsn.example", "NOTIFY=SUCCESS ORCPT=rfc822;robert@sink.example");
    wait("the message", || reporting.messages() == 1);
    let commands = reporting.taken.lock().unwrap().commands.clone();
    assert!(commands.iter().any(|line| line.contains(" RET=FULL ENVID=e1")), "{commands:?}");
    assert!(commands.contains(&"RCPT TO:<bob@dsn.example> NOTIFY=SUCCESS ORCPT=rfc822;robert@sink.example".to_owned()), "{commands:?}");
    wait("the end of the queue", || a.waiting() == "0");
    // What is in a mailbox at once is told at once.
    send("postmaster@main.example", "NOTIFY=SUCCESS,FAILURE");
    let report = a.message("anna@a.example", 2);
    assert!(report.contains("Final-Recipient: rfc822;postmaster@main.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n"), "{report}");
    Ok(())
}

fn mail_for_a_full_account_waits_for_room() -> Outcome {
    let a = world("a.example", "anna");
    let settings = |set: Value| assert_eq!(a.admin.call("PATCH", "/accounts/anna@a.example/settings", Some(json!({"set": set}))).status, 200);
    settings(json!({"max_account_size": 2000, "quota_retry_every": 1}));
    let mut smtp = Smtp::connect(2025 + a.server.offset);
    let big = format!("Subject: big\r\n\r\n{}", "text\r\n".repeat(300));
    good(&smtp.send("postmaster@main.example", &["anna@a.example"], &big));
    wait("a further try", || a.server.sql("SELECT attempts > 0 FROM queue_recipient") == "t");
    settings(json!({"max_account_size": -1}));
    let text = a.message("anna@a.example", 1);
    assert!(text.contains("\nReturn-Path: <postmaster@main.example>\r\n") && text.contains("Subject: big"), "{text}");
    wait("the end of the queue", || a.waiting() == "0");
    assert_eq!(a.server.sql("SELECT kind FROM delivery_record WHERE kind NOT IN ('deferred') ORDER BY n"), "received\ndelivered");
    assert_eq!(a.server.sql("SELECT count(*) FROM blob"), "1");
    // One that waits too long goes back.
    settings(json!({"max_account_size": 2000, "quota_retry_for": 1}));
    good(&smtp.send("postmaster@main.example", &["anna@a.example"], &big.replace("big", "too big")));
    let report = a.message("postmaster@main.example", 1);
    assert!(report.contains("Status: 5.2.2\r\n") && report.contains("Subject: too big"), "{report}");
    Ok(())
}

const MESSAGES: usize = 120;

/// Two servers; the first begins to send many messages to the second.
fn sending() -> (World, World) {
    let (a, b) = (world("a.example", "anna"), world("b.example", "bob"));
    a.lead("b.example", 2025 + b.server.offset);
    a.sending(&json!({"enabled": false}));
    let mut smtp = a.submit();
    for n in 0..MESSAGES {
        good(&smtp.send("anna@a.example", &["bob@b.example"], &format!("Message-ID: <{n}@a.example>\r\n\r\n{n}")));
    }
    a.sending(&json!({"enabled": true}));
    (a, b)
}

fn a_stop_in_order_sends_nothing_twice() -> Outcome {
    let (a, b) = sending();
    let World { server, dns: _dns, _scratch, .. } = a;
    let (options, offset) = (Options::new(&server.data), server.offset);
    let arrived = || b.server.sql("SELECT count(*) FROM delivery_record").parse::<usize>().unwrap();
    wait("some mail", || arrived() >= MESSAGES / 4);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_at(&options, offset);
    wait("the end of the queue", || server.sql("SELECT count(*) FROM queue_recipient") == "0");
    assert_eq!(b.server.sql("SELECT count(*), count(DISTINCT message_id) FROM delivery_record"), format!("{MESSAGES}|{MESSAGES}"));
    Ok(())
}

fn nothing_is_lost_by_kill_9() -> Outcome {
    let (a, b) = sending();
    let World { server, dns: _dns, _scratch, .. } = a;
    let options = Options::new(&server.data);
    let arrived = || b.server.sql("SELECT count(*) FROM delivery_record").parse::<usize>().unwrap();
    let mut server = Server::start_at(&options, server.kill_hard());
    for round in 1..=3 {
        wait("some mail", || arrived() >= round * MESSAGES / 5);
        server = Server::start_at(&options, server.kill_hard());
    }
    wait("the end of the queue", || server.sql("SELECT count(*) FROM queue_recipient") == "0");
    assert_eq!(b.server.sql("SELECT count(DISTINCT message_id) FROM delivery_record"), MESSAGES.to_string(), "every message is there");
    // What the other server had taken and we had not yet written down may come twice: one for each connection and kill.
    assert!(arrived() <= MESSAGES + 3 * 5, "{} for {MESSAGES}", arrived());
    assert_eq!(server.sql("SELECT count(*) FROM queue_message"), "0");
    Ok(())
}
