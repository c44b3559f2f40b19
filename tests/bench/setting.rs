//! A Gatebook on a database of its own, and a customer with one running integration.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatebook::application::{
    Caller, Creation, Gatebook, GatebookParts, GatewaySettings, Limits, NewIntegrationForm, Settings, Wanted, Who,
};
use gatebook::clock::Clock;
use gatebook::log::Writer;
use gatebook::metrics::Metrics;
use gatebook::secrets::{MasterKey, Randomness};
use gatebook::store;
use gatebook::throttle::ThrottleMode;
use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{ProductPlan, Role};
use gatebook_aggregates::identifiers::{AppId, EntityId, GroupId, UserId};
use gatebook_aggregates::text::{AppName, Description, Label};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

/// What is measured.
pub struct Setting {
    pub gatebook: Arc<Gatebook>,
    pub database_url: String,
    pub group_id: GroupId,
    created: AtomicUsize,
}

impl Setting {
    /// Gatebook on a new database of the run's PostgreSQL.
    pub async fn new() -> Self {
        Self::on(new_database().await).await
    }

    /// Gatebook on this database, which is empty.
    pub async fn on(database_url: String) -> Self {
        let database = store::open(&database_url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let gatebook = node(&database_url, ThrottleMode::Off).await;
        let setting = Self {
            gatebook,
            database_url,
            group_id: GroupId::parse("bench").unwrap(),
            created: AtomicUsize::new(0),
        };
        setting.settle().await;
        setting
    }

    /// Another node on the same database, with the limits that a node has.
    pub async fn limited_node(&self) -> Arc<Gatebook> {
        node(&self.database_url, ThrottleMode::On).await
    }

    /// Pam, who is authenticated anew for each of her requests.
    pub async fn admin(&self) -> Caller {
        let pam = UserId::parse("pam").unwrap();
        let member = self.gatebook.member(&self.group_id, &pam).await.unwrap();
        Caller {
            conditions: Default::default(),
            who: Who::GroupUser(member.unwrap()),
            ip_address: "127.0.0.1".to_owned(),
            request_id: "bench".to_owned(),
            wants: Wanted::Whole,
        }
    }

    /// The operator at the command line.
    pub fn operator(&self) -> Caller {
        Caller::command_line("bench".to_owned())
    }

    async fn settle(&self) {
        let operator = self.operator();
        let plan = ProductPlan::parse("AIQ3").unwrap();
        self.gatebook
            .put_group(operator.operator().unwrap(), &self.group_id, label("Bench"), plan)
            .await
            .unwrap();
        for n in 0..10 {
            let entity = EntityId::parse(&format!("e{n}")).unwrap();
            self.gatebook
                .put_entity(operator.operator().unwrap(), &self.group_id, entity, label("Entity"))
                .await
                .unwrap();
        }
        for name in ["pam", "flo"] {
            let email = EmailAddress::parse("email", &format!("{name}@bench.example")).unwrap();
            let user = UserId::parse(name).unwrap();
            let put = self.gatebook.put_user(
                operator.operator().unwrap(),
                &self.group_id,
                user,
                email,
                label(name),
                Role::PracticeAdmin,
            );
            put.await.unwrap();
        }
    }

    /// A token of one of the two admins, pam and flo, for the API.
    pub async fn token(&self, name: &str) -> String {
        let (operator, user) = (self.operator(), UserId::parse(name).unwrap());
        let issued = self
            .gatebook
            .issue_user_token(operator.operator().unwrap(), &self.group_id, user, label("bench"));
        issued.await.unwrap().token
    }

    /// One command: an admin creates a New Integration.
    pub async fn create(&self) -> AppId {
        let n = self.created.fetch_add(1, Ordering::Relaxed);
        let form = NewIntegrationForm {
            name: AppName::parse(&format!("Application {n}")).unwrap(),
            description: Description::parse("Posts the payroll journals of every month.").unwrap(),
            category: CategoryCode::parse("payroll_and_hr").unwrap(),
            developer_email: EmailAddress::parse("email", &format!("dev{n}@example.com")).unwrap(),
            api_permission: ApiPermission::ReadWrite,
            entities: ["e1", "e2", "e3"]
                .iter()
                .map(|id| EntityId::parse(id).unwrap())
                .collect::<BTreeSet<_>>(),
            ends_at: None,
        };
        let created = self
            .gatebook
            .create_app(
                self.admin().await.manager().unwrap(),
                Creation::NewIntegration(form),
                None,
            )
            .await;
        created.unwrap_or_else(|failure| panic!("{failure}")).0.app().app_id
    }

    /// How many applications there are.
    pub fn apps(&self) -> usize {
        self.created.load(Ordering::Relaxed)
    }

    /// Creates applications until there are so many.
    pub async fn fill(self: &Setting, apps: usize) {
        let missing = apps.saturating_sub(self.apps());
        let callers = 64;
        let one_caller = || async {
            for _ in 0..missing / callers {
                self.create().await;
            }
        };
        futures::future::join_all((0..callers).map(|_| one_caller())).await;
    }

    /// A connection of its own to the database.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }
}

/// A node on this database.
async fn node(database_url: &str, throttle: ThrottleMode) -> Arc<Gatebook> {
    let database = store::open(database_url).await.unwrap();
    let metrics = Arc::new(Metrics::default());
    let (writer, _) = Writer::start(database.clone(), Clock::System, metrics.clone());
    Gatebook::new(GatebookParts {
        database,
        writer,
        clock: Clock::System,
        randomness: Randomness::secure(),
        key: MasterKey::from_bytes([1; 32]),
        metrics,
        throttle,
        settings: Settings {
            public_url: "http://127.0.0.1:8080".to_owned(),
            wsdl_url: "https://api.example.com/soap?wsdl".to_owned(),
            documentation_url: "https://docs.example.com".to_owned(),
            integration_team: EmailAddress::parse("team", "team@example.com").unwrap(),
            gateway: GatewaySettings::default(),
            gate_memory_mib: 64,
            silence: Duration::from_secs(75),
            limits: Limits::NONE,
        },
    })
}

/// The URL of a new database of the run's PostgreSQL.
pub async fn new_database() -> String {
    let server = std::env::var("GATEBOOK_TEST_POSTGRES").expect("run “make bench”");
    let database_name = format!("bench_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection
        .execute(format!("create database {database_name}").as_str())
        .await
        .unwrap();
    format!("{}/{database_name}", server.rsplit_once('/').unwrap().0)
}

fn label(name: &str) -> Label {
    Label::parse("name", name).unwrap()
}
