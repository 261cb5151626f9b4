//! Made-up servers, tables and addresses, chosen so that they meet.

use std::sync::Arc;

use model::domain::MailToAll;
use model::routing::{RouterSettings, UnqualifiedSuffix};
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture::{self, Directory};
use crate::{Context, Domain, Host, Naptr, Object, Template, Unknown};

const LOCALS: &[&str] = &[
    "john",
    "JOHN",
    "j.smith",
    "jane",
    "mary",
    "101",
    "102",
    "200",
    "sales",
    "news",
    "news-on",
    "news-confirm-Ab1",
    "news-off",
    "ext",
    "fwd",
    "all",
    "alldomains",
    "postmaster",
    "abuse",
    "nobody",
    "blacklist-admin",
    "error",
    "null",
    "spamtrap",
    "MAILER-DAEMON",
    "error{Go, away}",
    "+4930123456",
    "+4930999999",
    "+49-30-77777",
    "+4930555555",
    "12345678900",
    "745",
    "*51",
    "*101",
    "0049301234567",
    "1(234)567-89-00",
    "215",
    "2155",
    "john+work",
    "ext+x",
    "john+",
    "Archive#john",
    "voicemail#101",
    "app{a,b}#pbx",
    "app{\"x,y\",z}#ext",
    "a,b}#john",
    "x#fwd",
    "\"a b\"",
    "\"john\"",
    "\"Sent x\"#john",
    "a-b-c",
    "listserv",
    "u",
    "post",
    "confirm-Z",
    "client.dom",
    "äh",
    "Äh",
    "x{y",
    "mary%client.dom",
    "bob%remote.example",
    "u%x%y",
    "\"rm -x\"%pipe",
    "u%pipe",
    "a!b",
    "a!b!c",
    "%2B4930123456",
    "a%40b",
    "x y",
    "tel-4930555555",
    "anna%mary",
    "u%x%",
    "!u",
];
const DOMAINS: &[&str] = &[
    "",
    "",
    "",
    "company.dom",
    "company.dom",
    "client.dom",
    "client.dom",
    "CLIENT.Dom.",
    "mail.client.dom",
    "client.example",
    "firma.dom",
    "localhost",
    "[192.0.2.10]",
    "192.0.2.11",
    "[127.0.0.1]",
    "host17.company.dom",
    "company.dom:25",
    "client.dom:5060",
    "client.dom:99",
    "remote.example",
    "old.dom",
    "x.old.dom",
    "a.b.old.dom",
    "gw.dom",
    "gw.dom:5070",
    "10.1.1.1",
    "[10.1.1.1]:26",
    "[2001:db8::1]",
    "sales",
    "pstn",
    "telnum",
    "pipe",
    "error",
    "null",
    "fw.dom._via",
    "fw.dom.relay",
    "fw.dom:25._via",
    "slow.dom.smtpq",
    "client.local",
    "nobody.local",
    "fwd.local",
    "client.dom._domain",
    "mail.client.dom.domain",
    "gone.dom._domain",
    "news._list",
    "sales.list",
    "prog.pipe",
    "zone.enum",
    "blacklisted",
    "wakeup",
    "b..c",
];
const LEFT_LOCALS: &[&str] = &[
    "john",
    "sales2",
    "u",
    "nobody",
    "*",
    "*",
    "(3d)",
    "(2-4d)",
    "7(2d)",
    "1(10d)",
    "\\*(2d)",
    "\\*(3-5d)",
    "00(7-15d)",
    "+(7-15d)",
    "*-*",
    "*-on",
    "news-*",
    "app{*}#*",
    "*#*",
    "\"a b\"",
    "(1+a)",
    "(2a)*",
    "(1-3x)*(1c)",
    "x*",
    "*b",
    "*%*",
    "blacklist-admin*",
    "j*n",
    "(1c)h",
    "ÄH",
    "101",
    "(1-2h)*",
];
const LEFT_DOMAINS: &[&str] = &[
    "",
    "",
    "",
    "@",
    "@company.dom",
    "@localhost",
    "@client.dom",
    "@mail.client.dom",
    "@*",
    "@*",
    "@*",
    "@(local)",
    "@(local)",
    "@old.dom",
    "@*.old.dom",
    "@*.dom",
    "@gw.dom",
    "@gw.dom:5070",
    "@[10.1.1.1]",
    "@10.1.1.1",
    "@pstn",
    "@telnum",
    "@blacklisted",
    "@*._via",
    "@fw.dom._via",
    "@x*",
    "@*.*.dom",
    "@sales",
    "@(3a).dom",
    "@*example",
    "@[192.0.2.11]",
];
const LEFT_DOMAIN_LEVEL: &[&str] = &[
    "old.dom",
    "*.old.dom",
    "*",
    "*.dom",
    "gw.dom",
    "client.dom",
    "mail.client.dom",
    "(2a).dom",
    "remote.example",
    "sales",
    "10.1.1.1",
    "pstn",
    "x.*",
    "*.*.dom",
    "company.dom",
    "firma.dom",
];
const RIGHTS: &[&str] = &[
    "john",
    "jane",
    "john@company.dom",
    "mary@client.dom",
    "*",
    "*@*",
    "*@client.dom",
    "*@old.dom",
    "pbx@*",
    "pbx#pbx@localhost",
    "gatewayincoming{*}#pbx",
    "run{*,x}#pbx",
    "run{\"p *\",*}#john",
    "voicemail#*@*",
    "+*@telnum",
    "*@pstn",
    "*%old.dom@relay.dom._via",
    "*%friend.dom@[192.0.2.99]",
    "*@[10.1.1.1]",
    "*@gw.dom:5070",
    "remote.example",
    "*@remote.example",
    "client.dom",
    "x.old.dom",
    "*.old.dom",
    "*.dom",
    "old.dom",
    "gw.dom",
    "company.dom",
    "a.b.old.dom",
    "friend.dom._relay",
    "d.dom@fw.dom:25._via",
    "Client.local",
    "*%mary@client.dom.domain",
    "error",
    "null",
    "blackhole",
    "spamtrap",
    "error{Own, text}",
    "\"listserv -x\"@pipe",
    "\"run *\"@pipe",
    "*@pipe",
    "u@prog.pipe",
    "post@news.list",
    "on@news._list",
    "news-on",
    "ext",
    "sales",
    "nobody@client.dom",
    "all",
    "\\*101",
    "*-*",
    "*+*@*",
    "u@sales",
    "anna@nobody.local",
    "*b",
    "x*",
    "*#john",
    "+4930555555@zone.enum",
    "*@10.1.1.1:99",
    "u@slow.dom.smtpq",
    "*@blacklisted",
    "MAILER-DAEMON",
    "*%*",
];

