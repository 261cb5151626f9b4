//! Whether media of a call must go through here, and from which address (media.md §1, §2).

use std::fmt;
use std::net::IpAddr;

use model::media::{Latching, MediaForce, MediaSettings};
use rtp::Mode;
use sdp::Description;
use service::media::MediaSide;

use crate::ports::Range;
use crate::socket;

type Matches = Box<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Settings, and what is known of the networks around.
pub struct Surroundings {
    /// The settings of the module.
    pub settings: MediaSettings,
    /// Whether an address is one of those that mean nothing beyond a NAT (NATed IP Addresses).
    pub is_nated: Matches,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Addresses that mean nothing beyond a NAT unless an administrator says otherwise: RFC 1918, RFC 6598, RFC 3927, RFC 4193.
pub fn usually_nated(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// An address of ours: the one we have, and the one we show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) bound: IpAddr,
    pub(crate) shown: IpAddr,
}

impl Surroundings {
    pub(crate) fn range(&self) -> Range {
        let port = |value: i64| u16::try_from(value.clamp(1024, 65_534)).unwrap_or(1024);
        let (first, last) = (port(self.settings.first_port), port(self.settings.last_port));
        Range { first: first.min(last), last: first.max(last) }
    }

    pub(crate) fn dscp(&self, kind: sdp::Kind) -> u8 {
        let mark = if kind == sdp::Kind::Audio { self.settings.dscp_audio } else { self.settings.dscp_video };
        u8::try_from(mark.clamp(0, 63)).unwrap_or(0)
    }

    /// How far an end is trusted to know its own address. One that signs in through a NAT has one address for all.
    pub(crate) fn mode(&self, side: &MediaSide) -> Mode {
        match self.settings.latching {
            Latching::Off => Mode::Off,
            Latching::Auto if !(side.far_end_nat && side.authenticated) => Mode::Auto,
            Latching::Auto | Latching::Strict => Mode::Strict,
        }
    }

    /// The address of ours for an end.
    pub(crate) fn local(&self, side: &MediaSide) -> Option<Local> {
        let source = side.source.to_canonical();
        let settings = &self.settings;
        let configured = match (side.lan, source.is_ipv6()) {
            (true, false) => &settings.lan_ipv4,
            (true, true) => &settings.lan_ipv6,
            (false, false) => &settings.wan_ipv4,
            (false, true) => &settings.wan_ipv6,
        };
        let configured = configured.get().filter(|address| address.is_ipv6() == source.is_ipv6() && !address.is_unspecified());
        let bound = match configured {
            Some(address) if socket::is_ours(address) => address,
            // The outside of a NAT that keeps ports.
            _ => socket::route(source).ok()?,
        };
        Some(Local { bound, shown: configured.unwrap_or(bound) })
    }

    /// Whether an offer from one end to another needs the relay. `offer` is `None` when it cannot be read.
    pub(crate) fn needs_relay(&self, from: &MediaSide, to: &MediaSide, force: MediaForce, offer: Option<&Description>) -> bool {
        // No open relay: strangers talk directly or not at all.
        if !from.authenticated && !to.authenticated {
            return false;
        }
        // A browser's: it needs ICE, which does not pass a relay.
        if offer.is_some_and(|offer| offer.ice && offer.dtls) {
            return false;
        }
        let families_differ = offer.is_some_and(|offer| {
            let connections = offer.media.iter().filter(|media| media.port != 0).filter_map(|media| offer.connection_of(media));
            connections.map(|connection| connection.v6).any(|v6| v6 != to.source.to_canonical().is_ipv6())
        });
        let force = if force == MediaForce::Auto { self.settings.force } else { force };
        match force {
            MediaForce::Always => true,
            MediaForce::Never => families_differ,
            MediaForce::Auto => families_differ || from.lan != to.lan || self.is_parted_by_nat(from, to, offer),
        }
    }

