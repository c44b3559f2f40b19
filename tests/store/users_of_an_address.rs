//! Whoever signs in is looked for by their address, among the users of all groups.

use gatebook::store::{ConnectionPurpose, Dialect, OnConflict};
use gatebook_aggregates::group::Role;
use gatebook_projections::groups::{FoundByEmail, with_user_email};
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};

use crate::support::{World, on_both_databases};

on_both_databases!(
    the_users_with_an_address_are_found_in_all_groups_and_no_others,
    an_address_is_found_by_an_index_among_thousands_of_users,
);

async fn users_of(world: &World, email_key: &str) -> Vec<(String, String)> {
    let rows = world.database().rows(with_user_email(email_key)).await.unwrap();
    let found = rows.into_iter().map(|row| FoundByEmail::read(row).unwrap());
    found
        .map(|found| (found.group_name.as_str().to_owned(), found.user_id.to_string()))
        .collect()
}

async fn the_users_with_an_address_are_found_in_all_groups_and_no_others(world: World) {
    // The same person is a user of two groups, and there is a longer address that ends like theirs.
    for (group, user) in [("acme", "ida"), ("acme", "frida"), ("globex", "ida")] {
        world.add_user(group, user, "Ida", Role::User).await;
    }
    let found = users_of(&world, "ida@acme.example").await;
    assert_eq!(found, [("Acme Group".to_owned(), "ida".to_owned())]);
    let found = users_of(&world, "ida@globex.example").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(users_of(&world, "da@acme.example").await.is_empty());
    assert!(users_of(&world, "%@acme.example").await.is_empty());
}

async fn an_address_is_found_by_an_index_among_thousands_of_users(world: World) {
    let users = registry::named("groups").unwrap().maps.last().unwrap();
    let row = |n: usize| {
        let address = format!("u{n}@large.example");
        vec![
            "acme".into(),
            format!("u{n}").into(),
            "{}".into(),
            address.into(),
            Value::Null,
        ]
    };
    let rows: Vec<Vec<Value>> = (0..5_000).map(row).collect();
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction
        .insert(users.name, users.columns, &rows, OnConflict::Fail)
        .await
        .unwrap();
    transaction.script("analyze").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(users_of(&world, "u4711@large.example").await.len(), 1);
    let explain = match world.database().dialect() {
        Dialect::Postgres => "explain",
        Dialect::Sqlite => "explain query plan",
    };
    let query = with_user_email("u4711@large.example");
    let plan = Query::new(format!("{explain} {}", query.sql), query.args);
    let plan = world.database().rows(plan).await.unwrap();
    assert!(format!("{plan:?}").contains("group_users_by_email_key_1"), "{plan:#?}");
}
