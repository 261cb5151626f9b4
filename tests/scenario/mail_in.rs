//! Mail from the wire to the mailbox, on a real server.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::account::PASSWORD;
use crate::administration::claimed;
use crate::client::Client;
use crate::lines::Lines;
use crate::server::{Options, Scratch, Server};
use crate::smtp::{Smtp, base64};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("mail_in::{name}"), run);
    vec![
        test("a_message_is_in_its_mailbox_when_it_is_accepted", a_message_is_in_its_mailbox_when_it_is_accepted),
        test("parallel_connections_lose_and_double_nothing", parallel_connections_lose_and_double_nothing),
        test("senders_and_recipients_are_judged", senders_and_recipients_are_judged),
        test("names_lead_to_mailboxes", names_lead_to_mailboxes),
        test("a_user_submits", a_user_submits),
        test("full_accounts_make_mail_wait_or_refuse_it", full_accounts_make_mail_wait_or_refuse_it),
        test("a_smuggled_message_is_no_message", a_smuggled_message_is_no_message),
        test("what_was_accepted_outlives_kill_9", what_was_accepted_outlives_kill_9),
    ]
}

struct World {
    server: Server,
    admin: Client,
    smtp: u16,
    /// An SMTP listener behind a proxy.
    proxied: u16,
    _scratch: Scratch,
}

/// A server with `john` (also `j.doe`) and `anna` at `client.example`.
fn world() -> World {
    let (scratch, server, admin) = claimed();
    assert_eq!(admin.call("POST", "/domains", Some(json!({"name": "client.example"}))).status, 201);
    for (name, aliases) in [("john", json!(["j.doe"])), ("anna", json!([]))] {
        let made = admin.call("POST", "/domains/client.example/accounts", Some(json!({"name": name, "password": PASSWORD, "aliases": aliases})));
        assert_eq!(made.status, 201);
    }
    let settings = json!({"proxy_protocol": "v1", "proxy_ips": ["127.0.0.1"]});
    let listener = json!({"protocol": "smtp", "address": "127.0.0.1", "port": 2900, "tls": "starttls", "settings": settings});
    assert_eq!(admin.call("POST", "/listeners", Some(listener)).body["state"], "up");
    World { smtp: 2025 + server.offset, proxied: 2900 + server.offset, server, admin, _scratch: scratch }
}

fn imap(world: &World, user: &str) -> Lines {
    let mut lines = Lines::connect(2143 + world.server.offset);
    lines.ok(&format!("LOGIN {user}@client.example \"{PASSWORD}\""));
    lines
}

const IN_MAILBOX: &str = "SELECT count(*) FROM mailbox_email p JOIN mailbox m ON m.account_id = p.account_id AND m.id = p.mailbox_id JOIN account a ON a.id = m.account_id";

fn a_message_is_in_its_mailbox_when_it_is_accepted() -> Outcome {
    let world = world();
    let mut smtp = Smtp::connect(world.smtp);
    let reply = smtp.send("alice@sender.example", &["john@client.example"], "Return-Path: <forged@x>\r\nSubject: one\r\nMessage-ID: <one@x>\r\n\r\nfirst line\r\n..dot");
    assert!(reply.starts_with("250 2.0.0 ") && reply.ends_with(" message accepted for delivery"), "{reply}");
    let number = reply.split(' ').nth(2).unwrap();
    let row = "SELECT p.uid, p.size = octet_length(b.data) OR b.codec = 1, m.messages, m.unseen, m.uid_next, s.used_messages, s.used_bytes = p.size, p.modseq = s.modseq, m.modseq = s.modseq \
               FROM mailbox_email p JOIN mailbox m ON m.account_id = p.account_id AND m.id = p.mailbox_id JOIN account_state s ON s.account_id = p.account_id \
               JOIN email e ON e.account_id = p.account_id AND e.id = p.email_id JOIN blob b ON b.hash = e.blob_hash WHERE m.name = 'INBOX'";
    assert_eq!(world.server.sql(row), "1|t|1|1|2|1|t|t|t");
    assert_eq!(world.server.sql("SELECT topic, type, object->'uids' FROM event WHERE type = 'mail.delivered'"), "mailbox|mail.delivered|[1]");
    let record = format!("SELECT message_id, detail->>'from', detail->'delivered'->>0 FROM delivery_record WHERE message_number = {number}");
    assert_eq!(world.server.sql(&record), "one@x|alice@sender.example|john@client.example");
    let mut imap = imap(&world, "john");
    imap.ok("SELECT INBOX");
    let text = imap.ok("FETCH 1 BODY[]").0.join("\n");
    assert!(text.contains("\nReturn-Path: <alice@sender.example>\r\nReceived: from client.test ([127.0.0.1])\r\n by main.example with ESMTP\r\n"), "{text}");
    assert!(text.contains(&format!("\r\n id {number} for <john@client.example>;")) && text.contains("\r\n\r\nfirst line\r\n.dot\r\n") && !text.contains("forged"), "{text}");
    assert!(text.contains("\r\nDate: "), "a client's message is completed: {text}");
    // A stranger's message stays as it is.
    let mut stranger = Smtp::connect_from(world.proxied, "203.0.113.9");
    assert!(stranger.send("", &["john@client.example"], "Subject: two\r\n\r\nx").starts_with("250 "));
    assert!((0..1000).any(|_| imap.ok("NOOP").0.iter().any(|line| line == "* 2 EXISTS")), "an open session hears of it");
    let text = imap.ok("FETCH 2 BODY[]").0.join("\n");
    assert!(text.contains("\nReturn-Path: <>\r\nReceived: from client.test ([203.0.113.9])") && !text.contains("\r\nDate: "), "{text}");
    Ok(())
}

