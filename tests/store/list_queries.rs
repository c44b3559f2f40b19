//! Lists: every filter, every order, every page, the same on both databases and the same as plain Rust says.

use std::sync::Arc;

use gatebook::store::{self, ConnectionPurpose, Database, Dialect, OnConflict};
use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::email_address::{EmailAddress, comparable_address};
use gatebook_aggregates::identifiers::{AppId, ClientId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_aggregates::text::{AppName, Description};
use gatebook_aggregates::text_comparison::searchable;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{
    AppListed, AppRow, Cursor, DeveloperStatus, Filter, Link, Sort, page, page_among_first, page_by_index,
};
use gatebook_projections::row::Row;
use uuid::Uuid;

use crate::support::database::new_postgres;

/// Names that a careless search or order would trip over.
const NAMES: [&str; 24] = [
    "100% Bridge",
    "100 Bridge",
    "under_score",
    "underscore",
    r"back\slash",
    r"back\\slash",
    "back/slash",
    "O'Brien",
    "\"Quoted\"",
    "İstanbul",
    "istanbul",
    "ISTANBUL 2",
    "Straße",
    "STRASSE 2",
    "Äpfel",
    "Apfel",
    "Zebra",
    "zebra 2",
    "👩‍💻",
    "日本語",
    "ﬁne ligature",
    "Kelvin \u{212A}",
    "--",
    "a*b?c[d]",
];

/// What people search for, in any column.
const SEARCHES: [&str; 31] = [
    "%",
    "_",
    r"\",
    r"\\",
    "100%",
    "r_s",
    r"k\s",
    "'",
    "\"",
    "BRIDGE",
    "istanbul",
    "İ",
    "strasse",
    "ß",
    "äpfel",
    "👩",
    "語",
    "*",
    "[d]",
    "no such thing",
    // No trigrams: one or two letters, or others than letters and digits between them.
    "e",
    "RI",
    "0%",
    "r_",
    "_s",
    r"\s",
    "--",
    "k\\",
    "本語",
    " b",
    "a*b",
];

const SORTS: [Sort; 5] = [
    Sort::Name,
    Sort::NameDescending,
    Sort::CreatedAt,
    Sort::CreatedAtDescending,
    Sort::Status,
];

/// Three rows for each name, in two groups, with few times, so that orders are full of ties.
pub fn rows(count: u128) -> Vec<AppRow> {
    let mut rows = Vec::new();
    for number in 0..count {
        let name = NAMES[usize::try_from(number).unwrap() % NAMES.len()];
        rows.push(row(number, &format!("{name} {}", number / NAMES.len() as u128)));
    }
    rows
}

fn row(number: u128, name: &str) -> AppRow {
    let pick = |of: u128| usize::try_from(number % of).unwrap();
    let email = format!("dev{}_{}@example.com", pick(5), pick(2));
    let email = (pick(4) > 0).then(|| EmailAddress::parse("email", &email).unwrap());
    let entity = |id: String| EntityId::parse(&id).unwrap();
    AppRow {
        // Ids that are in no order.
        app_id: Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).into(),
        group_id: group(pick(2)),
        client_id: ClientId(format!("gbc_{number}")),
        integration_type: [IntegrationType::NewIntegration, IntegrationType::AiqIntegrate][pick(2)],
        integrate_type: None,
        name: AppName::parse(name).unwrap(),
        description: Description::parse(&format!("About {name}: 50%_\\ of {}", number % 7)).unwrap(),
        category: CategoryCode::parse(["other", "payroll_and_hr"][pick(2)]).unwrap(),
        api_permission: [ApiPermission::Read, ApiPermission::ReadWrite][pick(2)],
        entities: (0..number % 3)
            .map(|n| entity(format!("e{n}")))
            .chain([entity("e_x".to_owned())])
            .collect(),
        ends_at: None,
        status: [Status::Active, Status::Suspended, Status::Revoked][pick(3)],
        link: if email.is_none() {
            Link::None
        } else {
            [Link::Invited, Link::Assigned, Link::Verified][pick(3)]
        },
        developer_email: email,
        invited_at: None,
        invite_expires_at: None,
        assigned_at: None,
        verified_at: None,
        otp_expires_at: None,
        otp_attempts_left: Some(5),
        created_at: Timestamp::parse(&format!("2026-11-2{}T09:00:00.00{}Z", pick(3), pick(2))).unwrap(),
        created_by_id: "ada".to_owned(),
        created_by_name: "Ada".to_owned(),
        revoked_at: None,
        version: 1,
        position: 1,
    }
}

