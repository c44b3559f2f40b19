//! R29: the database itself refuses to change or forget an event.

use gatebook::store::{ConnectionPurpose, Dialect};
use gatebook_projections::sql::Query;

use crate::support::{World, on_both_databases};

on_both_databases!(r29_the_database_refuses_to_change_or_delete_or_replace_events);

async fn r29_the_database_refuses_to_change_or_delete_or_replace_events(world: World) {
    let all = "select position, cast(payload as text), hash from events order by position";
    let before = world.database().rows(Query::new(all, [])).await.unwrap();
    let portable = [
        "update events set payload = '{}'",
        "update events set hash = hash where position = 1",
        "delete from events",
        "delete from events where position = 1",
        "insert into events select * from events where position = 1",
    ];
    let of_its_own: &[&str] = match world.database().dialect() {
        Dialect::Postgres => &[
            "truncate events",
            "truncate events cascade",
            "insert into events select * from events where position = 1 \
             on conflict (position) do update set payload = '{}'",
            "with gone as (delete from events returning position) select count(*) from gone",
            "merge into events using (select 1) one on true when matched then delete",
            "delete from only events where false",
        ],
        Dialect::Sqlite => &[
            "replace into events select * from events where position = 1",
            "insert or replace into events select position, recorded_at, aggregate_type, aggregate_id, group_id, app_id, \
             sequence, event_type, event_version, '{}', metadata, previous_hash, hash, event_id from events where position = 1",
            "insert or replace into events select position, recorded_at, aggregate_type, 'other', group_id, app_id, \
             sequence, event_type, event_version, payload, metadata, previous_hash, hash, event_id from events where position = 1",
            "insert into events select * from events where position = 1 \
             on conflict (position) do update set payload = '{}'",
            "update or replace events set position = 1 where position = 2",
        ],
    };
    for sql in portable.iter().chain(of_its_own) {
        let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
        let refused = transaction.execute(Query::new(*sql, [])).await;
        assert!(refused.is_err(), "{sql}: {refused:?}");
        drop(transaction);
    }
    assert_eq!(world.database().rows(Query::new(all, [])).await.unwrap(), before);
}
