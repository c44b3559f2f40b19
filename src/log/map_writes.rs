//! What a batch writes to the tables of rows' maps. Usually that is what its events have changed of them. Where nobody can know
//! what a table holds, it is read, and whatever differs is put right.

use std::collections::BTreeMap;

use gatebook_projections::map_rows::MapEntry;
use gatebook_projections::row_write::RowWrite;
use gatebook_projections::sql::{MapTable, Query, Value};

use crate::store::{Delete, Insert, MapDifference, OnConflict, RowsByOwner, StoreError, Transaction};

/// What is written to the table of one map.
struct MapWrite<'a> {
    map: &'static MapTable,
    /// What has changed, by whose map it is and by key; the latest.
    changes: BTreeMap<(&'a str, &'a str), &'a MapEntry>,
    /// All rows of those whose maps are written whole.
    whole: RowsByOwner,
}

/// The rows to delete and to insert. A row that is written twice in a batch is written as it is in the end.
pub(super) async fn of_maps(
    transaction: &mut dyn Transaction,
    rows: &[RowWrite],
) -> Result<(Vec<Delete>, Vec<Insert>), StoreError> {
    let (mut deletes, mut inserts) = (Vec::new(), Vec::new());
    for (table, write) in collected(rows) {
        let MapWrite { map, changes, whole } = write;
        let MapDifference { mut put, mut gone } = MapDifference::to_have(transaction, table, map, whole).await?;
        for ((owner, key), entry) in changes {
            match &entry.row {
                Some(row) => put.push(row.clone()),
                None => gone.push(vec![owner.into(), key.into()]),
            }
        }
        deletes.push(Delete {
            table,
            keys: map.keys(),
            rows: gone,
        });
        inserts.push(Insert {
            table,
            columns: map.columns,
            rows: put,
            on_conflict: OnConflict::ReplacePair,
        });
    }
    Ok((deletes, inserts))
}

/// Notes that the tables of these projections' maps were written by somebody who could not read all of a stream, so that nobody
/// takes them for what he has left there himself.
pub(super) async fn note_written_in_part(
    transaction: &mut dyn Transaction,
    projections: impl IntoIterator<Item = &'static str>,
) -> Result<(), StoreError> {
    for name in projections {
        let order = "update projections set written_in_part = written_in_part + 1 where name = $1";
        transaction.execute(Query::new(order, [name.into()])).await?;
    }
    Ok(())
}

/// What is to be written, by table.
fn collected(rows: &[RowWrite]) -> BTreeMap<&'static str, MapWrite<'_>> {
    let mut of_owners: BTreeMap<(&str, &str), Vec<&RowWrite>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.maps.tables.is_empty()) {
        if let Some(Value::Text(owner)) = row.values.first() {
            of_owners.entry((row.table, owner)).or_default().push(row);
        }
    }
    let mut writes = BTreeMap::new();
    for ((_, owner), rows) in &of_owners {
        let changes: Option<Vec<_>> = rows.iter().map(|row| row.maps.changes.as_ref()).collect();
        match (changes, rows.last()) {
            (Some(changes), _) => {
                let maps = rows.iter().flat_map(|row| row.maps.tables);
                for (map, entries) in maps.zip(changes.into_iter().flatten()) {
                    let changes = entries.iter().map(|entry| ((*owner, entry.key.as_str()), entry));
                    write_to(&mut writes, map).changes.extend(changes);
                }
            }
            (None, Some(last)) => {
                for (map, rows) in last.maps.tables.iter().zip(last.all_map_rows()) {
                    write_to(&mut writes, map).whole.insert((*owner).to_owned(), rows);
                }
            }
            (None, None) => {}
        }
    }
    writes
}

