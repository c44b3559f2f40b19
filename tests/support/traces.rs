//! What a request leaves behind. A refusal leaves nothing: silence in the log, silence in the mailbox.

use gatebook_projections::sql::{Query, RowReader};

use super::World;

/// How much has been written and posted so far.
#[derive(Debug, PartialEq, Eq)]
pub struct Traces {
    pub events: i64,
    pub emails: i64,
}

impl World {
    /// All traces so far. Compared before and after, they tell whether anything has happened.
    pub async fn traces(&self) -> Traces {
        self.background_tasks_are_done().await;
        Traces {
            events: self.number("select position from log_head").await,
            emails: self.number("select count(*) from outbox").await,
        }
    }

    /// Whether a text stands anywhere in the log.
    pub async fn log_holds(&self, text: &str) -> bool {
        let rows = self
            .database()
            .rows(Query::new(
                "select cast(payload as text), cast(metadata as text) from events",
                [],
            ))
            .await
            .unwrap();
        rows.into_iter().any(|row| {
            let mut row = RowReader::new("events", row);
            row.text().unwrap().contains(text) || row.text().unwrap().contains(text)
        })
    }

    /// A number that the database knows.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.database().rows(Query::new(sql, [])).await.unwrap();
        RowReader::new("number", rows.into_iter().next().unwrap())
            .int()
            .unwrap()
    }
}
