//! Environment variables. Blank ones count as unset, because compose files leave unfilled variables blank.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process;

use clap::builder::Resettable;
use clap::{Arg, Command};

/// The value of a variable, unless it is blank or unset.
pub fn variable(name: impl AsRef<OsStr>) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !is_blank(value))
}

fn is_blank(value: &OsStr) -> bool {
    value.as_encoded_bytes().trim_ascii().is_empty()
}

/// Restarts the program in the same process without blank `PG…` variables (`PGUSER`, `PGPASSWORD` and the like),
/// because PostgreSQL's library reads those itself. Does nothing if none is blank. Call it first.
pub fn forget_blank_postgres_variables() {
    let is_postgres = |name: &OsStr| name.as_encoded_bytes().starts_with(b"PG");
    let blank = std::env::vars_os().filter(|(name, value)| is_postgres(name) && is_blank(value));
    let blank: Vec<OsString> = blank.map(|(name, _)| name).collect();
    if blank.is_empty() {
        return;
    }
    // If the program file cannot be found any more, continue with the blank variables.
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut anew = process::Command::new(program);
    if let Some(called) = arguments.next() {
        anew.arg0(called);
    }
    anew.args(arguments);
    blank.iter().for_each(|name| {
        anew.env_remove(name);
    });
    // `exec` returns only if it failed.
    drop(anew.exec());
}

/// Makes the command line ignore blank variables.
pub fn without_blank_variables(command: Command) -> Command {
    command
        .mut_args(|argument| {
            if is_left_blank(&argument) {
                argument.env(Resettable::Reset)
            } else {
                argument
            }
        })
        .mut_subcommands(without_blank_variables)
}

fn is_left_blank(argument: &Arg) -> bool {
    argument
        .get_env()
        .and_then(std::env::var_os)
        .is_some_and(|value| is_blank(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_space_is_blank() {
        for blank in ["", " ", "\n", " \t "] {
            assert!(is_blank(OsStr::new(blank)), "{blank:?}");
        }
        assert!(!is_blank(OsStr::new(" x ")));
    }
}
