use std::net::IpAddr;

/// IPv4 addresses of this machine's network interfaces, loopback left out.
pub fn interface_addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = nix::ifaddrs::getifaddrs()
        .into_iter()
        .flatten()
        .filter_map(|interface| Some(IpAddr::from(interface.address?.as_sockaddr_in()?.ip())))
        .filter(|ip| !ip.is_loopback())
        .collect();
    found.dedup();
    found
}
