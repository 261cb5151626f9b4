//! What is over goes by itself, and nothing else does.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

use crate::account::{PASSWORD, account};
use crate::lines::Lines;
use crate::server::{Options, Server};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("housekeeping::bodies_without_a_message_go", bodies_without_a_message_go)]
}

fn bodies_without_a_message_go() -> Result<(), Failed> {
    let anna = account();
    let mut imap = Lines::connect(anna.imap);
    imap.ok(&format!("LOGIN anna@client.example \"{PASSWORD}\""));
    let text = |n: usize| format!("Subject: {n}\r\n\r\nbody {n}\r\n");
    for n in 0..4 {
        imap.append("INBOX", if n < 3 { "\\Deleted" } else { "" }, &text(n));
    }
    let server = anna.server;
    let count = |server: &Server, what: &str| server.sql(&format!("SELECT count(*) FROM {what}"));
    imap.ok("SELECT INBOX");
    // A copy is the same message; it lives as long as it is in one mailbox.
    imap.ok("COPY 1 Drafts");
    imap.ok("CREATE Old");
    imap.ok("COPY 1:2 Old");
    for (command, left) in [("EXPUNGE", "3"), ("DELETE Old", "2"), ("SELECT Drafts", "2"), ("STORE 1 +FLAGS (\\Deleted)", "2"), ("EXPUNGE", "1")] {
        imap.ok(command);
        assert_eq!(count(&server, "email"), left, "{command}");
    }
    assert_eq!((count(&server, "blob").as_str(), count(&server, "email").as_str()), ("4", "1"));
    server.sql("UPDATE blob SET created_at = now() - interval '73 hours'");
    // Two of them came again, one as the same message and one as nobody's.
    imap.append("Drafts", "", &text(0));
    server.sql("UPDATE blob SET created_at = now() - interval '71 hours' WHERE hash = (SELECT hash FROM blob b WHERE NOT EXISTS (SELECT FROM email e WHERE e.blob_hash = b.hash) LIMIT 1)");
    server.sql("UPDATE session SET expires_at = now() - interval '1 second'");
    server.sql("INSERT INTO event (at, topic, type) VALUES (now() - interval '25 hours', 'auth', 'auth.old')");
    server.sql("INSERT INTO routing_hit (line_id, hour, hits) SELECT gen_random_uuid(), now() - make_interval(hours => h), h FROM unnest(ARRAY[47, 49]) h");
    let confirmation = "INSERT INTO routing_confirmation (id, part, version, before, actor, confirm_by, state) SELECT gen_random_uuid(), 'table', h, 'null', 'x', now() - make_interval(hours => h), 'confirmed' FROM unnest(ARRAY[47, 49]) h";
    server.sql(confirmation);
    let (data, offset) = (server.data.clone(), server.offset);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_at(&Options::new(&data), offset);
    let begun = Instant::now();
    while count(&server, "blob") != "3" || count(&server, "session") != "0" {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} bodies, {} sessions", count(&server, "blob"), count(&server, "session"));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(count(&server, "event WHERE type = 'auth.old'"), "0");
    assert_eq!((server.sql("SELECT hits FROM routing_hit WHERE hits > 40"), server.sql("SELECT version FROM routing_confirmation")), ("47".to_owned(), "47".to_owned()));
    let mut imap = Lines::connect(anna.imap);
    imap.ok(&format!("LOGIN anna@client.example \"{PASSWORD}\""));
    for (mailbox, n) in [("INBOX", 3), ("Drafts", 0)] {
        imap.ok(&format!("SELECT {mailbox}"));
        assert!(imap.ok("FETCH 1 BODY[TEXT]").0.join("\n").contains(&format!("body {n}")), "{mailbox}");
    }
    Ok(())
}
