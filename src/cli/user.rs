//! `gatebook user`: the users of a group.

use std::process::ExitCode;

use clap::Subcommand;
use gatebook_aggregates::group::GroupUser;
use gatebook_aggregates::identifiers::{ApiTokenId, GroupId, UserId};
use gatebook_projections::groups::GroupRow;

use super::arguments::{GroupOption, OutputFormat, OutputOptions, user_id};
use super::as_operator::{as_operator, or_missing};
use super::confirmation::Confirmation;
use super::group::group;
use super::table::{Table, print_facts, print_json};
use super::{CliError, output};
use crate::config::DataOptions;
use crate::web::api::json::{Items, UserDetails};

/// Lists, shows and removes users of a group, and ends their tokens.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Lists the users of a group.
    List {
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Shows one user with the ids of their tokens.
    Show {
        /// The user's id.
        #[arg(value_parser = user_id)]
        id: UserId,
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Ends a token of a user for the JSON API at once. It cannot be undone, so it asks first.
    EndToken {
        /// The user's id.
        #[arg(value_parser = user_id)]
        id: UserId,
        /// The token's id, as shown by `show`; never the token itself.
        token: ApiTokenId,
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Takes a user out of the group at once, with their sessions, tokens, password and permissions. What they created
    /// stays. It asks first.
    Remove {
        /// The user's id.
        #[arg(value_parser = user_id)]
        id: UserId,
        #[command(flatten)]
        group: GroupOption,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub async fn run(data: &DataOptions, command: UserCommand) -> Result<ExitCode, CliError> {
    match command {
        UserCommand::List { group, output } => list(data, &group.group, output).await?,
        UserCommand::Show { id, group, output } => show(data, &group.group, &id, output).await?,
        UserCommand::EndToken {
            id,
            token,
            group,
            confirmation,
        } => end_token(data, &group.group, &id, token, confirmation).await?,
        UserCommand::Remove {
            id,
            group,
            confirmation,
        } => remove(data, &group.group, &id, confirmation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(data: &DataOptions, group_id: &GroupId, output: OutputOptions) -> Result<(), CliError> {
    let group = as_operator(data, async |gatebook, _| group(gatebook, group_id).await).await?;
    if output.output == OutputFormat::Json {
        let items = group.customer.users.iter().map(UserDetails::from).collect();
        return print_json(&Items { items });
    }
    let mut table = Table::new(["id", "role", "tokens", "permissions", "e-mail", "name"]);
    for (id, user) in group.customer.users.iter() {
        table.row([
            id.to_string(),
            user.role.to_string(),
            user.tokens.len().to_string(),
            permissions(user),
            user.email.to_string(),
            user.name.as_str().to_owned(),
        ]);
    }
    table.print()
}

async fn show(data: &DataOptions, group_id: &GroupId, id: &UserId, output: OutputOptions) -> Result<(), CliError> {
    let group = as_operator(data, async |gatebook, _| group(gatebook, group_id).await).await?;
    let user = user(&group, id)?;
    if output.output == OutputFormat::Json {
        return print_json(&UserDetails::from((id, user)));
    }
    let mut facts = vec![
        ("id", id.to_string()),
        ("name", user.name.as_str().to_owned()),
        ("e-mail", user.email.to_string()),
        ("group", group_id.to_string()),
        ("role", user.role.to_string()),
        ("permissions", permissions(user)),
    ];
    let tokens = user.tokens.iter();
    facts.extend(tokens.map(|(id, token)| {
        (
            "token",
            format!("{id}  ends {}  {}", token.expires_at, token.name.as_str()),
        )
    }));
    print_facts(&facts)
}

async fn end_token(
    data: &DataOptions,
    group_id: &GroupId,
    id: &UserId,
    token: ApiTokenId,
    confirmation: Confirmation,
) -> Result<(), CliError> {
    confirmation.is_possible()?;
    let name = as_operator(data, async |gatebook, operator| {
        let group = group(gatebook, group_id).await?;
        let name = user(&group, id)?.name.as_str();
        confirmation.ask(&format!("End the token {token} of {name}?"))?;
        let ended = gatebook
            .revoke_user_token(operator.caller(), group_id, id.clone(), token)
            .await;
        or_missing(ended, || {
            format!("{name} has no token {token}; see “gatebook user show {id} --group {group_id}”")
        })?;
        Ok(name.to_owned())
    })
    .await?;
    output::line(format_args!("ended the token {token} of {name}: every node refuses it"))
}

async fn remove(
    data: &DataOptions,
    group_id: &GroupId,
    id: &UserId,
    confirmation: Confirmation,
) -> Result<(), CliError> {
    confirmation.is_possible()?;
    let name = as_operator(data, async |gatebook, operator| {
        let group = group(gatebook, group_id).await?;
        let name = user(&group, id)?.name.as_str();
        confirmation.ask(&format!("Take {name} out of {group_id}?"))?;
        let removed = gatebook.remove_user(operator, group_id, id.clone()).await;
        or_missing(removed, || missing(group_id, id))?;
        Ok(name.to_owned())
    })
    .await?;
    output::line(format_args!(
        "removed {name} ({id}) from {group_id}: their sessions and tokens have ended"
    ))
}

fn user<'a>(group: &'a GroupRow, id: &UserId) -> Result<&'a GroupUser, CliError> {
    group
        .user(id)
        .ok_or_else(|| CliError::Other(missing(&group.group_id, id)))
}

fn permissions(user: &GroupUser) -> String {
    let words = user.permissions.iter().map(|permission| <&str>::from(*permission));
    words.collect::<Vec<_>>().join(" ")
}

fn missing(group_id: &GroupId, id: &UserId) -> String {
    format!("{group_id} has no user {id}; see “gatebook user list --group {group_id}”")
}
