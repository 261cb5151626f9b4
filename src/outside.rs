//! The network as operations ask it: the resolver and the STUN client of `net` in the words of `service`.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use model::server::DnsSettings;
use net::{Dns, DnsError, Resolver};
use service::{Asked, Naptr, Offered, Outside, Silence};

/// Asks the network.
#[derive(Default)]
pub(crate) struct Network {
    resolver: Resolver,
}

fn silence(error: DnsError) -> Silence {
    match error {
        DnsError::NoName => Silence::NoName,
        DnsError::Failed(why) => Silence::Failed(why),
    }
}

impl Outside for Network {
    fn configure(&self, settings: &DnsSettings) -> Result<(), Silence> {
        let servers = settings.servers.iter().filter_map(|server| Dns::server(server)).collect();
        self.resolver.configure(&Dns { servers, timeout: Duration::from_secs(settings.timeout.unsigned_abs()) }).map_err(silence)?;
        // Who looks again has changed something.
        self.resolver.flush();
        Ok(())
    }

    fn exchanges<'a>(&'a self, domain: &'a str) -> Asked<'a, Vec<(u16, String)>> {
        Box::pin(async move { Ok(self.resolver.exchanges(domain).await.map_err(silence)?.into_iter().map(|one| (one.preference, one.host.trim_end_matches('.').to_ascii_lowercase())).collect()) })
    }

    fn addresses<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<IpAddr>> {
        Box::pin(async move { self.resolver.addresses(host).await.map_err(silence) })
    }

    fn names(&self, address: IpAddr) -> Asked<'_, Vec<String>> {
        Box::pin(async move { self.resolver.names(address).await.map_err(silence) })
    }

    fn texts<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<String>> {
        Box::pin(async move { self.resolver.texts(name).await.map_err(silence) })
    }

    fn services<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Offered>> {
        Box::pin(async move {
            let found = self.resolver.services(name).await.map_err(silence)?;
            Ok(found.into_iter().map(|one| Offered { priority: one.priority, weight: one.weight, port: one.port, target: one.target.to_ascii_lowercase() }).collect())
        })
    }

    fn naptr<'a>(&'a self, name: &'a str) -> Asked<'a, Vec<Naptr>> {
        Box::pin(async move {
            let found = self.resolver.naptr(name).await.map_err(silence)?;
            Ok(found.into_iter().map(|one| Naptr { order: one.order, preference: one.preference, flags: one.flags, service: one.service, replacement: one.replacement }).collect())
        })
    }

    fn seen_by(&self, server: SocketAddr, from: IpAddr, ports: RangeInclusive<u16>, id: [u8; 12]) -> Asked<'_, (u16, SocketAddr)> {
        Box::pin(async move { net::seen_by(server, from, ports, id).await.map_err(|error| Silence::Failed(error.to_string())) })
    }
}
