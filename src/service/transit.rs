//! Mail in transit: queues and the messages in them, as administrators see and change them.

mod input;

use message::Facts;
use model::mail_trace::TraceEvent;
use model::message::HeaderField;
use model::queue::{Accepted, ModuleSummary, Queue, QueueAction, QueueModule, QueueState, QueueSummary, RecipientState, SubmitRawMessage, TransitMessage, TransitRecipient};
use model::server::ReplyCodes;
use model::{Page, PageInfo};
use serde_json::{Value, json};
use store::delivery::Queued;
use store::transit::{QueueFilter, QueueRow, TransitFilter, TransitRow, Turn, WaitingRow, Which};
use store::{News, Tx};

pub(crate) use input::{ListQueues, ListTransit, MessageAction, QueueRef, RedirectMessage, RejectByFilter, RejectMessage, RejectQueue, TransitRef};

use crate::delivery::{Destinations, Mail};
use crate::domain::{cursor, page_after, page_limit};
use crate::message::file::{RawMessage, raw_message};
use crate::message::content::unpack;
use crate::operation::{Call, Done, Nothing};
use crate::{Error, Kind, Peer, RecipientParams, Refusal, Result, Service, Submission};

/// Recipients that an action on a queue takes at a time.
const BATCH: i64 = 1000;
const REJECTED: &str = "rejected by the administrator";

fn may_look(call: &Call) -> Result<()> {
    call.caller.may_server("monitors").or_else(|_| call.caller.may_server("queue_control"))
}

fn may_act(call: &Call) -> Result<()> {
    call.caller.may_server("queue_control")
}

fn module_of(name: &str) -> QueueModule {
    match name {
        "local" => QueueModule::Local,
        "list" => QueueModule::List,
        "pipe" => QueueModule::Pipe,
        _ => QueueModule::Smtp,
    }
}

fn show_queue(row: QueueRow) -> Queue {
    let state = match row.state.as_str() {
        "held" => QueueState::Held,
        "active" => QueueState::Active,
        _ => QueueState::Waiting,
    };
    Queue {
        module: module_of(&row.module),
        name: row.queue,
        recipients: row.recipients,
        messages: row.messages,
        oldest: row.oldest,
        state,
        next_try: row.next_try.filter(|_| state != QueueState::Held),
        last_error: row.last_error,
    }
}

pub(crate) fn show_recipient(row: WaitingRow) -> TransitRecipient {
    let state = match (row.trying, row.held) {
        (true, _) => RecipientState::Trying,
        (_, true) => RecipientState::Held,
        _ => RecipientState::Waiting,
    };
    TransitRecipient {
        n: row.n,
        address: row.address,
        module: module_of(&row.module),
        queue: row.queue,
        target: row.target,
        state,
        attempts: row.attempts,
        next_try: Some(row.next_try).filter(|_| state == RecipientState::Waiting),
        last_reply: row.last_reply,
    }
}

fn show_message(row: TransitRow, recipients: Vec<TransitRecipient>) -> TransitMessage {
    let word = |name: &str| row.envelope[name].as_str().map(str::to_owned);
    TransitMessage {
        number: row.number,
        trace_id: row.trace_id,
        source: word("source").unwrap_or_default(),
        authenticated: word("authenticated"),
        held: !recipients.is_empty() && recipients.iter().all(|recipient| recipient.state == RecipientState::Held),
        return_path: row.return_path,
        queued_at: row.submitted_at,
        size: row.size,
        recipients,
        headers: None,
        events: None,
    }
}

/// The text of a rejection as reply, on one line.
fn reply_of(text: Option<&str>) -> String {
    let text: String = text.unwrap_or(REJECTED).chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    format!("550 5.7.1 {}", text.trim())
}

fn unknown_recipient(pointer: String, refusal: &Refusal) -> Error {
    if refusal.code / 100 == 4 {
        return unavailable(refusal.clone());
    }
    Error::new(Kind::Invalid, "unknown_recipient", refusal.to_string()).at(pointer, "unknown_recipient", refusal.to_string())
}

