//! Compares exported files with the database: which events of them it lacks. After a restore of an older backup those
//! are the events that the restore undid, of which the ones that took access away are the urgent ones.

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

/// So many lines are looked up in the database at a time; what is held in memory grows with it and not with the file.
const BATCH: usize = 500;
/// So many lines that cannot be used are named in each file; the rest is counted.
const UNUSABLE_SHOWN: u64 = 10;

/// Which of the lost events are reported. Two passes over the files report the urgent ones first, in constant memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Those that took access away, and lines that cannot be used.
    TookAccessAway,
    /// All others.
    Others,
}

/// One thing that a comparison found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The database has nothing in the event's place.
    Missing(LostEvent),
    /// The database has another event in the event's place: one that was recorded since the restore.
    Differs {
        /// The event of the file.
        #[serde(flatten)]
        lost: LostEvent,
        /// What the database has instead.
        instead: InsteadEvent,
    },
    /// The line is no event, or is not what was exported.
    Unusable {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

/// An event of a file that the database lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostEvent {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// Where it stood in the whole log.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: String,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// Its stream.
    pub aggregate_id: String,
    /// The group whose log it belonged to.
    pub group_id: String,
    /// Its number in its stream.
    pub sequence: i64,
    /// The application's name; empty for events of others.
    pub app_name: String,
    /// Its name.
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
    /// Whether it took access away from somebody.
    pub took_access_away: bool,
    /// If so: what is the case again without it, unless it was done again.
    pub undone: Option<&'static str>,
}

/// An event of the database in the place of a lost one: with the same number in the same stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsteadEvent {
    /// Where it stands in the whole log.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: String,
    /// Its name.
    pub event: String,
    /// What happened, as an English sentence.
    pub summary: String,
}

/// How much was compared, and what came of it. Events that stand in several files count once when they are lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompareTotals {
    /// Events that were read.
    pub events: u64,
    /// Of these, those in whose place the database has nothing.
    pub missing: u64,
    /// Of these, those in whose place the database has another event.
    pub differs: u64,
    /// Of the missing and the differing, those that took access away.
    pub took_access_away: u64,
    /// Lines that are no events, or not what was exported.
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

/// Why a comparison could not go on.
#[derive(Debug, Error)]
pub enum CompareError {
    /// A file cannot be read, or the findings cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One pass over exported files. Memory grows with what is lost, by sixteen bytes an event, and not with the files.
pub struct Comparison<'a, F> {
    database: &'a dyn Database,
    pass: Pass,
    report: F,
    totals: CompareTotals,
    /// The hashes of lost events that were counted already.
    counted: HashSet<u128>,
}

impl<'a, F: FnMut(Finding) -> io::Result<()>> Comparison<'a, F> {
    /// A pass that tells `report` what it finds, as soon as it does.
    pub fn new(database: &'a dyn Database, pass: Pass, report: F) -> Self {
        Self {
            database,
            pass,
            report,
            totals: CompareTotals::default(),
            counted: HashSet::new(),
        }
    }

    /// What all files of the pass came to.
    pub fn totals(self) -> CompareTotals {
        self.totals
    }

    /// Compares a file; whether the database has any event of it.
    ///
    /// # Errors
    /// A file or a database that cannot be read.
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

    /// Compares some events; whether the database has any of them.
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
