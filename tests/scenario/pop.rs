//! POP over real sockets.

use libtest_mimic::{Failed, Trial};

use crate::account::{PASSWORD, account};
use crate::lines::Lines;

type Outcome = Result<(), Failed>;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name: &str, run: fn() -> Outcome| Trial::test(format!("pop::{name}"), run);
    vec![test("messages_are_listed_read_and_deleted", messages_are_listed_read_and_deleted)]
}

fn session(port: u16, login: &str) -> Lines {
    let mut lines = Lines::connect(port);
    lines.pop(&format!("USER {login}"));
    lines.pop(&format!("PASS {PASSWORD}"));
    lines
}

fn messages_are_listed_read_and_deleted() -> Outcome {
    let anna = account();
    let mut imap = Lines::connect(anna.imap);
    imap.ok(&format!("LOGIN anna@client.example \"{PASSWORD}\""));
    for subject in ["one", "two", "three"] {
        imap.append("INBOX", "", &format!("Subject: {subject}\r\n\r\n.dot\r\n{}", "x\r\n".repeat(5)));
    }
    imap.append("Archive", "", "Subject: old\r\n\r\n");
    let mut pop = session(anna.pop, "anna%client.example");
    assert_eq!(pop.pop("STAT"), format!("3 {}", ["one", "two", "three"].map(|subject| 9 + subject.len() + 4 + 6 + 15).iter().sum::<usize>()));
    assert_eq!(pop.pop_lines("LIST").len(), 3);
    let ids = pop.pop_lines("UIDL");
    assert_eq!(pop.pop_lines("RETR 1")[..3], ["Subject: one", "", "..dot"]);
    assert_eq!(pop.pop_lines("TOP 2 1"), ["Subject: two", "", "..dot"]);
    pop.pop("DELE 2");
    // Without QUIT nothing is deleted.
    drop(pop);
    let mut pop = session(anna.pop, "anna%client.example");
    assert_eq!(pop.pop_lines("UIDL"), ids);
    pop.pop("DELE 2");
    pop.pop("QUIT");
    imap.ok("SELECT INBOX");
    assert_eq!(imap.ok("UID SEARCH ALL").0, ["* SEARCH 1 3"]);
    assert_eq!(imap.ok("SEARCH SEEN").0, ["* SEARCH 1"]);
    // The login may name another mailbox.
    let mut pop = session(anna.pop, "Archive#anna@client.example");
    assert_eq!(pop.pop_lines("LIST"), ["1 16"]);
    Ok(())
}
