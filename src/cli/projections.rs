//! `gatebook projections`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::FalseyValueParser;
use gatebook_projections::projection::AnyProjection;
use gatebook_projections::registry;

use super::{CliError, exit_code_of, output, progress, start};
use crate::clock::Clock;
use crate::config::DataOptions;
use crate::replay::{self, BrokenLog, ProjectionStatus, RebuildReport};

/// Manages the projections: the tables that are built from the events.
#[derive(Subcommand)]
pub enum Projections {
    /// Shows whether each projection is up to date, its generation, the last event that changed it, and the last error.
    Status {
        /// Print JSON.
        #[arg(long, env = "GATEBOOK_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
    },
    /// Builds new tables from the log while the old ones stay in use, and then switches. An interrupted rebuild
    /// continues where it stopped. Missing reservations of names and addresses are restored. Hash chains are verified
    /// on the way, and an altered log is refused. The exit code is 2 if there are unreadable events: whatever they
    /// concern stays locked until they are quarantined.
    Rebuild {
        /// The projections. Default: all
        names: Vec<String>,
        /// Starts over, and discards an interrupted rebuild.
        #[arg(long, env = "GATEBOOK_FRESH", value_parser = FalseyValueParser::new())]
        fresh: bool,
        /// Uses the log as it is, even if its numbers or hashes are wrong.
        #[arg(long, env = "GATEBOOK_ACCEPT_BROKEN_LOG", value_parser = FalseyValueParser::new())]
        accept_broken_log: bool,
    },
    /// Compares the tables, including the reserved names and addresses, with the log. The exit code is 0 if they are
    /// equal, 2 if they differ.
    Verify {
        /// The projections. Default: all
        names: Vec<String>,
        /// Print JSON.
        #[arg(long, env = "GATEBOOK_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
    },
}

pub async fn run(data: &DataOptions, command: Projections) -> Result<ExitCode, CliError> {
    match command {
        Projections::Status { json } => status(data, json).await,
        Projections::Rebuild {
            names,
            fresh,
            accept_broken_log,
        } => {
            let broken_log = match accept_broken_log {
                true => BrokenLog::Accepted,
                false => BrokenLog::Refused,
            };
            rebuild(data, &names, fresh, broken_log).await
        }
        Projections::Verify { names, json } => verify(data, &names, json).await,
    }
}

async fn status(data: &DataOptions, json: bool) -> Result<ExitCode, CliError> {
    let database = start::existing_database(data).await?;
    let status = replay::status(&database).await?;
    if json {
        output::line(serde_json::to_string_pretty(&status).map_err(CliError::other)?)?;
    } else {
        status.iter().map(line).try_for_each(output::line)?;
    }
    database.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn rebuild(
    data: &DataOptions,
    names: &[String],
    fresh: bool,
    broken_log: BrokenLog,
) -> Result<ExitCode, CliError> {
    let projections = named(names)?;
    let database = start::database(data).await?;
    let mut unreadable = BTreeMap::new();
    for projection in projections {
        if fresh {
            replay::discard(&database, &projection).await?;
        }
        let (now, progress) = (Clock::System.now(), progress::for_terminal());
        let report = replay::rebuild_with(&database, &projection, now, &*progress, broken_log).await?;
        let RebuildReport {
            projection,
            generation,
            rows,
            position,
            resumed,
            unreadable: found,
        } = report;
        unreadable.extend(found.into_iter().map(|event| (event.position, event)));
        let rows = rows.map_or("?".to_owned(), |rows| rows.to_string());
        let resumed = if resumed { ", resumed" } else { "" };
        output::line(format_args!(
            "{projection}: generation {generation}, {rows} rows, position {position}{resumed}"
        ))?;
    }
    match replay::restore_reservations(&database, &*progress::for_terminal()).await? {
        0 => {}
        restored => output::line(format_args!("reservations: {restored} restored"))?,
    }
    for event in unreadable.values() {
        output::line(format_args!("closed: {event}; see `gatebook log quarantine --help`"))?;
    }
    database.close().await;
    Ok(exit_code_of(unreadable.is_empty()))
}

async fn verify(data: &DataOptions, names: &[String], json: bool) -> Result<ExitCode, CliError> {
    let projections = named(names)?;
    let database = start::existing_database(data).await?;
    let mut report = replay::verify(&database, &projections, &*progress::for_terminal()).await?;
    report.merge(replay::verify_reservations(&database, &*progress::for_terminal()).await?);
    let equal = report.differences.is_empty();
    if json {
        output::line(serde_json::to_string_pretty(&report).map_err(CliError::other)?)?;
    } else {
        report.differences.iter().try_for_each(output::line)?;
        if report.more > 0 {
            output::line(format_args!("… and {} more", report.more))?;
        }
        for quarantined in &report.quarantined {
            output::line(quarantined)?;
        }
        for warning in &report.warnings {
            output::line(format_args!("warning: {warning}"))?;
        }
        let verdict = if equal { "all equal" } else { "SOMETHING DIFFERS" };
        output::line(format_args!(
            "{} events, {} rows: {verdict}",
            report.events, report.rows
        ))?;
    }
    database.close().await;
    Ok(exit_code_of(equal))
}

/// One line for a projection's state. Rows are committed together with events, so a table filled by this program's fold
/// is never behind, even if its last change is long ago.
fn line(status: &ProjectionStatus) -> String {
    let ProjectionStatus {
        name,
        generation,
        rows,
        position,
        head,
        ..
    } = status;
    let state = match status.stale {
        true => "NEEDS A REBUILD (its meaning has changed)".to_owned(),
        false => format!("up to date with the log, which ends at position {head}"),
    };
    let changed = match position {
        0 => "never changed".to_owned(),
        position => format!("last changed by position {position}"),
    };
    let mut line = format!("{name:12} {state}; {rows} rows, {changed}, generation {generation}");
    if status.rebuilding.is_some() {
        line += "; a rebuild is running or was interrupted";
    }
    if let Some(error) = &status.last_error {
        line += &format!("; LAST ERROR: {error}");
    }
    line
}

fn named(names: &[String]) -> Result<Vec<AnyProjection>, CliError> {
    if names.is_empty() {
        return Ok(registry::all().to_vec());
    }
    let find = |name: &String| {
        registry::named(name).ok_or_else(|| {
            let all: Vec<_> = registry::all().iter().map(|projection| projection.name).collect();
            CliError::Other(format!(
                "there is no projection “{name}”; choose from {}",
                all.join(", ")
            ))
        })
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_that_few_events_concern_does_not_read_as_if_it_were_behind() {
        let mut status = ProjectionStatus {
            name: "system",
            generation: 1,
            fold_version: 1,
            code_fold_version: 1,
            stale: false,
            rows: 1,
            position: 45,
            head: 75_986,
            rebuilt_at: None,
            rebuilding: None,
            last_error: None,
        };
        let message = "system       up to date with the log, which ends at position 75986; 1 rows, last changed by position 45, \
                    generation 1";
        assert_eq!(line(&status), message);
        (status.position, status.rows) = (0, 0);
        assert!(line(&status).contains("; 0 rows, never changed,"), "{}", line(&status));
        status.stale = true;
        status.last_error = Some("the disk is full".to_owned());
        let stale = line(&status);
        assert!(
            stale.contains("NEEDS A REBUILD") && !stale.contains("up to date"),
            "{stale}"
        );
        assert!(stale.ends_with("; LAST ERROR: the disk is full"), "{stale}");
    }
}