pub fn group(number: usize) -> GroupId {
    GroupId::parse(["acme", "globex"][number]).unwrap()
}

/// A database that holds these rows and nothing else.
pub async fn holding(url: &str, rows: &[AppRow]) -> Arc<dyn Database> {
    let database = store::open(url).await.unwrap();
    store::migrate(&database).await.unwrap();
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    for chunk in rows.chunks(1_000) {
        let values: Vec<_> = chunk.iter().map(AppRow::values).collect();
        transaction
            .insert("app_list", AppRow::COLUMNS, &values, OnConflict::Fail)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    database
}

/// The ids of all pages of a list, one after the other.
async fn all_pages(database: &dyn Database, filter: &Filter, sort: Sort, limit: i64) -> Vec<AppId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let found = database
            .rows(page(
                filter,
                sort,
                after.as_ref(),
                limit,
                database.dialect().part_search(),
            ))
            .await
            .unwrap();
        // All of them are among the first that a search looks at.
        let among_first = page_among_first(filter, sort, after.as_ref(), limit);
        assert_eq!(found, database.rows(among_first).await.unwrap());
        if database.dialect() == Dialect::Postgres {
            let by_index = page_by_index(filter, sort, after.as_ref(), limit);
            assert_eq!(found, database.rows(by_index).await.unwrap());
        }
        let found: Vec<_> = found.into_iter().map(|row| AppListed::read(row).unwrap().app).collect();
        ids.extend(found.iter().map(|app| app.app_id));
        match found.last() {
            Some(last) => after = Some(Cursor::after(sort, last)),
            None => return ids,
        }
    }
}

/// The same in plain Rust.
fn expected(rows: &[AppRow], sort: Sort, matches: impl Fn(&AppRow) -> bool) -> Vec<AppId> {
    let mut found: Vec<_> = rows.iter().filter(|row| matches(row)).collect();
    found.sort_by_key(|row| {
        let cursor = Cursor::after(sort, row);
        (cursor.key, cursor.app_id.to_string())
    });
    if matches!(sort, Sort::NameDescending | Sort::CreatedAtDescending) {
        found.reverse();
    }
    found.into_iter().map(|row| row.app_id).collect()
}

struct Both {
    rows: Vec<AppRow>,
    databases: [Arc<dyn Database>; 2],
    _folder: tempfile::TempDir,
}

impl Both {
    async fn new() -> Self {
        let (folder, rows) = (tempfile::tempdir().unwrap(), rows(72));
        let sqlite = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let databases = [
            holding(&sqlite, &rows).await,
            holding(&new_postgres().await, &rows).await,
        ];
        Self {
            rows,
            databases,
            _folder: folder,
        }
    }

