//! The one integration binary: real servers, real PostgreSQL, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/account.rs"]
mod account;
#[path = "scenario/basic.rs"]
mod basic;
#[path = "api/administration.rs"]
mod administration;
#[path = "api/browsers.rs"]
mod browsers;
#[path = "support/client.rs"]
mod client;
#[path = "scenario/clients.rs"]
mod clients;
#[path = "scenario/housekeeping.rs"]
mod housekeeping;
#[path = "scenario/imap.rs"]
mod imap;
#[path = "support/contract.rs"]
mod contract;
#[path = "support/dns.rs"]
mod dns;
#[path = "api/dns_check.rs"]
mod dns_check;
#[path = "api/events.rs"]
mod events;
#[path = "api/firewall.rs"]
mod firewall;
#[path = "support/ear.rs"]
mod ear;
#[path = "support/exchange.rs"]
mod exchange;
#[path = "scenario/faults.rs"]
mod faults;
#[path = "scenario/lifecycle.rs"]
mod lifecycle;
#[path = "api/listeners.rs"]
mod listeners;
#[path = "scenario/mail_in.rs"]
mod mail_in;
#[path = "scenario/mail_out.rs"]
mod mail_out;
#[path = "api/directory.rs"]
mod directory;
#[path = "api/messages.rs"]
mod messages;
#[path = "api/submissions.rs"]
mod submissions;
#[path = "api/mail_trace.rs"]
mod mail_trace;
#[path = "api/conventions.rs"]
mod conventions;
#[path = "api/subscriptions.rs"]
mod subscriptions;
#[path = "api/modules.rs"]
mod modules;
#[path = "support/netns.rs"]
mod netns;
#[path = "api/parity.rs"]
mod parity;
#[path = "api/queue.rs"]
mod queue;
#[path = "support/storm.rs"]
mod storm;
#[path = "support/linphone.rs"]
mod linphone;
#[path = "support/lines.rs"]
mod lines;
#[path = "support/phone.rs"]
mod phone;
#[path = "scenario/pop.rs"]
mod pop;
#[path = "api/names.rs"]
mod names;
#[path = "api/routing.rs"]
mod routing;
#[path = "api/routing_watch.rs"]
mod routing_watch;
#[path = "support/server.rs"]
mod server;
#[path = "api/signalling.rs"]
mod signalling;
#[path = "api/telephony.rs"]
mod telephony;
#[path = "scenario/call_limits.rs"]
mod call_limits;
#[path = "scenario/call_stealing.rs"]
mod call_stealing;
#[path = "scenario/web_phone.rs"]
mod web_phone;
#[path = "support/sip.rs"]
mod sip;
#[path = "support/sink.rs"]
mod sink;
#[path = "scenario/signal_rules.rs"]
mod signal_rules;
#[path = "support/smtp.rs"]
mod smtp;
#[path = "support/tone.rs"]
mod tone;
#[path = "support/ua.rs"]
mod ua;
#[path = "scenario/dialling.rs"]
mod dialling;
#[path = "scenario/voice_services.rs"]
mod voice_services;
#[path = "scenario/voice.rs"]
mod voice;
#[path = "scenario/voice_faults.rs"]
mod voice_faults;
#[path = "scenario/voice_nat.rs"]
mod voice_nat;
#[path = "scenario/voice_media.rs"]
mod voice_media;
#[path = "scenario/voice_sipp.rs"]
mod voice_sipp;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(lifecycle::trials());
    trials.extend(administration::trials());
    trials.extend(listeners::trials());
    trials.extend(browsers::trials());
    trials.extend(events::trials());
    trials.extend(parity::trials());
    trials.extend(web_phone::trials());
    trials.extend(call_limits::trials());
    trials.extend(basic::trials());
    trials.extend(call_stealing::trials());
    trials.extend(modules::trials());
    trials.extend(signalling::trials());
    trials.extend(telephony::trials());
    trials.extend(directory::trials());
    trials.extend(subscriptions::trials());
    trials.extend(conventions::trials());
    trials.extend(mail_trace::trials());
    trials.extend(messages::trials());
    trials.extend(submissions::trials());
    trials.extend(mail_in::trials());
    trials.extend(mail_out::trials());
    trials.extend(housekeeping::trials());
    trials.extend(imap::trials());
    trials.extend(pop::trials());
    trials.extend(routing::trials());
    trials.extend(routing_watch::trials());
    trials.extend(dns_check::trials());
    trials.extend(firewall::trials());
    trials.extend(names::trials());
    trials.extend(clients::trials());
    trials.extend(faults::trials());
    trials.extend(queue::trials());
    trials.extend(voice::trials());
    trials.extend(dialling::trials());
    trials.extend(voice_services::trials());
    trials.extend(signal_rules::trials());
    trials.extend(voice_nat::trials());
    trials.extend(voice_media::trials());
    trials.extend(voice_sipp::trials());
    trials.extend(voice_faults::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