fn parallel_connections_lose_and_double_nothing() -> Outcome {
    const CONNECTIONS: usize = 16;
    const MESSAGES: usize = 50;
    let world = world();
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let port = world.smtp;
            scope.spawn(move || {
                let mut smtp = Smtp::connect(port);
                for n in 0..MESSAGES {
                    // The order of recipients must not matter to those who wait for each other.
                    let to: &[&str] = match (connection + n) % 4 {
                        0 => &["john@client.example", "anna@client.example"],
                        1 => &["anna@client.example", "john@client.example"],
                        _ => &["john@client.example"],
                    };
                    let reply = smtp.send("a@sender.example", to, &format!("Message-ID: <{connection}.{n}@x>\r\n\r\n{}", "text ".repeat(50 * (n % 7))));
                    assert!(reply.starts_with("250 "), "{reply}");
                }
            });
        }
    });
    let counts = |name: &str| {
        let sql = format!(
            "SELECT count(*), count(DISTINCT p.uid), min(p.uid), max(p.uid), max(m.uid_next), max(m.messages), max(s.used_messages), max(s.used_bytes) = sum(p.size), max(p.modseq) = max(s.modseq), count(DISTINCT e.blob_hash) \
             FROM mailbox_email p JOIN mailbox m ON m.account_id = p.account_id AND m.id = p.mailbox_id JOIN account a ON a.id = m.account_id JOIN account_state s ON s.account_id = a.id \
             JOIN email e ON e.account_id = p.account_id AND e.id = p.email_id WHERE a.name = '{name}' AND m.name = 'INBOX'"
        );
        world.server.sql(&sql)
    };
    assert_eq!(counts("john"), "800|800|1|800|801|800|800|t|t|800");
    assert_eq!(counts("anna"), "400|400|1|400|401|400|400|t|t|400");
    assert_eq!(world.server.sql("SELECT count(*), count(DISTINCT message_id), count(DISTINCT message_number) FROM delivery_record"), "800|800|800");
    assert_eq!(world.server.sql("SELECT sum(jsonb_array_length(object->'uids')) FROM event WHERE type = 'mail.delivered'"), "1200");
    assert_eq!(world.server.sql("SELECT count(*) FROM blob"), "800", "a body is stored once for all its recipients");
    Ok(())
}

