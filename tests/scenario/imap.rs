//! IMAP over real sockets: what one session does, another one, POP and REST see.

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::account::{PASSWORD, account};
use crate::lines::Lines;

type Outcome = Result<(), Failed>;

const MESSAGE: &str = "From: =?utf-8?Q?J=C3=B6rg?= <joerg@x.example>\r\nTo: anna@client.example\r\nSubject: First letter\r\nMessage-ID: <1@x.example>\r\n\
    Date: Tue, 1 Jul 2003 10:52:37 +0200\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello Anna\r\n\
    --b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n";

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("imap::{name}"), run);
    vec![
        test("mailboxes_are_made_and_renamed", mailboxes_are_made_and_renamed),
        test("messages_are_stored_read_and_moved", messages_are_stored_read_and_moved),
        test("idle_is_woken_by_another_session", idle_is_woken_by_another_session),
        test("changes_are_told_by_number", changes_are_told_by_number),
        test("counters_hold", counters_hold),
        test("rest_shows_the_same", rest_shows_the_same),
        test("wrong_passwords_are_refused", wrong_passwords_are_refused),
    ]
}

fn session(port: u16) -> Lines {
    let mut lines = Lines::connect(port);
    lines.ok(&format!("LOGIN \"anna%client.example\" \"{PASSWORD}\""));
    lines
}

fn names(untagged: &[String]) -> Vec<String> {
    untagged.iter().filter(|line| line.starts_with("* LIST")).map(|line| line.rsplit_once(" \"/\" ").unwrap().1.trim_matches('"').to_owned()).collect()
}

fn mailboxes_are_made_and_renamed() -> Outcome {
    let anna = account();
    let mut imap = session(anna.imap);
    let (listed, _) = imap.ok("LIST \"\" *");
    assert_eq!(names(&listed), ["Archive", "Drafts", "INBOX", "Junk", "Sent Items", "Trash"]);
    assert!(listed.iter().any(|line| line.contains("\\Trash") && line.ends_with("Trash")));
    imap.ok("CREATE a/b/c");
    assert_eq!(names(&imap.ok("LIST \"\" a*").0), ["a", "a/b", "a/b/c"]);
    assert!(imap.imap("CREATE a/b").1.starts_with("NO [ALREADYEXISTS]"));
    assert!(imap.imap("DELETE a/b").1.starts_with("NO [HASCHILDREN]"));
    assert!(imap.imap("DELETE INBOX").1.starts_with("NO"));
    assert!(imap.imap("SELECT nowhere").1.starts_with("NO [NONEXISTENT]"));
    imap.append("a/b/c", "", MESSAGE);
    imap.ok("RENAME a/b new/b");
    assert_eq!(names(&imap.ok("LIST \"\" new*").0), ["new", "new/b", "new/b/c"]);
    assert_eq!(imap.ok("STATUS new/b/c (MESSAGES UNSEEN)").0, ["* STATUS new/b/c (MESSAGES 1 UNSEEN 1)"]);
    assert!(imap.imap("RENAME new new/under").1.starts_with("NO"));
    // INBOX keeps its place; its messages move (RFC 3501 §6.3.5).
    imap.append("INBOX", "\\Seen", MESSAGE);
    imap.ok("RENAME INBOX old");
    assert_eq!(imap.ok("STATUS old (MESSAGES UNSEEN)").0, ["* STATUS old (MESSAGES 1 UNSEEN 0)"]);
    assert_eq!(imap.ok("STATUS INBOX (MESSAGES)").0, ["* STATUS INBOX (MESSAGES 0)"]);
    let validity = |imap: &mut Lines| imap.ok("STATUS old (UIDVALIDITY)").0[0].clone();
    let before = validity(&mut imap);
    imap.ok("DELETE old");
    imap.ok("CREATE old");
    assert_ne!(validity(&mut imap), before, "a mailbox made anew is another one");
    imap.ok("UNSUBSCRIBE old");
    assert!(!imap.ok("LSUB \"\" *").0.iter().any(|line| line.ends_with("old")));
    Ok(())
}

