//! Group Management > Integration Applications: the list, its filters, the page of an application, the logs.

use chrono::TimeDelta;
use gatebook_aggregates::group::Permission;
use serde_json::json;

use super::console::{HOSTILE, LIST, ada, at, is_harmless};
use crate::support::browser::{Browser, Page};
use crate::support::{APPS, World, app_at, on_both_databases};

on_both_databases! {
    the_console_begins_with_the_list_which_explains_itself_when_it_is_empty,
    the_list_tells_what_applications_are,
    the_list_is_filtered_by_every_column,
    a_search_may_be_long_or_hostile,
    filters_are_folded_and_say_what_is_set,
    states_have_their_counts_and_searches_do_not_change_them,
    an_entity_is_found_by_a_part_of_its_name,
    the_list_is_put_in_order_and_shown_page_by_page,
    r3_an_auditor_sees_lists_and_logs_and_can_change_nothing,
    who_has_no_permission_learns_which_one_and_whom_to_ask,
    r1_off_the_plan_everything_can_be_seen_and_nothing_changed,
    r4_another_groups_application_does_not_exist,
    r28_the_page_of_an_application_tells_what_happened,
    r29_logs_are_downloaded_like_over_the_api,
    nothing_that_somebody_typed_becomes_markup,
}

async fn the_console_begins_with_the_list_which_explains_itself_when_it_is_empty(world: World) {
    let mut ada = ada(&world).await;
    let page = ada.open("/").await.expect(200);
    assert_eq!(page.path, LIST);
    page.shows("No integration applications yet")
        .shows("New Integration Application");
    Browser::new(&world).open(LIST).await.expect(200).shows("Sign in");
}

async fn the_list_tells_what_applications_are(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut ada = ada(&world).await;
    let page = ada.open(LIST).await.expect(200);
    for text in [
        "Payroll Bridge",
        "Payroll & HR",
        "dev@example.com",
        "Read & Write",
        "Active",
        "Invited",
        "just now",
        "Edit",
        "Manage Developer Portal Access",
        "Download Activity Log",
        "Suspend",
        "Revoke",
    ] {
        page.shows(text);
    }
    page.hides("Resume");
    assert!(
        page.html.contains("title=\"23 November 2026, 09:00 UTC\""),
        "{}",
        page.html
    );
}

async fn the_list_is_filtered_by_every_column(world: World) {
    let api = world.ada().await;
    world.created(&api, "Payroll Bridge").await;
    let feeds = json!({"entities": ["e3"]});
    world.pass(TimeDelta::days(1));
    api.post(APPS, World::with(World::aiq_integrate("Bank Feeds"), feeds))
        .await
        .expect(201);
    let mut ada = ada(&world).await;
    for (query, found) in [
        ("name=PAYROLL", "Payroll Bridge"),
        ("description=statements", "Bank Feeds"),
        ("developer_email=dev@", "Payroll Bridge"),
        ("category=banking_and_payments", "Bank Feeds"),
        ("integration_type=new_integration", "Payroll Bridge"),
        ("developer_status=invited", "Payroll Bridge"),
        ("entity=e3", "Bank Feeds"),
        ("created_from=2026-11-24", "Bank Feeds"),
        ("created_to=2026-11-23", "Payroll Bridge"),
    ] {
        let page = ada.open(&format!("{LIST}?{query}&status=active")).await.expect(200);
        let (other, field) = match found {
            "Bank Feeds" => ("Payroll Bridge", query),
            _ => ("Bank Feeds", query),
        };
        // What was asked for stays in the form.
        let (_, entered) = field.split_once('=').unwrap();
        page.shows(found).hides(other).shows("Clear filters");
        assert!(page.html.contains(&format!("value=\"{entered}\"")), "{query}");
    }
    for query in ["status=revoked", "name=nothing", "api_permission=read"] {
        let page = ada.open(&format!("{LIST}?{query}")).await.expect(200);
        page.shows("No applications match these filters").shows("Clear filters");
    }
    for query in [
        "status=x",
        "cursor=x",
        "sort=x",
        "limit=x",
        "name=%00",
        "created_from=x",
    ] {
        let page = ada.open(&format!("{LIST}?{query}")).await.expect(422);
        page.shows("Clear filters");
    }
}

