//! `gatebook log compare`.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use super::output::Output;
use super::{CliError, exit_code_of, start};
use crate::config::DataOptions;
use crate::replay::compare::{InsteadEvent, LostEvent};
use crate::replay::{CompareError, CompareTotals, Comparison, Finding, Pass};
use crate::store::Database;

/// The files to compare.
#[derive(Args)]
pub struct Compare {
    /// Exported ndjson files (`gatebook log export --format ndjson`) of applications, groups, developers or the
    /// installation, made before the restore.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON: one object per line for each finding, and one with the totals.
    #[arg(long, env = "GATEBOOK_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Runs the command. It reads every file once or twice, because events that took access away are reported first.
pub async fn run(data: &DataOptions, options: &Compare) -> Result<ExitCode, CliError> {
    let database = start::existing_database(data).await?;
    let compared = compare(&*database, options).await;
    database.close().await;
    Ok(exit_code_of(compared?.nothing_lost()))
}

async fn compare(database: &dyn Database, options: &Compare) -> Result<CompareTotals, CliError> {
    let mut out = Findings::new(options.json);
    let (totals, strangers) = pass(database, options, Pass::TookAccessAway, &mut out).await?;
    if totals.others() > 0 {
        pass(database, options, Pass::Others, &mut out).await?;
    }
    out.end(options.files.len(), &totals, &strangers)
        .map_err(CliError::io("writing the findings"))?;
    Ok(totals)
}

/// Returns the totals, and the files of which the database has no event.
async fn pass<'a>(
    database: &dyn Database,
    options: &'a Compare,
    pass: Pass,
    out: &mut Findings,
) -> Result<(CompareTotals, Vec<&'a Path>), CliError> {
    let mut strangers = Vec::new();
    let mut comparison = Comparison::new(database, pass, |finding| out.finding(&finding));
    for path in &options.files {
        let name = path.display().to_string();
        let file = File::open(path).map_err(CliError::io(format!("opening {name}")))?;
        match comparison.file(&name, BufReader::new(file)).await {
            Ok(true) => {}
            Ok(false) => strangers.push(path.as_path()),
            Err(CompareError::Io(error)) => return Err(CliError::io(format!("comparing {name}"))(error)),
            Err(CompareError::Store(error)) => return Err(error.into()),
        }
    }
    Ok((comparison.totals(), strangers))
}

/// Writes findings to standard output at once.
struct Findings {
    json: bool,
    /// Which headings have been written.
    urgent: bool,
    others: bool,
}

/// The last line of the JSON output.
#[derive(Serialize)]
struct CompareSummary<'a> {
    finding: &'static str,
    #[serde(flatten)]
    totals: &'a CompareTotals,
}

impl Findings {
    fn new(json: bool) -> Self {
        Self {
            json,
            urgent: false,
            others: false,
        }
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let mut out = Output;
        if self.json {
            return writeln!(out, "{}", serde_json::to_string(finding)?);
        }
        match finding {
            Finding::Unusable { file, line, problem } => writeln!(out, "{file} line {line}: CANNOT BE USED: {problem}"),
            Finding::Missing(lost) => {
                self.heading(&mut out, lost.took_access_away)?;
                writeln!(out, "{}", lost_line(lost))
            }
            Finding::Differs { lost, instead } => {
                self.heading(&mut out, lost.took_access_away)?;
                writeln!(out, "{}\n    {}", lost_line(lost), instead_line(instead))
            }
        }
    }

    fn heading(&mut self, out: &mut impl Write, urgent: bool) -> io::Result<()> {
        let written = if urgent { &mut self.urgent } else { &mut self.others };
        if std::mem::replace(written, true) {
            return Ok(());
        }
        match urgent {
            true => writeln!(out, "LOST, AND TOOK ACCESS AWAY (repeat each of these):"),
            false => writeln!(out, "Lost, but took no access away:"),
        }
    }

    fn end(&self, files: usize, totals: &CompareTotals, strangers: &[&Path]) -> io::Result<()> {
        let mut out = Output;
        if self.json {
            let line = CompareSummary {
                finding: "totals",
                totals,
            };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
            return out.flush();
        }
        for path in strangers.iter().filter(|_| totals.missing + totals.differs > 0) {
            writeln!(
                out,
                "{}: the database has none of its events; is this the right database?",
                path.display()
            )?;
        }
        let CompareTotals {
            events,
            missing,
            differs,
            took_access_away,
            unusable,
        } = totals;
        let verdict = if totals.nothing_lost() {
            "none are missing from the database".to_owned()
        } else {
            format!(
                "{missing} ARE MISSING FROM THE DATABASE, AND {differs} WERE REPLACED BY OTHERS; {took_access_away} of \
                 these took access away; {unusable} lines cannot be used"
            )
        };
        writeln!(out, "{events} events in {files} files: {verdict}")?;
        out.flush()
    }
}

fn lost_line(lost: &LostEvent) -> String {
    let LostEvent {
        file,
        line,
        position,
        recorded_at,
        aggregate_type,
        aggregate_id,
        sequence,
        app_name,
        event,
        summary,
        undone,
        ..
    } = lost;
    let name = if app_name.is_empty() {
        String::new()
    } else {
        format!(" “{app_name}”")
    };
    let undone = undone.map(|undone| format!(" UNDONE: {undone}.")).unwrap_or_default();
    format!(
        "{recorded_at} {aggregate_type} {aggregate_id}{name}: {summary}{undone} \
         ({event}, number {sequence}, position {position}; {file} line {line})"
    )
}

fn instead_line(instead: &InsteadEvent) -> String {
    let InsteadEvent {
        position,
        recorded_at,
        event,
        summary,
    } = instead;
    format!("replaced since the restore by: {recorded_at} {summary} ({event}, position {position})")
}
