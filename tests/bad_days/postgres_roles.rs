//! R29: on PostgreSQL the log belongs to a role of its own, and the role that serves may append to it and nothing else.

use super::installation::{Customer, Installation};
use crate::support::roles::{Role, database_of, superuser};
use crate::support::{APPS, World};

/// PostgreSQL's code for a lack of rights.
const NOT_ALLOWED: &str = "42501";

/// Every way to change the log, or to get rid of what guards it.
const ATTACKS: [&str; 15] = [
    "update events set payload = '{}'",
    "delete from events",
    "truncate events",
    "alter table events disable trigger user",
    "alter table events disable trigger events_are_append_only",
    "alter table events rename to other",
    "alter table events drop constraint events_position",
    "drop trigger events_are_append_only on events",
    "drop table events",
    "drop table events cascade",
    "create or replace function refuse_to_change_events() returns trigger language plpgsql as 'begin return null; end'",
    "drop function refuse_to_change_events() cascade",
    "create rule nothing as on insert to events do instead nothing",
    "create trigger other before insert on events for each row execute function refuse_to_change_events()",
    "drop schema public cascade",
];

async fn may_only_append(role: &Role, url: &str) {
    for attack in ATTACKS {
        let refusal = role.refusal(url, attack).await;
        assert_eq!(refusal.as_deref(), Some(NOT_ALLOWED), "{attack}");
    }
    let copy = "begin; insert into events select position + 1000, recorded_at, aggregate_type, 'other', group_id, app_id, \
                sequence, event_type, event_version, payload, metadata, previous_hash, hash from events limit 1; rollback";
    assert_eq!(role.refusal(url, copy).await, None);
}

/// Whether the log warns about the role.
fn warns(log: &str) -> bool {
    log.lines()
        .any(|line| line.contains("WARN") && line.contains("that Gatebook works with"))
}

