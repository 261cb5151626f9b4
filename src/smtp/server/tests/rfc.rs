//! The dialogues printed in the RFCs; our texts stand where theirs are only examples.

use super::*;
use crate::parameters::{Body, Notify, Ret};

const EHLO: &str = "
    C: EHLO bar.com
    S: 250-mail.client1.com is pleased to meet you
    S: 250-PIPELINING
    S: 250-SIZE 52428800
    S: 250-8BITMIME
    S: 250-DSN
    S: 250-ENHANCEDSTATUSCODES
    S: 250-CHUNKING
    S: 250-SMTPUTF8
    S: 250 HELP
";

fn hello(script: &str) -> String {
    format!("{BANNER}{EHLO}{script}")
}

/// RFC 5321 §D.1.
#[test]
fn typical_transaction() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<Smith@bar.com>
             S: 250 2.1.0 Smith@bar.com sender accepted
             C: RCPT TO:<Jones@foo.com>
             S: 250 2.1.5 Jones@foo.com will leave the Internet
             C: RCPT TO:<unknown@foo.com>
             S: 550 5.1.1 unknown@foo.com unknown user account
             C: RCPT TO:<Brown@foo.com>
             S: 250 2.1.5 Brown@foo.com will leave the Internet
             C: DATA
             S: 354 Enter mail, end with \".\" on a line by itself
             C: Blah blah blah...
             C: ..etc.
             C: .
             S: 250 2.0.0 1 message accepted for delivery
             C: QUIT
             S: 221 2.0.0 mail.client1.com closing connection
             CLOSE Done",
        ),
    );
    assert_eq!(shell.messages, [b"Blah blah blah...\r\n.etc.\r\n"]);
    let sender = &shell.senders[0];
    assert_eq!(sender.path.as_ref().unwrap().to_string(), "Smith@bar.com");
    assert_eq!(
        sender.hello,
        Some(Hello {
            name: "bar.com".into(),
            extended: true
        })
    );
    assert!(!sender.authenticated && !sender.auth_offered);
}

/// RFC 5321 §D.2: a transaction given up.
#[test]
fn aborted_transaction() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<Smith@bar.com>
             S: 250 2.1.0 Smith@bar.com sender accepted
             C: RCPT TO:<unknown@foo.com>
             S: 550 5.1.1 unknown@foo.com unknown user account
             C: RSET
             S: 250 2.0.0 SMTP state reset
             C: RCPT TO:<Jones@foo.com>
             S: 503 5.5.1 sender not specified
             C: QUIT
             S: 221 2.0.0 mail.client1.com closing connection
             CLOSE Done",
        ),
    );
    assert!(shell.messages.is_empty());
}

/// RFC 5321 §D.3: the old source routes are read and not followed; §D.4: VRFY tells nothing.
#[test]
fn relayed_mail_and_verification() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<JQP@bar.com>
             S: 250 2.1.0 JQP@bar.com sender accepted
             C: RCPT TO:<@foo.com:away@XYZ.COM>
             S: 250 2.1.5 away@XYZ.COM will relay mail
             C: VRFY Crispin
             S: 252 2.0.0 cannot verify user, try RCPT
             C: EXPN staff
             S: 502 5.5.1 command not implemented",
        ),
    );
    assert_eq!(shell.recipients[0].0, "away@XYZ.COM");
}

/// RFC 1870 §6.
#[test]
fn message_size_declaration() {
    let config = Config {
        max_size: Some(1_000_000),
        ..trusted()
    };
    let script = hello(
        "C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500000
         S: 250 2.1.0 ned@thor.innosoft.com sender accepted
         C: RCPT TO:<ned@innosoft.com>
         S: 250 2.1.5 ned@innosoft.com will leave the Internet
         C: RSET
         S: 250 2.0.0 SMTP state reset
         C: MAIL FROM:<ned@thor.innosoft.com> SIZE=1000001 X=Y
         S: 552 5.3.4 message too big for system
         C: MAIL FROM:<ned@thor.innosoft.com> SIZE=99999999999999999999
         S: 552 5.3.4 message too big for system
         C: MAIL FROM:<ned@thor.innosoft.com> SIZE=1000000 X=Y
         S: 555 5.5.4 parameter not implemented",
    );
    let shell = play(&config, &script.replace("52428800", "1000000"));
    assert_eq!(shell.senders[0].parameters.size, Some(500_000));
    let unlimited = Config {
        max_size: None,
        ..trusted()
    };
    play(&unlimited, &hello("").replace("SIZE 52428800", "SIZE"));
}

