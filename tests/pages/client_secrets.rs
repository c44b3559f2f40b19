//! The client secrets of an application on the pages of admins, developers and operators, and end dates in their forms.

use chrono::TimeDelta;
use serde_json::json;

use super::console::{ada, at};
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{APPS, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    r23_an_admin_sees_all_secrets_and_retires_one_after_a_question,
    r3_an_auditor_sees_the_secrets_and_is_offered_nothing,
    an_end_date_is_entered_shown_and_removed,
    an_end_date_that_cannot_be_is_told_beside_its_field,
    r23_a_developer_generates_a_secret_with_an_end_date,
    r12_r23_operators_list_generate_and_retire_the_secrets_of_aiq_integrate,
}

async fn r23_an_admin_sees_all_secrets_and_retires_one_after_a_question(world: World) {
    let (_, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .expect(201);
    let mut ada = ada(&world).await;
    ada.open(&at(&app, "")).await.expect(200).shows("Client Secrets");
    let page = ada.open(&at(&app, "/secrets")).await.expect(200);
    page.shows("Live 2")
        .shows("Ended 0")
        .shows(&client.1[..8])
        .shows("Dev Eloper")
        .shows("26 November 2026, 09:00 UTC")
        .shows("No end date")
        .hides(&client.1);
    let listed = world
        .ada()
        .await
        .get(&app_at(&app, "/client-secrets"))
        .await
        .expect(200);
    let retire = at(&app, &format!("/secrets/{}/retire", listed.all("id")[0]));
    assert!(page.html.contains(&format!("href=\"{retire}\"")), "{}", page.html);
    let question = ada.open(&retire).await.expect(200).clone();
    question
        .shows("This cannot be undone")
        .shows("The other client secret goes on working")
        .shows(&client.1[..8]);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let page = ada.send(&retire, &[]).await.expect(200);
    page.shows("has been retired")
        .shows("Live 1")
        .shows("retired by Ada Admin");
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    // A second click does nothing.
    let before = world.traces().await;
    ada.page = question;
    ada.send(&retire, &[])
        .await
        .expect(404)
        .shows("This client secret has ended");
    assert_eq!(world.traces().await, before);
}

async fn r3_an_auditor_sees_the_secrets_and_is_offered_nothing(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let mut audrey = Browser::of_user(&world, "acme", "audrey").await;
    let page = audrey.open(&at(&app, "/secrets")).await.expect(200);
    page.shows("Live 1").shows(&client.1[..8]);
    assert!(!page.html.contains("/retire"), "{}", page.html);
    let listed = world
        .ada()
        .await
        .get(&app_at(&app, "/client-secrets"))
        .await
        .expect(200);
    let retire = at(&app, &format!("/secrets/{}/retire", listed.all("id")[0]));
    audrey.open(&retire).await.expect(403);
    let mut other = Browser::of_user(&world, "globex", "pam").await;
    other.open(&at(&app, "/secrets")).await.expect(404);
    other.open(&retire).await.expect(404);
}

async fn an_end_date_is_entered_shown_and_removed(world: World) {
    let mut ada = ada(&world).await;
    let new = "/integration-applications/new/new-integration";
    let fields = [
        ("name", "Payroll"),
        ("description", "Posts the journals."),
        ("category", "payroll_and_hr"),
        ("developer_email", "dev@example.com"),
        ("api_permission", "read"),
        ("ends_at", "2027-03-01T10:00"),
        ("entities", "e1"),
    ];
    ada.open(new).await.expect(200).shows("Ends (UTC)");
    ada.send(new, &fields).await.expect(200).shows("has been created");
    let app = world.ada().await.get(APPS).await.expect(200).json()["items"][0].clone();
    assert_eq!(app["ends_at"], "2027-03-01T10:00:00.000Z");
    ada.open(&at(&app, ""))
        .await
        .expect(200)
        .shows("Ends 1 March 2027, 10:00 UTC");
    let edit = at(&app, "/edit");
    let page = ada.open(&edit).await.expect(200);
    assert_eq!(page.value("ends_at").as_deref(), Some("2027-03-01T10:00"));
    let edited = |end: &'static str| {
        [
            ("description", "Posts the journals."),
            ("category", "payroll_and_hr"),
            ("ends_at", end),
            ("entities", "e1"),
        ]
    };
    let before = world.traces().await;
    ada.send(&edit, &edited("2027-03-01T10:00")).await.expect(200);
    assert_eq!(world.traces().await, before);
    ada.open(&edit).await.expect(200);
    ada.send(&edit, &edited("")).await.expect(200).shows("Ends No end date");
    ada.open(&edit).await.expect(200);
    ada.send(&edit, &edited("2026-11-23T10:00")).await.expect(200);
    world.pass(TimeDelta::minutes(20));
    ada.open(&edit).await.expect(200);
    world.pass(TimeDelta::minutes(20));
    ada.open(&at(&app, "")).await.expect(200);
    world.pass(TimeDelta::minutes(25));
    ada.open(&at(&app, "/secrets"))
        .await
        .expect(200)
        .shows("The application has ended on 23 November 2026, 10:00 UTC");
}

