//! What the calls are made on: applications in every state, and everybody who may or may not call. Each cell of the table
//! finds it as it was made: after a call that has changed something, the next one is made on another copy of the database.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use gatebook::application::{Caller as Principal, Gatebook};
use gatebook::throttle::ThrottleMode;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::text::Label;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::callers::{Caller, Credentials};
use crate::support::browser::Browser;
use crate::support::mail_server::{MailServer, Manner};
use crate::support::node::{self, Options};
use crate::support::world::PASSWORD;
use crate::support::{APPS, Person, World, app_at, id, portal_at};

/// Everything before the first call.
pub struct Stage {
    pub world: World,
    /// What `{names}` in calls stand for, unless the caller says otherwise.
    pub names: BTreeMap<&'static str, String>,
    pub callers: Vec<Caller>,
    first: TempDir,
    /// Copies that nothing was changed in.
    unchanged: Mutex<Vec<Copy>>,
}

/// A process on a database of its own, in which everything is as it was on the stage.
pub struct Copy {
    pub base_url: String,
    gatebook: Arc<Gatebook>,
    _folder: TempDir,
}

impl Copy {
    /// It is not needed any more.
    pub async fn close(self) {
        self.gatebook.background_tasks.done().await;
        self.gatebook.database().close().await;
    }
}

/// Without the throttle, which slows down whoever tries wrong credentials.
fn options() -> Options {
    Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    }
}

