//! Tests of maps that are kept as rows: commands write what they change of them, and whatever else stands in their tables is
//! found and mended.

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{GroupCommand, GroupEvent};
use gatebook_projections::groups::{GroupRow, Groups, by_id};
use gatebook_projections::projection::Projection;
use gatebook_projections::registry;

use super::rebuild::{assert_all_equal, at_step, die_at};
use super::*;
use crate::log::append::Append;
use crate::log::unreadable;
use crate::replay::rebuild::rebuild_in_pages;
use crate::replay::verify::verify_in_pages;
use crate::replay::{Difference, Silent, rebuild, stale, verify};

on_both_databases!(
    entries_are_read_as_they_were_written_whatever_is_in_them,
    keys_that_only_a_hand_can_have_written_are_read_as_they_were_written,
    a_command_writes_what_it_changes_of_a_map,
    each_kind_of_wrong_row_of_a_map_is_found_with_its_keys_and_mended_by_a_rebuild,
    rows_of_a_stream_that_cannot_be_read_are_not_compared,
    of_a_group_whose_beginning_cannot_be_read_nothing_stays_in_the_tables,
    the_first_command_of_a_process_mends_what_a_hand_has_done_to_a_map,
    after_a_rebuild_nothing_is_taken_for_written,
    after_rows_were_folded_from_what_can_be_read_nothing_is_taken_for_written,
    what_an_older_program_has_written_is_put_right_by_the_next_command_of_one_that_knows_all,
    what_was_remembered_of_a_stream_that_others_have_continued_is_no_reason_to_leave_a_change_out,
    what_is_taken_out_of_a_map_during_a_rebuild_is_not_in_the_new_tables,
    tables_of_a_fold_without_tables_for_maps_are_replaced,
    an_interrupted_rebuild_without_the_table_of_a_map_begins_anew,
);

async fn put_user(log: &Log, group: &str, user: &str, name: &str) {
    let put = GroupCommand::PutUser {
        user_id: UserId::parse(user).unwrap(),
        email: email(&format!("{user}@Acme.example")),
        name: label(name),
        role: Role::User,
    };
    execute::<Group>(log, group, by_operator(put)).await;
}

async fn name_entity(log: &Log, group: &str, entity: &str, name: &str) {
    let put = GroupCommand::PutEntity {
        entity_id: EntityId::parse(entity).unwrap(),
        name: label(name),
    };
    execute::<Group>(log, group, by_operator(put)).await;
}

async fn remove_entity(log: &Log, group: &str, entity: &str) {
    let entity_id = EntityId::parse(entity).unwrap();
    execute::<Group>(log, group, by_operator(GroupCommand::RemoveEntity { entity_id })).await;
}

/// A process that knows of nothing that others remember.
fn another_process(world: &World) -> Log {
    Log {
        snapshots: Snapshots::default(),
        ..world.log.clone()
    }
}

async fn group_row(world: &World, group: &str) -> GroupRow {
    let query = by_id(&GroupId::parse(group).unwrap());
    Groups::row(world.database.rows(query).await.unwrap().remove(0)).unwrap()
}

