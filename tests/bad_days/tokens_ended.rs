//! `gatebook tokens end`, while the program serves.

use std::process::Stdio;

use serde_json::Value;

use super::installation::{Customer, Installation, word};
use super::integration::{Integration, gate};

const NOW: [&str; 4] = ["tokens", "end", "--issued-before", "now"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_ended_tokens_are_refused_by_two_nodes_from_the_commit_on() {
    every_node_refuses(&Installation::on_postgres().await, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_ended_tokens_are_refused_by_a_node_on_sqlite_from_the_commit_on() {
    every_node_refuses(&Installation::on_sqlite(), 1).await;
}

async fn every_node_refuses(installation: &Installation, count: usize) {
    let mut nodes = Vec::new();
    for _ in 0..count {
        let one_name = ["--public-url", "https://gatebook.example"];
        nodes.push(installation.start("serve", &one_name, &[]).await);
    }
    let customer = Customer::settle(installation, &nodes[0]).await;
    let integration = Integration::running(&nodes[0], &customer, "Bank Feeds").await;
    for _ in 0..3 {
        let token = integration.token(&nodes[0]).await;
        for node in &nodes {
            assert_eq!(gate(node, &customer, &token).await, "ok");
        }
        let message = installation.succeed(&NOW);
        assert!(message.contains("every node now refuses"), "{message}");
        for node in nodes.iter().rev() {
            assert_eq!(gate(node, &customer, &token).await, "token_revoked");
        }
    }
    let token = integration.token(&nodes[0]).await;
    let again = installation.succeed(&["tokens", "end", "--issued-before", "2020-01-01T00:00:00Z"]);
    assert!(again.starts_with("nothing to do"), "{again}");
    for node in &nodes {
        assert_eq!(gate(node, &customer, &token).await, "ok");
    }
    installation.holds_together();
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_operators_who_end_tokens_at_the_same_moment_all_succeed_on_postgres() {
    operators_end_tokens_at_once(&Installation::on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r27_operators_who_end_tokens_at_the_same_moment_all_succeed_on_sqlite() {
    operators_end_tokens_at_once(&Installation::on_sqlite()).await;
}

async fn operators_end_tokens_at_once(installation: &Installation) {
    let node = installation.serve().await;
    let customer = Customer::settle(installation, &node).await;
    let integration = Integration::running(&node, &customer, "Bank Feeds").await;
    for _ in 0..3 {
        let token = integration.token(&node).await;
        // Some of them mean an earlier time, which must not take back what the others mean.
        let times = ["now", "2026-01-02T03:04:05Z", "now", "2026-01-01T00:00:00Z"];
        let ending = times.map(|time| {
            let mut command = installation.command(&["tokens", "end", "--issued-before", time]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        for operator in ending {
            let finished = tokio::task::block_in_place(|| operator.wait_with_output().unwrap());
            assert!(finished.status.success(), "{finished:?}");
        }
        assert_eq!(gate(&node, &customer, &token).await, "token_revoked");
    }
    node.stop().await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_tokens_is_refused_for_the_future_and_for_what_is_no_time() {
    let installation = Installation::on_sqlite();
    let missing = installation.run(&NOW);
    assert_eq!(missing.code, Some(1), "{missing:#?}");
    assert!(missing.err.contains("there is no database"), "{missing:#?}");
    installation.succeed(&["operator-token", "create", "--name", "Olga"]);
    let head = installation.number("select position from log_head").await;
    let future = installation.run(&["tokens", "end", "--issued-before", "2999-01-01T00:00:00Z"]);
    assert_eq!(future.code, Some(1), "{future:#?}");
    assert!(future.err.contains("not be in the future"), "{future:#?}");
    for other in ["yesterday", ""] {
        let refused = installation.run(&["tokens", "end", "--issued-before", other]);
        assert_eq!(refused.code, Some(64), "{refused:#?}");
    }
    assert_eq!(installation.run(&["tokens", "end"]).code, Some(64));
    assert_eq!(installation.number("select position from log_head").await, head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_the_log_of_the_installation_is_exported_and_holds_by_itself() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        installation.succeed(&["operator-token", "create", "--name", "Olga"]);
        installation.succeed(&["tokens", "end", "--issued-before", "2026-01-02T03:04:05Z"]);
        let exported = installation.succeed(&["log", "export", "--system", "--format", "ndjson"]);
        let lines: Vec<Value> = exported
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let events: Vec<_> = lines.iter().map(|line| word(line, "event")).collect();
        assert_eq!(events, ["OperatorTokenCreated", "TokensEnded", "SystemLogDownloaded"]);
        assert_eq!(word(&lines[0]["details"], "name"), "Olga");
        assert_eq!(word(&lines[1]["details"], "issued_before"), "2026-01-02T03:04:05.000Z");
        for line in &lines {
            assert_eq!(word(line, "actor_type"), "operator");
            assert!(word(line, "actor_name").starts_with("command line ("), "{line}");
            assert_eq!(
                (word(line, "aggregate_id"), word(line, "group_id")),
                ("system".into(), "".into())
            );
        }
        let file = installation.folder().join("system.ndjson");
        std::fs::write(&file, &exported).unwrap();
        installation.succeed(&["log", "verify", file.to_str().unwrap()]);
        let later = ["--from", "2999-01-01T00:00:00Z"];
        let csv = installation.succeed(&[&["log", "export", "--system"][..], &later].concat());
        assert_eq!(csv.lines().count(), 1, "the header alone: {csv}");
        let both = installation.run(&["log", "export", "--system", "--group", "acme"]);
        assert_eq!(both.code, Some(64), "{both:#?}");
        installation.holds_together();
    }
}
