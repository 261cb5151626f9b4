//! How calls go on and end: what responses and requests mean for the record, and ending a call from here.

use std::time::Instant;

use bytes::Bytes;
use model::call::{CallDirection, CallState};
use service::{MediaForce, Occurrence};
use sip::endpoint::Flow;
use sip::proxy::BranchId;
use sip::transaction::Key;
use sip::{Dialog, Message, Method, Name, Parsed, Request, Response, parse};
use types::Machine;
use uuid::Uuid;

use crate::call::{self, End, SetUp, cause_of, moment};
use crate::session::Session;
use crate::switch::Switch;
use crate::write_behind::Write;

impl Switch {
    pub(crate) fn tell_news(&mut self, news: Vec<Occurrence>) {
        for one in news {
            if one.topic == "calls" {
                self.events.calls_changed(one.account_id);
            }
            self.write(Write::News(one));
        }
    }

    /// A response of a branch came: whoever sent it is reached by the way of the branch from now on.
    pub(crate) fn note_reached(&mut self, key: &Key, branch: BranchId, response: &Response) {
        let Some(proxied) = self.proxies.get(key).filter(|proxied| proxied.in_dialog.is_none() && *proxied.proxy.request().method() == Method::Invite) else { return };
        let (Some(id), Some(way), 101..300) = (proxied.call, proxied.ways.get(&branch), response.status()) else { return };
        let (Some((flow, _)), Ok(to)) = (&way.sent, response.to()) else { return };
        let tag = to.tag().unwrap_or_default();
        if self.calls.get(id).is_none_or(|call| call.knows(tag)) {
            return;
        }
        let (flow, far) = (*flow, way.far);
        let relay = way.account.as_ref().map_or(MediaForce::Auto, |account| account.settings.media_force);
        let end = End { flow, side: self.side(&flow, far, way.account.is_some()), by_flow: far || flow.transport.is_reliable(), relay };
        if let Some(call) = self.calls.get_mut(id) {
            call.reach(tag, branch.0, end);
        }
    }

    /// A response of a branch went to the caller.
    pub(crate) fn progressed(&mut self, now: Instant, key: &Key, branch: BranchId, response: &Response, octets: Bytes) {
        let Some(proxied) = self.proxies.get(key) else { return };
        let (Some(id), None) = (proxied.call, proxied.in_dialog) else { return };
        if *proxied.proxy.request().method() != Method::Invite {
            return;
        }
        match response.status() {
            180 | 183 => {
                if let Some(call) = self.calls.get_mut(id)
                    && call.record.state == CallState::Trying
                {
                    call.record.state = CallState::Ringing;
                    call.record.ringing_at = Some(moment());
                    let news = call::news("call.ringing", &call.record);
                    let alerted = call.alerted.clone();
                    alerted.into_iter().for_each(|account| self.events.calls_changed(Some(account)));
                    self.tell_news(news);
                }
            }
            200..300 => self.answered(now, key, id, branch, response, octets),
            _ => {}
        }
    }

