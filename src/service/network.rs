//! Addresses of this server inside and outside, ports of its media, and what a firewall has to let through. They are settings
//! of the module `media`, shown beside what is found on the machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use model::listener::Protocol;
use model::media::{MediaSettings, MediaSettingsPatch, OwnAddress, StunServer};
use model::network::{DetectedLan, FirewallCheck, FirewallRule, Lan, MediaPorts, ShownAddress, StunProbe, UpdateLan, UpdateMediaPorts};
use model::settings::{SettingsChange, change, fold};
use serde_json::{Value, json};
use types::{AddressSet, Timestamp};

use crate::operation::{Call, Done, Nothing};
use crate::server::settings_fault;
use crate::{Error, Result, Service, now};

/// When a STUN server was asked, what it saw, and what may be wrong by that.
pub(crate) type Probed = (Timestamp, Vec<StunProbe>, Vec<String>);

/// Where they stand among the stored settings of modules.
const MEDIA: &str = "media";
/// Addresses out in the Internet that nobody has (RFC 5737, RFC 3849): no packet is sent to them.
const OUTSIDE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];
/// What NATed and LAN IP Addresses are when nobody says otherwise: RFC 1918, RFC 6598, RFC 3927, RFC 4193.
const PRIVATE: [&str; 6] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// The address of ours that packets to another leave from; nothing is sent.
fn source_of(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}

fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}

fn shown(set: &OwnAddress, outside: IpAddr) -> ShownAddress {
    let set = set.get();
    let acts = set.or_else(|| source_of(outside));
    ShownAddress { set: set.map(|ip| ip.to_string()), acts: acts.map(|ip| ip.to_string()), on_machine: acts.is_some_and(is_ours) }
}

pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, second, ..] if second & 0xc0 == 64),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

fn detect(settings: &MediaSettings, mut addresses: Vec<IpAddr>) -> DetectedLan {
    let [route_ipv4, route_ipv6] = OUTSIDE.map(source_of);
    addresses.extend([route_ipv4, route_ipv6].into_iter().flatten());
    addresses.sort_unstable();
    addresses.dedup();
    let mut warnings = Vec::new();
    let wan = [settings.wan_ipv4.get().or(route_ipv4), settings.wan_ipv6.get()];
    if wan.iter().flatten().any(|ip| is_private(*ip)) {
        warnings.push("wan_ip_private".to_owned());
    }
    if wan.iter().flatten().any(|ip| !is_ours(*ip)) {
        warnings.push("wan_ip_not_on_machine".to_owned());
    }
    let routes = [route_ipv4, route_ipv6];
    if [settings.wan_ipv4.get(), settings.wan_ipv6.get()].into_iter().zip(routes).any(|(set, route)| set.is_some_and(|ip| is_ours(ip) && route.is_some_and(|route| route != ip))) {
        warnings.push("wan_ip_not_on_route".to_owned());
    }
    if [settings.lan_ipv4.get(), settings.lan_ipv6.get()].into_iter().flatten().any(|ip| !is_ours(ip)) {
        warnings.push("lan_ip_not_on_machine".to_owned());
    }
    let text = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string());
    DetectedLan { addresses: addresses.iter().map(ToString::to_string).collect(), route_ipv4: text(route_ipv4), route_ipv6: text(route_ipv6), warnings }
}

