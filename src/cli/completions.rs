//! `gatebook completions` and `gatebook man`: what clap makes of the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{CliError, output};

/// The shell.
#[derive(Args)]
pub struct Completions {
    /// The shell to write completions for.
    shell: Shell,
}

/// Where the pages go.
#[derive(Args)]
pub struct ManualPages {
    /// A folder to write a page for every command to. Default: the page of the program itself, to standard output
    dir: Option<PathBuf>,
}

/// Prints completions.
pub fn complete(mut command: Command, Completions { shell }: &Completions) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut command, "gatebook", &mut script);
    output::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the manual page, or writes all pages.
pub fn manual(mut command: Command, ManualPages { dir }: &ManualPages) -> Result<ExitCode, CliError> {
    command.build();
    match dir {
        None => output::bytes(&page(&command)?)?,
        Some(dir) => {
            fs::create_dir_all(dir).map_err(CliError::io(format!("creating the folder {}", dir.display())))?;
            let pages = write_pages(&command, dir)?;
            output::line(format_args!("wrote {pages} manual pages to {}", dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One for each command, such as `gatebook-app-list.1`. Returns how many.
fn write_pages(command: &Command, dir: &Path) -> Result<usize, CliError> {
    let name = command.get_display_name().unwrap_or("gatebook");
    let path = dir.join(format!("{name}.1"));
    fs::write(&path, page(command)?).map_err(CliError::io(format!("writing {}", path.display())))?;
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below
        .map(|below| write_pages(below, dir))
        .try_fold(1, |pages, below| Ok(pages + below?))
}

fn page(command: &Command) -> Result<Vec<u8>, CliError> {
    let mut text = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut text);
    rendered.map_err(CliError::io("making a manual page"))?;
    Ok(text)
}
