//! A rebuild or a verification that an operator started from a page: one at a time in a process, in the background.

use crate::application::node::replay_job::{Replay, ReplayJob};
use std::sync::{Arc, PoisonError};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::AnyProjection;

use crate::application::gatebook::Gatebook;
use crate::metrics::Metrics;
use crate::replay::{self, ReplayError};
use crate::store::Database;

impl Gatebook {
    /// The replay that was started last in this process, whether it is over or not.
    pub fn latest_replay(&self) -> Option<Arc<ReplayJob>> {
        self.replays.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a replay, unless one is under way. Says whether it did.
    pub fn start_replay(&self, replay: Replay, projections: Vec<AnyProjection>) -> bool {
        let mut latest = self.replays.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_some_and(|job| !job.has_ended()) {
            return false;
        }
        let job = Arc::new(ReplayJob::new(
            replay,
            projections.iter().map(|projection| projection.name).collect(),
        ));
        *latest = Some(job.clone());
        let (database, now, metrics) = (self.log.database.clone(), self.clock.now(), self.metrics.clone());
        tokio::spawn(async move {
            let ending = Ending(job);
            let job = &*ending.0;
            let done = match replay {
                Replay::Rebuild => rebuild(&database, &projections, now, job).await,
                Replay::Verify => verify(&database, &projections, now, job, &metrics).await,
            };
            if let Err(error) = done {
                job.note_failure(error.to_string());
            }
        });
        true
    }
}

/// Ends a job, however it ends; otherwise none could be started after one that died.
struct Ending(Arc<ReplayJob>);

impl Drop for Ending {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.note_failure("it died; see the program's log".to_owned());
        }
        self.0.end();
    }
}

async fn rebuild(
    database: &Arc<dyn Database>,
    projections: &[AnyProjection],
    now: Timestamp,
    job: &ReplayJob,
) -> Result<(), ReplayError> {
    for projection in projections {
        let report = replay::rebuild(database, projection, now, job).await?;
        let rows = report.rows.map_or("?".to_owned(), |rows| rows.to_string());
        for event in &report.unreadable {
            job.note_failure(format!("closed: {event}"));
        }
        job.note(format!(
            "{}: generation {}, {rows} rows, position {}",
            report.projection, report.generation, report.position
        ));
    }
    match replay::restore_reservations(database, job).await? {
        0 => {}
        restored => job.note(format!("reservations: {restored} restored")),
    }
    Ok(())
}

async fn verify(
    database: &Arc<dyn Database>,
    projections: &[AnyProjection],
    now: Timestamp,
    job: &ReplayJob,
    metrics: &Metrics,
) -> Result<(), ReplayError> {
    let mut report = replay::verify(database, projections, job).await?;
    for projection in projections {
        // Of more differences than are kept, nobody knows whose they are.
        let is_equal = report.more == 0 && report.differences.iter().all(|one| one.table != projection.name);
        metrics.projection_verified(projection.name, is_equal, now);
    }
    report.merge(replay::verify_reservations(database, job).await?);
    for difference in &report.differences {
        job.note_failure(difference.to_string());
    }
    if report.more > 0 {
        job.note_failure(format!("… and {} more", report.more));
    }
    let verdict = if report.differences.is_empty() {
        "all equal"
    } else {
        "something differs"
    };
    job.note(format!("{} events, {} rows: {verdict}", report.events, report.rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_dies_has_ended_and_failed() {
        let job = Arc::new(ReplayJob::new(Replay::Verify, Vec::new()));
        let ending = Ending(job.clone());
        let died = tokio::spawn(async move {
            let _ending = ending;
            panic!("as a bug would");
        });
        assert!(died.await.unwrap_err().is_panic());
        assert!(job.has_ended() && job.has_failed());
        assert_eq!(job.findings().len(), 1);
    }
}
