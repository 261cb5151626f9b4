//! The seam to telephony: what it keeps in the database, and what operations ask of it. Live registrations and calls belong
//! to the node whose telephones they are; `realtime` holds them and answers here.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use model::call::{CallRecord, CallTrace};
use model::presence::{PresenceStatus, SipSubscription};
use model::media::{MediaReport, MediaStats};
use model::sip::{SipBan, SipStats, SipTransaction, TargetHealth};
use store::call_record::KeptTrace;
use store::event::Occurrence;
use store::presence::PresenceRow;
use store::registration::{BindingFilter, BindingRow, Prolonged};
use tokio::sync::{mpsc, oneshot};
use types::Timestamp;
use uuid::Uuid;

use crate::{CaptureRefused, Captured, Error, Kind, Result, Service, Subscriber};

/// Questions that wait at a time.
const WAITING: usize = 256;

/// What an operation asks of telephony; the answer goes to the sender in it.
#[derive(Debug)]
pub enum VoiceCommand {
    /// Write what is not written yet.
    Flush(oneshot::Sender<()>),
    /// Take bindings of an account away, one or all; the number of those that were there is told.
    Unregister(Uuid, Option<Uuid>, oneshot::Sender<i64>),
    /// Ask a telephone of an account whether it is there; `None` when it is not registered.
    Probe(Uuid, Uuid, oneshot::Sender<Option<Probed>>),
    /// Whether telephones can be reached (account and registration), and milliseconds that their last answers took.
    Reached(Vec<(Uuid, Uuid)>, oneshot::Sender<Vec<Option<Reached>>>),
    /// Servers elsewhere that failed lately.
    Health(oneshot::Sender<Vec<TargetHealth>>),
    /// The calls that are going on.
    Calls(oneshot::Sender<Vec<CallRecord>>),
    /// Begin a call; the status it comes to when it is refused at once.
    StartCall(Box<OutgoingCall>, oneshot::Sender<std::result::Result<CallRecord, u16>>),
    /// End a call; whether there was one is told.
    HangUp(Uuid, oneshot::Sender<bool>),
    /// What the media relay knows of a call.
    Media(Uuid, oneshot::Sender<Option<MediaReport>>),
    /// Send an instant message; what became of it is told.
    SendIm(Box<OutgoingIm>, oneshot::Sender<ImSent>),
    /// How an account can be reached.
    Presence(Uuid, oneshot::Sender<PresenceState>),
    /// What an account says of itself from now on.
    SetPresence(PresenceRow, oneshot::Sender<()>),
    /// An account shows its presence to another by its roster, or not; whoever watches is told.
    Roster(Uuid, Uuid, bool, oneshot::Sender<()>),
    /// The rosters of these accounts have changed.
    Rosters(Vec<Uuid>, oneshot::Sender<()>),
    /// Who watches what.
    Subscriptions(oneshot::Sender<Vec<SipSubscription>>),
    /// What the media relay knows of several calls.
    MediaOf(Vec<Uuid>, oneshot::Sender<Vec<MediaReport>>),
    /// The media relay as a whole.
    MediaStats(oneshot::Sender<MediaStats>),
    /// Begin to capture packets of a call: for how many seconds, and whether whole.
    Capture(Uuid, u32, bool, oneshot::Sender<std::result::Result<(), CaptureRefused>>),
    /// Packets of a call that were captured.
    Captured(Uuid, oneshot::Sender<Option<Captured>>),
    /// The transactions there are, the newest first.
    Transactions(oneshot::Sender<Vec<SipTransaction>>),
    /// End a transaction; whether there was one without a final answer is told.
    Abort(Uuid, oneshot::Sender<bool>),
    /// Counters of SIP.
    Stats(oneshot::Sender<SipStats>),
    /// Addresses that are banned.
    Bans(oneshot::Sender<Vec<SipBan>>),
    /// Forgive an address; whether it was banned is told.
    Unban(IpAddr, oneshot::Sender<bool>),
    /// What passed in a call.
    Trace(Uuid, oneshot::Sender<Option<CallTrace>>),
}

/// Whether a telephone can be reached, and how many milliseconds its last answer took.
pub type Reached = (bool, Option<u32>);

