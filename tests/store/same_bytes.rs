//! The same commands leave the same log on both databases, to the byte.

use chrono::TimeDelta;
use gatebook::application::{Caller, SignInForm};
use gatebook::secrets::Randomness;
use gatebook_aggregates::group::Permission;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value as Cell};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::support::node::Options;
use crate::support::world::PASSWORD;
use crate::support::{APPS, Answer, PORTAL, Person, World, app_at, portal_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_commands_leave_byte_identical_logs_rows_and_names_on_both_databases() {
    let options = || Options {
        randomness: Randomness::seeded(1),
        ..Options::default()
    };
    let sqlite = World::on_sqlite_with(options()).await;
    let postgres = World::on_postgres_with(options()).await;
    for world in [&sqlite, &postgres] {
        Story::of(world).plays().await;
    }
    let columns = "position, recorded_at, aggregate_type, aggregate_id, group_id, app_id, sequence, event_type, event_version, \
                   cast(payload as text), cast(metadata as text), previous_hash, hash";
    let events = same(
        &sqlite,
        &postgres,
        &format!("select {columns} from events order by position"),
    )
    .await;
    assert!(events > 60, "the story is too short to tell: {events} events");
    let streams = "select distinct aggregate_type from events order by aggregate_type";
    assert_eq!(same(&sqlite, &postgres, streams).await, 6);
    let kinds = "select distinct event_type from events order by event_type";
    assert!(
        same(&sqlite, &postgres, kinds).await >= 30,
        "the story is too plain to tell"
    );
    for projection in registry::all() {
        let columns: Vec<_> = projection.columns.iter().map(|column| column.name).collect();
        let (table, columns) = (projection.name, columns.join(", "));
        assert!(
            same(&sqlite, &postgres, &format!("select {columns} from {table} order by 1")).await > 0,
            "{table}"
        );
    }
    for map in registry::all().iter().flat_map(|projection| projection.maps) {
        let columns: Vec<_> = map.columns.iter().map(|column| column.name).collect();
        let (table, columns) = (map.name, columns.join(", "));
        let sql = format!("select {columns} from {table} order by 1, 2");
        assert!(same(&sqlite, &postgres, &sql).await > 0, "{table}");
    }
    for sql in [
        "select position, recorded_at from log_head",
        "select key, owner from reservations order by key",
        "select key, request_hash, app_id, version, created_at from idempotency_keys order by key",
        "select id, kind, recipient, state, attempts, next_attempt_at, created_at, sent_at from outbox order by id",
        "select kind, id, owner, name, digest, created_at, expires_at from credentials order by kind, id",
    ] {
        assert!(same(&sqlite, &postgres, sql).await > 0, "{sql}");
    }
}

/// Compares what both answer; the number of rows.
async fn same(sqlite: &World, postgres: &World, sql: &str) -> usize {
    let one = sqlite.database().rows(Query::new(sql, [])).await.unwrap();
    let other: Vec<Vec<Cell>> = postgres.database().rows(Query::new(sql, [])).await.unwrap();
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other, "{sql}");
    }
    assert_eq!(one.len(), other.len(), "{sql}");
    one.len()
}

/// A long story, in which every request says the same id, so that nothing of it is a matter of chance.
struct Story<'a> {
    world: &'a World,
    http: reqwest::Client,
}

impl<'a> Story<'a> {
    fn of(world: &'a World) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("story"));
        Self {
            world,
            http: reqwest::Client::builder().default_headers(headers).build().unwrap(),
        }
    }

    fn message(&self, person: Person) -> Person {
        Person {
            http: self.http.clone(),
            ..person
        }
    }

    async fn plays(&self) {
        let ada = self.message(self.world.ada().await);
        let app = self.creates(&ada).await;
        let dev = self.signs_up().await;
        self.verifies(&ada, &dev, &app).await;
        self.edits(&ada, &app).await;
        self.runs(&dev, &app).await;
        self.signs_in().await;
        self.changes_hands(&ada, &dev).await;
        self.ends(&ada, &dev, &app).await;
        self.world.mails().await;
    }

    fn passes(&self, minutes: i64) {
        self.world.pass(TimeDelta::minutes(minutes));
    }

    async fn creates(&self, ada: &Person) -> Value {
        let form = World::with(
            World::new_integration("Löhne “Ünïcode” 👩‍💻"),
            json!({"description": "Zeile 1\n\tZeile 2 \\ \" é"}),
        );
        let key = [("idempotency-key", "k1")];
        let app = ada
            .send(Method::POST, APPS, Some(form.clone()), &key)
            .await
            .expect(201)
            .json();
        ada.send(Method::POST, APPS, Some(form.clone()), &key).await.expect(201);
        ada.post(APPS, form).await.refused(409, "name_taken");
        self.passes(1);
        ada.post(APPS, World::aiq_integrate("Bank Feeds")).await.expect(201);
        ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
            .await
            .expect(200);
        app
    }

    async fn signs_up(&self) -> Person {
        let anybody = self.message(self.world.anybody());
        let invite_token = self.world.last_mail_to("dev@example.com").await.invite_token();
        let asked = json!({"invite_token": invite_token});
        anybody.post(&format!("{PORTAL}/sign-up/code"), asked).await.expect(202);
        let code = self.world.last_mail_to("dev@example.com").await.code();
        let form = |code: &str| json!({"invite_token": invite_token, "code": code, "full_name": "Dëv Eloper", "password": PASSWORD});
        let wrong = if code == "000000" { "000001" } else { "000000" };
        anybody
            .post(&format!("{PORTAL}/sign-up"), form(wrong))
            .await
            .refused(422, "code_wrong");
        anybody
            .post(&format!("{PORTAL}/sign-up"), form(&code))
            .await
            .expect(201);
        self.passes(1);
        self.logs_in().await
    }

