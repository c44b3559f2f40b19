//! Two versions of the program on one database: the one whose folds are not the database's writes nothing.

use gatebook::log::append::AppendError;
use gatebook::store::ConnectionPurpose;
use gatebook_projections::sql::Query;

use super::noted::{events, note};
use crate::support::eventually::eventually;
use crate::support::{APPS, World, on_both_databases};

on_both_databases!(
    a_node_whose_folds_are_older_than_the_rows_writes_nothing_and_says_so,
    a_node_that_does_not_know_a_projection_writes_nothing_once_it_is_folded,
    a_switch_to_a_newer_fold_is_noticed_by_an_append_that_waited_for_it,
);

async fn by_hand(world: &World, orders: &str) {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script(orders).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn refused(world: &World) {
    match world.gatebook.log.writer.append(note("refused")).await {
        Err(AppendError::Store(error)) => {
            assert!(error.is_unavailable(), "{error:?}");
            assert!(
                error
                    .to_string()
                    .contains("this node is older than the database's projections")
            );
        }
        other => panic!("{other:?}"),
    }
}

async fn a_node_whose_folds_are_older_than_the_rows_writes_nothing_and_says_so(world: World) {
    let ada = world.ada().await;
    let before = world.traces().await;
    by_hand(
        &world,
        "update projections set fold_version = fold_version + 1 where name = 'token_gate'",
    )
    .await;
    refused(&world).await;
    let form = World::new_integration("Payroll Bridge");
    ada.post(APPS, form.clone()).await.refused(503, "unavailable");
    world.anybody().get("/readyz").await.refused(503, "unavailable");
    assert_eq!(world.traces().await, before);
    by_hand(
        &world,
        "update projections set fold_version = fold_version - 1 where name = 'token_gate'",
    )
    .await;
    // What was found out is said for a second.
    let anybody = world.anybody();
    eventually("readiness", async || {
        (anybody.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    ada.post(APPS, form).await.expect(201);
}

async fn a_node_that_does_not_know_a_projection_writes_nothing_once_it_is_folded(world: World) {
    by_hand(
        &world,
        "insert into projections (name, fold_version, generation) values ('of_the_future', 0, 1)",
    )
    .await;
    // The newer node has made its table, and folds; what happens meanwhile it catches up with.
    events(world.gatebook.log.writer.append(note("s1")).await);
    by_hand(
        &world,
        "update projections set fold_version = 1 where name = 'of_the_future'",
    )
    .await;
    refused(&world).await;
}

async fn a_switch_to_a_newer_fold_is_noticed_by_an_append_that_waited_for_it(world: World) {
    let database = world.database();
    let mut switch = database.begin(ConnectionPurpose::Write).await.unwrap();
    let head = format!("select position from log_head{}", database.dialect().for_update());
    switch.rows(Query::new(head, [])).await.unwrap();
    let newer = "update projections set fold_version = fold_version + 1 where name = 'groups'";
    switch.execute(Query::new(newer, [])).await.unwrap();
    let ((), ()) = tokio::join!(refused(&world), async {
        tokio::task::yield_now().await;
        switch.commit().await.unwrap();
    });
}
