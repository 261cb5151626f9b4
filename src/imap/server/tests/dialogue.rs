use super::*;
use crate::Notice;

const CAPS: &str = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE";
const MORE: &str = "IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT CONDSTORE SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE";

#[test]
fn rfc_3501_section_8() {
    let start = || Session::new(secure(), shell());
    check(start, &format!("
        S: * OK [CAPABILITY {CAPS} AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN] Postamt ready
        C: a001 login mrc secret
        S: a001 OK [CAPABILITY {CAPS} {MORE}] Signed in
        C: a002 select inbox
        S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1)
        S: * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1 \\*)] Flags that stay
        S: * 3 EXISTS
        S: * 0 RECENT
        S: * OK [UNSEEN 1] First unseen
        S: * OK [UIDVALIDITY 3857529045] UIDs are valid
        S: * OK [UIDNEXT 4] Next UID
        S: * OK [HIGHESTMODSEQ 4] Highest
        S: a002 OK [READ-WRITE] SELECT completed
        C: a003 fetch 1 full
        S: * 1 FETCH (FLAGS () INTERNALDATE \"17-Jul-1996 09:44:25 +0000\" RFC822.SIZE 103 ENVELOPE {} BODY (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 10 0))
        S: a003 OK FETCH completed
        C: a004 fetch 1 body[header]
        S: * 1 FETCH (FLAGS (\\Seen) BODY[HEADER] {{93}}
        S: From: Terry Gray <gray@cac.washington.edu>
        S: Subject: IMAP4rev1 WG mtg summary and minutes
        S:
        S: )
        S: a004 OK FETCH completed
        C: a005 store 1 +flags \\deleted
        S: * 1 FETCH (FLAGS (\\Deleted \\Seen))
        S: a005 OK STORE completed
        C: a006 logout
        S: * BYE Good-bye
        S: a006 OK LOGOUT completed
    ", crate::envelope::tests::SAMPLE));
}

