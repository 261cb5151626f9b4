//! The same as the registrar, as simply as can be: one list.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const CONTACTS: [&str; 7] = [
    "sip:a@h",
    "sip:a@H;x=1",
    "sip:a@h;x=2",
    "sip:b@h",
    "sip:b@h:5060",
    "sip:c@192.0.2.1;transport=tcp",
    "mailto:x@y",
];

#[derive(Debug, Clone)]
struct Item {
    contact: usize,
    /// 0 for none.
    device: u32,
    expires: Option<u32>,
}

#[derive(Debug, Clone)]
enum Step {
    Register {
        account: u128,
        call: u8,
        cseq: u32,
        flow: u64,
        items: Vec<Item>,
        expires: Option<u32>,
    },
    All {
        account: u128,
        call: u8,
        cseq: u32,
    },
    Wait(u64),
    Close(u64),
    Clear(u128),
}

fn expires() -> impl Strategy<Value = Option<u32>> {
    prop::sample::select(vec![
        None,
        None,
        Some(0),
        Some(30),
        Some(60),
        Some(100),
        Some(90_000),
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let item =
        (0..CONTACTS.len(), 0..3_u32, expires()).prop_map(|(contact, device, expires)| Item {
            contact,
            device,
            expires,
        });
    let register = (
        1..3_u128,
        0..2_u8,
        1..6_u32,
        1..4_u64,
        vec(item, 0..3),
        expires(),
    )
        .prop_map(
            |(account, call, cseq, flow, items, expires)| Step::Register {
                account,
                call,
                cseq,
                flow,
                items,
                expires,
            },
        );
    prop_oneof![
        8 => register,
        1 => (1..3_u128, 0..2_u8, 1..9_u32).prop_map(|(account, call, cseq)| Step::All { account, call, cseq }),
        2 => (1..100_u64).prop_map(Step::Wait),
        1 => (1..4_u64).prop_map(Step::Close),
        1 => (1..3_u128).prop_map(Step::Clear),
    ]
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    account: u128,
    contact: &'static str,
    device: u32,
    call: u8,
    cseq: u32,
    until: u64,
    flow: u64,
}

const MOST: usize = 3;

fn find(rows: &[Row], account: u128, item: &Item) -> Option<usize> {
    rows.iter().position(|row| {
        row.account == account
            && if row.device > 0 || item.device > 0 {
                row.device == item.device
            } else {
                let uri = |text: &'static str| Uri::parse(text.as_bytes()).unwrap();
                uri(row.contact).same_as(&uri(CONTACTS[item.contact]))
            }
    })
}

/// Does it item by item on a copy; the copy counts only when all went well.
#[allow(clippy::too_many_arguments)]
fn naive(
    rows: &mut Vec<Row>,
    now: u64,
    account: u128,
    call: u8,
    cseq: u32,
    flow: u64,
    items: &[Item],
    header: Option<u32>,
) -> u16 {
    let mut copy = rows.clone();
    let asked = |item: &Item| item.expires.or(header).unwrap_or(3600);
    let mut statuses = Vec::new();
    let same = |one: &Item, other: &Item| {
        if one.device > 0 || other.device > 0 {
            one.device == other.device
        } else {
            let uri = |item: &Item| Uri::parse(CONTACTS[item.contact].as_bytes()).unwrap();
            uri(one).same_as(&uri(other))
        }
    };
    for item in items {
        let asked = asked(item);
        if CONTACTS[item.contact].starts_with("mailto") {
            statuses.push(400);
        } else if asked > 0 && asked < 60 {
            statuses.push(423);
        }
    }
    let counts = |at: usize| !items[at + 1..].iter().any(|later| same(&items[at], later));
    let items: Vec<&Item> = (0..items.len())
        .filter(|at| counts(*at))
        .map(|at| &items[at])
        .collect();
    if items.iter().filter(|i| asked(i) > 0).count() > 1 && items.iter().any(|i| i.device > 0) {
        statuses.push(400);
    }
    let mut added = 0;
    for item in items {
        let found = find(&copy, account, item);
        if let Some(row) = found.map(|at| &copy[at])
            && row.call == call
            && cseq <= row.cseq
        {
            statuses.push(500);
            break;
        }
        let row = Row {
            account,
            contact: CONTACTS[item.contact],
            device: item.device,
            call,
            cseq,
            until: now + u64::from(asked(item).min(7200)),
            flow,
        };
        match (found, asked(item)) {
            (Some(at), 0) => drop(copy.remove(at)),
            (None, 0) => {}
            (Some(at), _) => copy[at] = row,
            (None, _) => {
                copy.push(row);
                added += 1;
            }
        }
    }
    let (before, after) = (
        rows.iter().filter(|row| row.account == account).count(),
        copy.iter().filter(|row| row.account == account).count(),
    );
    if added > 0 && after > before && after > MOST {
        statuses.push(403);
    }
    match statuses.first() {
        Some(status) => *status,
        None => {
            *rows = copy;
            200
        }
    }
}

fn fields(call: u8, cseq: u32, items: &[Item], expires: Option<u32>) -> String {
    let contacts = items.iter().map(|item| {
        let expires = item.expires.map(|seconds| format!(";expires={seconds}"));
        let device = match item.device {
            0 => String::new(),
            device => format!(";reg-id=1;+sip.instance=\"<{device}>\""),
        };
        format!(
            "Contact: <{}>{device}{}\n",
            CONTACTS[item.contact],
            expires.unwrap_or_default()
        )
    });
    let contacts: String = contacts.collect();
    let expires = expires
        .map(|seconds| format!("Expires: {seconds}\n"))
        .unwrap_or_default();
    format!("Call-ID: {call}\nCSeq: {cseq} REGISTER\nSupported: outbound\n{expires}{contacts}")
}

fn rows_of(locations: &Locations) -> Vec<Row> {
    let row = |binding: &Binding| Row {
        account: binding.account,
        contact: CONTACTS
            .into_iter()
            .find(|c| *c == binding.contact())
            .unwrap(),
        device: binding
            .texts()
            .instance
            .trim_matches(['<', '>'])
            .parse()
            .unwrap_or(0),
        call: binding.texts().call_id.parse().unwrap(),
        cseq: binding.cseq,
        until: binding.expires_at,
        flow: binding.flow.id,
    };
    let mut rows: Vec<Row> = locations.iter().map(row).collect();
    rows.sort_by_key(|row| (row.account, row.contact, row.device));
    rows
}

fn run(steps: Vec<Step>) {
    let mut locations = Locations::new(1, 25);
    let rules = Rules {
        max_bindings: MOST,
        ..Rules::default()
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut now = NOW;
    // What somebody who hears of the changes alone believes to be there.
    let mut told: Vec<Key> = Vec::new();
    let mut ends = std::collections::HashMap::new();
    for step in steps {
        let changes = match step {
            Step::Register {
                account,
                call,
                cseq,
                flow: id,
                items,
                expires,
            } => {
                let request = register(&fields(call, cseq, &items, expires));
                let registration = Registration {
                    account,
                    request: &request,
                    flow: flow(Transport::Tcp, id),
                    nat: Nat::FarEnd,
                    trusted: false,
                    own: &[],
                    is_loop: &|_| false,
                    rules: &rules,
                };
                let got = locations.register(now, &registration);
                let status = got.as_ref().map_or_else(|refusal| refusal.status, |_| 200);
                assert_eq!(
                    status,
                    naive(&mut rows, now, account, call, cseq, id, &items, expires)
                );
                got.map(|registered| registered.changes).unwrap_or_default()
            }
            Step::All {
                account,
                call,
                cseq,
            } => {
                let request = register(&format!(
                    "Call-ID: {call}\nCSeq: {cseq} REGISTER\nExpires: 0\nContact: *"
                ));
                let registration = Registration {
                    account,
                    request: &request,
                    flow: flow(Transport::Udp, 0),
                    nat: Nat::None,
                    trusted: false,
                    own: &[],
                    is_loop: &|_| false,
                    rules: &rules,
                };
                let got = locations.register(now, &registration);
                let mut all = rows.iter().filter(|row| row.account == account);
                let old = all.any(|row| row.call == call && cseq <= row.cseq);
                assert_eq!(got.is_err(), old);
                if !old {
                    rows.retain(|row| row.account != account);
                }
                got.map(|registered| registered.changes).unwrap_or_default()
            }
            Step::Wait(seconds) => {
                now += seconds;
                rows.retain(|row| row.until > now);
                locations.expire(now)
            }
            Step::Close(id) => {
                rows.retain(|row| row.flow != id);
                locations.close_flow(id)
            }
            Step::Clear(account) => {
                rows.retain(|row| row.account != account);
                locations.clear(account, Cause::Deactivated)
            }
        };
        for change in changes {
            match change {
                Change::Added(key) => told.push(key),
                Change::Refreshed(key) | Change::Prolonged(key) => assert!(told.contains(&key)),
                Change::Confirmed(key) => {
                    assert!(told.contains(&key));
                    continue;
                }
                Change::Removed(_, binding) => {
                    told.retain(|key| key.id != binding.id);
                    ends.remove(&binding.id);
                    continue;
                }
            }
            for binding in locations.iter() {
                if matches!(change, Change::Added(key) | Change::Refreshed(key) | Change::Prolonged(key) if key.id == binding.id) {
                    ends.insert(binding.id, binding.expires_at);
                }
            }
        }
        // What is stored is never over while the binding is not, and never off by more than a tenth.
        for binding in locations.iter() {
            let stored = ends[&binding.id];
            assert!(stored > now && stored.abs_diff(binding.expires_at) <= (binding.expires_at - binding.refreshed_at) / 10);
        }
        // The order in which they came decides which of two a contact belongs to that is the same as both (RFC 3261 §19.1.4).
        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| (row.account, row.contact, row.device));
        assert_eq!(rows_of(&locations), sorted);
        let mut keys: Vec<_> = locations
            .iter()
            .map(|b| Key {
                account: b.account,
                id: b.id,
            })
            .collect();
        keys.sort();
        told.sort();
        assert_eq!(keys, told);
        assert_eq!(locations.len(), rows.len());
        for id in 1..4 {
            let want = rows.iter().filter(|row| row.flow == id).count();
            assert_eq!(locations.of_flow(id).count(), want);
        }
        assert!(locations.flows.len() <= rows.len());
    }
    assert_eq!(locations.expire(now + 10_000).len(), rows.len());
    assert!(locations.due_pings(now + 20_000).is_empty() && locations.is_empty());
    assert_eq!(locations.deadline(), None);
    assert!(locations.accounts.is_empty() && locations.flows.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_same_as_one_list(steps in vec(step(), 0..25)) {
        run(steps);
    }
}