/// RFC 2034 §5: codes stand in every reply but those of the greeting and of DATA.
#[test]
fn enhanced_codes() {
    play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<bad@bad.example>
             S: 550 5.1.8 host unknown: bad.example
             C: MAIL FROM:<full@a.example>
             S: 452 4.3.1 message queue is full
             C: MAIL FROM:<a@a.example>
             S: 250 2.1.0 a@a.example sender accepted
             C: RCPT TO:<later@client1.com>
             S: 451 4.3.0 later@client1.com temporary internal error
             C: DATA
             S: 554 5.5.1 no valid recipients
             C: NOOP
             S: 250 2.0.0 OK
             C: HELP
             S: 214-2.0.0 the following commands are known:
             S: 214 2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH",
        ),
    );
}

/// RFC 2920 §3.2: commands in one packet, replies in one packet.
#[test]
fn pipelining() {
    let mut play = Play::new(trusted(), false);
    play.send(b"EHLO bar.com\r\n");
    play.said.clear();
    play.server.handle(
        play.now,
        Input::Received(Bytes::from_static(
            b"MAIL FROM:<mrose@dbc.mtview.ca.us>\r\nRCPT TO:<ned@innosoft.com>\r\nRCPT TO:<dan@innosoft.com>\r\nDATA\r\n",
        )),
    );
    let (mut asked, mut sent) = (0, Vec::new());
    while let Some(output) = play.server.poll() {
        match output {
            Output::Ask(question) => {
                asked += 1;
                let answer = play.shell.answer(question);
                play.server.handle(play.now, Input::Answer(answer));
            }
            Output::Send(bytes) => sent.push(bytes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((asked, sent.len()), (4, 1));
    assert_eq!(
        sent[0],
        "250 2.1.0 mrose@dbc.mtview.ca.us sender accepted\r\n\
         250 2.1.5 ned@innosoft.com will leave the Internet\r\n\
         250 2.1.5 dan@innosoft.com will leave the Internet\r\n\
         354 Enter mail, end with \".\" on a line by itself\r\n"
    );
    play.said.clear();
    play.send(b"Subject: x\r\n\r\n.\r\nQUIT\r\n");
    assert!(
        play.said
            .starts_with("250 2.0.0 1 message accepted for delivery\r\n221 "),
        "{}",
        play.said
    );
}

/// RFC 3030 §4.1 and §4.2.
#[test]
fn chunking() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<Sam@Random.com>
             S: 250 2.1.0 Sam@Random.com sender accepted
             C: RCPT TO:<Susan@Random.com>
             S: 250 2.1.5 Susan@Random.com will leave the Internet
             R: BDAT 18 LAST\\r\\n.\\r\\nSubject: x\\r\\n\\r\\n.
             S: 250 2.0.0 1 message accepted for delivery
             C: MAIL FROM:<Sam@Random.com>
             S: 250 2.1.0 Sam@Random.com sender accepted
             C: RCPT TO:<Susan@Random.com>
             S: 250 2.1.5 Susan@Random.com will leave the Internet
             R: BDAT 3\\r\\na\\r\\n
             S: 250 2.0.0 3 octets received
             C: DATA
             S: 503 5.5.1 message already begun
             C: RCPT TO:<x@Random.com>
             S: 503 5.5.1 message already begun
             R: BDAT 4\\r\\n.\\r\\nb
             S: 250 2.0.0 4 octets received
             C: BDAT 0 LAST
             S: 250 2.0.0 2 message accepted for delivery
             C: QUIT
             S: 221 2.0.0 mail.client1.com closing connection
             CLOSE Done",
        ),
    );
    assert_eq!(
        shell.messages,
        [
            b".\r\nSubject: x\r\n\r\n.".to_vec(),
            b"a\r\n.\r\nb".to_vec()
        ]
    );
}