impl Service {
    /// What waits in each module.
    pub(crate) async fn get_queue_summary(self, call: Call, _input: Nothing) -> Result<Done<QueueSummary>> {
        may_look(&call)?;
        let rows = self.store().queue_summary().await?;
        let data = rows.into_iter().map(|row| ModuleSummary { module: module_of(&row.module), queues: row.queues, recipients: row.recipients, oldest: row.oldest });
        Ok(QueueSummary { data: data.collect() }.into())
    }

    /// Queues by module and name.
    pub(crate) async fn list_queues(self, call: Call, input: ListQueues) -> Result<Done<Page<Queue>>> {
        may_look(&call)?;
        let limit = page_limit(&input.page())?;
        let after = page_after(&input.page())?;
        let filter = QueueFilter { module: input.module, state: input.state, name: None, contains: input.name };
        let mut rows = self.store().queues(&filter, after.split_once('/').unwrap_or_default(), limit + 1).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let next_cursor = rows.last().filter(|_| has_more).map(|last| cursor(&format!("{}/{}", last.module, last.queue)));
        Ok(Page { data: rows.into_iter().map(show_queue).collect(), page: PageInfo { next_cursor, has_more, total: None } }.into())
    }

    /// One queue.
    pub(crate) async fn get_queue(self, call: Call, input: QueueRef) -> Result<Done<Queue>> {
        may_look(&call)?;
        let filter = QueueFilter { module: Some(input.module), name: Some(input.name), ..QueueFilter::default() };
        let row = self.store().queues(&filter, ("", ""), 1).await?.pop().ok_or_else(|| Error::not_found("queue"))?;
        Ok(show_queue(row).into())
    }

