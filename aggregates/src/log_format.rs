//! R29: the files that a log is downloaded as. Each kind of log records its downloads, with the format.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// R29: how a log was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LogFormat {
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    Ndjson,
}
