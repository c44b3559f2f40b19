//! Very many rows at once, as a rebuild writes them: PostgreSQL is given them in another way than a few.

use gatebook::store::{ConnectionPurpose, OnConflict, StoreError};
use gatebook_projections::sql::{Column, Query, Value, int, json, text};

use crate::support::{World, on_both_databases};

on_both_databases! {
    many_rows_are_written_as_they_are_whatever_they_contain,
    a_row_that_is_there_refuses_all_that_come_with_it,
}

const COLUMNS: [Column; 4] = [
    text("id"),
    Column::of::<Option<String>>("note"),
    int("number"),
    json("details"),
];

/// Texts that a line or a column could end with, or that could pass for nothing.
const ODD: [&str; 9] = [
    "",
    "\\N",
    "\\.",
    "a\tb",
    "a\r\nb\\",
    "\\\\",
    "\"{},\"",
    "ö😀",
    "\u{1}\u{7f}",
];

fn rows(count: usize) -> Vec<Vec<Value>> {
    let row = |n: usize| {
        let odd = ODD[n % ODD.len()];
        let note = if n.is_multiple_of(10) { Value::Null } else { odd.into() };
        vec![
            format!("{n:05} {odd}").into(),
            note,
            (n as i64 - 5).into(),
            Value::json(&[odd, "x"]),
        ]
    };
    (0..count).map(row).collect()
}

async fn write(world: &World, rows: &[Vec<Value>]) -> Result<u64, StoreError> {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await?;
    let written = transaction.insert("many", &COLUMNS, rows, OnConflict::Fail).await?;
    transaction.commit().await?;
    Ok(written)
}

async fn create_table(world: &World) {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    let create = "create table many (id text primary key, note text, number bigint not null, details text not null)";
    transaction.script(create).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn stored(world: &World) -> Vec<Vec<Value>> {
    let sql = "select id, note, number, details from many order by number";
    world.database().rows(Query::new(sql, [])).await.unwrap()
}

async fn many_rows_are_written_as_they_are_whatever_they_contain(world: World) {
    create_table(&world).await;
    for count in [3, 5_000] {
        let rows = rows(count);
        assert_eq!(write(&world, &rows).await.unwrap(), count as u64);
        assert_eq!(stored(&world).await, rows);
        let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
        transaction.script("delete from many").await.unwrap();
        transaction.commit().await.unwrap();
    }
}

async fn a_row_that_is_there_refuses_all_that_come_with_it(world: World) {
    create_table(&world).await;
    let rows = rows(500);
    write(&world, &rows[400..401]).await.unwrap();
    write(&world, &rows).await.unwrap_err();
    assert_eq!(stored(&world).await, rows[400..401]);
    // The connection is as good as before.
    write(&world, &rows[..400]).await.unwrap();
    assert_eq!(stored(&world).await, rows[..401]);
}
