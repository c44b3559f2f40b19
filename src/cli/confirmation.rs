//! Asks before something is done that cannot be undone. Only a person at a terminal can be asked; scripts say `--yes`.

use std::io::{BufRead, IsTerminal, stdin};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::CliError;
use crate::standard_error::standard_error;

/// Whether to ask.
#[derive(Args, Clone, Copy)]
pub struct Confirmation {
    /// Does it without asking. Needed where nobody can be asked, as in scripts.
    #[arg(long, env = "GATEBOOK_YES", value_parser = FalseyValueParser::new())]
    yes: bool,
}

impl Confirmation {
    /// Checks, before anything else, that somebody can be asked or need not be.
    ///
    /// # Errors
    /// `Usage` if there is no terminal and no `--yes`.
    pub fn is_possible(self) -> Result<(), CliError> {
        let is_terminal = stdin().is_terminal() && std::io::stderr().is_terminal();
        match self.yes || is_terminal {
            true => Ok(()),
            false => Err(CliError::Usage(
                "this cannot be undone, and there is no terminal to ask at; add --yes to do it".to_owned(),
            )),
        }
    }

    /// Asks the question, unless it is answered already.
    ///
    /// # Errors
    /// `Other` if the answer is not yes.
    pub fn ask(self, question: &str) -> Result<(), CliError> {
        if self.yes {
            return Ok(());
        }
        standard_error().write_line(&format!("{question} Type “yes” to go on:"));
        standard_error().flush();
        tokio::task::block_in_place(|| answered(&mut stdin().lock()))
    }
}

fn answered(answers: &mut impl BufRead) -> Result<(), CliError> {
    let mut answer = String::new();
    answers
        .read_line(&mut answer)
        .map_err(CliError::io("reading the answer"))?;
    match matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        true => Ok(()),
        false => Err(CliError::Other("nothing was done".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for yes in ["yes\n", "Y\n", " YES \r\n", "y"] {
            assert!(answered(&mut yes.as_bytes()).is_ok(), "{yes:?}");
        }
        for no in ["", "\n", "no\n", "yes please\n", "ja\n"] {
            let error = answered(&mut no.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "nothing was done", "{no:?}");
        }
    }
}