    /// A branch answered its call.
    fn answered(&mut self, now: Instant, key: &Key, id: Uuid, branch: BranchId, response: &Response, octets: Bytes) {
        let Some(proxied) = self.proxies.get(key) else { return };
        let Some(way) = proxied.ways.get(&branch) else { return };
        let Some((flow, _)) = way.sent else { return };
        let set_up = SetUp { received: proxied.proxy.request().octets(), sent: way.octets.clone(), answer: response.octets() };
        let account = way.account.clone();
        let tag = response.to().ok().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default();
        let media = self.media.clone();
        if self.calls.get(id).is_none_or(|call| call.record.answered_at.is_some()) {
            return;
        }
        if let Some(account) = &account {
            self.calls.set_callee(id, account.account_id, account.domain_id);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        media.branch_won(id, branch.0);
        call.answer = Some(octets);
        call.session = Session::of(now, response);
        call.set_up = Some(set_up);
        call.win(&tag);
        let record = &mut call.record;
        record.state = CallState::Connected;
        record.answered_at = Some(moment());
        record.final_code = Some(i32::from(response.status()));
        record.callee.remote = flow.address.to_string();
        record.callee.transport = flow.transport.name().to_lowercase();
        record.callee.user_agent = response.value(Name::UserAgent).or_else(|| response.value(Name::Server)).map(|octets| String::from_utf8_lossy(octets).into_owned()).unwrap_or_default();
        if let Some(account) = &account {
            record.callee.uri = format!("sip:{}", account.address);
        }
        record.direction = match (record.caller.account_id, record.callee.account_id) {
            (Some(_), Some(_)) => CallDirection::Internal,
            (None, Some(_)) => CallDirection::Inbound,
            (Some(_), None) => CallDirection::Outbound,
            (None, None) => CallDirection::Transit,
        };
        if media.report(id).is_some_and(|report| report.relayed) {
            "proxy".clone_into(&mut record.media_path);
        }
        let (news, record) = (call::news("call.answered", record), record.clone());
        call.alerted.iter().for_each(|account| self.events.calls_changed(Some(*account)));
        self.tell_news(news);
        self.write(Write::Call(Box::new(record)));
    }

    /// The final answer to a request that is no 2xx: that of a branch, or our own.
    pub(crate) fn concluded(&mut self, now: Instant, key: &Key, status: u16, of_branch: bool) {
        let Some(proxied) = self.proxies.get(key) else { return };
        if proxied.in_dialog.is_none() && *proxied.proxy.request().method() == Method::Invite && status >= 300 {
            let ended_by = match status {
                487 => "caller",
                _ if of_branch => "callee",
                408 => "timer",
                _ => "server",
            };
            if let Some(id) = proxied.dials {
                return self.give_up(now, id, status, if of_branch { "caller" } else { ended_by });
            }
            self.end_call(now, proxied.call, status, ended_by);
        }
    }

    /// Ends a call that was not answered.
    pub(crate) fn end_call(&mut self, now: Instant, call: Option<Uuid>, status: u16, ended_by: &str) {
        let Some(id) = call else { return };
        if let Some(call) = self.calls.get_mut(id) {
            call.record.final_code = Some(i32::from(status));
        }
        self.end_call_as(now, id, cause_of(status), ended_by);
    }

    /// Ends a call for this reason: its ports go back, its record is written.
    pub(crate) fn end_call_as(&mut self, now: Instant, id: Uuid, cause: &str, ended_by: &str) {
        let report = self.media.end(id);
        let Some(mut call) = self.calls.end(id, cause, ended_by) else { return };
        call.record.media = report.filter(|report| report.relayed);
        call.alerted.iter().for_each(|account| self.events.calls_changed(Some(*account)));
        self.tell_news(call::news("call.ended", &call.record));
        self.keep_trace(now, &call);
        self.write(Write::Call(Box::new(call.record)));
        self.calls.put_away(now, id, call.ladder);
    }

    /// Records an attempt that was refused before it was a call.
    pub(crate) fn record_refusal(&mut self, now: Instant, flow: &Flow, request: &Request, status: u16) {
        let end = self.caller_end(request, flow, false);
        let record = call::begin(request, call::caller_party(request, flow, None, false), Vec::new());
        let id = self.calls.add(now, record, end, request);
        if let Some(call) = self.calls.get_mut(id) {
            call.ladder.received(moment(), *flow, request.octets());
        }
        self.end_call(now, Some(id), status, "server");
    }

    /// Ends a call from here, with a BYE to both ends or by cancelling it; whether there was one.
    pub(crate) fn hang_up(&mut self, now: Instant, id: Uuid, cause: &str, ended_by: &str) -> bool {
        self.let_go(now, id);
        let Some(call) = self.calls.get_mut(id) else { return false };
        let flows = [Some(call.caller.flow), call.callee().map(|end| end.flow)];
        let dialogs = call.set_up.as_ref().and_then(SetUp::dialogs);
        if call.record.answered_at.is_none() {
            let key = self.proxies.iter().find(|(_, proxied)| proxied.of_call() == Some(id) && proxied.in_dialog.is_none()).map(|(key, _)| key.clone());
            if let Some(key) = key {
                if let Some(proxied) = self.proxies.get_mut(&key) {
                    proxied.plan = None;
                    proxied.proxy.handle(now, sip::proxy::Input::Stop(None));
                }
                self.drain_proxy(now, &key);
            }
            self.end_call_as(now, id, cause, ended_by);
            return true;
        }
        for (flow, dialog) in flows.into_iter().zip(dialogs.into_iter().flatten()) {
            if let Some(flow) = flow.and_then(|flow| self.flows.usable(flow)) {
                self.send_bye(now, id, flow, dialog);
            }
        }
        self.end_call_as(now, id, cause, ended_by);
        true
    }

    /// Takes an answer and ends its dialog at once: an INVITE that was answered can no more be refused.
    pub(crate) fn decline(&mut self, now: Instant, id: Uuid, flow: Flow, sent: Bytes, answer: &Response) {
        let Parsed::Message(Message::Request(invite)) = parse(sent, &sip::Limits::STREAM) else { return };
        let (Ok(dialog), Ok(cseq)) = (Dialog::answered(&invite, answer), invite.cseq()) else { return };
        let via = self.new_via(&flow);
        let ack = dialog.ack(&via, cseq.number).finish();
        if let Some(call) = self.calls.get_mut(id) {
            call.ladder.sent(moment(), flow, ack.clone());
        }
        self.flows.send(&flow, None, ack);
        self.send_bye(now, id, flow, dialog);
    }

    pub(crate) fn send_bye(&mut self, now: Instant, id: Uuid, flow: Flow, mut dialog: Dialog) {
        let via = self.new_via(&flow);
        let octets = dialog.next(&Method::Bye, &via).finish();
        if let Some(ladder) = self.calls.ladder(id) {
            ladder.sent(moment(), flow, octets.clone());
        }
        // Its answer means nothing: the call is over in any case.
        let _ = self.endpoint.send(now, flow, octets);
    }
}
