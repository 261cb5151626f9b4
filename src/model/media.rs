//! Media of calls: settings of the relay, and what is known of the streams of a call.

use macros::Settings;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::settings::{SettingValue, setting_enum};

setting_enum! {
    /// When media of a call goes through this server.
    MediaForce {
        /// When it must: between networks, through NAT, between IPv4 and IPv6.
        Auto,
        /// Always.
        Always,
        /// Only between IPv4 and IPv6.
        Never,
    }
}

setting_enum! {
    /// From where media of a phone is taken.
    Latching {
        /// Only from the address in its description.
        Off,
        /// From that address or the one it signals from, whatever the port.
        Strict,
        /// As strict; once from anywhere when nothing comes and its description names a private address.
        Auto,
    }
}

/// An address of this server, or nothing for the one that the routing table leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct OwnAddress(String);

impl OwnAddress {
    /// The address, when there is one.
    pub fn get(&self) -> Option<std::net::IpAddr> {
        self.0.parse().ok()
    }
}

impl From<&str> for OwnAddress {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl SettingValue for OwnAddress {
    const KIND: &'static str = "string";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        (!self.0.is_empty() && self.get().is_none()).then(|| "must be an IP address or empty".to_owned())
    }
}

/// A STUN server as `host` or `host:port`; nothing when none is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct StunServer(String);

impl StunServer {
    /// Port of servers that are named without one (RFC 8489 §18.4).
    const PORT: u16 = 3478;

    /// Host and port, when there is one.
    pub fn get(&self) -> Option<(&str, u16)> {
        let text = self.0.as_str();
        if text.parse::<std::net::Ipv6Addr>().is_ok() {
            return Some((text, Self::PORT));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
            None => (text, Self::PORT),
        };
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let known = match inner {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.len() <= 253 && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-'),
        };
        known.then_some((inner.unwrap_or(host), port))
    }
}

impl From<&str> for StunServer {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Display for StunServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl SettingValue for StunServer {
    const KIND: &'static str = "string";
    fn fault(&self, _: Option<i64>, _: Option<i64>) -> Option<String> {
        (!self.0.is_empty() && self.get().is_none()).then(|| "must be host, host:port or empty".to_owned())
    }
}

/// The media relay.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, Settings)]
pub struct MediaSettings {
    /// When media goes through this server.
    #[setting(default = MediaForce::Auto)]
    pub force: MediaForce,
    /// From where media of a phone is taken.
    #[setting(default = Latching::Auto, view = "advanced")]
    pub latching: Latching,
    /// Media goes through this server even between phones behind the same remote NAT.
    #[setting(default = false, view = "advanced")]
    pub proxy_same_nat: bool,
    /// IPv4 address shown to phones outside; empty = the one from which they are reached.
    #[setting(default = "")]
    pub wan_ipv4: OwnAddress,
    /// IPv6 address shown to phones outside; empty = the one from which they are reached.
    #[setting(default = "")]
    pub wan_ipv6: OwnAddress,
    /// IPv4 address shown to phones of the local network; empty = the one from which they are reached.
    #[setting(default = "")]
    pub lan_ipv4: OwnAddress,
    /// IPv6 address shown to phones of the local network; empty = the one from which they are reached.
    #[setting(default = "")]
    pub lan_ipv6: OwnAddress,
    /// STUN server that is asked by which address and port packets leave, when the firewall is checked; empty = none.
    #[setting(default = "", view = "advanced")]
    pub stun_server: StunServer,
    /// First port of the relay.
    #[setting(default = 20_000, min = 1024, max = 65_534)]
    pub first_port: i64,
    /// Last port of the relay.
    #[setting(default = 31_999, min = 1025, max = 65_535)]
    pub last_port: i64,
    /// Mark (DSCP) of audio packets.
    #[setting(default = 46, min = 0, max = 63, view = "advanced")]
    pub dscp_audio: i64,
    /// Mark (DSCP) of all other packets.
    #[setting(default = 34, min = 0, max = 63, view = "advanced")]
    pub dscp_video: i64,
    /// Silence of both ends after which a call is given up.
    #[setting(default = 60, min = 10, max = 3600, unit = "seconds")]
    pub timeout: i64,
    /// The same while a call is held.
    #[setting(default = 7200, min = 60, max = 86_400, unit = "seconds", view = "advanced")]
    pub hold_timeout: i64,
    /// Relayed streams above which calls that need the relay are refused; a call of two has two for each m-line.
    #[setting(default = 20_000, min = 0, max = 1_000_000)]
    pub max_streams: i64,
    /// Threads of the relay; 0 = half the cores.
    #[setting(default = 0, min = 0, max = 256, view = "expert", restart)]
    pub threads: i64,
}

/// An end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaEnd {
    /// Who called.
    Caller,
    /// Who was called.
    Callee,
}

