//! Finding the description in a body of several parts (RFC 2046 §5.1, RFC 5621).

use std::ops::Range;

use crate::fault::{Fault, Reason};

const DEEPEST: usize = 3;
const MOST_PARTS: usize = 64;

/// Where the description stands in a body; `None` when there is none.
///
/// # Errors
/// When a body of several parts is malformed, or holds more than one description.
pub fn part(content_type: &str, body: &[u8]) -> Result<Option<Range<usize>>, Fault> {
    search(content_type, body, 0..body.len(), DEEPEST)
}

fn search(content_type: &str, body: &[u8], at: Range<usize>, depth: usize) -> Result<Option<Range<usize>>, Fault> {
    let fault = Reason::Multipart.at(at.start);
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/sdp" {
        return Ok(Some(at));
    }
    if !kind.starts_with("multipart/") {
        return Ok(None);
    }
    if depth == 0 {
        return Err(fault);
    }
    let boundary = boundary(content_type).ok_or(fault)?;
    let mut found = None;
    for piece in pieces(body, at, &boundary).ok_or(fault)? {
        let (content_type, inner) = header(body, piece).ok_or(fault)?;
        if let Some(range) = search(&content_type, body, inner, depth - 1)?
            && found.replace(range).is_some()
        {
            return Err(fault);
        }
    }
    Ok(found)
}

fn boundary(content_type: &str) -> Option<String> {
    let parameters = content_type.split_once(';')?.1;
    let start = parameters.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let text = parameters.get(start..)?;
    let text = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => text.split([';', ' ', '\t']).next()?,
    };
    ((1..=70).contains(&text.len()) && text.is_ascii()).then(|| text.to_owned())
}

/// Ranges between the delimiter lines; `None` unless the last one closes the body.
fn pieces(body: &[u8], at: Range<usize>, boundary: &str) -> Option<Vec<Range<usize>>> {
    let delimiter = format!("--{boundary}");
    let (mut found, mut open) = (Vec::new(), None::<usize>);
    let mut start = at.start;
    while start < at.end {
        let rest = body.get(start..at.end)?;
        let next = rest.iter().position(|octet| *octet == b'\n').map_or(at.end, |length| start + length + 1);
        let line = body.get(start..next)?.trim_ascii_end();
        let tail = line.strip_prefix(delimiter.as_bytes());
        if let Some(tail) = tail.filter(|tail| matches!(*tail, b"" | b"--")) {
            if let Some(begun) = open.replace(next) {
                // The line end before a delimiter belongs to the delimiter.
                let end = body.get(begun..start)?;
                let end = end.strip_suffix(b"\n").map_or(end, |end| end.strip_suffix(b"\r").unwrap_or(end));
                found.push(begun..begun + end.len());
            }
            if found.len() > MOST_PARTS {
                return None;
            }
            if tail == b"--" {
                return Some(found);
            }
        }
        start = next;
    }
    None
}

/// Content type of a part, and where its content stands.
fn header(body: &[u8], piece: Range<usize>) -> Option<(String, Range<usize>)> {
    let mut content_type = "text/plain".to_owned();
    let mut start = piece.start;
    loop {
        let rest = body.get(start..piece.end)?;
        let length = rest.iter().position(|octet| *octet == b'\n');
        let line = std::str::from_utf8(rest.get(..length.unwrap_or(rest.len()))?).ok()?.trim_end();
        start = length.map_or(piece.end, |length| start + length + 1);
        if line.is_empty() {
            return Some((content_type, start..piece.end));
        }
        length?;
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-type" => content_type = value.trim().to_owned(),
            "content-transfer-encoding" if !matches!(value.trim().to_ascii_lowercase().as_str(), "7bit" | "8bit" | "binary") => return None,
            _ => {}
        }
    }
}
