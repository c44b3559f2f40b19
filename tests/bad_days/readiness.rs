//! `/readyz` is 200 only when a command could be committed now. Checks go on wherever they can.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::installation::{Installation, client, free_port};
use crate::support::eventually::eventually;
use crate::support::postgres_cluster::Cluster;
use crate::support::{APPS, Person, World};

async fn becomes(anybody: &Person, status: u16) -> Value {
    eventually(&format!("readiness {status}"), async || {
        let answer = anybody.get("/readyz").await;
        (answer.status == status).then(|| answer.json())
    })
    .await
}

#[track_caller]
fn reason(answer: &Value) -> &str {
    assert_eq!(answer["code"], "unavailable", "{answer}");
    answer["reason"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_synchronous_standby_is_not_ready_until_there_is_one_again() {
    let cluster = Cluster::new();
    let primary = cluster.primary();
    primary.carry_out("postgres", "create database gatebook").await;
    let world = World::on_database(primary.url("gatebook")).await;
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    becomes(&ada, 200).await;

    primary
        .carry_out("gatebook", "alter system set synchronous_standby_names = 'nobody'")
        .await;
    primary.carry_out("gatebook", "select pg_reload_conf()").await;
    let answer = becomes(&ada, 503).await;
    assert_eq!(reason(&answer), "a commit gets no answer");
    assert_eq!(
        world.gate(&token, "e1", "read").await,
        "ok",
        "nothing that a check needs is missing"
    );
    // One commit waits, however often somebody asks: each that was given up would leave a process of the server behind.
    for _ in 0..3 {
        becomes(&ada, 503).await;
    }
    let waiting = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
    assert_eq!(world.number(waiting).await, 1);

    primary
        .carry_out("gatebook", "alter system reset synchronous_standby_names")
        .await;
    primary.carry_out("gatebook", "select pg_reload_conf()").await;
    becomes(&ada, 200).await;
    ada.post(APPS, World::new_integration("Another Bridge"))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_role_may_not_append_is_not_ready() {
    let cluster = Cluster::new();
    let primary = cluster.primary();
    primary.carry_out("postgres", "create role clerk login").await;
    primary
        .carry_out("postgres", "create database gatebook owner clerk")
        .await;
    let url = primary.url("gatebook").replace("gatebook@", "clerk@");
    let world = World::on_database(url).await;
    let ada = world.ada().await;
    becomes(&ada, 200).await;
    let write = "insert, update";
    for (rights, table) in [
        (write, "events"),
        (write, "log_head"),
        (write, "email_quota_uses"),
        (write, "app_list"),
        (write, "group_entities"),
        ("delete", "group_users"),
    ] {
        let (taken, given) = (
            format!("revoke {rights} on {table} from clerk"),
            format!("grant {rights} on {table} to clerk"),
        );
        primary.carry_out("gatebook", &taken).await;
        let answer = becomes(&ada, 503).await;
        assert!(
            reason(&answer).contains("may not append") || reason(&answer).contains("permission denied"),
            "{answer}"
        );
        primary.carry_out("gatebook", &given).await;
        becomes(&ada, 200).await;
    }
}

/// Starts a program in which the folder `disk` is a disk of its own, of three megabytes.
fn on_a_small_disk(program: &mut Command, disk: &std::path::Path) -> Command {
    let mut command = Command::new("unshare");
    // Who is not root becomes it inside, for nothing but the mount.
    let own_namespace: &[&str] = if std::path::Path::new("/root").read_dir().is_ok() {
        &["-m"]
    } else {
        &["-r", "-m"]
    };
    command
        .args(own_namespace)
        .args(["sh", "-c", r#"mount -t tmpfs -o size=3m none "$0" && exec "$@""#])
        .arg(disk);
    command.arg(program.get_program()).args(program.get_args());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_disk_is_full_is_not_ready_and_answers_checks() {
    let disk = tempfile::tempdir().unwrap();
    let disk = disk.path();
    let address = format!("127.0.0.1:{}", free_port());
    let full = Installation::on(format!("sqlite://{}", disk.join("gatebook.db").display()));
    let mut serving = on_a_small_disk(&mut full.command(&["demo", "--listen", &address]), disk);
    serving.stdout(Stdio::null()).stderr(Stdio::null());
    let process = full.spawn_as_it_is(serving, &address);
    eventually("life", async || client().get(&process.base_url).send().await.ok()).await;
    becomes(&process.anybody(), 200).await;

    let demo: Value = serde_json::from_slice(&std::fs::read(full.folder().join("demo.json")).unwrap()).unwrap();
    let users = demo["groups"][0]["users"].as_array().unwrap();
    let ida = users.iter().find(|user| user["id"] == "ida").unwrap()["token"]
        .as_str()
        .unwrap();
    let ida = process.person(ida);
    let form = |number: i32| {
        json!({
            "integration_type": "new_integration", "name": format!("Bridge {number}"), "description": "d".repeat(1_900),
            "category": "payroll_and_hr", "developer_email": "dev@example.com", "api_permission": "read",
            "entities": ["nw-dublin"],
        })
    };
    let mut created = 0;
    while ida.post(APPS, form(created)).await.status == 201 {
        created += 1;
        assert!(created < 2_000, "the disk was never full");
    }
    let answer = becomes(&ida, 503).await;
    assert!(reason(&answer).contains("full"), "{answer}");
    ida.get(APPS).await.expect(200);
    let nobodys = ida.get("/gateway/authorize").await;
    assert_eq!(nobodys.status, 401, "a gate that cannot decide would say 403");
}