/// An instant message that an account sends by an operation.
#[derive(Debug, Clone)]
pub struct OutgoingIm {
    /// Its id.
    pub id: Uuid,
    /// Who sends it.
    pub sender: Arc<Subscriber>,
    /// To whom, `name@domain`.
    pub peer: String,
    /// Media type.
    pub content_type: String,
    /// The octets.
    pub body: Bytes,
    /// When.
    pub at: Timestamp,
    /// A rule sends it: it meets no rules, so that rules do not answer each other.
    pub by_rule: bool,
}

/// A call that an account makes by an operation: its telephones ring, and the one that is picked up is to dial.
#[derive(Debug, Clone)]
pub struct OutgoingCall {
    /// Who calls.
    pub account: Arc<Subscriber>,
    /// Whom, `name@domain`.
    pub to: String,
    /// The telephone is to be picked up by itself.
    pub auto_answer: bool,
}

/// What became of an instant message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImSent {
    /// Status of the response: 202 when it is kept for the recipient.
    pub status: u16,
}

/// What a telephone said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probed {
    /// Status of its answer; `None` when there was none.
    pub code: Option<i32>,
    /// How long it took, in milliseconds.
    pub rtt_ms: Option<f64>,
}

/// How an account can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceState {
    /// Of all that it and its devices say.
    pub status: PresenceStatus,
    /// What it adds.
    pub note: String,
    /// It is in a call.
    pub on_the_phone: bool,
    /// Telephones that are registered.
    pub devices: usize,
    /// Those of them in browsers.
    pub browsers: usize,
}

/// The way to telephony.
pub(crate) struct Voice {
    commands: mpsc::Sender<VoiceCommand>,
    taken: Mutex<Option<mpsc::Receiver<VoiceCommand>>>,
}

impl Default for Voice {
    fn default() -> Self {
        let (commands, taken) = mpsc::channel(WAITING);
        Self { commands, taken: Mutex::new(Some(taken)) }
    }
}

impl Service {
    /// The commands for telephony; given to the first who asks.
    pub fn voice_commands(&self) -> Option<mpsc::Receiver<VoiceCommand>> {
        self.inner.voice.taken.lock().ok()?.take()
    }

    /// The key of this day, counted from 1970, by which challenges to telephones are known, the same on all nodes.
    pub fn nonce_key(&self, day: u64) -> [u8; 32] {
        self.inner.master.derive(&format!("sip-nonce-{day}")).unwrap_or_else(|_| rand::random())
    }

    /// The key of the tokens in Record-Route fields: dialogs outlive a restart.
    pub fn route_key(&self) -> [u8; 32] {
        self.inner.master.derive("record-route").unwrap_or_else(|_| rand::random())
    }

    /// Asks telephony and waits for its answer.
    pub(crate) async fn ask_voice<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> VoiceCommand) -> Result<T> {
        let silent = || Error::new(Kind::Unavailable, "overloaded", "Telephony does not answer now; try again later.");
        let (answer, wait) = oneshot::channel();
        self.inner.voice.commands.send(command(answer)).await.map_err(|_| silent())?;
        wait.await.map_err(|_| silent())
    }

    /// Tells telephony something; whether it hears it.
    pub(crate) fn tell_voice(&self, command: VoiceCommand) -> bool {
        self.inner.voice.commands.try_send(command).is_ok()
    }

    /// Writes bindings that were made or refreshed and takes away others.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was written then.
    pub async fn save_bindings(&self, saved: &[BindingRow], prolonged: &[Prolonged], removed: &[Uuid], news: &[Occurrence]) -> Result<()> {
        Ok(self.store().save_bindings(saved, prolonged, removed, news).await?)
    }

    /// Some of the bindings there are, in the order of their ids, after one of them.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn load_bindings(&self, after: Uuid, limit: i64) -> Result<Vec<(BindingRow, String)>> {
        Ok(self.store().bindings(&BindingFilter { after, ..BindingFilter::default() }, limit).await?)
    }

    /// Writes records of calls, and tells what happened to them.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was written then.
    pub async fn save_calls(&self, records: &[CallRecord], news: &[Occurrence]) -> Result<()> {
        Ok(self.store().save_calls(records, news).await?)
    }

    /// Keeps ladders of calls that are over.
    ///
    /// # Errors
    /// When the database cannot answer; nothing was written then.
    pub async fn save_call_traces(&self, traces: &[KeptTrace]) -> Result<()> {
        Ok(self.store().save_call_traces(traces).await?)
    }

    /// Closes the records of calls that were going on when the server stopped.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn close_call_records(&self) -> Result<u64> {
        Ok(self.store().close_call_records().await?)
    }
}
