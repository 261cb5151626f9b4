//! What sloppy but honest clients say.

use super::*;

#[test]
fn hello_without_a_name() {
    play(
        &smtp(),
        &format!(
            "{BANNER}
             C: HELO
             S: 250 mail.client1.com domain name should be qualified
             C: HELO localhost
             S: 250 mail.client1.com domain name should be qualified
             C: HELO [192.0.2.1]
             S: 250 mail.client1.com is pleased to meet you
             C: HELO two words
             S: 501 5.5.4 domain name syntax error
             C: HELO {}
             S: 501 5.5.4 domain name syntax error",
            "x".repeat(256)
        ),
    );
    let strict = Config {
        lenient_hello: false,
        ..smtp()
    };
    play(
        &strict,
        &format!("{BANNER}C: HELO\nS: 501 5.5.4 domain name missing"),
    );
}

#[test]
fn hello_can_be_judged_and_can_be_left_out() {
    let checked = Config {
        check_hello: true,
        ..smtp()
    };
    play(
        &checked,
        &format!(
            "{BANNER}
             C: HELO mail.client1.com
             S: 501 5.7.1 HELO name is not yours
             C: MAIL FROM:<a@b.example>
             S: 503 5.5.1 polite people say HELO first
             C: HELO other.example
             S: 250 mail.client1.com is pleased to meet you"
        ),
    );
    let rude = Config {
        require_hello: false,
        ..smtp()
    };
    let shell = play(
        &rude,
        &format!("{BANNER}C: MAIL FROM:<a@b>\nS: 250 2.1.0 a@b sender accepted"),
    );
    assert_eq!(shell.senders[0].hello, None);
}

#[test]
fn addresses_in_many_forms() {
    let shell = play(
        &trusted(),
        &greeted(
            "C: mail from:a@b.example
             S: 250 2.1.0 a@b.example sender accepted
             C: RCPT TO: <c@client1.com>
             S: 250 2.1.5 c@client1.com will leave the Internet
             C: rcpt to: d@client1.com
             S: 250 2.1.5 d@client1.com will leave the Internet
             C: RCPT TO:<\"a b\"@client1.com>
             S: 250 2.1.5 \"a b\"@client1.com will leave the Internet
             C: RCPT TO:<postmaster>
             S: 250 2.1.5 postmaster will leave the Internet
             R: NOOP\\n
             S: 250 2.0.0 OK",
        ),
    );
    assert_eq!(shell.recipients.len(), 4);
}

#[test]
fn faults_come_in_the_order_of_the_checks() {
    play(
        &Config {
            max_errors: 100,
            ..smtp()
        },
        &format!(
            "{BANNER}
             C: MAIL FROM:<a@b
             S: 503 5.5.1 polite people say HELO first
             C: RCPT TO:<>
             S: 503 5.5.1 sender not specified
             C: DATA
             S: 503 5.5.1 sender not specified
             C: EHLO a_b.example
             S: 250-mail.client1.com is pleased to meet you
             S: 250-PIPELINING
             S: 250-SIZE 52428800
             S: 250-8BITMIME
             S: 250-DSN
             S: 250-ENHANCEDSTATUSCODES
             S: 250-CHUNKING
             S: 250-SMTPUTF8
             S: 250 HELP
             C: MAIL FROM:<a@b
             S: 501 5.1.7 address syntax error
             C: MAIL <a@b>
             S: 501 5.5.2 syntax error
             C: MAIL FROM:<a@b> SIZE=x
             S: 501 5.5.4 parameter syntax error
             C: MAIL FROM:<a@b> BODY=BINARYMIME
             S: 555 5.5.4 parameter not implemented
             C: MAIL FROM:<a@b>
             S: 250 2.1.0 a@b sender accepted
             C: MAIL FROM:<a@b
             S: 503 5.5.1 sender already specified
             C: RCPT TO:<a@b
             S: 501 5.1.3 address syntax error
             C: RCPT TO:<>
             S: 501 5.1.3 address syntax error
             C: RCPT TO:<a@b> SIZE=1
             S: 555 5.5.4 parameter not implemented
             C: DATA
             S: 503 5.5.1 no recipients
             C: DATA now
             S: 501 5.5.2 syntax error
             C: AUTH PLAIN
             S: 502 5.5.1 command not implemented
             C: FOO
             S: 500 5.5.1 unknown command
             R: NOOP \\0\\r\\n
             S: 500 5.5.2 syntax error: unprintable characters
             C: HELO again.example
             S: 250 mail.client1.com is pleased to meet you
             C: RCPT TO:<a@b>
             S: 503 5.5.1 sender not specified"
        ),
    );
}

#[test]
fn a_recipient_can_end_the_session() {
    play(
        &smtp(),
        &greeted(
            "C: MAIL FROM:<a@b>
             S: 250 2.1.0 a@b sender accepted
             C: RCPT TO:<closing@client1.com>
             S: 421 4.3.2 shutting down
             CLOSE Fault",
        ),
    );
}

#[test]
fn a_message_begun_by_chunks_can_be_dropped() {
    for command in ["RSET", "HELO b.example"] {
        let reply = if command == "RSET" {
            "2.0.0 SMTP state reset"
        } else {
            "mail.client1.com is pleased to meet you"
        };
        let shell = play(
            &trusted(),
            &greeted(&format!(
                "C: MAIL FROM:<a@b>
                 S: 250 2.1.0 a@b sender accepted
                 C: RCPT TO:<c@d>
                 S: 250 2.1.5 c@d will leave the Internet
                 R: BDAT 3\\r\\na\\r\\n
                 S: 250 2.0.0 3 octets received
                 C: {command}
                 S: 250 {reply}
                 C: MAIL FROM:<a@b>
                 S: 250 2.1.0 a@b sender accepted"
            )),
        );
        assert_eq!(shell.discarded, 1);
    }
}