impl Stage {
    /// Sets everything up.
    pub async fn set() -> Self {
        let world = World::on_sqlite_with(options()).await;
        let (ada, running, dev, first_client) = world.running("Running").await;
        let client = world.client_secret(&dev, &running).await;
        let mut ended = ended_credentials(&world, &running, &dev, &first_client, &client).await;
        ended.push(("expired access token", bearer(world.access_token(&client).await)));
        // Longer than a session, an access token and the tokens of an hour live.
        world.pass(TimeDelta::hours(13));

        let dev = world.logged_in("dev@example.com").await;
        let client_of_now = world.client_secret(&dev, &running).await;
        retire_replaced_secret(&dev, &running).await;
        let access_token = world.access_token(&client_of_now).await;
        let suspended = created_for(&world, &ada, "Suspended", "dev@example.com").await;
        ada.post(&app_at(&suspended, "/suspend"), json!({})).await.expect(200);
        let (unlinked, former) = unlinked(&world, &ada).await;
        let unverified = created_for(&world, &ada, "Unverified", "waiting@example.com").await;
        let waiting = world.signed_up("waiting@example.com").await;
        let feeds = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
        let off_plan = off_plan(&world).await;
        let other = developer_of_globex(&world).await;
        let failed_mail = failed_mail(&world, &ada).await;
        let invited = created_for(&world, &ada, "Invited", "new@example.com").await;
        let invite = world.last_mail_to("new@example.com").await.invite_token();
        let with_invite = json!({"invite_token": invite});
        let sent = world.anybody().post("/portal/api/v1/sign-up/code", with_invite).await;
        sent.expect(202);

        let operator = &world.operator;
        let feeds_secrets = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&feeds));
        let feeds_secret = operator.post(&feeds_secrets, json!({})).await.expect(201).json();
        let gateways = "/operator/api/v1/resource-servers";
        let second = operator.post(gateways, json!({"name": "Second gateway"})).await;
        let token_of_ulf = new_token(&world, "ulf", json!({"name": "laptop"})).await;
        let names = BTreeMap::from([
            ("user", "ulf".to_owned()),
            ("auditor", "audrey".to_owned()),
            ("entity", "e1".to_owned()),
            ("running", id(&running).to_owned()),
            ("suspended", id(&suspended).to_owned()),
            ("unlinked", id(&unlinked).to_owned()),
            ("invited", id(&invited).to_owned()),
            ("unverified", id(&unverified).to_owned()),
            ("linked", id(&running).to_owned()),
            ("linked_secret", only_secret(&dev, &running).await),
            ("otp", text(&unverified["verification"], "otp")),
            ("invite", invite),
            ("code", world.last_mail_to("new@example.com").await.code()),
            ("password", PASSWORD.to_owned()),
            ("token_of_ulf", text(&token_of_ulf, "id")),
            ("second_gateway", text(&second.expect(201).json(), "client_id")),
            ("feeds", id(&feeds).to_owned()),
            ("feeds_secret", text(&feeds_secret, "client_secret_id")),
            ("failed_mail", failed_mail),
            ("access_token", access_token.clone()),
        ]);

        let wrong = wrong_credentials(&world, &client_of_now, &names["invite"]).await;
        let user = async |group, user| bearer(world.user(group, user).await.token.unwrap());
        let person = |person: &Person| bearer(person.token.clone().unwrap());
        let callers = vec![
            Caller::new("none", Credentials::Nothing),
            Caller::new("prac", user("acme", "pam").await),
            Caller::new("mana", person(&ada)),
            Caller::new("audi", user("acme", "audrey").await),
            Caller::new("user", user("acme", "ulf").await),
            Caller::new("othg", user("globex", "pam").await).naming([("entity", "g1")]),
            Caller::new("offg", user("initech", "pam").await).naming([
                ("entity", "i1"),
                ("running", id(&off_plan.running)),
                ("suspended", id(&off_plan.suspended)),
                ("unlinked", id(&off_plan.unlinked)),
                ("invited", id(&off_plan.invited)),
                ("unverified", id(&off_plan.unverified)),
            ]),
            Caller::new("dev", person(&dev)),
            Caller::new("otp", person(&waiting)).naming([("linked", id(&unverified))]),
            Caller::new("ex", person(&former)).naming([("linked", id(&unlinked))]),
            Caller::new("othd", person(&other)),
            Caller::new("offd", person(&off_plan.developer))
                .naming([("linked", id(&off_plan.running)), ("linked_secret", &off_plan.secret)]),
            Caller::new("oper", person(&world.operator)),
            Caller::new("gate", basic(&world.gateway)),
            Caller::new("clnt", basic(&client_of_now)),
            Caller::new("accs", bearer(access_token)),
            Caller::several("end", ended),
            Caller::several("bad", wrong),
        ];
        world.background_tasks_are_done().await;
        let first = tempfile::tempdir().unwrap();
        let file = world.database_url.trim_start_matches("sqlite://");
        copy_database(Path::new(file).parent().unwrap(), first.path());
        Self {
            world,
            names,
            callers,
            first,
            unchanged: Mutex::default(),
        }
    }

    /// The stage as it was set.
    pub async fn copy(&self) -> Copy {
        let unchanged = self.unchanged.lock().unwrap().pop();
        match unchanged {
            Some(copy) => copy,
            None => self.new_copy().await,
        }
    }

    /// Takes back a copy that nothing was changed in.
    pub fn take_back(&self, copy: Copy) {
        self.unchanged.lock().unwrap().push(copy);
    }

    async fn new_copy(&self) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        copy_database(self.first.path(), folder.path());
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let (base_url, gatebook, _) = node::start(&folder, &url, &self.world.clock, options()).await;
        Copy {
            base_url,
            gatebook,
            _folder: folder,
        }
    }
}