async fn an_end_date_that_cannot_be_is_told_beside_its_field(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut ada = ada(&world).await;
    let edit = at(&app, "/edit");
    ada.open(&edit).await.expect(200);
    let before = world.traces().await;
    for end in ["2020-01-01T00:00", "soon"] {
        let fields = [
            ("description", "Posts the journals."),
            ("category", "payroll_and_hr"),
            ("ends_at", end),
            ("entities", "e1"),
        ];
        let page = ada.send(&edit, &fields).await.expect(422);
        assert!(page.html.contains("id=\"ends_at-error\""), "{}", page.html);
        assert_eq!(page.value("ends_at").as_deref(), Some(end));
    }
    assert_eq!(world.traces().await, before);
}

async fn r23_a_developer_generates_a_secret_with_an_end_date(world: World) {
    let (_, app, _, _) = world.running("Payroll").await;
    let mut dev = Browser::new(&world);
    dev.open("/portal/log-in").await;
    dev.send(
        "/portal/log-in",
        &[("email", "dev@example.com"), ("password", PASSWORD)],
    )
    .await
    .expect(200);
    let here = format!("/portal/apps/{}", id(&app));
    let secrets = format!("{here}/client-secrets");
    dev.open(&here).await.expect(200).shows("Ends No end date");
    dev.send(&format!("{here}/credentials"), &[]).await.expect(200);
    let past = [("overlap_seconds", "0"), ("ends_at", "2020-01-01T00:00")];
    let page = dev.send(&secrets, &past).await.expect(422);
    assert!(page.html.contains("id=\"ends_at-error\""), "{}", page.html);
    let fields = [("overlap_seconds", "0"), ("ends_at", "2027-03-01T00:00")];
    let page = dev.send(&secrets, &fields).await.expect(200);
    page.shows("Your new client secret")
        .shows("It ends on 1 March 2027, 00:00 UTC");
}

async fn r12_r23_operators_list_generate_and_retire_the_secrets_of_aiq_integrate(world: World) {
    let api = world.ada().await;
    let app = api.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let mut olga = Browser::new(&world);
    olga.open("/operator/sign-in").await;
    let token = world.operator.token.clone().unwrap();
    olga.send("/operator/sign-in", &[("token", &token)]).await.expect(200);
    let secrets = format!("/operator/requests/{}/client-secrets", id(&app));
    let page = olga.open("/operator/requests").await.expect(200);
    assert!(page.html.contains(&format!("href=\"{secrets}\"")), "{}", page.html);
    olga.open(&secrets)
        .await
        .expect(200)
        .shows("There is no live client secret");
    let page = olga
        .send(&secrets, &[("ends_at", "2027-03-01T00:00")])
        .await
        .expect(200);
    page.shows("Your new client secret");
    let page = olga.open(&secrets).await.expect(200);
    page.shows("1 March 2027, 00:00 UTC");
    let kept = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let listed = world.operator.get(&kept).await.expect(200).all("id");
    let retire = format!("{secrets}/{}/retire", listed[0]);
    olga.open(&retire).await.expect(200).shows("This cannot be undone");
    olga.send(&retire, &[])
        .await
        .expect(200)
        .shows("has been retired")
        .shows("There is no live client secret");
    olga.open(&retire)
        .await
        .expect(404)
        .shows("This client secret has ended");
}
