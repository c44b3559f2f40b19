//! Reads whole streams of one kind in the order of their ids, page by page. It only makes the queries and takes their
//! rows, so that the caller may run them on a pool or in a snapshot.

use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

use crate::log::read::{SELECT_EVENTS, events};
use crate::store::StoreError;

/// Walks through all streams of one kind.
pub(super) struct StreamPages {
    aggregate_type: String,
    page: i64,
    after: (String, i64),
    /// The beginning of a stream that continues on a later page.
    begun: Vec<StoredEvent>,
    ended: bool,
}

impl StreamPages {
    /// All streams of this kind, with `page` events at a time.
    pub(super) fn all(aggregate_type: &str, page: i64) -> Self {
        Self::from((String::new(), i64::MIN), aggregate_type, page)
    }

    /// The streams of this kind with ids after `id`.
    pub(super) fn after(id: &str, aggregate_type: &str, page: i64) -> Self {
        Self::from((id.to_owned(), i64::MAX), aggregate_type, page)
    }

    fn from(after: (String, i64), aggregate_type: &str, page: i64) -> Self {
        Self {
            aggregate_type: aggregate_type.to_owned(),
            page: page.max(1),
            after,
            begun: Vec::new(),
            ended: false,
        }
    }

    /// Whether all pages have been read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The query for the next page.
    pub(super) fn query(&self) -> Query {
        let sql = format!(
            "{SELECT_EVENTS} where aggregate_type = $1 and (aggregate_id, sequence) > ($2, $3) \
             order by aggregate_id, sequence limit $4"
        );
        let (id, sequence) = &self.after;
        let args = [
            self.aggregate_type.as_str().into(),
            id.as_str().into(),
            (*sequence).into(),
            self.page.into(),
        ];
        Query::new(sql, args)
    }

    /// Takes the rows of [`query`](Self::query) and returns the streams that are complete.
    pub(super) fn take(&mut self, rows: Vec<Vec<Value>>) -> Result<Vec<Vec<StoredEvent>>, StoreError> {
        self.ended = (rows.len() as i64) < self.page;
        let mut streams = Vec::new();
        for event in events(rows)? {
            self.after = (event.aggregate_id.clone(), event.sequence);
            if self
                .begun
                .last()
                .is_some_and(|last| last.aggregate_id != event.aggregate_id)
            {
                streams.push(std::mem::take(&mut self.begun));
            }
            self.begun.push(event);
        }
        if self.ended && !self.begun.is_empty() {
            streams.push(std::mem::take(&mut self.begun));
        }
        Ok(streams)
    }
}

/// The query for all events of the streams that got an event after `from`, up to `to`.
pub(super) fn moved_on(aggregate_type: &str, from: i64, to: i64) -> Query {
    let sql = format!(
        "{SELECT_EVENTS} where aggregate_type = $1 and aggregate_id in \
         (select aggregate_id from events where aggregate_type = $1 and position > $2 and position <= $3) \
         order by aggregate_id, sequence"
    );
    Query::new(sql, [aggregate_type.into(), from.into(), to.into()])
}

/// Splits the rows of [`moved_on`] into streams.
pub(super) fn whole(rows: Vec<Vec<Value>>) -> Result<Vec<Vec<StoredEvent>>, StoreError> {
    StreamPages::all("", i64::MAX).take(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, sequence: i64) -> Vec<Value> {
        let mut row: Vec<Value> = vec![Value::from(""); 13];
        row[0] = sequence.into();
        row[3] = id.into();
        row[6] = sequence.into();
        row
    }

    /// The lengths of the streams on each page.
    fn lengths(page: i64, log: &[(&str, i64)]) -> Vec<Vec<usize>> {
        let mut pages = StreamPages::all("Group", page);
        let mut taken = Vec::new();
        while !pages.ended() {
            let next = log
                .iter()
                .filter(|(id, sequence)| (*id, *sequence) > (pages.after.0.as_str(), pages.after.1))
                .take(page as usize)
                .map(|(id, sequence)| row(id, *sequence));
            let streams = pages.take(next.collect()).unwrap();
            taken.push(streams.iter().map(Vec::len).collect());
        }
        taken
    }

    #[test]
    fn a_page_that_ends_inside_a_stream_leaves_the_stream_to_a_later_page() {
        let log = [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("b", 3), ("c", 1)];
        assert_eq!(lengths(2, &log), [vec![], vec![2], vec![3], vec![1]]);
        assert_eq!(lengths(4, &log), [vec![2], vec![3, 1]]);
        assert_eq!(lengths(100, &log), [vec![2, 3, 1]]);
    }

    #[test]
    fn a_stream_longer_than_a_page_comes_in_one_piece() {
        let log = [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("a", 5)];
        assert_eq!(lengths(2, &log), [vec![], vec![], vec![5]]);
        assert_eq!(lengths(1, &log).last(), Some(&vec![5]));
    }

    #[test]
    fn a_log_without_streams_of_the_kind_has_one_empty_page() {
        assert_eq!(lengths(2, &[]), [Vec::<usize>::new()]);
    }
}
