use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody answers on the socket.
    #[error("{0}")]
    Unreachable(#[from] std::io::Error),
    /// The server, or its answer, says no.
    #[error("{0}")]
    Refused(String),
}

/// What came of asking.
pub type Asked<T> = Result<T, AskError>;

/// What the server said on its local socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whether it was done.
    pub good: bool,
    /// The result or the problem, JSON.
    pub body: String,
}

/// Asks the running server to do an operation.
///
/// # Errors
/// When the socket cannot be opened or the answer is none.
pub fn ask(socket: &Path, operation: &str, input: &str) -> std::io::Result<Answered> {
    let wrong = || std::io::Error::new(std::io::ErrorKind::InvalidData, "the server's answer is none");
    if !operation.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "an operation is a word such as getAccount"));
    }
    let mut stream = UnixStream::connect(socket)?;
    write!(stream, "POST /call/{operation} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{input}", input.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let status = head.split(' ').nth(1).ok_or_else(wrong)?;
    Ok(Answered { good: status.starts_with('2'), body: pretty(body) })
}

/// Asks for an operation; gives its result, or what is wrong in words.
pub(crate) fn call(socket: &Path, operation: &str, input: &Value) -> Asked<Value> {
    let answered = ask(socket, operation, &input.to_string())?;
    let value: Value = serde_json::from_str(&answered.body).unwrap_or_default();
    if answered.good {
        return Ok(value);
    }
    let mut text = value["detail"].as_str().unwrap_or(&answered.body).to_owned();
    for field in value["errors"].as_array().into_iter().flatten() {
        if let (Some(pointer), Some(detail)) = (field["pointer"].as_str(), field["detail"].as_str().filter(|detail| *detail != text)) {
            text += &format!("\n{}: {detail}", pointer.trim_start_matches('/'));
        }
    }
    Err(AskError::Refused(text))
}

/// JSON for people; what is none stays as it is.
fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body).map_or_else(|_| body.to_owned(), |value| format!("{value:#}"))
}