    async fn find(
        &self,
        what: &str,
        filter: &Filter,
        sort: Sort,
        limit: i64,
        matches: impl Fn(&AppRow) -> bool,
    ) -> usize {
        let expected = expected(&self.rows, sort, matches);
        for database in &self.databases {
            let found = all_pages(&**database, filter, sort, limit).await;
            assert_eq!(
                found,
                expected,
                "{what} by {sort:?}, {limit} a page, on {:?}",
                database.dialect()
            );
        }
        expected.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_has_the_same_pages_on_both_databases_whatever_their_size() {
    let both = Both::new().await;
    for sort in SORTS {
        for limit in [1, 7, 50, 200] {
            let all = both.find("everything", &Filter::default(), sort, limit, |_| true).await;
            assert_eq!(all, both.rows.len());
            let of_group = Filter {
                group_id: Some(group(1)),
                ..Filter::default()
            };
            both.find("a group", &of_group, sort, limit, |row| row.group_id == group(1))
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_search_for_is_found_as_it_stands_and_without_regard_to_case() {
    let both = Both::new().await;
    let mut found = 0;
    for search in SEARCHES {
        let (text, part) = (Some(search.to_owned()), searchable(search));
        let by_name = Filter {
            name: text.clone(),
            ..Filter::default()
        };
        found += both
            .find(search, &by_name, Sort::Name, 5, |row| {
                searchable(row.name.as_str()).contains(&part)
            })
            .await;
        let by_description = Filter {
            description: text.clone(),
            ..Filter::default()
        };
        let matches = |row: &AppRow| searchable(row.description.as_str()).contains(&part);
        found += both.find(search, &by_description, Sort::CreatedAt, 5, matches).await;
        let by_email = Filter {
            developer_email: text,
            ..Filter::default()
        };
        let part = comparable_address(search);
        let matches = |row: &AppRow| {
            row.developer_email
                .as_ref()
                .is_some_and(|email| email.key().contains(&part))
        };
        found += both.find(search, &by_email, Sort::Status, 5, matches).await;
    }
    assert!(found > 100, "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_find_the_same_on_both_databases_alone_and_together() {
    let both = Both::new().await;
    let suspended = Filter {
        status: Some(Status::Suspended),
        ..Filter::default()
    };
    both.find("status", &suspended, Sort::Name, 7, |row| {
        row.status == Status::Suspended
    })
    .await;
    let day = |day| Timestamp::parse(&format!("2026-11-2{day}T09:00:00.001Z")).unwrap();
    let created = Filter {
        created_from: Some(day(0)),
        created_before: Some(day(1)),
        ..Filter::default()
    };
    both.find("created", &created, Sort::CreatedAt, 7, |row| {
        (day(0)..day(1)).contains(&row.created_at)
    })
    .await;
    for id in ["e0", "e_x", "e_", "e"] {
        let entity = EntityId::parse(id).unwrap();
        let filter = Filter {
            entity: Some(entity.clone()),
            ..Filter::default()
        };
        both.find(id, &filter, Sort::NameDescending, 7, |row| {
            row.entities.contains(&entity)
        })
        .await;
    }
    let read = Filter {
        api_permission: Some(ApiPermission::Read),
        ..Filter::default()
    };
    both.find("permission", &read, Sort::Status, 7, |row| {
        row.api_permission == ApiPermission::Read
    })
    .await;
    let together = Filter {
        group_id: Some(group(0)),
        integration_type: Some(IntegrationType::NewIntegration),
        category: Some(CategoryCode::parse("other").unwrap()),
        entity: Some(EntityId::parse("e1").unwrap()),
        name: Some("%".to_owned()),
        ..Filter::default()
    };
    let matches = |row: &AppRow| {
        row.group_id == group(0)
            && row.integration_type == IntegrationType::NewIntegration
            && row.category.as_str() == "other"
            && row.entities.iter().any(|id| id.as_str() == "e1")
            && row.name.uniqueness_key().contains('%')
    };
    both.find("all together", &together, Sort::CreatedAtDescending, 2, matches)
        .await;
    for (status, link) in [
        (DeveloperStatus::None, Link::None),
        (DeveloperStatus::Invited, Link::Invited),
        (DeveloperStatus::OtpPending, Link::Assigned),
        (DeveloperStatus::Verified, Link::Verified),
    ] {
        let filter = Filter {
            developer_status: Some(status),
            ..Filter::default()
        };
        both.find("developer status", &filter, Sort::Name, 7, |row| row.link == link)
            .await;
    }
}
