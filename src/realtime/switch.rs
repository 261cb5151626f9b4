//! The switch: one task that owns all transactions, bindings and calls of this node. What needs the directory or the DNS is
//! asked beside it and comes back as an input, so that nobody waits for another's answer.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use model::server::SipSettings;
use net::{Datagrams, Resolver};
use service::{Change, ImRow, ImSent, MediaControl, MediaEvent, ModuleSettings, OutgoingIm, Probed, RosterMember, Sender, Signalled, Subscriber, VoiceCommand};
use sip::endpoint::{self, Endpoint, Flow, Side};
use sip::header::Transport;
use sip::locate::{Location, Lost};
use sip::proxy::BranchId;
use sip::registrar::Locations;
use sip::subscription::Handle;
use sip::transaction::{Key, Timers};
use sip::{Method, Parsed, Request, Response};
use tokio::runtime::Handle as Runtime;
use tokio::sync::{mpsc, oneshot, watch};
use types::Machine;
use uuid::Uuid;

use crate::admit::{DAY, Decision, Shared, admit, answer, unix_now};
use crate::call::Calls;
use crate::dialling::Diallings;
use crate::message::Im;
use crate::meter::Meters;
use crate::plan::Leading;
use crate::events::Events;
use crate::flow::Flows;
use crate::in_dialog::Ack;
use crate::health::Health;
use crate::outgoing::Sending;
use crate::passing::Proxied;
use crate::peers::Peers;
use crate::replaces::Referred;
use crate::write_behind::Writes;

/// Inputs taken at a time.
const BATCH: usize = 256;
/// How often what is over is swept away.
const SWEEP: Duration = Duration::from_secs(10);
/// Transactions of received requests at a time; one that is answered lasts 32 s.
const TRANSACTIONS: usize = 200_000;
/// Seconds between pings of telephones behind translators.
const PING: u64 = 25;

/// What happens to the switch.
#[derive(Debug)]
pub(crate) enum Input {
    /// Messages came.
    Received(Vec<(Flow, Parsed)>),
    /// A socket for datagrams is open.
    Socket(u64, Datagrams),
    /// A connection is open.
    Opened(Flow, Sending),
    /// A flow is closed; these transactions could not be sent.
    Closed(Flow, Vec<(Side, Key)>),
    /// A listener for a transport has this port; none when it is closed.
    Port(Transport, Option<u16>),
    /// Whether telephones are registered over a connection.
    Keeps(Flow, oneshot::Sender<bool>),
    /// What becomes of a request.
    Admitted(Key, Flow, Request, Decision),
    /// Where a branch of a request goes.
    Located(Key, BranchId, Result<Vec<Location>, Lost>, String),
    /// Where the addresses lead that the settings of a callee name.
    Diverted(Key, usize, Leading, Vec<(String, Signalled)>),
    /// Where the addresses lead that a telephone of a callee names.
    Redirected(Key, BranchId, Option<usize>, Vec<(String, Signalled)>),
    /// A message is kept, or this is the status that it is not with.
    Kept(Key, u16),
    /// Where a message of an operation goes.
    Message(Box<OutgoingIm>, Signalled, oneshot::Sender<ImSent>),
    /// The next message that waits for an account; whether it could not be found out.
    Waiting(Arc<Subscriber>, Option<Box<ImRow>>, bool),
    /// The INBOX of an account has changed, or cannot be watched.
    Inbox(Uuid, Option<watch::Receiver<Change>>),
    /// The voice messages that a subscriber is told of.
    Summary(Handle, [i64; 4]),
    /// The voice messages of an account whose telephones are told without asking.
    Unasked(Option<(Arc<Subscriber>, [i64; 4])>),
    /// Who stands in the list that a subscriber is told of; `None` when it cannot be found out.
    Listed(Handle, Option<Vec<RosterMember>>),
    /// Where an ACK goes.
    AckLocated(Box<Ack>, Vec<Location>, String),
    /// A request that is no call, as the rules of accounts want it.
    Ruled(Key, Flow, Request, Sender, Signalled),
    /// The same for an instant message.
    RuledMessage(Box<(Key, Flow, Request, Sender, Signalled, Im)>),
    /// Something happened to the media of a call.
    Media(MediaEvent),
    /// Something is done that nobody waits for.
    Nothing,
}

