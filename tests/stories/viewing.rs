//! View details about your applications; find them by any column.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{APPS, Person, World, app_at, on_both_databases};

on_both_databases! {
    the_list_is_filtered_by_each_column,
    the_list_is_searched_without_regard_to_case,
    the_list_is_sorted_as_asked,
    the_list_is_paged_through_without_a_gap_or_a_repetition,
    what_is_created_while_paging_disturbs_nothing,
    a_page_has_50_items_unless_told_otherwise_and_at_most_200,
}

async fn names(ada: &Person, query: &str) -> Vec<String> {
    ada.get(&format!("{APPS}?{query}")).await.expect(200).all("name")
}

/// Four applications that differ in every column.
async fn four(world: &World) -> Person {
    let ada = world.ada().await;
    let forms = [
        json!({"name": "Alpha", "api_permission": "read", "developer_email": "al@example.com", "entities": ["e1"]}),
        json!({"name": "beta", "category": "crm", "description": "50% off_er \\ ÉTÉ", "entities": ["e2", "e3"]}),
        json!({"name": "Gamma", "description": "Suspended.", "entities": ["e3"]}),
    ];
    for form in forms {
        world.pass(TimeDelta::seconds(1));
        ada.post(APPS, World::with(World::new_integration("x"), form))
            .await
            .expect(201);
    }
    world.pass(TimeDelta::seconds(1));
    ada.post(APPS, World::aiq_integrate("Delta")).await.expect(201);
    let gamma = ada.get(&format!("{APPS}?name=gamma")).await.json()["items"][0].clone();
    ada.post(&app_at(&gamma, "/suspend"), json!({})).await.expect(200);
    ada
}

async fn the_list_is_filtered_by_each_column(world: World) {
    let ada = four(&world).await;
    let everything = ["Alpha", "beta", "Delta", "Gamma"];
    for (filter, found) in [
        ("status=active", vec!["Alpha", "beta", "Delta"]),
        ("status=suspended", vec!["Gamma"]),
        ("status=revoked", vec![]),
        ("developer_status=none", vec!["Delta"]),
        ("developer_status=invited", vec!["Alpha", "beta", "Gamma"]),
        ("developer_status=otp_pending", vec![]),
        ("developer_status=verified", vec![]),
        ("integration_type=aiq_integrate", vec!["Delta"]),
        ("integration_type=new_integration", vec!["Alpha", "beta", "Gamma"]),
        ("category=crm", vec!["beta"]),
        ("category=banking_and_payments", vec!["Delta"]),
        ("api_permission=read", vec!["Alpha"]),
        ("api_permission=read_write", vec!["beta", "Delta", "Gamma"]),
        ("entity=e3", vec!["beta", "Gamma"]),
        ("entity=e1", vec!["Alpha", "Delta"]),
        ("entity=nowhere", vec![]),
        ("developer_email=al%40", vec!["Alpha"]),
        ("status=active&entity=e3", vec!["beta"]),
        ("status=&name=", everything.to_vec()),
    ] {
        assert_eq!(names(&ada, &format!("sort=name&{filter}")).await, found, "{filter}");
    }
    for (bad, code) in [
        ("status=deleted", "invalid_status"),
        ("developer_status=gone", "invalid_developer_status"),
        ("integration_type=x", "invalid_integration_type"),
        ("category=gardening", "unknown_category"),
        ("api_permission=all", "invalid_api_permission"),
        ("entity=no%20id", "invalid_entity"),
        ("colour=red", "unknown_field"),
    ] {
        ada.get(&format!("{APPS}?{bad}")).await.refused(422, code);
    }
}

async fn the_list_is_searched_without_regard_to_case(world: World) {
    let ada = four(&world).await;
    for (part, found) in [
        ("name=ALPHA", vec!["Alpha"]),
        ("name=a", vec!["Alpha", "beta", "Delta", "Gamma"]),
        ("name=ET", vec!["beta"]),
        ("name=%EF%BD%81lph", vec!["Alpha"]),
        ("name=%25", vec![]),
        ("name=_", vec![]),
        ("description=50%25", vec!["beta"]),
        ("description=f_e", vec!["beta"]),
        ("description=%5C", vec!["beta"]),
        ("description=%C3%A9t%C3%A9", vec!["beta"]),
        ("description=SUSPEND", vec!["Gamma"]),
        ("developer_email=EXAMPLE.com", vec!["Alpha", "beta", "Gamma"]),
        ("developer_email=AL%40", vec!["Alpha"]),
        ("name='%20or%20'1'='1", vec![]),
    ] {
        assert_eq!(names(&ada, &format!("sort=name&{part}")).await, found, "{part}");
    }
}

