//! A page of a long list is found by an index, and not by looking at all rows and sorting them.

use std::sync::Arc;

use gatebook::store::{ConnectionPurpose, Database, Dialect};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_projections::app_list::{AppListed, Cursor, Filter, Sort, page, page_among_first};
use gatebook_projections::part_search::PartSearch;
use gatebook_projections::sql::{Query, Value};

use super::list_queries::{group, holding, rows};
use crate::support::database::new_postgres;

/// What is in no name, no description and no address, and has no trigrams.
const RARE: [&str; 5] = ["zq", "~", "j", "~~~", "語j"];

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
    let (database, rows) = (analyzed(url).await, rows(10_000));
    let search = database.dialect().part_search();
    let of_group = Filter {
        group_id: Some(group(0)),
        ..Filter::default()
    };
    for (sort, index) in SORTS {
        let cursor = Cursor::after(sort, &rows[5_000]);
        for after in [None, Some(&cursor)] {
            let plan = plan(&database, page(&of_group, sort, after, 51, search)).await;
            is_by_index(
                &plan,
                &format!("app_list_by_group_and_{index}"),
                database.dialect(),
                after.is_some(),
            );
            let plan = self::plan(&database, page(&Filter::default(), sort, after, 51, search)).await;
            is_by_index(
                &plan,
                &format!("app_list_by_{index}"),
                database.dialect(),
                after.is_some(),
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_trigrams_is_found_by_an_index_on_postgres() {
    let database = analyzed(&new_postgres().await).await;
    for group_id in [Some(group(0)), None] {
        for part in RARE {
            for (filter, column) in searches(group_id.as_ref(), part) {
                let plan = plan(&database, page_of(&database, &filter)).await;
                let index = format!("app_list_parts_{column}_1");
                assert!(plan.contains(&index), "{part:?} not by {index}: {plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_description_has_is_found_in_the_order_of_the_list_on_postgres() {
    let database = analyzed(&new_postgres().await).await;
    for part in ["%", "_", "50"] {
        let filter = Filter {
            group_id: Some(group(0)),
            description: Some(part.to_owned()),
            ..Filter::default()
        };
        let plan = plan(&database, page_of(&database, &filter)).await;
        assert!(plan.contains("app_list_by_group_and_creation_1"), "{part}: {plan}");
        assert!(!plan.contains("Sort"), "{part}: {plan}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_looks_at_the_rows_of_its_group_alone_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
    let database = analyzed(&url).await;
    for part in RARE {
        for (filter, _) in searches(Some(&group(0)), part) {
            let plan = plan(&database, page_of(&database, &filter)).await;
            is_by_index(&plan, "app_list_by_group_and_creation", Dialect::Sqlite, false);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_no_plan_of_a_search_for_searches_of_other_texts() {
    let database = holding(&new_postgres().await, &rows(10)).await;
    let mut transaction = database.begin(ConnectionPurpose::Snapshot).await.unwrap();
    for (filter, _) in searches(Some(&group(0)), "zq") {
        transaction.rows(page_of(&database, &filter)).await.unwrap();
    }
    let whole_list = Filter::default();
    transaction.rows(page_of(&database, &whole_list)).await.unwrap();
    let stored = "select statement from pg_prepared_statements where statement like 'select a.app\\_id,%'";
    let stored = transaction.rows(Query::new(stored, [])).await.unwrap();
    let stored: Vec<_> = stored.into_iter().flatten().collect();
    let whole_list = page_of(&database, &whole_list).sql;
    assert_eq!(stored, [Value::from(whole_list)], "the whole list alone is prepared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_applications_are_searched_in_the_order_of_the_list_on_postgres() {
    let database = analyzed(&new_postgres().await).await;
    for group_id in [Some(group(0)), None] {
        let of_group = if group_id.is_some() { "group_and_" } else { "" };
        for (filter, _) in searches(group_id.as_ref(), "Bridge 41") {
            for (sort, index) in SORTS {
                let plan = plan(&database, page_among_first(&filter, sort, None, 51)).await;
                assert!(plan.contains(&format!("app_list_by_{of_group}{index}_1")), "{plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_first_five_thousand_are_searched() {
    let database = holding(&new_postgres().await, &rows(10_000)).await;
    let all = database.rows(page(&Filter::default(), Sort::Name, None, 10_000, PartSearch::ByIndex));
    let all: Vec<_> = all
        .await
        .unwrap()
        .into_iter()
        .map(|row| AppListed::read(row).unwrap().app)
        .collect();
    for (place, is_found) in [(4_999, true), (5_000, false)] {
        let filter = Filter {
            name: Some(all[place].name.as_str().to_owned()),
            ..Filter::default()
        };
        let found = database
            .rows(page_among_first(&filter, Sort::Name, None, 51))
            .await
            .unwrap();
        let found = found
            .into_iter()
            .any(|row| AppListed::read(row).unwrap().app == all[place]);
        assert_eq!(found, is_found, "the one at {place}");
    }
}

/// A database of many rows that the planner knows.
async fn analyzed(url: &str) -> Arc<dyn Database> {
    let database = holding(url, &rows(10_000)).await;
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script("analyze").await.unwrap();
    transaction.commit().await.unwrap();
    database
}

/// Searches for a part in each column that is searched, with its name.
fn searches(group_id: Option<&GroupId>, part: &str) -> [(Filter, &'static str); 3] {
    let (group_id, part) = (group_id.cloned(), Some(part.to_owned()));
    let filter = || Filter {
        group_id: group_id.clone(),
        ..Filter::default()
    };
    [
        (
            Filter {
                name: part.clone(),
                ..filter()
            },
            "name_search",
        ),
        (
            Filter {
                description: part.clone(),
                ..filter()
            },
            "description_search",
        ),
        (
            Filter {
                developer_email: part.clone(),
                ..filter()
            },
            "developer_email_key",
        ),
    ]
}

/// The first page, newest first.
fn page_of(database: &Arc<dyn Database>, filter: &Filter) -> Query {
    page(filter, Sort::default(), None, 51, database.dialect().part_search())
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