pub(crate) type Task = Pin<Box<dyn Future<Output = Input> + Send>>;

/// All of SIP on this node.
pub(crate) struct Switch {
    pub(crate) shared: Arc<Shared>,
    pub(crate) media: Arc<dyn MediaControl>,
    pub(crate) resolver: Resolver,
    pub(crate) endpoint: Endpoint,
    pub(crate) locations: Locations,
    pub(crate) flows: Flows,
    /// Ports of our listeners.
    pub(crate) ports: HashMap<Transport, u16>,
    /// Requests that are passed on, by their server transactions.
    pub(crate) proxies: HashMap<Key, Proxied>,
    /// Which branch a client transaction is of.
    pub(crate) branches: HashMap<Key, (Key, BranchId)>,
    /// Requests that were cancelled before they were admitted.
    pub(crate) cancelled: HashSet<Key>,
    pub(crate) calls: Calls,
    pub(crate) diallings: Diallings,
    pub(crate) referred: Referred,
    pub(crate) events: Events,
    /// How often accounts register and call.
    pub(crate) meters: Meters,
    /// Accounts for which messages wait, and those that are getting them.
    pub(crate) waiting: HashSet<Uuid>,
    pub(crate) delivering: HashSet<Uuid>,
    pub(crate) tasks: FuturesUnordered<Task>,
    /// What is known already, to be taken next.
    pub(crate) ready: VecDeque<Input>,
    /// That of everybody else, in which tasks are polled: what they open, such as a connection to the database, is shared.
    pub(crate) common: Runtime,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) writes: Writes,
    timers: BTreeMap<(Instant, u64), Key>,
    timer: u64,
    /// Unix time of the start, from which the registrar counts, so that its clock never jumps.
    pub(crate) epoch: (Instant, u64),
    swept: Instant,
    /// Answers to an INVITE that no transaction waited for.
    pub(crate) strays: u64,
    /// Servers that failed lately.
    pub(crate) health: Health,
    /// The settings that were taken up, and on which day.
    settings: (Arc<ModuleSettings>, u64),
    /// What the settings say of others.
    pub(crate) peers: Arc<Peers>,
    /// Telephones that are asked whether they are there.
    pub(crate) probes: HashMap<Key, (Instant, oneshot::Sender<Option<Probed>>)>,
    /// Pings that are not answered yet.
    pub(crate) pings: HashMap<Key, (Instant, sip::registrar::Key)>,
    /// Ladders of failed calls that were kept since a moment.
    pub(crate) kept: (Instant, u32),
}

/// Polls a future in the context of a runtime.
async fn within<F: Future + Unpin>(runtime: &Runtime, mut future: F) -> F::Output {
    poll_fn(|context| {
        let _entered = runtime.enter();
        Pin::new(&mut future).poll(context)
    })
    .await
}

/// Asks the switch whether a silent connection is needed.
pub(crate) async fn keeps(inputs: &mpsc::Sender<Input>, flow: Flow) -> bool {
    let (told, wait) = oneshot::channel();
    inputs.send(Input::Keeps(flow, told)).await.is_ok() && wait.await.unwrap_or(false)
}

impl Switch {
    pub(crate) fn new(shared: Arc<Shared>, media: Arc<dyn MediaControl>, resolver: Resolver, inputs: mpsc::Sender<Input>, writes: Writes) -> Self {
        let now = Instant::now();
        let config = endpoint::Config { timers: Timers::default(), transactions: TRANSACTIONS, seed: rand::random() };
        Self {
            shared,
            media,
            resolver,
            endpoint: Endpoint::new(now, config),
            locations: Locations::new(Uuid::now_v7().as_u128(), PING),
            flows: Flows::default(),
            ports: HashMap::new(),
            proxies: HashMap::new(),
            branches: HashMap::new(),
            cancelled: HashSet::new(),
            calls: Calls::default(),
            diallings: Diallings::default(),
            referred: Referred::default(),
            events: Events::new(rand::random()),
            meters: Meters::default(),
            waiting: HashSet::new(),
            delivering: HashSet::new(),
            tasks: FuturesUnordered::new(),
            ready: VecDeque::new(),
            common: Runtime::current(),
            inputs,
            writes,
            timers: BTreeMap::new(),
            timer: 0,
            epoch: (now, unix_now()),
            swept: now,
            strays: 0,
            health: Health::default(),
            settings: (Arc::default(), 0),
            peers: Arc::default(),
            probes: HashMap::new(),
            pings: HashMap::new(),
            kept: (now, 0),
        }
    }

