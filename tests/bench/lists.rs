//! Large customers: whole lists of 10,000 entities and users, and 10,000 entities one by one, on both databases.

use std::collections::BTreeMap;
use std::time::Instant;

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{ListedUser, ProductPlan, Role};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::text::Label;

use super::setting::{Setting, new_database};

const MANY: usize = 10_000;
/// How many of them are compared, at the beginning and at the end.
const SOME: usize = 500;

/// Measures both databases.
pub async fn measure() {
    println!("\nlists of {MANY} entities and users");
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("gatebook.db").display());
    for (name, url) in [("sqlite", sqlite), ("postgres", new_database().await)] {
        let setting = Setting::on(url).await;
        whole_lists(&setting, name).await;
        one_by_one(&setting, name).await;
    }
}

async fn whole_lists(setting: &Setting, name: &str) {
    let (caller, group_id) = (setting.operator(), group(setting, "lists").await);
    let operator = caller.operator().unwrap();
    let entities: BTreeMap<_, _> = (0..MANY).map(|n| (entity(n), label(&format!("Company {n}")))).collect();
    let users: BTreeMap<_, _> = (0..MANY).map(|n| (user(n), listed(n))).collect();
    let gatebook = &setting.gatebook;
    let took = |what: &str, begun: Instant| {
        let (all, appends) = (begun.elapsed(), MANY.div_ceil(1_000));
        let each = all / u32::try_from(appends).unwrap();
        println!(
            "  list [{name}]: {what}: {:.2} s, {each:.0?} for each append of 1,000",
            all.as_secs_f64()
        );
    };
    let begun = Instant::now();
    gatebook
        .put_entities(operator, &group_id, entities.clone(), None)
        .await
        .unwrap();
    took("entities added", begun);
    let begun = Instant::now();
    gatebook
        .put_entities(operator, &group_id, entities, None)
        .await
        .unwrap();
    took("entities unchanged", begun);
    let begun = Instant::now();
    gatebook.put_users(operator, &group_id, users, None).await.unwrap();
    took("users added", begun);
    let begun = Instant::now();
    gatebook
        .put_users(operator, &group_id, BTreeMap::new(), Some(MANY))
        .await
        .unwrap();
    took("users removed", begun);
}

async fn one_by_one(setting: &Setting, name: &str) {
    let (caller, group_id) = (setting.operator(), group(setting, "one-by-one").await);
    let mut figures = Vec::with_capacity(MANY);
    for n in 0..MANY {
        let begun = Instant::now();
        let put = setting.gatebook.put_entity(
            caller.operator().unwrap(),
            &group_id,
            entity(n),
            label(&format!("Company {n}")),
        );
        put.await.unwrap();
        figures.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let mean = |figures: &[f64]| figures.iter().sum::<f64>() / f64::from(u32::try_from(figures.len()).unwrap());
    let (first, last) = (mean(&figures[..SOME]), mean(&figures[MANY - SOME..]));
    let ratio = last / first;
    println!("  one by one [{name}]: {first:.2} ms at the beginning, {last:.2} ms at the end = {ratio:.2}");
}

async fn group(setting: &Setting, id: &str) -> GroupId {
    let (caller, group_id) = (setting.operator(), GroupId::parse(id).unwrap());
    let plan = ProductPlan::parse("AIQ3").unwrap();
    let put = setting
        .gatebook
        .put_group(caller.operator().unwrap(), &group_id, label("Large"), plan);
    put.await.unwrap();
    group_id
}

fn entity(n: usize) -> EntityId {
    EntityId::parse(&format!("e{n}")).unwrap()
}

fn user(n: usize) -> UserId {
    UserId::parse(&format!("u{n}")).unwrap()
}

fn listed(n: usize) -> ListedUser {
    ListedUser {
        email: EmailAddress::parse("email", &format!("u{n}@large.example")).unwrap(),
        name: label(&format!("Somebody {n}")),
        role: Role::User,
    }
}

fn label(text: &str) -> Label {
    Label::parse("name", text).unwrap()
}
