//! Create an Integration Application: Option One and Option Two.

use gatebook_aggregates::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::support::world::BEGINNING;
use crate::support::{APPS, World, app_at, id, on_both_databases};

on_both_databases! {
    r5_an_application_is_of_one_of_two_types,
    r6_a_name_has_1_to_100_harmless_characters,
    r6_names_that_look_the_same_are_taken,
    r7_the_description_is_mandatory_and_has_at_most_2000_characters,
    r8_the_category_is_chosen_from_the_catalogue_or_comes_with_the_preset,
    r9_a_new_integration_names_the_developers_address,
    r10_a_new_integration_chooses_its_permission_and_aiq_integrate_takes_its_types,
    r11_at_least_one_entity_all_of_them_the_groups_own,
    r12_aiq_integrate_needs_both_disclaimers,
    r12_aiq_integrate_tells_the_providers_team_and_has_no_developer,
    r13_a_new_integration_answers_with_its_otp_once,
    the_created_application_is_described_whole,
    all_that_is_wrong_is_told_at_once,
    unknown_fields_are_refused,
}

/// Each form is refused with 422 and this problem, and leaves nothing behind.
async fn refused_each(world: &World, cases: Vec<(Value, &str, &str)>) {
    let ada = world.ada().await;
    let before = world.traces().await;
    for (form, field, code) in cases {
        let message = ada.post(APPS, form.clone()).await.refused(422, code).problems();
        assert_eq!(message, [(field.to_owned(), code.to_owned())], "{form}");
    }
    assert_eq!(world.traces().await, before);
    assert!(world.mails().await.is_empty());
}

fn new(other: Value) -> Value {
    World::with(World::new_integration("Payroll"), other)
}

fn aiq(other: Value) -> Value {
    World::with(World::aiq_integrate("Bank Feeds"), other)
}

async fn r5_an_application_is_of_one_of_two_types(world: World) {
    let cases = vec![
        (new(json!({"integration_type": null})), "integration_type", "required"),
        (
            new(json!({"integration_type": "webhook"})),
            "integration_type",
            "invalid_integration_type",
        ),
        (aiq(json!({"integrate_type": null})), "integrate_type", "required"),
        (
            aiq(json!({"integrate_type": "fax"})),
            "integrate_type",
            "invalid_integrate_type",
        ),
    ];
    refused_each(&world, cases).await;
}

async fn r6_names_that_look_the_same_are_taken(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let heart = world.created(&ada, "Payroll \u{2764}\u{FE0F}").await;
    assert_eq!(heart["name"], "Payroll \u{2764}\u{FE0F}");
    let before = world.traces().await;
    for same in [
        "PAYROLL",
        "Payroll\u{FE0F}",
        "Pay\u{200D}roll",
        "Payroll\u{3164}",
        "Payroll \u{2764}",
        // Cyrillic, a capital I, digits.
        "Раyroll",
        "PayroIl",
        "Payro11",
    ] {
        ada.post(APPS, World::new_integration(same))
            .await
            .refused(409, "name_taken");
    }
    for nothing in ["\u{3164}", "\u{2800}", "\u{FE0F}"] {
        ada.post(APPS, World::new_integration(nothing))
            .await
            .refused(422, "required");
    }
    assert_eq!(world.traces().await, before);
    // The price.
    world.created(&ada, "Modem").await;
    let modern = ada.post(APPS, World::new_integration("Modern")).await;
    modern.refused(409, "name_taken");
}

async fn r6_a_name_has_1_to_100_harmless_characters(world: World) {
    let mut cases = vec![
        (new(json!({"name": null})), "name", "required"),
        (new(json!({"name": ""})), "name", "required"),
        (new(json!({"name": " \u{2003} "})), "name", "required"),
        (new(json!({"name": "x".repeat(101)})), "name", "invalid_name"),
    ];
    for odd in ["a\u{0}b", "a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{2066}b", "a\u{200b}b"] {
        cases.push((new(json!({"name": odd})), "name", "invalid_name"));
    }
    refused_each(&world, cases).await;
    let ada = world.ada().await;
    for fine in [
        "x".repeat(100),
        "ä".repeat(100),
        "x".to_owned(),
        "=HYPERLINK(1)".to_owned(),
        "給与 👩‍💻".to_owned(),
    ] {
        assert_eq!(world.created(&ada, &fine).await["name"], fine);
    }
}