    fn is_parted_by_nat(&self, from: &MediaSide, to: &MediaSide, offer: Option<&Description>) -> bool {
        let source = from.source.to_canonical();
        let described = |description: &Description| {
            let mut addresses = description.media.iter().filter(|media| media.port != 0).filter_map(|media| description.connection_of(media)?.address);
            addresses.any(|address| !address.is_unspecified() && address != source && (self.is_nated)(address))
        };
        let from_nat = from.far_end_nat || (!from.lan && offer.is_some_and(described));
        if !from_nat && !to.far_end_nat {
            return false;
        }
        let same_nat = source == to.source.to_canonical();
        !same_nat || self.settings.proxy_same_nat
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn side(source: &str, lan: bool, far_end_nat: bool) -> MediaSide {
        MediaSide { source: source.parse().unwrap(), lan, far_end_nat, authenticated: true }
    }

    fn surroundings(settings: MediaSettings) -> Surroundings {
        Surroundings { settings, is_nated: Box::new(|ip| matches!(ip, IpAddr::V4(ip) if ip.is_private())) }
    }

    fn offer(connection: &str) -> Description {
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n");
        Description::parse(&Bytes::from(text)).unwrap()
    }

    #[test]
    fn the_relay_is_taken_when_it_must() {
        use MediaForce::{Always, Auto, Never};
        let open = |source| side(source, false, false);
        let nat = |source| side(source, false, true);
        let lan = |source| side(source, true, false);
        for (from, to, force, connection, needed) in [
            (open("192.0.2.1"), open("192.0.2.2"), Auto, "IP4 192.0.2.1", false),
            (lan("10.0.0.1"), lan("10.0.0.2"), Auto, "IP4 10.0.0.1", false),
            (lan("10.0.0.1"), open("192.0.2.2"), Auto, "IP4 10.0.0.1", true),
            (open("192.0.2.2"), lan("10.0.0.1"), Auto, "IP4 192.0.2.2", true),
            (nat("192.0.2.1"), open("192.0.2.2"), Auto, "IP4 192.168.1.7", true),
            (open("192.0.2.1"), open("192.0.2.2"), Auto, "IP4 192.168.1.7", true),
            (open("192.0.2.1"), nat("192.0.2.2"), Auto, "IP4 192.0.2.1", true),
            (nat("192.0.2.1"), nat("192.0.2.1"), Auto, "IP4 192.168.1.7", false),
            (open("192.0.2.1"), open("2001:db8::2"), Auto, "IP4 192.0.2.1", true),
            (open("192.0.2.1"), open("2001:db8::2"), Never, "IP4 192.0.2.1", true),
            (open("192.0.2.1"), open("192.0.2.2"), Auto, "IP6 2001:db8::1", true),
            (lan("10.0.0.1"), open("192.0.2.2"), Never, "IP4 10.0.0.1", false),
            (open("192.0.2.1"), open("192.0.2.2"), Always, "IP4 192.0.2.1", true),
        ] {
            let around = surroundings(MediaSettings::default());
            assert_eq!(around.needs_relay(&from, &to, force, Some(&offer(connection))), needed, "{from:?} {to:?} {force:?} {connection}");
        }
    }

    #[test]
    fn strangers_have_no_relay_and_settings_act() {
        let stranger = |source| MediaSide { authenticated: false, ..side(source, false, true) };
        let always = surroundings(MediaSettings { force: MediaForce::Always, proxy_same_nat: true, ..MediaSettings::default() });
        let offer = offer("IP4 192.168.1.7");
        assert!(!always.needs_relay(&stranger("192.0.2.1"), &stranger("192.0.2.2"), MediaForce::Always, Some(&offer)));
        assert!(always.needs_relay(&stranger("192.0.2.1"), &side("192.0.2.2", false, false), MediaForce::Auto, Some(&offer)));
        let browser = format!("{}a=ice-ufrag:x\r\na=fingerprint:sha-256 00\r\n", String::from_utf8_lossy(offer.body()));
        let browser = Description::parse(&Bytes::from(browser)).unwrap();
        assert!(!always.needs_relay(&stranger("192.0.2.1"), &side("192.0.2.2", false, false), MediaForce::Auto, Some(&browser)));
        let same = surroundings(MediaSettings { proxy_same_nat: true, ..MediaSettings::default() });
        assert!(same.needs_relay(&side("192.0.2.1", false, true), &side("192.0.2.1", false, true), MediaForce::Auto, Some(&offer)));
    }

    #[test]
    fn private_addresses_are_known() {
        for (address, nated) in [("10.1.2.3", true), ("172.31.0.1", true), ("192.168.7.7", true), ("100.64.0.1", true), ("100.128.0.1", false), ("169.254.1.1", true), ("fd00::1", true), ("::ffff:10.0.0.1", true), ("192.0.2.1", false), ("2001:db8::1", false)] {
            assert_eq!(usually_nated(address.parse().unwrap()), nated, "{address}");
        }
    }

    #[test]
    fn addresses_are_those_set_or_those_of_the_route() {
        let around = surroundings(MediaSettings { wan_ipv4: "192.0.2.99".into(), lan_ipv4: "127.0.0.5".into(), ..MediaSettings::default() });
        let local = |ip: &str| ip.parse::<IpAddr>().unwrap();
        assert_eq!(around.local(&side("127.0.0.1", false, false)), Some(Local { bound: local("127.0.0.1"), shown: local("192.0.2.99") }));
        assert_eq!(around.local(&side("127.0.0.1", true, false)), Some(Local { bound: local("127.0.0.5"), shown: local("127.0.0.5") }));
        assert_eq!(around.local(&side("::1", false, false)), Some(Local { bound: local("::1"), shown: local("::1") }));
    }
}
