//! New Integration Application, both options.

use chrono::TimeDelta;
use serde_json::Value;

use super::console::{HOSTILE, LIST, ada, goes_on_after_the_session_has_ended, is_harmless};
use crate::support::browser::Browser;
use crate::support::{APPS, World, on_both_databases};

on_both_databases! {
    r13_a_new_integration_is_created_step_by_step_and_its_otp_shown,
    sent_twice_a_form_creates_one_application,
    a_form_sent_again_with_other_values_asks_first,
    every_rule_is_told_beside_its_field_and_nothing_is_lost,
    r6_a_taken_name_is_told_beside_the_field,
    r12_an_aiq_integrate_is_created_step_by_step,
    r8_a_custom_aiq_integrate_has_a_category_of_its_own,
    r12_both_disclaimers_have_to_be_accepted,
    r12_a_link_accepts_no_charge_for_anybody,
    r12_what_was_entered_for_an_aiq_integrate_survives_the_end_of_the_session,
    errors_name_the_fields_as_the_form_does,
    a_form_without_its_token_is_not_carried_out,
    what_was_entered_survives_the_end_of_the_session,
    there_is_no_type_that_the_catalogue_lacks,
}

const NEW: &str = "/integration-applications/new/new-integration";
const BANK_FEEDS: &str = "/integration-applications/new/aiq-integrate/bank_feeds";
const CUSTOM: &str = "/integration-applications/new/aiq-integrate/custom";

const FILLED_IN: [(&str, &str); 7] = [
    ("name", "Payroll Bridge"),
    ("description", "Posts journals.\r\nEvery month."),
    ("category", "payroll_and_hr"),
    ("developer_email", "dev@example.com"),
    ("api_permission", "read"),
    ("entities", "e1"),
    ("entities", "e3"),
];

/// The form, with something else in one field; nothing leaves it out.
fn with<'a>(name: &'a str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = FILLED_IN.into_iter().filter(|(of, _)| *of != name).collect();
    fields.extend(value.map(|value| (name, value)));
    fields
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    fields.iter().map(owned).collect()
}

async fn only(world: &World) -> Value {
    let list = world.ada().await.get(APPS).await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    list["items"][0].clone()
}

/// The text of the element with this tag.
fn element<'a>(browser: &'a Browser, tag: &str) -> &'a str {
    let (_, rest) = browser.page.html.split_once(tag).unwrap();
    rest.split_once('>').unwrap().1.split('<').next().unwrap()
}

async fn r13_a_new_integration_is_created_step_by_step_and_its_otp_shown(world: World) {
    let mut ada = ada(&world).await;
    let page = ada.open(&format!("{LIST}/new")).await.expect(200);
    page.shows("New Integration").shows("AIQ Integrate").shows("Next Step");
    let page = ada.open(&format!("{LIST}/new?step=next")).await.expect(422);
    page.shows("Select an integration type.");
    let next = format!("{LIST}/new?step=next&integration_type=new_integration");
    assert_eq!(ada.open(&next).await.expect(200).path, NEW);
    let page = ada.send(NEW, &FILLED_IN).await.expect(200);
    page.shows("Integration Application created").shows("Copy");
    page.shows("Valid until 26 November 2026, 09:00 UTC (3 days)");
    page.shows("An invite to the Developer Portal is on its way to dev@example.com");
    let otp = element(&ada, "<code class=\"otp\"").to_owned();
    assert!(element(&ada, "<textarea id=\"instructions\"").contains(&otp));
    let app = only(&world).await;
    assert_eq!(app["name"], "Payroll Bridge");
    assert_eq!(app["description"], "Posts journals.\nEvery month.");
    assert_eq!(app["api_permission"], "read");
    assert_eq!(app["entities"].as_array().unwrap().len(), 2);
    assert!(!world.last_mail_to("dev@example.com").await.text.contains(&otp));
    let developer = world.signed_up("dev@example.com").await;
    let path = format!("/portal/api/v1/apps/{}/verify", app["id"].as_str().unwrap());
    developer.post(&path, serde_json::json!({"otp": otp})).await.expect(200);
}

async fn sent_twice_a_form_creates_one_application(world: World) {
    let mut ada = ada(&world).await;
    let form = ada.open(NEW).await.expect(200).clone();
    let mut fields = owned(&FILLED_IN);
    for hidden in ["form_token", "request_key"] {
        fields.push((hidden.to_owned(), form.value(hidden).unwrap()));
    }
    ada.send_raw(NEW, &fields).await.expect(200);
    let first = element(&ada, "<code class=\"otp\"").to_owned();
    let before = world.traces().await;
    ada.send_raw(NEW, &fields).await.expect(200);
    assert_eq!(element(&ada, "<code class=\"otp\""), first);
    world.pass(TimeDelta::minutes(10));
    let page = ada.send_raw(NEW, &fields).await.expect(200);
    page.hides(&first).shows("cannot be shown again");
    assert_eq!(world.traces().await, before);
    only(&world).await;
}

