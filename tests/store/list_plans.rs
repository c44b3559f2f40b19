//! A page of a long list is found by an index, and not by looking at all rows and sorting them.

use std::sync::Arc;

use gatebook::store::{Database, Dialect, Purpose};
use gatebook_projections::app_list::{Cursor, Filter, Sort, page};
use gatebook_projections::sql::{Query, Value};

use super::list_queries::{group, holding, rows};
use crate::support::database::new_postgres;

const SORTS: [(Sort, &str); 6] = [
    (Sort::Name, "name"),
    (Sort::NameDescending, "name"),
    (Sort::CreatedAt, "creation"),
    (Sort::CreatedAtDescending, "creation"),
    (Sort::Status, "status"),
    (Sort::StatusDescending, "status"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_ten_thousand_applications_are_found_by_an_index_on_postgres() {
    uses_indexes(&new_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_ten_thousand_applications_are_found_by_an_index_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    uses_indexes(&format!("sqlite://{}", folder.path().join("gatebook.db").display())).await;
}

async fn uses_indexes(url: &str) {
    let rows = rows(10_000);
    let database = holding(url, &rows).await;
    let mut transaction = database.begin(Purpose::Write).await.unwrap();
    transaction.script("analyze").await.unwrap();
    transaction.commit().await.unwrap();
    let of_group = Filter {
        group_id: Some(group(0)),
        ..Filter::default()
    };
    for (sort, index) in SORTS {
        let cursor = Cursor::after(sort, &rows[5_000]);
        for after in [None, Some(&cursor)] {
            let plan = plan(&database, page(&of_group, sort, after, 51)).await;
            is_by_index(
                &plan,
                &format!("app_list_by_group_and_{index}"),
                database.dialect(),
                after.is_some(),
            );
            let plan = self::plan(&database, page(&Filter::default(), sort, after, 51)).await;
            is_by_index(
                &plan,
                &format!("app_list_by_{index}"),
                database.dialect(),
                after.is_some(),
            );
        }
    }
}

async fn plan(database: &Arc<dyn Database>, query: Query) -> String {
    let explain = match database.dialect() {
        Dialect::Postgres => "explain",
        Dialect::Sqlite => "explain query plan",
    };
    let rows = database
        .rows(Query {
            sql: format!("{explain} {}", query.sql),
            ..query
        })
        .await
        .unwrap();
    let lines = rows.into_iter().filter_map(|row| match row.into_iter().next_back() {
        Some(Value::Text(line)) => Some(line),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The index gives the order, and the place of a cursor is found by it.
#[track_caller]
fn is_by_index(plan: &str, index: &str, dialect: Dialect, from_a_cursor: bool) {
    assert!(plan.contains(&format!("{index}_1")), "not by {index}: {plan}");
    let (whole, sorts, place) = match dialect {
        Dialect::Postgres => ("Seq Scan on app_list", "Sort", "ROW("),
        Dialect::Sqlite => ("SCAN app_list", "B-TREE", ">"),
    };
    assert!(!plan.contains(whole) && !plan.contains(sorts), "{plan}");
    if from_a_cursor {
        let found = plan.lines().any(|line| {
            let by_index = dialect == Dialect::Sqlite || line.contains("Index Cond");
            by_index && (line.contains(place) || line.contains('<'))
        });
        assert!(found, "the cursor's place is not found by the index: {plan}");
    }
}
