//! `gatebook log`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use futures::StreamExt;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId};
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::timestamp::Timestamp;

use super::{CliError, exit_code_of, log_compare, log_quarantine, operator, output, progress, start};
use crate::activity_log::{LogPeriod, Scope, export};
use crate::application::{Caller, Failure, Gatebook, RecordedDownload};
use crate::config::DataOptions;
use crate::replay::{self, ExportedRange};
use crate::unique_id::unique_id;

/// Exports, verifies and repairs the event log.
#[derive(Subcommand)]
pub enum LogCommand {
    /// Writes the activity log of an application, a group, a developer's account or the installation itself to standard
    /// output. The export is recorded in the log.
    Export(Export),
    /// Verifies the whole log, or an exported ndjson file. The exit code is 0 if it is intact and complete, 2 if not.
    /// Unreadable events are listed, and count as errors until they are quarantined.
    Verify(Verify),
    /// Compares exported ndjson files with the database after a restore. Lists the events of the files that the
    /// database lacks, with those that took access away first, and those that it has replaced by others. The exit code
    /// is 0 if nothing is missing, 2 otherwise. It compares events, not the current state, so changes that have been
    /// repeated since are still listed. Changes nothing, and only needs to read the table of events.
    Compare(log_compare::Compare),
    /// Skips one unreadable event, so that its stream can continue. From then on, rebuilds, commands and exports on
    /// every node ignore it, and whatever it had locked is available again. The event stays in the log and in the hash
    /// chain, and `log verify` always lists it. This is recorded with your reason (`gatebook log export --system`), and
    /// cannot be undone. Readable events cannot be quarantined.
    Quarantine(log_quarantine::QuarantineOptions),
}

/// The log to export.
#[derive(Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["app", "group", "developer", "system"])))]
pub struct Export {
    /// The application's id.
    #[arg(long, env = "GATEBOOK_APP", value_name = "ID")]
    app: Option<AppId>,
    /// The group's id.
    #[arg(long, env = "GATEBOOK_GROUP", value_name = "ID")]
    group: Option<String>,
    /// The developer's id, as in `actor_id`: exports what happened with their own account, such as log-ins, and what
    /// was refused there.
    #[arg(long, env = "GATEBOOK_DEVELOPER", value_name = "ID")]
    developer: Option<DeveloperId>,
    /// The installation's own log: events that do not belong to a single customer or developer, such as ended tokens or
    /// refused operator log-ins.
    #[arg(long, env = "GATEBOOK_SYSTEM", value_parser = FalseyValueParser::new())]
    system: bool,
    /// The format.
    #[arg(long, env = "GATEBOOK_FORMAT", default_value = "csv")]
    format: Format,
    /// Only events recorded at this time or later: RFC 3339, such as 2026-11-23T09:15:00Z, or with an offset from UTC;
    /// years 1970 to 9998.
    #[arg(long, env = "GATEBOOK_FROM", value_name = "T")]
    from: Option<Timestamp>,
    /// Only events recorded before this time, in the same format; not before `--from`. A time in the future means until
    /// now: the log ends with this export.
    #[arg(long, env = "GATEBOOK_TO", value_name = "T")]
    to: Option<Timestamp>,
}

/// The log to verify.
#[derive(Args)]
pub struct Verify {
    /// An exported ndjson file. Default: the whole log in the database.
    file: Option<PathBuf>,
    /// The `--from` of the export, if it had one, so that earlier events do not count as missing.
    #[arg(long, env = "GATEBOOK_FROM", value_name = "T")]
    from: Option<Timestamp>,
    /// The `--to` of the export, if it had one. The file then does not end with the record of its own export.
    #[arg(long, env = "GATEBOOK_TO", value_name = "T")]
    to: Option<Timestamp>,
}

/// The format of an exported log.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For spreadsheets (RFC 4180).
    Csv,
    /// One JSON object per line, which can be verified.
    Ndjson,
}

