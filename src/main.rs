//! The program `gatebook`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatebook::cli::run()
}
