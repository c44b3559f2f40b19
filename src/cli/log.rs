//! `gatebook log`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use futures::StreamExt;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::integration_app::LogFormat;
use gatebook_aggregates::timestamp::Timestamp;
use uuid::Uuid;

use super::{CliError, DIFFERENCES_FOUND, log_compare, log_quarantine, operator, output, progress, start};
use crate::activity_log::{LogPeriod, Scope, export};
use crate::application::{Caller, Failure};
use crate::config::DataOptions;
use crate::replay::{self, ExportedRange};

/// The log itself.
#[derive(Subcommand)]
pub enum LogCommand {
    /// Writes the activity log of an application, a group, a developer's account or the installation to standard
    /// output. The export is recorded in that log.
    Export(Export),
    /// Verifies the whole log, or an exported ndjson file. Exit code 0 if it is intact and complete, 2 if not. An event
    /// that cannot be read is reported, and counts as an error until it is quarantined.
    Verify(Verify),
    /// Compares exported ndjson files with the database, for use after a restore: reports the events of the files that
    /// the database lacks, first those that took access away, and events that it has in their place. Exit code 0 if it
    /// lacks nothing, 2 if it lacks something. It compares events, not the present state: a change that has been
    /// repeated since is still reported. Changes nothing, and only needs to read the table of events.
    Compare(log_compare::Compare),
    /// Skips one event that cannot be read, so that its stream can continue. From then on rebuilds, commands and
    /// exports leave it out on every node, and whatever it had closed opens again. The event stays in the log and in
    /// the hash chain, and `log verify` always reports it. Who did it and why is recorded (`gatebook log export
    /// --system`). It cannot be undone. Events that can be read are refused.
    Quarantine(log_quarantine::QuarantineOptions),
}

#[derive(Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["app", "group", "developer", "system"])))]
pub struct Export {
    /// The application's id.
    #[arg(long, env = "GATEBOOK_APP", value_name = "ID")]
    app: Option<Uuid>,
    /// The group's id.
    #[arg(long, env = "GATEBOOK_GROUP", value_name = "ID")]
    group: Option<String>,
    /// The developer's id, as in `actor_id`. Exports what they did with their own account, such as logging in, and what
    /// was refused there.
    #[arg(long, env = "GATEBOOK_DEVELOPER", value_name = "ID")]
    developer: Option<Uuid>,
    /// The installation's own log: events that concern no single customer or developer, such as ended tokens, or
    /// refused log-ins of operators.
    #[arg(long, env = "GATEBOOK_SYSTEM", value_parser = FalseyValueParser::new())]
    system: bool,
    /// The format.
    #[arg(long, env = "GATEBOOK_FORMAT", default_value = "csv")]
    format: Format,
    /// Only events recorded at this time or later: RFC 3339, as in 2026-11-23T09:15:00Z, or with an offset from UTC;
    /// from 1970 to 9998.
    #[arg(long, env = "GATEBOOK_FROM", value_name = "T")]
    from: Option<Timestamp>,
    /// Only events recorded before this time, in the same format; not before `--from`. A time in the future means now:
    /// the log then ends with the record of this export.
    #[arg(long, env = "GATEBOOK_TO", value_name = "T")]
    to: Option<Timestamp>,
}

#[derive(Args)]
pub struct Verify {
    /// An exported ndjson file. Without it, the whole log of the database is verified.
    file: Option<PathBuf>,
    /// The `--from` that FILE was exported with. Earlier events then do not count as missing.
    #[arg(long, env = "GATEBOOK_FROM", value_name = "T")]
    from: Option<Timestamp>,
    /// The `--to` that FILE was exported with. FILE then need not end with the record of its own download.
    #[arg(long, env = "GATEBOOK_TO", value_name = "T")]
    to: Option<Timestamp>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For spreadsheets (RFC 4180).
    Csv,
    /// One JSON object per line, verifiable.
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
    let Export {
        app,
        group,
        developer,
        system,
        format,
        from,
        to,
    } = options;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(CliError::Usage(format!(
            "--to {} lies before --from",
            to.map(|to| to.to_string()).unwrap_or_default()
        )));
    }
    let format = match format {
        Format::Csv => LogFormat::Csv,
        Format::Ndjson => LogFormat::Ndjson,
    };
    let opened = start::existing_gatebook(data).await?;
    let gatebook = &opened.gatebook;
    let caller = Caller::command_line_of(Uuid::now_v7().to_string(), &operator::name());
    let (scope, recorded) = match (app, developer, group) {
        _ if system => {
            let recorded = gatebook.record_system_log_download(&caller, format, from, to).await?;
            (Scope::System, recorded)
        }
        (_, Some(developer), _) => (
            Scope::Developer(developer),
            gatebook
                .record_developer_log_download(&caller, developer, format, from, to)
                .await?,
        ),
        (Some(app), None, _) => (
            Scope::App(app),
            gatebook.record_app_log_download(&caller, app, format, from, to).await?,
        ),
        (None, None, group) => {
            let group = GroupId::parse(&group.unwrap_or_default()).map_err(Failure::from)?;
            let recorded = gatebook
                .record_group_log_download(&caller, &group, format, from, to)
                .await?;
            (Scope::Group(group), recorded)
        }
    };
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
        (true, true) => "the file holds together",
        (true, false) => "THE FILE IS NOT WHOLE",
        (false, _) => "THE FILE DOES NOT HOLD",
    };
    output::line(format_args!("{} events: {verdict}", report.lines))?;
    Ok(exit_code(report.holds() && report.is_whole()))
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
            "the log holds together"
        } else {
            "THE LOG DOES NOT HOLD"
        }
    ))?;
    database.close().await;
    Ok(exit_code(holds))
}

/// 0 if all is well, 2 if not.
pub fn exit_code(holds: bool) -> ExitCode {
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENCES_FOUND)
    }
}
