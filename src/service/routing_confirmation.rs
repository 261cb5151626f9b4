//! Changes of the Router that go back by themselves unless somebody confirms them in time: who locks himself out by a
//! mistake gets in again. They wait in the database, so a restart changes nothing.

use std::time::Duration;

use model::Page;
use model::routing::{RoutingConfirmation, RoutingConfirmationRef, RoutingPart};
use router::Table;
use serde_json::{Value, json};
use store::routing_confirmation::ConfirmationRow;
use store::routing_table::TableRow;
use store::{News, Tx};
use uuid::Uuid;

use crate::operation::{Call, Done, Nothing};
use crate::routing_table::{adopt, may_read, text_of};
use crate::{Error, Kind, Result, Service, new_id, now};

/// Seconds one may have to confirm.
const WITHIN: std::ops::RangeInclusive<i64> = 10..=3600;
/// Time between two looks, for what other nodes let wait.
const POLL: Duration = Duration::from_secs(5);

/// Who lets a change stay or go back.
struct Author<'a> {
    name: &'a str,
    ip: String,
}

/// The word of a part in the database.
fn word(part: RoutingPart) -> &'static str {
    match part {
        RoutingPart::Table => "table",
        RoutingPart::Settings => "settings",
    }
}

fn part_of(word: &str) -> RoutingPart {
    if word == "settings" { RoutingPart::Settings } else { RoutingPart::Table }
}

/// The seconds somebody gives himself to confirm, checked.
pub(crate) fn within(seconds: Option<i64>) -> Result<Option<i32>> {
    let Some(seconds) = seconds else { return Ok(None) };
    let known = WITHIN.contains(&seconds).then(|| i32::try_from(seconds).ok()).flatten();
    known.map(Some).ok_or_else(|| Error::invalid("/confirm_within", format!("must be {} to {} seconds", WITHIN.start(), WITHIN.end())))
}

/// Why a change does not wait any more.
fn over(row: &ConfirmationRow, version: i64) -> Error {
    match row.state.as_str() {
        "confirmed" => Error::wrong_state("It is confirmed already."),
        "reverted" => Error::wrong_state("It has gone back already."),
        _ => Error { current_version: Some(version), ..Error::new(Kind::Stale, "version_conflict", "Somebody saved meanwhile; nothing of this change waits any more.") },
    }
}

impl Service {
    /// Lets what is being saved wait to be confirmed, if that is wanted. What waited before is over; it comes back together
    /// with this, as nobody has confirmed it.
    pub(crate) async fn await_confirmation(&self, tx: &mut Tx, call: &Call, part: RoutingPart, version: i64, before: Value, within: Option<i32>) -> Result<()> {
        let unconfirmed = tx.overtake_confirmation(word(part)).await?;
        if let Some(seconds) = within {
            tx.insert_confirmation(new_id(), word(part), version, &unconfirmed.unwrap_or(before), call.caller.name(), seconds).await?;
        }
        Ok(())
    }

    /// Changes that wait to be confirmed.
    pub(crate) async fn list_routing_confirmations(self, call: Call, _input: Nothing) -> Result<Done<Page<RoutingConfirmation>>> {
        may_read(&call)?;
        let shown = |row: ConfirmationRow| RoutingConfirmation { id: row.id, part: part_of(&row.part), version: row.version, saved_by: row.actor, saved_at: row.saved_at, confirm_by: row.confirm_by };
        Ok(Page::whole(self.store().waiting_confirmations().await?.into_iter().map(shown).collect()).into())
    }

    /// Lets a change stay.
    pub(crate) async fn confirm_routing(self, call: Call, input: RoutingConfirmationRef) -> Result<Done<()>> {
        self.settle_as(&call, input.id, "confirmRouting", true).await
    }

    /// Lets a change go back at once.
    pub(crate) async fn revert_routing(self, call: Call, input: RoutingConfirmationRef) -> Result<Done<()>> {
        self.settle_as(&call, input.id, "revertRouting", false).await
    }

