//! Clients that others wrote, against a real server. Those that are not installed are left out.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::account::{Anna, PASSWORD, account};
use crate::lines::Lines;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, program: &str, run: fn() -> Outcome| Trial::test(format!("clients::{name}"), run).with_ignored_flag(!is_installed(program));
    vec![
        test("mbsync_keeps_both_sides_the_same", "mbsync", mbsync_keeps_both_sides_the_same),
        test("fetchmail_fetches_under_tls", "fetchmail", fetchmail_fetches_under_tls),
        test("imaplib_idles_under_tls", "python3", imaplib_idles_under_tls),
        test("swaks_is_let_in_or_refused", "swaks", swaks_is_let_in_or_refused),
        test("neomutt_sends_and_files", "neomutt", neomutt_sends_and_files),
    ]
}

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Writes a file only its owner can read, as clients want it when it holds a password.
fn secret_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn run(anna: &Anna, program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).env("HOME", &anna.scratch.0).output().unwrap()
}

fn check(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    text
}

fn sign_in(anna: &Anna) -> Lines {
    let mut imap = Lines::connect(anna.imap);
    imap.ok(&format!("LOGIN anna@client.example \"{PASSWORD}\""));
    imap
}

fn count(folder: &Path) -> usize {
    ["cur", "new"].iter().map(|part| std::fs::read_dir(folder.join(part)).map_or(0, Iterator::count)).sum()
}

fn mbsync_keeps_both_sides_the_same() -> Outcome {
    let anna = account();
    let mut imap = sign_in(&anna);
    for n in 0..150 {
        imap.append("INBOX", if n % 3 == 0 { "\\Seen" } else { "" }, &format!("From: a@x.example\r\nSubject: far {n}\r\nMessage-ID: <far{n}@x>\r\n\r\nText {n}\r\n"));
    }
    let mail = anna.scratch.0.join("mail");
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(mail.join("Letters").join(part))?;
    }
    for n in 0..50 {
        std::fs::write(mail.join(format!("Letters/cur/{n}.near:2,{}", if n < 20 { "S" } else { "" })), format!("From: b@x.example\nSubject: near {n}\nMessage-ID: <near{n}@x>\n\nText {n}\n"))?;
    }
    let rc = anna.scratch.0.join("mbsyncrc");
    let (port, path) = (anna.imap, mail.display());
    let stores = format!("IMAPStore far\nHost 127.0.0.1\nPort {port}\nUser anna@client.example\nPass \"{PASSWORD}\"\nSSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath {path}/\nInbox {path}/INBOX\nSubFolders Verbatim\n\n");
    secret_file(&rc, &format!("{stores}Channel all\nFar :far:\nNear :near:\nPatterns INBOX Letters\nCreate Both\nExpunge Both\nSyncState *\n"));
    let sync = || check(&run(&anna, "mbsync", &["-c", rc.to_str().unwrap(), "all"]));
    sync();
    assert_eq!((count(&mail.join("INBOX")), count(&mail.join("Letters"))), (150, 50));
    assert_eq!(imap.ok("STATUS Letters (MESSAGES UNSEEN)").0, ["* STATUS Letters (MESSAGES 50 UNSEEN 30)"]);
    // Changes of both sides cross.
    imap.ok("SELECT INBOX");
    imap.ok("STORE 1:10 +FLAGS (\\Flagged)");
    imap.ok("STORE 141:150 +FLAGS (\\Deleted)");
    imap.ok("EXPUNGE");
    let first = std::fs::read_dir(mail.join("Letters/cur"))?.flatten().map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with(":2,S")).unwrap();
    std::fs::rename(&first, first.to_string_lossy().replace(":2,S", ":2,RS"))?;
    sync();
    let flagged = std::fs::read_dir(mail.join("INBOX/cur"))?.flatten().filter(|entry| entry.file_name().to_string_lossy().rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('F'))).count();
    assert_eq!((count(&mail.join("INBOX")), flagged), (140, 10));
    imap.ok("SELECT Letters");
    assert_eq!(imap.ok("SEARCH ANSWERED").0[0].split(' ').count(), 3);
    // Nothing is left to do.
    let mut state = || ["INBOX", "Letters"].map(|name| imap.ok(&format!("STATUS {name} (UIDNEXT HIGHESTMODSEQ)")).0.pop());
    let before = state();
    sync();
    assert_eq!((state(), count(&mail.join("INBOX")), count(&mail.join("Letters"))), (before, 140, 50));
    Ok(())
}

