//! The URL of a PostgreSQL database, read as libpq reads it: several hosts, sockets, lists in the query. What libpq
//! would misread, such as a raw `/` in a password, is read rightly where it can mean one thing only, and otherwise
//! refused with a sentence that says how to write it. No error holds a piece of the URL that could be of a password.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use thiserror::Error;

use super::postgres_url_parameters::{Parameters, parameters};
use super::postgres_url_reading::{HostAndPort, Reading, the_only_reading};

/// The port of PostgreSQL where none is named.
const DEFAULT_PORT: u16 = 5432;
/// Where PostgreSQL's packages put the server's socket.
const SOCKET_FOLDERS: [&str; 3] = ["/run/postgresql", "/var/run/postgresql", "/tmp"];
/// What the server's lists show where the URL gives no other name.
const APPLICATION_NAME: &str = "gatebook";

/// A database URL, taken apart: how to connect to each of its hosts, in the order of the URL.
///
/// Without a host it is libpq's default: `PGHOST`, else the socket of a local server, else `localhost`. Blank
/// environment variables count as not set. A name for the server's lists (`application_name`) is always set.
///
/// Of libpq's parameters these are carried out: `host`, `hostaddr` (instead of `host`), `port`, `dbname`, `user`,
/// `password`, `sslmode`, `ssl=true`, `sslrootcert`, `sslcert`, `sslkey`, `application_name`, `options` and
/// `target_session_attrs`. These are accepted and have no effect, because Gatebook has limits and an order of its own:
/// `connect_timeout`, `keepalives` and its siblings, `tcp_user_timeout`, `load_balance_hosts`,
/// `fallback_application_name`, `sslsni`, `sslcompression`. These are accepted with the values that ask for nothing:
/// `client_encoding`, `gssencmode`, `channel_binding`, `sslnegotiation`, `ssl_min_protocol_version`. All others are
/// refused by name; a demand that nobody meets must not look met.
#[derive(Clone)]
pub struct PostgresUrl {
    hosts: Vec<PgConnectOptions>,
    target: TargetSession,
}

/// Which server is wanted where several are named. Gatebook needs the one that takes writes, whatever is wanted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSession {
    /// Nothing was said, or `any`.
    #[default]
    Any,
    /// `read-write`: one whose transactions may write.
    ReadWrite,
    /// `primary`: one that is not in recovery.
    Primary,
}

/// Why a database URL cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PostgresUrlError {
    /// It follows no known form, or more than one.
    #[error(
        "the database URL cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE and \
         percent-encode in user and password what has a meaning of its own: `/` is %2F, `@` is %40, `#` is %23, `?` is \
         %3F, `:` is %3A, `%` is %25"
    )]
    Unreadable,
    /// A port that is none.
    #[error("a port in the database URL is not a number from 1 to 65535")]
    Port,
    /// Lists of hosts and ports that do not fit.
    #[error("the database URL names {hosts} hosts and {ports} ports; name one port for all, or one for each host")]
    Ports {
        /// How many hosts.
        hosts: usize,
        /// How many ports.
        ports: usize,
    },
    /// A gap in the list of hosts.
    #[error("the database URL has a comma too many in its list of hosts: one of them is empty")]
    EmptyHost,
    /// A parameter that nobody would carry out.
    #[error("the database URL has a parameter `{0}`, which Gatebook does not know")]
    UnknownParameter(String),
    /// A parameter that is there twice.
    #[error("the database URL has the parameter `{0}` twice")]
    Twice(String),
    /// A known parameter with a value that cannot be carried out.
    #[error("the database URL's parameter `{name}` {advice}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        advice: &'static str,
    },
}

impl PostgresUrl {
    /// Reads a URL that begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    /// What is wrong with it, without the password.
    pub fn parse(url: &str) -> Result<Self, PostgresUrlError> {
        Self::parse_beside(url, &|name| std::env::var(name).ok())
    }

    /// The same with an environment of the caller's choice, which says where the server is when the URL does not.
    pub(super) fn parse_beside(
        url: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, PostgresUrlError> {
        let url = url.trim();
        let text = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or(PostgresUrlError::Unreadable)?;
        let reading = the_only_reading(text)?;
        let parameters = parameters(&reading.parameters)?;
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let places = places(&reading, &parameters, &set)?;
        let pairs = pairs(&reading, &parameters);
        let hosts = places.iter().map(|(host, port)| options(host, *port, &pairs));
        Ok(Self {
            hosts: hosts.collect::<Result<_, _>>()?,
            target: parameters.target,
        })
    }

    /// How to connect to each host. There is at least one.
    pub fn hosts(&self) -> &[PgConnectOptions] {
        &self.hosts
    }

    /// Which of them is wanted.
    pub fn target(&self) -> TargetSession {
        self.target
    }
}

/// Without user and password.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(postgres_address).collect();
        let mut shown = f.debug_struct("PostgresUrl");
        shown.field("hosts", &hosts).field("target", &self.target).finish()
    }
}

