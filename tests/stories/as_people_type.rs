//! What people and programs type, copy and send: read as it was meant, or refused with the place where it is wrong.

use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, Answer, PORTAL, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r19_a_code_is_read_as_people_type_it_and_what_cannot_be_one_costs_no_try,
    r14_an_otp_is_read_as_people_type_it_and_what_cannot_be_one_costs_no_try,
    r15_a_locked_otp_says_so_whatever_is_entered,
    r19_a_password_opens_on_every_machine,
    r19_passwords_that_are_guessed_first_are_refused,
    json_is_read_with_a_byte_order_mark,
    a_field_that_comes_twice_is_named,
    null_is_no_flag,
    a_query_that_is_no_text_is_named,
    a_compressed_body_is_refused_everywhere,
    a_merge_patch_is_a_patch,
    an_etag_that_a_proxy_made_weak_is_understood,
    apis_answer_with_problem_details_whatever_is_accepted,
    searches_find_names_without_their_accents,
    a_search_for_a_whole_book_is_refused,
}

const DEV: &str = "dev@example.com";

fn full_width(text: &str) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
    text.chars().map(wide).collect()
}

/// Somebody who was invited, with the token of the invitation.
async fn invited(world: &World) -> String {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.last_mail_to(DEV).await.invite_token()
}

async fn code(world: &World, invite_token: &str) -> String {
    let asked = json!({"invite_token": invite_token});
    world
        .anybody()
        .post(&format!("{PORTAL}/sign-up/code"), asked)
        .await
        .expect(202);
    world.last_mail_to(DEV).await.code()
}

async fn signs_up(world: &World, invite_token: &str, code: &str, password: &str) -> Answer {
    let form = json!({"invite_token": invite_token, "code": code, "full_name": "Dev Eloper", "password": password});
    world.anybody().post(&format!("{PORTAL}/sign-up"), form).await
}

async fn logs_in(world: &World, password: &str) -> Answer {
    let form = json!({"email": DEV, "password": password});
    world.anybody().post(&format!("{PORTAL}/session"), form).await
}

