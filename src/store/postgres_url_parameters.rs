//! What each parameter of a database URL is used for.

use super::hosts::are_addresses;
use super::postgres_url_error::{PostgresUrlError, TargetSession};

/// The checked parameters of a URL.
pub(super) struct Parameters {
    known: Vec<(&'static str, String)>,
    pub target: TargetSession,
}

#[derive(Clone, Copy)]
enum ParameterUse {
    /// sqlx applies it.
    Passed,
    /// It says where the server is, or which of several to use.
    Where,
    /// Accepted without effect: Gatebook settles this itself.
    Ignored,
    /// Accepted without effect if it has one of these values; otherwise refused with this advice.
    Only(&'static [&'static str], &'static str),
}

const NAMES: &[(&str, ParameterUse)] = &[
    ("user", ParameterUse::Passed),
    ("password", ParameterUse::Passed),
    ("dbname", ParameterUse::Passed),
    ("sslmode", ParameterUse::Passed),
    ("sslrootcert", ParameterUse::Passed),
    ("sslcert", ParameterUse::Passed),
    ("sslkey", ParameterUse::Passed),
    ("application_name", ParameterUse::Passed),
    ("options", ParameterUse::Passed),
    ("host", ParameterUse::Where),
    ("hostaddr", ParameterUse::Where),
    ("port", ParameterUse::Where),
    ("target_session_attrs", ParameterUse::Where),
    ("connect_timeout", ParameterUse::Ignored),
    ("keepalives", ParameterUse::Ignored),
    ("keepalives_idle", ParameterUse::Ignored),
    ("keepalives_interval", ParameterUse::Ignored),
    ("keepalives_count", ParameterUse::Ignored),
    ("tcp_user_timeout", ParameterUse::Ignored),
    ("load_balance_hosts", ParameterUse::Ignored),
    ("fallback_application_name", ParameterUse::Ignored),
    ("sslsni", ParameterUse::Ignored),
    ("sslcompression", ParameterUse::Ignored),
    (
        "ssl",
        ParameterUse::Only(&["true"], "can only be true, which means sslmode=require"),
    ),
    (
        "client_encoding",
        ParameterUse::Only(&["auto", "utf8", "UTF8", "utf-8", "UTF-8"], "can only be UTF8"),
    ),
    (
        "gssencmode",
        ParameterUse::Only(
            &["disable", "prefer"],
            "can only be disable or prefer: Gatebook speaks no GSSAPI",
        ),
    ),
    (
        "channel_binding",
        ParameterUse::Only(
            &["disable", "prefer"],
            "can only be disable or prefer: Gatebook cannot bind channels; sslmode=verify-full makes sure of the server",
        ),
    ),
    (
        "sslnegotiation",
        ParameterUse::Only(&["postgres"], "can only be postgres"),
    ),
    (
        "ssl_min_protocol_version",
        ParameterUse::Only(
            &["TLSv1", "TLSv1.1", "TLSv1.2"],
            "can be TLSv1.2 at most; Gatebook takes 1.3 where the server has it, and never less than 1.2",
        ),
    ),
];
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Checks the parameters of a URL.
pub(super) fn parameters(found: &[(String, String)]) -> Result<Parameters, PostgresUrlError> {
    let mut known: Vec<(&'static str, String)> = Vec::with_capacity(found.len());
    for (name, value) in found {
        let Some((name, what)) = NAMES.iter().find(|(one, _)| one == name) else {
            return Err(PostgresUrlError::UnknownParameter(name.clone()));
        };
        if known.iter().any(|(one, _)| one == name) {
            return Err(PostgresUrlError::Twice((*name).to_owned()));
        }
        if let ParameterUse::Only(values, advice) = what
            && !values.contains(&value.as_str())
        {
            return Err(PostgresUrlError::Value { name, advice });
        }
        known.push((name, value.clone()));
    }
    // As in libpq, a root certificate makes `require` verify the server's certificate.
    let names_authority = known.iter().any(|(name, _)| *name == "sslrootcert");
    for (name, value) in &mut known {
        if *name == "sslmode" && value == "require" && names_authority {
            *value = "verify-ca".to_owned();
        }
    }
    let target = target(&known)?;
    let parameters = Parameters { known, target };
    parameters.check_tls()?;
    Ok(parameters)
}

fn target(known: &[(&'static str, String)]) -> Result<TargetSession, PostgresUrlError> {
    let wanted = known.iter().find(|(name, _)| *name == "target_session_attrs");
    match wanted.map(|(_, value)| value.as_str()) {
        None | Some("any") => Ok(TargetSession::Any),
        Some("read-write") => Ok(TargetSession::ReadWrite),
        Some("primary") => Ok(TargetSession::Primary),
        Some(_) => Err(PostgresUrlError::Value {
            name: "target_session_attrs",
            advice: "can be read-write, primary or any: Gatebook decides by the server that takes writes, never by a \
                     standby",
        }),
    }
}

impl Parameters {
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.known.iter().find(|(one, _)| *one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The list of hosts from `host` or `hostaddr`.
    pub fn hosts(&self) -> Result<Option<&str>, PostgresUrlError> {
        let address = self.value("hostaddr");
        let advice = match (self.value("host"), address) {
            (Some(_), Some(_)) => "cannot stand beside `host`: name one of them",
            (None, Some(list)) if !are_addresses(list) => "must be an IP address, or several with commas in between",
            (host, address) => return Ok(host.or(address).filter(|list| !list.is_empty())),
        };
        let name = "hostaddr";
        Err(PostgresUrlError::Value { name, advice })
    }

    /// The parameters that sqlx applies.
    pub fn passed(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let is_passed = |wanted: &str| {
            let found = NAMES.iter().find(|(name, _)| *name == wanted);
            matches!(found, Some((_, ParameterUse::Passed)))
        };
        let passed = self.known.iter().filter(move |(name, _)| is_passed(name));
        let tls = self.value("ssl").filter(|_| self.value("sslmode").is_none());
        let tls = tls.map(|_| ("sslmode", "require"));
        passed.map(|(name, value)| (*name, value.as_str())).chain(tls)
    }

    fn check_tls(&self) -> Result<(), PostgresUrlError> {
        if self.value("sslmode").is_some_and(|mode| !SSL_MODES.contains(&mode)) {
            return Err(PostgresUrlError::Value {
                name: "sslmode",
                advice: "can be disable, allow, prefer, require, verify-ca or verify-full",
            });
        }
        if self.value("sslrootcert") == Some("system") {
            return Err(PostgresUrlError::Value {
                name: "sslrootcert",
                advice: "must be a file; without it the public authorities that this program brings along are trusted",
            });
        }
        Ok(())
    }
}
