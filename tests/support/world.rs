//! A whole Gatebook that listens on a free port of loopback, with sample customers and a clock of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use gatebook::application::{Caller, Gatebook, Who};
use gatebook::clock::{Clock, ManualClock};
use gatebook::mail::MailTransport;
use gatebook::outbox::Outbox;
use gatebook::secrets::Sealer;
use gatebook::store::Database;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{Permission, ProductPlan, Role};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use tempfile::TempDir;

use super::interrupted::Interrupted;
use super::mail_server::MailServer;
use super::mailbox::{Mail, Mailbox};
use super::node::{Options, key, start, start_on};
use super::{Person, database};

/// When every story begins.
pub const BEGINNING: &str = "2026-11-23T09:00:00.000Z";
/// A password that is long enough.
pub const PASSWORD: &str = "correct horse battery staple";

/// The world of one story.
pub struct World {
    pub clock: ManualClock,
    pub base_url: String,
    pub database_url: String,
    pub gatebook: Arc<Gatebook>,
    /// Other nodes on the same database.
    nodes: Mutex<Vec<Arc<Gatebook>>>,
    pub outbox: Arc<Outbox>,
    pub operator: Person,
    pub gateway: (String, String),
    mailbox: Mailbox,
    folder: TempDir,
    pub(super) http: reqwest::Client,
}

/// A process whose questions to the database are counted.
pub struct CountedNode {
    pub base_url: String,
    pub gatebook: Arc<Gatebook>,
    pub database: Arc<Interrupted>,
}

impl World {
    /// A world on embedded SQLite.
    pub async fn on_sqlite() -> Self {
        Self::on_sqlite_with(Options::default()).await
    }

    /// A world on a PostgreSQL database of its own.
    pub async fn on_postgres() -> Self {
        Self::on_postgres_with(Options::default()).await
    }