async fn r7_the_description_is_mandatory_and_has_at_most_2000_characters(world: World) {
    let cases = vec![
        (new(json!({"description": null})), "description", "required"),
        (new(json!({"description": "  "})), "description", "required"),
        (
            new(json!({"description": "x".repeat(2001)})),
            "description",
            "invalid_description",
        ),
        (
            new(json!({"description": "a\u{0}b"})),
            "description",
            "invalid_description",
        ),
        (aiq(json!({"description": null})), "description", "required"),
    ];
    refused_each(&world, cases).await;
    let form = new(json!({"description": "ü".repeat(2000)}));
    let app = world.ada().await.post(APPS, form).await.expect(201).json();
    assert_eq!(app["description"], "ü".repeat(2000));
}

async fn r8_the_category_is_chosen_from_the_catalogue_or_comes_with_the_preset(world: World) {
    let cases = vec![
        (new(json!({"category": null})), "category", "required"),
        (new(json!({"category": "gardening"})), "category", "unknown_category"),
        (aiq(json!({"integrate_type": "custom"})), "category", "required"),
        (
            aiq(json!({"integrate_type": "custom", "category": "gardening"})),
            "category",
            "unknown_category",
        ),
        (aiq(json!({"category": "crm"})), "category", "field_not_editable"),
    ];
    refused_each(&world, cases).await;
    let ada = world.ada().await;
    let preset = ada.post(APPS, aiq(json!({}))).await.expect(201).json();
    assert_eq!(preset["category"], "banking_and_payments");
    let custom = json!({"name": "Custom", "integrate_type": "custom", "category": "inventory"});
    assert_eq!(
        ada.post(APPS, aiq(custom)).await.expect(201).json()["category"],
        "inventory"
    );
}

async fn r9_a_new_integration_names_the_developers_address(world: World) {
    let mut cases = vec![(new(json!({"developer_email": null})), "developer_email", "required")];
    for bad in [
        "dev",
        "dev@",
        "@example.com",
        "dev@example",
        "a b@example.com",
        "dev@example.com, x@example.com",
    ] {
        cases.push((new(json!({"developer_email": bad})), "developer_email", "invalid_email"));
    }
    cases.push((
        new(json!({"developer_email": "dev@example.com\r\nBcc: all@example.com"})),
        "developer_email",
        "invalid_email",
    ));
    refused_each(&world, cases).await;
    let ada = world.ada().await;
    world.created(&ada, "First").await;
    world.signed_up("dev@example.com").await;
    let second = ada
        .post(
            APPS,
            new(json!({"name": "Second", "developer_email": "DEV@Example.COM"})),
        )
        .await
        .expect(201)
        .json();
    assert_eq!(second["developer"]["status"], "otp_pending");
    assert_eq!(second["developer"]["name"], Value::Null);
    let dev = world.logged_in("Dev@example.com").await;
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["otp_verification_needed"].as_array().unwrap().len(), 2);
    world.verified(&dev, &second).await;
}