pub(super) fn record() -> impl Strategy<Value = String> {
    let prefix = select(
        &[
            "",
            "",
            "",
            "NoRelay:",
            "RelayAll:",
            "Mail:",
            "Access:",
            "Signal:",
            "NoRelay:Signal:",
            "Mail:Signal:",
        ][..],
    );
    let account = (select(LEFT_LOCALS), select(LEFT_DOMAINS))
        .prop_map(|(local, domain)| format!("<{local}{domain}>"));
    let left = prop_oneof![4 => account, 2 => select(LEFT_DOMAIN_LEVEL).prop_map(str::to_owned)];
    let made = (prefix, left, select(RIGHTS))
        .prop_map(|(prefix, left, right)| format!("{prefix}{left} = {right}"));
    let default = select(
        crate::DEFAULT_TABLE
            .lines()
            .filter(|line| !line.starts_with(';'))
            .collect::<Vec<_>>(),
    )
    .prop_map(str::to_owned);
    prop_oneof![8 => made, 1 => default]
}

pub(super) fn address() -> impl Strategy<Value = String> {
    let local = prop_oneof![1 => select(LOCALS), 1 => select(&LOCALS[..40])];
    let pair = (local, select(DOMAINS));
    let plain = pair.clone().prop_map(|(local, domain)| {
        if domain.is_empty() {
            local.to_owned()
        } else {
            format!("{local}@{domain}")
        }
    });
    prop_oneof![
        12 => plain.clone(),
        1 => plain.clone().prop_map(|address| format!("<{address}>")),
        1 => plain.clone().prop_map(|address| format!("sip:{address};transport=tcp")),
        1 => (select(&["company.dom", "client.dom", "remote.example"][..]), plain.clone()).prop_map(|(hop, address)| format!("<@{hop}:{address}>")),
        1 => (select(DOMAINS), plain).prop_map(|(hop, address)| format!("{hop}!{address}")),
        1 => Just("tel:+49-30-555555".to_owned()),
        1 => Just("<>".to_owned()),
    ]
}

