//! The settings of an installation: flags, each with an environment variable.

mod key_source;
mod listen_address;
mod variables;

use std::path::PathBuf;

use axum::http::HeaderName;
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum, value_parser};

pub use key_source::{KeySource, TwoKeys};
pub use listen_address::{ListenAddress, NoListenAddress};
pub use variables::{forget_blank_postgres_variables, variable, without_blank_variables};

use crate::application::{GatewayAuth, GatewayUnavailable};
use crate::store::SqliteUrl;
use crate::throttle::ThrottleMode;
use crate::web::client_address::TrustedProxy;

/// Where the data are. No `Debug`, because the database URL may contain a password.
#[derive(Args, Clone)]
pub struct DataOptions {
    /// The folder with the keys, the default database and, by default, the e-mails.
    #[arg(
        long,
        env = "GATEBOOK_DATA",
        default_value = "gatebook-data",
        value_name = "DIR",
        global = true
    )]
    pub data: PathBuf,

    /// The database: sqlite://PATH (?mode=rw does not create it, ?mode=ro only reads) or postgres://USER@HOST/NAME.
    /// Default: DIR/gatebook.db
    #[arg(
        long,
        env = "GATEBOOK_DATABASE_URL",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// The file with the key for digests and tokens, which is created at the first start. All nodes on one database
    /// need the same key. The environment variable GATEBOOK_KEY can hold the file's text instead. Default: gatebook.key
    /// among the credentials that systemd loads, or else DIR/gatebook.key
    #[arg(long, env = "GATEBOOK_KEY_FILE", value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,

    /// Creates a new, empty database although a key file exists, which means that there was a database before.
    #[arg(long, env = "GATEBOOK_NEW_DATABASE", value_parser = FalseyValueParser::new(), global = true)]
    pub new_database: bool,
}

impl DataOptions {
    pub fn database_url(&self) -> String {
        let default = || SqliteUrl::of(&self.data.join("gatebook.db"));
        self.database_url.clone().unwrap_or_else(default)
    }
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLineFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// How the server runs. No `Debug`, because the mail server's URL may contain a password.
#[derive(Args, Clone)]
pub struct ServerOptions {
    /// The address to listen on, such as 127.0.0.1:8080 or localhost:8080. A proxy in front has to terminate TLS.
    #[arg(long, env = "GATEBOOK_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: ListenAddress,

