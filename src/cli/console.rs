use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

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

/// JSON for people; what is none stays as it is.
fn pretty(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body).map_or_else(|_| body.to_owned(), |value| format!("{value:#}"))
}