async fn a_search_may_be_long_or_hostile(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut ada = ada(&world).await;
    let long = "x".repeat(5_000);
    for sought in [HOSTILE, "\u{202e}evil", "100%_\\", &long] {
        for field in ["name", "description", "developer_email"] {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair(field, sought);
            let page = ada.open(&format!("{LIST}?{}", query.finish())).await.expect(200);
            page.shows("No applications match these filters");
            assert_eq!(page.value(field).as_deref(), Some(sought));
            assert!(!page.html.contains("<script>alert"), "{}", page.html);
        }
    }
}

async fn filters_are_folded_and_say_what_is_set(world: World) {
    world.created(&world.ada().await, "Payroll Bridge").await;
    let mut ada = ada(&world).await;
    let page = ada.open(LIST).await.expect(200);
    assert!(!page.html.contains("chip set") && !page.html.contains("details class=\"chip menu\" open"));
    let page = ada
        .open(&format!("{LIST}?category=payroll_and_hr&name=pay"))
        .await
        .expect(200);
    page.shows("Category: Payroll & HR").shows("Payroll Bridge");
    // Each can be taken away without the others.
    assert!(
        page.html.contains(&format!("class=\"clear\" href=\"{LIST}?name=pay\"")),
        "{}",
        page.html
    );
}

async fn states_have_their_counts_and_searches_do_not_change_them(world: World) {
    let api = world.ada().await;
    for name in ["Anna", "Berta", "Clara"] {
        world.created(&api, name).await;
    }
    let app = world.created(&api, "Dora").await;
    api.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let mut ada = ada(&world).await;
    let states = "All 4 Active 3 Suspended 1 Revoked 0";
    ada.open(LIST).await.expect(200).shows(states).shows("4 applications");
    let page = ada.open(&format!("{LIST}?status=suspended")).await.expect(200);
    page.shows(states).shows("1 application").shows("Dora").hides("Anna");
    ada.open(&format!("{LIST}?name=ann"))
        .await
        .expect(200)
        .shows(states)
        .shows("1 application");
    world.plan("globex", "Globex Group", "AIQ3").await;
    let mut pam = Browser::of_user(&world, "globex", "pam").await;
    pam.open(LIST)
        .await
        .expect(200)
        .shows("No integration applications yet");
}

async fn an_entity_is_found_by_a_part_of_its_name(world: World) {
    let api = world.ada().await;
    world.created(&api, "Payroll Bridge").await;
    let mut ada = ada(&world).await;
    let page = ada.open(&format!("{LIST}?entity_search=e1+ENTITY")).await.expect(200);
    assert_eq!(page.path, format!("{LIST}?entity=e1"));
    page.shows("Entity: Entity E1").shows("Payroll Bridge");
    let page = ada
        .open(&format!("{LIST}?entity_search=entity&name=pay"))
        .await
        .expect(200);
    page.shows("Which entity?")
        .shows("Entity E5")
        .hides("No applications match");
    assert!(
        page.html.contains(&format!("href=\"{LIST}?name=pay&amp;entity=e5\"")),
        "{}",
        page.html
    );
    let page = ada.open(&format!("{LIST}?entity_search=nowhere")).await.expect(200);
    page.shows("No entity of your group fits");
}

