use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use types::Machine;

use super::best::{Outcome, all_unavailable, best, merged};
use super::branch::{Branch, Cancel, State};
use super::forward::Passage;
use super::lane::Lane;
use super::{
    BranchId, Checked, Config, Disposition, Fork, Input, Outgoing, Output, Routing, Target,
};
use crate::transaction::{self, Key};
use crate::{Limits, Message, Method, Name, Parsed, Request, Response, Splice, Uri, Writer, parse};

/// What other branches are told when one has answered (RFC 3326 §2).
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
/// What it comes to when there was no target at all.
const NO_DEVICE: u16 = 480;
/// How much of Max-Breadth is kept for targets that are added later.
const LATER: u32 = 8;

/// What the sender of the request knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upstream {
    Waiting,
    /// It has cancelled the request.
    Cancelled,
    /// It has got a 2xx.
    Answered,
    /// It has got another final answer, or waits no more.
    Over,
}

/// What becomes of one request that is passed on, any but ACK and CANCEL (RFC 3261 §16.7 to §16.10).
#[derive(Debug)]
pub struct Proxy<T> {
    request: Request,
    source: SocketAddr,
    key: Key,
    checked: Checked,
    routing: Routing,
    config: Config,
    disposition: Disposition,
    lanes: Vec<Lane<T>>,
    branches: Vec<Branch>,
    outcomes: Vec<Outcome>,
    /// What is left of Max-Breadth.
    breadth: u32,
    /// How many targets may still be added.
    room: usize,
    upstream: Upstream,
    /// Whether no more targets follow.
    finishing: bool,
    /// Whether the driver knows that all targets failed.
    exhausted: bool,
    ended: bool,
    outputs: VecDeque<Output<T>>,
}

impl<T> Proxy<T> {
    /// Takes a request that came from `source` and whose server transaction has this key.
    pub fn new(
        request: Request,
        key: Key,
        source: SocketAddr,
        checked: Checked,
        routing: Routing,
        config: Config,
    ) -> Self {
        Self {
            disposition: Disposition::of(&request),
            breadth: checked.breadth,
            room: config.max_forks.saturating_mul(8),
            request,
            source,
            key,
            checked,
            routing,
            config,
            lanes: Vec::new(),
            branches: Vec::new(),
            outcomes: Vec::new(),
            upstream: Upstream::Waiting,
            finishing: false,
            exhausted: true,
            ended: false,
            outputs: VecDeque::new(),
        }
    }