async fn a_form_sent_again_with_other_values_asks_first(world: World) {
    let mut ada = ada(&world).await;
    let form = ada.open(NEW).await.expect(200).clone();
    ada.send(NEW, &FILLED_IN).await.expect(200);
    ada.page = form;
    let other = with("name", Some("Another"));
    let page = ada.send(NEW, &other).await.expect(409);
    page.shows("You have already sent this form");
    only(&world).await;
    ada.send(NEW, &other).await.expect(200).shows("Another");
}

async fn every_rule_is_told_beside_its_field_and_nothing_is_lost(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await;
    ada.open(NEW).await.expect(200);
    let page = ada.send(NEW, &[]).await.expect(422);
    for message in [
        "Fill in “Application Name”.",
        "Fill in “Application Description”.",
        "Choose a category.",
        "Fill in “Integration/Developers Email”.",
        "Choose “Read” or “Read & Write”.",
        "Select at least one entity.",
    ] {
        // Once above the form, once beside the field.
        assert_eq!(page.text().matches(message).count(), 2, "{message}: {}", page.text());
    }
    let long = "x".repeat(101);
    for (field, value, message) in [
        ("name", long.as_str(), "at most 100 characters"),
        ("name", "a\u{202e}b", "text-direction characters are not allowed"),
        ("category", "astrology", "Choose a category from the catalogue."),
        ("developer_email", "nobody", "Write an e-mail address"),
        ("api_permission", "all", "Choose “Read” or “Read & Write”."),
        ("entities", "g1", "Your group has no entity “g1”."),
        ("description", "", "Fill in “Application Description”."),
    ] {
        let page = ada.send(NEW, &with(field, Some(value))).await.expect(422);
        page.shows(message);
        if field != "name" {
            assert_eq!(page.value("name").as_deref(), Some("Payroll Bridge"), "{field}");
        }
        if field != "entities" {
            assert_eq!(
                page.html.matches(" checked").count(),
                if field == "api_permission" { 2 } else { 3 }
            );
        }
    }
    let page = ada.send(NEW, &[("name", HOSTILE), ("description", HOSTILE)]).await;
    is_harmless(page.expect(422));
    assert_eq!(page.value("name").as_deref(), Some(HOSTILE));
    assert_eq!(world.traces().await, before);
}

async fn r6_a_taken_name_is_told_beside_the_field(world: World) {
    world.created(&world.ada().await, "PAYROLL BRIDGE").await;
    let mut ada = ada(&world).await;
    ada.open(NEW).await.expect(200);
    let page = ada.send(NEW, &FILLED_IN).await.expect(409);
    page.shows("Another application has this name.");
    assert_eq!(page.value("name").as_deref(), Some("Payroll Bridge"));
    let page = ada.send(NEW, &with("name", Some("Other"))).await.expect(200);
    page.shows("Integration Application created");
}

async fn r12_an_aiq_integrate_is_created_step_by_step(world: World) {
    let mut ada = ada(&world).await;
    let next = format!("{LIST}/new?step=next&integration_type=aiq_integrate");
    ada.open(&next)
        .await
        .expect(200)
        .shows("Bank Feeds")
        .shows("AIQ Custom Integration");
    let choose = format!("{LIST}/new/aiq-integrate?step=next");
    let page = ada.open(&choose).await.expect(422);
    page.shows("Choose an application type.")
        .shows("Accept that this application type is chargeable.");
    let page = ada
        .open(&format!("{choose}&integrate_type=bank_feeds&accept_charges=true"))
        .await;
    page.expect(200).shows("AIQ Integrate: Bank Feeds").shows("Create");
    assert!(page.html.contains("value=\"Banking &amp; Payments\" disabled"));
    let page = ada
        .send(
            BANK_FEEDS,
            &[
                ("name", "Feeds"),
                ("description", "Statements."),
                ("entities", "e1"),
                ("accept_charges", "true"),
                ("accept_data_access", "true"),
            ],
        )
        .await
        .expect(200);
    page.shows("Our integration team has been notified and will be in touch.")
        .shows("Feeds");
    page.hides("Manage Developer Portal Access");
    let app = only(&world).await;
    assert_eq!(app["integrate_type"], "bank_feeds");
    assert_eq!(
        world.last_mail_to("team@provider.example").await.to,
        "team@provider.example"
    );
}

