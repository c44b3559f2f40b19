//! Finds the events in exported files that the database lacks. After restoring an older backup these are the events
//! that the restore undid; those that took access away are urgent.

mod access;
mod exported_event;
mod missing;

use std::collections::HashSet;
use std::io::{self, BufRead};

use serde::Serialize;
use thiserror::Error;

use self::exported_event::ExportedEvent;
use super::exported_lines::ExportedLines;
use crate::store::{Database, StoreError};

/// How many lines are looked up in the database at a time. This bounds the memory needed, whatever the file's length.
const BATCH: usize = 500;
/// How many unusable lines are shown for each file; further ones are only counted.
const UNUSABLE_SHOWN: u64 = 10;

/// Which lost events to report. Two passes over the files report the urgent ones first with bounded memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Events that took access away, and unusable lines.
    TookAccessAway,
    /// All other events.
    Others,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The database has nothing in the event's place.
    Missing(LostEvent),
    /// The database has another event in its place, recorded since the restore.
    Differs {
        /// The event in the file.
        #[serde(flatten)]
        lost: LostEvent,
        /// What the database has instead.
        instead: InsteadEvent,
    },
    /// The line is not an event, or was changed since the export.
    Unusable {
        file: String,
        /// Counted from 1.
        line: u64,
        problem: String,
    },
}

/// An event in a file that the database lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostEvent {
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    /// Its place in the whole log.
    pub position: i64,
    pub recorded_at: String,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// The id of its stream.
    pub aggregate_id: String,
    /// The group whose log it belonged to.
    pub group_id: String,
    /// Its place in its stream.
    pub sequence: i64,
    /// The application's name. Empty if the event concerns none.
    pub app_name: String,
    /// The event's name.
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
    pub took_access_away: bool,
    /// What is true again without this event, unless it was repeated since. Only for events that took access away.
    pub undone: Option<&'static str>,
}

/// The event that the database has in place of a lost one: same stream, same sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsteadEvent {
    /// Its place in the whole log.
    pub position: i64,
    pub recorded_at: String,
    /// The event's name.
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
}

/// The totals of a comparison. A lost event counts once, even if several files contain it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompareTotals {
    /// Events read.
    pub events: u64,
    /// Events in whose place the database has nothing.
    pub missing: u64,
    /// Events in whose place the database has another event.
    pub differs: u64,
    /// The missing and differing events that took access away.
    pub took_access_away: u64,
    /// Lines that are not events or were changed.
    pub unusable: u64,
}

impl CompareTotals {
    /// Whether the database has everything that the files have.
    pub fn nothing_lost(&self) -> bool {
        self.missing + self.differs + self.unusable == 0
    }

    /// Lost events that took no access away.
    pub fn others(&self) -> u64 {
        (self.missing + self.differs).saturating_sub(self.took_access_away)
    }
}

/// Why a comparison stopped.
#[derive(Debug, Error)]
pub enum CompareError {
    /// A file cannot be read, or the findings cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One pass over exported files. It needs sixteen bytes of memory per lost event, whatever the size of the files.
pub struct Comparison<'a, F> {
    database: &'a dyn Database,
    pass: Pass,
    report: F,
    totals: CompareTotals,
    /// Fingerprints of the lost events counted so far.
    counted: HashSet<u128>,
}

impl<'a, F: FnMut(Finding) -> io::Result<()>> Comparison<'a, F> {
    /// Creates a pass that calls `report` with each finding at once.
    pub fn new(database: &'a dyn Database, pass: Pass, report: F) -> Self {
        Self {
            database,
            pass,
            report,
            totals: CompareTotals::default(),
            counted: HashSet::new(),
        }
    }

    /// The totals over all files of the pass.
    pub fn totals(self) -> CompareTotals {
        self.totals
    }

    /// Compares a file. Returns whether the database has any of its events.
    ///
    /// # Errors
    /// The file or the database cannot be read.
    pub async fn file(&mut self, name: &str, reader: impl BufRead) -> Result<bool, CompareError> {
        let mut lines = ExportedLines::new(reader);
        let mut batch = Vec::with_capacity(BATCH);
        let (mut unusable, mut any_known) = (0, false);
        while let Some(line) = lines.next_line()? {
            match ExportedEvent::read(name, line.number, &line.bytes) {
                Ok(event) => batch.push(event),
                Err(problem) => {
                    unusable += 1;
                    self.unusable(name, line.number, problem, unusable)?;
                }
            }
            if batch.len() == BATCH {
                any_known |= self.batch(std::mem::take(&mut batch)).await?;
            }
        }
        any_known |= self.batch(batch).await?;
        Ok(any_known)
    }

    fn unusable(&mut self, file: &str, line: u64, problem: String, so_far: u64) -> io::Result<()> {
        self.totals.unusable += 1;
        if self.pass != Pass::TookAccessAway || so_far > UNUSABLE_SHOWN {
            return Ok(());
        }
        let file = file.to_owned();
        (self.report)(Finding::Unusable { file, line, problem })
    }

    /// Compares some events. Returns whether the database has any of them.
    async fn batch(&mut self, events: Vec<ExportedEvent>) -> Result<bool, CompareError> {
        self.totals.events += events.len() as u64;
        let total = events.len();
        let missing = missing::without_known(self.database, events).await?;
        let any_known = missing.len() < total;
        for (event, instead) in missing::with_instead(self.database, missing).await? {
            self.lost(event, instead)?;
        }
        Ok(any_known)
    }

    fn lost(&mut self, event: ExportedEvent, instead: Option<InsteadEvent>) -> io::Result<()> {
        if !self.counted.insert(event.fingerprint()) {
            return Ok(());
        }
        let lost = event.lost();
        match instead {
            None => self.totals.missing += 1,
            Some(_) => self.totals.differs += 1,
        }
        self.totals.took_access_away += u64::from(lost.took_access_away);
        if lost.took_access_away != (self.pass == Pass::TookAccessAway) {
            return Ok(());
        }
        (self.report)(match instead {
            None => Finding::Missing(lost),
            Some(instead) => Finding::Differs { lost, instead },
        })
    }
}
