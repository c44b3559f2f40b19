//! `gatebook operator-token`.

use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::FalseyValueParser;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::words::Label;
use uuid::Uuid;

use super::start::Opened;
use super::{CliError, output, start};
use crate::application::{Failure, ListedToken};
use crate::config::DataOptions;
use crate::log::CommandError;

/// Tokens for the operators' API.
#[derive(Subcommand)]
pub enum OperatorToken {
    /// Makes a token and prints it, once.
    Create {
        /// The token's name, as the log will show it.
        #[arg(long, env = "GATEBOOK_NAME")]
        name: String,
    },
    /// Lists the tokens: id, when it was made, when it was used last, name.
    List {
        /// As JSON.
        #[arg(long, env = "GATEBOOK_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
    },
    /// Ends a token and every session that was begun with it, at once.
    Revoke {
        /// The token's id, as `list` shows it.
        #[arg(long, env = "GATEBOOK_ID")]
        id: Uuid,
    },
}

/// Runs the command.
pub async fn run(data: &DataOptions, command: OperatorToken) -> Result<ExitCode, CliError> {
    let opened = start::gatebook(data, None).await?;
    match command {
        OperatorToken::Create { name } => create(&opened, &name).await?,
        OperatorToken::List { json } => list(&opened, json).await?,
        OperatorToken::Revoke { id } => revoke(&opened, id).await?,
    }
    opened.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn create(opened: &Opened, name: &str) -> Result<(), CliError> {
    let name = Label::parse("name", name).map_err(Failure::from)?;
    let issued = opened.gatebook.create_operator_token(&name).await?;
    output::line(issued.token)
}

async fn list(opened: &Opened, json: bool) -> Result<(), CliError> {
    let tokens = opened.gatebook.operator_tokens().await?;
    if json {
        output::line(serde_json::to_string_pretty(&tokens).map_err(CliError::other)?)
    } else {
        tokens.iter().map(line).try_for_each(output::line)
    }
}

/// A token in one line. The name is last, because it can be any length.
fn line(token: &ListedToken) -> String {
    let used = match token.last_used_at {
        Some(at) => format!("used {at}"),
        None => "never used".to_owned(),
    };
    format!("{}  made {}  {used:29}  {}", token.id, token.created_at, token.name)
}

async fn revoke(opened: &Opened, id: Uuid) -> Result<(), CliError> {
    match opened.gatebook.revoke_operator_token(id).await {
        Err(Failure::Command(CommandError::Refused(Refusal::NotFound))) => Err(CliError::Other(format!(
            "there is no operator token {id}; “gatebook operator-token list” shows those that there are"
        ))),
        result => Ok(result?),
    }
}
