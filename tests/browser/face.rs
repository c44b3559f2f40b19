//! How pages look and are used: on a desk and on a phone, light and dark, with the keyboard alone, without scripts, on paper.

use serde_json::json;
use thirtyfour::Key;

use crate::support::chromium::Chromium;
use crate::support::{APPS, World, id};

use super::{console_of, sign_in};

/// A hundred letters without a place to break.
fn long(first: &str) -> String {
    format!("{first:x<100}")
}

async fn height(browser: &Chromium, selector: &str) -> f64 {
    let height = format!("document.querySelector('{selector}').getBoundingClientRect().height");
    browser.outcome(&height).await.parse().unwrap()
}

/// The browser of a user of Acme Group, on the list of applications.
async fn list_of(world: &World, user: &str) -> Chromium {
    let browser = console_of(world, user).await;
    browser.open("/integration-applications").await;
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_names_without_a_blank_widen_no_page() {
    let world = World::on_sqlite().await;
    let names = json!({"name": long("A"), "description": long("B")});
    let form = World::with(World::new_integration(""), names);
    let app = world.ada().await.post(APPS, form).await.expect(201).json();
    let ada = list_of(&world, "ada").await;
    ada.pictures("long-list").await;
    let page = format!("/integration-applications/{}", id(&app));
    for (tab, name) in [
        ("", "long-application"),
        ("/entities", "long-entities"),
        ("/developer", "long-developer"),
        ("/activity", "long-activity"),
        ("/edit", "long-edit"),
        ("/suspend", "long-suspend"),
        ("/revoke", "long-revoke"),
    ] {
        ada.open(&format!("{page}{tab}")).await;
        ada.pictures(name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_laptop_shows_twelve_applications_and_the_header_is_low_everywhere() {
    let world = World::on_sqlite().await;
    let person = world.ada().await;
    for number in 1..=20 {
        world.created(&person, &format!("Application {number:02}")).await;
    }
    let ada = list_of(&world, "ada").await;
    ada.resize(1280, 800).await;
    let whole = "[...document.querySelectorAll('.apps tbody tr')].filter((row) => row.getBoundingClientRect().bottom <= 800).length";
    let rows: u32 = ada.outcome(whole).await.parse().unwrap();
    assert!(rows >= 12, "{rows} rows");
    assert!((43.0..=46.0).contains(&height(&ada, ".apps tbody tr").await));
    for (width, depth) in [(1280, 800), (390, 844)] {
        ada.resize(width, depth).await;
        assert!(height(&ada, ".site-header").await < 64.0, "at {width}");
    }
    // The page that one is on is marked, for eyes and for screen readers.
    let current = "document.querySelector('.site-nav [aria-current=page]').textContent";
    assert_eq!(ada.outcome(current).await, "Integration Applications");
}

/// What is open of menus.
const OPEN: &str = "document.querySelectorAll('details.menu[open]').length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn menus_obey_the_keyboard_and_close_by_a_click_elsewhere() {
    let world = World::on_sqlite().await;
    let person = world.ada().await;
    for name in ["Anna", "Berta"] {
        world.created(&person, name).await;
    }
    let ada = list_of(&world, "ada").await;
    ada.click("Actions for Anna").await.see("Download Activity Log").await;
    ada.pictures("menu-open").await;
    ada.resize(1280, 900).await;
    ada.key(Key::Down).await;
    assert_eq!(ada.focused().await, "Edit");
    ada.key(Key::Down).await;
    assert_eq!(ada.focused().await, "Manage Developer Portal Access");
    ada.key(Key::Up).await.key(Key::Up).await;
    assert_eq!(ada.focused().await, "Revoke", "from the first to the last");
    ada.key(Key::Escape).await.miss("Manage Developer Portal Access").await;
    let focused = "document.activeElement.getAttribute('aria-label')";
    assert_eq!(ada.outcome(focused).await, "Actions for Anna");
    // Down opens it as well.
    ada.key(Key::Down).await.see("Manage Developer Portal Access").await;
    ada.click("Actions for Berta").await;
    assert_eq!(ada.outcome(OPEN).await, "1", "one at a time");
    ada.tamper("document.querySelector('h1').click()").await;
    assert_eq!(ada.outcome(OPEN).await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_goes_to_the_search_and_is_still_a_letter_there() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let ada = list_of(&world, "ada").await;
    ada.tamper("document.activeElement.blur()").await;
    ada.key('/').await;
    assert_eq!(ada.outcome("document.activeElement.name").await, "name");
    ada.key('/').await;
    assert_eq!(ada.outcome("document.activeElement.value").await, "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_say_what_is_set_and_survive_the_way_back() {
    let world = World::on_sqlite().await;
    let person = world.ada().await;
    for name in ["Payroll Bridge", "Payroll Export", "Bank Feeds"] {
        world.created(&person, name).await;
    }
    let ada = list_of(&world, "ada").await;
    ada.fill("Name", "payroll").await;
    ada.key(Key::Enter)
        .await
        .see("2 applications")
        .await
        .miss("Bank Feeds")
        .await;
    ada.click("Entity").await;
    ada.fill("Entity name or id", "e1 ENTITY").await;
    ada.key(Key::Enter).await.see("Entity: Entity E1").await;
    ada.pictures("filters-set").await;
    ada.resize(1280, 900).await;
    ada.click("Name").await;
    ada.click("Payroll Bridge").await.see("Recent activity").await;
    ada.click("Activity").await.see("created the New Integration").await;
    ada.click("Integration Applications")
        .await
        .see("Entity: Entity E1")
        .await;
    ada.see("Payroll Export").await.miss("Bank Feeds").await;
    ada.click("Do not filter by Entity")
        .await
        .miss("Entity: Entity E1")
        .await;
    ada.click("Clear filters").await.see("Bank Feeds").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn menus_tabs_and_filters_work_without_scripts() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    world.give_password("acme", "ada").await;
    let ada = Chromium::without_scripts(&world).await;
    ada.open("/").await;
    sign_in(&ada, "ada@acme.example").await;
    ada.click("Integration Applications").await;
    ada.click("Category").await;
    ada.fill("Category", "Point of Sale").await;
    ada.click("Apply")
        .await
        .see("No applications match these filters")
        .await;
    ada.click("Do not filter by Category").await.see("Payroll Bridge").await;
    ada.click("Actions for Payroll Bridge")
        .await
        .click("Edit")
        .await
        .see("Edit Payroll Bridge")
        .await;
    ada.click("Payroll Bridge").await.click("Entities 2").await;
    ada.fill("Entity name or id", "e2").await;
    ada.click("Search")
        .await
        .see("1 of 2 entities")
        .await
        .miss("Entity E1")
        .await;
    ada.click("Ada Admin")
        .await
        .click("Sign out")
        .await
        .see("Forgotten your password?")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entities_are_found_without_accents_in_any_order_and_the_selected_alone() {
    let world = World::on_sqlite().await;
    world.settle("acme", "Acme Group", "AIQ3", &["zatecky-chmel"]).await;
    let ada = console_of(&world, "ada").await;
    ada.open("/integration-applications/new/new-integration").await;
    ada.fill("Search entities", "chmel žátecký")
        .await
        .see("0 of 6 selected, 1 shown")
        .await;
    ada.click("Select all").await.see("1 of 6 selected, 1 shown").await;
    ada.fill("Search entities", "nothing like it")
        .await
        .see("No entities match your search.")
        .await;
    ada.fill("Search entities", "e").await;
    ada.click("Show selected").await.see("1 of 6 selected, 1 shown").await;
    ada.click("Clear selection").await.see("0 of 6 selected").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_told_in_the_readers_zone_and_exactly_when_asked() {
    let world = World::on_sqlite().await;
    let app = world.created(&world.ada().await, "Payroll Bridge").await;
    let ada = console_of(&world, "ada").await;
    ada.open(&format!("/integration-applications/{}", id(&app))).await;
    ada.see("23 November 2026, 09:00 UTC").await.see("just now").await;
    ada.time_zone("America/New_York").await;
    ada.reload()
        .await
        .see("23 November 2026, 04:00")
        .await
        .see("America/New York")
        .await;
    let title = "document.querySelector('aside time[data-exact]').title";
    assert_eq!(ada.outcome(title).await, "23 November 2026, 09:00 UTC");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paper_gets_the_content_alone() {
    let world = World::on_sqlite().await;
    world.created(&world.ada().await, "Payroll Bridge").await;
    let ada = list_of(&world, "ada").await;
    ada.on_paper().await;
    ada.see("Payroll Bridge")
        .await
        .miss("New Integration Application")
        .await;
    for gone in [".site-nav", ".toolbar", ".apps .c-menu", ".account"] {
        let shown = format!("document.querySelector('{gone}').checkVisibility()");
        assert_eq!(ada.outcome(&shown).await, "false", "{gone}");
    }
}