async fn the_list_is_put_in_order_and_shown_page_by_page(world: World) {
    let api = world.ada().await;
    for name in ["Anna", "Berta", "Clara"] {
        world.created(&api, name).await;
        world.pass(TimeDelta::seconds(1));
    }
    let mut ada = ada(&world).await;
    let page = ada.open(&format!("{LIST}?sort=name&limit=2")).await.expect(200);
    page.shows("Anna").shows("Berta").hides("Clara");
    assert!(page.html.contains("aria-sort=\"ascending\""));
    page.shows("1 to 2 of 3 applications");
    let next = turn(page, "next");
    let page = ada.open(&next).await.expect(200);
    page.hides("Anna")
        .shows("Clara")
        .shows("3 to 3 of 3 applications")
        .shows("First page");
    assert!(!page.html.contains("rel=\"next\""));
    // Back to the same page as before, in the same order.
    let previous = turn(page, "prev");
    let page = ada.open(&previous).await.expect(200);
    page.shows("1 to 2 of 3 applications").hides("Clara");
    let text = page.text();
    assert!(text.find("Anna").unwrap() < text.find("Berta").unwrap(), "{text}");
    assert!(!page.html.contains("rel=\"prev\""));
    assert_eq!(turn(page, "next"), next);
    ada.open(&format!("{LIST}?sort=name&before=x")).await.expect(422);
    for (sort, order) in [
        ("-name", "descending"),
        ("status", "ascending"),
        ("-status", "descending"),
        ("created_at", "ascending"),
        ("-created_at", "descending"),
    ] {
        let page = ada.open(&format!("{LIST}?sort={sort}")).await.expect(200);
        assert!(page.html.contains(&format!("aria-sort=\"{order}\"")), "{sort}");
    }
}

/// Where the link to the next or the previous page leads.
fn turn(page: &Page, rel: &str) -> String {
    let (_, link) = page.html.split_once(&format!("rel=\"{rel}\" href=\"")).unwrap();
    link.split('"').next().unwrap().replace("&amp;", "&")
}

async fn r3_an_auditor_sees_lists_and_logs_and_can_change_nothing(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut audrey = Browser::of_user(&world, "acme", "audrey").await;
    let page = audrey.open(LIST).await.expect(200);
    page.shows("Payroll").shows("Download Activity Log");
    offers_no_change(page.hides("New Integration Application"));
    let page = audrey.open(&at(&app, "")).await.expect(200);
    offers_no_change(page.shows("Download Activity Log"));
    audrey
        .open(&at(&app, "/developer"))
        .await
        .expect(200)
        .hides("Reset OTP");
    for page in ["/edit", "/suspend", "/resume", "/revoke"] {
        let page = audrey.open(&at(&app, page)).await.expect(403);
        page.shows("Manage Integration Applications");
    }
    for page in [
        "/new",
        "/new/new-integration",
        "/new/aiq-integrate",
        "/new/aiq-integrate/custom",
    ] {
        audrey.open(&format!("{LIST}{page}")).await.expect(403);
    }
}

#[track_caller]
fn offers_no_change(page: &Page) {
    page.hides("Manage Developer Portal Access");
    for change in ["/edit", "/suspend", "/resume", "/revoke"] {
        assert!(!page.html.contains(&format!("{change}\"")), "{change} on {}", page.html);
    }
}

async fn who_has_no_permission_learns_which_one_and_whom_to_ask(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut ulf = Browser::of_user(&world, "acme", "ulf").await;
    ulf.open(LIST)
        .await
        .expect(403)
        .shows("Manage Integration Applications")
        .shows("View Activity Logs")
        .shows("Pam Practice")
        .hides("Payroll");
    ulf.open(&at(&app, "")).await.expect(403);
    ulf.open(&at(&app, "/activity-log")).await.expect(403);
    ulf.open(&format!("{LIST}/activity-log")).await.expect(403);
    world.permit("acme", "ulf", Permission::ViewActivityLogs, true).await;
    ulf.open(LIST).await.expect(200).shows("Payroll");
}

