use super::{Naptr, Srv};
use crate::header::Transport;

/// The transports that NAPTR records offer and this server uses, in order, with the names of their SRV records.
pub(super) fn services(records: &[Naptr], sips: bool) -> Vec<(Transport, String)> {
    let mut usable: Vec<(&Naptr, Transport)> = records
        .iter()
        .filter(|record| record.flags.eq_ignore_ascii_case("s"))
        .filter_map(|record| {
            let service = record.service.to_ascii_uppercase();
            let transport = match service.as_str() {
                "SIPS+D2T" => Transport::Tls,
                "SIP+D2T" if !sips => Transport::Tcp,
                "SIP+D2U" if !sips => Transport::Udp,
                _ => return None,
            };
            Some((record, transport))
        })
        .collect();
    usable.sort_by_key(|(record, _)| (record.order, record.preference));
    let name = |record: &Naptr| {
        record
            .replacement
            .trim_end_matches('.')
            .to_ascii_lowercase()
    };
    usable
        .into_iter()
        .map(|(record, transport)| (transport, name(record)))
        .collect()
}

/// SRV records in the order in which they are tried: by priority, and by chance according to weight (RFC 2782).
pub fn shuffled(records: &[Srv], random: u64) -> Vec<&Srv> {
    let mut left: Vec<&Srv> = records.iter().collect();
    // Those without weight come first, so that they have a small chance.
    left.sort_by_key(|record| (record.priority, record.weight > 0));
    let mut state = random;
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(priority) = left.first().map(|record| record.priority) {
        let same = left
            .iter()
            .take_while(|record| record.priority == priority)
            .count();
        let weights = left
            .iter()
            .take(same)
            .map(|record| u64::from(record.weight));
        let total: u64 = weights.clone().sum();
        let chosen = next(&mut state) % (total + 1);
        let mut sum = 0;
        let place = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .position(|sum| sum >= chosen)
            .unwrap_or_default();
        ordered.push(left.remove(place));
    }
    ordered
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