fn senders_and_recipients_are_judged() -> Outcome {
    let world = world();
    let (mut client, mut stranger) = (Smtp::connect(world.smtp), Smtp::connect_from(world.proxied, "203.0.113.9"));
    let recipient = |smtp: &mut Smtp, to: &str| smtp.probe("alice@sender.example", to).1;
    let sender = |smtp: &mut Smtp, from: &str| smtp.probe(from, "john@client.example").0;
    assert_eq!(recipient(&mut client, "nobody@client.example"), "550 5.1.1 nobody@client.example unknown user account");
    assert_eq!(recipient(&mut stranger, "nobody@client.example"), "550 5.1.1 nobody@client.example unknown user account");
    assert_eq!(recipient(&mut stranger, "john@client.example"), "250 2.1.5 john@client.example will leave the Internet");
    assert_eq!(recipient(&mut stranger, "bob@far.example"), "550 5.7.1 bob@far.example prohibited. We do not relay");
    assert_eq!(recipient(&mut client, "bob@far.example"), "250 2.1.5 bob@far.example will relay mail from a client address");
    assert!(recipient(&mut stranger, "\"ls\"@pipe").starts_with("550 "));
    assert_eq!(sender(&mut client, "nobody@client.example"), "550 5.1.8 return-path unknown user account");
    assert_eq!(sender(&mut client, "john"), "550 5.1.7 return-path domain is not specified");
    assert_eq!(sender(&mut client, "john@client.example"), "250 2.1.0 john@client.example sender accepted");
    let mut stranger = Smtp::connect_from(world.proxied, "203.0.113.9");
    assert_eq!(sender(&mut stranger, "john@client.example"), "530 5.7.1 authentication required for local senders");
    assert_eq!(sender(&mut stranger, "alice@sender.example"), "250 2.1.0 alice@sender.example sender accepted");
    // A suspended account may refuse for the time being.
    let suspended = world.admin.call("POST", "/accounts/anna@client.example/suspend", Some(json!({"suspend_mail": "reject"})));
    assert!(suspended.status < 300, "{}", suspended.body);
    assert!(recipient(&mut stranger, "anna@client.example").starts_with("450 4.2.1 "));
    // Local and remote recipients of one message: one in the mailbox, one in the queue, one body.
    assert!(client.command("MAIL FROM:<john@client.example> ENVID=e1 RET=HDRS").starts_with("250 "));
    assert!(client.command("RCPT TO:<bob@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;robert@far.example").starts_with("250 "));
    assert!(client.command("RCPT TO:<john@client.example>").starts_with("250 "));
    let reply = client.data("Subject: both\r\n\r\nx");
    let number = reply.split(' ').nth(2).unwrap();
    let row = "SELECT m.id, m.return_path, m.envelope->>'envid', m.envelope->>'ret', r.n, r.address, r.module, r.queue, r.target, r.state, r.params->>'notify', r.params->>'orcpt', e.blob_hash = m.blob_hash \
               FROM queue_message m JOIN queue_recipient r ON r.message_id = m.id JOIN email e ON true";
    assert_eq!(
        world.server.sql(row),
        format!("{number}|john@client.example|e1|HDRS|0|bob@far.example|smtp|far.example|bob@far.example|waiting|SUCCESS,DELAY|rfc822;robert@far.example|t")
    );
    Ok(())
}

fn names_lead_to_mailboxes() -> Outcome {
    let world = world();
    let mut imap = imap(&world, "john");
    imap.ok("CREATE Lists");
    // There is no operation for groups yet.
    world.server.sql(
        "WITH g AS (INSERT INTO mail_group (id, domain_id, name, members) SELECT gen_random_uuid(), id, 'all-of-us', ARRAY['john', 'j.doe', 'anna@client.example', 'bob@far.example', 'gone'] \
         FROM domain WHERE name = 'client.example' RETURNING *) INSERT INTO object_name SELECT domain_id, name, 'group', id FROM g",
    );
    let mut smtp = Smtp::connect(world.smtp);
    let mut send = |to: &[&str]| assert!(smtp.send("alice@sender.example", to, "Subject: x\r\n\r\nx").starts_with("250 "));
    let count = |user: &str, mailbox: &str| world.server.sql(&format!("{IN_MAILBOX} WHERE a.name = '{user}' AND m.name = '{mailbox}'"));
    send(&["j.doe@client.example"]);
    assert_eq!(count("john", "INBOX"), "1");
    send(&["john+Lists@client.example"]);
    assert_eq!((count("john", "INBOX"), count("john", "Lists")), ("1".into(), "1".into()));
    send(&["john+nowhere@client.example"]);
    assert_eq!(count("john", "INBOX"), "2");
    // One copy for each mailbox, whatever names lead there.
    send(&["john@client.example", "j.doe@client.example", "john+nowhere@client.example", "john+else@client.example", "john+Lists@client.example"]);
    assert_eq!((count("john", "INBOX"), count("john", "Lists")), ("3".into(), "2".into()));
    send(&["all-of-us@client.example", "john@client.example"]);
    assert_eq!((count("john", "INBOX"), count("anna", "INBOX")), ("4".into(), "1".into()));
    let rows = || world.server.sql("SELECT r.address, m.return_path FROM queue_recipient r JOIN queue_message m ON m.id = r.message_id ORDER BY m.id, r.n");
    // Who is not there is told to the sender, who is elsewhere.
    let give_up = Instant::now() + Duration::from_secs(60);
    while rows() != "bob@far.example|alice@sender.example\nalice@sender.example|" {
        assert!(Instant::now() < give_up, "{}", rows());
        std::thread::sleep(Duration::from_millis(20));
    }
    let failed = "SELECT detail->>'to', detail->>'reply' FROM delivery_record WHERE kind = 'failed'";
    assert_eq!(world.server.sql(failed), "gone@client.example|550 5.1.1 gone@client.example unknown user account");
    // The author of a message to a group has it already.
    let mut own = Smtp::connect(world.smtp);
    assert!(own.send("john@client.example", &["all-of-us@client.example"], "From: john@client.example\r\nSubject: x\r\n\r\nx").starts_with("250 "));
    // What he gets is the report about the member who is not there.
    while count("john", "INBOX") != "5" {
        assert!(Instant::now() < give_up);
        std::thread::sleep(Duration::from_millis(20));
    }
    let reported = world.server.sql("SELECT count(*) FROM delivery_record WHERE detail->>'source' = 'DSN' AND detail->'delivered'->>0 = 'john@client.example'");
    assert_eq!((reported, count("anna", "INBOX")), ("1".into(), "2".into()));
    Ok(())
}

