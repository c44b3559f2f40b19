//! Verifies a log that was exported as ndjson, with nothing but the file: every hash is recomputed, and every chain
//! followed. A file can be a part of the log; what comes before and after it, nobody can tell from the file.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead};

use cqrs_es::Aggregate;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_projections::recorded::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::difference::keep;
use super::exported_lines::ExportedLines;
use crate::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};

/// One thing in a file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// The line, from 1.
    pub line: u64,
    /// The event's position, if the line could be read.
    pub position: Option<i64>,
    /// What is wrong.
    pub problem: String,
}

/// One line for people.
impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(position) = self.position {
            write!(f, " (position {position})")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What a verification of a file has looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Lines that were read.
    pub lines: u64,
    /// What is not as it should be; the first 100.
    pub findings: Vec<FileFinding>,
    /// How many more there are.
    pub more: i64,
}

impl FileReport {
    /// Whether everything is as it should be.
    pub fn all_equal(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies an exported file. Memory grows with the number of streams in it, not with its length.
///
/// # Errors
/// A file that cannot be read. Whatever is wrong with its content is in the report instead.
pub fn verify_exported(reader: impl BufRead) -> Result<FileReport, io::Error> {
    let mut file = File::default();
    let mut lines = ExportedLines::new(reader);
    while let Some(line) = lines.next_line()? {
        file.report.lines = line.number;
        file.check(&line.bytes);
    }
    Ok(file.report)
}

/// A line of the file. More fields may be added; these are what the hash covers, and the aids for reading.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    position: i64,
    sequence: i64,
    recorded_at: String,
    app_id: String,
    pub(super) app_name: String,
    event: String,
    /// A sentence for people, made from the rest; the hash does not cover it.
    pub(super) summary: String,
    actor_type: ActorType,
    actor_id: String,
    actor_name: String,
    ip_address: String,
    request_id: String,
    #[serde(borrow)]
    pub(super) details: &'a RawValue,
    previous_hash: String,
    hash: String,
    aggregate_type: String,
    aggregate_id: String,
    group_id: String,
    event_version: String,
    pub(super) digests_hash: String,
    /// The stored metadata of an event that cannot be read; the fields that would tell it are empty then.
    #[serde(default)]
    metadata: Option<String>,
}

/// The file so far.
#[derive(Default)]
struct File {
    report: FileReport,
    last_position: Option<i64>,
    /// Sequence and hash of the last line of each stream.
    streams: HashMap<(String, String), (i64, String)>,
}

impl File {
    fn check(&mut self, line: &[u8]) {
        let line = match serde_json::from_slice::<Line>(line) {
            Ok(line) => line,
            Err(problem) => return self.add(None, format!("it cannot be read: {problem}")),
        };
        self.check_position(line.position);
        self.check_app_id(&line);
        self.check_metadata(&line);
        let (position, details) = (line.position, line.details.get().to_owned());
        let digests_hash = line.digests_hash.clone();
        let stored = match line.stored() {
            Ok(stored) => stored,
            Err(problem) => return self.add(Some(position), format!("it has no hash: {problem}")),
        };
        let hash = hash_of(&stored, &EventParts { details, digests_hash });
        if hash != stored.hash {
            let problem = format!("its content has the hash {hash}, but it says {}", stored.hash);
            self.add(Some(position), problem);
        }
        self.check_chain(stored);
    }

    fn check_position(&mut self, position: i64) {
        if let Some(last) = self.last_position.filter(|last| position <= *last) {
            let problem = format!("it comes after position {last}");
            self.add(Some(position), problem);
        }
        self.last_position = Some(position);
    }

    /// The application's id is an aid for reading that the hash does not cover.
    fn check_app_id(&mut self, line: &Line) {
        let expected = if line.aggregate_type == IntegrationApp::TYPE {
            line.aggregate_id.as_str()
        } else {
            ""
        };
        if line.app_id != expected {
            let problem = format!("its app_id is “{}” and should be “{expected}”", line.app_id);
            self.add(Some(line.position), problem);
        }
    }

    /// The hash covers the stored metadata and not the fields then, so these must not tell anything else.
    fn check_metadata(&mut self, line: &Line) {
        let told = [
            &line.actor_id,
            &line.actor_name,
            &line.ip_address,
            &line.request_id,
            &line.app_name,
        ];
        let tells = line.actor_type != ActorType::System || told.iter().any(|field| !field.is_empty());
        if line.metadata.is_some() && tells {
            self.add(
                Some(line.position),
                "its fields tell something beside its metadata".to_owned(),
            );
        }
    }

    /// Each line continues the one before it in its stream. The first of a stream has nothing before it in the file.
    fn check_chain(&mut self, stored: StoredEvent) {
        let stream = format!("{} {}", stored.aggregate_type, stored.aggregate_id);
        let key = (stored.aggregate_type, stored.aggregate_id);
        let position = Some(stored.position);
        let before = match self.streams.get(&key) {
            Some(before) => Some(before.clone()),
            None if stored.sequence == 1 => Some((0, NO_PREDECESSOR.to_owned())),
            None => None,
        };
        match before {
            Some((sequence, _)) if sequence + 1 != stored.sequence => {
                let problem = format!(
                    "it is number {} of {stream}, right after number {sequence}",
                    stored.sequence
                );
                self.add(position, problem);
            }
            Some((_, hash)) if hash != stored.previous_hash => {
                let problem = format!(
                    "its predecessor in {stream} has the hash {hash}, but it says {}",
                    stored.previous_hash
                );
                self.add(position, problem);
            }
            _ => {}
        }
        self.streams.insert(key, (stored.sequence, stored.hash));
    }

    fn add(&mut self, position: Option<i64>, problem: String) {
        let line = self.report.lines;
        let finding = FileFinding {
            line,
            position,
            problem,
        };
        keep(&mut self.report.findings, &mut self.report.more, finding);
    }
}

impl Line<'_> {
    /// The event as the log holds it, but for the payload, whose parts the line has.
    pub(super) fn stored(self) -> Result<StoredEvent, serde_json::Error> {
        let metadata = Metadata {
            actor_type: self.actor_type,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            ip_address: self.ip_address,
            request_id: self.request_id,
            app_name: self.app_name,
        };
        Ok(StoredEvent {
            position: self.position,
            recorded_at: self.recorded_at,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            group_id: self.group_id,
            sequence: self.sequence,
            event_type: self.event,
            event_version: self.event_version,
            payload: String::new(),
            metadata: match self.metadata {
                Some(stored) => stored,
                None => serde_json::to_string(&metadata)?,
            },
            previous_hash: self.previous_hash,
            hash: self.hash,
        })
    }
}
