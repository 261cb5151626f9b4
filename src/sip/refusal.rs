use std::net::SocketAddr;

use crate::{Name, Request, Writer};

/// A request that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty for the usual one.
    pub reason: &'static str,
    /// Fields the answer carries.
    pub fields: Vec<(Name, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, reason: &'static str) -> Self {
        let fields = Vec::new();
        Self {
            status,
            reason,
            fields,
        }
    }

    pub(crate) fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The answer, which the caller may add to.
    pub fn reply(&self, request: &Request, tag: &str, source: SocketAddr) -> Writer {
        let mut writer = Writer::reply(request, self.status, self.reason, tag, source);
        for (name, value) in &self.fields {
            writer.field(*name, value);
        }
        writer
    }
}