fn a_user_submits() -> Outcome {
    let world = world();
    let mut smtp = Smtp::connect(2587 + world.server.offset);
    assert_eq!(smtp.command("MAIL FROM:<john@client.example>"), "530 5.7.0 authentication required");
    let plain = |name: &str, password: &str| base64(format!("\0{name}\0{password}").as_bytes());
    assert_eq!(smtp.command(&format!("AUTH PLAIN {}", plain("john@client.example", "wrong"))), "535 5.7.8 incorrect name or password");
    let welcome = smtp.command(&format!("AUTH PLAIN {}", plain("john@client.example", PASSWORD)));
    assert!(welcome.starts_with("235 "), "{welcome}");
    let reply = smtp.send("john", &["anna@client.example"], "Subject: x\r\nBcc: secret@far.example\r\n\r\nx");
    assert!(reply.starts_with("250 "), "{reply}");
    let mut imap = imap(&world, "anna");
    imap.ok("SELECT INBOX");
    let text = imap.ok("FETCH 1 BODY[]").0.join("\n");
    for part in ["\nReturn-Path: <john@client.example>\r\n", " with ESMTPA\r\n", "\r\nDate: ", "\r\nMessage-ID: <", "\r\nFrom: <john@client.example>\r\n"] {
        assert!(text.contains(part), "{part} {text}");
    }
    assert!(!text.contains("secret"), "{text}");
    // From a strange address only signing in helps, and only inside TLS.
    let settings = json!({"proxy_protocol": "v1", "proxy_ips": ["127.0.0.1"]});
    let listener = json!({"protocol": "submission", "address": "127.0.0.1", "port": 2901, "tls": "starttls", "settings": settings});
    assert_eq!(world.admin.call("POST", "/listeners", Some(listener)).body["state"], "up");
    let mut far = Smtp::connect_from(2901 + world.server.offset, "203.0.113.9");
    assert_eq!(far.command(&format!("AUTH PLAIN {}", plain("john@client.example", PASSWORD))), "538 5.7.11 encryption required");
    assert_eq!(smtp.probe("john@client.example", "bob@far.example").1, "250 2.1.5 bob@far.example will relay mail for an authenticated user");
    Ok(())
}

