//! R26: a request is decided on the group as it was authenticated with, and somebody may change the group before it commits.
//! What took something away wins; what has nothing to do with the request is in nobody's way.

use std::collections::BTreeSet;

use gatebook::application::{Caller, Failure, StatusChange};
use gatebook_aggregates::group::{Permission, Role};
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId, UserId};
use gatebook_aggregates::integration_app::{Changes, EntitiesEdit};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Description;
use serde_json::Value;

use crate::support::{World, id, on_both_databases};

on_both_databases! {
    r26_who_lost_the_permission_since_changes_nothing,
    r26_who_left_the_group_since_changes_nothing,
    r1_a_group_that_left_the_plan_since_changes_nothing,
    r11_an_entity_that_was_removed_since_is_not_assigned,
    r2_who_is_no_practice_admin_since_grants_nothing,
    what_happened_to_others_since_is_in_nobodys_way,
}

async fn edited(world: &World, caller: &Caller, app: &Value, entities: &[&str]) -> Result<(), Failure> {
    let entities: BTreeSet<_> = entities.iter().map(|id| EntityId::parse(id).unwrap()).collect();
    let changes = Changes {
        description: Some(Description::parse("Rewritten.").unwrap()),
        entities: Some(EntitiesEdit::All(entities)),
        ..Changes::default()
    };
    let app_id: AppId = id(app).parse().unwrap();
    let edited = world.gatebook.edit_app(caller, app_id, None, None, changes).await;
    edited.map(|_| ())
}

async fn suspended(world: &World, caller: &Caller, app: &Value) -> Result<(), Failure> {
    let app_id: AppId = id(app).parse().unwrap();
    let change = StatusChange::Suspend;
    let suspended = world.gatebook.change_status(caller, app_id, None, None, change, None);
    suspended.await.map(|_| ())
}

async fn r26_who_lost_the_permission_since_changes_nothing(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let ada = world.as_user("acme", "ada").await;
    let permission = Permission::ManageIntegrationApplications;
    world.permit("acme", "ada", permission, false).await;
    let before = world.traces().await;
    let forbidden = Refusal::Forbidden(permission.title());
    let refused = edited(&world, &ada, &app, &["e1", "e2"]).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&forbidden));
    let refused = suspended(&world, &ada, &app).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&forbidden));
    assert_eq!(world.traces().await, before);
}

async fn r26_who_left_the_group_since_changes_nothing(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (ada, operator) = (
        world.as_user("acme", "ada").await,
        Caller::command_line("r-1".to_owned()),
    );
    let (group, user) = (GroupId::parse("acme").unwrap(), UserId::parse("ada").unwrap());
    let removed = world.gatebook.remove_user(operator.operator().unwrap(), &group, user);
    removed.await.unwrap();
    let before = world.traces().await;
    for refused in [
        edited(&world, &ada, &app, &["e1", "e2"]).await,
        suspended(&world, &ada, &app).await,
    ] {
        assert!(matches!(refused, Err(Failure::Unauthenticated)), "{refused:?}");
    }
    assert_eq!(world.traces().await, before);
}

async fn r1_a_group_that_left_the_plan_since_changes_nothing(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let ada = world.as_user("acme", "ada").await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    let before = world.traces().await;
    let refused = edited(&world, &ada, &app, &["e1", "e2"]).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&Refusal::PlanRequired));
    assert_eq!(world.traces().await, before);
}

async fn r11_an_entity_that_was_removed_since_is_not_assigned(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let (ada, operator) = (
        world.as_user("acme", "ada").await,
        Caller::command_line("r-1".to_owned()),
    );
    let (group, entity) = (GroupId::parse("acme").unwrap(), EntityId::parse("e5").unwrap());
    let removed = world
        .gatebook
        .remove_entity(operator.operator().unwrap(), &group, entity);
    removed.await.unwrap();
    let before = world.traces().await;
    let refused = edited(&world, &ada, &app, &["e1", "e5"]).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(Refusal::Invalid(_))), "{refused:?}");
    assert_eq!(world.traces().await, before);
}

async fn r2_who_is_no_practice_admin_since_grants_nothing(world: World) {
    world.add_user("acme", "pia", "Pia Practice", Role::PracticeAdmin).await;
    let pia = world.as_user("acme", "pia").await;
    world.add_user("acme", "pia", "Pia Practice", Role::User).await;
    let before = world.traces().await;
    let user = UserId::parse("ulf").unwrap();
    let permission = Permission::ViewActivityLogs;
    let granted = world
        .gatebook
        .set_permission(pia.practice_admin().unwrap(), user, permission, true);
    assert_eq!(
        granted.await.unwrap_err().refusal(),
        Some(&Refusal::PracticeAdminRequired)
    );
    assert_eq!(world.traces().await, before);
}

async fn what_happened_to_others_since_is_in_nobodys_way(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let ada = world.as_user("acme", "ada").await;
    world.add_user("acme", "uma", "Uma User", Role::User).await;
    world
        .permit("acme", "audrey", Permission::ViewActivityLogs, false)
        .await;
    edited(&world, &ada, &app, &["e1", "e2"]).await.unwrap();
    suspended(&world, &ada, &app).await.unwrap();
}
