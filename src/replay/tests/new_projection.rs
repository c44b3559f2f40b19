//! A projection that is new, from its declaration to its rebuild. What it takes is here in full: a row, a fold, and what
//! its line in the registry makes of the two. “How to add a projection” in `docs/architecture.md` lists the same.

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{CustomerEvent, EntityEvent, GroupEvent, GroupSubject};
use gatebook_projections::projection::{Indexes, Projection};
use gatebook_projections::recorded::Recorded;
use gatebook_projections::row;
use gatebook_projections::row::Row;
use gatebook_projections::row_base::RowBase;
use gatebook_projections::row_write::RowWrite;
use gatebook_projections::sql::select_list;

use super::*;
use crate::replay::{Silent, rebuild, verify};
use crate::store::{OnConflict, create_missing_projections};

on_both_databases!(a_new_projection_needs_nothing_but_its_declaration);

/// How many entities does a group have?
struct GroupSizes;

row! {
    pub struct GroupSizeRow {
        group_id: GroupId,
        name: Label => { name_key: String = name.as_str().to_lowercase() },
        entities: i64,
        latest_entity: Option<EntityId>,
        version: i64,
        position: i64,
    }
}

impl Projection for GroupSizes {
    const NAME: &'static str = "group_sizes";
    const FOLD_VERSION: i64 = 1;
    const INDEXES: Indexes =
        Indexes::on_both("create index if not exists group_sizes_by_name_{generation} on {table} (name_key);");
    type Aggregate = Group;
    type Row = GroupSizeRow;

    fn fold(row: Option<GroupSizeRow>, recorded: &Recorded<GroupEvent>) -> Option<GroupSizeRow> {
        let row = match (row, recorded.event.subject()) {
            (None, GroupSubject::Customer(CustomerEvent::Registered { name, .. })) => Some(GroupSizeRow {
                group_id: GroupId::parse(&recorded.aggregate_id).ok()?,
                name: name.clone(),
                entities: 0,
                latest_entity: None,
                version: 0,
                position: 0,
            }),
            (Some(row), GroupSubject::Entity(entity, EntityEvent::Added(_))) => Some(GroupSizeRow {
                entities: row.entities + 1,
                latest_entity: Some(entity.clone()),
                ..row
            }),
            (row, _) => row,
        };
        row.map(|row| GroupSizeRow {
            version: recorded.sequence,
            position: recorded.position,
            ..row
        })
    }
}

async fn a_new_projection_needs_nothing_but_its_declaration(on: On) {
    let world = World::with_history(on).await;
    world.group("initech", &[]).await;
    let projection = AnyProjection::of::<GroupSizes>();

    // Its table is created, and stale until it is filled from the log.
    create_missing_projections(&*world.database, &[projection])
        .await
        .unwrap();
    assert_eq!(differences(&world, projection).await, ["fold_version"]);
    rebuild(&world.database, &projection, now(), &Silent).await.unwrap();
    assert_eq!(differences(&world, projection).await, [""; 0]);
    let acme = group_size(&world, "acme").await;
    assert_eq!(
        (acme.entities, acme.latest_entity.as_ref().map(EntityId::as_str)),
        (3, Some("lisbon"))
    );
    assert_eq!(group_size(&world, "initech").await.latest_entity, None);

    // A row that was not written with its last event is found, and the next time it is written it is right.
    write(&world, "acme", 3).await;
    let behind = ["entities", "latest_entity", "version", "position"];
    assert_eq!(differences(&world, projection).await, behind);
    write(&world, "acme", 4).await;
    assert_eq!(differences(&world, projection).await, [""; 0]);
    assert_eq!(group_size(&world, "acme").await, acme);

    // A rebuilt table holds the same.
    let live = world.table(&projection).await;
    let report = rebuild(&world.database, &projection, later(), &Silent).await.unwrap();
    assert_eq!((report.generation, report.rows), (3, Some(3)));
    assert_eq!(world.table(&projection).await, live);
}

/// The columns of the differences between log and rows.
async fn differences(world: &World, projection: AnyProjection) -> Vec<String> {
    let report = verify(&world.database, &[projection], &Silent).await.unwrap();
    let differences = report.differences.into_iter();
    differences.map(|difference| difference.column).collect()
}

/// What the writer does with each projection of the registry, after so many events.
async fn write(world: &World, group: &str, events: usize) {
    let stream = read::stream(&*world.database, Group::TYPE, group).await.unwrap();
    let stream = stream.iter().take(events).map(|event| event.read::<Group>().unwrap());
    let stream: Vec<_> = stream.collect();
    let row = RowWrite::of::<GroupSizes>(&RowBase::default(), &[], &stream)
        .unwrap()
        .unwrap();
    let mut transaction = world.database.begin(ConnectionPurpose::Write).await.unwrap();
    let rows = [row.values];
    transaction
        .insert(row.table, row.columns, &rows, OnConflict::Replace)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

async fn group_size(world: &World, group: &str) -> GroupSizeRow {
    let columns = select_list(GroupSizeRow::COLUMNS, "");
    let sql = format!("select {columns} from group_sizes where group_id = '{group}'");
    GroupSizes::row(world.rows(&sql).await.remove(0)).unwrap()
}
