//! The command line. One file per command; `--help` is complete.

mod app;
mod app_secrets;
mod arguments;
mod as_operator;
mod completions;
mod confirmation;
mod connections;
mod demo;
mod entity;
mod group;
mod key;
mod log;
mod log_compare;
mod log_quarantine;
mod migrate;
mod new_database;
mod one_app;
mod operator;
mod operator_token;
mod output;
mod private_files;
mod progress;
mod projections;
mod resource_server;
mod serve;
mod service_manager;
mod signals;
mod start;
mod supervisor;
mod table;
mod tokens;
mod user;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thiserror::Error;

use crate::application::{Failure, QuarantineError};
use crate::config::{
    DataOptions, LogLineFormat, ServerOptions, forget_blank_postgres_variables, variable, without_blank_variables,
};
use crate::replay::ReplayError;
use crate::standard_error::{log_panics, standard_error};
use crate::store::StoreError;

/// Gatebook: the event-sourced book of who may pass the gate of an API.
#[derive(Parser)]
#[command(name = "gatebook", version = env!("GATEBOOK_VERSION"), about)]
struct Arguments {
    #[command(flatten)]
    data: DataOptions,

    /// The format of log lines, which go to standard error.
    #[arg(long, env = "GATEBOOK_LOG_FORMAT", default_value = "text", global = true)]
    log_format: LogLineFormat,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a server with sample data, and writes DIR/demo.json with everything you need to try it.
    Demo(ServerOptions),
    /// Runs the server.
    Serve(ServerOptions),
    /// Brings the database's tables up to date, and rebuilds projections whose meaning has changed.
    Migrate(migrate::Migrate),
    /// Lists, shows and stops integration applications of any group.
    #[command(subcommand)]
    App(app::AppCommand),
    /// Lists and shows groups.
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// Lists, shows and removes users of a group, and ends their tokens.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Lists, shows and removes entities of a group.
    #[command(subcommand)]
    Entity(entity::EntityCommand),
    /// Manages tokens for the operator API.
    #[command(subcommand)]
    OperatorToken(operator_token::OperatorToken),
    /// Manages credentials for gateways that introspect and verify tokens.
    #[command(subcommand)]
    ResourceServer(resource_server::ResourceServerCommand),
    /// Manages the projections: the tables that are built from the events.
    #[command(subcommand)]
    Projections(projections::Projections),
    /// Exports, verifies and repairs the event log.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Manages the access tokens of all integrations.
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// Prints completions for a shell: bash, zsh, fish, elvish or powershell.
    Completions(completions::Completions),
    /// Prints the manual page, or writes a page for every command to a folder.
    Man(completions::ManualPages),
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CliError {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be quarantined.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        error: std::io::Error,
    },
    /// Arguments that are valid alone, but not together.
    #[error("{0}")]
    Usage(String),
    /// Any other error, as a sentence that says what to do.
    #[error("{0}")]
    Other(String),
}

impl CliError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }

    fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

/// The exit code of a verification that found differences.
pub const DIFFERENCES_FOUND: u8 = 2;

/// 0 if everything is as it should be, otherwise 2.
fn exit_code_of(holds: bool) -> ExitCode {
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENCES_FOUND)
    }
}

/// The exit code for an invalid command line (`EX_USAGE`). clap's own 2 would mean differences.
pub const USAGE: u8 = 64;

/// Runs the command line and returns the exit code.
pub fn run() -> ExitCode {
    private_files::make_private();
    forget_blank_postgres_variables();
    let arguments = match read_arguments() {
        Ok(arguments) => arguments,
        Err(message) => return not_run(&message),
    };
    start_logging(arguments.log_format);
    log_panics();
    let code = carry_out(arguments).unwrap_or_else(|error| failed(&error));
    standard_error().flush();
    code
}

fn carry_out(arguments: Arguments) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Runtime::new().map_err(CliError::io("starting"))?;
    let done = runtime.block_on(dispatch(arguments));
    // Commands finish their work before they return. Only a second signal leaves tasks running here.
    runtime.shutdown_background();
    Ok(output::exit_code(done?))
}

fn read_arguments() -> Result<Arguments, clap::Error> {
    let mut command = without_blank_variables(Arguments::command());
    let arguments = Arguments::from_arg_matches(&command.try_get_matches_from_mut(std::env::args_os())?);
    arguments.map_err(|error| error.format(&mut command))
}

/// Prints help, the version, or an error about the command line.
fn not_run(message: &clap::Error) -> ExitCode {
    // If the terminal is closed, nobody would read the message.
    let _ = message.print();
    match message.exit_code() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

async fn dispatch(Arguments { data, command, .. }: Arguments) -> Result<ExitCode, CliError> {
    match command {
        Command::Demo(options) => demo::run(&data, &options).await,
        Command::Serve(options) => serve::run(&data, &options).await,
        Command::Migrate(options) => migrate::run(&data, &options).await,
        Command::App(command) => app::run(&data, command).await,
        Command::Group(command) => group::run(&data, command).await,
        Command::User(command) => user::run(&data, command).await,
        Command::Entity(command) => entity::run(&data, command).await,
        Command::OperatorToken(command) => operator_token::run(&data, command).await,
        Command::ResourceServer(command) => resource_server::run(&data, command).await,
        Command::Projections(command) => projections::run(&data, command).await,
        Command::Log(command) => log::run(&data, command).await,
        Command::Tokens(command) => tokens::run(&data, command).await,
        Command::Completions(options) => completions::complete(Arguments::command(), &options),
        Command::Man(options) => completions::manual(Arguments::command(), &options),
    }
}

/// Prints the error for the operator at the terminal.
fn failed(error: &CliError) -> ExitCode {
    standard_error().write_line(&format!("gatebook: {error}"));
    match error {
        CliError::Usage(_) => ExitCode::from(USAGE),
        _ => ExitCode::FAILURE,
    }
}

fn start_logging(format: LogLineFormat) {
    use tracing_subscriber::EnvFilter;

    let wanted = variable("GATEBOOK_LOG").and_then(|wanted| EnvFilter::try_new(wanted.to_str()?).ok());
    let filter = wanted.unwrap_or_else(|| EnvFilter::new("info,sqlx=warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(standard_error().clone())
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogLineFormat::Text => lines.init(),
        LogLineFormat::Json => lines.json().init(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// All commands with their flags, including the global ones.
    fn commands() -> Vec<Command> {
        let mut root = Arguments::command();
        root.build();
        let mut commands = vec![root];
        let mut next = 0;
        while let Some(command) = commands.get(next) {
            let below: Vec<_> = command.get_subcommands().cloned().collect();
            commands.extend(below.into_iter().filter(|command| command.get_name() != "help"));
            next += 1;
        }
        commands
    }

    #[test]
    fn every_flag_has_an_environment_variable_that_the_help_names() {
        let mut flags = 0;
        for mut command in commands() {
            let help = command.render_long_help().to_string();
            for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                if matches!(flag, "help" | "version") {
                    continue;
                }
                let variable = format!("GATEBOOK_{}", flag.replace('-', "_").to_uppercase());
                let named =
                    help.contains(&format!("[env: {variable}=]")) || help.contains(&format!("[env: {variable}]"));
                assert!(named, "{} --{flag}: no {variable} in {help}", command.get_name());
                flags += 1;
            }
        }
        assert!(flags > 30, "{flags}");
    }
}