/// RFC 3030 §2: refused chunks are read, not obeyed.
#[test]
fn refused_chunks() {
    let config = Config {
        max_size: Some(10),
        ..trusted()
    };
    let shell = play(
        &config,
        &hello(
            "R: BDAT 6\\r\\nQUIT\\r\\n
             S: 503 5.5.1 sender not specified
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted
             R: BDAT 6 LAST\\r\\nQUIT\\r\\n
             S: 503 5.5.1 no recipients
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted
             C: RCPT TO:<c@client1.com>
             S: 250 2.1.5 c@client1.com will leave the Internet
             R: BDAT 6\\r\\nQUIT\\r\\n
             S: 250 2.0.0 6 octets received
             R: BDAT 6\\r\\nQUIT\\r\\n
             S: 552 5.3.4 message too big
             R: BDAT 6 LAST\\r\\nQUIT\\r\\n
             S: 503 5.5.1 sender not specified
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted
             C: RCPT TO:<nospace@client1.com>
             S: 250 2.1.5 nospace@client1.com will leave the Internet
             R: BDAT 6 LAST\\r\\nQUIT\\r\\n
             S: 452 4.3.1 cannot store
             C: BDAT x
             S: 501 5.5.2 syntax error
             CLOSE Fault",
        )
        .replace("52428800", "10"),
    );
    assert_eq!((shell.messages.len(), shell.discarded), (0, 1));
}

/// RFC 3207 §5.
#[test]
fn starttls() {
    let config = Config {
        tls: Tls::Offered,
        ..trusted()
    };
    let shell = play(
        &config,
        &format!(
            "{BANNER}{}
             C: MAIL FROM:<forgotten@b.example>
             S: 250 2.1.0 forgotten@b.example sender accepted
             C: STARTTLS now
             S: 501 5.5.2 syntax error
             C: STARTTLS
             S: 503 5.5.1 not during a mail transaction
             C: RSET
             S: 250 2.0.0 SMTP state reset
             C: STARTTLS
             S: 220 2.0.0 ready to start TLS
             TLS
             C: MAIL FROM:<a@b.example>
             S: 503 5.5.1 polite people say HELO first
             {EHLO}
             C: STARTTLS
             S: 503 5.5.1 TLS is already active
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted",
            EHLO.replace("S: 250-ENHANCED", "S: 250-STARTTLS\nS: 250-ENHANCED")
        ),
    );
    assert_eq!(shell.senders.len(), 2);
    play(
        &trusted(),
        &format!("{BANNER}C: STARTTLS\nS: 502 5.5.1 command not implemented"),
    );
}

/// RFC 3207 §4: a server may insist.
#[test]
fn starttls_demanded() {
    let config = Config {
        tls: Tls::Required,
        ..trusted()
    };
    play(
        &config,
        &greeted(
            "C: MAIL FROM:<a@b.example>
             S: 530 5.7.0 say STARTTLS first
             C: AUTH PLAIN
             S: 530 5.7.0 say STARTTLS first
             C: NOOP
             S: 250 2.0.0 OK
             C: STARTTLS
             S: 220 2.0.0 ready to start TLS
             TLS
             C: HELO a.example
             S: 250 mail.client1.com is pleased to meet you
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted",
        ),
    );
}

/// RFC 3461 §10.1 and §10.2.
#[test]
fn delivery_status_parameters() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<Alice@Example.ORG> RET=HDRS ENVID=QQ314159
             S: 250 2.1.0 Alice@Example.ORG sender accepted
             C: RCPT TO:<Bob@Example.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM
             S: 250 2.1.5 Bob@Example.COM will leave the Internet
             C: RCPT TO:<Dana@Ivory.EDU> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dana@Ivory.EDU
             S: 250 2.1.5 Dana@Ivory.EDU will leave the Internet
             C: RCPT TO:<George@Tax-ME.GOV> NOTIFY=FAILURE,NEVER
             S: 501 5.5.4 parameter syntax error
             C: RCPT TO:<Eric@bombs.AF.MIL> NOTIFY=NEVER
             S: 250 2.1.5 Eric@bombs.AF.MIL will leave the Internet",
        ),
    );
    let parameters = &shell.senders[0].parameters;
    assert_eq!(
        (parameters.ret, parameters.envelope_id.as_deref()),
        (Some(Ret::Headers), Some("QQ314159"))
    );
    let notify: Vec<_> = shell
        .recipients
        .iter()
        .map(|(_, p)| p.notify.unwrap().to_string())
        .collect();
    assert_eq!(notify, ["SUCCESS", "SUCCESS,FAILURE", "NEVER"]);
    assert_eq!(shell.recipients[2].1.notify, Some(Notify::NEVER));
    assert_eq!(
        shell.recipients[0].1.original.as_ref().unwrap().to_string(),
        "rfc822;Bob@Example.COM"
    );
}

