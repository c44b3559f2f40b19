//! `gatebook entity`: the entities of a group.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::identifiers::{EntityId, GroupId};

use super::arguments::{GroupOption, OutputFormat, OutputOptions, entity_id};
use super::as_operator::{as_operator, or_missing};
use super::confirmation::Confirmation;
use super::group::group;
use super::table::{Table, print_facts, print_json};
use super::{CliError, output};
use crate::config::DataOptions;
use crate::web::api::json::{Items, Named};

/// Lists, shows and removes entities of a group.
#[derive(Subcommand)]
pub enum EntityCommand {
    /// Lists the entities of a group.
    List {
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Shows one entity.
    Show {
        /// The entity's id.
        #[arg(value_parser = entity_id)]
        id: EntityId,
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Takes an entity out of its group: no application opens it from now on. If the group gets it back, they open it
    /// again, unless they were edited since. It asks first.
    Remove {
        /// The entity's id.
        #[arg(value_parser = entity_id)]
        id: EntityId,
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub async fn run(data: &DataOptions, command: EntityCommand) -> Result<ExitCode, CliError> {
    match command {
        EntityCommand::List { group, output } => list(data, &group.group, output).await?,
        EntityCommand::Show { id, group, output } => show(data, &group.group, &id, output).await?,
        EntityCommand::Remove {
            id,
            group,
            confirmation,
        } => remove(data, &group.group, &id, confirmation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(data: &DataOptions, group_id: &GroupId, output: OutputOptions) -> Result<(), CliError> {
    let group = as_operator(data, async |gatebook, _| group(gatebook, group_id).await).await?;
    let items = Named::entities(&group);
    if output.output == OutputFormat::Json {
        return print_json(&Items { items });
    }
    let mut table = Table::new(["id", "name"]);
    items.into_iter().for_each(|entity| table.row([entity.id, entity.name]));
    table.print()
}

async fn show(data: &DataOptions, group_id: &GroupId, id: &EntityId, output: OutputOptions) -> Result<(), CliError> {
    let group = as_operator(data, async |gatebook, _| group(gatebook, group_id).await).await?;
    let entity = group.customer.entities.get_key_value(id).map(Named::entity);
    let entity = entity.ok_or_else(|| CliError::Other(missing(group_id, id)))?;
    match output.output {
        OutputFormat::Json => print_json(&entity),
        OutputFormat::Table => print_facts(&[
            ("id", entity.id),
            ("name", entity.name),
            ("group", group_id.to_string()),
        ]),
    }
}

async fn remove(
    data: &DataOptions,
    group_id: &GroupId,
    id: &EntityId,
    confirmation: Confirmation,
) -> Result<(), CliError> {
    confirmation.is_possible()?;
    as_operator(data, async |gatebook, operator| {
        let group = group(gatebook, group_id).await?;
        let name = group.customer.entities.get(id);
        let name = name.ok_or_else(|| CliError::Other(missing(group_id, id)))?.as_str();
        confirmation.ask(&format!("Take the entity “{name}” out of {group_id}?"))?;
        let removed = gatebook.remove_entity(operator, group_id, id.clone()).await;
        or_missing(removed, || missing(group_id, id))
    })
    .await?;
    output::line(format_args!(
        "removed the entity {id} of {group_id}: no application opens it"
    ))
}

fn missing(group_id: &GroupId, id: &EntityId) -> String {
    format!("{group_id} has no entity {id}; see “gatebook entity list --group {group_id}”")
}
