//! Finds where user, hosts, database and parameters begin and end in a database URL, if that is certain.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use super::postgres_url_error::PostgresUrlError;

/// One way to read a URL. Only its form has been checked.
pub(super) struct Reading {
    pub user: Option<String>,
    pub password: Option<String>,
    pub places: Vec<HostAndPort>,
    pub database: Option<String>,
    pub parameters: Vec<(String, String)>,
}

/// A host and a port, each if named.
pub(super) struct HostAndPort {
    pub host: Option<String>,
    /// Digits only.
    pub port: Option<String>,
}

impl HostAndPort {
    pub fn port(&self) -> Result<Option<u16>, PostgresUrlError> {
        self.port.as_deref().map_or(Ok(None), Self::port_of)
    }

    /// Reads a port number. An empty port means libpq's default.
    pub fn port_of(digits: &str) -> Result<Option<u16>, PostgresUrlError> {
        if digits.is_empty() {
            return Ok(None);
        }
        let port = digits.trim().parse().ok().filter(|port| *port > 0);
        port.map(Some).ok_or(PostgresUrlError::Port)
    }
}

/// Reads the part after `postgres://`.
///
/// A password may contain any raw character, so every `@` could be its end. A reading is accepted only if exactly one
/// `@` gives hosts, a database and parameters in valid form: a wrong guess would send the password to the wrong host.
pub(super) fn the_only_reading(text: &str) -> Result<Reading, PostgresUrlError> {
    let ends = text.match_indices('@').map(|(at, _)| Some(at));
    let mut readings = std::iter::once(None).chain(ends).filter_map(|end| read(text, end));
    match (readings.next(), readings.next()) {
        (Some(reading), None) => Ok(reading),
        _ => Err(PostgresUrlError::Unreadable),
    }
}

/// Reads the URL assuming that user and password end at `end`.
fn read(text: &str, end: Option<usize>) -> Option<Reading> {
    let (user, rest) = match end {
        Some(end) => (Some(&text[..end]), &text[end + 1..]),
        None => (None, text),
    };
    let (user, password) = match user.map(|user| user.split_once(':').ok_or(user)) {
        None => (None, None),
        Some(Ok((user, password))) => (Some(user), Some(password)),
        Some(Err(user)) => (Some(user), None),
    };
    if user.is_some_and(|user| user.contains(['/', '?'])) {
        return None;
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
    if database.contains('/') {
        return None;
    }
    Some(Reading {
        user: optional(user)?,
        password: optional(password)?,
        places: hosts.split(',').map(place).collect::<Option<_>>()?,
        database: Some(decoded(database)?).filter(|database| !database.is_empty()),
        parameters: query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(parameter)
            .collect::<Option<_>>()?,
    })
}

fn optional(text: Option<&str>) -> Option<Option<String>> {
    text.map_or(Some(None), |text| decoded(text).map(Some))
}

/// `host`, `host:port`, `[address]:port`, `%2Ffolder%2Fof%2Fsocket`, or nothing.
fn place(text: &str) -> Option<HostAndPort> {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        let address = decoded(address)?;
        let without_zone = address.split('%').next().unwrap_or_default();
        without_zone.parse::<Ipv6Addr>().ok()?;
        let port = if port.is_empty() {
            None
        } else {
            Some(digits(port.strip_prefix(':')?)?)
        };
        return Some(HostAndPort {
            host: Some(address),
            port,
        });
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(digits(port)?)),
        None => (text, None),
    };
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || "-._~%".contains(letter);
    if !host.chars().all(is_of_a_name) {
        return None;
    }
    let host = Some(decoded(host)?).filter(|host| !host.is_empty());
    Some(HostAndPort { host, port })
}

fn digits(text: &str) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.to_owned())
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.[]".contains(letter);
    if name.is_empty() || !name.chars().all(is_of_a_name) {
        return None;
    }
    Some((name.to_owned(), decoded(value)?))
}

/// Decodes percent-encoding. As in libpq, `+` is a plus, and a `%` without two hexadecimal digits is an error.
fn decoded(text: &str) -> Option<String> {
    let is_byte = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if !text.match_indices('%').all(|(at, _)| is_byte(&text[at + 1..])) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}