/// RFC 6531 §3.2 and §3.4.
#[test]
fn internationalized_addresses() {
    let shell = play(
        &trusted(),
        &hello(
            "C: MAIL FROM:<пётр@почта.example>
             S: 553 5.6.7 address needs SMTPUTF8
             C: MAIL FROM:<пётр@почта.example> BODY=8BITMIME SMTPUTF8
             S: 250 2.1.0 пётр@почта.example sender accepted
             C: RCPT TO:<用户@client1.com>
             S: 250 2.1.5 用户@client1.com will leave the Internet
             C: RSET
             S: 250 2.0.0 SMTP state reset
             C: MAIL FROM:<a@b.example>
             S: 250 2.1.0 a@b.example sender accepted
             C: RCPT TO:<用户@client1.com>
             S: 553 5.6.7 address needs SMTPUTF8",
        ),
    );
    assert_eq!(shell.senders[0].parameters.body, Body::EightBit);
    assert!(shell.senders[0].parameters.utf8);
}

/// RFC 2033 §4.2: one reply for each recipient.
#[test]
fn lmtp() {
    let config = Config::new(NAME, Protocol::Lmtp, PeerClass::Client);
    let script = "
        S: 220 mail.client1.com LMTP Postamt is glad to see you!
        C: EHLO foo.edu
        S: 503 5.5.1 this is LMTP, say LHLO
        C: LHLO foo.edu
        S: 250-mail.client1.com is pleased to meet you
        S: 250-PIPELINING
        S: 250-SIZE 52428800
        S: 250-8BITMIME
        S: 250-DSN
        S: 250-ENHANCEDSTATUSCODES
        S: 250-CHUNKING
        S: 250-SMTPUTF8
        S: 250 HELP
        C: MAIL FROM:<chris@bar.com>
        S: 250 2.1.0 chris@bar.com sender accepted
        C: RCPT TO:<pat@foo.edu>
        S: 250 2.1.5 pat@foo.edu will leave the Internet
        C: RCPT TO:<unknown@foo.edu>
        S: 550 5.1.1 unknown@foo.edu unknown user account
        C: RCPT TO:<green@foo.edu>
        S: 250 2.1.5 green@foo.edu will leave the Internet
        C: DATA
        S: 354 Enter mail, end with \".\" on a line by itself
        C: .
        S: 250 2.0.0 1 message accepted for delivery
        S: 250 2.0.0 1 message accepted for delivery
        C: DATA
        S: 503 5.5.1 sender not specified";
    play(&config, script);
    play(
        &smtp(),
        &format!("{BANNER}C: LHLO foo.edu\nS: 500 5.5.1 unknown command"),
    );

    let mut chunks = Play::new(
        Config {
            max_size: Some(5),
            ..config.clone()
        },
        false,
    );
    chunks.send(b"LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<one@c>\r\nRCPT TO:<two@c>\r\n");
    chunks.said.clear();
    // Only the end of a message has a reply for each.
    chunks.send(b"BDAT 3\r\na\r\nBDAT 3\r\nb\r\n");
    assert_eq!(
        chunks.said,
        "250 2.0.0 3 octets received\r\n552 5.3.4 message too big\r\n"
    );
    chunks.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<one@c>\r\nRCPT TO:<two@c>\r\n");
    chunks.said.clear();
    chunks.send(b"BDAT 6 LAST\r\nabcdef");
    assert_eq!(chunks.said, "552 5.3.4 message too big\r\n".repeat(2));

    let mut play = Play::new(config, false);
    let ok = Reply::new(250, EnhancedCode::new(2, 0, 0), "stored");
    let full = Reply::new(452, EnhancedCode::new(4, 2, 2), "quota exceeded");
    play.shell.end = Some(Answer::Recipients(vec![ok, full]));
    play.send(b"LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<one@c>\r\nRCPT TO:<two@c>\r\nRCPT TO:<three@c>\r\nDATA\r\n");
    play.said.clear();
    play.send(b".\r\n");
    // The shell forgot one: its recipient must not be lost.
    let want =
        "250 2.0.0 stored\r\n452 4.2.2 quota exceeded\r\n451 4.3.0 temporary internal error\r\n";
    assert_eq!(play.said, want);
}