fn messages_are_stored_read_and_moved() -> Outcome {
    let anna = account();
    let mut imap = session(anna.imap);
    let appended = imap.append("INBOX", "\\Flagged work", MESSAGE);
    assert!(appended.starts_with("OK [APPENDUID ") && appended.contains(" 1]"), "{appended}");
    imap.append("INBOX", "\\Seen", &MESSAGE.replace("First", "Second"));
    let (selected, _) = imap.ok("SELECT INBOX");
    assert!(selected.contains(&"* 2 EXISTS".to_owned()) && selected.contains(&"* 2 RECENT".to_owned()), "{selected:?}");
    let (envelope, _) = imap.ok("FETCH 1 (FLAGS RFC822.SIZE ENVELOPE)");
    assert!(envelope[0].contains("\\Flagged") && envelope[0].contains("work") && envelope[0].contains(&format!("RFC822.SIZE {}", MESSAGE.len())));
    assert!(envelope[0].contains("\"First letter\" ((\"=?utf-8?Q?J=C3=B6rg?=\" NIL \"joerg\" \"x.example\"))"), "{}", envelope[0]);
    let (structure, _) = imap.ok("FETCH 1 BODYSTRUCTURE");
    assert!(structure[0].contains("\"application\" \"pdf\" (\"name\" \"a.pdf\")"), "{}", structure[0]);
    assert!(imap.ok("FETCH 1 BODY.PEEK[1]").0[0].contains("{10}\nHello Anna"));
    assert!(imap.ok("FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]").0[0].contains("\nSubject: First letter\r\n\r\n"));
    assert!(imap.ok("FETCH 1 BODY.PEEK[]").0[0].contains(MESSAGE));
    assert_eq!(imap.ok("SEARCH UNSEEN").0, ["* SEARCH 1"]);
    imap.ok("FETCH 1 BODY[TEXT]");
    assert_eq!(imap.ok("SEARCH UNSEEN").0, ["* SEARCH"]);
    for (criterion, found) in [("SUBJECT second", "* SEARCH 2"), ("FROM jörg", "* SEARCH 1 2"), ("BODY hello", "* SEARCH 1 2"), ("KEYWORD work", "* SEARCH 1"), ("SENTON 1-Jul-2003", "* SEARCH 1 2"), ("TEXT nothing", "* SEARCH")] {
        assert_eq!(imap.ok(&format!("SEARCH {criterion}")).0, [found], "{criterion}");
    }
    let (stored, _) = imap.ok("STORE 2 +FLAGS (\\Deleted $Label1)");
    assert!(stored.iter().any(|line| line.contains("\\Deleted") && line.contains("$Label1")), "{stored:?}");
    let (_, copied) = imap.ok("COPY 1:2 Archive");
    assert!(copied.contains("COPYUID") && copied.contains(" 1:2 1:2]"), "{copied}");
    let (moved, _) = imap.ok("MOVE 1 Trash");
    assert!(moved.iter().any(|line| line.contains("COPYUID")) && moved.contains(&"* 1 EXPUNGE".to_owned()), "{moved:?}");
    assert_eq!(imap.ok("EXPUNGE").0, ["* 1 EXPUNGE"]);
    let status = |imap: &mut Lines, name: &str| imap.ok(&format!("STATUS {name} (MESSAGES UIDNEXT SIZE)")).0[0].clone();
    assert_eq!(status(&mut imap, "INBOX"), "* STATUS INBOX (MESSAGES 0 UIDNEXT 3 SIZE 0)");
    assert_eq!(status(&mut imap, "Trash"), format!("* STATUS Trash (MESSAGES 1 UIDNEXT 2 SIZE {})", MESSAGE.len()));
    imap.ok("EXAMINE Archive");
    assert_eq!(imap.ok("SEARCH DELETED").0, ["* SEARCH 2"]);
    assert!(imap.imap("STORE 1 +FLAGS (\\Seen)").1.starts_with("NO [READ-ONLY]"));
    assert!(imap.append("nowhere", "", MESSAGE).starts_with("NO [TRYCREATE]"));
    Ok(())
}

fn idle_is_woken_by_another_session() -> Outcome {
    let anna = account();
    let (mut watcher, mut writer) = (session(anna.imap), session(anna.imap));
    watcher.ok("SELECT INBOX");
    watcher.send("i IDLE");
    assert!(watcher.line().starts_with('+'));
    writer.append("INBOX", "", MESSAGE);
    assert_eq!(watcher.line(), "* 1 EXISTS");
    assert_eq!(watcher.line(), "* 1 RECENT");
    writer.ok("SELECT INBOX");
    writer.ok("STORE 1 +FLAGS (\\Flagged)");
    let told = watcher.line();
    assert!(told.starts_with("* 1 FETCH") && told.contains("\\Flagged"), "{told}");
    writer.ok("STORE 1 +FLAGS (\\Deleted)");
    watcher.line();
    writer.ok("EXPUNGE");
    assert_eq!(watcher.line(), "* 1 EXPUNGE");
    watcher.send("DONE");
    assert!(watcher.line().starts_with("i OK"));
    // A mailbox that goes away under a session stays selected and empty.
    writer.ok("CREATE brief");
    writer.append("brief", "", MESSAGE);
    watcher.ok("SELECT brief");
    writer.ok("DELETE brief");
    assert!(watcher.ok("NOOP").0.contains(&"* 1 EXPUNGE".to_owned()));
    assert!(watcher.imap("FETCH 1:* FLAGS").1.starts_with("NO [NONEXISTENT]"));
    Ok(())
}

