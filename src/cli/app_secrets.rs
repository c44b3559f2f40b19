//! `gatebook app secrets`: the live client secrets of an application. The secrets themselves are known to nobody.

use clap::Subcommand;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};

use super::arguments::{OutputFormat, OutputOptions};
use super::as_operator::{as_operator, or_missing};
use super::confirmation::Confirmation;
use super::one_app::{app, missing, named};
use super::table::{Table, or_word, print_json};
use super::{CliError, output};
use crate::config::DataOptions;
use crate::log::VersionCondition;
use crate::web::api::json::{Items, ListedClientSecret};

/// Lists and retires the client secrets of an application.
#[derive(Subcommand)]
pub enum SecretsCommand {
    /// Lists the client secrets that work, oldest first, by their first characters.
    List {
        /// The application's id.
        app: AppId,
        #[command(flatten)]
        output: OutputOptions,
    },
    /// Ends a client secret at once, with all tokens that were issued for it, as when it has leaked. Its developer can
    /// generate a new one. It cannot be undone, so it asks first.
    Retire {
        /// The application's id.
        app: AppId,
        /// The client secret's id, as shown by `list`; never the secret itself.
        secret: ClientSecretId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub async fn run(data: &DataOptions, command: SecretsCommand) -> Result<(), CliError> {
    match command {
        SecretsCommand::List { app, output } => list(data, app, output).await,
        SecretsCommand::Retire {
            app,
            secret,
            confirmation,
        } => retire(data, app, secret, confirmation).await,
    }
}

async fn list(data: &DataOptions, app_id: AppId, output: OutputOptions) -> Result<(), CliError> {
    let secrets = as_operator(data, async |gatebook, operator| {
        let secrets = gatebook.operators_client_secrets(operator, app_id).await;
        or_missing(secrets, || missing(app_id))
    })
    .await?;
    if output.output == OutputFormat::Json {
        let items = secrets.into_iter().map(ListedClientSecret::from).collect();
        return print_json(&Items { items });
    }
    let mut table = Table::new(["id", "prefix", "created", "ends", "last used"]);
    for (secret, last_used) in secrets {
        table.row([
            secret.id.to_string(),
            secret.prefix,
            secret.created_at.to_string(),
            or_word(secret.ends_at, "open"),
            or_word(last_used, "never"),
        ]);
    }
    table.print()
}

async fn retire(
    data: &DataOptions,
    app_id: AppId,
    secret_id: ClientSecretId,
    confirmation: Confirmation,
) -> Result<(), CliError> {
    confirmation.is_possible()?;
    let line = as_operator(data, async |gatebook, operator| {
        let view = app(gatebook, operator, app_id).await?;
        let app = named(&view);
        confirmation.ask(&format!("Retire the client secret {secret_id} of {app}?"))?;
        let retired = gatebook
            .operators_retire_client_secret(operator, app_id, secret_id, VersionCondition::Any)
            .await;
        let missing = || format!("{app} has no client secret {secret_id}; see “gatebook app secrets list {app_id}”");
        Ok(match or_missing(retired, missing)? {
            true => format!("retired the client secret {secret_id} of {app}: every node refuses its tokens"),
            false => format!("nothing to do: the client secret {secret_id} of {app} has ended already"),
        })
    })
    .await?;
    output::line(line)
}