fn write_to<'w, 'a>(
    writes: &'w mut BTreeMap<&'static str, MapWrite<'a>>,
    map: &'static MapTable,
) -> &'w mut MapWrite<'a> {
    writes.entry(map.name).or_insert_with(|| MapWrite {
        map,
        changes: BTreeMap::new(),
        whole: RowsByOwner::new(),
    })
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::group::{GroupEvent, ProductPlan};
    use gatebook_aggregates::identifiers::EntityId;
    use gatebook_aggregates::metadata::{ActorType, Metadata};
    use gatebook_aggregates::text::Label;
    use gatebook_aggregates::timestamp::Timestamp;
    use gatebook_projections::groups::Groups;
    use gatebook_projections::recorded::Recorded;
    use gatebook_projections::row_base::RowBase;

    use super::*;
    use crate::store::{self, ConnectionPurpose};

    fn label(text: &str) -> Label {
        Label::parse("name", text).unwrap()
    }

    fn added(id: &str) -> GroupEvent {
        GroupEvent::EntityAdded {
            entity_id: EntityId::parse(id).unwrap(),
            name: label(id),
        }
    }

    fn removed(id: &str) -> GroupEvent {
        GroupEvent::EntityRemoved {
            entity_id: EntityId::parse(id).unwrap(),
            name: label(id),
        }
    }

    fn recorded(group: &str, event: GroupEvent) -> Recorded<GroupEvent> {
        Recorded {
            position: 7,
            sequence: 7,
            recorded_at: Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap(),
            aggregate_id: group.to_owned(),
            metadata: Metadata {
                actor_type: ActorType::Operator,
                actor_id: String::new(),
                actor_name: String::new().into(),
                ip_address: String::new().into(),
                request_id: String::new(),
                app_name: String::new(),
            },
            event,
        }
    }

    /// A write after the one with this row.
    fn after(base: &RowBase, group: &str, new: Vec<GroupEvent>) -> RowWrite {
        let new: Vec<_> = new.into_iter().map(|event| recorded(group, event)).collect();
        RowWrite::of::<Groups>(base, &[], &new).unwrap().unwrap()
    }

    fn begun(group: &str, entities: &[&str]) -> RowWrite {
        let registered = GroupEvent::GroupRegistered {
            name: label(group),
            product_plan: ProductPlan::parse("AIQ3").unwrap(),
        };
        let entities = entities.iter().map(|id| added(id));
        let events = std::iter::once(registered).chain(entities);
        after(&RowBase::default(), group, events.collect())
    }

    /// Keys of the entities' rows that are put and deleted, if the table has these.
    async fn written(there: &[(&str, &str)], writes: &[RowWrite]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
        for (group, entity) in there {
            let order = format!("insert into group_entities values ('{group}', '{entity}', '\"{entity}\"')");
            transaction.script(&order).await.unwrap();
        }
        let (deletes, inserts) = of_maps(&mut *transaction, writes).await.unwrap();
        let keys = |rows: Vec<Vec<Value>>| {
            let keys = rows.into_iter().map(|row| match &row[..2] {
                [Value::Text(owner), Value::Text(key)] => format!("{owner}/{key}"),
                other => panic!("{other:?}"),
            });
            let mut keys: Vec<_> = keys.collect();
            keys.sort();
            keys
        };
        let deleted = deletes.into_iter().filter(|delete| delete.table == "group_entities");
        let put = inserts.into_iter().filter(|insert| insert.table == "group_entities");
        (
            keys(put.flat_map(|insert| insert.rows).collect()),
            keys(deleted.flat_map(|delete| delete.rows).collect()),
        )
    }

    #[tokio::test]
    async fn of_several_writes_of_one_map_the_last_change_of_each_entry_counts() {
        let acme = begun("acme", &["a", "b"]);
        let first = after(&acme.row, "acme", vec![added("c"), added("d"), removed("a")]);
        let second = after(&first.row, "acme", vec![removed("c"), added("a")]);
        let globex = after(&begun("globex", &["a"]).row, "globex", vec![removed("a")]);
        // What is in the table is not looked at.
        let written = written(&[("acme", "x")], &[first, globex, second]).await;
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(written, (keys(&["acme/a", "acme/d"]), keys(&["acme/c", "globex/a"])));
    }

    #[tokio::test]
    async fn where_nobody_knows_what_the_table_holds_all_that_differs_is_put_right() {
        let acme = begun("acme", &["a", "b"]);
        let next = after(&acme.row, "acme", vec![added("c")]);
        let there = [("acme", "b"), ("acme", "x"), ("globex", "x")];
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let alone = written(&there, std::slice::from_ref(&acme)).await;
        assert_eq!(alone, (keys(&["acme/a"]), keys(&["acme/x"])));
        let followed = written(&there, &[acme, next]).await;
        assert_eq!(followed, (keys(&["acme/a", "acme/c"]), keys(&["acme/x"])));
    }
}
