//! R28: who read the timeline is in the log, and a line costs the same however many there are already.

use chrono::TimeDelta;
use gatebook::application::{Caller, PortalClient, Who};

use super::refused_rows::{LOG, WRONG};
use crate::support::world::CountedNode;
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    reading_the_timeline_is_in_the_log_once_in_five_minutes,
    a_line_costs_the_same_however_many_there_are_that_day,
    a_view_of_the_timeline_costs_the_same_however_many_there_were_that_day,
}

async fn reading_the_timeline_is_in_the_log_once_in_five_minutes(world: World) {
    let (ada, audrey) = (world.ada().await, world.user("acme", "audrey").await);
    let app = world.created(&ada, "Payroll").await;
    let views = async || {
        let rows = ada.csv(LOG).await;
        let views = rows.into_iter().filter(|row| row["event"] == "TimelineViewed");
        views.map(|row| row["summary"].clone()).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        audrey.get(&app_at(&app, "/events")).await.expect(200);
    }
    let read = "Audrey Auditor viewed the application’s activity.";
    assert_eq!(views().await, [read]);
    ada.get(&app_at(&app, "/events")).await.expect(200);
    assert_eq!(views().await.len(), 2);
    world.pass(TimeDelta::minutes(5));
    audrey.get(&app_at(&app, "/events")).await.expect(200);
    assert_eq!(views().await.len(), 3);
}

/// The rows read, and the questions asked, for doing the same once a minute.
async fn costs(world: &World, node: &CountedNode, minutes: i64, once: impl AsyncFn()) -> Vec<(usize, usize)> {
    let so_far = || (node.database.rows_read(), node.database.questions());
    let mut costs = Vec::new();
    for _ in 0..20 {
        let before = so_far();
        once().await;
        let after = so_far();
        costs.push((after.0 - before.0, after.1 - before.1));
        world.pass(TimeDelta::minutes(minutes));
    }
    costs
}

async fn a_line_costs_the_same_however_many_there_are_that_day(world: World) {
    let node = world.counted_node().await;
    let stranger = Caller::command_line("r-1".to_owned()).with(Who::Nobody);
    let costs = costs(&world, &node, 1, async || {
        let log_in = node
            .gatebook
            .log_in(&stranger, PortalClient::Pages, "nobody@example.com", WRONG, "");
        assert!(log_in.await.is_err());
        node.gatebook.write_refusals(false).await;
    })
    .await;
    assert_eq!(costs[1], costs[19], "{costs:?}");
    let written = world
        .number("select count(*) from events where event_type = 'LogInsRefused'")
        .await;
    assert_eq!(written, 20);
}

async fn a_view_of_the_timeline_costs_the_same_however_many_there_were_that_day(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let node = world.counted_node().await;
    let ada = world.as_user("acme", "ada").await;
    let app_id = app["id"].as_str().unwrap().parse().unwrap();
    let costs = costs(&world, &node, 5, async || {
        node.gatebook
            .app_events(ada.reader().unwrap(), app_id, None, 1)
            .await
            .unwrap();
    })
    .await;
    assert_eq!(costs[1], costs[19], "{costs:?}");
}