    async fn logs_in(&self) -> Person {
        let form = json!({"email": "DEV@example.com", "password": PASSWORD});
        let session = self
            .message(self.world.anybody())
            .post(&format!("{PORTAL}/session"), form)
            .await
            .expect(200)
            .json();
        self.message(self.world.person(Some(session["token"].as_str().unwrap().to_owned())))
    }

    async fn verifies(&self, ada: &Person, dev: &Person, app: &Value) {
        let verify = portal_at(app, "/verify");
        for _ in 0..5 {
            dev.post(&verify, json!({"otp": "2222-2222"}))
                .await
                .refused(422, "otp_wrong");
        }
        dev.post(&verify, json!({"otp": app["verification"]["otp"]}))
            .await
            .refused(423, "otp_locked");
        let reset = ada
            .post(&app_at(app, "/developer/reset-otp"), json!({}))
            .await
            .expect(200)
            .json();
        self.passes(60);
        dev.post(&verify, json!({"otp": reset["verification"]["otp"]}))
            .await
            .expect(200);
        dev.get(&portal_at(app, "")).await.expect(200);
    }

    async fn edits(&self, ada: &Person, app: &Value) {
        for edit in [
            json!({"description": "Something else."}),
            json!({"category": "other"}),
            json!({"entities": ["e3", "e1"]}),
            json!({"entities": []}),
            json!({"description": "Three at once.", "category": "payroll_and_hr", "entities": ["e1", "e2", "e3"]}),
        ] {
            self.passes(1);
            ada.patch(&app_at(app, ""), edit).await.expect(200);
        }
        for change in ["/suspend", "/resume"] {
            ada.post(&app_at(app, change), json!({"reason": "Just because."}))
                .await
                .expect(200);
        }
        self.world
            .permit("acme", "ulf", Permission::ViewActivityLogs, true)
            .await;
        self.world
            .permit("acme", "ulf", Permission::ViewActivityLogs, false)
            .await;
        self.world.plan("acme", "Acme Group", "AIQ2").await;
        self.world.plan("acme", "Acme Group & Söhne", "AIQ3").await;
    }

    async fn runs(&self, dev: &Person, app: &Value) {
        let generate = async |overlap: Value| {
            dev.post(&portal_at(app, "/client-secrets"), overlap)
                .await
                .expect(201)
                .json()
        };
        let first = generate(json!({})).await;
        self.passes(5);
        let second = generate(json!({"overlap_seconds": 60})).await;
        let first = portal_at(
            app,
            &format!("/client-secrets/{}", first["client_secret_id"].as_str().unwrap()),
        );
        dev.delete(&first).await.expect(204);
        let client = ["client_id", "client_secret"].map(|name| second[name].as_str().unwrap().to_owned());
        let oauth = async |path: &str, form: &[(&str, &str)]| {
            let request = self.http.post(format!("{}{path}", self.world.base_url));
            let request = request.basic_auth(&client[0], Some(&client[1])).form(form);
            Answer::read(request.send().await.unwrap()).await.expect(200)
        };
        let token = oauth("/oauth/token", &[("grant_type", "client_credentials")])
            .await
            .json();
        oauth("/oauth/revoke", &[("token", token["access_token"].as_str().unwrap())]).await;
    }

    /// Ada signs in to the console, with a wrong password first.
    async fn signs_in(&self) {
        self.world.give_password("acme", "ada").await;
        let caller = Caller::command_line("story".to_owned());
        for (password, is_right) in [("wrong", false), (PASSWORD, true)] {
            let form = SignInForm {
                email: "ada@acme.example".to_owned(),
                password: password.to_owned(),
                group_id: None,
                device: "Story".to_owned(),
            };
            assert_eq!(self.world.gatebook.sign_in(&caller, &form).await.is_ok(), is_right);
        }
    }

    async fn changes_hands(&self, ada: &Person, dev: &Person) {
        let form = World::with(World::new_integration("Second"), json!({"category": "other"}));
        let app = ada.post(APPS, form).await.expect(201).json();
        dev.delete(&format!("{PORTAL}/session")).await.done();
        let revoke = json!({"retire_client_secrets": true});
        ada.post(&app_at(&app, "/developer/revoke"), revoke).await.expect(200);
        let other = json!({"email": "other@example.com"});
        ada.post(&app_at(&app, "/developer"), other).await.expect(201);
        self.passes(4 * 24 * 60);
        ada.post(&app_at(&app, "/developer/resend-invite"), json!({}))
            .await
            .expect(200);
    }

    async fn ends(&self, ada: &Person, dev: &Person, app: &Value) {
        ada.get(&app_at(app, "/activity-log")).await.expect(200);
        ada.get("/api/v1/activity-log?from=2026-11-23T09:00:00Z")
            .await
            .expect(200);
        ada.post(&app_at(app, "/revoke"), json!({"reason": "Over."}))
            .await
            .expect(200);
        dev.get(&format!("{PORTAL}/apps")).await.refused(401, "unauthenticated");
        let group = "/operator/api/v1/groups/globex";
        let operator = self.message(self.world.operator.clone());
        operator.delete(&format!("{group}/entities/g2")).await.done();
        operator.delete(&format!("{group}/users/pam")).await.done();
        let caller = Caller::command_line("story".to_owned());
        let gatebook = &self.world.gatebook;
        gatebook.end_tokens(caller.operator().unwrap(), None).await.unwrap();
        let download = gatebook.record_system_log_download(caller.operator().unwrap(), LogFormat::Csv, None, None);
        download.await.unwrap();
    }
}