    /// The registrar's clock.
    pub(crate) fn seconds(&self, now: Instant) -> u64 {
        self.epoch.1 + now.duration_since(self.epoch.0).as_secs()
    }

    /// Runs until nobody can reach it any more.
    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>, mut commands: mpsc::Receiver<VoiceCommand>) {
        let common = self.common.clone();
        within(&common, Box::pin(self.take_up_all())).await;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let deadline = tokio::time::Instant::from_std(self.deadline());
            tokio::select! {
                count = inputs.recv_many(&mut batch, BATCH) => if count == 0 { return },
                Some(done) = within(&common, self.tasks.next()), if !self.tasks.is_empty() => batch.push(done),
                Some(command) = commands.recv() => self.command(command),
                () = tokio::time::sleep_until(deadline) => {}
            }
            let now = Instant::now();
            self.take_up_settings();
            for input in batch.drain(..) {
                self.input(now, input);
                self.take_ready(now);
            }
            self.tick(now);
            self.take_ready(now);
        }
    }

    fn take_ready(&mut self, now: Instant) {
        while let Some(input) = self.ready.pop_front() {
            self.input(now, input);
        }
    }

    /// Takes up what was there when the server stopped.
    async fn take_up_all(&mut self) {
        self.restore().await;
        self.restore_waiting().await;
        self.restore_presences().await;
        self.restore_subscriptions().await;
    }

    /// What a task comes to, if nobody has to be waited for.
    pub(crate) fn try_now(&self, task: &mut Task) -> Option<Input> {
        let _entered = self.common.enter();
        task.as_mut().now_or_never()
    }

    fn deadline(&self) -> Instant {
        let timer = self.timers.first_key_value().map(|((at, _), _)| *at);
        let registrar = self.locations.deadline().map(|at| self.epoch.0 + Duration::from_secs(at.saturating_sub(self.epoch.1)));
        [self.endpoint.deadline(), timer, registrar, self.events.deadline()].into_iter().flatten().fold(self.swept + SWEEP, Instant::min)
    }

    fn tick(&mut self, now: Instant) {
        if self.endpoint.deadline().is_some_and(|at| at <= now) {
            self.endpoint.handle(now, endpoint::Input::Tick);
            self.drain(now);
        }
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let key = entry.remove();
            if let Some(proxied) = self.proxies.get_mut(&key) {
                proxied.armed = None;
                proxied.proxy.handle(now, sip::proxy::Input::Tick);
                self.due_stages(now, &key);
                self.message_due(now, &key);
                self.drain_proxy(now, &key);
                self.drain(now);
            }
        }
        self.tick_registrar(now);
        self.tick_events(now);
        if now.duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.meters.sweep(now);
            self.sweep_diallings(now);
            let longest = Duration::from_secs(u64::try_from(self.sip_settings().max_call_duration).unwrap_or(u64::MAX));
            for (call, why) in self.calls.sweep(now, longest) {
                self.hang_up(now, call, why, "timer");
            }
        }
    }

    /// The settings that act.
    pub(crate) fn sip_settings(&self) -> &SipSettings {
        &self.settings.0.sip
    }

    /// Takes up settings when they are new, and keys when the day is.
    fn take_up_settings(&mut self) {
        let (current, day) = (self.shared.service.module_settings(), unix_now() / DAY);
        if Arc::ptr_eq(&current, &self.settings.0) && day == self.settings.1 {
            return;
        }
        let sip = &current.sip;
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        let timers = Timers { t1: Duration::from_millis(number(sip.t1_ms)), t2: Duration::from_millis(number(sip.t2_ms)), t4: Duration::from_millis(number(sip.t4_ms)), b: Duration::from_secs(number(sip.timer_b)) };
        self.endpoint.configure(timers, usize::try_from(sip.max_server_transactions).unwrap_or(TRANSACTIONS));
        self.locations.set_ping_interval(number(sip.nat_ping_interval));
        self.shared.configure(sip, day);
        self.peers = Arc::new(Peers::new(sip));
        self.settings = (current, day);
    }

    /// Sees to it that a request that is passed on has its time.
    pub(crate) fn arm(&mut self, key: &Key) {
        let Some(proxied) = self.proxies.get_mut(key) else { return };
        let due = proxied.deadline();
        if let Some(at) = due
            && proxied.armed.is_none_or(|armed| at < armed)
        {
            self.timer += 1;
            proxied.armed = Some(at);
            self.timers.insert((at, self.timer), key.clone());
        }
    }

    fn input(&mut self, now: Instant, input: Input) {
        self.events.ready |= matches!(input, Input::Socket(..) | Input::Opened(..));
        match input {
            Input::Received(messages) => {
                for (flow, parsed) in messages {
                    if !self.lets_in(now, &flow, &parsed) {
                        continue;
                    }
                    self.endpoint.handle(now, endpoint::Input::Received(flow, parsed));
                    self.drain(now);
                }
            }
            Input::Socket(id, socket) => self.flows.add_datagrams(id, socket),
            Input::Opened(flow, sender) => self.flows.add_stream(flow, sender),
            Input::Closed(flow, failed) => self.closed(now, &flow, failed),
            Input::Port(transport, Some(port)) => drop(self.ports.insert(transport, port)),
            Input::Port(transport, None) => drop(self.ports.remove(&transport)),
            Input::Keeps(flow, told) => {
                // Who asked may be gone.
                let _ = told.send(self.locations.of_flow(flow.id).next().is_some());
            }
            Input::Admitted(key, flow, request, decision) => self.admitted(now, key, flow, request, decision),
            Input::Located(key, branch, found, host) => self.located(now, &key, branch, found, &host),
            Input::Diverted(key, index, leading, found) => self.diverted(now, &key, index, leading, found),
            Input::Redirected(key, branch, index, found) => self.redirects(now, &key, branch, index, found),
            Input::Kept(key, status) => self.message_kept(now, &key, status),
            Input::Message(outgoing, signalled, told) => self.message_routed(now, *outgoing, signalled, told),
            Input::Waiting(account, row, failed) => self.waiting_found(now, account, row, failed),
            Input::Inbox(account, inbox) => self.inbox_changed(account, inbox),
            Input::Summary(handle, counts) => self.summary(now, handle, counts),
            Input::Listed(handle, members) => self.listed(now, handle, members),
            Input::Unasked(Some((account, counts))) => self.notify_unasked(now, account, counts),
            Input::Unasked(None) | Input::Nothing => {}
            Input::Ruled(key, flow, request, sender, signalled) => self.route_request(now, key, flow, request, sender, signalled),
            Input::RuledMessage(whole) => self.carry_ruled(now, *whole),
            Input::AckLocated(ack, locations, host) => self.send_ack(&ack, &locations, &host),
            Input::Media(event) => self.media_event(now, event),
        }
        self.drain(now);
    }

    fn closed(&mut self, now: Instant, flow: &Flow, failed: Vec<(Side, Key)>) {
        self.flows.remove(flow.id);
        let changes = self.locations.close_flow(flow.id);
        self.note_changes(&changes);
        for (side, key) in failed {
            self.endpoint.handle(now, endpoint::Input::Failed(side, key));
            self.drain(now);
        }
    }

    /// Does what the endpoint wants done.
    pub(crate) fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                endpoint::Output::Transmit(transaction, flow, octets) => {
                    let again = transaction.clone();
                    if !self.flows.send(&flow, transaction, octets.clone())
                        && let Some((side, key)) = again
                        && !self.answer_anew(&flow, side, &key, octets)
                    {
                        self.endpoint.handle(now, endpoint::Input::Failed(side, key));
                    }
                }
                endpoint::Output::Request(key, flow, request) => self.request(now, key, flow, request),
                endpoint::Output::Ack(flow, request) => self.ack(now, flow, request),
                endpoint::Output::Cancelled(key, cancel) => self.cancel(now, key, cancel),
                endpoint::Output::Response(key, response) => self.response(now, &key, response),
                endpoint::Output::Stray(flow, response) => {
                    self.strays += 1;
                    self.stray(now, &flow, &response);
                }
                endpoint::Output::TimedOut(key) => {
                    self.notify_answered(&key, 408);
                    self.asked_to_dial(now, &key, 408);
                    self.probed(&key, 408, false);
                    self.try_next(now, &key, 408);
                }
                endpoint::Output::Unreachable(key) => {
                    self.notify_lost(&key);
                    self.asked_to_dial(now, &key, 480);
                    self.probed(&key, 480, false);
                    self.try_next(now, &key, 503);
                }
                endpoint::Output::Unanswered(key) => {
                    if let Some(proxied) = self.proxies.get_mut(&key) {
                        proxied.proxy.handle(now, sip::proxy::Input::Abandoned);
                        self.drain_proxy(now, &key);
                    }
                }
            }
        }
    }

    /// A new request, neither ACK nor CANCEL.
    fn request(&mut self, now: Instant, key: Key, flow: Flow, request: Request) {
        if *request.method() == Method::Subscribe && self.resubscribe(now, &key, &flow, &request) {
            return;
        }
        if self.in_dialling(now, &key, &flow, &request) {
            return;
        }
        if self.is_for_us(&request) {
            return self.answer_ourselves(now, &key, &flow, &request);
        }
        if *request.method() != Method::Register && request.to().is_ok_and(|to| to.tag().is_some()) {
            return self.in_dialog(now, key, flow, request);
        }
        let shared = self.shared.clone();
        let moment = self.seconds(now);
        // Who registered over a connection of its own needs no password there.
        let known: Vec<Uuid> = self.locations.of_flow(flow.id).map(|binding| binding.account).filter(|account| self.locations.is_flow_of(moment, &flow, *account)).map(Uuid::from_u128).collect();
        let mut task: Task = Box::pin(async move {
            let decision = admit(&shared, flow, &request, &known).await;
            Input::Admitted(key, flow, request, decision)
        });
        // Mostly everything is known already.
        match self.try_now(&mut task) {
            Some(Input::Admitted(key, flow, request, decision)) => self.admitted(now, key, flow, request, decision),
            _ => self.tasks.push(task),
        }
    }

    fn admitted(&mut self, now: Instant, key: Key, flow: Flow, request: Request, decision: Decision) {
        if self.cancelled.remove(&key) {
            return self.respond(now, &key, answer(&request, 487, "", &flow));
        }
        match decision {
            Decision::Register(subscriber) => self.register(now, &key, flow, &request, &subscriber),
            Decision::List(owner) => self.subscribe_list(now, &key, flow, &request, owner),
            Decision::Proxy(sender, signalled) => match request.method() {
                // Rules are asked on the way.
                Method::Invite => self.pass_on(now, key, flow, request, sender, signalled),
                Method::Message => self.message(now, key, flow, request, sender, signalled),
                _ => self.rule_request(now, key, flow, request, sender, signalled),
            },
            Decision::Answer(status @ (401 | 407), octets) => self.answer_for(now, &key, status, octets, Duration::ZERO),
            Decision::Answer(status, octets) => {
                if *request.method() == Method::Invite {
                    self.record_refusal(now, &flow, &request, status);
                }
                self.respond(now, &key, Decision::Answer(status, octets));
            }
        }
    }

    /// Passes on a request that is neither call nor message.
    pub(crate) fn route_request(&mut self, now: Instant, key: Key, flow: Flow, request: Request, sender: Sender, signalled: Signalled) {
        match request.method() {
            Method::Subscribe => self.subscribe(now, key, flow, request, sender, signalled),
            Method::Publish => self.publish(now, key, flow, request, sender, signalled),
            _ => self.pass_on(now, key, flow, request, sender, signalled),
        }
    }

    /// Answers a request.
    pub(crate) fn respond(&mut self, now: Instant, key: &Key, decision: Decision) {
        if let Decision::Answer(status, octets) = decision {
            self.answer(now, key, status, octets);
        }
    }

    /// Answers a request and remembers it for so long only.
    pub(crate) fn answer_for(&mut self, now: Instant, key: &Key, status: u16, octets: Bytes, lasting: Duration) {
        self.endpoint.handle(now, endpoint::Input::RespondFor(key.clone(), status, octets, lasting));
    }

    pub(crate) fn answer(&mut self, now: Instant, key: &Key, status: u16, octets: Bytes) {
        self.endpoint.handle(now, endpoint::Input::Respond(key.clone(), status, octets));
    }

    fn cancel(&mut self, now: Instant, key: Key, cancel: Request) {
        match self.proxies.get_mut(&key) {
            Some(proxied) => {
                if let Some(call) = proxied.call.and_then(|call| self.calls.get_mut(call)) {
                    call.ladder.received(crate::call::moment(), proxied.flow, cancel.octets());
                }
                proxied.plan = None;
                proxied.proxy.handle(now, sip::proxy::Input::Cancelled(cancel));
                self.drain_proxy(now, &key);
            }
            None => drop(self.cancelled.insert(key)),
        }
    }

    fn response(&mut self, now: Instant, key: &Key, response: Response) {
        let Some((server, branch)) = self.branches.get(key).cloned() else {
            if self.notify_answered(key, response.status()) || self.asked_to_dial(now, key, response.status()) || self.probed(key, response.status(), true) {
                return;
            }
            return self.stray_again(now, &response);
        };
        self.branch_response(now, &server, branch, key, response);
    }

    fn command(&mut self, command: VoiceCommand) {
        let now = Instant::now();
        // Whoever asked may have given up waiting: nobody is told then.
        match command {
            VoiceCommand::Flush(told) => self.writes.flush(told),
            VoiceCommand::Unregister(account, only, told) => drop(told.send(self.unregister(account, only))),
            VoiceCommand::Probe(account, id, told) => self.probe(now, account, id, told),
            VoiceCommand::Reached(bindings, told) => drop(told.send(self.reached(&bindings))),
            VoiceCommand::Health(told) => drop(told.send(self.health.list(now))),
            VoiceCommand::Calls(told) => drop(told.send(self.calls.records())),
            VoiceCommand::StartCall(outgoing, told) => drop(told.send(self.start_call(now, &outgoing))),
            VoiceCommand::HangUp(call, told) => drop(told.send(self.hang_up(now, call, "hangup", "server"))),
            VoiceCommand::Trace(call, told) => drop(told.send(self.trace(call))),
            VoiceCommand::Transactions(told) => drop(told.send(self.transactions())),
            VoiceCommand::Abort(id, told) => drop(told.send(self.abort(now, id))),
            VoiceCommand::Stats(told) => drop(told.send(self.stats())),
            VoiceCommand::Bans(told) => drop(told.send(self.shared.sources.bans(now))),
            VoiceCommand::Unban(ip, told) => drop(told.send(self.shared.sources.unban(ip, now))),
            VoiceCommand::SendIm(outgoing, told) => self.send_message(*outgoing, told),
            VoiceCommand::Presence(account, told) => drop(told.send(self.presence_state(now, account))),
            VoiceCommand::SetPresence(row, told) => {
                self.say_presence(row);
                let _ = told.send(());
            }
            VoiceCommand::Roster(watched, watcher, shown, told) => {
                self.roster_changed(now, watched, watcher, shown);
                let _ = told.send(());
            }
            VoiceCommand::Rosters(accounts, told) => {
                self.rosters_changed(now, &accounts);
                let _ = told.send(());
            }
            VoiceCommand::Subscriptions(told) => drop(told.send(self.list_subscriptions(now))),
            VoiceCommand::MediaOf(calls, told) => drop(told.send(calls.into_iter().filter_map(|call| self.media.report(call)).collect())),
            VoiceCommand::MediaStats(told) => drop(told.send(self.media.stats())),
            VoiceCommand::Capture(call, seconds, full, told) => drop(told.send(self.media.capture(call, seconds, full))),
            VoiceCommand::Captured(call, told) => drop(told.send(self.media.captured(call))),
            VoiceCommand::Media(call, told) => drop(told.send(self.media.report(call))),
        }
        self.drain(now);
    }
}
