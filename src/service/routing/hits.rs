//! How often the lines of the table are applied: counted in memory, without locks, and written down every minute.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};

use model::routing::RoutingHit;
use model::{ListParams, Page};
use router::Applied;
use store::routing_table::LineRow;
use uuid::Uuid;

use crate::domain::{cursor, page_after, page_limit};
use crate::operation::{Call, Done};
use crate::{Result, Service, now};

/// Counters of the lines of one table.
#[derive(Default)]
pub(crate) struct Hits {
    lines: Box<[Uuid]>,
    counts: Box<[AtomicU32]>,
}

/// What is not written down yet, beside the counters in use.
#[derive(Default)]
pub(super) struct Earlier {
    /// Counters of earlier tables, as long as somebody may still count in them.
    tables: Vec<Arc<Hits>>,
    /// What could not be written down.
    kept: HashMap<Uuid, i64>,
}

impl Hits {
    fn of(rows: &[LineRow]) -> Self {
        Self { lines: rows.iter().map(|row| row.id).collect(), counts: rows.iter().map(|_| AtomicU32::new(0)).collect() }
    }

    /// Counts the records that were applied to an address.
    pub(super) fn count(&self, records: &[Applied]) {
        for record in records {
            if let Some(count) = (record.line as usize).checked_sub(1).and_then(|at| self.counts.get(at)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn add_to(&self, sums: &mut HashMap<Uuid, i64>, read: impl Fn(&AtomicU32) -> u32) {
        for (line, count) in self.lines.iter().zip(&self.counts) {
            let count = read(count);
            if count > 0 {
                *sums.entry(*line).or_default() += i64::from(count);
            }
        }
    }
}

impl Earlier {
    /// The counters for a table that comes into force; those of the same lines go on.
    pub(super) fn replace(&mut self, old: &Arc<Hits>, rows: &[LineRow]) -> Arc<Hits> {
        if old.lines.iter().eq(rows.iter().map(|row| &row.id)) {
            return old.clone();
        }
        self.tables.push(old.clone());
        Arc::new(Hits::of(rows))
    }

    /// Takes everything that was counted.
    fn take(&mut self, current: &Hits) -> HashMap<Uuid, i64> {
        let mut sums = std::mem::take(&mut self.kept);
        let take = |count: &AtomicU32| count.swap(0, Ordering::Relaxed);
        // Nobody else holds the last reference to the counters of an earlier table, so nobody counts in them after this look.
        self.tables.retain(|hits| {
            let in_use = Arc::strong_count(hits) > 1;
            hits.add_to(&mut sums, take);
            in_use
        });
        current.add_to(&mut sums, take);
        sums
    }

    /// What was counted and is not written down.
    fn look(&self, current: &Hits) -> HashMap<Uuid, i64> {
        let mut sums = self.kept.clone();
        let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
        self.tables.iter().for_each(|hits| hits.add_to(&mut sums, read));
        current.add_to(&mut sums, read);
        sums
    }
}

impl Service {
    fn earlier_hits<T>(&self, with: impl FnOnce(&mut Earlier, &Hits) -> T) -> T {
        let routing = &self.inner.routing;
        let mut earlier = routing.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut earlier, &routing.hits())
    }

    /// Writes down how often lines of the routing table were applied since the last time.
    ///
    /// # Errors
    /// When the database cannot answer; what was counted is kept for the next time.
    pub async fn write_routing_hits(&self) -> Result<()> {
        let sums = self.earlier_hits(Earlier::take);
        if sums.is_empty() {
            return Ok(());
        }
        let (lines, hits): (Vec<Uuid>, Vec<i64>) = sums.iter().map(|(line, hits)| (*line, *hits)).unzip();
        let written = self.store().add_routing_hits(now(), &lines, &hits).await;
        if written.is_err() {
            self.earlier_hits(|earlier, _| sums.into_iter().for_each(|(line, hits)| *earlier.kept.entry(line).or_default() += hits));
        }
        Ok(written?)
    }

    /// How often lines of the table were applied, those that were, by position.
    pub(crate) async fn list_routing_hits(self, call: Call, input: ListParams) -> Result<Done<Page<RoutingHit>>> {
        call.caller.may_server("settings_read").or_else(|_| call.caller.may_server("settings"))?;
        let limit = usize::try_from(page_limit(&input)?).unwrap_or(usize::MAX);
        let after: usize = page_after(&input)?.parse().unwrap_or_default();
        // Looked at first: what is written down meanwhile is missed rather than counted twice.
        let mut sums = self.earlier_hits(|earlier, current| earlier.look(current));
        for (line, hits) in self.store().routing_hits(now()).await? {
            *sums.entry(line).or_default() += hits;
        }
        let lines = self.store().routing_table().await?.lines;
        let hit = |(position, row): (u32, LineRow)| sums.get(&row.id).map(|hits| RoutingHit { id: row.id, position, hits: *hits });
        let mut data: Vec<RoutingHit> = (1..).zip(lines).skip(after).filter_map(hit).take(limit.saturating_add(1)).collect();
        let has_more = data.len() > limit;
        data.truncate(limit);
        let next_cursor = data.last().filter(|_| has_more).map(|hit| cursor(&hit.position.to_string()));
        Ok(Page { data, page: model::PageInfo { next_cursor, has_more, total: None } }.into())
    }
}

#[cfg(test)]
mod tests {
    use model::routing::LineOrigin;

    use super::*;

    fn rows(ids: &[u128]) -> Vec<LineRow> {
        ids.iter().map(|id| LineRow { id: Uuid::from_u128(*id), text: String::new(), origin: LineOrigin::User, version: 1 }).collect()
    }

    fn applied(lines: &[u32]) -> Vec<Applied> {
        lines.iter().map(|line| Applied { line: *line, id: None }).collect()
    }

    fn sums(of: &[(u128, i64)]) -> HashMap<Uuid, i64> {
        of.iter().map(|(id, hits)| (Uuid::from_u128(*id), *hits)).collect()
    }

    #[test]
    fn counts_follow_the_lines_through_changes_of_the_table() {
        let mut earlier = Earlier::default();
        let first = earlier.replace(&Arc::default(), &rows(&[7, 8]));
        first.count(&applied(&[2, 2, 1, 9, 0]));
        assert!(Arc::ptr_eq(&first, &earlier.replace(&first, &rows(&[7, 8]))), "the same lines go on");
        let second = earlier.replace(&first, &rows(&[8, 9]));
        second.count(&applied(&[1]));
        // Somebody still routes by the table before.
        first.count(&applied(&[1]));
        assert_eq!(earlier.look(&second), sums(&[(7, 2), (8, 3)]));
        assert_eq!(earlier.take(&second), sums(&[(7, 2), (8, 3)]));
        assert_eq!(earlier.take(&second), sums(&[]));
        first.count(&applied(&[1]));
        drop(first);
        assert_eq!(earlier.take(&second), sums(&[(7, 1)]));
        assert_eq!(earlier.tables.len(), 0, "nobody counts there any more");
    }
}
