//! The activity log as an auditor opens it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use super::{Answer, Person};

/// A row of the CSV, by column.
pub type Row = BTreeMap<String, String>;

/// The columns of the CSV, in order.
pub const COLUMNS: [&str; 15] = [
    "position",
    "sequence",
    "recorded_at",
    "app_id",
    "app_name",
    "event",
    "summary",
    "actor_type",
    "actor_id",
    "actor_name",
    "ip_address",
    "request_id",
    "details",
    "previous_hash",
    "hash",
];

/// The rows of a CSV, whose header has to be the contract's.
#[track_caller]
pub fn read_csv(csv: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
    let rows = reader.into_deserialize().map(|row| row.unwrap());
    rows.collect()
}

impl Person {
    /// Downloads a log as CSV.
    pub async fn csv(&self, path: &str) -> Vec<Row> {
        read_csv(&self.get(path).await.expect(200).text())
    }

    /// Downloads a log in another format.
    pub async fn get_as(&self, accept: &str, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[("Accept", accept)]).await
    }

    /// Downloads a log as ndjson.
    pub async fn ndjson(&self, path: &str) -> Vec<Value> {
        let text = self.get_as("application/x-ndjson", path).await.expect(200).text();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