fn full_accounts_make_mail_wait_or_refuse_it() -> Outcome {
    let world = world();
    let settings = |set: serde_json::Value| assert_eq!(world.admin.call("PATCH", "/accounts/john@client.example/settings", Some(json!({"set": set}))).status, 200);
    settings(json!({"max_account_size": 2000}));
    let mut smtp = Smtp::connect(world.smtp);
    let big = format!("Subject: x\r\n\r\n{}", "text\r\n".repeat(300));
    assert!(smtp.send("alice@sender.example", &["john@client.example", "anna@client.example"], &big).starts_with("250 "));
    let count = |user: &str| world.server.sql(&format!("{IN_MAILBOX} WHERE a.name = '{user}'"));
    assert_eq!((count("john"), count("anna")), ("0".into(), "1".into()));
    let waiting = "SELECT module, queue, account_id IS NOT NULL, next_try > now() + interval '29 minutes', last_reply FROM queue_recipient";
    assert_eq!(world.server.sql(waiting), "local|john@client.example|t|t|452 4.2.2 john@client.example account is full (quota exceeded)");
    assert!(smtp.send("alice@sender.example", &["john@client.example"], "Subject: small\r\n\r\nx").starts_with("250 "));
    assert_eq!(count("john"), "1", "what fits is delivered");
    settings(json!({"quota_retry_for": 0}));
    assert!(smtp.command("MAIL FROM:<alice@sender.example> SIZE=5000").starts_with("250 "));
    assert_eq!(smtp.command("RCPT TO:<john@client.example>"), "452 4.2.2 john@client.example account is full (quota exceeded)");
    smtp.command("RSET");
    settings(json!({"max_account_size": -1, "max_message_size": 1000}));
    assert!(smtp.command("MAIL FROM:<alice@sender.example>").starts_with("250 "));
    assert!(smtp.command("RCPT TO:<john@client.example>").starts_with("250 "));
    assert_eq!(smtp.data(&big), "552 5.2.3 john@client.example message too big for the account");
    Ok(())
}

fn a_smuggled_message_is_no_message() -> Outcome {
    let world = world();
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n"] {
        let mut smtp = Smtp::connect_from(world.proxied, "203.0.113.9");
        for line in ["MAIL FROM:<alice@sender.example>", "RCPT TO:<john@client.example>"] {
            assert!(smtp.command(line).starts_with("250 "));
        }
        assert!(smtp.command("DATA").starts_with("354 "));
        smtp.write(format!("Subject: outer\r\n\r\nx{end}MAIL FROM:<admin@sender.example>\r\nRCPT TO:<john@client.example>\r\nDATA\r\nSubject: inner\r\n\r\nx\r\n.\r\n").as_bytes());
        assert_eq!(smtp.reply(), "521 5.5.2 bare newline", "{end:?}");
        assert_eq!(smtp.reply(), "", "the connection is closed");
    }
    assert_eq!(world.server.sql("SELECT count(*) FROM mailbox_email"), "0");
    Ok(())
}

fn what_was_accepted_outlives_kill_9() -> Outcome {
    const CONNECTIONS: usize = 8;
    let world = world();
    let offset = world.server.offset;
    let options = Options::new(&world.server.data);
    let (sender, accepted) = std::sync::mpsc::channel::<String>();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            let (sender, port) = (sender.clone(), world.smtp);
            std::thread::spawn(move || {
                let mut smtp = Smtp::connect(port);
                for n in 0.. {
                    let lines = [format!("Message-ID: <{connection}.{n}@x>"), String::new(), "x".to_owned()];
                    let transaction = format!("MAIL FROM:<a@sender.example>\r\nRCPT TO:<john@client.example>\r\nDATA\r\n{}\r\n.\r\n", lines.join("\r\n"));
                    if !smtp.try_write(transaction.as_bytes()) {
                        return;
                    }
                    let replies = [smtp.reply(), smtp.reply(), smtp.reply(), smtp.reply()];
                    if !replies[3].starts_with("250 ") || sender.send(format!("{connection}.{n}@x")).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut known: Vec<String> = accepted.iter().take(200).collect();
    world.server.kill_hard();
    known.extend(accepted.iter());
    for thread in threads {
        thread.join().unwrap();
    }
    let server = Server::start_at(&options, offset);
    let stored = server.sql("SELECT r.message_id FROM delivery_record r");
    let stored: Vec<&str> = stored.lines().collect();
    assert!(known.len() >= 200);
    for id in &known {
        assert_eq!(stored.iter().filter(|s| *s == id).count(), 1, "{id} was accepted");
    }
    assert_eq!(server.sql(IN_MAILBOX), stored.len().to_string(), "what is recorded as delivered is in the mailbox");
    assert!(server.sql("SELECT max(uid) = count(*) FROM mailbox_email") == "t");
    Ok(())
}
