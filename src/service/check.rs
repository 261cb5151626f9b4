//! What of this server is as it should be.

use model::check::{CheckState, ServerCheck, ServerChecks};
use nix::sys::resource::{Resource, getrlimit};

use crate::operation::{Call, Done, Nothing};
use crate::voice::VoiceCommand;
use crate::{Result, Service};

/// Open files for all but media.
const FILES: i64 = 10_000;
/// From here on, in percent, what runs out is told of.
const NEARLY: i64 = 80;
/// Ports that the system gives to whoever asks for none.
const LOCAL_PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn plain(check: &str, holds: bool, otherwise: CheckState, detail: &str) -> ServerCheck {
    let state = if holds { CheckState::Ok } else { otherwise };
    ServerCheck { check: check.to_owned(), state, found: None, bound: None, detail: if holds { String::new() } else { detail.to_owned() } }
}

/// Something that is used up.
fn used(check: &str, found: i64, bound: i64, what: &str) -> ServerCheck {
    let state = match found {
        _ if bound <= 0 || found.saturating_mul(100) < bound.saturating_mul(NEARLY) => CheckState::Ok,
        found if found < bound => CheckState::Warning,
        _ => CheckState::Failed,
    };
    ServerCheck { check: check.to_owned(), state, found: Some(found), bound: Some(bound), detail: format!("{found} of {bound} {what} are in use.") }
}

/// Files that may be open; each port of media is one, and while a range changes both count (media.md §9).
fn open_files(found: i64, ports: i64) -> ServerCheck {
    let bound = 2 * ports + FILES;
    let state = if found >= bound { CheckState::Ok } else { CheckState::Warning };
    ServerCheck { check: "open_files".to_owned(), state, found: Some(found), bound: Some(bound), detail: format!("{found} files may be open; {bound} are enough for all ports of media and {FILES} connections.") }
}

/// Ports of media that the system may give to another program.
fn local_ports(range: &str, first: i64, last: i64) -> ServerCheck {
    let mut ends = range.split_whitespace().filter_map(|word| word.parse::<i64>().ok());
    let (low, high) = ends.next().zip(ends.next()).unwrap_or((0, -1));
    let common = (high.min(last) - low.max(first)).saturating_add(1).max(0);
    let state = if common == 0 { CheckState::Ok } else { CheckState::Warning };
    ServerCheck { check: "local_ports".to_owned(), state, found: Some(common), bound: None, detail: format!("{common} ports of media are among those that the system gives to other programs.") }
}

/// A warning of the addresses, for people.
fn about(warning: &str) -> &'static str {
    match warning {
        "wan_ip_private" => "Telephones outside are shown a private address: they cannot reach it.",
        "wan_ip_not_on_machine" => "The WAN address is not one of this machine: a NAT in front must pass all ports unchanged.",
        "wan_ip_not_on_route" => "Packets to the Internet leave from another address of this machine than the WAN address.",
        "lan_ip_not_on_machine" => "The LAN address is not one of this machine.",
        _ => "",
    }
}

impl Service {
    /// What of the server is as it should be.
    pub(crate) async fn get_server_checks(self, call: Call, _input: Nothing) -> Result<Done<ServerChecks>> {
        call.caller.may_server("monitors")?;
        let settings = self.module_settings();
        let (media, least) = (&settings.media, settings.queue.min_free);
        let mut data = vec![
            plain("database", self.store().alive().await, CheckState::Failed, "The database does not answer."),
            plain("listeners", self.all_listeners_open(), CheckState::Failed, "Some listeners are not open."),
            plain("disk", least <= 0 || !self.inner.disk.has_less_than(least), CheckState::Failed, "The disk has less room than mail needs."),
            open_files(getrlimit(Resource::RLIMIT_NOFILE).map_or(i64::MAX, |(now, _)| whole(now)), media.last_port + 1 - media.first_port),
        ];
        // Without telephony nothing is in use.
        if let Ok(stats) = self.ask_voice(VoiceCommand::MediaStats).await {
            data.push(used("media_ports", stats.ports_used, stats.ports, "pairs of ports for media"));
            data.push(used("media_streams", stats.streams, media.max_streams, "media streams"));
        }
        data.push(local_ports(&std::fs::read_to_string(LOCAL_PORTS).unwrap_or_default(), media.first_port, media.last_port));
        data.extend(self.address_warnings().iter().map(|warning| plain(warning, false, CheckState::Warning, about(warning))));
        Ok(ServerChecks { data }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_is_told_of_in_time() {
        for (found, bound, state) in [(0, 0, CheckState::Ok), (79, 100, CheckState::Ok), (80, 100, CheckState::Warning), (99, 100, CheckState::Warning), (100, 100, CheckState::Failed), (5, 5, CheckState::Failed)] {
            assert_eq!(used("media_ports", found, bound, "ports").state, state, "{found} of {bound}");
        }
        assert_eq!(open_files(34_000, 12_000).state, CheckState::Ok);
        assert_eq!((open_files(33_999, 12_000).state, open_files(1024, 12_000).bound), (CheckState::Warning, Some(34_000)));
    }

    #[test]
    fn ports_that_others_may_get_are_counted() {
        for (range, common) in [("32768\t60999\n", 0), ("31999 60999", 1), ("20000 20009", 10), ("1024 65535", 12_000), ("", 0), ("x y", 0)] {
            let check = local_ports(range, 20_000, 31_999);
            assert_eq!((check.found, check.state == CheckState::Ok), (Some(common), common == 0), "{range:?}");
        }
    }
}
