//! Selecting among many entities without scripts: search, select all, clear the selection.

use serde_json::Value;

use super::console::{HOSTILE, ada, at};
use crate::support::browser::Browser;
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    r11_entities_are_searched_and_selected_without_scripts,
    r11_the_same_when_an_application_is_edited,
    a_search_that_finds_nothing_loses_nothing,
    thousands_of_entities_fit_into_a_form,
}

const NEW: &str = "/integration-applications/new/new-integration";
const BANK_FEEDS: &str = "/integration-applications/new/aiq-integrate/bank_feeds";

fn message(message: &str) -> String {
    format!("Clear selection {message}")
}

async fn r11_entities_are_searched_and_selected_without_scripts(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await;
    for path in [NEW, BANK_FEEDS] {
        ada.open(path)
            .await
            .expect(200)
            .shows(&message("0 of 5 selected, 5 shown"));
        let search = [
            ("name", "Payroll"),
            ("entities", "e1"),
            ("entity_search", "ENTITY E4"),
            ("show_again", "search"),
        ];
        let page = ada.send(path, &search).await.expect(200);
        page.shows(&message("1 of 5 selected, 1 shown"))
            .hides("Entity E1")
            .hides("Please correct");
        let select = [
            ("name", "Payroll"),
            ("entity_search", "entity e4"),
            ("show_again", "select"),
        ];
        let page = ada.send(path, &select).await.expect(200);
        page.shows(&message("2 of 5 selected, 1 shown"));
        assert_eq!(page.value("name").as_deref(), Some("Payroll"));
        // What was selected and is not shown is kept by the page itself.
        let page = ada
            .send(
                path,
                &[("entities", "e4"), ("entity_search", ""), ("show_again", "search")],
            )
            .await;
        page.expect(200).shows(&message("2 of 5 selected, 5 shown"));
        let page = ada.send(path, &[("show_again", "select")]).await;
        page.expect(200).shows(&message("5 of 5 selected, 5 shown"));
        let page = ada.send(path, &[("entities", "e5"), ("show_again", "clear")]).await;
        page.expect(200).shows(&message("0 of 5 selected, 5 shown"));
    }
    assert_eq!(world.traces().await, before);
}

async fn r11_the_same_when_an_application_is_edited(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/edit"));
    ada.open(&path)
        .await
        .expect(200)
        .shows(&message("2 of 5 selected, 5 shown"));
    let fields = [("description", "New."), ("category", "crm"), ("entity_search", "E5")];
    let select = [&fields[..], &[("entities", "e1"), ("show_again", "select")]].concat();
    ada.send(&path, &select)
        .await
        .expect(200)
        .shows(&message("2 of 5 selected, 1 shown"));
    let save = [&fields[..], &[("entities", "e5"), ("sure", "yes")]].concat();
    ada.send(&path, &save)
        .await
        .expect(200)
        .shows("Your changes have been saved");
    let now: Value = api.get(&app_at(&app, "")).await.expect(200).json();
    let ids: Vec<_> = now["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| entity["id"].clone())
        .collect();
    assert_eq!(ids, ["e1", "e5"]);
}

async fn a_search_that_finds_nothing_loses_nothing(world: World) {
    let mut ada = ada(&world).await;
    ada.open(NEW).await.expect(200);
    let page = ada
        .send(
            NEW,
            &[("entities", "e1"), ("entity_search", HOSTILE), ("show_again", "select")],
        )
        .await;
    page.expect(200)
        .shows("No entities match your search.")
        .shows(&message("1 of 5 selected, 0 shown"));
    assert_eq!(page.value("entity_search").as_deref(), Some(HOSTILE));
    assert!(!page.html.contains("<script>alert"));
    let page = ada.send(NEW, &[("entity_search", ""), ("show_again", "search")]).await;
    page.expect(200).shows(&message("1 of 5 selected, 5 shown"));
}

async fn thousands_of_entities_fit_into_a_form(world: World) {
    let names: Vec<_> = (1..=500).map(|n| format!("company-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.settle("acme", "Acme Group", "AIQ3", &names).await;
    let mut ada: Browser = ada(&world).await;
    ada.open(NEW).await.expect(200);
    ada.send(NEW, &[("show_again", "select")])
        .await
        .expect(200)
        .shows(&message("505 of 505 selected, 505 shown"));
    let mut fields = vec![
        ("name", "Payroll"),
        ("description", "All of them."),
        ("category", "crm"),
        ("api_permission", "read"),
        ("developer_email", "dev@example.com"),
        ("entities", "e1"),
    ];
    fields.extend(names.iter().map(|id| ("entities", *id)));
    ada.send(NEW, &fields)
        .await
        .expect(200)
        .shows("Integration Application created");
}