/// Media of a call as the relay sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaReport {
    /// The call.
    pub call: Uuid,
    /// Media goes through this server; without, nothing is known of it.
    pub relayed: bool,
    /// What arrives from each end, two entries for each m-line.
    pub streams: Vec<MediaStream>,
    /// Ways that are silent though they should not be; empty for a sound call.
    pub verdicts: Vec<MediaVerdict>,
}

/// What arrives from one end in one stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaStream {
    /// Number of the m-line, from 0.
    pub index: i32,
    /// Whose packets these are.
    pub from: MediaEnd,
    /// `audio`, `video`, …
    pub kind: String,
    /// Our address and port that this end sends to.
    pub local: String,
    /// Its address and port by its description.
    pub described: Option<String>,
    /// Its address and port as seen, once it is believed.
    pub latched: Option<String>,
    /// How its address was learnt: `off`, `strict`, `auto` or `loose`.
    pub latching: String,
    /// Encoding name of the codec.
    pub codec: Option<String>,
    /// RTP payload type.
    pub payload_type: Option<i32>,
    /// Clock of the codec in Hz.
    pub clock: Option<i32>,
    /// Synchronisation source.
    pub ssrc: Option<i64>,
    /// Changes of the payload type.
    #[serde(default)]
    pub payload_changes: i64,
    /// Changes of the source.
    pub source_changes: i64,
    /// Packets received.
    pub packets: i64,
    /// Octets received, without IP and UDP.
    pub octets: i64,
    /// RTCP packets received.
    pub rtcp_packets: i64,
    /// Packets passed on.
    pub forwarded: i64,
    /// Packets from elsewhere, dropped.
    pub foreign: i64,
    /// Packets that are no media, dropped.
    pub implausible: i64,
    /// Packets dropped because there was nobody to pass them on to.
    pub unwanted: i64,
    /// Packets above the allowed rate, dropped.
    pub over_limit: i64,
    /// Packets of payload types that nobody agreed on.
    pub wrong_payload: i64,
    /// Packets that the network did not take.
    pub send_errors: i64,
    /// Packets lost before they came here.
    pub lost: i64,
    /// The same in percent.
    pub loss_percent: f64,
    /// Packets that came twice.
    pub duplicates: i64,
    /// Packets that came late.
    pub reordered: i64,
    /// Jitter now, in milliseconds.
    pub jitter_ms: f64,
    /// Mean jitter, in milliseconds.
    pub jitter_mean_ms: f64,
    /// Largest jitter, in milliseconds.
    pub jitter_max_ms: f64,
    /// Longest time between two packets, in milliseconds.
    pub longest_gap_ms: f64,
    /// Sum of the gaps above 200 ms, in seconds.
    pub silence_seconds: f64,
    /// Round trip between this server and the end, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Loss that the end reports of what it receives, in percent.
    pub remote_loss_percent: Option<f64>,
    /// Jitter that the end reports of what it receives, in milliseconds.
    pub remote_jitter_ms: Option<f64>,
    /// What comes too late for the end to play it, by its own measure (RFC 3611), in percent.
    pub remote_discard_percent: Option<f64>,
    /// What of bursts the end lacks, by its own measure, in percent.
    pub remote_burst_density_percent: Option<f64>,
    /// How the end hears, by its own measure, 1 to 5.
    pub remote_mos: Option<f64>,
    /// Estimate of what the other end hears, 1 to 4.5.
    pub mos: Option<f64>,
    /// `good`, `fair` or `poor`.
    pub quality: Option<String>,
}

