//! A real Patroni cluster: three PostgreSQL servers, a Patroni beside each, and the etcd through which they agree. All of
//! them are private processes on loopback, as a user that is not root. They are killed when the test is over.

use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::bad_days::installation::{free_ports, word};
use crate::support::eventually::eventually;
use crate::support::postgres_cluster::{Cluster, as_owner, first_process};
use crate::support::processes;

/// How the members agree, in seconds: quicker than Patroni's own values (30, 10 and 10), so that a run sees more.
const TTL: u32 = 10;
const LOOP_WAIT: u32 = 1;
const RETRY_TIMEOUT: u32 = 3;
const MEMBERS: usize = 3;

pub struct PatroniCluster {
    members: Vec<Member>,
    etcd: Child,
    http: reqwest::Client,
    /// Last, so that its folder outlives those who work there.
    cluster: Cluster,
}

/// A machine with a server and its Patroni.
struct Member {
    name: String,
    /// Where its PostgreSQL listens.
    port: u16,
    /// Where its Patroni listens.
    api: u16,
    patroni: Mutex<Option<Child>>,
}

/// What happens to the machine with the primary.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An operator makes another one the primary.
    SwitchOver,
    /// PostgreSQL ends without a word.
    ServerKilled,
    /// The machine ends without a word, and comes back later.
    MachineKilled,
    /// The machine stands still, and goes on later as if nothing had been.
    MachineFrozen,
}

impl PatroniCluster {
    /// A cluster that is whole.
    pub async fn start() -> Self {
        for program in ["patroni", "etcd"] {
            let found = Command::new("sh")
                .args(["-c", &format!("command -v {program}")])
                .output();
            assert!(
                found.unwrap().status.success(),
                "{program} is missing; “tests/prerequisites soak” installs it"
            );
        }
        let cluster = Cluster::new();
        let ports = free_ports(2 + 2 * MEMBERS);
        let (of_etcd, of_members) = ports.split_at(2);
        let (clients, peers) = (url(of_etcd[0]), url(of_etcd[1]));
        let etcd = start(
            &cluster,
            "etcd",
            &[
                "--name",
                "one",
                "--data-dir",
                &cluster.path("etcd"),
                "--listen-client-urls",
                &clients,
                "--advertise-client-urls",
                &clients,
                "--listen-peer-urls",
                &peers,
                "--initial-advertise-peer-urls",
                &peers,
                "--initial-cluster",
                &format!("one={peers}"),
            ],
        );
        let this = Self {
            members: (1..).zip(of_members.chunks(2)).map(Member::new).collect(),
            etcd,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(2))
                .build()
                .unwrap(),
            cluster,
        };
        for member in &this.members {
            let file = this.cluster.path(&format!("{}.yml", member.name));
            let settings = member.settings(&this.cluster, &clients);
            std::fs::write(file, settings.to_string()).unwrap();
            this.power_on(member);
        }
        this.is_whole().await;
        this
    }

    /// The URL of a database, with all servers of which one is the primary.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<_> = self
            .members
            .iter()
            .map(|member| format!("127.0.0.1:{}", member.port))
            .collect();
        let hosts = hosts.join(",");
        format!("postgres://gatebook@{hosts}/{database}?target_session_attrs=read-write")
    }

    /// The URL of a database on one server.
    pub fn url_of(&self, name: &str, database: &str) -> String {
        format!("postgres://gatebook@127.0.0.1:{}/{database}", self.member(name).port)
    }

    /// Waits until every member runs and one of the others has all that the primary has; the primary's name.
    pub async fn is_whole(&self) -> String {
        eventually("cluster that is whole", async || {
            let members = self.seen_by_anybody().await?;
            let run = |role: &str| {
                let running = members.iter().filter(|one| one["state"] == "running");
                running.filter(|one| one["role"] == role).count()
            };
            let is_whole = (run("leader"), run("sync_standby"), run("replica")) == (1, 1, MEMBERS - 2);
            is_whole.then(|| leader(&members)).flatten()
        })
        .await
    }

    /// Waits until another one than this is the primary.
    pub async fn is_led_by_another_than(&self, name: &str) -> String {
        eventually("other primary", async || {
            let members = self.seen_by_anybody().await?;
            leader(&members).filter(|leader| leader != name)
        })
        .await
    }

    /// It happens to the primary's machine.
    pub async fn suffers(&self, fault: Fault, primary: &str) {
        let member = self.member(primary);
        let server = || processes::family(first_process(&self.data(member)));
        match fault {
            Fault::SwitchOver => self.switch_over(member).await,
            Fault::ServerKilled => processes::signal(&server(), "KILL"),
            Fault::MachineKilled => {
                let patroni = member.patroni.lock().unwrap().take();
                processes::signal(&[&patroni_of(patroni.as_ref())[..], &server()].concat(), "KILL");
                drop(patroni.map(|mut patroni| patroni.wait()));
            }
            // PostgreSQL first, so that nobody is started meanwhile.
            Fault::MachineFrozen => {
                processes::signal(&server(), "STOP");
                processes::signal(&self.machine(member), "STOP");
            }
        }
    }

    /// The machine is as it was before.
    pub fn recovers_from(&self, fault: Fault, name: &str) {
        let member = self.member(name);
        match fault {
            Fault::SwitchOver | Fault::ServerKilled => {}
            Fault::MachineKilled => self.power_on(member),
            Fault::MachineFrozen => processes::signal(&self.machine(member), "CONT"),
        }
    }

    async fn switch_over(&self, primary: &Member) {
        let asked = self.http.post(format!("{}/switchover", url(primary.api)));
        let answer = asked
            .timeout(Duration::from_secs(60))
            .json(&json!({"leader": primary.name}))
            .send();
        let answer = answer.await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    fn power_on(&self, member: &Member) {
        let file = self.cluster.path(&format!("{}.yml", member.name));
        let patroni = start(&self.cluster, "patroni", &[&file]);
        *member.patroni.lock().unwrap() = Some(patroni);
    }

    /// Patroni and all of PostgreSQL.
    fn machine(&self, member: &Member) -> Vec<u32> {
        let mut machine = processes::family(first_process(&self.data(member)));
        machine.extend(patroni_of(member.patroni.lock().unwrap().as_ref()));
        machine
    }

    fn data(&self, member: &Member) -> std::path::PathBuf {
        self.cluster.path(&member.name).into()
    }

    fn member(&self, name: &str) -> &Member {
        self.members.iter().find(|member| member.name == name).unwrap()
    }

    /// What a Patroni that answers knows of the members.
    async fn seen_by_anybody(&self) -> Option<Vec<Json>> {
        for member in &self.members {
            if let Ok(answer) = self.http.get(format!("{}/cluster", url(member.api))).send().await {
                let cluster: Json = answer.json().await.ok()?;
                return cluster["members"].as_array().cloned();
            }
        }
        None
    }
}

