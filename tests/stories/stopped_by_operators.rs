//! R23, R27: what operators stop of the applications of any group, and what its people read about that.

use gatebook::application::{Failure, StatusChange, StatusChanged};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Reason;
use serde_json::{Value, json};

use crate::support::{World, app_at, id, on_both_databases};

on_both_databases! {
    r27_operators_suspend_resume_and_revoke_for_a_reason_that_the_group_reads,
    r27_what_operators_do_twice_is_done_once_and_off_the_plan_nothing_is_changed,
    r23_operators_list_and_retire_the_secrets_of_an_application_that_a_developer_keeps,
}

async fn change(world: &World, app: &Value, change: StatusChange, reason: &str) -> Result<StatusChanged, Failure> {
    let caller = world.as_operator();
    let reason = Reason::parse(reason).unwrap().unwrap();
    let app_id = id(app).parse().unwrap();
    let gatebook = &world.gatebook;
    gatebook
        .change_status_as_operator(caller.operator().unwrap(), app_id, change, reason)
        .await
}

async fn r27_operators_suspend_resume_and_revoke_for_a_reason_that_the_group_reads(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    for (action, event, gate) in [
        (StatusChange::Suspend, "ApplicationSuspended", "app_suspended"),
        (StatusChange::Resume, "ApplicationResumed", "ok"),
        (StatusChange::Revoke, "ApplicationRevoked", "app_revoked"),
    ] {
        let reason = format!("Ticket 4711: {event}.");
        let changed = change(&world, &app, action, &reason).await.unwrap();
        assert!(changed.newly);
        assert_eq!(world.gate(&token, "e1", "read").await, gate);
        let events = ada.get(&app_at(&app, "/events")).await.expect(200).json();
        let newest = &events["items"][0];
        assert_eq!(newest["event"], event);
        assert_eq!(newest["details"]["reason"], reason.as_str());
        assert_eq!(newest["actor_type"], "operator");
        assert_eq!(newest["actor_name"], "command line");
    }
    let csv = ada.get(&app_at(&app, "/activity-log")).await.expect(200).text();
    let revoked = csv.lines().find(|line| line.contains("ApplicationRevoked")).unwrap();
    assert!(revoked.contains(r#""operator","","command line""#), "{revoked}");
    // As when an admin of the group revokes.
    let mail = world.last_mail_to("dev@example.com").await;
    assert!(
        mail.text.contains("Payroll") && mail.subject.contains("evoked"),
        "{mail:?}"
    );
}

async fn r27_what_operators_do_twice_is_done_once_and_off_the_plan_nothing_is_changed(world: World) {
    let (_, app, _, _) = world.running("Payroll").await;
    assert!(change(&world, &app, StatusChange::Suspend, "One.").await.unwrap().newly);
    let before = world.traces().await;
    assert!(!change(&world, &app, StatusChange::Suspend, "Two.").await.unwrap().newly);
    world.plan("acme", "Acme Group", "AIQ2").await;
    let off = change(&world, &app, StatusChange::Revoke, "Three.")
        .await
        .err()
        .unwrap();
    assert!(off.is_refused_with(&Refusal::PlanRequired), "{off}");
    let unknown = json!({"id": "00000000-0000-7000-8000-000000000000"});
    let missing = change(&world, &unknown, StatusChange::Suspend, "Four.")
        .await
        .err()
        .unwrap();
    assert!(missing.is_not_found(), "{missing}");
    // The group's own event of its plan is all that was added.
    let after = world.traces().await;
    assert_eq!((after.events, after.emails), (before.events + 1, before.emails));
}

async fn r23_operators_list_and_retire_the_secrets_of_an_application_that_a_developer_keeps(world: World) {
    let (ada, app, developer, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let secrets = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let listed = world.operator.get(&secrets).await.expect(200);
    assert!(!listed.text().contains(&client.1));
    let listed = listed.json();
    assert_eq!(listed["items"][0]["prefix"], client.1[..8]);
    let secret_id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    ada.get(&secrets).await.refused(401, "unauthenticated");
    developer
        .delete(&format!("{secrets}/{secret_id}"))
        .await
        .refused(401, "unauthenticated");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world
        .operator
        .delete(&format!("{secrets}/{secret_id}"))
        .await
        .expect(204);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    assert_eq!(
        world.operator.get(&secrets).await.expect(200).json()["items"],
        json!([])
    );
    let events = ada.get(&app_at(&app, "/events")).await.expect(200).json();
    assert_eq!(events["items"][0]["event"], "ClientSecretRetired");
    assert_eq!(events["items"][0]["actor_name"], "Olga Operator");
}
