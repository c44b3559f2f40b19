//! `gatebook log quarantine`.

use std::process::ExitCode;

use clap::Args;
use gatebook_aggregates::text::Reason;

use super::arguments::reason;
use super::{CliError, operator, output, start};
use crate::application::Caller;
use crate::config::DataOptions;
use crate::unique_id::unique_id;

/// The event, and the reason.
#[derive(Args)]
pub struct QuarantineOptions {
    /// The event's position in the log, as `log verify` reports it.
    #[arg(long, env = "GATEBOOK_POSITION", value_parser = clap::value_parser!(i64).range(1..), value_name = "N")]
    position: i64,
    /// Why it is skipped, and what is known about it; up to 500 characters.
    #[arg(long, env = "GATEBOOK_REASON", value_parser = reason, value_name = "R")]
    reason: Reason,
}

pub async fn run(
    data: &DataOptions,
    QuarantineOptions { position, reason }: QuarantineOptions,
) -> Result<ExitCode, CliError> {
    let opened = start::existing_gatebook(data).await?;
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let quarantined = opened
        .gatebook
        .quarantine_event(caller.operator()?, position, reason)
        .await;
    opened.close().await?;
    let event = quarantined?;
    output::line(format_args!(
        "the event at position {position} ({} version {}, number {} of {} {}) is now skipped by every node; it stays \
         in the log",
        event.event_type, event.event_version, event.sequence, event.aggregate_type, event.aggregate_id
    ))?;
    Ok(ExitCode::SUCCESS)
}
