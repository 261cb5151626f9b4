//! Every operation through both doors: two servers in the same state, one asked by REST, the other by GraphQL, step by step;
//! results and errors are compared field by field.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use service::{Description, Operation, operations};

use crate::client::Client;
use crate::sip::Telephone;
use doors::{Came, Side, by_graphql, by_rest, masked};

#[path = "parity/doors.rs"]
mod doors;
#[path = "parity/mail.rs"]
mod mail;

/// Operations that only one door has, with the reason; the list may only shrink.
const ALLOWED: [(&str, &str); 1] = [("removeBan", "nobody on this machine is banned; telephony::floods_and_scans_are_met does it through both doors")];
const PASSWORD: &str = "correct horse battery";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("parity::both_doors_say_the_same", both_doors_say_the_same), Trial::test("parity::limits_and_strangers", limits_and_strangers)]
}

/// No operation: two telephones register with each server, and one calls the other.
const TELEPHONES: &str = "(telephones)";

fn telephone(side: &mut Side) -> [Telephone; 2] {
    let [mut anna, mut bert] = ["tel-anna", "tel-bert"].map(|user| Telephone::new(side.server.offset, user));
    for one in [&mut anna, &mut bert] {
        assert!(one.register(PASSWORD, 600).starts_with("SIP/2.0 200"));
    }
    anna.call(&bert, "parity");
    let (uri, description) = (format!("sip:{}@main.example", bert.user), anna.sdp());
    let invite = anna.request("INVITE", &uri, &format!("<{uri}>"), "pending", "Content-Type: application/sdp\r\n", &description);
    anna.send(&invite);
    assert!(bert.receive().starts_with("INVITE "));
    anna.answers_options();
    [anna, bert]
}