async fn r10_a_new_integration_chooses_its_permission_and_aiq_integrate_takes_its_types(world: World) {
    let cases = vec![
        (new(json!({"api_permission": null})), "api_permission", "required"),
        (
            new(json!({"api_permission": "write"})),
            "api_permission",
            "invalid_api_permission",
        ),
        (
            aiq(json!({"api_permission": "read"})),
            "api_permission",
            "unknown_field",
        ),
        (
            aiq(json!({"developer_email": "dev@example.com"})),
            "developer_email",
            "unknown_field",
        ),
        (
            new(json!({"integrate_type": "bank_feeds"})),
            "integrate_type",
            "unknown_field",
        ),
        (new(json!({"accept_charges": true})), "accept_charges", "unknown_field"),
    ];
    refused_each(&world, cases).await;
    let ada = world.ada().await;
    for permission in ["read", "read_write"] {
        let form = new(json!({"name": permission, "api_permission": permission}));
        assert_eq!(
            ada.post(APPS, form).await.expect(201).json()["api_permission"],
            permission
        );
    }
    for (kind, permission) in [("reporting_extract", "read"), ("bank_feeds", "read_write")] {
        let form = aiq(json!({"name": kind, "integrate_type": kind}));
        assert_eq!(
            ada.post(APPS, form).await.expect(201).json()["api_permission"],
            permission
        );
    }
}

async fn r11_at_least_one_entity_all_of_them_the_groups_own(world: World) {
    let mut cases = Vec::new();
    for form in [new, aiq] {
        cases.push((form(json!({"entities": null})), "entities", "required"));
        cases.push((form(json!({"entities": []})), "entities", "required"));
        for unknown in ["g1", "nowhere", "", "no id", "E1"] {
            cases.push((form(json!({"entities": ["e1", unknown]})), "entities", "unknown_entity"));
        }
    }
    refused_each(&world, cases).await;
    let app = world
        .ada()
        .await
        .post(APPS, new(json!({"entities": ["e3", "e1", "e3"]})))
        .await
        .expect(201)
        .json();
    assert_eq!(
        app["entities"],
        json!([{"id": "e1", "name": "Entity E1"}, {"id": "e3", "name": "Entity E3"}])
    );
}

async fn r12_aiq_integrate_needs_both_disclaimers(world: World) {
    let cases = vec![
        (
            aiq(json!({"accept_charges": false})),
            "accept_charges",
            "disclaimer_required",
        ),
        (
            aiq(json!({"accept_charges": null})),
            "accept_charges",
            "disclaimer_required",
        ),
        (
            aiq(json!({"accept_data_access": false})),
            "accept_data_access",
            "disclaimer_required",
        ),
        (
            aiq(json!({"accept_data_access": null})),
            "accept_data_access",
            "disclaimer_required",
        ),
    ];
    refused_each(&world, cases).await;
    let neither = aiq(json!({"accept_charges": false, "accept_data_access": null}));
    let message = world
        .ada()
        .await
        .post(APPS, neither)
        .await
        .refused(422, "disclaimer_required")
        .problems();
    assert_eq!(message.len(), 2);
}

async fn r12_aiq_integrate_tells_the_providers_team_and_has_no_developer(world: World) {
    let ada = world.ada().await;
    let app = ada.post(APPS, aiq(json!({}))).await.expect(201).json();
    assert!(app.get("verification").is_none_or(Value::is_null), "{app}");
    assert_eq!(app["developer"], json!({"status": "none", "email": null, "name": null}));
    assert_eq!(app["integrate_type"], "bank_feeds");
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "team@provider.example");
    for fact in [
        "Bank Feeds",
        "bank_feeds",
        "Acme Group",
        "Ada Admin",
        "Entity E1",
        "Entity E2",
    ] {
        assert!(mails[0].text.contains(fact), "{fact}: {}", mails[0].text);
    }
    let created = &ada.get(&app_at(&app, "/events")).await.expect(200).json()["items"][0];
    assert_eq!(created["event"], "AiqIntegrateCreated");
    for disclaimer in ["charges_accepted_by", "data_access_accepted_by"] {
        assert!(
            created["details"]
                .to_string()
                .contains(&format!("\"{disclaimer}\":\"ada\"")),
            "{created}"
        );
    }
    let before = world.traces().await;
    ada.post(&app_at(&app, "/developer"), json!({"email": "dev@example.com"}))
        .await
        .refused(409, "no_outside_developer");
    ada.post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(409);
    ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(409);
    assert_eq!(world.traces().await, before);
}

