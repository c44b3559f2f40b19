//! `gatebook app`: the integration applications of all groups, and what operators stop of them.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_aggregates::text::Reason;
use gatebook_projections::app_list::DeveloperStatus;
use strum::VariantArray;

use super::app_secrets::{self, SecretsCommand};
use super::arguments::{OutputFormat, OutputOptions, group_id, reason};
use super::as_operator::{as_operator, or_missing};
use super::confirmation::Confirmation;
use super::one_app::{app, missing, named};
use super::table::{Table, or_word, print_facts, print_json};
use super::{CliError, output};
use crate::application::{AppView, Gatebook, Operator, StatusChange, StatusChanged};
use crate::config::DataOptions;
use crate::web::api::json::{ApplicationOfGroup, AppsQuery, AppsQuestion, Items};
use crate::web::error::Problem;

/// Lists, shows and stops integration applications of any group.
#[derive(Subcommand)]
pub enum AppCommand {
    /// Lists the applications of all groups. An application must match all filters.
    List(List),
    /// Shows one application.
    Show {
        /// The application's id.
        id: AppId,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Stops an application at once, until it is resumed: every node refuses its tokens and issues no new ones. It is not
    /// asked about, because `resume` undoes it.
    Suspend(ChangeStatus),
    /// Starts a suspended application again. Its tokens and client secrets work as before.
    Resume(ChangeStatus),
    /// Stops an application at once and for ever: its tokens, client secrets, invitation and one-time password are dead.
    /// The developer is told by e-mail. It cannot be undone, so it asks first.
    Revoke {
        #[command(flatten)]
        change: ChangeStatus,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Lists and retires the client secrets of an application.
    #[command(subcommand)]
    Secrets(SecretsCommand),
}

/// Which applications, and in which order.
#[derive(Args)]
pub struct List {
    /// Only those of the group with this id.
    #[arg(long, env = "GATEBOOK_GROUP", value_parser = group_id, value_name = "ID")]
    group: Option<GroupId>,
    /// Only those with this status.
    #[arg(long, env = "GATEBOOK_STATUS", value_parser = words::<Status>())]
    status: Option<String>,
    /// Only those whose developer is as far as this.
    #[arg(long, env = "GATEBOOK_DEVELOPER_STATUS", value_name = "STATUS", value_parser = words::<DeveloperStatus>())]
    developer_status: Option<String>,
    /// Only those of this type.
    #[arg(long, env = "GATEBOOK_INTEGRATION_TYPE", value_name = "TYPE", value_parser = words::<IntegrationType>())]
    integration_type: Option<String>,
    /// Only those with this entity, by its id.
    #[arg(long, env = "GATEBOOK_ENTITY", value_name = "ID")]
    entity: Option<String>,
    /// Only those with this part in their name, ignoring case.
    #[arg(long, env = "GATEBOOK_NAME", value_name = "PART")]
    name: Option<String>,
    /// Only those with this part in their developer's e-mail address, ignoring case.
    #[arg(long, env = "GATEBOOK_DEVELOPER_EMAIL", value_name = "PART")]
    developer_email: Option<String>,
    /// The order; with a minus in front the other way round.
    #[arg(
        long,
        env = "GATEBOOK_SORT",
        default_value = "-created_at",
        value_name = "FIELD",
        allow_hyphen_values = true,
        value_parser = ["name", "-name", "created_at", "-created_at", "status", "-status"]
    )]
    sort: String,
    /// At most so many. Default: all
    #[arg(long, env = "GATEBOOK_LIMIT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    output: OutputOptions,
}

/// Which application to suspend, resume or revoke, and why.
#[derive(Args)]
pub struct ChangeStatus {
    /// The application's id.
    id: AppId,
    /// Why, up to 500 characters. The group reads it in its activity log, with your name.
    #[arg(long, env = "GATEBOOK_REASON", value_parser = reason, value_name = "R")]
    reason: Reason,
    #[command(flatten)]
    output: OutputOptions,
}