    /// Lets a queue be tried now: holds and pauses end.
    pub(crate) async fn release_queue(self, call: Call, input: QueueRef) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        let mut tx = self.store().begin().await?;
        tx.wake_queue(&input.module, &input.name).await?;
        self.announce_queue(&call, tx, "releaseQueue", &input, "active").await?;
        let which = Which { queue: Some((&input.module, &input.name)), ..Which::default() };
        self.turn_all(&call, &which, Turn::Release).await
    }

    /// Holds a queue: nothing of it is tried.
    pub(crate) async fn hold_queue(self, call: Call, input: QueueRef) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        input.check()?;
        let mut tx = self.store().begin().await?;
        tx.hold_queue(&input.module, &input.name).await?;
        self.announce_queue(&call, tx, "holdQueue", &input, "held").await?;
        self.count_queue(input).await
    }

    /// Ends the hold of a queue; its next tries are later by the time it was held.
    pub(crate) async fn unhold_queue(self, call: Call, input: QueueRef) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        let mut tx = self.store().begin().await?;
        if !tx.unhold_queue(&input.module, &input.name).await? {
            return Err(Error::wrong_state("The queue is not held."));
        }
        self.announce_queue(&call, tx, "unholdQueue", &input, "waiting").await?;
        self.count_queue(input).await
    }

    async fn count_queue(&self, input: QueueRef) -> Result<Done<QueueAction>> {
        let filter = QueueFilter { module: Some(input.module), name: Some(input.name), ..QueueFilter::default() };
        let row = self.store().queues(&filter, ("", ""), 1).await?.pop();
        Ok(QueueAction { recipients: row.map_or(0, |row| row.recipients) }.into())
    }

    /// Asks the Router again for everybody in a queue.
    pub(crate) async fn reroute_queue(self, call: Call, input: QueueRef) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        self.reroute_all(&call, Which { queue: Some((&input.module, &input.name)), ..Which::default() }, "rerouteQueue").await
    }

    /// Makes everything in a queue fail; the senders are told.
    pub(crate) async fn reject_queue(self, call: Call, input: RejectQueue) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        let which = Which { queue: Some((&input.module, &input.name)), ..Which::default() };
        self.reject_all(&call, which, input.text.as_deref(), "rejectQueue").await
    }

    /// Makes fail what somebody sent, everywhere in the queue.
    pub(crate) async fn reject_by_filter(self, call: Call, input: RejectByFilter) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        if input.sender.is_none() && input.authenticated.is_none() {
            return Err(Error::invalid("/sender", "name the sender, or who signed in"));
        }
        let which = Which { sender: input.sender.as_deref(), authenticated: input.authenticated.as_deref(), recipient: input.recipient.as_deref(), ..Which::default() };
        self.reject_all(&call, which, input.text.as_deref(), "rejectByFilter").await
    }

    /// Messages in the queue, by number.
    pub(crate) async fn list_transit_messages(self, call: Call, input: ListTransit) -> Result<Done<Page<TransitMessage>>> {
        may_look(&call)?;
        let limit = page_limit(&input.page())?;
        let after = page_after(&input.page())?;
        let after = if after.is_empty() { 0 } else { after.parse().map_err(|_| Error::new(Kind::Malformed, "cursor_mismatch", "This cursor is not one of this collection."))? };
        let filter = TransitFilter {
            number: None,
            sender: input.sender,
            authenticated: input.authenticated,
            recipient: input.recipient,
            module: input.module,
            queue: input.queue,
            state: input.state,
            before: input.queued_before,
        };
        let mut rows = self.store().transit(&filter, after, limit + 1).await?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let next_cursor = rows.last().filter(|_| has_more).map(|last| cursor(&last.number.to_string()));
        let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        let mut waiting = self.store().waiting(&numbers).await?.into_iter().peekable();
        let data = rows.into_iter().map(|row| {
            let recipients = std::iter::from_fn(|| waiting.next_if(|waiting| waiting.message <= row.number)).map(show_recipient).collect();
            show_message(row, recipients)
        });
        Ok(Page { data: data.collect(), page: PageInfo { next_cursor, has_more, total: None } }.into())
    }

    async fn transit_row(&self, number: i64) -> Result<TransitRow> {
        let filter = TransitFilter { number: Some(number), ..TransitFilter::default() };
        self.store().transit(&filter, 0, 1).await?.pop().ok_or_else(|| Error::not_found("message in transit"))
    }

    async fn transit_body(&self, row: &TransitRow) -> Result<bytes::Bytes> {
        let stored = self.store().queued_body(&row.hash).await?;
        stored.and_then(|stored| unpack(stored, row.size)).ok_or_else(|| {
            tracing::error!(message_id = row.number, "the body of a message in the queue is missing or broken");
            Error::new(Kind::Internal, "internal", "The server made a mistake; it is in its log.")
        })
    }

    /// One message with its header and its story.
    pub(crate) async fn get_transit_message(self, call: Call, input: TransitRef) -> Result<Done<TransitMessage>> {
        may_look(&call)?;
        Ok(self.shown_transit(input.number).await?.into())
    }

    async fn shown_transit(&self, number: i64) -> Result<TransitMessage> {
        let row = self.transit_row(number).await?;
        let body = self.transit_body(&row).await?;
        let block = body.get(..message::block_len(&body)).unwrap_or_default();
        let field = |field: message::Field<'_>| HeaderField { name: String::from_utf8_lossy(field.name).into_owned(), value: message::decode(&message::unfold(field.value)).into_owned() };
        let headers = message::fields(block).map(field).collect();
        let records = self.store().delivery_records(&[row.trace_id]).await?;
        let events = records.into_iter().map(|record| TraceEvent { at: record.at, kind: record.kind, detail: record.detail }).collect();
        let recipients = self.store().waiting(&[row.number]).await?.into_iter().map(show_recipient).collect();
        Ok(TransitMessage { headers: Some(headers), events: Some(events), ..show_message(row, recipients) })
    }

    /// The octets of a message, for who may read other people's mail.
    pub(crate) async fn download_transit_message(self, call: Call, input: TransitRef) -> Result<Done<RawMessage>> {
        call.caller.may_server("mailbox_read_all")?;
        let row = self.transit_row(input.number).await?;
        let body = self.transit_body(&row).await?;
        let tx = self.store().begin().await?;
        self.announce_transit(&call, tx, "downloadTransitMessage", row.number, "queue.message_read").await?;
        Ok(raw_message(&call, row.number, body))
    }

    /// Takes a message with its envelope.
    pub(crate) async fn submit_raw_message(self, call: Call, input: SubmitRawMessage) -> Result<Done<Accepted>> {
        may_act(&call)?;
        let raw = input.raw.replace("\r\n", "\n").replace('\n', "\r\n");
        if raw.trim().is_empty() {
            return Err(Error::invalid("/raw", "is empty"));
        }
        if input.to.is_empty() {
            return Err(Error::invalid("/to", "names nobody"));
        }
        let peer = Peer { ip: call.caller.remote_ip, trusted: true, login_offered: false, user: None };
        let path = Some(input.from.as_str()).filter(|path| !path.is_empty());
        let refused = |pointer: &str, refusal: &Refusal| if refusal.code / 100 == 4 { unknown_recipient(String::new(), refusal) } else { Error::invalid(pointer, refusal.to_string()) };
        let return_path = self.check_sender(&peer, path, None).await.map_err(|refusal| refused("/from", &refusal))?;
        let mut recipients = Vec::with_capacity(input.to.len());
        for (index, address) in input.to.iter().enumerate() {
            let checked = self.check_recipient(&peer, ReplyCodes::Standard, &return_path, address, RecipientParams::default(), None).await;
            recipients.push(checked.map_err(|refusal| unknown_recipient(format!("/to/{index}"), &refusal))?);
        }
        let submission = Submission {
            return_path,
            source: "API",
            peer,
            hello: call.caller.name().to_owned(),
            with: "HTTP",
            envelope_id: None,
            ret: None,
            utf8: !raw.get(..message::block_len(raw.as_bytes())).unwrap_or_default().is_ascii(),
            eight_bit: !raw.is_ascii(),
            recipients,
            message: raw.into(),
        };
        let accepted = self.submit(submission).await.map_err(|refusal| refused("/raw", &refusal))?;
        let tx = self.store().begin().await?;
        self.announce_transit(&call, tx, "submitRawMessage", accepted.number, "queue.message_added").await?;
        Ok(Accepted { number: accepted.number, trace_id: accepted.trace_id }.into())
    }

    /// Lets a message be tried now: a hold ends.
    pub(crate) async fn release_message(self, call: Call, input: MessageAction) -> Result<Done<TransitMessage>> {
        self.turn_message(call, input, Turn::Release, "releaseMessage").await
    }

    /// Holds a message: it is not tried.
    pub(crate) async fn hold_message(self, call: Call, input: MessageAction) -> Result<Done<TransitMessage>> {
        self.turn_message(call, input, Turn::Hold, "holdMessage").await
    }

    /// Ends the hold of a message; its next try is later by the time it was held.
    pub(crate) async fn unhold_message(self, call: Call, input: MessageAction) -> Result<Done<TransitMessage>> {
        self.turn_message(call, input, Turn::Unhold, "unholdMessage").await
    }

    async fn turn_message(self, call: Call, input: MessageAction, turn: Turn, action: &str) -> Result<Done<TransitMessage>> {
        may_act(&call)?;
        let (mut tx, picked) = self.pick_message(input.number, input.recipient.as_deref()).await?;
        if tx.turn(&picked, turn, call.caller.name()).await? == 0 {
            return Err(Error::wrong_state(if turn == Turn::Hold { "The message is on hold already." } else { "The message is not on hold." }));
        }
        self.announce_transit(&call, tx, action, input.number, "queue.message_changed").await?;
        Ok(self.shown_transit(input.number).await?.into())
    }

    /// The recipients of a message that are meant and that nobody tries now.
    async fn pick_message(&self, number: i64, recipient: Option<&str>) -> Result<(Tx, Vec<WaitingRow>)> {
        self.transit_row(number).await?;
        let mut tx = self.store().begin().await?;
        let picked = tx.pick(&Which { message: Some(number), recipient, newest: number, ..Which::default() }, i64::MAX).await?;
        if !picked.is_empty() {
            return Ok((tx, picked));
        }
        let known = |row: &WaitingRow| recipient.is_none_or(|recipient| row.address.eq_ignore_ascii_case(recipient));
        match self.store().waiting(&[number]).await?.iter().any(known) {
            true => Err(Error::wrong_state("It is being tried right now.")),
            false => Err(Error::not_found("recipient")),
        }
    }

    /// Makes a message fail; its sender is told.
    pub(crate) async fn reject_message(self, call: Call, input: RejectMessage) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        let (mut tx, picked) = self.pick_message(input.number, input.recipient.as_deref()).await?;
        tx.fail(&picked, &reply_of(input.text.as_deref()), call.caller.name()).await?;
        self.announce_transit(&call, tx, "rejectMessage", input.number, "queue.message_changed").await?;
        Ok(QueueAction { recipients: count(&picked) }.into())
    }

    /// Gives a message to others instead.
    pub(crate) async fn redirect_message(self, call: Call, input: RedirectMessage) -> Result<Done<TransitMessage>> {
        may_act(&call)?;
        if input.to.is_empty() {
            return Err(Error::invalid("/to", "names nobody"));
        }
        let row = self.transit_row(input.number).await?;
        let facts = Facts::of(&self.transit_body(&row).await?);
        let mail = mail_of(&row, &facts);
        let mut rows = Destinations::default();
        for (index, address) in input.to.iter().enumerate() {
            self.add_again(&mut rows, &mail, address, &json!({})).await.map_err(unavailable)?;
            if let Some((_, _, refusal)) = rows.failed.first() {
                return Err(unknown_recipient(format!("/to/{index}"), refusal));
            }
        }
        let (mut tx, picked) = self.pick_message(input.number, input.recipient.as_deref()).await?;
        tx.record(&picked, "redirected", &json!({"now": input.to, "by": call.caller.name()})).await?;
        tx.add_waiting(row.number, &rows.into_queued()).await?;
        tx.take_away(&picked).await?;
        self.announce_transit(&call, tx, "redirectMessage", row.number, "queue.message_changed").await?;
        Ok(self.shown_transit(row.number).await?.into())
    }

    /// Asks the Router again for everybody who is still to get a message.
    pub(crate) async fn reroute_message(self, call: Call, input: MessageAction) -> Result<Done<QueueAction>> {
        may_act(&call)?;
        let row = self.transit_row(input.number).await?;
        let (mut tx, picked) = self.pick_message(input.number, input.recipient.as_deref()).await?;
        let changed = self.reroute_tx(&mut tx, &row, &picked, call.caller.name()).await?;
        self.announce_transit(&call, tx, "rerouteMessage", row.number, "queue.message_changed").await?;
        Ok(QueueAction { recipients: changed }.into())
    }

    /// Takes a message away; nobody is told.
    pub(crate) async fn delete_transit_message(self, call: Call, input: TransitRef) -> Result<Done<()>> {
        may_act(&call)?;
        let (mut tx, picked) = self.pick_message(input.number, None).await?;
        tx.record(&picked, "deleted", &json!({"by": call.caller.name()})).await?;
        tx.take_away(&picked).await?;
        self.announce_transit(&call, tx, "deleteTransitMessage", input.number, "queue.message_removed").await?;
        Ok(().into())
    }

    async fn turn_all(&self, call: &Call, which: &Which<'_>, turn: Turn) -> Result<Done<QueueAction>> {
        let mut which = Which { newest: self.store().newest_transit().await?, ..*which };
        let mut recipients = 0;
        loop {
            let mut tx = self.store().begin().await?;
            let picked = tx.pick(&which, BATCH).await?;
            let Some(last) = picked.last() else { return Ok(QueueAction { recipients }.into()) };
            which.after = (last.message, last.n);
            recipients += tx.turn(&picked, turn, call.caller.name()).await?;
            tx.commit().await?;
            self.queue_news().look();
        }
    }

    async fn reject_all(&self, call: &Call, which: Which<'_>, text: Option<&str>, action: &str) -> Result<Done<QueueAction>> {
        let (reply, mut recipients) = (reply_of(text), 0);
        let mut which = Which { newest: self.store().newest_transit().await?, ..which };
        loop {
            let mut tx = self.store().begin().await?;
            let picked = tx.pick(&which, BATCH).await?;
            let Some(last) = picked.last() else { return Ok(QueueAction { recipients }.into()) };
            which.after = (last.message, last.n);
            recipients += count(&picked);
            tx.fail(&picked, &reply, call.caller.name()).await?;
            self.announce_batch(call, tx, action, &picked).await?;
        }
    }

    async fn reroute_all(&self, call: &Call, which: Which<'_>, action: &str) -> Result<Done<QueueAction>> {
        let mut recipients = 0;
        let mut which = Which { newest: self.store().newest_transit().await?, ..which };
        loop {
            let mut tx = self.store().begin().await?;
            let picked = tx.pick(&which, BATCH).await?;
            let Some(last) = picked.last() else { return Ok(QueueAction { recipients }.into()) };
            which.after = (last.message, last.n);
            for message in picked.chunk_by(|one, other| one.message == other.message) {
                let Some(first) = message.first() else { continue };
                let row = self.transit_row(first.message).await?;
                recipients += self.reroute_tx(&mut tx, &row, message, call.caller.name()).await?;
            }
            self.announce_batch(call, tx, action, &picked).await?;
        }
    }

    /// Puts recipients of one message where the Router now wants them; gives the number of those that moved.
    async fn reroute_tx(&self, tx: &mut Tx, row: &TransitRow, picked: &[WaitingRow], by: &str) -> Result<i64> {
        let facts = Facts::of(&self.transit_body(row).await?);
        let mail = mail_of(row, &facts);
        let (mut moved, mut added) = (Vec::new(), Vec::new());
        for waiting in picked {
            let mut rows = Destinations::default();
            self.add_again(&mut rows, &mail, &waiting.address, &waiting.params).await.map_err(unavailable)?;
            if let Some((_, _, refusal)) = rows.failed.iter().find(|(.., refusal)| refusal.code / 100 == 4) {
                return Err(unavailable(refusal.clone()));
            }
            let now = rows.into_queued();
            if let [same] = now.as_slice()
                && (same.module, &same.queue, &same.target) == (&waiting.module, &waiting.queue, &waiting.target)
            {
                continue;
            }
            moved.push(waiting.clone());
            added.extend(now);
        }
        tx.record(&moved, "rerouted", &json!({"now": added.iter().map(|row: &Queued| format!("{}/{}", row.module, row.queue)).collect::<Vec<_>>(), "by": by})).await?;
        tx.add_waiting(row.number, &added).await?;
        tx.take_away(&moved).await?;
        Ok(count(&moved))
    }

    async fn announce_transit(&self, call: &Call, mut tx: Tx, action: &str, number: i64, kind: &str) -> Result<()> {
        let (ip, name) = (call.caller.remote_ip.to_string(), number.to_string());
        let object = json!({"number": number, "action": action});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &name, topic: "queue", kind, account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.queue_news().look();
        Ok(())
    }

    async fn announce_batch(&self, call: &Call, mut tx: Tx, action: &str, picked: &[WaitingRow]) -> Result<()> {
        let ip = call.caller.remote_ip.to_string();
        let numbers: Vec<Value> = picked.chunk_by(|one, other| one.message == other.message).filter_map(|rows| rows.first()).map(|row| json!(row.message)).collect();
        let name = format!("{} messages", numbers.len());
        let object = json!({"numbers": numbers, "action": action});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &name, topic: "queue", kind: "queue.message_changed", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.queue_news().look();
        Ok(())
    }

    async fn announce_queue(&self, call: &Call, mut tx: Tx, action: &str, queue: &QueueRef, state: &str) -> Result<()> {
        let (ip, name) = (call.caller.remote_ip.to_string(), format!("{}/{}", queue.module, queue.name));
        let object = json!({"module": queue.module, "name": queue.name, "state": state});
        tx.announce(&News { actor: call.caller.name(), remote_ip: &ip, action, name: &name, topic: "queue", kind: "queue.host_state", account: None, domain: None, object }).await?;
        tx.commit().await?;
        self.queue_news().look();
        Ok(())
    }
}

/// What the Router needs to know of a message in the queue.
fn mail_of<'a>(row: &'a TransitRow, facts: &'a Facts) -> Mail<'a> {
    let trusted = row.envelope["trusted"].as_bool().unwrap_or(false) || row.envelope["authenticated"].is_string();
    Mail { return_path: &row.return_path, trusted, peer: None, facts, size: row.size }
}

fn unavailable(refusal: Refusal) -> Error {
    Error::new(Kind::Unavailable, "overloaded", refusal.to_string())
}

fn count(picked: &[WaitingRow]) -> i64 {
    i64::try_from(picked.len()).unwrap_or(i64::MAX)
}