fn changes_are_told_by_number() -> Outcome {
    let anna = account();
    let mut imap = session(anna.imap);
    for _ in 0..3 {
        imap.append("INBOX", "", MESSAGE);
    }
    let (selected, _) = imap.ok("SELECT INBOX (CONDSTORE)");
    let highest: u64 = selected.iter().find_map(|line| line.strip_prefix("* OK [HIGHESTMODSEQ ")?.split(']').next()?.parse().ok()).unwrap();
    imap.ok("STORE 2 +FLAGS.SILENT (\\Seen)");
    let (changed, _) = imap.ok(&format!("FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})"));
    assert_eq!(changed.len(), 1);
    assert!(changed[0].starts_with("* 2 FETCH"), "{}", changed[0]);
    let (_, refused) = imap.ok(&format!("STORE 1:3 (UNCHANGEDSINCE {highest}) +FLAGS (\\Flagged)"));
    assert!(refused.starts_with("OK [MODIFIED 2]"), "{refused}");
    assert_eq!(imap.ok("SEARCH FLAGGED").0, ["* SEARCH 1 3"]);
    Ok(())
}

/// The counters of mailboxes are what counting gives, after everything was done at once.
fn counters_hold() -> Outcome {
    let anna = account();
    let mut workers = Vec::new();
    for worker in 0..4 {
        let port = anna.imap;
        workers.push(std::thread::spawn(move || {
            let mut imap = session(port);
            imap.ok("SELECT INBOX");
            for round in 0..10 {
                imap.append("INBOX", if round % 2 == 0 { "\\Seen" } else { "" }, MESSAGE);
                imap.imap("STORE 1 +FLAGS (\\Seen)");
                imap.imap(if worker % 2 == 0 { "COPY 1 Archive" } else { "MOVE 1 Archive" });
                imap.imap("STORE 1 +FLAGS (\\Deleted)");
                imap.ok("EXPUNGE");
            }
        }));
    }
    for worker in workers {
        worker.join().unwrap();
    }
    let mut imap = session(anna.imap);
    let mut total = 0;
    for name in ["INBOX", "Archive"] {
        let status = imap.ok(&format!("STATUS {name} (MESSAGES UNSEEN SIZE)")).0[0].clone();
        let (selected, _) = imap.ok(&format!("EXAMINE {name}"));
        let messages: usize = selected.iter().find_map(|line| line.strip_prefix("* ")?.strip_suffix(" EXISTS")?.parse().ok()).unwrap();
        let unseen = imap.ok("SEARCH UNSEEN").0[0].split(' ').skip(2).count();
        assert_eq!(status, format!("* STATUS {name} (MESSAGES {messages} UNSEEN {unseen} SIZE {})", messages * MESSAGE.len()));
        total += messages;
    }
    let me = anna.rest.call("GET", "/accounts/me", None).body;
    assert_eq!((&me["used_messages"], &me["used_bytes"]), (&json!(total), &json!(total * MESSAGE.len())));
    Ok(())
}

