//! Standard error that takes nothing: the disk of the log is full, whoever read the pipe has gone, or does not read. Log
//! lines are lost then, and counted; nothing else changes.

use std::process::{Command, Stdio};

use super::installation::{Customer, Installation, Process, free_port};
use crate::support::eventually::eventually;
use crate::support::{APPS, World};

async fn started(installation: &Installation, standard_error: Stdio) -> Process {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command: Command = installation.command(&["serve", "--listen", &address]);
    command.stdout(Stdio::null()).stderr(standard_error);
    let process = installation.spawn_as_it_is(command, &address);
    assert!(process.becomes_ready().await, "it ended");
    process
}

async fn everything_is_answered(process: &Process, customer: &Customer, name: &str) {
    for _ in 0..100 {
        process.anybody().get("/readyz").await.expect(200);
    }
    process.anybody().get("/gateway/authorize").await.expect(401);
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::new_integration(name)).await.expect(201);
}

/// Lines that were lost are counted, a moment later.
async fn losses_are_counted(process: &Process) {
    eventually("lost lines", async || {
        let metrics = process.anybody().get("/metrics").await.expect(200).text();
        let lost = metrics
            .lines()
            .find_map(|line| line.strip_prefix("gatebook_log_lines_dropped_total "));
        (lost.unwrap().parse::<u64>().unwrap() > 100).then_some(())
    })
    .await;
}

async fn ends_well(process: Process) {
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_reader_is_gone_costs_no_request() {
    let installation = Installation::on_sqlite();
    let process = started(&installation, Stdio::piped()).await;
    let customer = Customer::settle(&installation, &process).await;
    drop(process.standard_error().unwrap());
    everything_is_answered(&process, &customer, "Payroll Bridge").await;
    losses_are_counted(&process).await;
    ends_well(process).await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_log_costs_no_request_and_no_start() {
    let installation = Installation::on_sqlite();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let process = started(&installation, full.into()).await;
    let customer = Customer::settle(&installation, &process).await;
    everything_is_answered(&process, &customer, "Payroll Bridge").await;
    losses_are_counted(&process).await;
    ends_well(process).await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_reader_does_not_read_keeps_no_request_waiting() {
    let installation = Installation::on_sqlite();
    let process = started(&installation, Stdio::piped()).await;
    let reader = process.standard_error().unwrap();
    let customer = Customer::settle(&installation, &process).await;
    // More lines than fit into the pipe.
    for number in 0..6 {
        everything_is_answered(&process, &customer, &format!("Payroll Bridge {number}")).await;
    }
    ends_well(process).await;
    drop(reader);
    installation.holds_together();
}

#[test]
fn a_command_that_fails_says_so_with_its_exit_code_alone_when_nobody_hears_it() {
    let installation = Installation::on_sqlite();
    for writer in [
        broken_pipe(),
        std::fs::File::options().write(true).open("/dev/full").unwrap().into(),
    ] {
        let mut command = installation.command(&["projections", "status"]);
        let status = command.stdout(Stdio::null()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(1), "there is no database");
    }
}

/// A pipe that nobody reads.
pub fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}