/// The entities of Acme as their table has them.
async fn entities(world: &World) -> Vec<String> {
    let rows = world
        .rows("select entity_id || ' ' || name from group_entities where group_id = 'acme' order by entity_id")
        .await;
    let texts = rows.into_iter().flatten().map(|value| match value {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

async fn found(world: &World) -> Vec<String> {
    let report = verify(&world.database, &registry::all(), &Silent).await.unwrap();
    for page in [1, 2, 5] {
        let again = verify_in_pages(&world.database, &registry::all(), &Silent, page).await;
        assert_eq!(again.unwrap(), report, "in pages of {page}");
    }
    report.differences.iter().map(Difference::to_string).collect()
}

async fn entries_are_read_as_they_were_written_whatever_is_in_them(on: On) {
    let world = World::with_history(on).await;
    let odd = [
        r#""quoted" \ back / slash"#,
        "{\"a\":1}",
        "', 'x'); --",
        "ü 👩‍💻 |",
        "null",
    ];
    for (number, name) in odd.iter().enumerate() {
        name_entity(&world.log, "acme", &format!("e{number}"), name).await;
        put_user(&world.log, "acme", &format!("u{number}.-_"), name).await;
    }
    let stream = world.log.load_readable::<Group>("acme").await.unwrap();
    let row = group_row(&world, "acme").await;
    assert_eq!(row, *stream.row::<Groups>().unwrap());
    assert_eq!((row.customer.entities.len(), row.customer.users.len()), (8, 5));
    assert_all_equal(&world).await;
}

async fn keys_that_only_a_hand_can_have_written_are_read_as_they_were_written(on: On) {
    let world = World::with_history(on).await;
    for key in [r#"\"\\"#, r"\u0000", r"\n'", "ä"] {
        let payload = format!(r#"{{"EntityAdded":{{"entity_id":"{key}","name":"Odd"}}}}"#);
        world
            .append_by_hand("Group", "acme", "EntityAdded", &payload.replace('\'', "''"))
            .await;
    }
    put_entity(&world.log, "acme", "oslo").await;
    let stream = world.log.load_readable::<Group>("acme").await.unwrap();
    let row = group_row(&world, "acme").await;
    assert_eq!(row, *stream.row::<Groups>().unwrap());
    assert_eq!(row.customer.entities.len(), 8);
    assert_eq!(found(&world).await, [""; 0]);
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert_eq!(group_row(&world, "acme").await, row);
}

async fn a_command_writes_what_it_changes_of_a_map(on: On) {
    let world = World::with_history(on).await;
    remove_entity(&world.log, "acme", "dublin").await;
    name_entity(&world.log, "acme", "berlin", "Berlin GmbH").await;
    assert_eq!(
        entities(&world).await,
        [r#"berlin "Berlin GmbH""#, r#"lisbon "lisbon Ltd""#]
    );
    // Nobody has looked at this row since, and nobody does now.
    world
        .by_hand("update group_entities set name = '\"Porto\"' where entity_id = 'lisbon'")
        .await;
    put_entity(&world.log, "acme", "oslo").await;
    assert_eq!(
        entities(&world).await,
        [r#"berlin "Berlin GmbH""#, r#"lisbon "Porto""#, r#"oslo "oslo Ltd""#]
    );
    assert_eq!(found(&world).await.len(), 1);
}

async fn each_kind_of_wrong_row_of_a_map_is_found_with_its_keys_and_mended_by_a_rebuild(on: On) {
    let world = World::with_history(on).await;
    put_user(&world.log, "acme", "ada", "Ada Admin").await;
    put_user(&world.log, "acme", "bo", "Bo").await;
    let live = world.map_tables(&named("groups")).await;
    world
        .by_hand(
            "update group_entities set name = '\"Elsewhere\"' where entity_id = 'berlin'; \
             delete from group_entities where entity_id = 'dublin'; \
             insert into group_entities values ('acme', 'rome', '\"Rome\"'), ('aaa', 'x', '\"X\"'), ('zzz', 'x', '\"X\"'); \
             update group_users set email_key = 'eve@evil.example' where user_id = 'ada'; \
             update group_users set details = replace(details, '\"user\"', '\"practice_admin\"') where user_id = 'bo'; \
             insert into group_users (group_id, user_id, details, email_key) values ('globex', 'eve', '{}', '')",
        )
        .await;
    let [acme, globex] = ["acme", "globex"].map(|group| {
        format!("select max(position) from events where group_id = '{group}' and aggregate_type = 'Group'")
    });
    let (acme, globex) = (world.value(&acme).await, world.value(&globex).await);
    let expected = [
        "group_entities aaa/x: should not exist".to_owned(),
        format!("group_entities acme/berlin (position {acme}): name is “\"Elsewhere\"” and should be “\"berlin Ltd\"”")
            .replace('"', "\\\""),
        format!("group_entities acme/dublin (position {acme}): is missing"),
        format!("group_entities acme/rome (position {acme}): should not exist"),
        format!(
            "group_users acme/ada (position {acme}): email_key is “eve@evil.example” and should be “ada@acme.example”"
        ),
    ];
    let differences = found(&world).await;
    assert_eq!(differences[..5], expected);
    assert!(
        differences[5].starts_with(&format!("group_users acme/bo (position {acme}): details is ")),
        "{differences:#?}"
    );
    assert_eq!(
        differences[6..],
        [
            format!("group_users globex/eve (position {globex}): should not exist"),
            "group_entities zzz/x: should not exist".to_owned(),
        ]
    );
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert_all_equal(&world).await;
    assert_eq!(world.map_tables(&named("groups")).await, live);
}

async fn rows_of_a_stream_that_cannot_be_read_are_not_compared(on: On) {
    let world = World::with_history(on).await;
    let position = world.append_foreign_event("Group", "acme").await;
    world
        .by_hand("delete from group_entities; insert into group_entities values ('acme', 'rome', '\"Rome\"')")
        .await;
    let globex = world
        .value("select max(position) from events where aggregate_id = 'globex'")
        .await;
    let differences = found(&world).await;
    assert!(
        differences[0].contains(&format!("position {position}")),
        "{differences:#?}"
    );
    assert_eq!(
        differences[1..],
        [format!("group_entities globex/oslo (position {globex}): is missing")]
    );
}

async fn of_a_group_whose_beginning_cannot_be_read_nothing_stays_in_the_tables(on: On) {
    let world = World::with_history(on).await;
    world.without_triggers().await;
    world.replace_in_first_event("GroupRegistered", "Dreamt").await;
    let payload = r#"{"EntityAdded":{"entity_id":"oslo","name":"Oslo"}}"#;
    world.append_by_hand("Group", "acme", "EntityAdded", payload).await;
    unreadable::read_on(&*world.database).await.unwrap();
    for table in named("groups").tables() {
        let left = format!("select distinct group_id from {table} order by 1");
        let left = world.rows(&left).await;
        assert!(!left.contains(&vec!["acme".into()]), "{table}: {left:?}");
    }
    assert_eq!(entities(&world).await, [""; 0]);
}

async fn the_first_command_of_a_process_mends_what_a_hand_has_done_to_a_map(on: On) {
    let world = World::with_history(on).await;
    put_user(&world.log, "acme", "ada", "Ada Admin").await;
    for order in [
        "update group_entities set name = '\"Elsewhere\"' where entity_id = 'berlin'",
        "delete from group_entities where group_id = 'acme'",
        "insert into group_entities values ('acme', 'rome', '\"Rome\"')",
        "update group_users set email_key = ''",
        "delete from groups where group_id = 'acme'",
    ] {
        world.by_hand(order).await;
        assert!(!found(&world).await.is_empty(), "{order}");
        name_entity(&another_process(&world), "acme", "lisbon", order).await;
        assert_eq!(found(&world).await, [""; 0], "{order}");
    }
}

async fn after_a_rebuild_nothing_is_taken_for_written(on: On) {
    let world = World::with_history(on).await;
    put_entity(&world.log, "acme", "oslo").await;
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    // The process remembers the group; but these are other tables than those it has written to.
    world
        .by_hand("update group_entities set name = '\"Elsewhere\"' where entity_id = 'berlin'")
        .await;
    put_entity(&world.log, "acme", "porto").await;
    assert_all_equal(&world).await;
    // To these it has.
    world
        .by_hand("update group_entities set name = '\"Elsewhere\"' where entity_id = 'berlin'")
        .await;
    put_entity(&world.log, "acme", "rome").await;
    assert_eq!(found(&world).await.len(), 1);
}

async fn after_rows_were_folded_from_what_can_be_read_nothing_is_taken_for_written(on: On) {
    let world = World::with_history(on).await;
    put_entity(&world.log, "acme", "oslo").await;
    let elsewhere = "update group_entities set name = '\"Elsewhere\"' where entity_id = 'berlin'";
    world.by_hand(elsewhere).await;
    let payload = r#"{"EntityAdded":{"entity_id":"rome","name":"Rome"}}"#;
    world.append_by_hand("Group", "globex", "EntityAdded", payload).await;
    unreadable::read_on(&*world.database).await.unwrap();
    put_entity(&world.log, "acme", "porto").await;
    assert_all_equal(&world).await;
}

/// A program that does not know the last event of the group takes a user out of it, as nothing that closes may wait.
async fn remove_user_by_older_program(world: &World, user: &str) {
    let log = another_process(world);
    let mut read = log.load_readable::<Group>("acme").await.unwrap();
    read.history.pop().unwrap();
    let stored = read::stream(&*world.database, Group::TYPE, "acme").await.unwrap();
    let unknown = stored.last().unwrap();
    read.unreadable
        .push((unknown.clone(), unknown.unreadable("it is not known")));
    let removed = GroupEvent::UserRemoved {
        user_id: UserId::parse(user).unwrap(),
        name: label(user).into(),
    };
    read.aggregate = Group::default();
    let known = read.history.iter().map(|recorded| recorded.event.clone());
    known
        .chain([removed.clone()])
        .for_each(|event| read.aggregate.apply(event));
    let streams = vec![read.append(&[removed], &origin()).unwrap()];
    let append = Append {
        streams,
        ..Append::default()
    };
    log.writer.append(append).await.unwrap();
}

async fn what_an_older_program_has_written_is_put_right_by_the_next_command_of_one_that_knows_all(on: On) {
    let world = World::with_history(on).await;
    for user in ["ada", "bo"] {
        put_user(&world.log, "acme", user, user).await;
    }
    remove_entity(&world.log, "acme", "berlin").await;
    remove_user_by_older_program(&world, "ada").await;
    // For that program the entity was never removed.
    assert!(entities(&world).await.contains(&r#"berlin "berlin Ltd""#.to_owned()));
    put_entity(&world.log, "acme", "oslo").await;
    assert_all_equal(&world).await;
    // From here on only what changes is written again.
    let by_hand = "update group_entities set name = '\"Elsewhere\"' where entity_id = 'dublin'";
    world.by_hand(by_hand).await;
    put_entity(&world.log, "acme", "porto").await;
    assert_eq!(found(&world).await.len(), 1);
}

async fn what_was_remembered_of_a_stream_that_others_have_continued_is_no_reason_to_leave_a_change_out(on: On) {
    let world = World::with_history(on).await;
    let other = another_process(&world);
    name_entity(&world.log, "acme", "berlin", "As it was").await;
    name_entity(&other, "acme", "berlin", "Otherwise").await;
    put_entity(&other, "acme", "oslo").await;
    remove_entity(&other, "acme", "lisbon").await;
    // For whoever remembers the beginning, nothing has changed in the end.
    name_entity(&world.log, "acme", "berlin", "As it was").await;
    put_entity(&world.log, "acme", "lisbon").await;
    remove_entity(&world.log, "acme", "oslo").await;
    assert_all_equal(&world).await;
    name_entity(&other, "acme", "dublin", "Otherwise").await;
    assert_all_equal(&world).await;
}

async fn what_is_taken_out_of_a_map_during_a_rebuild_is_not_in_the_new_tables(on: On) {
    let world = World::with_history(on).await;
    let log = world.log.clone();
    let removing = at_step(move |number| {
        if number == 3 {
            let removed = async {
                remove_entity(&log, "acme", "berlin").await;
                name_entity(&log, "acme", "dublin", "Dublin plc").await;
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(removed));
        }
    });
    rebuild_in_pages(&world.database, &named("groups"), now(), &removing, 2)
        .await
        .unwrap();
    assert_eq!(
        entities(&world).await,
        [r#"dublin "Dublin plc""#, r#"lisbon "lisbon Ltd""#]
    );
    assert_all_equal(&world).await;
}

async fn tables_of_a_fold_without_tables_for_maps_are_replaced(on: On) {
    let world = World::with_history(on).await;
    world
        .by_hand(
            "drop table group_entities; drop table group_users; alter table groups add column entities text; \
             update projections set fold_version = 3 where name = 'groups'",
        )
        .await;
    let code = named("groups").fold_version;
    assert_eq!(
        found(&world).await,
        [format!("projections groups: fold_version is 3 and should be {code}")]
    );
    let found = stale(&world.database).await.unwrap();
    assert_eq!(found.first().map(|one| one.name), Some("groups"));
    rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert_all_equal(&world).await;
    put_entity(&world.log, "acme", "oslo").await;
    assert_all_equal(&world).await;
}

async fn an_interrupted_rebuild_without_the_table_of_a_map_begins_anew(on: On) {
    let world = World::with_history(on).await;
    die_at(&world, named("groups"), 3).await;
    world.by_hand("drop table group_users_next").await;
    let report = rebuild(&world.database, &named("groups"), now(), &Silent)
        .await
        .unwrap();
    assert!(!report.resumed);
    assert_all_equal(&world).await;
    assert!(!world.has_table("group_entities_next").await);
}