async fn r13_a_new_integration_answers_with_its_otp_once(world: World) {
    let ada = world.ada().await;
    let answer = ada.post(APPS, World::new_integration("Payroll")).await.expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let app = answer.json();
    let otp = app["verification"]["otp"].as_str().unwrap();
    let (left, right) = otp.split_once('-').unwrap();
    let crockford =
        |part: &str| part.len() == 4 && part.bytes().all(|b| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&b));
    assert!(crockford(left) && crockford(right), "{otp}");
    assert_eq!(app["verification"]["expires_at"], "2026-11-26T09:00:00.000Z");
    let instructions = app["verification"]["instructions"].as_str().unwrap();
    for word in [otp, "SMS", "phone", "messenger", "never by e-mail", "Payroll"] {
        assert!(instructions.contains(word), "{word}: {instructions}");
    }
    for path in ["", "/developer", "/events", "/activity-log"] {
        assert!(
            !ada.get(&app_at(&app, path)).await.expect(200).text().contains(otp),
            "{path}"
        );
    }
    assert!(!ada.get(APPS).await.expect(200).text().contains(otp));
    let mail = world.last_mail_to("dev@example.com").await;
    assert!(!mail.text.contains(otp) && !mail.text.contains(&otp.replace('-', "")));
    assert!(!world.log_holds(otp).await && !world.log_holds(&otp.replace('-', "")).await);
}

async fn the_created_application_is_described_whole(world: World) {
    let ada = world.ada().await;
    let answer = ada.post(APPS, World::new_integration("Payroll")).await.expect(201);
    let app = answer.json();
    assert_eq!(answer.header("location"), app_at(&app, ""));
    assert_eq!(answer.header("etag"), format!("\"{}\"", app["version"]));
    assert_eq!(uuid::Uuid::parse_str(id(&app)).unwrap().get_version_num(), 7);
    assert!(app["client_id"].as_str().unwrap().starts_with("gbc_"));
    let again = ada.get(&answer.header("location")).await.expect(200);
    assert_eq!(again.header("etag"), answer.header("etag"));
    let mut expected = app.clone();
    expected.as_object_mut().unwrap().remove("verification");
    assert_eq!(again.json(), expected);
    let facts = json!({
        "integration_type": "new_integration", "integrate_type": null, "name": "Payroll", "status": "active",
        "description": "Posts the payroll journals of every month.", "category": "payroll_and_hr",
        "api_permission": "read_write",
        "entities": [{"id": "e1", "name": "Entity E1"}, {"id": "e2", "name": "Entity E2"}],
        "developer": {"status": "invited", "email": "dev@example.com", "name": null},
        "created_at": BEGINNING, "created_by": {"id": "ada", "name": "Ada Admin"}, "revoked_at": null,
    });
    for (field, value) in facts.as_object().unwrap() {
        assert_eq!(&app[field], value, "{field}");
    }
    assert!(Timestamp::parse(app["created_at"].as_str().unwrap()).is_some());
}

async fn all_that_is_wrong_is_told_at_once(world: World) {
    let ada = world.ada().await;
    let form = json!({
        "integration_type": "new_integration", "name": "x".repeat(101), "category": "gardening",
        "developer_email": "nobody", "entities": ["no id"],
    });
    let message = ada.post(APPS, form).await.expect(422).problems();
    let expected = [
        ("name", "invalid_name"),
        ("description", "required"),
        ("category", "unknown_category"),
        ("developer_email", "invalid_email"),
        ("api_permission", "required"),
        ("entities", "unknown_entity"),
    ];
    for (field, code) in expected {
        assert!(
            message.contains(&(field.to_owned(), code.to_owned())),
            "{field} {code}: {message:?}"
        );
    }
    assert_eq!(message.len(), expected.len(), "{message:?}");
}

async fn unknown_fields_are_refused(world: World) {
    let cases = vec![
        (new(json!({"colour": "red"})), "colour", "unknown_field"),
        (new(json!({"status": "active"})), "status", "unknown_field"),
        (new(json!({"client_id": "gbc_x"})), "client_id", "unknown_field"),
    ];
    refused_each(&world, cases).await;
}