    async fn settle_as(&self, call: &Call, id: Uuid, action: &str, stays: bool) -> Result<Done<()>> {
        call.caller.may_server("settings")?;
        let author = Author { name: call.caller.name(), ip: call.caller.remote_ip.to_string() };
        self.settle_confirmation(id, &author, action, stays, false).await?.map_err(|(row, version)| over(&row, version))?;
        Ok(().into())
    }

    /// Ends the wait of a change one way or the other; the row and the current version when it does not wait, or is not
    /// due though that is asked for.
    async fn settle_confirmation(&self, id: Uuid, author: &Author<'_>, action: &str, stays: bool, only_due: bool) -> Result<std::result::Result<(), (ConfirmationRow, i64)>> {
        let unknown = || Error::not_found("change");
        let part = part_of(&self.store().confirmation_part(id).await?.ok_or_else(unknown)?);
        let mut tx = self.store().begin().await?;
        // The part first, then the change: as whoever saves it does.
        let table = match part {
            RoutingPart::Table => tx.lock_routing_table().await?,
            RoutingPart::Settings => TableRow { version: tx.lock_server().await?.1, lines: Vec::new() },
        };
        let row = tx.lock_confirmation(id).await?.ok_or_else(unknown)?;
        if row.state != "waiting" || (only_due && !row.due) {
            return Ok(Err((row, table.version)));
        }
        let mut version = table.version;
        if !stays {
            version += 1;
            self.put_back(&mut tx, part, &row, table, author.name).await?;
        }
        tx.settle_confirmation(id, if stays { "confirmed" } else { "reverted" }).await?;
        let object = json!({"part": word(part), "version": version, "saved_by": row.actor});
        let (name, kind) = (format!("router/{}", word(part)), if stays { "routing.confirmed" } else { "routing.reverted" });
        tx.announce(&News { actor: author.name, remote_ip: &author.ip, action, name: &name, topic: "system", kind, account: None, domain: None, object }).await?;
        tx.commit().await?;
        if !stays {
            self.routing_changed().await;
        }
        Ok(Ok(()))
    }

    /// Makes what was before a change the newest version.
    async fn put_back(&self, tx: &mut Tx, part: RoutingPart, row: &ConfirmationRow, table: TableRow, actor: &str) -> Result<()> {
        match part {
            RoutingPart::Settings => tx.update_router_settings(&row.before).await?,
            RoutingPart::Table => {
                let text = row.before.as_str().unwrap_or_default();
                let lines = Table::parse(text).map_err(|errors| Error::new(Kind::Internal, "internal", errors.first().map(ToString::to_string).unwrap_or_default()))?.lines;
                let next = TableRow { version: table.version + 1, lines: adopt(&table, lines) };
                tx.save_routing_table(&next, &text_of(&next.lines), actor).await?;
            }
        }
        Ok(())
    }

    /// Takes back what nobody confirmed in time, for as long as the server runs.
    pub async fn run_confirmations(self) {
        loop {
            let wait = self.revert_due().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "an unconfirmed change of the Router cannot go back now");
                POLL
            });
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes back what is due; gives the time until one should look again.
    async fn revert_due(&self) -> Result<Duration> {
        for row in self.store().waiting_confirmations().await? {
            if !row.due {
                let left = row.confirm_by.micros().saturating_sub(now().micros());
                return Ok(Duration::from_micros(u64::try_from(left).unwrap_or(0)).clamp(Duration::from_millis(50), POLL));
            }
            let author = Author { name: "server", ip: String::new() };
            // Whoever was faster has settled it.
            if self.settle_confirmation(row.id, &author, "revertRouting", false, true).await?.is_ok() {
                tracing::warn!(part = row.part, version = row.version, by = row.actor, "nobody confirmed a change of the Router: it went back");
            }
        }
        Ok(POLL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_to_confirm_is_bounded() {
        assert_eq!(within(None).unwrap(), None);
        assert_eq!((within(Some(10)).unwrap(), within(Some(3600)).unwrap()), (Some(10), Some(3600)));
        for wrong in [0, 9, 3601, -1, i64::MAX] {
            assert_eq!(within(Some(wrong)).unwrap_err().fields[0].pointer, "/confirm_within");
        }
    }
}
