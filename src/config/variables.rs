//! Environment variables. One that is blank, as compose files leave those that nobody filled in, counts as not set.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::{Arg, Command};

/// The value of a variable, unless it is blank or not set.
pub fn variable(name: impl AsRef<OsStr>) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !is_blank(value))
}

fn is_blank(value: &OsStr) -> bool {
    value.as_encoded_bytes().trim_ascii().is_empty()
}

/// The command line, deaf to variables that are blank.
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
