//! What needs attention, as lists find it and as plain Rust says it: the same for many random applications, and found without
//! looking at other groups' applications.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use gatebook::store::{ConnectionPurpose, Database, Dialect, OnConflict};
use gatebook_aggregates::attention::{Attention, attention};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId, KeyedDigest};
use gatebook_aggregates::integration_app::{ClientSecret, Status};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{AppListed, AppRow, AttentionAt, Filter, Link, NeedsAttention, Sort, page};
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::portal_apps::PortalAppRow;
use gatebook_projections::row::Row;
use gatebook_projections::sql::{Column, Query, Value, int, text};
use strum::VariantArray;

use super::list_queries::{group, holding, rows};
use crate::support::database::new_postgres;

/// As of when lists are asked for.
fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T09:00:00.000Z").unwrap()
}

/// Numbers that look random, and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn next(&mut self) -> u64 {
        self.below(2);
        self.0
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A moment around one of the borders: at it, a millisecond before or after it, or far from it.
    fn around(&mut self, days: &[i64]) -> Timestamp {
        let day = days[self.below(days.len())];
        let nudge = [-86_400_000 * 40, -1, 0, 1, 86_400_000 * 40][self.below(5)];
        now().plus(TimeDelta::days(day)).plus(TimeDelta::milliseconds(nudge))
    }
}

/// What the database holds of an application besides its row.
struct Others {
    secrets: Vec<ClientSecret>,
    failed_mail: Option<&'static str>,
    last_used_at: Option<Timestamp>,
}

fn random_row(mut row: AppRow, numbers: &mut Numbers) -> (AppRow, Others) {
    row.status = [
        Status::Active,
        Status::Active,
        Status::Active,
        Status::Suspended,
        Status::Revoked,
    ][numbers.below(5)];
    let open = row.link == Link::Invited || row.link == Link::Assigned;
    row.invite_expires_at = (row.link == Link::Invited).then(|| numbers.around(&[0]));
    row.otp_expires_at = open.then(|| numbers.around(&[0]));
    row.otp_attempts_left = open.then(|| i64::try_from(numbers.below(3)).unwrap());
    row.verified_at = (row.link == Link::Verified).then(|| numbers.around(&[-7]));
    row.ends_at = numbers.one_in(3).then(|| numbers.around(&[0, 1]));
    if numbers.one_in(4) {
        row.entities = BTreeSet::from([EntityId::parse("gone").unwrap()]);
    }
    let secret = |numbers: &mut Numbers| ClientSecret {
        id: uuid::Uuid::from_u128(u128::from(numbers.next())).into(),
        prefix: "gbs_1234".to_owned(),
        secret_digest: KeyedDigest("d".to_owned()),
        created_at: now(),
        ends_at: (!numbers.one_in(3)).then(|| numbers.around(&[0, 1, 14])),
    };
    let secrets = (0..numbers.below(3)).map(|_| secret(numbers)).collect();
    let subjects = ["invitation to ", "assignment of ", "OTP of ", "access of dev to "];
    let others = Others {
        secrets,
        failed_mail: numbers.one_in(3).then(|| subjects[numbers.below(4)]),
        last_used_at: (!numbers.one_in(3)).then(|| numbers.around(&[-90])),
    };
    (row, others)
}

const LAST_USES: &[Column] = &[text("id"), text("used"), text("last_used_at")];
const ENTITIES: &[Column] = &[text("group_id"), text("entity_id"), text("name")];
const OUTBOX: &[Column] = &[
    text("id"),
    text("kind"),
    text("recipient"),
    text("state"),
    int("attempts"),
    text("next_attempt_at"),
    text("created_at"),
    text("about"),
];

/// A database with random applications, with all that stands beside them: of two groups, or of so many more that those of
/// the first are few.
async fn random(url: &str, count: u128, others: usize) -> (Arc<dyn Database>, Vec<AppRow>) {
    let mut numbers = Numbers(42);
    let mut all: Vec<_> = rows(count)
        .into_iter()
        .map(|row| random_row(row, &mut numbers))
        .collect();
    if others > 0 {
        for (number, (row, _)) in all.iter_mut().enumerate().filter(|(number, _)| number % others > 0) {
            row.group_id = GroupId::parse(&format!("g{}", number % others)).unwrap();
        }
    }
    let apps: Vec<_> = all.iter().map(|(row, _)| row.clone()).collect();
    let database = holding(url, &apps).await;
    let mut portal = Vec::new();
    let (mut uses, mut mails) = (Vec::new(), Vec::new());
    for (row, others) in &all {
        let id: Value = row.app_id.into();
        portal.push(portal_row(row, others).values());
        if let Some(at) = others.last_used_at {
            uses.push(vec![id.clone(), "application".into(), at.into()]);
        }
        if let Some(subject) = others.failed_mail {
            mails.push(vec![
                row.app_id.to_string().into(),
                "invitation".into(),
                "dev@example.com".into(),
                "failed".into(),
                3.into(),
                now().into(),
                now().into(),
                format!("{subject}{}", row.app_id).into(),
            ]);
        }
    }
    // Two of the addresses have an account.
    let developers: Vec<_> = ["dev1_1@example.com", "dev2_0@example.com"]
        .map(|email| developer(email).values())
        .to_vec();
    // One group has the entity that only some applications have; the other has none of its applications' entities.
    let entities = [vec!["acme".into(), "e_x".into(), Value::json(&"Entity")]];
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    for (table, columns, rows) in [
        ("portal_apps", PortalAppRow::COLUMNS, &portal[..]),
        ("last_uses", LAST_USES, &uses[..]),
        ("outbox", OUTBOX, &mails[..]),
        ("developers", DeveloperRow::COLUMNS, &developers[..]),
        ("group_entities", ENTITIES, &entities[..]),
    ] {
        for chunk in rows.chunks(500) {
            transaction
                .insert(table, columns, chunk, OnConflict::Fail)
                .await
                .unwrap();
        }
    }
    transaction.script("analyze").await.unwrap();
    transaction.commit().await.unwrap();
    (database, apps)
}