type Step = (&'static str, Value, Option<(&'static str, &'static str)>, Option<i64>);

/// Every operation at least once, most of them also refused.
fn script() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getSetupState", json!({}));
    step("getServer", json!({}));
    step("completeSetup", json!({"token": "wrong", "postmaster_password": PASSWORD, "main_domain": "main.example"}));
    step("completeSetup", json!({"token": "$setup", "postmaster_password": PASSWORD, "main_domain": "main.example", "language": "de"}));
    step("completeSetup", json!({"token": "$setup", "postmaster_password": PASSWORD, "main_domain": "main.example"}));
    step("getCurrentPrincipal", json!({}));
    step("login", json!({"login": "postmaster", "password": "wrong password"}));
    steps.push(("login", json!({"login": "postmaster", "password": PASSWORD}), Some(("$refresh", "/refresh_token")), None));
    steps.push(("refreshToken", json!({"refresh_token": "$refresh"}), Some(("$token", "/access_token")), None));
    let often = json!({"set": {"rate_login": {"count": -1, "period": 60}}});
    steps.push(("updateServerSettings", often, None, None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getCurrentPrincipal", json!({}));
    step("getServer", json!({}));
    step("updateServer", json!({"time_zone": "Europe/Berlin"}));
    step("updateServer", json!({"time_zone": "Nowhere/Land"}));
    step("getServerSettings", json!({}));
    step("updateServerSettings", json!({"set": {"undelete_window": 60, "rate_default": {"count": 5000, "period": 9}, "rate_admin_write": {"count": 5000, "period": 9}}}));
    step("updateServerSettings", json!({"set": {"undelete_window": -1}}));
    step("getServerAccountDefaults", json!({}));
    step("updateServerAccountDefaults", json!({"set": {"max_account_size": 9_000_000_000_i64}, "unset": ["relay"]}));
    step("getServerDomainDefaults", json!({}));
    step("updateServerDomainDefaults", json!({"set": {"accounts_limit": 1000}}));
    step("updateServerDomainDefaults", json!({"set": {"mail_to_unknown": "rerouted", "mail_reroute_address": "<"}}));
    step("renameMainDomain", json!({"name": "new.example"}));
    step("renameMainDomain", json!({"name": "new.example"}));
    step("renameMainDomain", json!({"name": "main.example", "keep_alias": false}));
    step("listModules", json!({}));
    step("getModule", json!({"module": "smtp_out"}));
    step("getModule", json!({"module": "nothing"}));
    step("updateModule", json!({"module": "smtp_out", "set": {"port": 2525, "tls": "always", "first_retries": [1, 2]}}));
    step("updateModule", json!({"module": "smtp_out", "set": {"port": 0, "tls": "sometimes"}}));
    step("updateModule", json!({"module": "smtp_out", "set": {"nothing": 0}, "unset": ["port"]}));
    step("updateModule", json!({"module": "smtp_out", "unset": ["port", "tls", "first_retries"]}));
    step("describeSettings", json!({}));
    step("listErrorCodes", json!({}));
    step("listEventTypes", json!({}));
    step("getVersion", json!({}));
    step("listListeners", json!({}));
    steps.push(("createListener", json!({"protocol": "http_user", "address": "127.0.0.5", "port": 2900, "tls": "off"}), Some(("$listener", "/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("createListener", json!({"protocol": "http_user", "address": "127.0.0.5", "port": 2900, "tls": "off"}));
    step("getListener", json!({"id": "$listener"}));
    step("updateListener", json!({"id": "$listener", "settings": {"access": "grant", "access_ips": ["127.0.0.1"]}}));
    step("updateListener", json!({"id": "$listener", "settings": {"access_ips": ["x"]}}));
    step("deleteListener", json!({"id": "$listener"}));
    step("deleteListener", json!({"id": "$listener"}));
    step("listAddressLists", json!({}));
    step("getAddressList", json!({"list": "client_ips"}));
    step("getAddressList", json!({"list": "nothing"}));
    step("replaceAddressList", json!({"list": "office", "lines": ["10.0.0.0/8"]}));
    step("replaceAddressList", json!({"list": "office", "lines": ["10.0.0.1/8"]}));
    step("testAddress", json!({"list": "office", "address": "10.1.1.1"}));
    step("listCertificates", json!({}));
    step("importCertificate", json!({"chain": "nonsense", "key": "nonsense"}));
    step("importCertificate", json!({"chain": "$chain", "key": "$key"}));
    step("createDomain", json!({"name": "client.example", "aliases": ["c.example"]}));
    step("createDomain", json!({"name": "client.example"}));
    step("listDomains", json!({"limit": 1}));
    step("listDomains", json!({"limit": 0}));
    step("getDomain", json!({"domain": "c.example"}));
    step("getDomain", json!({"domain": "nowhere.example"}));
    step("updateDomain", json!({"domain": "client.example", "assigned_ips": ["192.0.2.1"]}));
    step("suspendDomain", json!({"domain": "client.example"}));
    step("suspendDomain", json!({"domain": "main.example"}));
    step("resumeDomain", json!({"domain": "client.example"}));
    step("listDomainAliases", json!({"domain": "client.example"}));
    step("addDomainAlias", json!({"domain": "client.example", "name": "d.example"}));
    step("addDomainAlias", json!({"domain": "client.example", "name": "main.example"}));
    step("removeDomainAlias", json!({"domain": "client.example", "name": "d.example"}));
    step("removeDomainAlias", json!({"domain": "client.example", "name": "d.example"}));
    step("renameDomain", json!({"domain": "client.example", "name": "e.example"}));
    step("renameDomain", json!({"domain": "e.example", "name": "main.example"}));
    step("renameDomain", json!({"domain": "e.example", "name": "client.example", "keep_alias": false}));
    step("replaceDomainAliases", json!({"domain": "client.example", "aliases": ["c.example"]}));
    for version in 5..12 {
        steps.push(("replaceDomainAliases", json!({"domain": "client.example", "aliases": ["c.example", "f.example"]}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getDomainAccountDefaults", json!({"domain": "client.example"}));
    step("updateDomainAccountDefaults", json!({"domain": "client.example", "set": {"max_mailboxes": 50}}));
    step("updateDomainAccountDefaults", json!({"domain": "client.example", "set": {"max_mailboxes": 0}, "unset": ["x"]}));
    step("getLastDnsCheck", json!({"domain": "client.example"}));
    // Nobody answers there, so nothing of the world comes in; what SPF should say follows the addresses of this machine.
    step("updateDnsSettings", json!({"set": {"servers": ["127.0.0.1:1"], "timeout": 1}}));
    step("runDnsCheck", json!({"domain": "client.example", "checks": ["dmarc"]}));
    step("runDnsCheck", json!({"domain": "nowhere.example"}));
    step("getLastDnsCheck", json!({"domain": "client.example"}));
    step("getDomainSettings", json!({"domain": "client.example"}));
    step("updateDomainSettings", json!({"domain": "client.example", "set": {"mail_to_unknown": "rerouted", "mail_reroute_address": "catchall@client.example"}}));
    step("updateDomainSettings", json!({"domain": "client.example", "unset": ["nonsense"]}));
    steps.push(("createAccount", json!({"domain": "client.example", "name": "Anna", "password": PASSWORD, "aliases": ["a"], "telnums": ["+4930123456"]}), Some(("$anna", "/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("createAccount", json!({"domain": "client.example", "name": "a"}));
    step("createAccount", json!({"domain": "client.example", "name": ".bad"}));
    step("listDomainAccounts", json!({"domain": "client.example", "limit": 5}));
    step("listAccounts", json!({"limit": 2}));
    step("listAccounts", json!({"q": "ann", "state": "active"}));
    step("listAccounts", json!({"cursor": "nonsense"}));
    step("findTelnum", json!({"number": "+49"}));
    step("listAdmins", json!({}));
    step("listRights", json!({}));
    step("recalculateQuota", json!({"account": "$anna"}));
    step("getAccount", json!({"account": "me"}));
    step("getAccount", json!({"account": "anna@c.example"}));
    steps.push(("updateAccount", json!({"account": "$anna", "real_name": "Anna"}), None, Some(1)));
    steps.push(("updateAccount", json!({"account": "$anna", "real_name": "Anna"}), None, Some(1)));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getAccountSettings", json!({"account": "$anna"}));
    step("updateAccountSettings", json!({"account": "$anna", "set": {"max_account_size": 5_000_000_000_i64, "mail_out_flow": {"count": 3, "period": 4}}}));
    step("updateAccountSettings", json!({"account": "$anna", "set": {"max_account_size": -5}}));
    step("listAliases", json!({"account": "$anna"}));
    step("addAlias", json!({"account": "$anna", "name": "b"}));
    step("addAlias", json!({"account": "$anna", "name": "anna"}));
    step("removeAlias", json!({"account": "$anna", "name": "b"}));
    step("setAccountPassword", json!({"account": "$anna", "password": "short"}));
    step("setAccountPassword", json!({"account": "$anna", "password": "another good phrase"}));
    names_and_rights(&mut steps);
    routing(&mut steps);
    mail::mailboxes(&mut steps);
    messaging(&mut steps);
    signal_rules(&mut steps);
    mail::queue(&mut steps);
    calls(&mut steps);
    let mut step = |id, input| steps.push((id, input, None, None));
    step("suspendAccount", json!({"account": "$anna", "suspend_mail": "bounce"}));
    step("suspendAccount", json!({"account": "$anna"}));
    step("resumeAccount", json!({"account": "$anna"}));
    step("deleteAccount", json!({"account": "postmaster@main.example"}));
    step("deleteAccount", json!({"account": "$anna"}));
    step("restoreAccount", json!({"account": "$anna"}));
    step("purgeAccount", json!({"account": "$anna"}));
    step("deleteAccount", json!({"account": "$anna"}));
    step("purgeAccount", json!({"account": "$anna"}));
    step("purgeAccount", json!({"account": "$anna", "force": true}));
    step("deleteDomain", json!({"domain": "client.example"}));
    step("createDomain", json!({"name": "empty.example"}));
    step("deleteDomain", json!({"domain": "empty.example"}));
    step("listAccountSessions", json!({"account": "me"}));
    step("deleteAccountSession", json!({"account": "me", "id": "00000000-0000-0000-0000-000000000000"}));
    sessions(&mut steps);
    steps
}

/// Sessions end, one by one and all at once.
fn sessions(steps: &mut Vec<Step>) {
    steps.push(("createAccount", json!({"domain": "main.example", "name": "carl", "password": PASSWORD}), Some(("$carl", "/id")), None));
    steps.push(("login", json!({"login": "carl", "password": PASSWORD}), Some(("$other", "/refresh_token")), None));
    steps.push(("listAccountSessions", json!({"account": "$carl"}), Some(("$session", "/data/0/id")), None));
    steps.push(("deleteAccountSession", json!({"account": "$carl", "id": "$session"}), None, None));
    steps.push(("killAccountSessions", json!({"account": "$carl"}), None, None));
    for (id, end) in [("$again", "logout"), ("$last", "logoutAll")] {
        steps.push(("login", json!({"login": "postmaster", "password": PASSWORD}), Some((id, "/refresh_token")), None));
        steps.push(("refreshToken", json!({"refresh_token": id}), Some(("$token", "/access_token")), None));
        steps.push((end, json!({}), None, None));
        steps.push(("getAccount", json!({"account": "me"}), None, None));
    }
}

/// Names, numbers, rights, forwarders and groups.
fn names_and_rights(steps: &mut Vec<Step>) {
    let mut step = |id, input| steps.push((id, input, None, None));
    step("replaceAliases", json!({"account": "$anna", "aliases": ["a", "b2"]}));
    for version in 1..16 {
        steps.push(("replaceAliases", json!({"account": "$anna", "aliases": ["a", "b2"]}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("listTelnums", json!({"account": "$anna"}));
    step("addTelnum", json!({"account": "$anna", "number": "+4930999999"}));
    step("addTelnum", json!({"account": "$anna", "number": "12"}));
    step("removeTelnum", json!({"account": "$anna", "number": "+4930999999"}));
    for version in 15..19 {
        steps.push(("replaceTelnums", json!({"account": "$anna", "telnums": ["+4930123456", "+4930777777"]}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("renameAccount", json!({"account": "$anna", "name": "annab", "keep_alias": true}));
    step("getRights", json!({"account": "$anna"}));
    for version in 17..27 {
        steps.push(("replaceRights", json!({"account": "$anna", "domain": ["domain", "can_create_aliases"]}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    let domain = "client.example";
    step("createForwarder", json!({"domain": domain, "name": "ext", "to": "bob@remote.example"}));
    step("createForwarder", json!({"domain": domain, "name": "annab", "to": "bob@remote.example"}));
    step("getForwarder", json!({"domain": domain, "name": "ext"}));
    step("updateForwarder", json!({"domain": domain, "name": "ext", "to": "carl@remote.example"}));
    step("renameForwarder", json!({"domain": domain, "name": "ext", "new_name": "ext2"}));
    step("listForwarders", json!({"domain": domain}));
    step("createGroup", json!({"domain": domain, "name": "sales", "members": ["annab"], "settings": {"set_reply_to": true}}));
    step("getGroup", json!({"domain": domain, "group": "sales"}));
    step("updateGroup", json!({"domain": domain, "group": "sales", "real_name": "Sales"}));
    step("renameGroup", json!({"domain": domain, "group": "sales", "new_name": "team"}));
    step("listGroups", json!({"domain": domain}));
    step("addMembers", json!({"domain": domain, "group": "team", "members": ["bob@remote.example"]}));
    step("addMembers", json!({"domain": domain, "group": "team", "members": ["team"]}));
    step("listMembers", json!({"domain": domain, "group": "team"}));
    for version in 2..7 {
        steps.push(("replaceMembers", json!({"domain": domain, "group": "team", "members": ["annab", "x@remote.example"]}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("removeMember", json!({"domain": domain, "group": "team", "address": "x@remote.example"}));
    step("deleteGroup", json!({"domain": domain, "group": "team"}));
    step("deleteForwarder", json!({"domain": domain, "name": "ext2"}));
}

/// The routing table and what the Router makes of addresses.
fn routing(steps: &mut Vec<Step>) {
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getRoutingTable", json!({}));
    step("validateRouting", json!({"text": "<a> = b\n<(x> = c\n"}));
    step("validateRouting", json!({"text": "Signal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx"}));
    steps.push(("createRoutingLine", json!({"text": "<old> = postmaster"}), Some(("$line", "/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("createRoutingLine", json!({"text": "<(x> = c"}));
    step("updateRoutingLine", json!({"id": "$line", "comment": "a note"}));
    step("moveRoutingLine", json!({"id": "$line", "position": 1}));
    step("listRoutingLines", json!({"limit": 500}));
    step("explainRoute", json!({"address": "old@main.example"}));
    step("explainRoute", json!({"address": "12345678901@client.example", "flow": "signal", "sender": {"trusted": true}}));
    step("explainRoute", json!({"address": "x@remote.example", "flow": "mail"}));
    step("deleteRoutingLine", json!({"id": "$line"}));
    step("deleteRoutingLine", json!({"id": "$line"}));
    for version in 1..8 {
        steps.push(("replaceRoutingTable", json!({"text": "<new> = postmaster\n"}), None, Some(version)));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("listRoutingHistory", json!({}));
    step("getDnsSettings", json!({}));
    step("updateDnsSettings", json!({"set": {"servers": ["127.0.0.1:5353"]}}));
    step("listRoutingHits", json!({}));
    step("getRouterSettings", json!({}));
    step("updateRouterSettings", json!({"set": {"direct_mailbox_addressing": true}}));
    for (action, again) in [("confirmRouting", "revertRouting"), ("revertRouting", "confirmRouting")] {
        let mut step = |id, input| steps.push((id, input, None, None));
        step("updateRouterSettings", json!({"set": {"direct_mailbox_addressing": true}, "confirm_within": 600}));
        step("updateRouterSettings", json!({"set": {}, "confirm_within": 1}));
        steps.push(("listRoutingConfirmations", json!({}), Some(("$change", "/data/0/id")), None));
        steps.push((action, json!({"id": "$change"}), None, None));
        steps.push((again, json!({"id": "$change"}), None, None));
        steps.push(("listRoutingConfirmations", json!({}), None, None));
    }
    for version in 1..12 {
        steps.push(("rollbackRouting", json!({"version": 2}), None, Some(version)));
    }
}

/// Presence and instant messages; nobody has a device.
fn messaging(steps: &mut Vec<Step>) {
    let mut step = |id, input| steps.push((id, input, None, None));
    step("setPresence", json!({"account": "me", "status": "away", "note": "lunch"}));
    step("setPresence", json!({"account": "me", "status": "away", "note": "x".repeat(1001)}));
    step("getPresence", json!({"account": "me"}));
    step("getPresence", json!({"account": "$anna"}));
    step("getPresence", json!({"account": "nobody@main.example"}));
    step("listSubscriptions", json!({"account": "me", "limit": 5}));
    step("listSubscriptions", json!({"cursor": "x"}));
    let peer = "postmaster@main.example";
    step("sendIm", json!({"account": "me", "peer": peer, "text": "Hello"}));
    step("sendIm", json!({"account": "me", "peer": peer, "text": ""}));
    step("sendIm", json!({"account": "me", "peer": "nobody", "text": "Hello"}));
    step("listConversations", json!({"account": "me", "limit": 5}));
    step("listImMessages", json!({"account": "me", "peer": peer, "limit": 1}));
    step("listImMessages", json!({"account": "me", "peer": peer, "cursor": "x"}));
    step("markRead", json!({"account": "me", "peer": peer}));
    step("deleteConversation", json!({"account": "me", "peer": peer}));
    step("deleteConversation", json!({"account": "me", "peer": "nobody@main.example"}));
    step("addBuddy", json!({"account": "me", "peer": "pbx", "name": "Exchange", "groups": ["Machines"]}));
    step("addBuddy", json!({"account": "me", "peer": "friend@far.example"}));
    step("addBuddy", json!({"account": "me", "peer": "nobody"}));
    step("addBuddy", json!({"account": "me", "peer": "pbx", "groups": [""]}));
    step("listRoster", json!({"account": "me", "limit": 1}));
    step("updateBuddy", json!({"account": "me", "peer": "pbx@main.example", "name": "PBX"}));
    step("updateBuddy", json!({"account": "me", "peer": "nobody@far.example", "name": "x"}));
    step("approveSubscription", json!({"account": "pbx@main.example", "peer": "postmaster@main.example"}));
    step("approveSubscription", json!({"account": "me", "peer": "pbx@main.example"}));
    step("listRoster", json!({"account": "pbx@main.example"}));
    step("removeBuddy", json!({"account": "me", "peer": "friend@far.example"}));
    step("removeBuddy", json!({"account": "me", "peer": "friend@far.example"}));
}

/// Rules for signals on their three levels, and what they ask for.
fn signal_rules(steps: &mut Vec<Step>) {
    let night = json!([{"field": "time_of_day", "op": "in", "arg": "22:00-07:00"}]);
    for (kind, field, owner) in [("Server", "", ""), ("Domain", "domain", "client.example"), ("Account", "account", "$anna")] {
        let with = |more: Value| {
            let mut input = more;
            if !field.is_empty() {
                input[field] = owner.into();
            }
            input
        };
        let named = |verb: &str, rest: &str| -> &'static str {
            let name = format!("{verb}{kind}SignalRule{rest}");
            service::Operation::find(&name).unwrap_or_else(|| panic!("{name}")).id
        };
        let mut step = |id, input| steps.push((id, with(input), None, None));
        step(named("list", "s"), json!({}));
        step(named("create", ""), json!({"name": "night", "priority": 7, "conditions": night, "actions": [{"verb": "redirect_to", "arg": "carl"}]}));
        step(named("create", ""), json!({"name": "night"}));
        step(named("create", ""), json!({"name": "other", "stage": 997, "actions": [{"verb": "reject_with", "arg": "480 later"}], "comment": "x"}));
        step(named("create", ""), json!({"name": "bad", "stage": 700, "actions": []}));
        step(named("create", ""), json!({"name": "bad", "conditions": [{"field": "colour", "op": "is"}]}));
        step(named("get", ""), json!({"rule": "night"}));
        step(named("get", ""), json!({"rule": "none"}));
        step(named("update", ""), json!({"rule": "night", "enabled": false}));
        step(named("update", ""), json!({"rule": "night", "priority": 12}));
        step(named("reorder", "s"), json!({"rules": ["other", "night"]}));
        step(named("reorder", "s"), json!({"rules": ["other"]}));
        step(named("replace", "s"), json!({"rules": []}));
        step(named("validate", "s"), json!({"rules": [{"name": "a", "actions": [{"verb": "stop_processing"}]}, {"name": "b"}]}));
        step(named("validate", "s"), json!({"rules": [{"name": "a", "stage": 700}]}));
        steps.push((named("replace", "s"), with(json!({"rules": [{"name": "night"}, {"name": "third", "stage": 5, "actions": [{"verb": "fork_to", "arg": "carl"}]}]})), None, Some(5)));
        steps.push((named("replace", "s"), with(json!({"rules": []})), None, Some(5)));
        let mut step = |id, input| steps.push((id, with(input), None, None));
        step(named("delete", ""), json!({"rule": "night"}));
        step(named("delete", ""), json!({"rule": "night"}));
    }
    let mut step = |id, input| steps.push((id, input, None, None));
    step("testSignalRules", json!({"account": "$anna", "from": "x@remote.example", "time": "2026-06-18T23:10", "devices_state": [{"status": 486, "after": 7}]}));
    step("testSignalRules", json!({"account": "$anna", "rules": [{"name": "x", "actions": [{"verb": "reject_with", "arg": "433 no"}]}]}));
    step("testSignalRules", json!({"account": "$anna", "time": "noon"}));
    step("listDatasets", json!({"account": "$anna"}));
    step("replaceDataset", json!({"account": "$anna", "name": "Friends", "entries": ["bob@remote.example", "+49*"]}));
    step("replaceDataset", json!({"account": "$anna", "name": "a,b", "entries": []}));
    step("getDataset", json!({"account": "$anna", "name": "friends"}));
    step("deleteDataset", json!({"account": "$anna", "name": "friends"}));
    step("deleteDataset", json!({"account": "$anna", "name": "friends"}));
    step("getDiallerSettings", json!({"account": "$anna"}));
    step("updateDiallerSettings", json!({"account": "$anna", "set": {"incoming_calls": true}}));
    step("updateDiallerSettings", json!({"account": "$anna", "unset": ["nonsense"]}));
}

/// Addresses and ports of telephony.
fn voice_network(steps: &mut Vec<Step>) {
    let mut step = |id, input| steps.push((id, input, None, None));
    step("getLan", json!({}));
    step("updateLan", json!({"wan_ipv4": "203.0.113.7", "lan_ipv4": "127.0.0.1"}));
    step("updateLan", json!({"wan_ipv4": "2001:db8::7"}));
    step("updateLan", json!({"wan_ipv6": "outside"}));
    step("detectLan", json!({}));
    step("getMediaPorts", json!({}));
    step("updateMediaPorts", json!({"first_port": 22_000, "last_port": 22_999}));
    step("updateMediaPorts", json!({"first_port": 30_000}));
    step("updateMediaPorts", json!({"last_port": 99_999}));
    step("checkFirewall", json!({}));
    step("getFirewallPlan", json!({}));
    step("getServerChecks", json!({}));
    step("updateLan", json!({"wan_ipv4": "", "lan_ipv4": ""}));
}

/// Telephones and their calls.
fn calls(steps: &mut Vec<Step>) {
    voice_network(steps);
    for name in ["tel-anna", "tel-bert"] {
        steps.push(("createAccount", json!({"domain": "main.example", "name": name, "password": PASSWORD}), None, None));
    }
    steps.push(("updateModule", json!({"module": "media", "set": {"force": "always"}}), None, None));
    steps.push((TELEPHONES, json!({}), None, None));
    steps.push(("listRegistrations", json!({"account": "tel-anna@main.example"}), Some(("$binding", "/data/0/id")), None));
    steps.push(("listRegistrations", json!({"limit": 5}), None, None));
    steps.push(("listRegistrations", json!({"account": "nobody@main.example"}), None, None));
    steps.push(("pingRegistration", json!({"id": "$binding"}), None, None));
    steps.push(("startCall", json!({"account": "tel-anna@main.example", "to": "tel-bert"}), Some(("$started", "/id")), None));
    steps.push(("hangupCall", json!({"call": "$started"}), None, None));
    steps.push(("startCall", json!({"account": "tel-anna@main.example", "to": "nobody"}), None, None));
    steps.push(("startCall", json!({"account": "tel-anna@main.example", "to": "tel-bert", "auto_answer": true}), None, None));
    steps.push(("startCall", json!({"account": "postmaster@main.example", "to": "tel-bert"}), None, None));
    steps.push(("removeRegistration", json!({"id": "$binding"}), None, None));
    steps.push(("pingRegistration", json!({"id": "$binding"}), None, None));
    steps.push(("removeRegistration", json!({"id": "$binding"}), None, None));
    steps.push(("removeRegistrations", json!({"account": "tel-bert@main.example"}), None, None));
    steps.push(("listCalls", json!({"account": "tel-anna@main.example"}), Some(("$call", "/data/0/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("listCalls", json!({"domain": "main.example"}));
    step("listCalls", json!({"cursor": "x"}));
    step("getCall", json!({"call": "$call"}));
    step("getCall", json!({"call": "00000000-0000-0000-0000-000000000000"}));
    step("traceCall", json!({"call": "$call"}));
    step("getCallMedia", json!({"call": "$call"}));
    step("traceCall", json!({"call": "$call", "detail": "full"}));
    step("listMediaStreams", json!({"quality": "poor"}));
    step("listMediaStreams", json!({"quality": "fine"}));
    step("exportCdr", json!({"account": "tel-anna@main.example", "cause": "nothing"}));
    step("exportCdr", json!({"format": "json_lines", "number": "nobody", "most": 5}));
    step("exportCdr", json!({"most": 50_000}));
    step("listCdr", json!({"cause": "busy", "number": "tel-"}));
    step("getMediaStats", json!({}));
    step("listTargetsHealth", json!({}));
    step("getMediaCapture", json!({"call": "$call"}));
    step("captureMedia", json!({"call": "$call", "seconds": 61}));
    step("captureMedia", json!({"call": "$call", "seconds": 60, "full": true}));
    step("captureMedia", json!({"call": "$call"}));
    step("getMediaCapture", json!({"call": "$call"}));
    step("listBans", json!({}));
    step("removeBan", json!({"address": "192.0.2.1"}));
    step("removeBan", json!({"address": "nobody"}));
    step("getTrends", json!({"span": "hour"}));
    step("getSipStats", json!({}));
    step("listTransactions", json!({"method": "publish"}));
    step("listTransactions", json!({"address": "x"}));
    step("abortTransaction", json!({"id": "00000000-0000-0000-0000-000000000000"}));
    steps.push(("listTransactions", json!({"method": "invite", "side": "server", "state": "waiting"}), Some(("$transaction", "/data/0/id")), None));
    let mut step = |id, input| steps.push((id, input, None, None));
    step("abortTransaction", json!({"id": "$transaction"}));
    step("hangupCall", json!({"call": "$call"}));
    step("hangupCall", json!({"call": "$call"}));
    step("listCdr", json!({"account": "tel-anna@main.example"}));
    step("listCdr", json!({"account": "tel-bert@main.example", "limit": 9}));
    step("getCdr", json!({"call": "$call"}));
}

fn both_doors_say_the_same() -> Result<(), Failed> {
    let description = Description::new();
    let (mut rest, mut graphql) = (Side::new(), Side::new());
    let (mut seen_rest, mut seen_graphql) = (BTreeMap::new(), BTreeMap::new());
    let steps = script();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut telephones = Vec::new();
    for (number, (id, input, save, version)) in steps.iter().enumerate() {
        if *id == TELEPHONES {
            telephones.extend([&mut rest, &mut graphql].map(telephone));
            continue;
        }
        let operation = Operation::find(id).unwrap_or_else(|| panic!("{id} is no operation"));
        let came_rest = by_rest(&rest, operation, &rest.fill(input), *version);
        let came_graphql = by_graphql(&graphql, &description, operation, &graphql.fill(input), *version);
        match (&came_rest, &came_graphql) {
            (Came::Result(one), Came::Result(other)) => {
                done.insert(id);
                assert_eq!(masked(&mut seen_rest, one), masked(&mut seen_graphql, other), "step {number}: {id} {input}");
                if let Some((name, pointer)) = save {
                    for (side, result) in [(&mut rest, one), (&mut graphql, other)] {
                        let value = result.pointer(pointer).unwrap().clone();
                        if *name == "$token" {
                            side.client.token = value.as_str().map(str::to_owned);
                        }
                        side.saved.insert((*name).to_owned(), value);
                    }
                }
            }
            (one, _) if save.is_some() => panic!("step {number}: {id} {input} must be done: {one:?}"),
            // Queries carry their errors at the top, without fields.
            (Came::Refused(one, _), Came::Refused(other, _)) if operation.is_query() => assert_eq!(one, other, "step {number}: {id} {input}"),
            (one, other) => assert_eq!(one, other, "step {number}: {id} {input}"),
        }
    }
    done.extend(ALLOWED.iter().map(|(id, _)| *id));
    let missing: Vec<&str> = operations::ALL.iter().map(|o| o.id).filter(|id| !done.contains(id)).collect();
    assert!(missing.is_empty(), "never done through both doors: {missing:?}");
    assert!(rest.server.pid() != graphql.server.pid());
    Ok(())
}

fn limits_and_strangers() -> Result<(), Failed> {
    let (_scratch, server, admin) = crate::administration::claimed();
    let deep = format!("query {{ listDomains {} }}", "{ nodes ".repeat(13) + &"}".repeat(13));
    assert_eq!(admin.graphql(&deep, &json!({}))["errors"][0]["extensions"]["code"], "query_too_deep");
    let wide: String = (0..600).map(|n| format!("a{n}: getServer {{ mainDomain language timeZone version a: version b: version c: version d: version e: version }} ")).collect();
    let answer = admin.graphql(&format!("query {{ {wide} }}"), &json!({}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "query_too_complex", "{answer}");
    let introspection = "query { __schema { queryType { name } } }";
    assert_eq!(admin.graphql(introspection, &json!({}))["data"]["__schema"]["queryType"]["name"], "Query");
    assert!(Client::new(server.port()).graphql(introspection, &json!({}))["data"]["__schema"].is_null());
    Ok(())
}