fn policy() -> impl Strategy<Value = Unknown> {
    let reroute = |address: &str| Unknown::Rerouted(Template::parse(address).unwrap());
    select(vec![
        Unknown::Rejected,
        Unknown::Discarded,
        Unknown::AcceptedAndBounced,
        reroute("catchall@client.dom"),
        reroute("*%client.dom@old.example._via"),
        reroute("pbx"),
        reroute("*@company.dom"),
        reroute("collect{*}#pbx"),
    ])
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) settings: RouterSettings,
    pub(super) main: Domain,
    pub(super) client: Domain,
    pub(super) host: Host,
    pub(super) context: Context,
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let flags = prop::array::uniform8(prop::bool::weighted(0.15));
    let policies = (policy(), policy(), policy(), policy());
    let to_all = select(vec![
        MailToAll::Disabled,
        MailToAll::AuthenticatedDomainUsers,
        MailToAll::ClientIps,
        MailToAll::Everyone,
    ]);
    (
        flags,
        policies,
        to_all,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(flags, policies, to_all, suspended, direct)| {
            let [
                mailboxes,
                no_detail,
                no_suffix,
                authenticated,
                administrator,
                client_ip,
                blacklisted,
                internal,
            ] = flags;
            let (mut main, mut client, host) = fixture::domains();
            main.aliases.push("firma.dom".to_owned());
            main.mail_to_unknown = policies.0;
            client.mail_to_unknown = policies.1;
            client.signal_to_unknown = policies.2;
            client.access_to_unknown = policies.3;
            client.mail_to_all = to_all;
            client.suspended = suspended;
            let settings = RouterSettings {
                direct_mailbox_addressing: mailboxes,
                account_detail_addressing: !no_detail,
                add_domain_to_unqualified: UnqualifiedSuffix(no_suffix.then(String::new)),
                enum_zones: vec!["e164.example".to_owned()],
                ..RouterSettings::default()
            };
            let context = Context {
                authenticated: authenticated.then(|| "john@company.dom".into()),
                administrator,
                client: client_ip,
                blacklisted,
                internal,
                direct,
                trace: true,
                ..Context::default()
            };
            World {
                settings,
                main,
                client,
                host,
                context,
            }
        })
}

pub(super) fn directory() -> Directory {
    let mut directory = fixture::directory();
    directory.add(
        "client.dom",
        "fwd",
        Object::Forwarder("jane@company.dom".into()),
    );
    directory.add(
        "company.dom",
        "fwd",
        Object::Forwarder("nobody@client.dom".into()),
    );
    directory.add(
        "company.dom",
        "tel-493077777",
        Object::Forwarder("ext".into()),
    );
    let naptr = |services: &str, uri: &str| Naptr {
        order: 1,
        preference: 1,
        flags: "u".into(),
        services: services.into(),
        regexp: format!("!^.*$!{uri}!"),
    };
    let records: Arc<[Naptr]> = Arc::new([
        naptr("E2U+sip", "sip:mary@client.dom"),
        naptr("E2U+email:mailto", "mailto:+4930555555@company.dom"),
    ]);
    directory.naptr.insert(
        ("+4930555555".into(), "e164.example".into()),
        records.clone(),
    );
    directory
        .naptr
        .insert(("+4930555555".into(), "zone".into()), records);
    directory
}
