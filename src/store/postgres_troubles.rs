//! Explains to the operator why a connection to PostgreSQL failed: what is wrong, where, and what to check. No sentence
//! contains a password.

use std::io::ErrorKind;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::error::NO_SESSION;
use super::postgres_url::postgres_address;

pub fn trouble(host: &PgConnectOptions, error: &sqlx::Error) -> String {
    let at = postgres_address(host);
    match error {
        sqlx::Error::Io(error) => of_the_network(host, error, &at),
        sqlx::Error::Tls(error) => of_tls(&error.to_string(), &at),
        sqlx::Error::Database(error) => of_the_server(host, &**error, &at),
        sqlx::Error::PoolTimedOut => no_answer(host),
        sqlx::Error::Protocol(error) => {
            format!("what answers at {at} does not speak as PostgreSQL does ({error}); look at host and port")
        }
        // For example, a certificate without its key.
        sqlx::Error::Configuration(error) => format!("the settings for {at} cannot be used: {error}"),
        other => format!("{at}: {other}"),
    }
}

/// The message for a host that did not answer in time.
pub fn no_answer(host: &PgConnectOptions) -> String {
    let at = postgres_address(host);
    format!("{at} does not answer in time; is the server up, and does a firewall let this machine reach it?")
}

fn of_the_network(host: &PgConnectOptions, error: &std::io::Error, at: &str) -> String {
    let is_socket = at.starts_with('/');
    match error.kind() {
        ErrorKind::ConnectionRefused if is_socket => {
            format!("nothing listens on the socket {at} (connection refused); is PostgreSQL running?")
        }
        ErrorKind::ConnectionRefused => {
            format!("nothing listens at {at} (connection refused); is PostgreSQL running there, and is the port right?")
        }
        ErrorKind::NotFound if is_socket => {
            format!("there is no socket {at}; is PostgreSQL running, and are folder and port right?")
        }
        // The URL's TLS files: no other file is opened.
        ErrorKind::NotFound => format!("a file that the database URL names for TLS is missing: {error}"),
        ErrorKind::PermissionDenied => format!("{at} may not be used by this user of the machine: {error}"),
        ErrorKind::TimedOut => no_answer(host),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            format!("{at} ended the connection before it began; is it PostgreSQL, and does it let this machine in?")
        }
        // std has no stable error kind for a failed name lookup.
        _ if error.to_string().contains("lookup address") => {
            format!("the host name {} is not known: {error}", host.get_host())
        }
        _ => format!("{at} cannot be reached: {error}"),
    }
}

fn of_tls(error: &str, at: &str) -> String {
    if error.contains("does not support TLS") {
        return format!(
            "the server at {at} takes no TLS, which the database URL's sslmode demands; turn it on there (ssl = on)"
        );
    }
    format!("{at}: TLS failed: {error}; look at sslmode and sslrootcert in the database URL")
}

/// Codes as in PostgreSQL's manual, appendix A.
fn of_the_server(host: &PgConnectOptions, error: &dyn DatabaseError, at: &str) -> String {
    let (said, user) = (error.message(), host.get_username());
    // PostgreSQL's default when the URL names no database.
    let database = host.get_database().unwrap_or(user);
    let code = error.code().unwrap_or_default();
    match &*code {
        "53300" => format!(
            "{at} has no connection left (too many clients): raise max_connections there, or let fewer nodes connect \
             ({said})"
        ),
        "3D000" => format!("there is no database {database} at {at}; look at the database URL ({said})"),
        "28P01" => format!("{at} does not let {user} in: the password is wrong, or missing ({said})"),
        "28000" if said.contains("no encryption") && !wants_tls(host) => {
            format!("{at} takes {user} over TLS only; put sslmode=require into the database URL ({said})")
        }
        "28000" => {
            format!("{at} does not let {user} in: there is no such role, or pg_hba.conf does not admit it ({said})")
        }
        "42501" => format!("{user} may not connect to the database {database} at {at} ({said})"),
        "57P03" => format!("{at} is starting, stopping or recovering; try again in a moment ({said})"),
        "42P05" | "26000" => format!("{at}: {NO_SESSION}"),
        _ if said.contains("statement pooling") => format!("{at}: {NO_SESSION}"),
        "08P01" if said.contains("startup parameter") => format!(
            "{at} is a connection pooler that refuses what the database URL's `options` ask for; take them out ({said})"
        ),
        _ => format!("{at} refuses the connection: {said}"),
    }
}

fn wants_tls(host: &PgConnectOptions) -> bool {
    !matches!(host.get_ssl_mode(), PgSslMode::Disable | PgSslMode::Allow)
}