/// `smtp`, `sip_udp` and the like.
fn word(protocol: Protocol) -> String {
    serde_json::to_value(protocol).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Service {
    /// Whether rules may have a web server asked that has this name and address: one outside, or one that the settings allow.
    pub fn is_web_allowed(&self, host: &str, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let inside = is_private(ip) || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::from([255; 4]);
        let settings = self.module_settings();
        !inside || settings.rules.url_allow.iter().any(|one| one.eq_ignore_ascii_case(host) || AddressSet::parse(&[one]).is_ok_and(|set| set.contains(ip)))
    }

    /// Whether an address is in a network of ours (LAN IP Addresses).
    pub fn is_lan(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || if self.has_list("lan_ips") { self.is_listed("lan_ips", ip) } else { is_private(ip) }
    }

    /// The address to show to somebody, when one is set for where he is.
    pub fn shown_address(&self, to: IpAddr) -> Option<IpAddr> {
        let to = to.to_canonical();
        let settings = self.module_settings();
        let media = &settings.media;
        let set = match (self.is_lan(to), to.is_ipv6()) {
            (true, false) => &media.lan_ipv4,
            (true, true) => &media.lan_ipv6,
            (false, false) => &media.wan_ipv4,
            (false, true) => &media.wan_ipv6,
        };
        set.get().filter(|ip| ip.is_ipv6() == to.is_ipv6() && !ip.is_unspecified())
    }

    /// Whether an address is one that we show to others, be it on this machine or that of a NAT in front.
    pub(crate) fn is_shown_address(&self, ip: IpAddr) -> bool {
        let settings = self.module_settings();
        let media = &settings.media;
        [&media.lan_ipv4, &media.lan_ipv6, &media.wan_ipv4, &media.wan_ipv6].iter().any(|set| set.get() == Some(ip.to_canonical()))
    }

    /// The addresses by which others reach this server, as far as it knows: as set, or as the route to the Internet shows.
    pub(crate) fn outside_addresses(&self) -> Vec<IpAddr> {
        let settings = self.module_settings();
        let media = &settings.media;
        let acts = [&media.wan_ipv4, &media.wan_ipv6].into_iter().zip(OUTSIDE).filter_map(|(set, outside)| set.get().or_else(|| source_of(outside)));
        acts.filter(|ip| !is_private(*ip) && !ip.is_loopback() && !ip.is_unspecified()).collect()
    }

    async fn media_view(&self) -> Result<(MediaSettings, i64)> {
        let (stored, version) = self.store().modules_and_version().await?;
        Ok((fold(&[stored.get(MEDIA).unwrap_or(&Value::Null)]), version))
    }

    async fn change_media(&self, call: &Call, action: &'static str, set: MediaSettingsPatch) -> Result<()> {
        let mut tx = self.lock_server(call, "settings").await?;
        let mut stored = self.store().modules().await?;
        let pointers = |faults: Vec<(String, String)>| faults.into_iter().map(|(pointer, fault)| (pointer.replacen("/set", "", 1), fault)).collect();
        let next = change::<MediaSettings>(stored.get(MEDIA).unwrap_or(&Value::Null), &SettingsChange { set: Some(set), unset: Vec::new() }).map_err(|faults| settings_fault(pointers(faults)))?;
        let folded = fold::<MediaSettings>(&[&next]);
        if folded.first_port >= folded.last_port {
            return Err(Error::invalid("/last_port", "must be above the first port"));
        }
        if let Some(map) = stored.as_object_mut() {
            map.insert(MEDIA.to_owned(), next.clone());
        }
        tx.update_modules(&stored).await?;
        self.announce_server(call, tx, action, json!({MEDIA: next})).await?;
        self.load_modules().await
    }

    /// Addresses of this server inside and outside.
    pub(crate) async fn get_lan(self, call: Call, _input: Nothing) -> Result<Done<Lan>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, version) = self.media_view().await?;
        let lists = self.store().address_lists().await?;
        let lines = |name: &str| {
            let lines = lists.iter().find(|list| list.name == name).map(|list| list.lines.clone()).unwrap_or_default();
            if self.has_list(name) { lines } else { PRIVATE.map(str::to_owned).to_vec() }
        };
        let [v4, v6] = OUTSIDE;
        let lan = Lan {
            lan_ipv4: shown(&settings.lan_ipv4, v4),
            lan_ipv6: shown(&settings.lan_ipv6, v6),
            wan_ipv4: shown(&settings.wan_ipv4, v4),
            wan_ipv6: shown(&settings.wan_ipv6, v6),
            stun_server: settings.stun_server.get().map(|_| settings.stun_server.to_string()),
            lan_ips: lines("lan_ips"),
            nated_ips: lines("nated_ips"),
            detected: detect(&settings, self.host_addresses()),
            version,
        };
        Ok(Done::versioned(lan, version))
    }

    /// Looks again at the addresses of this machine.
    pub(crate) async fn detect_lan(self, call: Call, _input: Nothing) -> Result<Done<DetectedLan>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, _) = self.media_view().await?;
        Ok(detect(&settings, self.host_addresses()).into())
    }

    /// Changes addresses of this server inside and outside; the next message and call go by them.
    pub(crate) async fn update_lan(self, call: Call, input: UpdateLan) -> Result<Done<Lan>> {
        call.caller.may_server("settings")?;
        let address = |text: &Option<String>| text.as_deref().map(|text| OwnAddress::from(text.trim()));
        let set = MediaSettingsPatch { lan_ipv4: address(&input.lan_ipv4), lan_ipv6: address(&input.lan_ipv6), wan_ipv4: address(&input.wan_ipv4), wan_ipv6: address(&input.wan_ipv6), stun_server: input.stun_server.as_deref().map(|text| StunServer::from(text.trim())), ..MediaSettingsPatch::default() };
        for (pointer, address, is_v6) in [("/lan_ipv4", &set.lan_ipv4, false), ("/lan_ipv6", &set.lan_ipv6, true), ("/wan_ipv4", &set.wan_ipv4, false), ("/wan_ipv6", &set.wan_ipv6, true)] {
            if address.as_ref().and_then(OwnAddress::get).is_some_and(|ip| ip.is_ipv6() != is_v6 || ip.is_unspecified() || ip.is_multicast()) {
                return Err(Error::invalid(pointer, "must be an address of that kind, of one machine"));
            }
        }
        self.change_media(&call, "updateLan", set).await?;
        self.get_lan(Call { expect: None, ..call }, Nothing {}).await
    }

    /// Ports of relayed media.
    pub(crate) async fn get_media_ports(self, call: Call, _input: Nothing) -> Result<Done<MediaPorts>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, version) = self.media_view().await?;
        let (first_port, last_port) = (settings.first_port, settings.last_port);
        let pairs = (last_port + 1 - first_port - first_port % 2) / 2;
        Ok(Done::versioned(MediaPorts { first_port, last_port, max_streams: settings.max_streams, calls: (pairs / 2).max(0), version }, version))
    }

    /// Changes ports of relayed media.
    pub(crate) async fn update_media_ports(self, call: Call, input: UpdateMediaPorts) -> Result<Done<MediaPorts>> {
        call.caller.may_server("settings")?;
        let set = MediaSettingsPatch { first_port: input.first_port, last_port: input.last_port, max_streams: input.max_streams, ..MediaSettingsPatch::default() };
        self.change_media(&call, "updateMediaPorts", set).await?;
        self.get_media_ports(Call { expect: None, ..call }, Nothing {}).await
    }

    /// Every range of ports that a firewall in front has to let through, and how others see this server.
    pub(crate) async fn check_firewall(self, call: Call, _input: Nothing) -> Result<Done<FirewallCheck>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, _) = self.media_view().await?;
        let mut warnings = Vec::new();
        let probes = self.probe(&settings, &mut warnings).await?;
        if let Ok(mut last) = self.inner.probed.lock() {
            *last = settings.stun_server.get().map(|_| (now(), probes, warnings));
        }
        Ok(self.firewall_plan(&settings).await?.into())
    }

    /// The same without asking anybody: what was seen last.
    pub(crate) async fn get_firewall_plan(self, call: Call, _input: Nothing) -> Result<Done<FirewallCheck>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let (settings, _) = self.media_view().await?;
        Ok(self.firewall_plan(&settings).await?.into())
    }

    /// What may be wrong with the addresses, as found on this machine.
    pub(crate) fn address_warnings(&self) -> Vec<String> {
        detect(&self.module_settings().media, self.host_addresses()).warnings
    }

    async fn firewall_plan(&self, settings: &MediaSettings) -> Result<FirewallCheck> {
        let mut rules = Vec::new();
        for (set, outside) in [&settings.wan_ipv4, &settings.wan_ipv6].into_iter().zip(OUTSIDE) {
            let wan = shown(set, outside);
            let Some(address) = wan.acts else { continue };
            let forward_to = if wan.on_machine { None } else { source_of(outside).map(|ip| ip.to_string()) };
            let rule = |protocol: &str, first_port, last_port, purpose: String| FirewallRule { address: address.clone(), forward_to: forward_to.clone(), protocol: protocol.to_owned(), first_port, last_port, purpose };
            for listener in self.shown_listeners().await?.into_iter().filter(|listener| listener.enabled) {
                let port = i64::from(listener.bound_port.unwrap_or(listener.port));
                rules.push(rule(if listener.protocol == Protocol::SipUdp { "udp" } else { "tcp" }, port, port, word(listener.protocol)));
            }
            rules.push(rule("udp", settings.first_port, settings.last_port, MEDIA.to_owned()));
        }
        rules.sort_unstable();
        rules.dedup();
        let line = |rule: &FirewallRule| {
            let ports = if rule.first_port == rule.last_port { rule.first_port.to_string() } else { format!("{}-{}", rule.first_port, rule.last_port) };
            let forward = rule.forward_to.as_ref().map(|to| format!(", passed on unchanged to {to}")).unwrap_or_default();
            format!("{} {} port {ports} ({}){forward}\n", rule.address, rule.protocol, rule.purpose)
        };
        let instructions = rules.iter().map(line).collect();
        let mut warnings = detect(settings, self.host_addresses()).warnings;
        let last = self.inner.probed.lock().ok().and_then(|last| last.clone());
        let (probed_at, probes, told) = last.map_or((None, Vec::new(), Vec::new()), |(at, probes, told)| (Some(at), probes, told));
        warnings.extend(told);
        Ok(FirewallCheck { rules, instructions, warnings, probes, probed_at })
    }

    /// Asks the STUN server, if one is set, how it sees this one: once for each kind of address it has.
    async fn probe(&self, settings: &MediaSettings, warnings: &mut Vec<String>) -> Result<Vec<StunProbe>> {
        let Some((host, port)) = settings.stun_server.get() else { return Ok(Vec::new()) };
        let outside = self.outside()?;
        let addresses = outside.addresses(host).await.unwrap_or_default();
        let mut warn = |warning: &str| if !warnings.iter().any(|known| known == warning) { warnings.push(warning.to_owned()) };
        let ports = u16::try_from(settings.first_port).unwrap_or(0)..=u16::try_from(settings.last_port).unwrap_or(u16::MAX);
        let mut probes = Vec::new();
        for (set, outer) in [&settings.wan_ipv4, &settings.wan_ipv6].into_iter().zip(OUTSIDE) {
            let Some(server) = addresses.iter().find(|ip| ip.is_ipv4() == outer.is_ipv4()) else { continue };
            // As media does: from the address it shows, or from the one behind the NAT.
            let Some(from) = set.get().filter(|ip| is_ours(*ip)).or_else(|| source_of(*server)) else { continue };
            let server = SocketAddr::new(*server, port);
            let answer = outside.seen_by(server, from, ports.clone(), rand::random()).await.ok();
            let local = SocketAddr::new(from, answer.as_ref().map_or(0, |(port, _)| *port));
            match &answer {
                None => warn("stun_no_answer"),
                Some((asked, seen)) => {
                    if set.get().or_else(|| source_of(outer)).is_some_and(|wan| wan != seen.ip()) {
                        warn("wan_ip_mismatch");
                    }
                    if *asked != seen.port() {
                        warn("port_not_preserved");
                    }
                }
            }
            probes.push(StunProbe { server: server.to_string(), local: local.to_string(), seen: answer.map(|(_, seen)| seen.to_string()) });
        }
        if probes.is_empty() {
            warn("stun_no_answer");
        }
        Ok(probes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_what_is_set() {
        let one = shown(&"192.0.2.77".into(), OUTSIDE[0]);
        assert_eq!((one.set.as_deref(), one.acts.as_deref(), one.on_machine), (Some("192.0.2.77"), Some("192.0.2.77"), false));
        let found = detect(&MediaSettings { wan_ipv4: "192.168.7.7".into(), ..MediaSettings::default() }, vec![[127, 0, 0, 5].into()]);
        assert_eq!(found.warnings, ["wan_ip_private", "wan_ip_not_on_machine"]);
        for line in PRIVATE {
            let (first, _) = line.split_once('/').unwrap();
            assert!(is_private(first.parse().unwrap()), "{line}");
        }
        assert!(!is_private([100, 128, 0, 1].into()) && !is_private([192, 0, 2, 1].into()));
        assert!(found.addresses.contains(&"127.0.0.5".to_owned()));
    }
}