    /// A world on embedded SQLite, with options.
    pub async fn on_sqlite_with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        Self::new(folder, url, options).await
    }

    /// A world on PostgreSQL, with options.
    pub async fn on_postgres_with(options: Options) -> Self {
        let url = database::new_postgres().await;
        Self::new(tempfile::tempdir().unwrap(), url, options).await
    }

    /// A world on the database with this URL.
    pub async fn on_database(url: String) -> Self {
        Self::on_database_with(url, Options::default()).await
    }

    /// A world on the database with this URL, with options.
    pub async fn on_database_with(url: String, options: Options) -> Self {
        Self::new(tempfile::tempdir().unwrap(), url, options).await
    }

    async fn new(folder: TempDir, database_url: String, options: Options) -> Self {
        let clock = ManualClock::starting_at(Timestamp::parse(BEGINNING).unwrap());
        let (base_url, gatebook, outbox) = start(&folder, &database_url, &clock, options).await;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let settling = Caller::command_line("settling".to_owned());
        let operator_token = gatebook
            .create_operator_token(settling.operator().unwrap(), &label("Olga Operator"), None)
            .await
            .unwrap()
            .token;
        let gateway_name = label("SOAP gateway");
        let gateway = gatebook
            .create_resource_server(settling.operator().unwrap(), &gateway_name)
            .await
            .unwrap();
        let operator = Person {
            base_url: base_url.clone(),
            token: Some(operator_token),
            http: http.clone(),
        };
        let gateway = (gateway.client_id, gateway.client_secret);
        let world = Self {
            clock,
            base_url,
            database_url,
            gatebook,
            nodes: Mutex::default(),
            outbox,
            operator,
            gateway,
            mailbox: Mailbox::default(),
            folder,
            http,
        };
        world.settle_customers().await;
        world
    }

    /// Two customers on the plan, one off it, as in the demo.
    async fn settle_customers(&self) {
        self.settle("acme", "Acme Group", "AIQ3", &["e1", "e2", "e3", "e4", "e5"])
            .await;
        self.settle("globex", "Globex Group", "AIQ3", &["g1", "g2"]).await;
        self.settle("initech", "Initech Group", "AIQ2", &["i1"]).await;
        self.add_user("acme", "ada", "Ada Admin", Role::User).await;
        self.add_user("acme", "audrey", "Audrey Auditor", Role::User).await;
        self.add_user("acme", "ulf", "Ulf User", Role::User).await;
        self.permit("acme", "ada", Permission::ManageIntegrationApplications, true)
            .await;
        self.permit("acme", "audrey", Permission::ViewActivityLogs, true).await;
    }

    /// A customer with a Practice Admin called `pam`.
    pub async fn settle(&self, group: &str, name: &str, plan: &str, entities: &[&str]) {
        self.plan(group, name, plan).await;
        for entity in entities {
            let name = label(&format!("Entity {}", entity.to_uppercase()));
            let id = EntityId::parse(entity).unwrap();
            self.gatebook
                .put_entity(self.as_operator().operator().unwrap(), &group_id(group), id, name)
                .await
                .unwrap();
        }
        self.add_user(group, "pam", "Pam Practice", Role::PracticeAdmin).await;
    }

    /// Puts a customer on a plan.
    pub async fn plan(&self, group: &str, name: &str, plan: &str) {
        let plan = ProductPlan::parse(plan).unwrap();
        self.gatebook
            .put_group(
                self.as_operator().operator().unwrap(),
                &group_id(group),
                label(name),
                plan,
            )
            .await
            .unwrap();
    }

    /// Adds a user to a customer.
    pub async fn add_user(&self, group: &str, user: &str, name: &str, role: Role) {
        let email = EmailAddress::parse("email", &format!("{user}@{group}.example")).unwrap();
        let user = UserId::parse(user).unwrap();
        self.gatebook
            .put_user(
                self.as_operator().operator().unwrap(),
                &group_id(group),
                user,
                email,
                label(name),
                role,
            )
            .await
            .unwrap();
    }

    /// Pam grants or withdraws a permission.
    pub async fn permit(&self, group: &str, user: &str, permission: Permission, granted: bool) {
        let pam = self.as_user(group, "pam").await;
        self.gatebook
            .set_permission(
                pam.practice_admin().unwrap(),
                UserId::parse(user).unwrap(),
                permission,
                granted,
            )
            .await
            .unwrap();
    }

    /// An operator ends every access token that was issued before now.
    pub async fn tokens_are_ended(&self) {
        self.gatebook
            .end_tokens(self.as_operator().operator().unwrap(), None)
            .await
            .unwrap();
    }

    /// A user of a customer, with a new token.
    pub async fn user(&self, group: &str, user: &str) -> Person {
        let user = UserId::parse(user).unwrap();
        let issued = self
            .gatebook
            .issue_user_token(
                self.as_operator().operator().unwrap(),
                &group_id(group),
                user,
                label("test"),
            )
            .await;
        self.person(Some(issued.unwrap().token))
    }

    /// Ada, the Integration Admin of Acme.
    pub async fn ada(&self) -> Person {
        self.user("acme", "ada").await
    }

    /// Another process on the same database: its address.
    pub async fn another_node(&self) -> String {
        self.another_node_with(Options::default()).await
    }

    /// Another process on the same database, with options: its address.
    pub async fn another_node_with(&self, options: Options) -> String {
        let (base_url, _, _) = start(&self.folder, &self.database_url, &self.clock, options).await;
        base_url
    }

    /// Another process on the same database: its address, and how a test comes between it and the database.
    pub async fn interrupted_node(&self) -> (String, Arc<Interrupted>) {
        let interrupted = Arc::new(Interrupted::new(self.gatebook.log.database.clone()));
        let database: Arc<dyn Database> = interrupted.clone();
        let (base_url, node, _) = start_on(&self.folder, database, &self.clock, Options::default()).await;
        self.nodes.lock().unwrap().push(node);
        (base_url, interrupted)
    }

    /// Another process on the same database, to be asked without HTTP, and what it asks the database.
    pub async fn counted_node(&self) -> CountedNode {
        let database = Arc::new(Interrupted::new(self.gatebook.log.database.clone()));
        let (base_url, gatebook, _) = start_on(&self.folder, database.clone(), &self.clock, Options::default()).await;
        self.nodes.lock().unwrap().push(gatebook.clone());
        CountedNode {
            base_url,
            gatebook,
            database,
        }
    }

    /// Somebody with, or without, a token.
    pub fn person(&self, token: Option<String>) -> Person {
        Person {
            base_url: self.base_url.clone(),
            token,
            http: self.http.clone(),
        }
    }

    /// Somebody who has not said who they are.
    pub fn anybody(&self) -> Person {
        self.person(None)
    }

    /// Somebody who has not said who they are, at another address of loopback.
    pub fn anybody_at(&self, address: &str) -> Person {
        let http = reqwest::Client::builder().local_address(address.parse::<std::net::IpAddr>().unwrap());
        Person {
            http: http.build().unwrap(),
            ..self.anybody()
        }
    }

    /// Time passes.
    pub fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    /// Waits for what is done after answers.
    pub async fn background_tasks_are_done(&self) {
        let nodes = self.nodes.lock().unwrap().clone();
        for node in nodes.iter().chain([&self.gatebook]) {
            node.background_tasks.done().await;
        }
    }

    /// Waits for what is done after answers, sends the letters that are due, and opens the mailbox: every mail there
    /// ever was, oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        self.background_tasks_are_done().await;
        while self.outbox.deliver_due().await.unwrap() > 0 {}
        self.mailbox.open(&self.mail_dir())
    }

    /// The outbox of another process on the same database, which delivers into the same folder.
    pub fn another_outbox(&self) -> Outbox {
        let sender = "Gatebook <gatebook@provider.example>";
        let transport = MailTransport::from_url("file:", self.folder.path(), sender, None).unwrap();
        let clock = Clock::Manual(self.clock.clone());
        let database = self.gatebook.log.database.clone();
        Outbox::new(database, transport, Sealer::new(&key()), clock, Arc::default())
    }

    /// Waits for what is done after answers, and tries once to hand the mails that are due to this server.
    pub async fn mails_go_to(&self, server: &MailServer) {
        self.background_tasks_are_done().await;
        let sender = "Gatebook <gatebook@provider.example>";
        let transport = MailTransport::from_url(&server.url, self.folder.path(), sender, None).unwrap();
        let clock = Clock::Manual(self.clock.clone());
        let database = self.gatebook.log.database.clone();
        let outbox = Outbox::new(database, transport, Sealer::new(&key()), clock, Arc::default());
        while outbox.deliver_due().await.unwrap() > 0 {}
    }

    /// The newest mail to an address.
    pub async fn last_mail_to(&self, address: &str) -> Mail {
        let mails = self.mails().await;
        let last = mails.iter().rev().find(|mail| mail.to == address);
        last.unwrap_or_else(|| panic!("no mail to {address} in {mails:#?}"))
            .clone()
    }

    /// The folder of the mails.
    pub fn mail_dir(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// What sends the requests.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A request as the test wants it.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url))
    }

    /// The answer to bytes that no HTTP library would send.
    pub async fn raw(&self, request: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let address = self.base_url.trim_start_matches("http://");
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        // The server may hang up before it has read everything.
        let _ = connection.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The database, for looking behind the scenes.
    pub fn database(&self) -> &dyn Database {
        self.gatebook.database()
    }

    /// A user of a customer, without HTTP.
    pub async fn as_user(&self, group: &str, user: &str) -> Caller {
        let user = UserId::parse(user).unwrap();
        let member = self.gatebook.member(&group_id(group), &user).await.unwrap();
        self.as_operator().with(Who::GroupUser(member.unwrap()))
    }

    pub fn as_operator(&self) -> Caller {
        Caller::command_line("settling".to_owned())
    }
}

fn group_id(group: &str) -> GroupId {
    GroupId::parse(group).unwrap()
}

fn label(name: &str) -> Label {
    Label::parse("name", name).unwrap()
}
