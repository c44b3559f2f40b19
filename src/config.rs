//! What an installation sets: flags, each with an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::HeaderName;
use clap::{Args, ValueEnum, value_parser};

use crate::throttle::ThrottleMode;

/// Where the data are. Not for `Debug`: the database's address may hold a password.
#[derive(Args, Clone)]
pub struct DataOptions {
    /// Folder with the keys, the default database and, unless told otherwise, the mails.
    #[arg(
        long,
        env = "GATEBOOK_DATA",
        default_value = "gatebook-data",
        value_name = "DIR",
        global = true
    )]
    pub data: PathBuf,

    /// The database: sqlite://PATH or postgres://USER@HOST/NAME. Default: DIR/gatebook.db
    #[arg(
        long,
        env = "GATEBOOK_DATABASE_URL",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// The file with the key that digests and tokens are made with; made at the first start. All nodes on one database
    /// need the same one. Default: DIR/gatebook.key
    #[arg(long, env = "GATEBOOK_KEY_FILE", value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,
}

impl DataOptions {
    /// The database's URL.
    pub fn database_url(&self) -> String {
        let default = || format!("sqlite://{}", self.data.join("gatebook.db").display());
        self.database_url.clone().unwrap_or_else(default)
    }

    /// The key's file.
    pub fn key_file(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data.join("gatebook.key"))
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// How the server runs. Not for `Debug`: the mail server's address may hold a password.
#[derive(Args, Clone)]
pub struct ServerOptions {
    /// The address to listen on. TLS ends at a proxy in front.
    #[arg(long, env = "GATEBOOK_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,

    /// Where people and programs reach Gatebook; also the OAuth issuer. Default: http://ADDR
    #[arg(long, env = "GATEBOOK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Where mails go: file: (DIR/mail/*.eml), file:PATH, smtp://USER:PASSWORD@HOST:PORT?tls=required, or smtps://…
    #[arg(
        long,
        env = "GATEBOOK_MAIL",
        default_value = "file:",
        value_name = "URL",
        hide_env_values = true
    )]
    pub mail: String,

    /// A file with certificates (PEM) of authorities that may vouch for the mail server, beside the public ones.
    #[arg(long, env = "GATEBOOK_MAIL_CA", value_name = "FILE")]
    pub mail_ca: Option<PathBuf>,

    /// The sender of mails.
    #[arg(
        long,
        env = "GATEBOOK_MAIL_FROM",
        default_value = "Gatebook <gatebook@example.com>",
        value_name = "ADDRESS"
    )]
    pub mail_from: String,

    /// The mailbox of the team that builds AIQ Integrate applications.
    #[arg(
        long,
        env = "GATEBOOK_INTEGRATION_TEAM",
        default_value = "integrations@example.com",
        value_name = "ADDRESS"
    )]
    pub integration_team: String,

    /// The WSDL address of the SOAP API that developers are shown.
    #[arg(
        long,
        env = "GATEBOOK_WSDL_URL",
        default_value = "https://api.example.com/soap?wsdl",
        value_name = "URL"
    )]
    pub wsdl_url: String,

    /// The documentation of the SOAP API that developers are shown.
    #[arg(
        long,
        env = "GATEBOOK_DOCUMENTATION_URL",
        default_value = "https://docs.example.com/api",
        value_name = "URL"
    )]
    pub documentation_url: String,

    /// Whether failed credentials are slowed down; off for load tests only.
    #[arg(long, env = "GATEBOOK_THROTTLE", default_value = "on", value_name = "on|off")]
    pub throttle: ThrottleMode,

    /// How long a connection may be silent before it is closed. More than the proxy in front keeps idle ones.
    #[arg(long, env = "GATEBOOK_IDLE_SECONDS", default_value = "75", value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub idle_seconds: u64,

    /// The header in which a trusted proxy names the client's address, e.g. X-Forwarded-For. Only with such a proxy.
    #[arg(long, env = "GATEBOOK_CLIENT_IP_HEADER", value_name = "NAME")]
    pub client_ip_header: Option<HeaderName>,

    /// After SIGTERM: how long to go on serving while /readyz says 503, so that whatever distributes requests stops sending
    /// them here.
    #[arg(
        long,
        env = "GATEBOOK_DRAIN_SECONDS",
        default_value = "0",
        value_name = "N",
        value_parser = value_parser!(u64).range(..=3600)
    )]
    pub drain_seconds: u64,

    /// Another address for operators alone. With it, /metrics, the operator pages and /operator/api/v1 are there and
    /// nowhere else.
    #[arg(long, env = "GATEBOOK_ADMIN_LISTEN", value_name = "ADDR")]
    pub admin_listen: Option<String>,
}
