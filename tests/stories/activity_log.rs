//! Download Activity Log: every step, by whom, when, from where, and what it changed.

use chrono::TimeDelta;
use futures::TryStreamExt;
use gatebook::activity_log::{LogPeriod, Scope, export};
use gatebook::application::{Caller, Failure, Who};
use gatebook::replay::{ExportedRange, verify_exported};
use gatebook_aggregates::log_format::LogFormat;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::log::read_csv;
use crate::support::{APPS, PORTAL, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    an_applications_log_has_the_lines_of_other_streams_that_speak_of_it,
    r28_what_developers_do_with_their_accounts_is_in_a_log_of_its_own,
    r28_every_step_is_in_the_log_with_who_when_and_from_where,
    r28_a_change_is_told_with_what_was_and_what_is,
    r28_refusals_reveals_and_downloads_are_in_the_log,
    r28_the_groups_log_holds_all_applications_and_the_groups_own_events,
    r28_the_request_and_its_origin_are_in_the_log,
    r28_no_secret_and_no_digest_is_anywhere_in_it,
    r3_auditors_download_and_users_without_the_permission_do_not,
    the_timeline_is_newest_first_page_by_page,
}

async fn r28_every_step_is_in_the_log_with_who_when_and_from_where(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    dev.get(&portal_at(&app, "")).await.expect(200);
    world.pass(TimeDelta::minutes(1));
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let log = ada.csv(&app_at(&app, "/activity-log")).await;
    let message: Vec<(&str, &str, &str)> = log
        .iter()
        .map(|row| {
            (
                row["event"].as_str(),
                row["actor_type"].as_str(),
                row["actor_name"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        message,
        [
            ("NewIntegrationCreated", "group_user", "Ada Admin"),
            ("DeveloperInvited", "group_user", "Ada Admin"),
            ("VerificationCodeSent", "developer", "dev@example.com"),
            ("InvitationAccepted", "developer", "dev@example.com"),
            ("DeveloperVerified", "developer", "Dev Eloper"),
            ("ClientSecretGenerated", "developer", "Dev Eloper"),
            ("AccessTokenRevoked", "integration", "Payroll"),
            ("CredentialsRevealed", "developer", "Dev Eloper"),
            ("ApplicationSuspended", "group_user", "Ada Admin"),
            ("ActivityLogDownloaded", "group_user", "Ada Admin"),
        ]
    );
    for (n, row) in log.iter().enumerate() {
        // The token that was given back has a log of its own, of which this is the only line.
        let sequence = match n {
            0..6 => n + 1,
            6 => 1,
            _ => n,
        };
        assert_eq!(row["sequence"], sequence.to_string());
        assert_eq!(
            (row["app_id"].as_str(), row["app_name"].as_str()),
            (id(&app), "Payroll")
        );
        assert_eq!(row["ip_address"], "127.0.0.1");
        assert!(!row["request_id"].is_empty());
        assert!(
            row["summary"].contains(&row["actor_name"]) && row["summary"].ends_with('.'),
            "{}",
            row["summary"]
        );
        assert!(row["details"].starts_with('{'), "{}", row["details"]);
        let minute = if n < 8 { "00" } else { "01" };
        assert_eq!(row["recorded_at"], format!("2026-11-23T09:{minute}:00.000Z"));
    }
    assert_eq!(
        (log[0]["actor_id"].as_str(), log[6]["actor_id"].as_str()),
        ("ada", client.0.as_str())
    );
    assert_eq!(log[3]["actor_id"], log[4]["actor_id"]);
}

async fn r28_a_change_is_told_with_what_was_and_what_is(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let change = json!({"description": "New words.", "category": "other", "entities": ["e2", "e3"]});
    ada.patch(&app_at(&app, ""), change).await.expect(200);
    let log = ada.csv(&app_at(&app, "/activity-log")).await;
    let details = |event: &str| {
        let row = log.iter().find(|row| row["event"] == event).unwrap();
        let details: Value = serde_json::from_str(&row["details"]).unwrap();
        details.get(event).cloned().unwrap_or(details)
    };
    let old = json!("Posts the payroll journals of every month.");
    assert_eq!(
        details("DescriptionChanged"),
        json!({"before": old, "after": "New words."})
    );
    assert_eq!(
        details("CategoryChanged"),
        json!({"before": "payroll_and_hr", "after": "other"})
    );
    assert_eq!(details("EntitiesChanged"), json!({"added": ["e3"], "removed": ["e1"]}));
}

async fn r28_refusals_reveals_and_downloads_are_in_the_log(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    dev.post(&portal_at(&app, "/verify"), json!({"otp": "WRNG-WRNG"}))
        .await
        .expect(422);
    world.verified(&dev, &app).await;
    for _ in 0..3 {
        dev.get(&portal_at(&app, "")).await.expect(200);
    }
    world.pass(TimeDelta::minutes(5));
    dev.get(&portal_at(&app, "")).await.expect(200);
    audrey
        .get(&app_at(&app, "/activity-log?from=2026-11-23T00:00:00Z"))
        .await
        .expect(200);
    let log = ada.csv(&app_at(&app, "/activity-log")).await;
    let count = |event: &str| log.iter().filter(|row| row["event"] == event).count();
    assert_eq!(count("OneTimePasswordMistyped"), 1);
    assert_eq!(count("CredentialsRevealed"), 2);
    let look = log.iter().find(|row| row["event"] == "CredentialsRevealed").unwrap();
    assert!(look["details"].contains("\"ip_address\":\"127.0.0.1\""), "{look:?}");
    assert_eq!(count("ActivityLogDownloaded"), 2);
    let downloads: Vec<_> = log
        .iter()
        .filter(|row| row["event"] == "ActivityLogDownloaded")
        .collect();
    assert_eq!(
        (downloads[0]["actor_id"].as_str(), downloads[1]["actor_id"].as_str()),
        ("audrey", "ada")
    );
    assert!(
        downloads[0]["details"].contains("2026-11-23T00:00:00.000Z"),
        "{}",
        downloads[0]["details"]
    );
}

async fn r28_the_groups_log_holds_all_applications_and_the_groups_own_events(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    let stranger = world.user("globex", "pam").await;
    let form = World::with(World::new_integration("Globex's"), json!({"entities": ["g1"]}));
    stranger.post(APPS, form).await.expect(201);
    let log = ada.csv("/api/v1/activity-log").await;
    let has = |event: &str, app: &str| log.iter().any(|row| row["event"] == event && row["app_id"] == app);
    assert!(has("NewIntegrationCreated", id(&one)) && has("NewIntegrationCreated", id(&two)));
    for own in [
        "GroupRegistered",
        "EntityAdded",
        "UserAdded",
        "PermissionGranted",
        "UserTokenIssued",
    ] {
        assert!(has(own, ""), "{own}");
    }
    assert_eq!(log.last().unwrap()["event"], "GroupActivityLogDownloaded");
    let positions: Vec<i64> = log.iter().map(|row| row["position"].parse().unwrap()).collect();
    assert!(positions.is_sorted());
    assert!(
        !log.iter()
            .any(|row| row["app_name"] == "Globex's" || row["summary"].contains("Globex"))
    );
}

async fn r28_the_request_and_its_origin_are_in_the_log(world: World) {
    let ada = world.ada().await;
    let headers = [("X-Request-Id", "my-request.1"), ("X-Forwarded-For", "203.0.113.7")];
    let answer = ada
        .send(Method::POST, APPS, Some(World::new_integration("Payroll")), &headers)
        .await
        .expect(201);
    assert_eq!(answer.header("x-request-id"), "my-request.1");
    let log = ada.csv(&app_at(&answer.json(), "/activity-log")).await;
    assert_eq!(
        (log[0]["request_id"].as_str(), log[0]["ip_address"].as_str()),
        ("my-request.1", "127.0.0.1")
    );
    assert_eq!(log[1]["request_id"], "my-request.1");
}

async fn r28_no_secret_and_no_digest_is_anywhere_in_it(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    let invitation = world.mails().await[0].invite_token();
    let code = world.mails().await[1].code();
    let otp = app["verification"]["otp"].as_str().unwrap().to_owned();
    let mut logs = Vec::new();
    for path in [app_at(&app, "/activity-log"), "/api/v1/activity-log".to_owned()] {
        logs.push(ada.get(&path).await.expect(200).text());
        logs.push(ada.get_as("application/x-ndjson", &path).await.expect(200).text());
    }
    logs.push(ada.get(&app_at(&app, "/events?limit=200")).await.expect(200).text());
    let (ada_token, dev_token) = (ada.token.unwrap(), dev.token.unwrap());
    for log in logs {
        for secret in [
            &client.1,
            &token,
            &invitation,
            &otp,
            &otp.replace('-', ""),
            &ada_token,
            &dev_token,
        ] {
            assert!(!log.contains(secret.as_str()), "{secret}");
        }
        assert!(!log.contains("_digest\""), "a digest is in the log");
        assert!(!log.contains(&format!("\"{code}\"")), "the code is in the log");
    }
}

async fn r3_auditors_download_and_users_without_the_permission_do_not(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let (audrey, ulf) = (world.user("acme", "audrey").await, world.user("acme", "ulf").await);
    let dev = world.signed_up("dev@example.com").await;
    let before = world.traces().await;
    for path in [
        app_at(&app, "/activity-log"),
        app_at(&app, "/events"),
        "/api/v1/activity-log".to_owned(),
    ] {
        ulf.get(&path).await.refused(403, "forbidden");
        dev.get(&path).await.refused(401, "unauthenticated");
        world.anybody().get(&path).await.refused(401, "unauthenticated");
    }
    assert_eq!(world.traces().await, before);
    assert!(read_csv(&audrey.get(&app_at(&app, "/activity-log")).await.expect(200).text()).len() > 2);
    audrey.get("/api/v1/activity-log").await.expect(200);
    audrey.get(&app_at(&app, "/events")).await.expect(200);
}

async fn the_timeline_is_newest_first_page_by_page(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    for n in 0..23 {
        ada.patch(&app_at(&app, ""), json!({"description": format!("Version {n}.")}))
            .await
            .expect(200);
    }
    let (mut sequences, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = ada
            .get(&app_at(&app, &format!("/events?limit=10&cursor={cursor}")))
            .await
            .expect(200)
            .json();
        sequences.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["sequence"].as_i64().unwrap()),
        );
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(sequences, (1..=25).rev().collect::<Vec<_>>());
    assert_eq!(pages, 3);
    for (bad, code) in [
        ("limit=0", "invalid_limit"),
        ("limit=201", "invalid_limit"),
        ("limit=x", "invalid_limit"),
        ("cursor=x", "invalid_cursor"),
    ] {
        ada.get(&app_at(&app, &format!("/events?{bad}")))
            .await
            .refused(422, code);
    }
    let newest = ada.get(&app_at(&app, "/events?limit=1")).await.json()["items"][0].clone();
    assert_eq!(
        newest["details"].to_string().matches("Version 2").count(),
        2,
        "{newest}"
    );
    assert!(world.anybody().get(&format!("{PORTAL}/apps")).await.status == 401);
}

async fn r28_what_developers_do_with_their_accounts_is_in_a_log_of_its_own(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let events = ada.get(&app_at(&app, "/events")).await.json();
    let verified = events["items"].as_array().unwrap().iter();
    let verified = verified
        .clone()
        .find(|event| event["event"] == "DeveloperVerified")
        .unwrap();
    let developer = Uuid::parse_str(verified["details"]["developer_id"].as_str().unwrap()).unwrap();
    let download = async |caller: Caller| {
        let (gatebook, format) = (&world.gatebook, LogFormat::Ndjson);
        let recorded = gatebook
            .record_developer_log_download(caller.operator()?, developer.into(), format, None, None)
            .await?;
        let range = LogPeriod {
            from: None,
            to: None,
            up_to_position: recorded.up_to_position,
        };
        let pieces = export(
            gatebook.log.database.clone(),
            Scope::Developer(developer.into()),
            range,
            format,
        );
        let bytes: Vec<Vec<u8>> = pieces.try_collect().await.unwrap();
        Ok::<_, Failure>(bytes.concat())
    };
    let operator = Caller::command_line("r-1".to_owned());
    let file = download(operator.clone()).await.unwrap();
    let message: Vec<Value> = file
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let names: Vec<_> = message.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["DeveloperSignedUp", "DeveloperLoggedIn", "DeveloperLogDownloaded"]
    );
    assert_eq!(message[2]["actor_type"], "operator");
    let report = verify_exported(&*file, ExportedRange::default()).unwrap();
    assert!(report.holds() && report.is_whole(), "{report:?}");
    let before = world.traces().await;
    assert!(download(operator.with(Who::Nobody)).await.is_err());
    assert_eq!(world.traces().await, before);
}

async fn an_applications_log_has_the_lines_of_other_streams_that_speak_of_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let other = world.created(&ada, "Other").await;
    for _ in 0..2 {
        let token = world.access_token(&client).await;
        world
            .oauth("/oauth/revoke", &client, &[("token", &token)])
            .await
            .expect(200);
        ada.patch(&app_at(&app, ""), json!({"description": token}))
            .await
            .expect(200);
    }
    let ndjson = async |path: &str| ada.get_as("application/x-ndjson", path).await.expect(200).text();
    let log = ndjson(&app_at(&app, "/activity-log")).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<_> = lines.iter().map(|line| line["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    let of_tokens: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "AccessTokenRevoked")
        .collect();
    assert_eq!(of_tokens.len(), 2);
    for line in of_tokens {
        let token = line["details"]["token_id"].as_str().unwrap();
        assert_eq!(line["stream"], format!("AccessToken/{token}"));
        assert_eq!((&line["sequence"], &line["app_id"]), (&json!(1), &app["id"]));
        assert_eq!(
            (&line["app_name"], &line["group_id"]),
            (&json!("Payroll"), &json!("acme"))
        );
    }
    assert!(
        verify_exported(log.as_bytes(), ExportedRange::default())
            .unwrap()
            .holds()
    );
    // Nobody else's log has them, and the group's has all.
    assert!(
        !ndjson(&app_at(&other, "/activity-log"))
            .await
            .contains("AccessTokenRevoked")
    );
    let group = ndjson("/api/v1/activity-log").await;
    assert_eq!(group.matches("\"event\":\"AccessTokenRevoked\"").count(), 2);
    assert!(
        verify_exported(group.as_bytes(), ExportedRange::default())
            .unwrap()
            .holds()
    );
    // A line of another stream that was taken out cannot be told from one that speaks of another application; one that was
    // changed can.
    let forged = log.replacen("\"revoked_at\":\"2026", "\"revoked_at\":\"2025", 1);
    assert!(
        !verify_exported(forged.as_bytes(), ExportedRange::default())
            .unwrap()
            .holds()
    );
    // Tokens do not move the version of their application.
    let before = ada.get(&app_at(&app, "")).await.header("etag");
    let token = world.access_token(&client).await;
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    assert_eq!(ada.get(&app_at(&app, "")).await.header("etag"), before);
}
