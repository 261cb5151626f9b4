//! The refresh token of a browser lies in a cookie that no script can read (API reference §1, CSRF, and §2).

use axum::http::{HeaderMap, HeaderValue};
use net::Connection;
use serde_json::{Map, Value};
use service::{Operation, Reply};

use crate::api::Door;

/// A page asks for the cookie with this field; no form of a stranger can set it.
const ASKED: &str = "x-postamt-csrf";
/// Sessions end after this time, used or not.
const MAX_AGE: i64 = 90 * 86_400;

/// A call of a page that keeps its refresh token in the cookie.
pub(crate) struct Browser {
    name: &'static str,
    secure: bool,
    leaves: bool,
    held: Option<String>,
}

impl Browser {
    /// Of operations that begin, renew or end a session, when the page asks for the cookie.
    pub(crate) fn of(operation: &Operation, door: Door, connection: Option<Connection>, headers: &HeaderMap) -> Option<Self> {
        let leaves = ["logout", "logoutAll"].contains(&operation.id);
        if !(leaves || ["login", "completeSetup", "refreshToken"].contains(&operation.id)) || headers.get(ASKED)? != "1" {
            return None;
        }
        // Cookies know no ports: the two doors of one host need two names. Without TLS a browser takes no `__Host-`.
        let secure = connection.is_some_and(|connection| connection.tls);
        let name = match (secure, door.admin) {
            (true, true) => "__Host-pa_rt_admin",
            (true, false) => "__Host-pa_rt",
            (false, true) => "pa_rt_admin",
            (false, false) => "pa_rt",
        };
        let held = (operation.id == "refreshToken").then(|| net::cookie(headers, name)).flatten();
        Some(Self { name, secure, leaves, held })
    }

    /// Puts the token of the cookie where the operation looks for it.
    pub(crate) fn complete(&self, input: &mut Map<String, Value>) {
        if let Some(held) = &self.held {
            input.entry("refresh_token").or_insert_with(|| held.as_str().into());
        }
    }

    /// Takes the new token from the answer and gives the cookie that keeps it.
    pub(crate) fn keep(&self, reply: &mut Reply) -> Option<HeaderValue> {
        if self.leaves {
            return self.cookie("", 0);
        }
        let mut body: Map<String, Value> = serde_json::from_slice(&reply.body).ok()?;
        let token = body.remove("refresh_token")?;
        reply.body = serde_json::to_vec(&body).ok()?;
        self.cookie(token.as_str()?, MAX_AGE)
    }

    fn cookie(&self, value: &str, age: i64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}", self.name).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(name: &str, headers: &[(&'static str, &str)]) -> Option<Browser> {
        let headers = headers.iter().map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap())).collect();
        Browser::of(Operation::find(name).unwrap(), Door { admin: false }, None, &headers)
    }

    #[test]
    fn only_a_page_that_asks_gets_the_cookie() {
        assert!(browser("login", &[]).is_none());
        assert!(browser("listDomains", &[(ASKED, "1")]).is_none());
        let login = browser("login", &[(ASKED, "1")]).unwrap();
        let mut reply = Reply { body: br#"{"access_token":"a","refresh_token":"r"}"#.to_vec(), version: None, octets: None, cursors: Vec::new() };
        assert_eq!(login.keep(&mut reply).unwrap(), "pa_rt=r; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict");
        assert_eq!(reply.body, br#"{"access_token":"a"}"#);
    }

    #[test]
    fn the_cookie_stands_for_the_token() {
        let mut input = Map::new();
        browser("refreshToken", &[(ASKED, "1"), ("cookie", "x=1; pa_rt=r; pa_rt_admin=q")]).unwrap().complete(&mut input);
        assert_eq!(input["refresh_token"], "r");
        assert!(browser("refreshToken", &[("cookie", "pa_rt=r")]).is_none(), "a form of a stranger sends cookies too");
    }

    #[test]
    fn leaving_takes_the_cookie_away() {
        let mut reply = Reply { body: Vec::new(), version: None, octets: None, cursors: Vec::new() };
        assert!(browser("logout", &[(ASKED, "1")]).unwrap().keep(&mut reply).unwrap().to_str().unwrap().contains("Max-Age=0"));
    }
}