fn portal_row(row: &AppRow, others: &Others) -> PortalAppRow {
    PortalAppRow {
        app_id: row.app_id,
        group_id: row.group_id.clone(),
        client_id: row.client_id.clone(),
        name: row.name.clone(),
        description: row.description.clone(),
        api_permission: row.api_permission,
        status: row.status,
        ends_at: row.ends_at,
        entities: row.entities.clone(),
        link: row.link,
        developer_email: row.developer_email.clone(),
        developer_id: None,
        assigned_at: None,
        otp_expires_at: row.otp_expires_at,
        otp_attempts_left: row.otp_attempts_left,
        client_secrets: others.secrets.clone(),
        version: 1,
        position: 1,
    }
}

fn developer(email: &str) -> DeveloperRow {
    DeveloperRow {
        developer_id: uuid::Uuid::from_u128(u128::from(email.as_bytes()[3])).into(),
        email: EmailAddress::parse("email", email).unwrap(),
        full_name: Label::parse("name", "Dev Eloper").unwrap(),
        signed_up_at: now(),
        version: 1,
        position: 1,
    }
}

fn filter(database: &dyn Database, of: usize, wanted: NeedsAttention) -> Filter {
    Filter {
        group_id: Some(group(of)),
        attention: Some(wanted),
        attention_at: Some(AttentionAt {
            now: now(),
            json: database.dialect().json_lists(),
        }),
        ..Filter::default()
    }
}

async fn found(database: &dyn Database, filter: &Filter) -> Vec<AppListed> {
    let search = database.dialect().part_search();
    let rows = database
        .rows(page(filter, Sort::Name, None, 10_000, search))
        .await
        .unwrap();
    rows.into_iter().map(|row| AppListed::read(row).unwrap()).collect()
}

/// What plain Rust says of each application of a group.
async fn said(database: &dyn Database, of: usize) -> BTreeMap<AppId, Vec<Attention>> {
    let whole = Filter {
        group_id: Some(group(of)),
        ..Filter::default()
    };
    let entity = EntityId::parse("e_x").unwrap();
    let has_entities = |listed: &AppListed| of == 0 && listed.app.entities.contains(&entity);
    let all = found(database, &whole).await;
    all.iter()
        .map(|listed| {
            let facts = listed.attention_facts(true, has_entities(listed));
            (listed.app.app_id, attention(&facts, now()))
        })
        .collect()
}

async fn sql_and_rust_agree(url: &str) {
    let (database, _) = random(url, 3_000, 0).await;
    let mut codes_seen = BTreeSet::new();
    for of in [0, 1] {
        let said = said(&*database, of).await;
        for code in Attention::VARIANTS {
            let found = found(&*database, &filter(&*database, of, NeedsAttention::For(*code))).await;
            let found: BTreeSet<_> = found.iter().map(|listed| listed.app.app_id).collect();
            let expected = said.iter().filter(|(_, codes)| codes.contains(code));
            let expected: BTreeSet<_> = expected.map(|(id, _)| *id).collect();
            assert_eq!(found, expected, "{code:?} on {:?}", database.dialect());
            if !found.is_empty() {
                codes_seen.insert(*code);
            }
        }
        let any = found(&*database, &filter(&*database, of, NeedsAttention::ANY)).await;
        let any: BTreeSet<_> = any.iter().map(|listed| listed.app.app_id).collect();
        let expected = said.iter().filter(|(_, codes)| !codes.is_empty());
        assert_eq!(
            any,
            expected.map(|(id, _)| *id).collect(),
            "any on {:?}",
            database.dialect()
        );
    }
    assert_eq!(codes_seen, Attention::VARIANTS.iter().copied().collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_attention_is_found_as_plain_rust_says_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    sql_and_rust_agree(&format!("sqlite://{}", folder.path().join("gatebook.db").display())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_attention_is_found_as_plain_rust_says_on_postgres() {
    sql_and_rust_agree(&new_postgres().await).await;
}

async fn stays_in_the_group(url: &str) {
    let (database, _) = random(url, 5_000, 50).await;
    let reasons = Attention::VARIANTS.iter().map(|code| NeedsAttention::For(*code));
    for wanted in reasons.chain([NeedsAttention::ANY]) {
        let query = page(
            &filter(&*database, 0, wanted),
            Sort::default(),
            None,
            51,
            database.dialect().part_search(),
        );
        let plan = plan(&*database, query).await;
        assert!(plan.contains("app_list_by_group_and_"), "{wanted:?}: {plan}");
        for whole in ["Seq Scan on app_list", "SCAN a\n", "SCAN app_list"] {
            assert!(!plan.contains(whole), "{wanted:?}: {plan}");
        }
    }
}

async fn plan(database: &dyn Database, query: Query) -> String {
    let explain = match database.dialect() {
        Dialect::Postgres => "explain",
        Dialect::Sqlite => "explain query plan",
    };
    let sql = format!("{explain} {}", query.sql);
    let rows = database.rows(Query { sql, ..query }).await.unwrap();
    let lines = rows.into_iter().filter_map(|row| match row.into_iter().next_back() {
        Some(Value::Text(line)) => Some(line),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_attention_is_looked_for_in_its_group_alone_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    stays_in_the_group(&format!("sqlite://{}", folder.path().join("gatebook.db").display())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_attention_is_looked_for_in_its_group_alone_on_postgres() {
    stays_in_the_group(&new_postgres().await).await;
}