    /// The public URL of Gatebook, which is also the OAuth issuer. Default: http://ADDR
    #[arg(long, env = "GATEBOOK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Where e-mails go: file: (DIR/mail/*.eml), file:PATH, smtp://USER:PASSWORD@HOST:PORT?tls=required, or smtps://…
    #[arg(
        long,
        env = "GATEBOOK_MAIL",
        default_value = "file:",
        value_name = "URL",
        hide_env_values = true
    )]
    pub mail: String,

    /// A file with certificates (PEM) of authorities to trust for the mail server, in addition to the public ones.
    #[arg(long, env = "GATEBOOK_MAIL_CA", value_name = "FILE")]
    pub mail_ca: Option<PathBuf>,

    /// The sender of e-mails.
    #[arg(
        long,
        env = "GATEBOOK_MAIL_FROM",
        default_value = "Gatebook <gatebook@example.com>",
        value_name = "ADDRESS"
    )]
    pub mail_from: String,

    /// The e-mail address of the team that builds AIQ Integrate applications.
    #[arg(
        long,
        env = "GATEBOOK_INTEGRATION_TEAM",
        default_value = "integrations@example.com",
        value_name = "ADDRESS"
    )]
    pub integration_team: String,

    /// The WSDL address of the SOAP API, as shown to developers.
    #[arg(
        long,
        env = "GATEBOOK_WSDL_URL",
        default_value = "https://api.example.com/soap?wsdl",
        value_name = "URL"
    )]
    pub wsdl_url: String,

    /// The documentation of the SOAP API, as shown to developers.
    #[arg(
        long,
        env = "GATEBOOK_DOCUMENTATION_URL",
        default_value = "https://docs.example.com/api",
        value_name = "URL"
    )]
    pub documentation_url: String,

    /// Slows down failed credentials, and limits e-mails and applications. Turn it off for load tests only.
    #[arg(long, env = "GATEBOOK_THROTTLE", default_value = "on", value_name = "on|off")]
    pub throttle: ThrottleMode,

    /// The hourly limit of e-mails to one address, from all groups.
    #[arg(long, env = "GATEBOOK_EMAILS_PER_RECIPIENT", default_value = "20", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub emails_per_recipient: u32,

    /// The hourly limit of e-mails by one group user.
    #[arg(long, env = "GATEBOOK_EMAILS_PER_ADMIN", default_value = "100", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub emails_per_admin: u32,

    /// The hourly limit of e-mails by all users of a group together.
    #[arg(long, env = "GATEBOOK_EMAILS_PER_GROUP", default_value = "300", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub emails_per_group: u32,

    /// The limit of integration applications of a group, not counting revoked ones.
    #[arg(long, env = "GATEBOOK_APPLICATIONS_PER_GROUP", default_value = "1000", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub applications_per_group: u32,

    /// How long a connection may be silent, between requests or within one, before it is closed. It should be longer
    /// than the idle timeout of the proxy in front.
    #[arg(long, env = "GATEBOOK_IDLE_SECONDS", default_value = "75", value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub idle_seconds: u64,

    /// The header in which a trusted proxy names the client's address: X-Forwarded-For or similar, or Forwarded (RFC
    /// 7239). Set it only behind such a proxy.
    #[arg(long, env = "GATEBOOK_CLIENT_IP_HEADER", value_name = "NAME")]
    pub client_ip_header: Option<HeaderName>,

    /// The proxies to accept --client-ip-header from: addresses or networks such as 10.0.0.0/8, separated by commas. Of
    /// several addresses in the header, the right-most one that is not listed here counts. Default: proxies on this
    /// machine
    #[arg(long, env = "GATEBOOK_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',')]
    pub trusted_proxies: Vec<TrustedProxy>,

    /// Trusts this machine's clock although it is behind the last event in an SQLite file, or more than 400 days ahead
    /// of it. Set it for one start only; it is remembered.
    #[arg(long, env = "GATEBOOK_ACCEPT_CLOCK", value_parser = FalseyValueParser::new())]
    pub accept_clock: bool,

    /// Whether /gateway/authorize requires the credentials of a resource server, sent as X-Gateway-Authorization: Basic
    /// …
    #[arg(
        long,
        env = "GATEBOOK_GATEWAY_AUTH",
        default_value = "off",
        value_name = "off|required"
    )]
    pub gateway_auth: GatewayAuth,

    /// The status of /gateway/authorize while it cannot decide. Use 503 only for proxies that pass it on with its
    /// Retry-After.
    #[arg(
        long,
        env = "GATEBOOK_GATEWAY_UNAVAILABLE",
        default_value = "403",
        value_name = "403|503"
    )]
    pub gateway_unavailable: GatewayUnavailable,

    /// How much of what the gate decides by is held in memory, in MiB: about 1 KiB for each application in use, and 64 bytes
    /// for each of its entities. With 0 it is read from the database for each answer.
    #[arg(long, env = "GATEBOOK_GATE_MEMORY_MIB", default_value = "64", value_name = "N", value_parser = value_parser!(u32).range(..=65_536))]
    pub gate_memory_mib: u32,

    /// The host name in greetings to mail servers (EHLO). Default: the host of the public URL
    #[arg(long, env = "GATEBOOK_MAIL_HELO", value_name = "HOST")]
    pub mail_helo: Option<String>,

    /// How long to keep serving after SIGTERM while /readyz answers 503, so that load balancers stop sending requests
    /// here.
    #[arg(
        long,
        env = "GATEBOOK_DRAIN_SECONDS",
        default_value = "0",
        value_name = "N",
        value_parser = value_parser!(u64).range(..=3600)
    )]
    pub drain_seconds: u64,

    /// A separate address for operators. If set, /metrics, the operator pages and /operator/api/v1 are served only
    /// there.
    #[arg(long, env = "GATEBOOK_ADMIN_LISTEN", value_name = "ADDR")]
    pub admin_listen: Option<ListenAddress>,
}

impl ServerOptions {
    /// The proxies whose client address header is trusted.
    pub fn trusted_proxies(&self) -> Vec<TrustedProxy> {
        match self.trusted_proxies.as_slice() {
            [] => TrustedProxy::on_loopback(),
            listed => listed.to_vec(),
        }
    }
}
