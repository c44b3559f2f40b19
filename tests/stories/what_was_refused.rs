//! ASVS 5.0 16.3: what was refused is in the activity log, too: wrong passwords and tokens, requests for want of a right,
//! OTPs after the lock. Counted, so that nobody fills the log; never with what was typed.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures::TryStreamExt;
use gatebook::activity_log::{LogPeriod, Scope, export};
use gatebook::application::{Caller, PortalClient, RecordedDownload, Who};
use gatebook::replay::{ExportedRange, verify_exported};
use gatebook_aggregates::group::Role;
use gatebook_aggregates::log_format::LogFormat;
use serde_json::{Value, json};
use uuid::Uuid;

use super::refused_rows::{LOG, WRONG, message, refused, refused_in, tries_to_sign_in};
use crate::bad_days::installation::Installation;
use crate::bad_days::tampered_rows::row;
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{APPS, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    a_wrong_password_is_in_the_log_of_each_group_it_was_tried_for,
    what_is_tried_again_and_again_is_counted_and_written_once_a_minute,
    a_request_for_want_of_a_right_is_in_the_groups_log_and_in_the_applications,
    an_otp_after_the_lock_is_in_the_applications_log_under_the_address_as_typed,
    tokens_that_open_nothing_and_unknown_addresses_are_in_no_groups_log,
    what_was_refused_to_an_account_and_at_the_installations_doors_is_in_their_exports,
    a_refusal_moves_no_etag_and_the_whole_log_holds_together,
    a_developer_without_the_right_is_in_the_applications_log_and_in_the_accounts,
    tokens_that_open_nothing_at_the_developers_api_are_in_the_accounts_log_if_there_is_one,
    what_a_form_says_itself_is_in_the_log_too,
}

async fn a_wrong_password_is_in_the_log_of_each_group_it_was_tried_for(world: World) {
    world.give_password("acme", "ulf").await;
    let (pam, stranger) = (world.user("acme", "pam").await, world.user("globex", "pam").await);
    tries_to_sign_in(&world, "ulf@acme.example", WRONG).await;
    let rows = refused(&world, &pam, LOG).await;
    assert_eq!(
        message(&rows),
        [(
            "LogInsRefused",
            "Gatebook refused log-ins to the console for the group user ulf: the password was wrong; \
             once, at 2026-11-23T09:00:00.000Z."
        )]
    );
    assert_eq!(
        (rows[0]["actor_type"].as_str(), rows[0]["ip_address"].as_str()),
        ("system", "192.0.2.66")
    );
    assert!(refused(&world, &stranger, LOG).await.is_empty());
    assert!(!world.log_holds(WRONG).await);
}

async fn what_is_tried_again_and_again_is_counted_and_written_once_a_minute(world: World) {
    let pam = world.user("acme", "pam").await;
    let ulf = world.user("acme", "ulf").await;
    for _ in 0..5 {
        ulf.get(APPS).await.refused(403, "forbidden");
        world.gatebook.write_refusals(false).await;
    }
    assert_eq!(refused(&world, &pam, LOG).await.len(), 1);
    world.pass(TimeDelta::minutes(1) - TimeDelta::milliseconds(1));
    ulf.get(APPS).await.refused(403, "forbidden");
    assert_eq!(refused(&world, &pam, LOG).await.len(), 1);
    world.pass(TimeDelta::milliseconds(1));
    let rows = refused(&world, &pam, LOG).await;
    assert_eq!(
        rows[1]["summary"],
        "Ulf User was refused GET /api/v1/integration-apps (forbidden); \
         5 times from 2026-11-23T09:00:00.000Z to 2026-11-23T09:00:59.999Z."
    );
    ulf.get(APPS).await.refused(403, "forbidden");
    // At the end of the program nothing waits for its minute.
    world.gatebook.write_refusals(true).await;
    assert_eq!(refused(&world, &pam, LOG).await.len(), 3);
}

async fn a_request_for_want_of_a_right_is_in_the_groups_log_and_in_the_applications(world: World) {
    let (ada, audrey, ulf) = (
        world.ada().await,
        world.user("acme", "audrey").await,
        world.user("acme", "ulf").await,
    );
    let app = world.created(&ada, "Payroll").await;
    audrey
        .post(&app_at(&app, "/suspend"), json!({}))
        .await
        .refused(403, "forbidden");
    ulf.get(&app_at(&app, "")).await.refused(403, "forbidden");
    // Another group's application is not named to anybody.
    let other = world.user("globex", "pam").await;
    other.get(&app_at(&app, "")).await.refused(404, "not_found");
    assert_eq!(refused(&world, &ada, &app_at(&app, "/activity-log")).await.len(), 2);
    let rows = refused(&world, &audrey, LOG).await;
    let mut by: Vec<_> = rows.iter().map(|row| row["actor_name"].as_str()).collect();
    by.sort_unstable();
    assert_eq!(by, ["Audrey Auditor", "Ulf User"]);
    assert!(
        rows.iter()
            .all(|row| row["details"].contains("\"app_name\":\"Payroll\"")),
        "{rows:?}"
    );
    assert!(
        rows.iter()
            .any(|row| row["summary"].contains("POST /api/v1/integration-apps/{id}/suspend"))
    );
}

