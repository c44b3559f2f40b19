//! `gatebook tokens`.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::timestamp::{TimeError, Timestamp};

use super::{CliError, operator, output, start};
use crate::application::{Caller, TokensEnded};
use crate::config::DataOptions;
use crate::unique_id::unique_id;

/// Manages the access tokens of all integrations.
#[derive(Subcommand)]
pub enum Tokens {
    /// Ends all access tokens of all applications that were issued before a given time. Every node refuses them at once
    /// with `token_revoked`; integrations get new ones with their client secrets. Use this after a restore, which
    /// undoes revocations since the backup, or when tokens have leaked. It cannot be undone, and is recorded (`gatebook
    /// log export --system`). Repeating it for the same or an earlier time changes nothing.
    End {
        /// The time in RFC 3339, such as 2026-11-23T09:15:00Z or with an offset from UTC; or `now`. It must not be in
        /// the future.
        #[arg(long, env = "GATEBOOK_ISSUED_BEFORE", value_parser = moment, value_name = "T")]
        issued_before: Moment,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The time of the command.
    Now,
    At(Timestamp),
}

pub async fn run(data: &DataOptions, command: Tokens) -> Result<ExitCode, CliError> {
    match command {
        Tokens::End { issued_before } => end(data, issued_before).await,
    }
}

async fn end(data: &DataOptions, issued_before: Moment) -> Result<ExitCode, CliError> {
    let opened = start::existing_gatebook(data).await?;
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let issued_before = match issued_before {
        Moment::Now => None,
        Moment::At(time) => Some(time),
    };
    let ended = opened.gatebook.end_tokens(caller.operator()?, issued_before).await;
    opened.close().await?;
    let TokensEnded { issued_before, newly } = ended?;
    let said = match newly {
        true => format!("every node now refuses all access tokens issued before {issued_before}"),
        false => format!("nothing to do: all access tokens issued before {issued_before} are already refused"),
    };
    output::line(said)?;
    Ok(ExitCode::SUCCESS)
}

fn moment(text: &str) -> Result<Moment, String> {
    if text == "now" {
        return Ok(Moment::Now);
    }
    let time = text.parse().map(Moment::At);
    time.map_err(|problem: TimeError| format!("{problem}; or write `now`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_now() {
        let time = Timestamp::parse("2026-11-23T09:15:00Z").unwrap();
        assert_eq!(moment("now"), Ok(Moment::Now));
        assert_eq!(moment("2026-11-23T10:15:00+01:00"), Ok(Moment::At(time)));
        for other in [
            "",
            "Now",
            "yesterday",
            "2026-11-23",
            "2026-11-23T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert!(moment(other).is_err(), "{other}");
        }
    }
}
