//! `gatebook resource-server`.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::text::Label;

use super::arguments::{OutputFormat, OutputOptions};
use super::as_operator::{as_operator, or_missing};
use super::confirmation::Confirmation;
use super::table::{Table, print_facts, print_json};
use super::{CliError, operator, output, start};
use crate::application::{Caller, Failure, Gatebook, Operator, ResourceServer};
use crate::config::DataOptions;
use crate::unique_id::unique_id;
use crate::web::api::json::{Items, ResourceServerJson};

/// Manages credentials for gateways.
#[derive(Subcommand)]
pub enum ResourceServerCommand {
    /// Creates credentials and prints them as JSON once.
    Create {
        /// The gateway's name.
        #[arg(long, env = "GATEBOOK_NAME")]
        name: String,
    },
    /// Lists the gateways that may introspect and verify tokens, oldest first.
    List {
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Shows one gateway.
    Show {
        /// The gateway's client id.
        client_id: String,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Ends a gateway's credentials at once: it can neither introspect nor verify tokens any more, so it lets nothing
    /// through. It cannot be undone, so it asks first.
    Revoke {
        /// The gateway's client id.
        client_id: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub async fn run(data: &DataOptions, command: ResourceServerCommand) -> Result<ExitCode, CliError> {
    match command {
        ResourceServerCommand::Create { name } => create(data, &name).await?,
        ResourceServerCommand::List { output } => list(data, output).await?,
        ResourceServerCommand::Show { client_id, output } => show(data, &client_id, output).await?,
        ResourceServerCommand::Revoke {
            client_id,
            confirmation,
        } => revoke(data, &client_id, confirmation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// It may be the first command of an installation, which it then creates.
async fn create(data: &DataOptions, name: &str) -> Result<(), CliError> {
    let name = Label::parse("name", name).map_err(Failure::from)?;
    let opened = start::gatebook(data, None).await?;
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let issued = opened
        .gatebook
        .create_resource_server(caller.operator()?, &name)
        .await?;
    output::line(serde_json::to_string(&issued).map_err(CliError::other)?)?;
    opened.close().await
}

async fn list(data: &DataOptions, output: OutputOptions) -> Result<(), CliError> {
    let servers = as_operator(data, async |gatebook, operator| {
        Ok(gatebook.resource_servers(operator).await?)
    })
    .await?;
    if output.output == OutputFormat::Json {
        let items = servers.into_iter().map(ResourceServerJson::from).collect();
        return print_json(&Items { items });
    }
    let mut table = Table::new(["client id", "created", "name"]);
    for server in servers {
        table.row([server.client_id, server.created_at.to_string(), server.name]);
    }
    table.print()
}

async fn show(data: &DataOptions, client_id: &str, output: OutputOptions) -> Result<(), CliError> {
    let server = as_operator(data, async |gatebook, operator| {
        resource_server(gatebook, operator, client_id).await
    })
    .await?;
    match output.output {
        OutputFormat::Json => print_json(&ResourceServerJson::from(server)),
        OutputFormat::Table => print_facts(&[
            ("client_id", server.client_id),
            ("name", server.name),
            ("created", server.created_at.to_string()),
        ]),
    }
}

async fn revoke(data: &DataOptions, client_id: &str, confirmation: Confirmation) -> Result<(), CliError> {
    confirmation.is_possible()?;
    let name = as_operator(data, async |gatebook, operator| {
        let server = resource_server(gatebook, operator, client_id).await?;
        confirmation.ask(&format!("End the credentials of the gateway “{}”?", server.name))?;
        let ended = gatebook.delete_resource_server(operator, client_id).await;
        or_missing(ended, || missing(client_id))?;
        Ok(server.name)
    })
    .await?;
    output::line(format_args!(
        "revoked the credentials of the gateway “{name}” ({client_id}): every node refuses them"
    ))
}

async fn resource_server(
    gatebook: &Gatebook,
    operator: Operator<'_>,
    client_id: &str,
) -> Result<ResourceServer, CliError> {
    let servers = gatebook.resource_servers(operator).await?;
    let server = servers.into_iter().find(|server| server.client_id == client_id);
    server.ok_or_else(|| CliError::Other(missing(client_id)))
}

fn missing(client_id: &str) -> String {
    format!("there is no resource server {client_id}; see “gatebook resource-server list”")
}