/// The words that a filter takes, so that help and completions name them.
fn words<T>() -> PossibleValuesParser
where
    T: VariantArray + 'static,
    &'static str: From<&'static T>,
{
    PossibleValuesParser::new(T::VARIANTS.iter().map(<&'static str>::from))
}

pub async fn run(data: &DataOptions, command: AppCommand) -> Result<ExitCode, CliError> {
    match command {
        AppCommand::List(options) => list(data, &options).await?,
        AppCommand::Show { id, output } => {
            let view = as_operator(data, async |gatebook, operator| app(gatebook, operator, id).await).await?;
            print(&view, output)?;
        }
        AppCommand::Suspend(change) => change_status(data, StatusChange::Suspend, change, None).await?,
        AppCommand::Resume(change) => change_status(data, StatusChange::Resume, change, None).await?,
        AppCommand::Revoke { change, confirmation } => {
            change_status(data, StatusChange::Revoke, change, Some(confirmation)).await?;
        }
        AppCommand::Secrets(command) => app_secrets::run(data, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(data: &DataOptions, options: &List) -> Result<(), CliError> {
    let question = options.question()?;
    let apps = as_operator(data, async |gatebook, operator| {
        all(gatebook, operator, question, options.limit).await
    })
    .await?;
    if options.output.output == OutputFormat::Json {
        let items = apps.iter().map(ApplicationOfGroup::from).collect();
        return print_json(&Items { items });
    }
    let mut table = Table::new(["id", "status", "developer", "group", "created", "name"]);
    for view in &apps {
        let app = view.app();
        table.row([
            app.app_id.to_string(),
            <&str>::from(app.status).to_owned(),
            view.developer_status().as_str().to_owned(),
            app.group_id.to_string(),
            app.created_at.to_string(),
            app.name.as_str().to_owned(),
        ]);
    }
    table.print()
}

/// All that match, page by page; or the first of them.
async fn all(
    gatebook: &Gatebook,
    operator: Operator<'_>,
    question: AppsQuestion,
    limit: Option<u32>,
) -> Result<Vec<AppView>, CliError> {
    let AppsQuestion {
        filter,
        sort,
        mut after,
        limit: page_size,
    } = question;
    let mut apps = Vec::new();
    loop {
        let page = gatebook
            .all_apps(operator, &filter, sort, after.as_ref(), page_size)
            .await?;
        apps.extend(page.items);
        after = page.next;
        let enough = limit.is_some_and(|limit| apps.len() >= limit as usize);
        if enough || after.is_none() {
            apps.truncate(limit.map_or(apps.len(), |limit| limit as usize));
            return Ok(apps);
        }
    }
}

impl List {
    /// The query of the JSON API with these filters.
    fn question(&self) -> Result<AppsQuestion, CliError> {
        let text = |name: &str| match name {
            "status" => self.status.as_deref(),
            "developer_status" => self.developer_status.as_deref(),
            "integration_type" => self.integration_type.as_deref(),
            "entity" => self.entity.as_deref(),
            "name" => self.name.as_deref(),
            "developer_email" => self.developer_email.as_deref(),
            "sort" => Some(self.sort.as_str()),
            // The largest page.
            "limit" => Some("200"),
            _ => None,
        };
        let mut question = AppsQuery::of(text).read().map_err(usage)?;
        question.filter.group_id.clone_from(&self.group);
        Ok(question)
    }
}

/// What is wrong with filters, by the names of the flags.
fn usage(problem: Problem) -> CliError {
    let errors = problem.errors.into_iter();
    let errors = errors.map(|error| format!("--{}: {}", error.field.replace('_', "-"), error.message));
    CliError::Usage(errors.collect::<Vec<_>>().join("\n"))
}

async fn change_status(
    data: &DataOptions,
    change: StatusChange,
    ChangeStatus { id, reason, output }: ChangeStatus,
    confirmation: Option<Confirmation>,
) -> Result<(), CliError> {
    confirmation.map_or(Ok(()), Confirmation::is_possible)?;
    let changed = as_operator(data, async |gatebook, operator| {
        if let Some(confirmation) = confirmation {
            let view = app(gatebook, operator, id).await?;
            confirmation.ask(&format!("Revoke {} for ever?", named(&view)))?;
        }
        let changed = gatebook.change_status_as_operator(operator, id, change, reason).await;
        or_missing(changed, || missing(id))
    })
    .await?;
    match output.output {
        OutputFormat::Json => print_json(&ApplicationOfGroup::from(&changed.view)),
        OutputFormat::Table => output::line(done(change, &changed)),
    }
}

/// What was done, in one line.
fn done(change: StatusChange, changed: &StatusChanged) -> String {
    let app = named(&changed.view);
    match (change, changed.newly) {
        (StatusChange::Suspend, true) => format!("suspended {app}: every node refuses its tokens until it is resumed"),
        (StatusChange::Suspend, false) => format!("nothing to do: {app} is suspended already"),
        (StatusChange::Resume, true) => match changed.view.has_ended() {
            true => {
                format!("resumed {app}: its end date has passed, so its tokens stay refused until it gets a later one")
            }
            false => format!("resumed {app}: its tokens and client secrets work again"),
        },
        (StatusChange::Resume, false) => format!("nothing to do: {app} is not suspended"),
        (StatusChange::Revoke, true) => format!("revoked {app} for ever: every node refuses its tokens"),
        (StatusChange::Revoke, false) => format!("nothing to do: {app} is revoked already"),
    }
}

fn print(view: &AppView, output: OutputOptions) -> Result<(), CliError> {
    if output.output == OutputFormat::Json {
        return print_json(&ApplicationOfGroup::from(view));
    }
    let app = view.app();
    let entities: Vec<_> = view.entities().map(|(id, _)| id.as_str()).collect();
    let developer = match &app.developer_email {
        Some(email) => format!("{} ({email})", view.developer_status().as_str()),
        None => view.developer_status().as_str().to_owned(),
    };
    print_facts(&[
        ("id", app.app_id.to_string()),
        ("name", app.name.as_str().to_owned()),
        ("status", <&str>::from(app.status).to_owned()),
        (
            "group",
            format!("{} ({})", view.group().customer.name.as_str(), app.group_id),
        ),
        ("client_id", app.client_id.0.clone()),
        ("integration_type", app.integration_type.as_str().to_owned()),
        ("category", app.category.as_str().to_owned()),
        ("api_permission", app.api_permission.as_str().to_owned()),
        ("developer", developer),
        ("entities", entities.join(" ")),
        ("created", format!("{} by {}", app.created_at, app.created_by_name)),
        ("revoked", or_word(app.revoked_at, "never")),
        ("ends", or_word(app.ends_at, "never")),
        ("description", app.description.as_str().to_owned()),
    ])
}