pub async fn run(data: &DataOptions, command: LogCommand) -> Result<ExitCode, CliError> {
    match command {
        LogCommand::Export(options) => write_log(data, options).await,
        LogCommand::Verify(Verify {
            file: Some(file),
            from,
            to,
        }) => verify_file(&file, ExportedRange { from, to }),
        LogCommand::Verify(_) => verify_database(data).await,
        LogCommand::Compare(options) => log_compare::run(data, &options).await,
        LogCommand::Quarantine(options) => log_quarantine::run(data, options).await,
    }
}

async fn write_log(data: &DataOptions, options: Export) -> Result<ExitCode, CliError> {
    let (from, to) = (options.from, options.to);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(CliError::Usage(format!(
            "--to {} is before --from",
            to.map(|to| to.to_string()).unwrap_or_default()
        )));
    }
    let format = match options.format {
        Format::Csv => LogFormat::Csv,
        Format::Ndjson => LogFormat::Ndjson,
    };
    let opened = start::existing_gatebook(data).await?;
    let gatebook = &opened.gatebook;
    let (scope, recorded) = record_download(gatebook, options, format).await?;
    let range = LogPeriod {
        from,
        to,
        up_to_position: recorded.up_to_position,
    };
    let mut chunks = Box::pin(export(gatebook.log.database.clone(), scope, range, format));
    while let Some(chunk) = chunks.next().await {
        output::bytes(&chunk?)?;
        // Nobody reads the rest.
        if output::reader_is_gone() {
            break;
        }
    }
    drop(chunks);
    opened.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// R28: the download is in the log before a byte of it leaves.
async fn record_download(
    gatebook: &Gatebook,
    options: Export,
    format: LogFormat,
) -> Result<(Scope, RecordedDownload), CliError> {
    let (from, to) = (options.from, options.to);
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let operator = caller.operator()?;
    if options.system {
        let recorded = gatebook.record_system_log_download(operator, format, from, to).await?;
        return Ok((Scope::System, recorded));
    }
    if let Some(developer) = options.developer {
        let recorded = gatebook.record_developer_log_download(operator, developer, format, from, to);
        return Ok((Scope::Developer(developer), recorded.await?));
    }
    if let Some(app) = options.app {
        let recorded = gatebook.record_app_log_download(&caller, app, format, from, to);
        return Ok((Scope::App(app), recorded.await?));
    }
    let group = GroupId::parse(&options.group.unwrap_or_default()).map_err(Failure::from)?;
    let recorded = gatebook
        .record_group_log_download(&caller, &group, format, from, to)
        .await?;
    Ok((Scope::Group(group), recorded))
}

fn verify_file(path: &Path, range: ExportedRange) -> Result<ExitCode, CliError> {
    let file = File::open(path).map_err(CliError::io(format!("opening {}", path.display())))?;
    let report = replay::verify_exported(BufReader::new(file), range)
        .map_err(CliError::io(format!("reading {}", path.display())))?;
    report.findings.iter().try_for_each(output::line)?;
    if report.more > 0 {
        output::line(format_args!("… and {} more", report.more))?;
    }
    for missing in &report.missing {
        output::line(format_args!("missing: {missing}"))?;
    }
    for note in &report.notes {
        output::line(format_args!("note: {note}"))?;
    }
    let verdict = match (report.holds(), report.is_whole()) {
        (true, true) => "the file is intact",
        (true, false) => "THE FILE IS INCOMPLETE",
        (false, _) => "THE FILE IS NOT INTACT",
    };
    output::line(format_args!("{} events: {verdict}", report.lines))?;
    Ok(exit_code_of(report.holds() && report.is_whole()))
}

async fn verify_database(data: &DataOptions) -> Result<ExitCode, CliError> {
    let database = start::existing_database(data).await?;
    let report = replay::verify_log(&database, &*progress::for_terminal()).await?;
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
    let holds = report.differences.is_empty();
    output::line(format_args!(
        "{} events: {}",
        report.events,
        if holds {
            "the log is intact"
        } else {
            "THE LOG IS NOT INTACT"
        }
    ))?;
    database.close().await;
    Ok(exit_code_of(holds))
}
