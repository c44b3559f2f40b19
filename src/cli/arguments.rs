//! Values of arguments that several commands take.

use clap::{Args, ValueEnum};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::text::Reason;

/// How a command prints what it was asked for.
#[derive(Args, Clone, Copy)]
pub struct OutputOptions {
    /// A table for people, or JSON with the objects of the JSON API.
    #[arg(long, env = "GATEBOOK_OUTPUT", default_value = "table", value_name = "table|json")]
    pub output: OutputFormat,
}

/// The format of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people. Columns may be added.
    Table,
    /// For programs.
    Json,
}

/// The group that something belongs to.
#[derive(Args, Clone)]
pub struct GroupOption {
    /// The group's id.
    #[arg(long, env = "GATEBOOK_GROUP", value_parser = group_id, value_name = "ID")]
    pub group: GroupId,
}

pub fn group_id(text: &str) -> Result<GroupId, String> {
    GroupId::parse(text).map_err(|problem| problem.message)
}

pub fn entity_id(text: &str) -> Result<EntityId, String> {
    EntityId::parse(text).map_err(|problem| problem.message)
}

pub fn user_id(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|problem| problem.message)
}

pub fn reason(text: &str) -> Result<Reason, String> {
    match Reason::parse(text) {
        Ok(Some(reason)) => Ok(reason),
        Ok(None) => Err("say why".to_owned()),
        Err(problem) => Err(problem.message),
    }
}
