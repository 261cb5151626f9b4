//! The light client with curl: cookies, forms and pages, no script.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::exchange::{Exchange, PASSWORD};

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("basic::mail_is_written_and_read_without_scripts", mail_is_written_and_read_without_scripts),
        Trial::test("basic::forms_of_strangers_do_nothing", forms_of_strangers_do_nothing),
    ]
}

/// A browser: cookies in a file.
struct Browser {
    base: String,
    jar: PathBuf,
}

impl Browser {
    fn new(exchange: &Exchange, name: &str) -> Self {
        Self { base: format!("http://127.0.0.1:{}/basic", 8100 + exchange.server().offset), jar: exchange.scratch.0.join(format!("{name}.jar")) }
    }

    fn curl(&self, path: &str, more: &[&str]) -> (u16, String) {
        let mut command = Command::new("curl");
        command.args(["-s", "-i", "--max-time", "30", "-b"]).arg(&self.jar).arg("-c").arg(&self.jar).args(more).arg(format!("{}{path}", self.base));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no answer of {path}: {text:?}"));
        (status, text)
    }

    fn get(&self, path: &str) -> String {
        let (status, text) = self.curl(path, &[]);
        assert_eq!(status, 200, "{path}: {text}");
        for wanted in ["default-src 'none'; style-src 'self'; form-action 'self'", "x-content-type-options: nosniff", "cache-control: no-store"] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        assert!(!text.contains("<script"), "{text}");
        text
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let more: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field.as_str()]).collect();
        self.curl(path, &more)
    }

    fn sign_in(&self) {
        let (status, text) = self.post("/sign-in", &[("login", "alice"), ("password", PASSWORD)]);
        assert_eq!(status, 303, "{text}");
        assert!(text.lines().filter(|line| line.starts_with("set-cookie")).all(|line| line.contains("HttpOnly") && line.contains("SameSite=Strict")), "{text}");
    }

    /// The value of a field in a page.
    fn field(page: &str, name: &str) -> String {
        between(page, &format!("name=\"{name}\" value=\""), "\"")
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap().to_owned()
}

fn mail_is_written_and_read_without_scripts() -> Outcome {
    let exchange = Exchange::new();
    let alice = Browser::new(&exchange, "alice");
    assert_eq!(alice.curl("/", &[]).0, 303, "signed in without a password");
    let (status, text) = alice.post("/sign-in", &[("login", "ali\"ce"), ("password", "guessed")]);
    assert_eq!(status, 401);
    assert!(text.contains("Incorrect name or password.") && text.contains("value=\"ali&quot;ce\""), "{text}");
    assert!(alice.curl("/sign-in", &["-H", "Accept-Language: de"]).1.contains("Anmelden"));
    alice.sign_in();
    let form = alice.get("/compose");
    let (token, key) = (Browser::field(&form, "form"), Browser::field(&form, "key"));
    let write = |to: &str| alice.post("/compose", &[("form", &token), ("key", &key), ("to", to), ("subject", "<b>Lunch</b>"), ("text", "Dear Alice,\r\n<script>alert(1)</script>")]);
    let (status, text) = write("alice@main.example, nobody");
    assert_eq!(status, 422);
    assert!(text.contains("Not an address") && text.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && text.contains("&lt;b&gt;Lunch&lt;/b&gt;"), "what was typed is lost: {text}");
    // Pressed twice, sent once.
    for _ in 0..2 {
        let (status, text) = write("\"Alice\" <alice@main.example>");
        assert_eq!(status, 303, "{text}");
    }
    let home = alice.get("/?done=sent");
    assert!(home.contains("The message is on its way."));
    let inbox = between(&home, "href=\"/basic/mailbox/", "\"");
    let list = alice.get(&format!("/mailbox/{inbox}"));
    assert_eq!(list.matches("&lt;b&gt;Lunch&lt;/b&gt;</a>").count(), 1, "{list}");
    let id = between(&list, "href=\"/basic/message/", "\"");
    let message = alice.get(&format!("/message/{id}")).replace("\r\n", "\n");
    assert!(message.contains("Dear Alice,\n&lt;script&gt;"), "{message}");
    assert!(alice.get(&format!("/compose?reply={id}")).contains("&gt; Dear Alice,"));
    let raw = alice.curl(&format!("/message/{id}/part/raw"), &[]).1;
    assert!(raw.contains("content-disposition: attachment") && raw.contains("Subject: <b>Lunch</b>"), "{raw}");
    assert!(alice.get("/search?q=lunch").contains("&lt;b&gt;Lunch&lt;/b&gt;</a>"));
    // Its ten minutes are over: the session goes on all the same.
    let jar = std::fs::read_to_string(&alice.jar).unwrap();
    std::fs::write(&alice.jar, jar.lines().filter(|line| !line.contains("pa_basic_access")).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    assert!(!alice.get(&format!("/mailbox/{inbox}")).contains("class=\"unseen\""), "read messages are marked");
    assert!(std::fs::read_to_string(&alice.jar).unwrap().contains("pa_basic_access"));
    let (status, _) = alice.post(&format!("/mailbox/{inbox}"), &[("form", &token), ("action", "delete"), ("id", &id)]);
    assert_eq!(status, 303);
    assert!(alice.get(&format!("/mailbox/{inbox}")).contains("There are no messages here."));
    assert_eq!(alice.curl("/message/01a20000-0000-7000-8000-000000000000", &[]).0, 404);
    assert_eq!(alice.curl("/message/nonsense", &[]).0, 400);
    assert_eq!(alice.post("/sign-out", &[("form", &token)]).0, 303);
    assert_eq!(alice.curl("/", &[]).0, 303);
    Ok(())
}

fn forms_of_strangers_do_nothing() -> Outcome {
    let exchange = Exchange::new();
    let alice = Browser::new(&exchange, "alice");
    let (status, _) = alice.curl("/sign-in", &["-H", "Sec-Fetch-Site: cross-site", "--data-urlencode", "login=alice", "--data-urlencode", &format!("password={PASSWORD}")]);
    assert_eq!(status, 403, "a stranger's page signed this browser in");
    alice.sign_in();
    for token in ["", "0123"] {
        let (status, text) = alice.post("/compose", &[("form", token), ("to", "alice@main.example"), ("text", "x")]);
        assert_eq!(status, 403, "{text}");
        assert_eq!(alice.post("/sign-out", &[("form", token)]).0, 403);
    }
    // The token of another session is none of this one.
    let bob = Browser::new(&exchange, "bob");
    bob.sign_in();
    let token = Browser::field(&bob.get("/compose"), "form");
    assert_eq!(alice.post("/compose", &[("form", &token), ("to", "alice@main.example"), ("text", "x")]).0, 403);
    assert!(!alice.get("/search?q=x").contains("/basic/message/"));
    Ok(())
}