    /// The request as it came.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Where it came from.
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// The key of its server transaction.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// How its Route fields were read.
    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    /// Where a branch goes next, to be located (RFC 3263): the topmost Route, or the request URI.
    pub fn next_hop(&self, id: BranchId) -> Option<Uri<'_>> {
        let branch = self.branch(id)?;
        let passage = Passage {
            request: &self.request,
            source: self.source,
            checked: &self.checked,
            routing: &self.routing,
            breadth: branch.breadth,
            uri: &branch.uri,
            route: &branch.route,
        };
        passage.next_hop()
    }

    /// Whether all targets failed and more may be added.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted && !self.ended && self.upstream == Upstream::Waiting
    }

    /// The group of the target that a branch was sent to.
    pub fn group(&self, id: BranchId) -> Option<u32> {
        Some(self.branch(id)?.group)
    }

    /// Whether a branch may be sent once more, by another flow: it has not been cancelled, and nothing beyond a 100 came.
    pub fn may_try_next(&self, id: BranchId) -> bool {
        self.branch(id).is_some_and(|branch| {
            let quiet = matches!(
                branch.state,
                State::Resolving | State::Sent | State::Proceeding { progress: false }
            );
            quiet && branch.is_tried() && !self.ended
        })
    }

    /// The request as it goes out on a branch, for the first time or by the next flow after a failure, with further edits.
    /// `None` when the branch shall not be sent, or not again; see [`Proxy::may_try_next`].
    pub fn forward<'a>(
        &'a mut self,
        now: Instant,
        id: BranchId,
        outgoing: &Outgoing<'_>,
        edit: impl FnOnce(&mut Splice<'a>),
    ) -> Option<Bytes> {
        if !self.may_try_next(id) {
            return None;
        }
        let branch = self.branches.get_mut(usize::try_from(id.0).ok()?)?;
        let passage = Passage {
            request: &self.request,
            source: self.source,
            checked: &self.checked,
            routing: &self.routing,
            breadth: branch.breadth,
            uri: &branch.uri,
            route: &branch.route,
        };
        let octets = passage.splice(outgoing, edit);
        branch.sent = Some(octets.clone());
        branch.state = State::Sent;
        branch.due = now + self.config.timer_c;
        Some(octets)
    }

    fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(usize::try_from(id.0).ok()?)
    }

    fn is_invite(&self) -> bool {
        *self.request.method() == Method::Invite
    }

    fn add(&mut self, mut targets: Vec<Target<T>>) {
        if self.upstream != Upstream::Waiting {
            return;
        }
        self.exhausted = false;
        targets.truncate(self.room);
        self.room -= targets.len();
        match self.disposition.fork {
            Fork::Usual => {
                while let Some(group) = targets.first().map(|target| target.group) {
                    let (same, others) = targets
                        .into_iter()
                        .partition(|target: &Target<T>| target.group == group);
                    self.lanes.push(Lane::sorted(same));
                    targets = others;
                }
            }
            Fork::Parallel => {
                let mut lane = Lane::new();
                lane.push(targets);
                self.lanes.push(lane);
            }
            Fork::Sequential | Fork::None => {
                targets.sort_by_key(|target| std::cmp::Reverse(target.q));
                if self.disposition.fork == Fork::None {
                    targets.truncate(1);
                }
                if self.lanes.is_empty() {
                    self.lanes.push(Lane::new());
                }
                if let Some(lane) = self.lanes.first_mut() {
                    for target in targets {
                        lane.push(vec![target]);
                    }
                }
            }
        }
    }

    /// Begins what can begin, and ends when nothing is left.
    fn progress(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        for lane in 0..self.lanes.len() {
            self.advance(now, lane);
            self.launch(now, lane);
        }
        let waiting = self.lanes.iter().any(|lane| !lane.is_empty());
        if waiting || self.branches.iter().any(|branch| !branch.is_over()) {
            return;
        }
        match self.upstream {
            Upstream::Answered | Upstream::Over => self.end(),
            Upstream::Cancelled => self.terminate(),
            Upstream::Waiting if self.finishing => self.conclude(),
            Upstream::Waiting => {
                if !std::mem::replace(&mut self.exhausted, true) {
                    let status = best(&self.outcomes).map_or(NO_DEVICE, |outcome| outcome.status);
                    self.outputs.push_back(Output::Exhausted(status));
                }
            }
        }
    }

    /// Begins the next wave of a lane when the last one is over, or its time.
    fn advance(&mut self, now: Instant, place: usize) {
        let busy = self
            .branches
            .iter()
            .any(|branch| branch.lane == place && branch.is_tried());
        let Some(lane) = self.lanes.get_mut(place) else {
            return;
        };
        if !lane.has_waves() {
            return;
        }
        let overdue = lane.next.is_some_and(|next| next <= now);
        if !overdue && (busy || !lane.ready.is_empty()) {
            return;
        }
        let after = now + self.config.serial;
        lane.advance(after);
        if overdue {
            self.cancel_where(now, &[], |branch| branch.lane == place);
        }
    }

    /// Sends what is ready as far as there is room.
    fn launch(&mut self, now: Instant, place: usize) {
        let open = self
            .branches
            .iter()
            .filter(|branch| !branch.is_over())
            .count();
        let free = self.config.max_forks.saturating_sub(open);
        let Some(lane) = self.lanes.get_mut(place) else {
            return;
        };
        let count = u32::try_from(lane.ready.len().min(free)).unwrap_or(u32::MAX);
        let count = count.min(self.breadth);
        if count == 0 {
            return;
        }
        let share = (self.breadth - LATER.min(self.breadth - count)) / count;
        for target in lane.ready.drain(..count as usize) {
            let Target {
                uri,
                route,
                next,
                group,
                ..
            } = target;
            let id = BranchId(u32::try_from(self.branches.len()).unwrap_or(u32::MAX));
            self.branches.push(Branch {
                uri,
                route,
                group,
                lane: place,
                breadth: share,
                state: State::Resolving,
                cancel: Cancel::No,
                due: now + self.config.timer_c,
                sent: None,
            });
            self.breadth -= share;
            self.outputs.push_back(Output::Branch(id, next));
        }
    }

    fn response(&mut self, now: Instant, id: BranchId, response: Response) {
        match response.status() {
            ..200 => self.provisional(now, id, response),
            200..300 => self.success(now, id, response),
            _ => self.failure(now, id, response),
        }
    }

    fn provisional(&mut self, now: Instant, id: BranchId, response: Response) {
        let invite = self.is_invite();
        let Some(branch) = self.branches.get_mut(id.0 as usize) else {
            return;
        };
        let beyond = response.status() > 100;
        let progress = match branch.state {
            State::Sent => beyond,
            State::Proceeding { progress } => progress || beyond,
            _ => return,
        };
        branch.state = State::Proceeding { progress };
        match std::mem::replace(&mut branch.cancel, Cancel::No) {
            Cancel::No => {
                if beyond {
                    branch.due = now + self.config.timer_c;
                }
                // A provisional response to another request than INVITE goes no further (RFC 4320 §4.2).
                if beyond && invite && self.upstream == Upstream::Waiting {
                    self.outputs.push_back(Output::Relay(id, response));
                }
            }
            Cancel::Wanted(reasons) => self.send_cancel(now, id, &reasons),
            Cancel::Sent => branch.cancel = Cancel::Sent,
        }
    }

    fn success(&mut self, now: Instant, id: BranchId, response: Response) {
        let Some(branch) = self.branches.get(id.0 as usize) else {
            return;
        };
        if matches!(branch.state, State::Resolving) {
            return;
        }
        let again = self.upstream == Upstream::Answered;
        self.close(id);
        if self.upstream == Upstream::Over || again && !self.is_invite() {
            return;
        }
        self.upstream = Upstream::Answered;
        self.lanes.iter_mut().for_each(|lane| lane.forget(None));
        self.outputs.push_back(Output::Relay(id, response));
        if !self.is_invite() {
            self.end();
        } else if self.disposition.cancel {
            self.cancel_where(now, &[ELSEWHERE.to_owned()], |_| true);
        }
    }

    fn failure(&mut self, now: Instant, id: BranchId, response: Response) {
        let Some(branch) = self.branches.get_mut(id.0 as usize) else {
            return;
        };
        if matches!(
            branch.state,
            State::Resolving | State::Redirected(_) | State::Final
        ) {
            return;
        }
        let status = response.status();
        let tried = branch.is_tried();
        if (300..400).contains(&status) && tried && self.upstream == Upstream::Waiting {
            branch.state = State::Redirected(response.clone());
            branch.due = now + self.config.timer_c;
            self.outputs.push_back(Output::Redirected(id, response));
            return;
        }
        let group = branch.group;
        self.close(id);
        // Who did not cancel shall not read that the request was terminated: the branch was given no more time.
        let ours = status == 487 && !tried && self.upstream != Upstream::Cancelled;
        self.outcomes.push(if ours {
            Outcome {
                status: 408,
                response: None,
            }
        } else {
            Outcome {
                status,
                response: Some((id, response)),
            }
        });
        if status >= 600 {
            self.stop(now, Some(group));
        }
    }

    /// A branch ends with our own verdict.
    fn fail(&mut self, id: BranchId, status: u16) {
        if self.branch(id).is_some_and(|branch| !branch.is_over()) {
            self.close(id);
            self.outcomes.push(Outcome {
                status,
                response: None,
            });
        }
    }

    fn close(&mut self, id: BranchId) {
        if let Some(branch) = self.branches.get_mut(id.0 as usize) {
            branch.state = State::Final;
            branch.sent = None;
            // What a finished branch had may be used again (RFC 5393 §5.3.3.1.1).
            self.breadth += std::mem::take(&mut branch.breadth);
        }
    }

    fn redirect(&mut self, id: BranchId, targets: Vec<Target<T>>) {
        let Some(branch) = self.branches.get(id.0 as usize) else {
            return;
        };
        // It may have been stopped in the meantime.
        let State::Redirected(response) = &branch.state else {
            return;
        };
        let response = response.clone();
        self.close(id);
        if targets.is_empty() || self.upstream != Upstream::Waiting {
            let status = response.status();
            self.outcomes.push(Outcome {
                status,
                response: Some((id, response)),
            });
        } else {
            self.add(targets);
        }
    }

    fn stop(&mut self, now: Instant, group: Option<u32>) {
        self.lanes.iter_mut().for_each(|lane| lane.forget(group));
        self.cancel_where(now, &[], |branch| {
            group.is_none_or(|group| branch.group == group)
        });
    }

    fn cancel_where(&mut self, now: Instant, reasons: &[String], which: impl Fn(&Branch) -> bool) {
        for place in 0..self.branches.len() {
            if self.branches.get(place).is_some_and(&which) {
                let id = BranchId(u32::try_from(place).unwrap_or(u32::MAX));
                self.cancel(now, id, reasons);
            }
        }
    }

    fn cancel(&mut self, now: Instant, id: BranchId, reasons: &[String]) {
        let invite = self.is_invite();
        let Some(branch) = self.branches.get_mut(id.0 as usize) else {
            return;
        };
        match (&branch.state, &branch.cancel) {
            (State::Resolving, _) => self.fail(id, 408),
            (State::Redirected(_), _) => self.redirect(id, Vec::new()),
            // Only an INVITE can be cancelled (RFC 3261 §9.1).
            (State::Sent, Cancel::No) if invite => branch.cancel = Cancel::Wanted(reasons.to_vec()),
            (State::Proceeding { .. }, Cancel::No) if invite => self.send_cancel(now, id, reasons),
            _ => {}
        }
    }

    fn send_cancel(&mut self, now: Instant, id: BranchId, reasons: &[String]) {
        let Some(branch) = self.branches.get_mut(id.0 as usize) else {
            return;
        };
        branch.cancel = Cancel::Sent;
        branch.due = now + self.config.cancelled;
        let sent = branch.sent.clone().unwrap_or_default();
        if let Parsed::Message(Message::Request(invite)) = parse(sent, &Limits::OURS) {
            let octets = transaction::cancel(&invite, reasons.iter().map(String::as_str));
            self.outputs.push_back(Output::Cancel(id, octets));
        }
    }

    fn cancelled(&mut self, now: Instant, cancel: &Request) {
        if self.upstream != Upstream::Waiting {
            return;
        }
        self.upstream = Upstream::Cancelled;
        self.lanes.iter_mut().for_each(|lane| lane.forget(None));
        let reasons: Vec<String> = cancel
            .values(Name::Reason)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        self.cancel_where(now, &reasons, |_| true);
    }

    fn abandon(&mut self, now: Instant) {
        self.upstream = Upstream::Over;
        self.stop(now, None);
        if !self.is_invite() {
            self.end();
        }
    }

    /// All branches of a cancelled request are over.
    fn terminate(&mut self) {
        self.upstream = Upstream::Over;
        let terminated = self
            .outcomes
            .iter_mut()
            .rev()
            .filter(|outcome| outcome.status == 487)
            .find_map(|outcome| outcome.response.take());
        match terminated {
            Some((id, response)) => self.outputs.push_back(Output::Relay(id, response)),
            None => self.respond(487),
        }
        self.end();
    }

    /// Answers with the best of what there is.
    fn conclude(&mut self) {
        self.upstream = Upstream::Over;
        let Some(Outcome { status, response }) = best(&self.outcomes) else {
            self.respond(NO_DEVICE);
            return self.end();
        };
        match (*status, response) {
            // Its client has given up by now (RFC 4320 §4.2).
            (408, _) if !self.is_invite() => {}
            (503, _) if !all_unavailable(&self.outcomes) => self.respond(500),
            (401 | 407, Some((id, chosen))) => {
                let response = merged(chosen, &self.outcomes).unwrap_or_else(|| chosen.clone());
                self.outputs.push_back(Output::Relay(*id, response));
            }
            (_, Some((id, response))) => {
                self.outputs.push_back(Output::Relay(*id, response.clone()))
            }
            (status, None) => self.respond(status),
        }
        self.end();
    }

    fn respond(&mut self, status: u16) {
        let tag = format!("{:016x}", self.checked.tag);
        let octets = Writer::reply(&self.request, status, "", &tag, self.source).finish();
        self.outputs.push_back(Output::Respond(status, octets));
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.outputs.push_back(Output::Ended);
        }
    }

    /// What has had its time.
    fn tick(&mut self, now: Instant) {
        for place in 0..self.branches.len() {
            let id = BranchId(u32::try_from(place).unwrap_or(u32::MAX));
            let Some(branch) = self.branches.get(place).filter(|branch| branch.due <= now) else {
                continue;
            };
            match (&branch.state, &branch.cancel) {
                (State::Final, _) => {}
                (State::Redirected(_), _) => self.redirect(id, Vec::new()),
                (State::Proceeding { .. }, Cancel::No) if self.is_invite() => {
                    self.send_cancel(now, id, &[]);
                }
                (State::Resolving, _) => self.fail(id, 408),
                _ => {
                    self.outputs.push_back(Output::Forget(id));
                    self.fail(id, 408);
                }
            }
        }
    }
}

impl<T> Machine for Proxy<T> {
    type Input = Input<T>;
    type Output = Output<T>;

    fn handle(&mut self, now: Instant, input: Input<T>) {
        if self.ended {
            return;
        }
        match input {
            Input::Add(targets) => self.add(targets),
            Input::Result(status) => {
                self.exhausted = false;
                self.outcomes.push(Outcome {
                    status,
                    response: None,
                });
            }
            Input::Finish => self.finishing = true,
            Input::Response(id, response) => self.response(now, id, response),
            Input::Failed(id, status) => self.fail(id, status),
            Input::Redirect(id, targets) => self.redirect(id, targets),
            Input::Stop(group) => self.stop(now, group),
            Input::Cancelled(cancel) => self.cancelled(now, &cancel),
            Input::Abandoned => self.abandon(now),
            Input::Tick => self.tick(now),
        }
        self.progress(now);
    }

    fn poll(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let branches = self.branches.iter().filter(|branch| !branch.is_over());
        let lanes = self.lanes.iter().filter_map(|lane| lane.next);
        branches.map(|branch| branch.due).chain(lanes).min()
    }
}
