//! `gatebook group`: the customers.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;

use super::CliError;
use super::arguments::{OutputFormat, OutputOptions, group_id};
use super::as_operator::{as_operator, or_missing};
use super::table::{Table, print_facts, print_json};
use crate::application::{Failure, Gatebook};
use crate::config::DataOptions;
use crate::web::api::json::{GroupDetails, GroupJson, Items};

/// Lists and shows groups.
#[derive(Subcommand)]
pub enum GroupCommand {
    /// Lists all groups by id.
    List {
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Shows one group. JSON also has its entities, its users and their tokens.
    Show {
        /// The group's id.
        #[arg(value_parser = group_id)]
        id: GroupId,
        #[command(flatten)]
        output: OutputOptions,
    },
}

pub async fn run(data: &DataOptions, command: GroupCommand) -> Result<ExitCode, CliError> {
    match command {
        GroupCommand::List { output } => list(data, output).await?,
        GroupCommand::Show { id, output } => show(data, &id, output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(data: &DataOptions, output: OutputOptions) -> Result<(), CliError> {
    let groups = as_operator(data, async |gatebook, operator| Ok(gatebook.groups(operator).await?)).await?;
    if output.output == OutputFormat::Json {
        let items = groups.iter().map(GroupJson::from).collect();
        return print_json(&Items { items });
    }
    let mut table = Table::new(["id", "plan", "name"]);
    for group in groups {
        let customer = group.customer;
        table.row([
            group.group_id.to_string(),
            customer.product_plan.as_str().to_owned(),
            customer.name.as_str().to_owned(),
        ]);
    }
    table.print()
}

async fn show(data: &DataOptions, id: &GroupId, output: OutputOptions) -> Result<(), CliError> {
    let group = as_operator(data, async |gatebook, _| group(gatebook, id).await).await?;
    if output.output == OutputFormat::Json {
        return print_json(&GroupDetails::from(&group));
    }
    let customer = &group.customer;
    print_facts(&[
        ("id", group.group_id.to_string()),
        ("name", customer.name.as_str().to_owned()),
        ("plan", customer.product_plan.as_str().to_owned()),
        ("entities", customer.entities.len().to_string()),
        ("users", customer.users.len().to_string()),
        ("version", group.version.to_string()),
    ])
}

/// The group with this id, or a sentence that it is not there.
pub async fn group(gatebook: &Gatebook, id: &GroupId) -> Result<GroupRow, CliError> {
    let group = gatebook.group(id).await?.ok_or(Failure::from(Refusal::NotFound));
    or_missing(group, || format!("there is no group {id}; see “gatebook group list”"))
}