/// Where a server is, for people: `host:port`, or the path of its socket.
pub fn postgres_address(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    match options.get_socket() {
        Some(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
        None if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
        None if host.contains(':') => format!("[{host}]:{port}"),
        None => format!("{host}:{port}"),
    }
}

/// Hosts and ports: the query's before those that stand in front of the path, and both before the environment's.
fn places(
    reading: &Reading,
    parameters: &Parameters,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, u16)>, PostgresUrlError> {
    let mut hosts: Vec<Option<String>> = match parameters.hosts()? {
        Some(list) => hosts_of(list),
        None => reading.places.iter().map(|place| place.host.clone()).collect(),
    };
    if hosts.iter().all(Option::is_none)
        && let Some(list) = environment("PGHOSTADDR").or_else(|| environment("PGHOST"))
    {
        hosts = hosts_of(&list);
    }
    let ports = match parameters.value("port") {
        Some(list) => ports_of(list)?,
        None if reading.places.iter().any(|place| place.port.is_some()) => {
            reading.places.iter().map(HostAndPort::port).collect::<Result<_, _>>()?
        }
        None => environment("PGPORT").map_or(Ok(vec![None]), |list| ports_of(&list))?,
    };
    if hosts.len() > 1 && hosts.contains(&None) {
        return Err(PostgresUrlError::EmptyHost);
    }
    if ports.len() != 1 && ports.len() != hosts.len() {
        let (hosts, ports) = (hosts.len(), ports.len());
        return Err(PostgresUrlError::Ports { hosts, ports });
    }
    let ports = ports.iter().cycle().map(|port| port.unwrap_or(DEFAULT_PORT));
    let places = hosts.into_iter().zip(ports);
    Ok(places
        .map(|(host, port)| (host.unwrap_or_else(|| local_server(port)), port))
        .collect())
}

fn hosts_of(list: &str) -> Vec<Option<String>> {
    let hosts = list.split(',').map(|host| {
        let without = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        without.unwrap_or(host).trim()
    });
    hosts
        .map(|host| Some(host.to_owned()).filter(|host| !host.is_empty()))
        .collect()
}

fn ports_of(list: &str) -> Result<Vec<Option<u16>>, PostgresUrlError> {
    list.split(',').map(HostAndPort::port_of).collect()
}

/// The socket of a server on this machine, if there is one.
fn local_server(port: u16) -> String {
    let socket = format!(".s.PGSQL.{port}");
    let mut folders = SOCKET_FOLDERS.into_iter();
    folders
        .find(|folder| Path::new(folder).join(&socket).exists())
        .unwrap_or("localhost")
        .to_owned()
}

/// What is the same for all hosts. In the query as in front of it, an empty user or password is none.
fn pairs<'a>(reading: &'a Reading, parameters: &'a Parameters) -> Vec<(&'a str, &'a str)> {
    let before = [
        ("user", &reading.user),
        ("password", &reading.password),
        ("dbname", &reading.database),
    ];
    let before = before
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)));
    before
        .filter(|(name, _)| parameters.value(name).is_none())
        .chain(parameters.passed())
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// sqlx gets all of it percent-encoded, so that it has nothing to guess; it adds what `.pgpass` knows of this host.
fn options(host: &str, port: u16, pairs: &[(&str, &str)]) -> Result<PgConnectOptions, PostgresUrlError> {
    let mut query = form_urlencoded::Serializer::new("postgres:///?".to_owned());
    query.append_pair("host", host).append_pair("port", &port.to_string());
    query.extend_pairs(pairs);
    if !pairs.iter().any(|(name, _)| *name == "application_name") {
        query.append_pair("application_name", APPLICATION_NAME);
    }
    let options = PgConnectOptions::from_str(&query.finish()).map_err(|_| PostgresUrlError::Unreadable)?;
    // Nobody reads floating-point numbers, and pgbouncer refuses connections that ask for more digits of them.
    Ok(options.extra_float_digits(None))
}

/// Whether all of them are addresses, as `hostaddr` wants them.
pub(super) fn are_addresses(list: &str) -> bool {
    hosts_of(list)
        .iter()
        .all(|host| host.as_deref().is_some_and(|host| host.parse::<IpAddr>().is_ok()))
}

#[cfg(test)]
mod tests;