fn rest_shows_the_same() -> Outcome {
    let anna = account();
    let rest = &anna.rest;
    let mut imap = session(anna.imap);
    imap.append("INBOX", "\\Flagged work", MESSAGE);
    let reply = "From: b@x.example\nSubject: Re: First letter\nIn-Reply-To: <1@x.example>\nMessage-ID: <2@x.example>\n\nAn answer\n";
    let imported = rest.call("POST", "/accounts/me/messages", Some(json!({"raw": reply, "keywords": ["$seen"]})));
    assert_eq!((imported.status, &imported.body["uid"]), (201, &json!(2)), "{}", imported.body);
    imap.ok("SELECT INBOX");
    assert!(imap.ok("FETCH 2 BODY.PEEK[TEXT]").0[0].contains("\nAn answer\r\n"));
    let page = rest.call("GET", "/accounts/me/messages?mailbox=path:INBOX&limit=1", None).body;
    assert_eq!((&page["data"][0]["subject"], &page["page"]["has_more"]), (&json!("Re: First letter"), &json!(true)));
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    let first = rest.call("GET", &format!("/accounts/me/messages?mailbox=path:INBOX&limit=1&cursor={cursor}"), None).body;
    let (message, id) = (&first["data"][0], first["data"][0]["id"].as_str().unwrap());
    assert_eq!((&message["from"], &message["keywords"]), (&json!([{"name": "Jörg", "email": "joerg@x.example"}]), &json!({"$flagged": true, "work": true})));
    assert_eq!((&message["thread_id"], &first["page"]["has_more"]), (&page["data"][0]["thread_id"], &json!(false)));
    let whole = rest.call("GET", &format!("/accounts/me/messages/{id}"), None).body;
    assert_eq!((&whole["body"]["text"], &whole["body"]["attachments"][0]["name"], &whole["body"]["attachments"][0]["part"]), (&json!("Hello Anna"), &json!("a.pdf"), &json!("2")));
    let headers = rest.call("GET", &format!("/accounts/me/messages/{id}/headers"), None).body;
    assert_eq!(headers["data"][0], json!({"name": "From", "value": "Jörg <joerg@x.example>"}));
    assert_eq!(rest.call("GET", &format!("/accounts/me/messages/{id}/raw"), None).body, json!({"raw": MESSAGE, "encoding": "utf-8"}));
    for (search, found) in [(json!({"from": "JÖRG"}), 1), (json!({"text": "hello"}), 1), (json!({"subject": "first"}), 2), (json!({"not_keyword": "$seen"}), 1), (json!({"keyword": "WORK"}), 1), (json!({"text": "x.example"}), 2)] {
        let answer = rest.call("POST", "/accounts/me/messages/search", Some(search.clone())).body;
        assert_eq!(answer["data"].as_array().unwrap().len(), found, "{search}: {answer}");
    }
    let changed = rest.call("PATCH", &format!("/accounts/me/messages/{id}"), Some(json!({"keywords": {"$flagged": false, "$seen": true}, "mailbox_ids": ["path:INBOX", "path:Archive"]})));
    assert_eq!((changed.status, &changed.body["keywords"]), (200, &json!({"$seen": true, "work": true})), "{}", changed.body);
    let (told, _) = imap.ok("NOOP");
    assert!(told.iter().any(|line| line.contains("\\Seen") && !line.contains("\\Flagged")), "{told:?}");
    assert_eq!(rest.call("DELETE", &format!("/accounts/me/messages/{id}"), None).status, 204);
    assert_eq!(imap.ok("STATUS Trash (MESSAGES)").0[0], "* STATUS Trash (MESSAGES 1)");
    assert_eq!(imap.ok("NOOP").0, Vec::<String>::new());
    assert_eq!(imap.ok("STATUS INBOX (MESSAGES UNSEEN)").0[0], "* STATUS INBOX (MESSAGES 1 UNSEEN 0)");
    assert_eq!(rest.call("DELETE", &format!("/accounts/me/messages/{id}?permanent=true"), None).status, 204);
    assert_eq!(rest.call("GET", &format!("/accounts/me/messages/{id}"), None).status, 404);
    let made = rest.call("POST", "/accounts/me/mailboxes", Some(json!({"name": "Reisen/Äpfel"})));
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")));
    assert!(names(&imap.ok("LIST \"\" Reisen/*").0)[0].starts_with("Reisen/&"));
    let mailbox = made.body["id"].as_str().unwrap();
    let renamed = rest.call_if("PATCH", &format!("/accounts/me/mailboxes/{mailbox}"), Some(json!({"name": "Ferien", "subscribed": false})), Some("\"1\""));
    assert_eq!((renamed.status, &renamed.body["name"], &renamed.body["subscribed"]), (200, &json!("Ferien"), &json!(false)));
    assert_eq!(rest.call("DELETE", &format!("/accounts/me/mailboxes/{mailbox}"), None).status, 204);
    // Another account's mail needs a right of its own, also for the administrator.
    let foreign = anna.admin.call("GET", "/accounts/anna@client.example/messages", None);
    assert_eq!((foreign.status, &foreign.body["required"]), (403, &json!("mailbox_read_all")), "{}", foreign.body);
    Ok(())
}

fn wrong_passwords_are_refused() -> Outcome {
    let anna = account();
    let mut imap = Lines::connect(anna.imap);
    assert!(imap.imap("LOGIN \"anna%client.example\" wrong").1.starts_with("NO [AUTHENTICATIONFAILED]"));
    assert!(imap.imap("SELECT INBOX").1.starts_with("BAD"));
    imap.ok(&format!("LOGIN \"anna%client.example\" \"{PASSWORD}\""));
    Ok(())
}
