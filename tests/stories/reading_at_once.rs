//! Lists, searches and downloads: two at once of everybody, so that nobody's many keep others waiting.

use futures::future::join_all;
use gatebook::application::{Caller, Who};
use gatebook_aggregates::identifiers::{GroupId, UserId};

use crate::support::{APPS, World, app_at, on_both_databases};

on_both_databases! {
    a_third_list_search_or_download_at_once_is_told_to_come_back,
}

async fn a_third_list_search_or_download_at_once_is_told_to_come_back(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let who = Who::GroupUser {
        group_id: GroupId::parse("acme").unwrap(),
        user_id: UserId::parse("ada").unwrap(),
    };
    let caller = Caller::command_line("reading".to_owned()).with(who);
    let one = world.gatebook.read_slot(&caller).await.unwrap();
    let _two = world.gatebook.read_slot(&caller).await.unwrap();
    let before = world.traces().await;
    let reads = [
        APPS.to_owned(),
        format!("{APPS}?name=pay"),
        app_at(&app, "/events"),
        app_at(&app, "/activity-log"),
        "/api/v1/activity-log".to_owned(),
    ];
    for refused in join_all(reads.iter().map(|path| ada.get(path))).await {
        assert_eq!(refused.refused(429, "too_many_requests").header("retry-after"), "1");
    }
    assert_eq!(
        world.traces().await,
        before,
        "a download that is refused is not recorded"
    );
    world.user("acme", "pam").await.get(APPS).await.expect(200);
    ada.get(&app_at(&app, "")).await.expect(200);
    drop(one);
    for path in &reads {
        ada.get(path).await.expect(200);
    }
}