/// A database with what is not in its file yet.
fn copy_database(from: &Path, to: &Path) {
    for file in ["gatebook.db", "gatebook.db-wal"] {
        if from.join(file).exists() {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
}

/// Credentials of every kind that were good once, except for an access token.
async fn ended_credentials(
    world: &World,
    running: &Value,
    dev: &Person,
    first_client: &(String, String),
    client: &(String, String),
) -> Vec<(&'static str, Credentials)> {
    let operator = &world.operator;
    let in_an_hour = "2026-11-23T10:00:00.000Z";
    let expired_user = new_token(world, "pam", json!({"name": "short", "expires_at": in_an_hour})).await;
    let withdrawn = new_token(world, "pam", json!({"name": "withdrawn"})).await;
    let tokens = "/operator/api/v1/groups/acme/users/pam/tokens";
    operator.delete(&format!("{tokens}/{}", id(&withdrawn))).await.done();
    world
        .add_user("acme", "paul", "Paul Practice", Role::PracticeAdmin)
        .await;
    let of_paul = new_token(world, "paul", json!({"name": "laptop"})).await;
    operator.delete("/operator/api/v1/groups/acme/users/paul").await.done();

    let settling = Principal::command_line("settling".to_owned());
    let label = |name: &str| Label::parse("name", name).unwrap();
    let gatebook = &world.gatebook;
    let end = gatebook.clock.now().plus(TimeDelta::hours(1));
    let short = gatebook
        .create_operator_token(settling.operator().unwrap(), &label("Short"), Some(end))
        .await;
    let revoked = gatebook
        .create_operator_token(settling.operator().unwrap(), &label("Revoked"), None)
        .await;
    let revoked = revoked.unwrap();
    gatebook
        .revoke_operator_token(settling.operator().unwrap(), revoked.id)
        .await
        .unwrap();

    let logged_out = world.logged_in("dev@example.com").await;
    logged_out.delete("/portal/api/v1/session").await.done();
    let revoked_access = world.access_token(client).await;
    let form = [("token", revoked_access.as_str())];
    world.oauth("/oauth/revoke", client, &form).await.expect(200);
    retire_replaced_secret(dev, running).await;

    let gateways = "/operator/api/v1/resource-servers";
    let gateway = operator.post(gateways, json!({"name": "Old gateway"})).await;
    let gateway = gateway.expect(201).json();
    let old_gateway = (text(&gateway, "client_id"), text(&gateway, "client_secret"));
    operator.delete(&format!("{gateways}/{}", old_gateway.0)).await.done();
    vec![
        ("expired user token", bearer(text(&expired_user, "token"))),
        ("withdrawn user token", bearer(text(&withdrawn, "token"))),
        ("token of a removed user", bearer(text(&of_paul, "token"))),
        ("expired operator token", bearer(short.unwrap().token)),
        ("revoked operator token", bearer(revoked.token)),
        ("expired developer session", bearer(dev.token.clone().unwrap())),
        ("developer session logged out", bearer(logged_out.token.unwrap())),
        ("retired client secret", basic(first_client)),
        ("removed resource server", basic(&old_gateway)),
        ("revoked access token", bearer(revoked_access)),
    ]
}

/// Credentials that are good elsewhere or nowhere.
async fn wrong_credentials(
    world: &World,
    (client_id, client_secret): &(String, String),
    invite: &str,
) -> Vec<(&'static str, Credentials)> {
    let pam = world.user("acme", "pam").await.token.unwrap();
    let cookies = Browser::of_user(world, "acme", "pam").await.cookies;
    let session = cookies.values().max_by_key(|value| value.len()).unwrap().clone();
    let mut tampered = pam.clone();
    let last = if tampered.pop() == Some('A') { 'B' } else { 'A' };
    tampered.push(last);
    let all: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    vec![
        ("nonsense", bearer("nonsense".to_owned())),
        ("nonsense that looks like a user token", bearer("gbu_x_y".to_owned())),
        ("tampered user token", bearer(tampered)),
        ("user token as password", basic(&("pam".to_owned(), pam))),
        ("cookie of the console", Credentials::Cookie(all.join("; "))),
        ("session of the console as token", bearer(session)),
        ("client secret as token", bearer(client_secret.clone())),
        (
            "wrong client secret",
            basic(&(client_id.clone(), "nonsense".to_owned())),
        ),
        ("gateway's secret as token", bearer(world.gateway.1.clone())),
        (
            "wrong gateway's secret",
            basic(&(world.gateway.0.clone(), "nonsense".to_owned())),
        ),
        (
            "gateway with a client's secret",
            basic(&(world.gateway.0.clone(), client_secret.clone())),
        ),
        ("invitation as token", bearer(invite.to_owned())),
    ]
}

/// An application whose developer's access was revoked, and that developer.
async fn unlinked(world: &World, ada: &Person) -> (Value, Person) {
    let app = created_for(world, ada, "Unlinked", "former@example.com").await;
    let former = world.signed_up("former@example.com").await;
    world.verified(&former, &app).await;
    let body = json!({"retire_client_secrets": true});
    ada.post(&app_at(&app, "/developer/revoke"), body).await.expect(200);
    (app, former)
}

/// A group with applications in every state, and a developer, that has left the plan.
struct OffPlan {
    running: Value,
    suspended: Value,
    unlinked: Value,
    invited: Value,
    unverified: Value,
    developer: Person,
    secret: String,
}

async fn off_plan(world: &World) -> OffPlan {
    world.plan("initech", "Initech Group", "AIQ3").await;
    world.add_user("initech", "ulf", "Ulf User", Role::User).await;
    world.add_user("initech", "audrey", "Audrey Auditor", Role::User).await;
    let pam = world.user("initech", "pam").await;
    let create = async |name: &str, developer: &str| {
        let other = json!({"entities": ["i1"], "developer_email": developer});
        let form = World::with(World::new_integration(name), other);
        pam.post(APPS, form).await.expect(201).json()
    };
    let running = create("Running off the plan", "off@example.com").await;
    let developer = world.signed_up("off@example.com").await;
    world.verified(&developer, &running).await;
    world.client_secret(&developer, &running).await;
    let suspended = create("Suspended off the plan", "off@example.com").await;
    pam.post(&app_at(&suspended, "/suspend"), json!({})).await.expect(200);
    let unlinked = create("Unlinked off the plan", "off@example.com").await;
    pam.post(&app_at(&unlinked, "/developer/revoke"), json!({}))
        .await
        .done();
    let invited = create("Invited off the plan", "nobody@example.com").await;
    let unverified = create("Unverified off the plan", "off@example.com").await;
    let secret = only_secret(&developer, &running).await;
    world.plan("initech", "Initech Group", "AIQ2").await;
    OffPlan {
        running,
        suspended,
        unlinked,
        invited,
        unverified,
        developer,
        secret,
    }
}

/// A developer who is linked to an application of another group.
async fn developer_of_globex(world: &World) -> Person {
    let pam = world.user("globex", "pam").await;
    let other = json!({"entities": ["g1"], "developer_email": "other@example.com"});
    let form = World::with(World::new_integration("Elsewhere"), other);
    let app = pam.post(APPS, form).await.expect(201).json();
    let developer = world.signed_up("other@example.com").await;
    world.verified(&developer, &app).await;
    developer
}

/// The id of a mail that was given up.
async fn failed_mail(world: &World, ada: &Person) -> String {
    let other = json!({"developer_email": "refused@example.com"});
    let form = World::with(World::new_integration("Refused"), other);
    ada.post(APPS, form).await.expect(201);
    let server = MailServer::start(Manner::Refuses("refused@example.com")).await;
    world.mails_go_to(&server).await;
    let failed = world.operator.get("/operator/api/v1/outbox?state=failed").await;
    id(&failed.expect(200).json()["items"][0]).to_owned()
}

async fn created_for(world: &World, ada: &Person, name: &str, developer: &str) -> Value {
    let other = json!({"developer_email": developer});
    let form = World::with(World::new_integration(name), other);
    let app = ada.post(APPS, form).await.expect(201).json();
    // The mail is out before the next one to the same developer.
    world.mails().await;
    app
}

async fn new_token(world: &World, user: &str, body: Value) -> Value {
    let path = format!("/operator/api/v1/groups/acme/users/{user}/tokens");
    world.operator.post(&path, body).await.expect(201).json()
}

async fn client_secrets(developer: &Person, app: &Value) -> Vec<Value> {
    let details = developer.get(&portal_at(app, "")).await.expect(200).json();
    details["client_secrets"].as_array().unwrap().clone()
}

/// Retires the client secret that a newer one has replaced, so that there is one.
async fn retire_replaced_secret(developer: &Person, app: &Value) {
    let secrets = client_secrets(developer, app).await;
    let replaced = secrets.iter().find(|secret| !secret["ends_at"].is_null()).unwrap();
    let path = portal_at(app, &format!("/client-secrets/{}", id(replaced)));
    developer.delete(&path).await.expect(204);
}

/// The id of an application's only client secret.
async fn only_secret(developer: &Person, app: &Value) -> String {
    match &client_secrets(developer, app).await[..] {
        [secret] => id(secret).to_owned(),
        secrets => panic!("{secrets:?}"),
    }
}

fn bearer(token: String) -> Credentials {
    Credentials::Bearer(token)
}

fn basic((id, secret): &(String, String)) -> Credentials {
    Credentials::Basic(id.clone(), secret.clone())
}

fn text(value: &Value, field: &str) -> String {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
        .to_owned()
}