#[test]
fn mailboxes() {
    check(
        || signed_in(secure()),
        "
        C: a LIST \"\" \"\"
        S: * LIST (\\Noselect) \"/\" \"\"
        S: a OK LIST completed
        C: b LIST \"\" %
        S: * LIST (\\Noselect \\HasChildren) \"/\" Entw&APw-rfe
        S: * LIST (\\HasNoChildren) \"/\" INBOX
        S: * LIST (\\HasNoChildren \\Trash) \"/\" Trash
        S: b OK LIST completed
        C: c LIST Entw&APw-rfe/ *
        S: * LIST (\\HasNoChildren) \"/\" Entw&APw-rfe/neu
        S: c OK LIST completed
        C: d CREATE Trash
        S: d NO [ALREADYEXISTS] Mailbox exists
        C: e CREATE \"Sent Items\" (USE (\\Sent))
        S: e OK CREATE completed
        C: f CREATE x (USE (\\All))
        S: f NO [USEATTR] Special use not possible
        C: g CREATE a//b
        S: g NO [CANNOT] Not a valid name
        C: h RENAME \"Sent Items\" sent
        S: h OK RENAME completed
        C: i SUBSCRIBE sent
        S: i OK SUBSCRIBE completed
        C: j LSUB \"\" *
        S: * LSUB (\\Sent) \"/\" sent
        S: j OK LSUB completed
        C: k DELETE INBOX
        S: k NO [CANNOT] INBOX stays
        C: l DELETE nothing
        S: l NO [NONEXISTENT] No such mailbox
        C: m STATUS inbox (messages unseen uidnext uidvalidity recent size)
        S: * STATUS INBOX (MESSAGES 3 UNSEEN 2 UIDNEXT 4 UIDVALIDITY 3857529045 RECENT 0 SIZE 138)
        S: m OK STATUS completed
        C: n NAMESPACE
        S: * NAMESPACE ((\"\" \"/\")) NIL NIL
        S: n OK NAMESPACE completed
        C: o ID NIL
        S: * ID (\"name\" \"Postamt\")
        S: o OK ID completed
        C: p ENABLE X-FOO
        S: * ENABLED
        S: p OK ENABLE completed
        C: q RENAME a a/b
        S: q NO [CANNOT] Not a valid name
    ",
    );
}

#[test]
fn fetch_items() {
    check(
        selected,
        "
        C: a UID FETCH 2:* FLAGS
        S: * 2 FETCH (UID 2 FLAGS (\\Seen $Label1))
        S: * 3 FETCH (UID 3 FLAGS ())
        S: a OK FETCH completed
        C: b FETCH 2:3 (UID BODY.PEEK[HEADER.FIELDS (subject)])
        S: * 2 FETCH (UID 2 BODY[HEADER.FIELDS (subject)] {16}
        S: Subject: two
        S:
        S: )
        S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (subject)] {2}
        S:
        S: )
        S: b OK FETCH completed
        C: c FETCH 2 (BODY[]<3.5> BODY.PEEK[1] BODY.PEEK[7])
        S: * 2 FETCH (BODY[]<3> {5}
        S: ject: BODY[1] {3}
        S: 2
        S:  BODY[7] NIL)
        S: c OK FETCH completed
        C: d FETCH 3 RFC822.TEXT
        S: * 3 FETCH (FLAGS (\\Seen) RFC822.TEXT {5}
        S: 333
        S: )
        S: d OK FETCH completed
        C: e FETCH 4 FLAGS
        S: e BAD No such message number
        C: f UID FETCH 77 FLAGS
        S: f OK FETCH completed
    ",
    );
}

#[test]
fn fetch_in_batches() {
    for (max, batch) in [(0, 1), (1, 500), (0, 500)] {
        let mut session = selected();
        session.shell.fetch_max = max;
        session.server.config.fetch_batch = batch;
        play(
            &mut session,
            "
            C: a FETCH 1:3 RFC822.SIZE
            S: * 1 FETCH (RFC822.SIZE 103)
            S: * 2 FETCH (RFC822.SIZE 19)
            S: * 3 FETCH (RFC822.SIZE 16)
            S: a OK FETCH completed
        ",
            100,
        );
    }
}

#[test]
fn append_uidplus() {
    // RFC 4315 §3 and RFC 7888.
    check(selected, "
        C: a APPEND nothing {3+}
        C: abc
        S: a NO [TRYCREATE] No such mailbox
        C: b APPEND INBOX (\\Flagged $x) \"02-Jan-1970 00:00:00 +0000\" {5}
        S: + Ready for the literal
        C: hello
        S: * 4 EXISTS
        S: * 1 RECENT
        S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1 $x)
        S: b OK [APPENDUID 3857529045 4] APPEND completed
        C: c FETCH 4 (FLAGS INTERNALDATE BODY.PEEK[])
        S: * 4 FETCH (FLAGS (\\Flagged \\Recent $x) INTERNALDATE \" 2-Jan-1970 00:00:00 +0000\" BODY[] {5}
        S: hello)
        S: c OK FETCH completed
    ");
}

#[test]
fn copy_move_expunge() {
    // RFC 4315 §3, RFC 6851 §3.
    check(
        selected,
        "
        C: a COPY 1:2 Trash
        S: a OK [COPYUID 3857529045 1:2 1:2] COPY completed
        C: b COPY 1 none
        S: b NO [TRYCREATE] No such mailbox
        C: c UID COPY 99 Trash
        S: c OK No messages to copy
        C: d UID MOVE 2 Trash
        S: * OK [COPYUID 3857529045 2 3] Moved
        S: * 2 EXPUNGE
        S: d OK MOVE completed
        C: e STORE 1:2 +FLAGS.SILENT (\\Deleted)
        S: e OK STORE completed
        C: f UID EXPUNGE 3:9
        S: * 2 EXPUNGE
        S: f OK EXPUNGE completed
        C: g EXPUNGE
        S: * 1 EXPUNGE
        S: g OK EXPUNGE completed
        C: h COPY 1 Trash
        S: h BAD No such message number
        C: i FETCH 1:* FLAGS
        S: i OK FETCH completed
    ",
    );
    check(
        selected,
        "
        C: a COPY 3 INBOX
        S: * 4 EXISTS
        S: * 1 RECENT
        S: a OK [COPYUID 3857529045 3 4] COPY completed
    ",
    );
}

#[test]
fn close_and_unselect() {
    let mut session = selected();
    play(
        &mut session,
        "
        C: a STORE 2 +FLAGS.SILENT (\\Deleted)
        S: a OK STORE completed
        C: b UNSELECT
        S: b OK UNSELECT completed
        C: c FETCH 1 FLAGS
        S: c BAD Command not valid in this state
        C: d STATUS INBOX (MESSAGES)
        S: * STATUS INBOX (MESSAGES 3)
        S: d OK STATUS completed
        C: e SELECT INBOX\\
    ",
        100,
    );
    session.receive(b"\r\n", 2);
    session.sent.clear();
    play(
        &mut session,
        "
        C: f CLOSE
        S: f OK CLOSE completed
        C: g STATUS INBOX (MESSAGES)
        S: * STATUS INBOX (MESSAGES 2)
        S: g OK STATUS completed
    ",
        100,
    );
    assert_eq!(session.shell.selected, None);
}

#[test]
fn search() {
    check(
        selected,
        "
        C: a SEARCH ALL
        S: * SEARCH 1 2 3
        S: a OK SEARCH completed
        C: b UID SEARCH UNSEEN SUBJECT minutes
        S: * SEARCH 1
        S: b OK SEARCH completed
        C: c SEARCH OR KEYWORD $label1 LARGER 100
        S: * SEARCH 1 2
        S: c OK SEARCH completed
        C: d SEARCH CHARSET UTF-8 TEXT {4}
        S: + Ready for the literal
        C: body
        S: * SEARCH 1
        S: d OK SEARCH completed
        C: e SEARCH CHARSET KOI8-R TEXT x
        S: e NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset
        C: f SEARCH NOT 2:* UID 1:3
        S: * SEARCH 1
        S: f OK SEARCH completed
        C: g SEARCH SINCE 1-Jan-1990 BODY nothing
        S: * SEARCH
        S: g OK SEARCH completed
        C: h SEARCH 9 SEEN
        S: * SEARCH
        S: h OK SEARCH completed
        C: i SEARCH MODSEQ 3
        S: * OK [HIGHESTMODSEQ 4] Highest
        S: * SEARCH 2 3 (MODSEQ 4)
        S: i OK SEARCH completed
    ",
    );
}

#[test]
fn condstore() {
    // RFC 7162 §3.1.
    check(
        selected,
        "
        C: a ENABLE CONDSTORE
        S: * ENABLED CONDSTORE
        S: * OK [HIGHESTMODSEQ 4] Highest
        S: a OK ENABLE completed
        C: b FETCH 1:3 (FLAGS) (CHANGEDSINCE 2)
        S: * 2 FETCH (FLAGS (\\Seen $Label1) MODSEQ (3))
        S: * 3 FETCH (FLAGS () MODSEQ (4))
        S: b OK FETCH completed
        C: c UID STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Flagged)
        S: * 1 FETCH (UID 1 MODSEQ (5))
        S: * 2 FETCH (UID 2 MODSEQ (5))
        S: c OK [MODIFIED 3] Conditional STORE failed
        C: d STORE 3 -FLAGS \\Draft
        S: * 3 FETCH (MODSEQ (4) FLAGS ())
        S: d OK STORE completed
        C: e STORE 1:* (UNCHANGEDSINCE 0) FLAGS ()
        S: e OK [MODIFIED 1:3] Conditional STORE failed
        C: f STATUS INBOX (HIGHESTMODSEQ)
        S: * STATUS INBOX (HIGHESTMODSEQ 7)
        S: f OK STATUS completed
        C: g FETCH 3 BODY[TEXT]
        S: * 3 FETCH (FLAGS (\\Seen) MODSEQ (8) BODY[TEXT] {5}
        S: 333
        S: )
        S: g OK FETCH completed
    ",
    );
}