impl Drop for PatroniCluster {
    fn drop(&mut self) {
        // First of all those who would start a server again.
        for member in &self.members {
            if let Some(mut patroni) = member.patroni.lock().unwrap().take() {
                let _ = patroni.kill();
                let _ = patroni.wait();
            }
        }
        for member in &self.members {
            if self.data(member).join("postmaster.pid").exists() {
                processes::signal(&processes::family(first_process(&self.data(member))), "KILL");
            }
        }
        let _ = self.etcd.kill();
        let _ = self.etcd.wait();
    }
}

impl Member {
    fn new((number, ports): (usize, &[u16])) -> Self {
        Self {
            name: format!("member{number}"),
            port: ports[0],
            api: ports[1],
            patroni: Mutex::default(),
        }
    }

    /// What `docs/operating/postgres.md` recommends; as JSON, which is YAML.
    fn settings(&self, cluster: &Cluster, etcd: &str) -> Json {
        let at = |port: u16| format!("127.0.0.1:{port}");
        let trusted = [
            "local all all",
            "host all all 127.0.0.1/32",
            "host replication all 127.0.0.1/32",
        ];
        json!({
            "scope": "gatebook",
            "name": self.name,
            "restapi": {"listen": at(self.api), "connect_address": at(self.api)},
            "etcd3": {"host": etcd.trim_start_matches("http://")},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL,
                    "loop_wait": LOOP_WAIT,
                    "retry_timeout": RETRY_TIMEOUT,
                    "synchronous_mode": true,
                    "primary_start_timeout": 0,
                    "postgresql": {
                        "use_pg_rewind": true,
                        "parameters": {"max_connections": 200, "fsync": "off", "wal_keep_size": "256MB"},
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, {"auth": "trust"}, "no-sync"],
            },
            "postgresql": {
                "listen": at(self.port),
                "connect_address": at(self.port),
                "data_dir": cluster.path(&self.name),
                "bin_dir": cluster.programs(),
                "pgpass": cluster.path(&format!("{}.pgpass", self.name)),
                "pg_hba": trusted.map(|who| format!("{who} trust")),
                "authentication": {
                    "superuser": {"username": "gatebook"},
                    "replication": {"username": "replicator"},
                    "rewind": {"username": "gatebook"},
                },
                "parameters": {"unix_socket_directories": cluster.path("")},
            },
        })
    }
}

/// Starts a program as the user that PostgreSQL runs as. What it says goes to a file in the cluster's folder.
fn start(cluster: &Cluster, program: &str, arguments: &[&str]) -> Child {
    let log = cluster.path(&format!("{program}.log"));
    let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    let mut command = as_owner(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("PATRONI_") || name.starts_with("ETCD_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .current_dir(cluster.path(""))
        .env("HOME", cluster.path(""))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn patroni_of(patroni: Option<&Child>) -> Vec<u32> {
    patroni
        .map(|patroni| processes::family(patroni.id()))
        .unwrap_or_default()
}

fn leader(members: &[Json]) -> Option<String> {
    let leader = members
        .iter()
        .find(|one| one["role"] == "leader" && one["state"] == "running");
    leader.map(|one| word(one, "name"))
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