async fn an_otp_after_the_lock_is_in_the_applications_log_under_the_address_as_typed(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let verify = async || dev.post(&portal_at(&app, "/verify"), json!({"otp": "0000-0000"})).await;
    for _ in 0..5 {
        verify().await;
        world.pass(TimeDelta::minutes(5));
    }
    // The first try after the lock is an event of the application.
    verify().await.refused(423, "otp_locked");
    let counted = async || {
        let mut rows = refused(&world, &ada, LOG).await;
        rows.retain(|row| row["event"] == "UnusableOneTimePasswordsRefused");
        rows
    };
    assert!(counted().await.is_empty());
    world.pass(TimeDelta::minutes(5));
    verify().await.refused(423, "otp_locked");
    let rows = counted().await;
    assert_eq!((rows.len(), rows[0]["actor_name"].as_str()), (1, "dev@example.com"));
    assert!(rows[0]["details"].contains("Payroll") && !rows[0]["details"].contains("0000-0000"));
}

async fn tokens_that_open_nothing_and_unknown_addresses_are_in_no_groups_log(world: World) {
    let pam = world.user("acme", "pam").await;
    tries_to_sign_in(&world, "nobody@acme.example", WRONG).await;
    let stranger = Caller::command_line("r-1".to_owned()).with(Who::Nobody);
    let log_in = world
        .gatebook
        .log_in(&stranger, PortalClient::Pages, "nobody@example.com", WRONG, "");
    assert!(log_in.await.is_err());
    let liar = world.person(Some("gbo_nonsense".to_owned()));
    liar.get("/operator/api/v1/groups")
        .await
        .refused(401, "unauthenticated");
    liar.get("/api/v1/me").await.refused(401, "unauthenticated");
    assert!(refused(&world, &pam, LOG).await.is_empty());
    let written = world
        .number("select count(*) from events where event_type = 'LogInsRefused'")
        .await;
    assert_eq!(written, 4);
    for secret in ["nobody@", WRONG, "nonsense"] {
        assert!(!world.log_holds(secret).await, "{secret}");
    }
    // A token whose time is over is known: it is its owner's group that should hear of it.
    let ulf = world.user("acme", "ulf").await;
    world.pass(TimeDelta::days(365));
    ulf.get("/api/v1/me").await.refused(401, "unauthenticated");
    let rows = refused(&world, &world.user("acme", "pam").await, LOG).await;
    assert!(
        rows[0]["summary"].contains("to the admin API for the group user ulf: the token had ended"),
        "{rows:?}"
    );
}

async fn what_was_refused_to_an_account_and_at_the_installations_doors_is_in_their_exports(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let stranger = Caller::command_line("r-1".to_owned()).with(Who::Nobody);
    for address in ["dev@example.com", "nobody@example.com"] {
        let log_in = world
            .gatebook
            .log_in(&stranger, PortalClient::Pages, address, WRONG, "");
        assert!(log_in.await.is_err());
    }
    dev.delete("/portal/api/v1/session").await.done();
    let liar = world.person(Some("gbo_nonsense".to_owned()));
    liar.get("/operator/api/v1/groups")
        .await
        .refused(401, "unauthenticated");
    world.gatebook.write_refusals(false).await;
    let operator = Caller::command_line("r-2".to_owned());
    let export = async |scope, recorded: RecordedDownload| {
        let range = LogPeriod {
            from: None,
            to: None,
            up_to_position: recorded.up_to_position,
        };
        let pieces = export(world.gatebook.log.database.clone(), scope, range, LogFormat::Ndjson);
        let file = pieces.try_collect::<Vec<_>>().await.unwrap().concat();
        let report = verify_exported(&*file, ExportedRange::default()).unwrap();
        assert!(report.holds() && report.is_whole(), "{report:?}");
        let lines = str::from_utf8(&file).unwrap().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    };
    let events = |lines: &[Value]| {
        let events = lines.iter().map(|line| line["event"].as_str().unwrap().to_owned());
        events.collect::<Vec<_>>()
    };
    let developer = &row(&world, "select developer_id from developers").await[0];
    let id = Uuid::parse_str(developer).unwrap();
    let (gatebook, format) = (&world.gatebook, LogFormat::Ndjson);
    let recorded = gatebook.record_developer_log_download(operator.operator().unwrap(), id.into(), format, None, None);
    let of_account = export(Scope::Developer(id.into()), recorded.await.unwrap()).await;
    assert_eq!(
        events(&of_account),
        [
            "DeveloperSignedUp",
            "DeveloperLoggedIn",
            "DeveloperLoggedOut",
            "LogInsRefused",
            "DeveloperLogDownloaded"
        ]
    );
    assert_eq!(of_account[3]["details"]["developer_id"], developer.as_str());
    let recorded = gatebook.record_system_log_download(operator.operator().unwrap(), format, None, None);
    let of_installation = export(Scope::System, recorded.await.unwrap()).await;
    let refused: Vec<_> = of_installation
        .iter()
        .filter(|line| line["event"] == "LogInsRefused")
        .collect();
    let channels: BTreeSet<_> = refused
        .iter()
        .map(|line| line["details"]["channel"].as_str().unwrap())
        .collect();
    assert_eq!((channels.len(), refused.len()), (2, 2), "{of_installation:?}");
    assert!(channels.contains("portal") && channels.contains("operators_api"));
    assert_eq!(events(&of_installation).last().unwrap(), "SystemLogDownloaded");
}

