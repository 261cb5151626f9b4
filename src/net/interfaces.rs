use std::net::IpAddr;

/// Addresses of this machine's network interfaces, loopback and those of one link alone left out.
pub fn interface_addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = nix::ifaddrs::getifaddrs()
        .into_iter()
        .flatten()
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip()).filter(|ip| !ip.is_unicast_link_local()).map(IpAddr::from))
        })
        .filter(|ip| !ip.is_loopback())
        .collect();
    found.dedup();
    found
}

/// Networks of this machine's interfaces as `address/prefix`, loopback and link-local ones left out.
pub fn interface_networks() -> Vec<String> {
    let mut found: Vec<String> = nix::ifaddrs::getifaddrs()
        .into_iter()
        .flatten()
        .filter_map(|interface| {
            let (address, mask) = (interface.address?, interface.netmask?);
            match (address.as_sockaddr_in(), mask.as_sockaddr_in(), address.as_sockaddr_in6(), mask.as_sockaddr_in6()) {
                (Some(address), Some(mask), ..) if !address.ip().is_loopback() && !address.ip().is_link_local() => Some(network(address.ip().to_bits(), mask.ip().to_bits())),
                (_, _, Some(address), Some(mask)) if !address.ip().is_loopback() && !address.ip().is_unicast_link_local() => Some(network6(address.ip().to_bits(), mask.ip().to_bits())),
                _ => None,
            }
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn network(address: u32, mask: u32) -> String {
    format!("{}/{}", std::net::Ipv4Addr::from_bits(address & mask), mask.count_ones())
}

fn network6(address: u128, mask: u128) -> String {
    format!("{}/{}", std::net::Ipv6Addr::from_bits(address & mask), mask.count_ones())
}

/// Name of this machine, when it is a host name.
pub fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    good.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_with_their_prefix() {
        let v4 = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().to_bits();
        assert_eq!(network(v4("192.0.2.77"), v4("255.255.255.0")), "192.0.2.0/24");
        let v6 = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().to_bits();
        assert_eq!(network6(v6("2001:db8::5:1"), v6("ffff:ffff:ffff:ffff::")), "2001:db8::/64");
    }
}
