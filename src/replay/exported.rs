//! Verifies a log exported as ndjson, from the file alone: recomputes every hash and follows every chain. [`Wholeness`]
//! says whether the file is complete.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead};

use cqrs_es::Aggregate;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::difference::keep;
use super::exported_lines::ExportedLines;
use super::wholeness::{ExportedRange, LineSubject, Wholeness};
use crate::activity_log::entry::stream as stream_name;
use crate::log::hash_chain::{EventParts, NO_PREDECESSOR, hash_of};

/// One problem in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// Counted from 1.
    pub line: u64,
    /// The event's position, if the line could be read.
    pub position: Option<i64>,
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

/// What the verification of a file checked and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    pub lines: u64,
    /// The first 100 problems.
    pub findings: Vec<FileFinding>,
    /// How many more problems there are.
    pub more: i64,
    /// What is missing from the file, in sentences. At most 100 for streams that start late.
    pub missing: Vec<String>,
    /// What the file cannot show, in sentences.
    pub notes: Vec<String>,
}

impl FileReport {
    /// Whether all lines are as they were recorded.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether the file is complete, as far as it shows.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Verifies a file that was exported with this range. Memory grows with the number of streams, not with the length of
/// the file.
///
/// # Errors
/// The file cannot be read. Problems of its content are in the report.
pub fn verify_exported(reader: impl BufRead, range: ExportedRange) -> Result<FileReport, io::Error> {
    let mut file = File {
        range,
        ..File::default()
    };
    let mut lines = ExportedLines::new(reader);
    while let Some(line) = lines.next_line()? {
        if let Some(problem) = file.unfinished.take() {
            file.add(None, problem);
        }
        file.report.lines = line.number;
        if line.number == 1 && is_csv(&line.bytes) {
            let problem = "this is a CSV file; only ndjson files can be verified (`--format ndjson`)";
            file.add(None, problem.to_owned());
            return Ok(file.report);
        }
        file.check(&line.bytes);
    }
    Ok(file.end())
}

/// Whether this is the header of the other export format.
fn is_csv(first_line: &[u8]) -> bool {
    first_line.starts_with(b"\"position\",") || first_line.starts_with(b"position,")
}

/// A line of the file: the fields that the hash covers, and those that help people read it. Other fields are ignored,
/// as later versions may add some.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    position: i64,
    sequence: i64,
    recorded_at: String,
    app_id: String,
    pub(super) app_name: String,
    event: String,
    /// A sentence for people. The hash does not cover it.
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
    stream: String,
    aggregate_type: String,
    aggregate_id: String,
    group_id: String,
    event_version: String,
    pub(super) digests_hash: String,
    /// The stored metadata of an unreadable event. The fields made from metadata are empty then.
    #[serde(default)]
    metadata: Option<String>,
}

/// The state of reading a file.
#[derive(Default)]
struct File {
    report: FileReport,
    range: ExportedRange,
    wholeness: Wholeness,
    /// The problem of the previous line, if it is incomplete. On the last line it means that the file was cut off.
    unfinished: Option<String>,
    last_position: Option<i64>,
    /// Sequence and hash of the last line of each stream.
    streams: HashMap<(String, String), (i64, String)>,
}

impl File {
    fn check(&mut self, line: &[u8]) {
        let line = match serde_json::from_slice::<Line>(line) {
            Ok(line) => line,
            Err(problem) if problem.is_eof() && !line.is_empty() => {
                self.unfinished = Some(format!("it cannot be read: {problem}"));
                return;
            }
            Err(problem) => return self.add(None, format!("it cannot be read: {problem}")),
        };
        self.check_position(line.position);
        self.check_stream(&line);
        self.check_metadata(&line);
        self.check_range(&line);
        self.see(&line);
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

    /// The stream's name helps people read the file. The hash does not cover it, so it is checked here.
    fn check_stream(&mut self, line: &Line) {
        let expected = stream_name(&line.aggregate_type, &line.aggregate_id);
        if line.stream != expected {
            let problem = format!("its stream is “{}” and should be “{expected}”", line.stream);
            self.add(Some(line.position), problem);
        }
    }

    /// With stored metadata, the hash covers the metadata and not the fields, so the fields must be empty.
    fn check_metadata(&mut self, line: &Line) {
        let message = [
            &line.actor_id,
            &line.actor_name,
            &line.ip_address,
            &line.request_id,
            &line.app_name,
        ];
        let tells = line.actor_type != ActorType::System || message.iter().any(|field| !field.is_empty());
        if line.metadata.is_some() && tells {
            self.add(Some(line.position), "its fields contradict its metadata".to_owned());
        }
    }

    /// Checks that the line lies within the given range: otherwise it was not exported with that range.
    fn check_range(&mut self, line: &Line) {
        let recorded_at = Timestamp::parse(&line.recorded_at);
        let ExportedRange { from, to } = self.range;
        for (outside, word, moment) in [
            (recorded_at < from, "before", from),
            (to.is_some() && recorded_at >= to, "not before", to),
        ] {
            if let Some(moment) = moment.filter(|_| outside) {
                let problem = format!("it was recorded at {}, {word} {moment}", line.recorded_at);
                self.add(Some(line.position), problem);
            }
        }
    }

    fn see(&mut self, line: &Line) {
        let stream = (line.aggregate_type.clone(), line.aggregate_id.clone());
        self.wholeness.see(&LineSubject {
            kind: &line.aggregate_type,
            id: &line.aggregate_id,
            sequence: line.sequence,
            recorded_at: &line.recorded_at,
            event: &line.event,
            details: line.details.get(),
            begins_stream: !self.streams.contains_key(&stream),
        });
    }

    fn end(mut self) -> FileReport {
        let cut = self.unfinished.as_ref().map(|_| self.report.lines);
        self.report.missing = self.wholeness.missing(&self.range, cut);
        self.report.notes = self.wholeness.notes(&self.range);
        self.report
    }

    /// Checks that each line continues the previous one of its stream. The first line of a stream has no predecessor in
    /// the file. An application's file contains only those lines of other streams that concern the application, so some
    /// may lack their predecessor.
    fn check_chain(&mut self, stored: StoredEvent) {
        let stream = format!("{} {}", stored.aggregate_type, stored.aggregate_id);
        let key = (stored.aggregate_type, stored.aggregate_id);
        let position = Some(stored.position);
        let may_lack_others = !stored.app_id.is_empty() && key.0 != IntegrationApp::TYPE;
        let before = match self.streams.get(&key) {
            Some(before) => Some(before.clone()),
            None if stored.sequence == 1 => Some((0, NO_PREDECESSOR.to_owned())),
            None => None,
        };
        match before {
            Some((sequence, _)) if may_lack_others && sequence + 1 < stored.sequence => {}
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
    /// The event as stored in the log, except for the payload, whose parts stay in the line.
    pub(super) fn stored(self) -> Result<StoredEvent, serde_json::Error> {
        let metadata = Metadata {
            actor_type: self.actor_type,
            actor_id: self.actor_id,
            actor_name: self.actor_name.into(),
            ip_address: self.ip_address.into(),
            request_id: self.request_id,
            app_name: self.app_name,
        };
        Ok(StoredEvent {
            position: self.position,
            recorded_at: self.recorded_at,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            group_id: self.group_id,
            app_id: self.app_id,
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