async fn r8_a_custom_aiq_integrate_has_a_category_of_its_own(world: World) {
    let mut ada = ada(&world).await;
    let mut fields = vec![
        ("name", "Feeds"),
        ("description", "Statements."),
        ("entities", "e1"),
        ("accept_charges", "true"),
        ("accept_data_access", "true"),
    ];
    ada.open(CUSTOM).await.expect(200);
    ada.send(CUSTOM, &fields).await.expect(422).shows("Choose a category.");
    fields.push(("category", "inventory"));
    ada.send(CUSTOM, &fields).await.expect(200).shows("Inventory & Stock");
    ada.open(BANK_FEEDS).await.expect(200);
    fields[0] = ("name", "More Feeds");
    let page = ada.send(BANK_FEEDS, &fields).await.expect(422);
    page.shows("This application type has a fixed category.");
}

async fn r12_both_disclaimers_have_to_be_accepted(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await;
    ada.open(BANK_FEEDS).await.expect(200);
    let page = ada.send(BANK_FEEDS, &[("name", "Feeds")]).await.expect(422);
    page.shows("Accept that this application type is chargeable.")
        .shows("Accept that our team will have access to your data.")
        .shows("Fill in “Application Description”.");
    assert_eq!(page.value("name").as_deref(), Some("Feeds"));
    assert_eq!(world.traces().await, before);
}

async fn r12_a_link_accepts_no_charge_for_anybody(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await;
    let lured = format!("{BANK_FEEDS}?accept_charges=true&accept_data_access=true");
    let page = ada.open(&lured).await.expect(200);
    page.shows("I understand that this application type is chargeable.");
    assert!(!page.html.contains(" checked"), "{}", page.html);
    let fields = [
        ("name", "Feeds"),
        ("description", "Statements."),
        ("entities", "e1"),
        ("accept_data_access", "true"),
    ];
    let page = ada.send(BANK_FEEDS, &fields).await.expect(422);
    page.shows("Accept that this application type is chargeable.");
    assert_eq!(world.traces().await, before);
}

async fn r12_what_was_entered_for_an_aiq_integrate_survives_the_end_of_the_session(world: World) {
    let mut ada = ada(&world).await;
    ada.open(BANK_FEEDS).await.expect(200);
    let fields = [
        ("name", "Feeds"),
        ("description", "Statements."),
        ("entities", "e1"),
        ("accept_charges", "true"),
        ("accept_data_access", "true"),
    ];
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", BANK_FEEDS, &fields).await;
    assert_eq!(ada.page.value("name").as_deref(), Some("Feeds"));
    ada.page.shows("Statements.");
    assert_eq!(ada.page.html.matches(" checked").count(), 3);
    ada.send(BANK_FEEDS, &fields)
        .await
        .expect(200)
        .shows("has been notified");
    only(&world).await;
}

async fn errors_name_the_fields_as_the_form_does(world: World) {
    let mut ada = ada(&world).await;
    ada.open(BANK_FEEDS).await.expect(200);
    let page = ada.send(BANK_FEEDS, &[]).await.expect(422);
    page.shows("Fill in “Name”.").hides("Application Name");
    let mut nobody = Browser::new(&world);
    for forgot in ["/forgot-password", "/portal/forgot-password"] {
        nobody.open(forgot).await.expect(200);
        let page = nobody.send(forgot, &[("email", "nobody")]).await.expect(422);
        page.hides("“email”");
        let page = nobody.send(forgot, &[("email", "")]).await.expect(422);
        page.shows("“E-mail address”").hides("“email”");
    }
}

async fn a_form_without_its_token_is_not_carried_out(world: World) {
    let mut ada = ada(&world).await;
    let before = world.traces().await;
    for path in [NEW, BANK_FEEDS] {
        let page = ada.send_raw(path, &owned(&FILLED_IN)).await.expect(200);
        page.shows("Nothing has been sent yet");
        let page = ada.send(path, &[]).await.expect(200);
        assert_eq!(page.value("name").as_deref(), Some("Payroll Bridge"));
    }
    assert_eq!(world.traces().await, before);
}

async fn what_was_entered_survives_the_end_of_the_session(world: World) {
    let mut ada = ada(&world).await;
    ada.open(NEW).await.expect(200);
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", NEW, &FILLED_IN).await;
    assert_eq!(ada.page.value("name").as_deref(), Some("Payroll Bridge"));
    assert_eq!(ada.page.html.matches(" checked").count(), 3);
    ada.page.shows("Every month.");
    ada.send(NEW, &FILLED_IN)
        .await
        .expect(200)
        .shows("Integration Application created");
    only(&world).await;
}

async fn there_is_no_type_that_the_catalogue_lacks(world: World) {
    let mut ada = ada(&world).await;
    let path = format!("{LIST}/new/aiq-integrate/astrology");
    ada.open(&path).await.expect(404);
    ada.open(NEW).await.expect(200);
    let token = ("form_token".to_owned(), ada.page.value("form_token").unwrap());
    ada.send_raw(&path, &[token]).await.expect(404);
}