fn news(uid: u32, flags: Flags, modseq: u64) -> Notice {
    Notice::Changed(vec![Message {
        uid,
        flags,
        modseq,
        ..Message::default()
    }])
}

#[test]
fn idle() {
    // RFC 2177 §3.
    let mut session = selected();
    play(
        &mut session,
        "
        C: a IDLE
        S: + idling
    ",
        1,
    );
    session.input(Input::Notice(news(4, Flags::NONE, 9)));
    session.input(Input::Notice(Notice::Expunged {
        uids: vec![3],
        modseq: 10,
    }));
    session.input(Input::Notice(news(1, Flags::SEEN, 11)));
    session.input(Input::Notice(Notice::Alert("full\r\nnow".into())));
    play(
        &mut session,
        "
        S: * 4 EXISTS
        S: * 1 RECENT
        S: * 3 EXPUNGE
        S: * 1 FETCH (FLAGS (\\Seen))
        S: * OK [ALERT] full  now
        C: DONE
        S: a OK IDLE completed
        C: b IDLE
        S: + idling
    ",
        1,
    );
    session.shell.modseq = 20;
    session.shell.mailboxes.get_mut("INBOX").unwrap().uid_next = 5;
    session.shell.deliver("INBOX", Stored::new("x"));
    session.input(Input::Notice(Notice::Resync));
    play(
        &mut session,
        "
        S: * 4 EXISTS
        S: * 2 RECENT
        C: stop
        S: b BAD Expected DONE
        C: c NOOP
        S: c OK NOOP completed
    ",
        1,
    );
}