async fn the_list_is_sorted_as_asked(world: World) {
    let ada = four(&world).await;
    for (sort, order) in [
        ("", ["Delta", "Gamma", "beta", "Alpha"]),
        ("sort=-created_at", ["Delta", "Gamma", "beta", "Alpha"]),
        ("sort=created_at", ["Alpha", "beta", "Gamma", "Delta"]),
        ("sort=name", ["Alpha", "beta", "Delta", "Gamma"]),
        ("sort=-name", ["Gamma", "Delta", "beta", "Alpha"]),
        ("sort=status", ["Alpha", "beta", "Delta", "Gamma"]),
    ] {
        assert_eq!(names(&ada, sort).await, order, "{sort}");
    }
    for bad in ["sort=colour", "sort=-status2", "sort=name;drop", "sort=NAME"] {
        ada.get(&format!("{APPS}?{bad}")).await.refused(422, "invalid_sort");
    }
}

/// 125 applications, several of a time and all of one status.
async fn many(world: &World) -> (Person, Vec<String>) {
    let ada = world.ada().await;
    let mut created = Vec::new();
    for n in 0..125 {
        if n % 10 == 0 {
            world.pass(TimeDelta::seconds(1));
        }
        let name = format!("{} {n:03}", ["app", "App", "öpp"][n % 3]);
        created.push(world.created(&ada, &name).await["name"].as_str().unwrap().to_owned());
    }
    (ada, created)
}

/// All names, page by page.
async fn paged(ada: &Person, query: &str, limit: usize) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ada
            .get(&format!("{APPS}?{query}&limit={limit}&cursor={cursor}"))
            .await
            .expect(200);
        let found = page.all("name");
        assert!(found.len() <= limit);
        names.extend(found);
        match page.json()["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return names,
        }
    }
}

async fn the_list_is_paged_through_without_a_gap_or_a_repetition(world: World) {
    let (ada, mut created) = many(&world).await;
    created.sort();
    for sort in [
        "",
        "sort=name",
        "sort=-name",
        "sort=created_at",
        "sort=-created_at",
        "sort=status",
    ] {
        let whole = paged(&ada, sort, 200).await;
        for limit in [1, 7, 25, 124, 125] {
            if limit == 1 && sort != "sort=status" {
                continue;
            }
            assert_eq!(paged(&ada, sort, limit).await, whole, "{sort} {limit}");
        }
        let mut sorted = whole;
        sorted.sort();
        assert_eq!(sorted, created, "{sort}");
    }
    let filtered = paged(&ada, "name=%C3%96PP", 10).await;
    assert_eq!(filtered.len(), 41);
    let first = ada.get(&format!("{APPS}?sort=name&limit=10")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    ada.get(&format!("{APPS}?sort=-name&limit=10&cursor={cursor}"))
        .await
        .refused(422, "invalid_cursor");
}

async fn what_is_created_while_paging_disturbs_nothing(world: World) {
    let ada = world.ada().await;
    for n in 0..6 {
        world.pass(TimeDelta::seconds(1));
        world.created(&ada, &format!("b{n}")).await;
    }
    let first = ada.get(&format!("{APPS}?limit=3")).await.expect(200);
    world.pass(TimeDelta::seconds(1));
    world.created(&ada, "newer").await;
    let next = format!(
        "{APPS}?limit=3&cursor={}",
        first.json()["next_cursor"].as_str().unwrap()
    );
    let second = ada.get(&next).await.expect(200);
    assert_eq!(
        [first.all("name"), second.all("name")].concat(),
        ["b5", "b4", "b3", "b2", "b1", "b0"]
    );
    assert!(second.json()["next_cursor"].is_null());
}

async fn a_page_has_50_items_unless_told_otherwise_and_at_most_200(world: World) {
    let (ada, _) = many(&world).await;
    for (limit, items) in [("", 50), ("?limit=200", 125), ("?limit=1", 1)] {
        assert_eq!(
            ada.get(&format!("{APPS}{limit}")).await.expect(200).all("id").len(),
            items
        );
    }
}
