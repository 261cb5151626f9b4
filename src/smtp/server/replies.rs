//! The fixed replies of the server.

use std::borrow::Cow;

use crate::reply::{EnhancedCode, Reply};

const fn reply(code: u16, (class, subject, detail): (u8, u16, u16), text: &'static str) -> Reply {
    Reply::fixed(code, EnhancedCode::new(class, subject, detail), text)
}

pub(super) static HELP: Reply = reply(
    214,
    (2, 0, 0),
    "the following commands are known:\n\
     HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH",
);
pub(super) static AUTHENTICATED: Reply = reply(235, (2, 7, 0), "authentication successful");
pub(super) static TLS_READY: Reply = reply(220, (2, 0, 0), "ready to start TLS");
pub(super) static RESET: Reply = reply(250, (2, 0, 0), "SMTP state reset");
pub(super) static NOOP: Reply = reply(250, (2, 0, 0), "OK");
pub(super) static CANNOT_VERIFY: Reply = reply(252, (2, 0, 0), "cannot verify user, try RCPT");
pub(super) static ACCEPTED: Reply = reply(250, (2, 0, 0), "OK");
pub(super) static ENTER_MAIL: Reply = Reply {
    code: 354,
    enhanced: None,
    text: Cow::Borrowed(r#"Enter mail, end with "." on a line by itself"#),
};

pub(super) static TOO_MANY_ERRORS: Reply = reply(421, (4, 7, 0), "too many errors");
pub(super) static TOO_MANY_MESSAGES: Reply =
    reply(421, (4, 7, 0), "too many messages on this connection");
pub(super) static TOO_MUCH_PENDING: Reply = reply(421, (4, 7, 0), "too many commands at once");
pub(super) static INJECTION: Reply = reply(421, (4, 7, 0), "protocol error: data behind STARTTLS");
pub(super) static IDLE: Reply = reply(421, (4, 4, 2), "nothing heard for too long");
pub(super) static TOO_OLD: Reply = reply(421, (4, 4, 2), "connection lasts too long");
pub(super) static TOO_MANY_RECIPIENTS: Reply = reply(452, (4, 5, 3), "too many recipients");
pub(super) static AUTH_UNAVAILABLE: Reply =
    reply(454, (4, 7, 0), "temporary authentication failure");
pub(super) static INTERNAL: Reply = reply(451, (4, 3, 0), "temporary internal error");

pub(super) static UNKNOWN_COMMAND: Reply = reply(500, (5, 5, 1), "unknown command");
pub(super) static UNPRINTABLE: Reply =
    reply(500, (5, 5, 2), "syntax error: unprintable characters");
pub(super) static LINE_TOO_LONG: Reply = reply(500, (5, 5, 2), "line too long");
pub(super) static AUTH_TOO_LONG: Reply = reply(500, (5, 5, 6), "authentication data too long");
pub(super) static SYNTAX: Reply = reply(501, (5, 5, 2), "syntax error");
pub(super) static SENDER_SYNTAX: Reply = reply(501, (5, 1, 7), "address syntax error");
pub(super) static RECIPIENT_SYNTAX: Reply = reply(501, (5, 1, 3), "address syntax error");
pub(super) static PARAMETER_SYNTAX: Reply = reply(501, (5, 5, 4), "parameter syntax error");
pub(super) static NAME_MISSING: Reply = reply(501, (5, 5, 4), "domain name missing");
pub(super) static NAME_SYNTAX: Reply = reply(501, (5, 5, 4), "domain name syntax error");
pub(super) static AUTH_CANCELLED: Reply = reply(501, (5, 7, 0), "authentication cancelled");
pub(super) static AUTH_MALFORMED: Reply = reply(501, (5, 5, 2), "malformed authentication data");
pub(super) static NOT_IMPLEMENTED: Reply = reply(502, (5, 5, 1), "command not implemented");
pub(super) static HELLO_FIRST: Reply = reply(503, (5, 5, 1), "polite people say HELO first");
pub(super) static SAY_LHLO: Reply = reply(503, (5, 5, 1), "this is LMTP, say LHLO");
pub(super) static SENDER_TWICE: Reply = reply(503, (5, 5, 1), "sender already specified");
pub(super) static NO_SENDER: Reply = reply(503, (5, 5, 1), "sender not specified");
pub(super) static NO_RECIPIENTS: Reply = reply(503, (5, 5, 1), "no recipients");
pub(super) static MESSAGE_BEGUN: Reply = reply(503, (5, 5, 1), "message already begun");
pub(super) static AUTH_TWICE: Reply = reply(503, (5, 5, 1), "already authenticated");
pub(super) static IN_TRANSACTION: Reply = reply(503, (5, 5, 1), "not during a mail transaction");
pub(super) static TLS_TWICE: Reply = reply(503, (5, 5, 1), "TLS is already active");
pub(super) static UNKNOWN_MECHANISM: Reply =
    reply(504, (5, 5, 4), "authentication mechanism not supported");
pub(super) static BARE_NEWLINE: Reply = reply(521, (5, 5, 2), "bare newline");
pub(super) static AUTH_REQUIRED: Reply = reply(530, (5, 7, 0), "authentication required");
pub(super) static TLS_REQUIRED: Reply = reply(530, (5, 7, 0), "say STARTTLS first");
pub(super) static AUTH_REFUSED: Reply = reply(535, (5, 7, 8), "incorrect name or password");
pub(super) static ENCRYPTION_REQUIRED: Reply = reply(538, (5, 7, 11), "encryption required");
pub(super) static TOO_BIG_FOR_SYSTEM: Reply = reply(552, (5, 3, 4), "message too big for system");
pub(super) static TOO_BIG: Reply = reply(552, (5, 3, 4), "message too big");
pub(super) static UTF8_NEEDED: Reply = reply(553, (5, 6, 7), "address needs SMTPUTF8");
pub(super) static NO_VALID_RECIPIENTS: Reply = reply(554, (5, 5, 1), "no valid recipients");
pub(super) static TOO_MANY_HOPS: Reply = reply(554, (5, 4, 6), "too many hops");
pub(super) static EARLY_TALKER: Reply =
    reply(554, (5, 5, 1), "protocol error: you talk before the banner");
pub(super) static PARAMETER_UNKNOWN: Reply = reply(555, (5, 5, 4), "parameter not implemented");