fn fetchmail_fetches_under_tls() -> Outcome {
    let anna = account();
    let mut imap = sign_in(&anna);
    for n in 0..20 {
        imap.append("Archive", "", &format!("From: a@x.example\r\nSubject: letter {n}\r\n\r\n.dots\r\n..\r\n"));
    }
    let (rc, got) = (anna.scratch.0.join("fetchmailrc"), anna.scratch.0.join("got"));
    let port = anna.pop;
    secret_file(&rc, &format!("poll 127.0.0.1 service {port} protocol POP3\n user \"Archive#anna@client.example\" password \"{PASSWORD}\" mda \"cat >> {}\" sslproto \"auto\" no sslcertck fetchall\n", got.display()));
    let done = check(&run(&anna, "fetchmail", &["--nodetach", "--nosyslog", "-f", rc.to_str().unwrap(), "-i", anna.scratch.0.join("ids").to_str().unwrap()]));
    let text = std::fs::read_to_string(&got)?;
    assert_eq!((text.matches("Subject: letter ").count(), text.matches("\n.dots\n..\n").count()), (20, 20), "{done}");
    assert_eq!(imap.ok("STATUS Archive (MESSAGES)").0, ["* STATUS Archive (MESSAGES 0)"]);
    Ok(())
}

const IDLE: &str = r#"
import imaplib, ssl, sys
port, password = int(sys.argv[1]), sys.argv[2]
context = ssl._create_unverified_context()
def session():
    imap = imaplib.IMAP4("127.0.0.1", port)
    imap.starttls(context)
    imap.login("anna%client.example", password)
    return imap
watcher, writer = session(), session()
assert watcher.select()[0] == "OK"
watcher.send(b"x IDLE\r\n")
assert watcher.readline().startswith(b"+")
writer.append("INBOX", "(\\Seen)", imaplib.Time2Internaldate(0), b"Subject: hello\r\n\r\nx\r\n")
assert watcher.readline() == b"* 1 EXISTS\r\n"
assert watcher.readline() == b"* 1 RECENT\r\n"
watcher.send(b"DONE\r\n")
assert watcher.readline().startswith(b"x OK")
kind, data = watcher.fetch("1", "(INTERNALDATE BODY[])")
assert b"-Jan-1970" in data[0][0] and data[0][1] == b"Subject: hello\r\n\r\nx\r\n", data
"#;

fn imaplib_idles_under_tls() -> Outcome {
    let anna = account();
    check(&run(&anna, "python3", &["-c", IDLE, &anna.imap.to_string(), PASSWORD]));
    Ok(())
}