/// Serves, does what people do, rebuilds, and ends; what it logged.
async fn everything_works(installation: &Installation) -> String {
    let process = installation.serve().await;
    let customer = Customer::settle(installation, &process).await;
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    installation.succeed(&["projections", "rebuild"]);
    pam.post(APPS, World::new_integration("Leave Planner"))
        .await
        .expect(201);
    installation.holds_together();
    let log = process.log();
    process.stop().await;
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_the_serving_role_may_append_and_nothing_else_once_an_administrator_ran_the_script() {
    let serving = Role::new("serving", "").await;
    let url = database_of(&serving).await;
    let installation = Installation::on(serving.at(&url));
    let script = installation.succeed(&["migrate"]);
    assert!(script.contains("Run this as an administrator"), "{script}");

    let log = everything_starts(&installation).await;
    assert!(warns(&log) && log.contains("could turn off the triggers"), "{log}");
    assert!(log.contains("gatebook migrate"), "it says what to do: {log}");
    assert_eq!(
        serving.refusal(&url, "alter table events disable trigger user").await,
        None
    );
    assert_eq!(
        serving.refusal(&url, "alter table events enable trigger user").await,
        None
    );

    superuser(&url, &script).await;
    assert_eq!(installation.succeed(&["migrate"]), "", "nothing is left to do");
    let log = everything_works(&installation).await;
    assert!(!warns(&log), "{log}");
    may_only_append(&serving, &url).await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_an_administrator_migrates_several_databases_for_one_serving_role() {
    let serving = Role::new("serving", "").await;
    let administrator = Role::new("administrator", "superuser").await;
    for _ in 0..2 {
        let url = database_of(&administrator).await;
        let migrating = Installation::on(administrator.at(&url));
        let migrate = ["migrate", "--serving-role", &serving.0];
        assert_eq!(migrating.succeed(&migrate), "");
        assert_eq!(migrating.succeed(&["migrate"]), "", "it is known who serves");
        let installation = Installation::on(serving.at(&url));
        let log = everything_works(&installation).await;
        assert!(!warns(&log), "{log}");
        may_only_append(&serving, &url).await;
        // An administrator who rebuilds takes nothing away.
        migrating.succeed(&["projections", "rebuild"]);
        assert_eq!(migrating.succeed(&["migrate"]), "");
        let process = installation.serve().await;
        process.stop().await;
        installation.succeed(&["projections", "rebuild"]);
    }
    let nobody = Installation::on(administrator.at(&database_of(&administrator).await));
    let finished = nobody.run(&["migrate", "--serving-role", "nobody_of_this_name"]);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.err.contains("no role nobody_of_this_name"), "{finished:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r29_a_role_that_may_create_roles_migrates_for_another_and_for_itself() {
    let (serving, migrating) = (
        Role::new("serving", "").await,
        Role::new("migrating", "createrole").await,
    );
    let url = database_of(&migrating).await;
    let by_migrating = Installation::on(migrating.at(&url));
    assert_eq!(by_migrating.succeed(&["migrate", "--serving-role", &serving.0]), "");
    let installation = Installation::on(serving.at(&url));
    let log = everything_works(&installation).await;
    assert!(!warns(&log), "{log}");
    may_only_append(&serving, &url).await;
    // Again, beside tables that belong to others, as a later migration finds them.
    assert_eq!(by_migrating.succeed(&["migrate"]), "");
    may_only_append(&serving, &url).await;

    let alone = Role::new("alone", "createrole").await;
    let url = database_of(&alone).await;
    let installation = Installation::on(alone.at(&url));
    assert_eq!(installation.succeed(&["migrate"]), "");
    let log = everything_works(&installation).await;
    assert!(log.contains("may create roles"), "{log}");
    may_only_append(&alone, &url).await;
    superuser(&url, &format!("alter role {} nocreaterole", alone.0)).await;
    let log = everything_starts(&installation).await;
    assert!(!warns(&log), "{log}");
    assert_eq!(installation.succeed(&["migrate"]), "");
}

/// Only the log of a start.
async fn everything_starts(installation: &Installation) -> String {
    let process = installation.serve().await;
    let log = process.log();
    process.stop().await;
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superuser_serves_and_is_warned_about() {
    let installation = Installation::on_postgres().await;
    let log = everything_starts(&installation).await;
    assert!(warns(&log) && log.contains("is a superuser"), "{log}");
    assert_eq!(installation.succeed(&["migrate"]), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_keeps_what_auditors_were_granted() {
    let (serving, auditor) = (Role::new("serving", "").await, Role::new("auditor", "").await);
    let url = database_of(&serving).await;
    let installation = Installation::on(serving.at(&url));
    installation.succeed(&["migrate"]);
    let (grants, auditor_name) = (
        [
            "grant select on app_list to",
            "grant select, references on token_gate to",
            "grant select (group_id, name) on groups to",
        ],
        auditor.0.as_str(),
    );
    for grant in grants {
        assert_eq!(serving.refusal(&url, &format!("{grant} {auditor_name}")).await, None);
    }
    let public = "grant select on developers to public; grant select on app_list to pg_monitor with grant option";
    assert_eq!(serving.refusal(&url, public).await, None);
    let granted = "select string_agg(a, e'\\n' order by a) from ( \
         select relname || ' ' || acl::text from pg_class, unnest(relacl) acl where relnamespace = 'public'::regnamespace \
         union all select relname || '.' || attname || ' ' || acl::text from pg_class join pg_attribute on attrelid = \
         pg_class.oid, unnest(attacl) acl where relnamespace = 'public'::regnamespace) t (a)";
    let before = text(&url, granted).await;
    assert!(before.contains(auditor_name), "{before}");
    for rebuilding in [&installation, &Installation::on(url.clone())] {
        rebuilding.succeed(&["projections", "rebuild"]);
        assert_eq!(text(&url, granted).await, before);
    }
    for (sql, code) in [
        ("select * from app_list", None),
        ("select group_id, name from groups", None),
        ("select * from groups", Some(NOT_ALLOWED)),
        ("select * from developers", None),
        ("select * from portal_apps", Some(NOT_ALLOWED)),
        ("delete from app_list", Some(NOT_ALLOWED)),
    ] {
        assert_eq!(auditor.refusal(&url, sql).await.as_deref(), code, "{sql}");
    }
}

async fn text(url: &str, sql: &str) -> String {
    use sqlx::Connection;

    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let text = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    text
}
