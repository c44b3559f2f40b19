//! Checks whether an exported file is complete, as far as its lines show: each stream must begin with its first event,
//! and the file must end with the record of its own download. A group's file cannot show that an application is missing
//! entirely.

use std::collections::BTreeMap;
use std::fmt;

use cqrs_es::Aggregate;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::user_account::UserAccount;
use serde::Deserialize;

use super::difference::REPORTED_MAX;

/// The time range of the export. A file exported with `to` does not contain it, because the record of the download
/// comes later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportedRange {
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// What the lines so far have shown.
#[derive(Default)]
pub(super) struct Wholeness {
    /// The number of streams of each kind.
    streams: BTreeMap<String, usize>,
    /// For each stream that does not start with its first event, a sentence about the missing events.
    late: Vec<String>,
    last: Option<Last>,
}

/// The last line, and the download that it records, if it records one.
struct Last {
    kind: String,
    recorded_at: String,
    download: Option<Download>,
}

/// The details of a recorded download.
#[derive(Deserialize)]
struct Download {
    format: LogFormat,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// What a line is about.
pub(super) struct LineSubject<'a> {
    pub(super) kind: &'a str,
    pub(super) id: &'a str,
    pub(super) sequence: i64,
    pub(super) recorded_at: &'a str,
    pub(super) event: &'a str,
    pub(super) details: &'a str,
    pub(super) begins_stream: bool,
}

impl Wholeness {
    /// Records a line.
    pub(super) fn see(&mut self, line: &LineSubject) {
        if line.begins_stream {
            *self.streams.entry(line.kind.to_owned()).or_default() += 1;
            if line.sequence > 1 && is_exported_whole(line.kind) && self.late.len() < REPORTED_MAX {
                self.late.push(EarlierEvents(line).to_string());
            }
        }
        let is_download = line.event.ends_with("LogDownloaded");
        self.last = Some(Last {
            kind: line.kind.to_owned(),
            recorded_at: line.recorded_at.to_owned(),
            download: is_download.then(|| serde_json::from_str(line.details).ok()).flatten(),
        });
    }

    /// What is missing, in sentences. `cut` is the number of a last line that is incomplete.
    pub(super) fn missing(&self, range: &ExportedRange, cut: Option<u64>) -> Vec<String> {
        let rest = cut.map(|line| {
            format!("the rest of line {line}, in the middle of which the file ends, and what came after it")
        });
        let Some(last) = &self.last else {
            if let Some(rest) = rest {
                return vec![rest];
            }
            return vec![
                "the file holds no event, and not even an export of a log in which nothing happened is empty: it ends with \
                 the record of its own download. Export it again"
                    .to_owned(),
            ];
        };
        let own = last
            .download
            .as_ref()
            .filter(|download| self.is_own_record(last, download));
        let from = range.from.or(own.and_then(|own| own.from));
        let mut missing = if from.is_some() { Vec::new() } else { self.late.clone() };
        if let Some(rest) = rest {
            missing.push(rest);
        } else if own.is_none() && range.to.is_none() {
            missing.push(
                "the end: the last line is not the record of the file's own download. Lines are missing after it; or it was \
                 exported up to a time, which `--to T` says here, too"
                    .to_owned(),
            );
        }
        missing
    }

    /// What the file cannot show, in sentences.
    pub(super) fn notes(&self, range: &ExportedRange) -> Vec<String> {
        let mut notes = Vec::new();
        if range.to.is_some() {
            notes.push("an export up to a time does not show whether lines are missing at its end".to_owned());
        }
        if self.is_of_a_group() {
            notes.push(
                "the file of a group does not show whether an application is missing from it with all of its events; look \
                 whether each of the group's applications is in it"
                    .to_owned(),
            );
        }
        notes
    }

    /// Whether this is a group's file. An application's file may also contain lines of other streams that concern it.
    fn is_of_a_group(&self) -> bool {
        let several = self.streams.get(IntegrationApp::TYPE).is_some_and(|apps| *apps > 1);
        several
            || [Group::TYPE, UserAccount::TYPE]
                .iter()
                .any(|kind| self.streams.contains_key(*kind))
    }

    /// Whether the last line's download can be the file itself: of the same log, as ndjson, and not limited to a time
    /// before the download.
    fn is_own_record(&self, last: &Last, download: &Download) -> bool {
        let of_this_log = !self.is_of_a_group() || last.kind == Group::TYPE;
        let open = download.to.is_none_or(|to| to.to_string() > last.recorded_at);
        of_this_log && open && matches!(download.format, LogFormat::Ndjson)
    }
}

/// Whether an export contains a stream of this kind completely or not at all.
fn is_exported_whole(kind: &str) -> bool {
    [
        IntegrationApp::TYPE,
        Group::TYPE,
        UserAccount::TYPE,
        Developer::TYPE,
        System::TYPE,
    ]
    .contains(&kind)
}

/// Describes the events missing before the first one of a stream.
struct EarlierEvents<'a>(&'a LineSubject<'a>);

impl fmt::Display for EarlierEvents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineSubject { kind, id, sequence, .. } = self.0;
        match sequence - 1 {
            1 => write!(f, "event 1 of {kind} {id}"),
            before => write!(f, "events 1 to {before} of {kind} {id}"),
        }?;
        f.write_str(", before the file's first; or it was exported from a time on, which `--from T` says here, too")
    }
}
