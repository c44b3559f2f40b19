//! `gatebook operator-token`.

use gatebook_aggregates::identifiers::ApiTokenId;
use std::process::ExitCode;

use chrono::TimeDelta;
use clap::builder::FalseyValueParser;
use clap::{Subcommand, value_parser};
use gatebook_aggregates::text::Label;

use super::start::Opened;
use super::{CliError, operator, output, start};
use crate::application::{Caller, Failure, ListedToken};
use crate::config::DataOptions;
use crate::unique_id::unique_id;

/// Manages tokens for the operator API.
#[derive(Subcommand)]
pub enum OperatorToken {
    /// Creates a token and prints it once.
    Create {
        /// The token's name, which the log will show.
        #[arg(long, env = "GATEBOOK_NAME")]
        name: String,
        /// The number of days after which the token expires; at most a year.
        #[arg(
            long,
            env = "GATEBOOK_EXPIRES_IN_DAYS",
            default_value = "365",
            value_name = "N",
            value_parser = value_parser!(i64).range(1..=365)
        )]
        expires_in_days: i64,
    },
    /// Lists the tokens with id, creation, last use, expiry and name.
    List {
        /// Print JSON.
        #[arg(long, env = "GATEBOOK_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
    },
    /// Ends a token and all of its sessions at once.
    Revoke {
        /// The token's id, as shown by `list`.
        #[arg(long, env = "GATEBOOK_ID")]
        id: ApiTokenId,
    },
}

pub async fn run(data: &DataOptions, command: OperatorToken) -> Result<ExitCode, CliError> {
    let opened = start::gatebook(data, None).await?;
    match command {
        OperatorToken::Create { name, expires_in_days } => create(&opened, &name, expires_in_days).await?,
        OperatorToken::List { json } => list(&opened, json).await?,
        OperatorToken::Revoke { id } => revoke(&opened, id).await?,
    }
    opened.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn create(opened: &Opened, name: &str, days: i64) -> Result<(), CliError> {
    let name = Label::parse("name", name).map_err(Failure::from)?;
    let ends = opened.gatebook.clock.now().plus(TimeDelta::days(days));
    let caller = caller();
    let created = opened
        .gatebook
        .create_operator_token(caller.operator()?, &name, Some(ends));
    let issued = created.await?;
    output::line(issued.token)
}

async fn list(opened: &Opened, json: bool) -> Result<(), CliError> {
    let tokens = opened.gatebook.operator_tokens(caller().operator()?).await?;
    if json {
        output::line(serde_json::to_string_pretty(&tokens).map_err(CliError::other)?)
    } else {
        tokens.iter().map(line).try_for_each(output::line)
    }
}

/// One line per token. The name comes last because it can be long.
fn line(token: &ListedToken) -> String {
    let used = match token.last_used_at {
        Some(at) => format!("used {at}"),
        None => "never used".to_owned(),
    };
    let ends = match token.expires_at {
        Some(at) => format!("ends {at}"),
        None => "never ends".to_owned(),
    };
    let (id, made, name) = (token.id, token.created_at, &token.name);
    format!("{id}  made {made}  {used:29}  {ends:29}  {name}")
}

fn caller() -> Caller {
    Caller::command_line_of(unique_id().to_string(), &operator::name())
}

async fn revoke(opened: &Opened, id: ApiTokenId) -> Result<(), CliError> {
    match opened.gatebook.revoke_operator_token(caller().operator()?, id).await {
        Err(failure) if failure.is_not_found() => Err(CliError::Other(format!(
            "there is no operator token {id}; see “gatebook operator-token list”"
        ))),
        result => Ok(result?),
    }
}