#[test]
fn news_between_commands_wait() {
    let mut session = selected();
    session.input(Input::Notice(Notice::Expunged {
        uids: vec![1],
        modseq: 9,
    }));
    session.input(Input::Notice(news(3, Flags::FLAGGED, 10)));
    play(
        &mut session,
        "
        C: a FETCH 1:3 UID
        S: * 2 FETCH (UID 2)
        S: * 3 FETCH (UID 3)
        S: * 3 FETCH (FLAGS (\\Flagged))
        S: a OK FETCH completed
        C: b SEARCH ALL
        S: * SEARCH 2 3
        S: b OK SEARCH completed
        C: c NOOP
        S: * 1 EXPUNGE
        S: c OK NOOP completed
    ",
        100,
    );
    session.shell.modseq = 20;
    session.shell.deliver("INBOX", Stored::new("new"));
    session.input(Input::Notice(Notice::Resync));
    play(
        &mut session,
        "
        C: a NOOP
        S: * 3 EXISTS
        S: * 1 RECENT
        S: a OK NOOP completed
        C: b FETCH 3 UID
        S: * 3 FETCH (UID 4)
        S: b OK FETCH completed
    ",
        100,
    );
}

#[test]
fn changes_made_here_hide_none_made_elsewhere() {
    let mut session = selected();
    // Another session marks message 3, then this one marks message 1; the notice of the first comes late.
    session.shell.modseq = 10;
    session.shell.mailboxes.get_mut("INBOX").unwrap().messages[2].message = Message {
        uid: 3,
        flags: Flags::FLAGGED,
        modseq: 10,
        ..Message::default()
    };
    play(
        &mut session,
        "
        C: a STORE 1 FLAGS.SILENT (\\Seen)
        S: a OK STORE completed
    ",
        100,
    );
    session.input(Input::Notice(Notice::Resync));
    play(
        &mut session,
        "
        C: b NOOP
        S: * 3 FETCH (FLAGS (\\Flagged))
        S: b OK NOOP completed
    ",
        100,
    );
}

#[test]
fn deleted_while_selected() {
    let mut session = selected();
    session.input(Input::Notice(Notice::Gone));
    play(
        &mut session,
        "
        C: a FETCH 1 FLAGS
        S: a NO [NONEXISTENT] Mailbox was deleted
        C: b NOOP
        S: * 1 EXPUNGE
        S: * 1 EXPUNGE
        S: * 1 EXPUNGE
        S: b OK NOOP completed
        C: c EXPUNGE
        S: c NO [NONEXISTENT] Mailbox was deleted
        C: d SEARCH ALL
        S: d NO [NONEXISTENT] Mailbox was deleted
        C: e CLOSE
        S: e OK CLOSE completed
    ",
        100,
    );
}

#[test]
fn examine_changes_nothing() {
    let mut session = signed_in(secure());
    session.receive(b"a EXAMINE INBOX\r\n", 100);
    let sent = String::from_utf8(std::mem::take(&mut session.sent)).unwrap();
    assert!(
        sent.contains("[PERMANENTFLAGS ()]")
            && sent.ends_with("a OK [READ-ONLY] EXAMINE completed\r\n"),
        "{sent}"
    );
    play(
        &mut session,
        "
        C: b STORE 1 FLAGS ()
        S: b NO [READ-ONLY] Mailbox is read-only
        C: c FETCH 3 BODY[TEXT]
        S: * 3 FETCH (BODY[TEXT] {5}
        S: 333
        S: )
        S: c OK FETCH completed
        C: d EXPUNGE
        S: d NO [READ-ONLY] Mailbox is read-only
        C: e MOVE 1 Trash
        S: e NO [READ-ONLY] Mailbox is read-only
        C: f SELECT nothing
        S: * OK [CLOSED] Previous mailbox closed
        S: f NO [NONEXISTENT] No such mailbox
        C: g CHECK
        S: g BAD Command not valid in this state
    ",
        100,
    );
}