async fn r1_off_the_plan_everything_can_be_seen_and_nothing_changed(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut ada = ada(&world).await;
    ada.open(&at(&app, "/edit")).await.expect(200);
    world.plan("acme", "Acme Group", "AIQ2").await;
    let before = world.traces().await;
    ada.send(&at(&app, "/edit"), &[("description", "Other")])
        .await
        .expect(403)
        .shows("AIQ3");
    assert_eq!(world.traces().await, before);
    let page = ada.open(LIST).await.expect(200);
    page.shows("only available on the AIQ3 product plan").shows("Payroll");
    offers_no_change(page.hides("New Integration Application"));
    ada.open(&format!("{LIST}/new")).await.expect(403).shows("AIQ3");
    ada.open(&at(&app, "/activity-log")).await.expect(200);
}

async fn r4_another_groups_application_does_not_exist(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut pam = Browser::of_user(&world, "globex", "pam").await;
    for page in ["", "/edit", "/developer", "/suspend", "/revoke", "/activity-log"] {
        pam.open(&at(&app, page)).await.expect(404).hides("Payroll");
    }
    pam.open(&format!("{LIST}/no-id")).await.expect(404);
}

async fn r28_the_page_of_an_application_tells_what_happened(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    for i in 0..25 {
        let description = format!("Description {i}.");
        api.patch(&app_at(&app, ""), json!({"description": description}))
            .await
            .expect(200);
    }
    let mut ada = ada(&world).await;
    let page = ada.open(&at(&app, "")).await.expect(200);
    page.shows("Description 24.").shows("Entity E1").shows("Ada Admin");
    page.shows("changed the description from “Description 23.” to “Description 24.”.");
    page.hides("Description 3.");
    let page = ada.open(&at(&app, "/activity")).await.expect(200);
    page.shows("Monday 23 November 2026")
        .hides("created the New Integration");
    let (link, _) = page.html.split_once("\">Older events").unwrap();
    let older = link.rsplit("href=\"").next().unwrap().to_owned();
    let page = ada.open(&older).await.expect(200);
    page.shows("created the New Integration “Payroll”")
        .shows("Newest events");
    // Entities by their names, folded.
    let form = json!({"entities": ["e2", "e3"]});
    api.patch(&app_at(&app, ""), form).await.expect(200);
    let page = ada.open(&at(&app, "/activity")).await.expect(200);
    page.shows("added 1 entity and removed 1 entity.")
        .shows("added: Entity E3");
}

async fn r29_logs_are_downloaded_like_over_the_api(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll Bridge").await;
    let mut audrey = Browser::of_user(&world, "acme", "audrey").await;
    let of_app = at(&app, "/activity-log");
    let of_group = format!("{LIST}/activity-log");
    for (path, file) in [
        (&of_app, "activity-log-payroll-bridge.csv"),
        (&of_group, "activity-log-group-acme-group.csv"),
    ] {
        let page = audrey.open(path).await.expect(200);
        assert_eq!(
            page.headers["content-disposition"],
            format!("attachment; filename=\"{file}\"")
        );
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
        assert!(page.html.contains("NewIntegrationCreated"));
        assert!(page.html.lines().last().unwrap().contains("Audrey Auditor"));
    }
    // The second download differs from the first by the first alone.
    let before = audrey.open(&of_app).await.html.clone();
    let csv = api.get(&app_at(&app, "/activity-log")).await.expect(200).text();
    assert!(csv.starts_with(&before));
}

async fn nothing_that_somebody_typed_becomes_markup(world: World) {
    let form = json!({"name": HOSTILE, "description": HOSTILE});
    let form = World::with(World::new_integration(""), form);
    let app = world.ada().await.post(APPS, form).await.expect(201).json();
    let mut ada = ada(&world).await;
    for page in ["", "/edit", "/developer", "/suspend", "/revoke"] {
        is_harmless(ada.open(&at(&app, page)).await.expect(200));
    }
    is_harmless(ada.open(LIST).await.expect(200));
    let page = ada.open(&format!("{LIST}?name=%22%3E%3Cscript%3Ealert(1)")).await;
    assert!(!page.expect(200).html.contains("<script>alert"), "{}", page.html);
}
