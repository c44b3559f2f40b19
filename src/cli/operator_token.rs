//! `gatebook operator-token`.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::words::Label;

use super::{CliError, start};
use crate::application::Failure;
use crate::config::DataOptions;

/// Tokens for the operators' API.
#[derive(Subcommand)]
pub enum OperatorToken {
    /// Makes a token and prints it, once.
    Create {
        /// The token's name, as the log will show it.
        #[arg(long, env = "GATEBOOK_NAME")]
        name: String,
    },
}

/// Runs the command.
#[expect(clippy::print_stdout, reason = "printing the token is the command")]
pub async fn run(data: &DataOptions, OperatorToken::Create { name }: OperatorToken) -> Result<ExitCode, CliError> {
    let name = Label::parse("name", &name).map_err(Failure::from)?;
    let opened = start::gatebook(data, None).await?;
    let issued = opened.gatebook.create_operator_token(&name).await?;
    println!("{}", issued.token);
    opened.close().await?;
    Ok(ExitCode::SUCCESS)
}