/// Sends these bytes as JSON, unless a header says otherwise.
async fn sends(
    world: &World,
    who: &Person,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Answer {
    let mut request = world.request(method, path).body(body);
    if let Some(token) = &who.token {
        request = request.bearer_auth(token);
    }
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[track_caller]
fn one_problem(answer: Answer, status: u16, field: &str, code: &str) {
    let message = answer.refused(status, code).problems();
    assert_eq!(message, [(field.to_owned(), code.to_owned())]);
}

async fn r19_a_code_is_read_as_people_type_it_and_what_cannot_be_one_costs_no_try(world: World) {
    let token = invited(&world).await;
    let right = code(&world, &token).await;
    for no_code in [
        &right[..5],
        &format!("{right}0"),
        &format!("{right}."),
        "abcdef",
        "12345O",
        "①②③",
    ] {
        one_problem(
            signs_up(&world, &token, no_code, PASSWORD).await,
            422,
            "code",
            "invalid_code",
        );
    }
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let tried = signs_up(&world, &token, wrong, PASSWORD)
        .await
        .refused(422, "code_wrong");
    assert_eq!(tried.json()["attempts_left"], 4);
    let copied = format!(
        "\u{200b}{}\u{2011}{}\u{a0}",
        full_width(&right[..3]),
        full_width(&right[3..])
    );
    signs_up(&world, &token, &copied, PASSWORD).await.expect(201);
}

async fn r14_an_otp_is_read_as_people_type_it_and_what_cannot_be_one_costs_no_try(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let dev = world.signed_up(DEV).await;
    let otp = app["verification"]["otp"].as_str().unwrap();
    let verify = async |typed: &str| dev.post(&portal_at(&app, "/verify"), json!({"otp": typed})).await;
    for no_otp in [&otp[..4], &format!("{otp}."), &format!("{otp}0"), "K7QM-2F9U", "otp"] {
        one_problem(verify(no_otp).await, 422, "otp", "invalid_otp");
    }
    let wrong = if otp == "0000-0000" { "1111-1111" } else { "0000-0000" };
    assert_eq!(verify(wrong).await.refused(422, "otp_wrong").json()["attempts_left"], 4);
    verify(&format!("{}\u{200b}", full_width(otp))).await.expect(200);
}

async fn r15_a_locked_otp_says_so_whatever_is_entered(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let dev = world.signed_up(DEV).await;
    let wrong = if app["verification"]["otp"] == "0000-0000" {
        "1111-1111"
    } else {
        "0000-0000"
    };
    for _ in 0..5 {
        dev.post(&portal_at(&app, "/verify"), json!({"otp": wrong}))
            .await
            .refused(422, "otp_wrong");
    }
    dev.post(&portal_at(&app, "/verify"), json!({"otp": "half"}))
        .await
        .refused(423, "otp_locked");
}

async fn r19_a_password_opens_on_every_machine(world: World) {
    let (composed, decomposed) = (
        "Z\u{fc}rich ist eine sch\u{f6}ne Stadt",
        "Zu\u{308}rich ist eine scho\u{308}ne Stadt",
    );
    let token = invited(&world).await;
    let code = code(&world, &token).await;
    signs_up(&world, &token, &code, composed).await.expect(201);
    for typed in [composed, decomposed, &composed.replace(' ', "\u{a0}")] {
        logs_in(&world, typed).await.expect(200);
    }
    logs_in(&world, &composed.to_lowercase())
        .await
        .refused(401, "unauthenticated");
}

async fn r19_passwords_that_are_guessed_first_are_refused(world: World) {
    let token = invited(&world).await;
    let code = code(&world, &token).await;
    for common in [
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "passwordpassword",
        "gatebook gatebook 7",
        "dev@example.com",
        "example dev@example.com",
    ] {
        let refused = signs_up(&world, &token, &code, common).await;
        one_problem(refused, 422, "password", "password_too_common");
    }
    one_problem(
        signs_up(&world, &token, &code, "correct\thorse battery").await,
        422,
        "password",
        "invalid_password",
    );
    signs_up(&world, &token, &code, PASSWORD).await.expect(201);
}

async fn json_is_read_with_a_byte_order_mark(world: World) {
    let ada = world.ada().await;
    let body = format!("\u{feff}{}", World::new_integration("Payroll"));
    sends(&world, &ada, Method::POST, APPS, &[], body.into())
        .await
        .expect(201);
    let body = "\u{feff}\u{feff}{}";
    sends(&world, &ada, Method::POST, APPS, &[], body.into())
        .await
        .refused(400, "invalid_json");
}

async fn a_field_that_comes_twice_is_named(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let before = world.traces().await;
    let body = r#"{"description": "one", "category": "crm", "description": "two"}"#;
    let twice = sends(&world, &ada, Method::PATCH, &app_at(&app, ""), &[], body.into()).await;
    one_problem(twice, 422, "description", "duplicate_field");
    let checks = r#"{"checks": [{"token": "a", "entity": "e1"}, {"token": "a", "token": "b"}]}"#;
    let request = world.request(Method::POST, "/gateway/verify").body(checks);
    let request = request.basic_auth(&world.gateway.0, Some(&world.gateway.1));
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    one_problem(Answer::read(answer).await, 422, "checks[1].token", "duplicate_field");
    one_problem(
        ada.get(&format!("{APPS}?name=a&name=b")).await,
        422,
        "name",
        "duplicate_field",
    );
    assert_eq!(world.traces().await, before);
}

async fn null_is_no_flag(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let before = world.traces().await;
    let revoked = ada
        .post(
            &app_at(&app, "/developer/revoke"),
            json!({"retire_client_secrets": null}),
        )
        .await;
    one_problem(revoked, 422, "retire_client_secrets", "invalid_retire_client_secrets");
    for flag in ["accept_charges", "accept_data_access"] {
        let mut form = World::aiq_integrate("Feeds");
        form[flag] = Value::Null;
        one_problem(ada.post(APPS, form).await, 422, flag, &format!("invalid_{flag}"));
    }
    assert_eq!(world.traces().await, before);
}

async fn a_query_that_is_no_text_is_named(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    one_problem(
        ada.get(&format!("{APPS}?limit=1&name=%FF")).await,
        422,
        "name",
        "invalid_utf8",
    );
    one_problem(
        ada.get(&format!("{APPS}?name=caf%E9")).await,
        422,
        "name",
        "invalid_utf8",
    );
    one_problem(
        dev.get(&portal_at(&app, "/entities?name=%C3")).await,
        422,
        "name",
        "invalid_utf8",
    );
    one_problem(
        ada.get(&app_at(&app, "/activity-log?from=%FF")).await,
        422,
        "from",
        "invalid_utf8",
    );
    ada.get(&format!("{APPS}?name=100%")).await.expect(200);
}

async fn a_compressed_body_is_refused_everywhere(world: World) {
    let ada = world.ada().await;
    let before = world.traces().await;
    for encoding in ["gzip", "br", "identity, gzip"] {
        let body = World::new_integration("Payroll").to_string();
        let sent = sends(
            &world,
            &ada,
            Method::POST,
            APPS,
            &[("content-encoding", encoding)],
            body.into(),
        )
        .await;
        let refused = sent.refused(415, "unsupported_media_type");
        assert!(
            refused.text().contains(&format!("“Content-Encoding: {encoding}”")),
            "{}",
            refused.text()
        );
    }
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-encoding", "gzip"),
    ];
    let nobody = world.anybody();
    let token = sends(
        &world,
        &nobody,
        Method::POST,
        "/oauth/token",
        &form,
        "grant_type=x".into(),
    )
    .await;
    assert_eq!(token.expect(415).json()["error"], "invalid_request");
    let page = sends(&world, &nobody, Method::POST, "/portal/log-in", &form, "email=x".into()).await;
    page.expect(415);
    assert_eq!(world.traces().await, before);
    let plain = [("content-encoding", "identity")];
    let body = World::new_integration("Payroll").to_string();
    sends(&world, &ada, Method::POST, APPS, &plain, body.into())
        .await
        .expect(201);
}

async fn a_merge_patch_is_a_patch(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let merge_patch = [("content-type", "application/merge-patch+json")];
    let body = json!({"description": "changed"}).to_string();
    let changed = sends(
        &world,
        &ada,
        Method::PATCH,
        &app_at(&app, ""),
        &merge_patch,
        body.into(),
    )
    .await;
    assert_eq!(changed.expect(200).json()["description"], "changed");
    let body = World::new_integration("Stock").to_string();
    let posted = sends(&world, &ada, Method::POST, APPS, &merge_patch, body.into()).await;
    posted.refused(415, "unsupported_media_type");
}

async fn an_etag_that_a_proxy_made_weak_is_understood(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let etag = ada.get(&app_at(&app, "")).await.expect(200).header("etag");
    let change = async |description: &str, etag: &str| {
        let body = json!({"description": description});
        ada.send(Method::PATCH, &app_at(&app, ""), Some(body), &[("if-match", etag)])
            .await
    };
    change("one", &format!("W/{etag}")).await.expect(200);
    change("two", &format!("W/{etag}"))
        .await
        .refused(412, "version_mismatch");
}

async fn apis_answer_with_problem_details_whatever_is_accepted(world: World) {
    let ada = world.ada().await;
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for path in [
        "/api/v1/nothing",
        "/api/",
        "/portal/api/v1/nothing",
        "/operator/api/v1/nothing",
        "/oauth/nothing",
        "/.well-known/nothing",
        &format!("{APPS}/nothing"),
    ] {
        ada.send(Method::GET, path, None, &browser)
            .await
            .refused(404, "not_found");
    }
    ada.send(Method::PUT, APPS, None, &browser)
        .await
        .refused(405, "method_not_allowed");
    let bad = sends(&world, &ada, Method::POST, APPS, &browser, "{".into()).await;
    bad.refused(400, "invalid_json");
    let page = ada.send(Method::GET, "/nothing", None, &browser).await.expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
}

async fn searches_find_names_without_their_accents(world: World) {
    let ada = world.ada().await;
    for (name, description) in [
        ("İstanbul Bridge", "Posts to the office in Łódź."),
        ("Zu\u{308}rich Feed", "Für die Straße."),
        ("Payroll", "Nothing foreign."),
    ] {
        let form = World::with(World::new_integration(name), json!({"description": description}));
        ada.post(APPS, form).await.expect(201);
    }
    for (query, found) in [
        ("name=istanbul", &["İstanbul Bridge"][..]),
        ("name=ISTANBUL", &["İstanbul Bridge"]),
        ("name=%C4%B0stanbul", &["İstanbul Bridge"]),
        ("name=zurich", &["Zu\u{308}rich Feed"]),
        ("name=Z%C3%BCrich", &["Zu\u{308}rich Feed"]),
        ("description=lodz", &["İstanbul Bridge"]),
        ("description=strasse", &["Zu\u{308}rich Feed"]),
        ("name=i&description=fur", &["Zu\u{308}rich Feed"]),
        ("name=xyz", &[]),
    ] {
        let names = ada.get(&format!("{APPS}?{query}")).await.expect(200).all("name");
        assert_eq!(names, found, "{query}");
    }
}

async fn a_search_for_a_whole_book_is_refused(world: World) {
    let ada = world.ada().await;
    let book = "a".repeat(50_000);
    for field in ["name", "description", "developer_email"] {
        let refused = ada.get(&format!("{APPS}?{field}={book}")).await;
        one_problem(refused, 422, field, &format!("invalid_{field}"));
    }
}
