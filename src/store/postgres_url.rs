//! The URL of a PostgreSQL database, read as libpq reads it: several hosts, sockets, lists in the query. Where libpq
//! would misread it, for example a raw `/` in a password, the URL is read correctly if only one reading is possible;
//! otherwise it is refused with advice on how to write it. No error shows any part of the URL that could belong to a
//! password.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::hosts::hosts_of;
use super::postgres_url_error::{PostgresUrlError, TargetSession};
use super::postgres_url_parameters::{Parameters, parameters};
use super::postgres_url_reading::{HostAndPort, Reading, the_only_reading};

/// PostgreSQL's port when none is named.
const DEFAULT_PORT: u16 = 5432;
/// The folders where PostgreSQL's packages put the server's socket.
const SOCKET_FOLDERS: [&str; 3] = ["/run/postgresql", "/var/run/postgresql", "/tmp"];
/// The name that the server shows for our connections, unless the URL gives another.
const APPLICATION_NAME: &str = "gatebook";

/// A parsed database URL: how to connect to each of its hosts, in the URL's order.
///
/// A URL without a host means libpq's default: `PGHOST`, else the socket of a local server, else `localhost`. Blank
/// environment variables count as unset. `application_name` is always set.
///
/// These libpq parameters take effect: `host`, `hostaddr` (instead of `host`), `port`, `dbname`, `user`, `password`,
/// `sslmode`, `ssl=true`, `sslrootcert`, `sslcert`, `sslkey`, `application_name`, `options` and `target_session_attrs`.
/// These are accepted without effect, because Gatebook has its own limits and its own order: `connect_timeout`,
/// `keepalives` and its siblings, `tcp_user_timeout`, `load_balance_hosts`, `fallback_application_name`, `sslsni`,
/// `sslcompression`. These are accepted only with values that ask for nothing: `client_encoding`, `gssencmode`,
/// `channel_binding`, `sslnegotiation`, `ssl_min_protocol_version`. All others are refused by name, so that no demand
/// is silently ignored.
#[derive(Clone)]
pub struct PostgresUrl {
    hosts: Vec<PgConnectOptions>,
    target: TargetSession,
}

impl PostgresUrl {
    /// Reads a URL that begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    /// What is wrong with the URL, without the password.
    pub fn parse(url: &str) -> Result<Self, PostgresUrlError> {
        Self::parse_beside(url, &|name| std::env::var(name).ok())
    }

    /// Like `parse`, with a given environment, which names the server when the URL does not.
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

    /// How to connect to each host. Never empty.
    pub fn hosts(&self) -> &[PgConnectOptions] {
        &self.hosts
    }

    /// Which of the hosts is wanted.
    pub fn target(&self) -> TargetSession {
        self.target
    }
}

/// Shows neither user nor password.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(postgres_address).collect();
        let mut shown = f.debug_struct("PostgresUrl");
        shown.field("hosts", &hosts).field("target", &self.target).finish()
    }
}

/// A server's address for people: `host:port`, or the path of its socket.
pub fn postgres_address(options: &PgConnectOptions) -> String {
    let (host, port) = (options.get_host(), options.get_port());
    match options.get_socket() {
        Some(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
        None if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
        None if host.contains(':') => format!("[{host}]:{port}"),
        None => format!("{host}:{port}"),
    }
}

/// Hosts and ports. Those in the query take precedence over those before the path, and both over the environment.
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

fn ports_of(list: &str) -> Result<Vec<Option<u16>>, PostgresUrlError> {
    list.split(',').map(HostAndPort::port_of).collect()
}

/// The folder of a local server's socket, if there is one, otherwise `localhost`.
fn local_server(port: u16) -> String {
    let socket = format!(".s.PGSQL.{port}");
    let mut folders = SOCKET_FOLDERS.into_iter();
    folders
        .find(|folder| Path::new(folder).join(&socket).exists())
        .unwrap_or("localhost")
        .to_owned()
}

/// The options that all hosts share. An empty user or password counts as absent.
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

/// Gives sqlx percent-encoded values only, so that it has nothing to guess. sqlx adds the password from `.pgpass` for
/// this host.
fn options(host: &str, port: u16, pairs: &[(&str, &str)]) -> Result<PgConnectOptions, PostgresUrlError> {
    let mut query = form_urlencoded::Serializer::new("postgres:///?".to_owned());
    query.append_pair("host", host).append_pair("port", &port.to_string());
    query.extend_pairs(pairs);
    if !pairs.iter().any(|(name, _)| *name == "application_name") {
        query.append_pair("application_name", APPLICATION_NAME);
    }
    let options = PgConnectOptions::from_str(&query.finish()).map_err(|_| PostgresUrlError::Unreadable)?;
    // Gatebook reads no floating-point numbers, and pgbouncer refuses this start-up parameter.
    Ok(options.extra_float_digits(None))
}

#[cfg(test)]
mod tests;
