//! Trouble with SQLite's file: a full disk, and two processes that make it at the same moment.

use std::sync::Arc;

use futures::future::join_all;
use gatebook::store::{self, ConnectionPurpose, Database, OnConflict, StoreError};
use gatebook_projections::sql::{Query, text};

use super::noted::{events, note};
use crate::support::World;
use crate::support::eventually::eventually;

/// Writes more than there is space for.
async fn fill_the_disk(database: &dyn Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    // SQLite says of a file that may not grow what it says of a full disk.
    transaction.script("pragma max_page_count = 1").await?;
    let row = vec!["much".into(), "x".repeat(1_000_000).as_str().into()];
    let columns = [text("name"), text("value")];
    transaction.insert("facts", &columns, &[row], OnConflict::Fail).await?;
    transaction.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_an_outage_that_is_over_as_soon_as_there_is_space_again() {
    let world = World::on_sqlite().await;
    for round in 0..5 {
        let full = fill_the_disk(world.database()).await.unwrap_err();
        assert!(full.is_unavailable(), "{full:?}");
        assert!(full.to_string().contains("full"), "{full}");
        events(world.gatebook.log.writer.append(note(&format!("s{round}"))).await);
    }
    let much = Query::new("select name from facts where name = 'much'", []);
    assert!(world.database().rows(much).await.unwrap().is_empty());
}

/// Writes a megabyte.
async fn write_much(database: &dyn Database, name: &str) {
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    let row = vec![name.into(), "x".repeat(1_000_000).as_str().into()];
    let columns = [text("name"), text("value")];
    let written = transaction.insert("facts", &columns, &[row], OnConflict::Fail).await;
    written.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlites_log_gives_its_space_back_when_nobody_reads_an_old_snapshot_any_more() {
    let world = World::on_sqlite().await;
    let path = world.database_url.strip_prefix("sqlite://").unwrap();
    let log_size = || std::fs::metadata(format!("{path}-wal")).unwrap().len();
    let mut snapshot = world.database().begin(ConnectionPurpose::Snapshot).await.unwrap();
    snapshot.rows(Query::new("select name from facts", [])).await.unwrap();
    for number in 0..40 {
        write_much(world.database(), &format!("much {number}")).await;
    }
    assert!(log_size() > 40_000_000, "{}", log_size());
    drop(snapshot);
    eventually("a smaller log", async || {
        write_much(world.database(), &format!("more {}", uuid::Uuid::now_v7())).await;
        (log_size() <= 16 * 1024 * 1024).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_that_start_on_a_new_folder_at_the_same_moment_all_start() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let starts = (0..6).map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let database: Arc<dyn Database> = store::open(&url).await?;
                store::migrate(&database).await?;
                Ok::<_, StoreError>(database)
            })
        });
        for started in join_all(starts).await {
            started.unwrap().unwrap();
        }
    }
}
