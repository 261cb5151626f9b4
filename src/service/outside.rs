//! The seam to the network: what operations ask of the DNS and of servers elsewhere. Sockets belong to `net`; who asks is
//! handed down when the server starts.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use model::server::DnsSettings;

use crate::{Error, Kind, Result, Service};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// There is no such name.
    NoName,
    /// Nobody could tell.
    Failed(String),
}

/// An answer on its way.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, Silence>> + Send + 'a>>;

/// Where a service is offered (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Lower is tried first.
    pub priority: u16,
    /// How often it is tried first among equal priorities.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, without the dot at its end.
    pub target: String,
}

/// A NAPTR record (RFC 3403 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower is tried first.
    pub order: u16,
    /// Lower is tried first among equal orders.
    pub preference: u16,
    /// What kind of name comes next.
    pub flags: String,
    /// Such as `SIP+D2U`.
    pub service: String,
    /// The name that comes next, without the dot at its end.
    pub replacement: String,
}

/// Asks the network. Names are given and taken without the dot at their end; where a name exists and has nothing of the
/// kind, the answer is empty.
pub trait Outside: Send + Sync {
    /// Asks the name servers of these settings from now on, and forgets what others or they have said.
    ///
    /// # Errors
    /// Why they cannot be asked.
    fn configure(&self, settings: &DnsSettings) -> std::result::Result<(), Silence>;
    /// MX records: preference and host.
    fn exchanges<'a>(&'a self, domain: &'a str) -> Asked<'a, Vec<(u16, String)>>;
    /// A and AAAA records.
    fn addresses<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<IpAddr>>;
    /// PTR records of an address.
    fn names(&self, address: IpAddr) -> Asked<'_, Vec<String>>;
    /// TXT records, each as one text.
    fn texts<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<String>>;
    /// SRV records.
    fn services<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Offered>>;
    /// NAPTR records.
    fn naptr<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Naptr>>;
    /// Asks a STUN server (RFC 8489) from an address of this machine and one of these ports, in a transaction: the port it
    /// was, and the address and port that the server saw.
    fn seen_by(&self, server: SocketAddr, from: IpAddr, ports: std::ops::RangeInclusive<u16>, id: [u8; 12]) -> Asked<'_, (u16, SocketAddr)>;
}

impl Service {
    /// Gives the operations somebody who asks the network; the first stays.
    pub fn set_outside(&self, outside: Arc<dyn Outside>) {
        let _ = self.inner.outside.set(outside);
    }

    /// Who asks the network, by the settings in force.
    pub(crate) fn outside(&self) -> Result<Arc<dyn Outside>> {
        let unable = |why: &str| Error::new(Kind::Unavailable, "overloaded", format!("The DNS cannot be asked: {why}."));
        let outside = self.inner.outside.get().ok_or_else(|| unable("the server is starting"))?;
        match outside.configure(&self.module_settings().dns) {
            Ok(()) => Ok(outside.clone()),
            Err(Silence::NoName) => Err(unable("no name servers")),
            Err(Silence::Failed(why)) => Err(unable(&why)),
        }
    }
}