/// Sends a message by swaks; gives how it ended and what was said.
fn swaks(anna: &Anna, arguments: &str) -> (i32, String) {
    let given = arguments.split(' ').map(|word| if word == "(password)" { PASSWORD } else { word });
    let arguments: Vec<&str> = given.chain(["--helo", "client.test", "--header", "Subject: by swaks", "--timeout", "30"]).collect();
    let output = run(anna, "swaks", &arguments);
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn swaks_is_let_in_or_refused() -> Outcome {
    let anna = account();
    let offset = anna.server.offset;
    let (smtp, submission, smtps) = (2025 + offset, 2587 + offset, 2465 + offset);
    let settings = json!({"protocol": "smtp", "port": 2925, "tls": "starttls", "settings": {"proxy_protocol": "v1", "proxy_ips": ["127.0.0.1"]}});
    assert_eq!(anna.admin.call("POST", "/listeners", Some(settings)).status, 201);
    let proxied = 2925 + offset;
    let stranger = "--proxy-version 1 --proxy-family TCP4 --proxy-source 203.0.113.9 --proxy-source-port 1025 --proxy-dest 203.0.113.1 --proxy-dest-port 25";
    let login = "-au anna@client.example -ap (password)";
    let own = "-f anna@client.example -t anna@client.example";
    let accepted = [
        format!("-s 127.0.0.1:{smtp} -f a@x.example -t anna@client.example"),
        format!("-s 127.0.0.1:{smtp} --tls {own}"),
        format!("-s 127.0.0.1:{submission} --tls -a PLAIN {own} {login}"),
        format!("-s 127.0.0.1:{submission} --tls -a LOGIN {own} {login}"),
        format!("-s 127.0.0.1:{smtps} --tlsc -a CRAM-MD5,PLAIN {own} {login}"),
        format!("-s 127.0.0.1:{proxied} {stranger} -f a@x.example -t anna@client.example"),
        format!("-s 127.0.0.1:{proxied} {stranger} --tls -a PLAIN -f anna@client.example -t anna@client.example {login}"),
    ];
    for arguments in &accepted {
        let (code, said) = swaks(&anna, arguments);
        assert_eq!(code, 0, "{arguments}\n{said}");
    }
    // The codes are swaks's own: 24 all recipients refused, 28 no authentication, 23 sender refused.
    let refused = [
        (format!("-s 127.0.0.1:{proxied} {stranger} -f a@x.example -t b@far.example"), 24, "550 5.7.1"),
        (format!("-s 127.0.0.1:{proxied} {stranger} -f a@x.example -t nobody@client.example"), 24, "550 5.1.1"),
        (format!("-s 127.0.0.1:{submission} --tls {own}"), 23, "530 5.7.0"),
        (format!("-s 127.0.0.1:{submission} --tls -a PLAIN {own} -au anna@client.example -ap wrong"), 28, "535 5.7.8"),
    ];
    for (arguments, expected, reply) in &refused {
        let (code, said) = swaks(&anna, arguments);
        assert_eq!((code, said.contains(reply)), (*expected, true), "{arguments}\n{said}");
    }
    assert_eq!(sign_in(&anna).ok("STATUS INBOX (MESSAGES)").0, [format!("* STATUS INBOX (MESSAGES {})", accepted.len())]);
    Ok(())
}

fn neomutt_sends_and_files() -> Outcome {
    let anna = account();
    let (imap, submission) = (anna.imap, 2587 + anna.server.offset);
    let (rc, file, chain) = (anna.scratch.0.join("neomuttrc"), anna.scratch.0.join("table.csv"), anna.scratch.0.join("chain.pem"));
    std::fs::write(&file, "a,b\n1,2\n")?;
    std::fs::write(&chain, anna.admin.call("GET", "/certificates", None).body["data"][0]["chain"].as_str().unwrap())?;
    let user = "anna%40client.example";
    let rest = "set from=anna@client.example\nset ssl_starttls=yes\nset ssl_verify_host=no\nset use_envelope_from=yes\nset copy=no\nset confirmappend=no\nset delete=yes\nset wait_key=no\nset mail_check_stats=no\n";
    let servers = format!("set smtp_url=\"smtp://{user}@127.0.0.1:{submission}/\"\nset smtp_pass=\"{PASSWORD}\"\nset smtp_authenticators=\"plain\"\nset folder=\"imap://{user}@127.0.0.1:{imap}/\"\nset spoolfile=+INBOX\nset imap_pass=\"{PASSWORD}\"\n");
    secret_file(&rc, &format!("{servers}set certificate_file=\"{}\"\n{rest}", chain.display()));
    let rc = rc.to_str().unwrap();
    let mut child = Command::new("neomutt")
        .args(["-F", rc, "-s", "by neomutt", "-a", file.to_str().unwrap(), "--", "anna@client.example"])
        .env("HOME", &anna.scratch.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().unwrap().write_all(b"Dear Anna,\n.\nthe table.\n")?;
    check(&child.wait_with_output()?);
    let mut imap = sign_in(&anna);
    imap.ok("SELECT INBOX");
    assert_eq!(imap.ok("SEARCH SUBJECT \"by neomutt\" BODY \"the table.\"").0, ["* SEARCH 1"]);
    assert!(imap.ok("FETCH 1 BODYSTRUCTURE").0[0].contains("table.csv"));
    // On a terminal: reads the message and files it.
    let keys = "push \"<display-message><exit><save-message>=Archive<enter><sync-mailbox><quit>\"";
    check(&run(&anna, "script", &["-qec", &format!("TERM=xterm neomutt -F {rc} -e '{keys}'"), "/dev/null"]));
    // The session that looks on is told that the message went.
    assert_eq!(imap.ok("STATUS Archive (MESSAGES UNSEEN)").0, ["* STATUS Archive (MESSAGES 1 UNSEEN 0)", "* 1 EXPUNGE"]);
    Ok(())
}
