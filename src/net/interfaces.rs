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

/// Name of this machine, when it is a host name.
pub fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    good.then_some(name)
}