setting_enum! {
    /// Who is silent.
    SilentEnd {
        /// Who called.
        Caller,
        /// Who was called.
        Callee,
        /// Both.
        Both,
    }
}

setting_enum! {
    /// Why an end is silent, as far as one can guess.
    SilenceReason {
        /// Its packets come from an address that cannot be believed.
        NotLatched,
        /// It was told to send to a private address that it cannot reach.
        PrivateAddress,
        /// Nothing arrives: a filter is on the way.
        Firewall,
        /// Its packets have a payload type that nobody agreed on.
        WrongPt,
        /// Its address refuses what is sent to it.
        IcmpUnreachable,
        /// It was heard, and is no more.
        Stopped,
    }
}

/// A way that is silent though it should not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaVerdict {
    /// Number of the m-line, from 0.
    pub stream: i32,
    /// Who is not heard.
    pub silent: SilentEnd,
    /// For how long, in seconds.
    pub seconds: f64,
    /// Why.
    pub reason: SilenceReason,
    /// Our address and UDP port that must be open for it.
    pub open: String,
    /// What the descriptions promised, and what came.
    pub text: String,
}

/// What one end sends is heard badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PoorMedia {
    /// Number of the m-line, from 0.
    pub stream: i32,
    /// Who is heard badly.
    pub from: MediaEnd,
    /// For how long, in seconds.
    pub seconds: f64,
    /// Estimate of what the other end hears, 1 to 4.5.
    pub mos: f64,
    /// Packets lost before they came here, in percent.
    pub loss_percent: f64,
}

/// Captures packets of a call.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureMedia {
    /// The call.
    pub call: Uuid,
    /// For how long: 1 to 60 seconds; 10 when absent.
    pub seconds: Option<u32>,
    /// Whole packets, in which the talk can be heard, rather than their headers alone.
    #[serde(default)]
    pub full: bool,
}

/// Packets of a call that are captured, or were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaCapture {
    /// The call.
    pub call: Uuid,
    /// Whole packets are kept, not their headers alone.
    pub full: bool,
    /// More packets are taken.
    pub running: bool,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ends, or ended.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
    /// Packets so far, those that came and those that left.
    pub packets: i64,
    /// Octets of them, without IP and UDP.
    pub octets: i64,
    /// There was no room for all packets.
    pub truncated: bool,
}

/// Chooses streams of calls that go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMediaStreams {
    /// Only those of this account: id, address, name in the main domain, or `me`.
    pub account: Option<String>,
    /// Only those of this domain: id or name.
    pub domain: Option<String>,
    /// Only those that are heard so: `good`, `fair` or `poor`.
    pub quality: Option<String>,
    /// Most on a page; those of one call stay together.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// A stream of a call that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallStream {
    /// The call.
    pub call: Uuid,
    /// Address of the caller.
    pub caller: String,
    /// Address of the callee.
    pub callee: String,
    /// The stream.
    pub stream: MediaStream,
}

/// The relay as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaStats {
    /// Calls that the relay knows.
    pub calls: i64,
    /// Relayed streams: two for each m-line of a call of two.
    pub streams: i64,
    /// Packets received since the start.
    pub packets: i64,
    /// Packets dropped since the start.
    pub dropped: i64,
    /// Pairs of ports in use.
    pub ports_used: i64,
    /// Pairs of ports there are, over the addresses used so far.
    pub ports: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stun_servers_have_a_host_and_a_port() {
        let read = |text: &str| StunServer::from(text).get().map(|(host, port)| format!("{host} {port}"));
        for (text, expected) in [
            ("stun.example", Some("stun.example 3478")),
            ("stun.example:5349", Some("stun.example 5349")),
            ("192.0.2.1:1", Some("192.0.2.1 1")),
            ("2001:db8::1", Some("2001:db8::1 3478")),
            ("[2001:db8::1]:3479", Some("2001:db8::1 3479")),
            ("", None),
            ("a:0", None),
            ("a:70000", None),
            ("a b", None),
            ("[a]:1", None),
            ("stun:stun.example:1", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