async fn a_refusal_moves_no_etag_and_the_whole_log_holds_together(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    let etag = async || ada.get(&app_at(&app, "")).await.expect(200).header("etag");
    let before = etag().await;
    audrey
        .post(&app_at(&app, "/suspend"), json!({}))
        .await
        .refused(403, "forbidden");
    world.gatebook.write_refusals(false).await;
    ada.get(&app_at(&app, "/events")).await.expect(200);
    assert_eq!(etag().await, before);
    Installation::on(world.database_url.clone()).holds_together();
}

async fn a_developer_without_the_right_is_in_the_applications_log_and_in_the_accounts(world: World) {
    let ada = world.ada().await;
    let (app, other) = (world.created(&ada, "Payroll").await, world.user("globex", "pam").await);
    let dev = world.signed_up("dev@example.com").await;
    dev.get(&portal_at(&app, "/entities"))
        .await
        .refused(403, "otp_verification_needed");
    let rows = refused(&world, &ada, &app_at(&app, "/activity-log")).await;
    assert_eq!(
        message(&rows),
        [(
            "RequestsForbidden",
            "dev@example.com was refused GET /portal/api/v1/apps/{id}/entities (otp_verification_needed); \
             once, at 2026-11-23T09:00:00.000Z."
        )]
    );
    let developer = &row(&world, "select developer_id from developers").await[0];
    assert_eq!(refused_in(&world, &format!("developer/{developer}/")).await.len(), 1);
    assert!(refused(&world, &other, LOG).await.is_empty());
    Installation::on(world.database_url.clone()).holds_together();
}

async fn tokens_that_open_nothing_at_the_developers_api_are_in_the_accounts_log_if_there_is_one(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let liar = world.person(Some("gbs_nonsense".to_owned()));
    let apps = "/portal/api/v1/apps";
    liar.get(apps).await.refused(401, "unauthenticated");
    world.pass(TimeDelta::days(1));
    dev.get(apps).await.refused(401, "unauthenticated");
    let of_nobody = refused_in(&world, "installation/").await;
    assert_eq!(of_nobody.len(), 1);
    assert_eq!(of_nobody[0]["LogInsRefused"]["channel"], "portal_api");
    assert_eq!(of_nobody[0]["LogInsRefused"]["because"], "unknown_token");
    let developer = &row(&world, "select developer_id from developers").await[0];
    let of_account = refused_in(&world, &format!("developer/{developer}/")).await;
    assert_eq!(of_account.len(), 1);
    assert_eq!(of_account[0]["LogInsRefused"]["because"], "token_ended");
    assert!(!world.log_holds("nonsense").await);
}

async fn what_a_form_says_itself_is_in_the_log_too(world: World) {
    let pam = world.user("acme", "pam").await;
    world
        .add_user("acme", "paul", "Paul Practice", Role::PracticeAdmin)
        .await;
    world.give_password("acme", "paul").await;
    let node = world.counted_node().await;
    let mut paul = Browser::at(&node.base_url);
    paul.open("/sign-in").await;
    paul.send("/sign-in", &[("email", "paul@acme.example"), ("password", PASSWORD)])
        .await
        .expect(200);
    paul.open("/group-users/ulf").await.expect(200);
    let operator = world.operator.clone();
    node.database.before_the_next_write(async move {
        let user = json!({"email": "paul@acme.example", "name": "Paul Practice", "role": "user"});
        operator
            .put("/operator/api/v1/groups/acme/users/paul", user)
            .await
            .done();
    });
    paul.send("/group-users/ulf", &[("view_activity_logs", "true")])
        .await
        .expect(403)
        .shows("Edit Group User");
    node.gatebook.write_refusals(false).await;
    assert_eq!(
        message(&refused(&world, &pam, LOG).await),
        [(
            "RequestsForbidden",
            "Paul Practice was refused POST /group-users/{id} (forbidden); once, at 2026-11-23T09:00:00.000Z."
        )]
    );
}
