//! Standard output whose reader has had enough (`| head`): every command ends quietly.

use std::process::{Command, Output, Stdio};

use super::installation::{Customer, Installation, free_port};
use super::standard_error::broken_pipe;
use crate::support::{APPS, World};

/// What is run to its end with its output going nowhere.
fn cut_short(mut command: Command) -> Output {
    let command = command.stdout(broken_pipe()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    tokio::task::block_in_place(|| child.wait_with_output().unwrap())
}

/// The commands below this one that `--help` names.
fn below(installation: &Installation, command: &[&str]) -> Vec<String> {
    let help = installation.succeed(&[command, &["--help"]].concat());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands that do not serve.
fn commands(installation: &Installation) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = all.get(next).cloned() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        for name in below(installation, &words) {
            if !["serve", "demo"].contains(&name.as_str()) {
                all.push([command.clone(), vec![name]].concat());
            }
        }
        next += 1;
    }
    assert!(all.len() > 12, "{all:?}");
    all
}

async fn installation() -> Installation {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    process.stop().await;
    installation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_whose_output_nobody_reads_end_quietly() {
    let installation = installation().await;
    let exported = installation.succeed(&["log", "export", "--group", "acme", "--format", "ndjson"]);
    std::fs::write(installation.folder().join("log.ndjson"), exported).unwrap();
    let lines: &[&[&str]] = &[
        &["--help"],
        &["--version"],
        &["migrate"],
        &["projections", "status"],
        &["projections", "status", "--json"],
        &["projections", "verify"],
        &["projections", "verify", "--json"],
        &["projections", "rebuild"],
        &["log", "verify"],
        &["log", "verify", "log.ndjson"],
        &["log", "export", "--group", "acme"],
        &["log", "export", "--group", "acme", "--format", "ndjson"],
        &["log", "export", "--system"],
        &["log", "compare", "log.ndjson"],
        &["tokens", "end", "--issued-before", "2026-01-01T00:00:00Z"],
        &["operator-token", "create", "--name", "Olga"],
        &["operator-token", "list"],
        &["operator-token", "list", "--json"],
        &["resource-server", "create", "--name", "gateway"],
    ];
    for line in lines {
        let mut command = installation.command(line);
        command.env("GATEBOOK_LOG", "warn");
        let Output { status, stderr, .. } = cut_short(command);
        let said = String::from_utf8_lossy(&stderr);
        assert!(matches!(status.code(), Some(0 | 141)), "{line:?}: {status} {said}");
        assert_eq!(said, "", "{line:?}");
    }
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_and_no_help_panics_when_nobody_reads_it() {
    let installation = installation().await;
    for words in commands(&installation) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for line in [words.clone(), [words.as_slice(), &["--help"]].concat()] {
            let Output { status, stderr, .. } = cut_short(installation.command(&line));
            let said = String::from_utf8_lossy(&stderr);
            assert!(
                !said.contains("panicked") && status.code() != Some(101),
                "{line:?}: {status} {said}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_that_cannot_be_written_is_a_failure_that_says_so() {
    let installation = installation().await;
    for line in [
        &["projections", "status"][..],
        &["log", "export", "--group", "acme"],
        &["operator-token", "list"],
    ] {
        let mut command = installation.command(line);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = tokio::task::block_in_place(|| command.stdout(full).stderr(Stdio::piped()).output().unwrap());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line:?}: {said}");
        assert!(said.contains("standard output"), "{line:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_whose_welcome_nobody_reads_serves() {
    let installation = Installation::on_sqlite();
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = installation.command(&["demo", "--listen", &address]);
    command.stdout(broken_pipe()).stderr(Stdio::null());
    let process = installation.spawn_as_it_is(command, &address);
    assert!(process.becomes_ready().await, "it ended");
    process.stop().await;
}
