//! `gatebook resource-server`.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::text::Label;

use super::{CliError, operator, output, start};
use crate::application::{Caller, Failure};
use crate::config::DataOptions;
use crate::unique_id::unique_id;

/// Manages credentials for gateways.
#[derive(Subcommand)]
pub enum ResourceServerCommand {
    /// Creates credentials and prints them as JSON once.
    Create {
        /// The gateway's name.
        #[arg(long, env = "GATEBOOK_NAME")]
        name: String,
    },
}

pub async fn run(
    data: &DataOptions,
    ResourceServerCommand::Create { name }: ResourceServerCommand,
) -> Result<ExitCode, CliError> {
    let name = Label::parse("name", &name).map_err(Failure::from)?;
    let opened = start::gatebook(data, None).await?;
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let issued = opened
        .gatebook
        .create_resource_server(caller.operator()?, &name)
        .await?;
    output::line(serde_json::to_string(&issued).map_err(CliError::other)?)?;
    opened.close().await?;
    Ok(ExitCode::SUCCESS)
}
