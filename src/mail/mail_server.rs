//! A mail server, as named by the URL of `--mail`.

use std::fs;
use std::path::Path;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::error::MailError;
use super::tls_stream::ImplicitTls;

/// The mail server's address and how to talk to it. No `Debug`, because it may contain a password.
pub(super) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) privacy: TlsPolicy,
    pub(super) credentials: Option<Credentials>,
    /// The name for greeting it.
    pub(super) helo: ClientId,
}

/// How the connection is encrypted.
#[derive(Clone)]
pub(super) enum TlsPolicy {
    None,
    /// STARTTLS, if the server offers it (RFC 3207).
    Opportunistic(TlsParameters),
    /// STARTTLS, or nothing is sent.
    Required(TlsParameters),
    /// From the first byte (RFC 8314).
    Implicit(ImplicitTls),
}

/// The kinds of URLs, which differ in encryption and default port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Plain,
    Opportunistic,
    Required,
    Implicit,
}

impl MailServer {
    /// Parses a URL. `ca` is a file with authorities to trust in addition to the public ones.
    pub(super) fn from_url(url: &str, ca: Option<&Path>) -> Result<Self, MailError> {
        let parsed = Url::parse(url).map_err(|error| bad(&error.to_string()))?;
        let scheme = Scheme::of(&parsed).ok_or_else(|| bad("it is no such URL"))?;
        let host = host(&parsed)?;
        // A server would refuse a user without a password with an incomprehensible reason.
        if !parsed.username().is_empty() && parsed.password().is_none() {
            return Err(bad("there is a user, but no password"));
        }
        let is_private = matches!(scheme, Scheme::Required | Scheme::Implicit) || is_loopback(&parsed);
        if parsed.password().is_some() && !is_private {
            return Err(bad(
                "the password could be read on the way; use smtps:// or add ?tls=required",
            ));
        }
        if !matches!(parsed.path(), "" | "/") {
            return Err(bad("it has a path; the name to greet the server with is --mail-helo"));
        }
        Ok(Self {
            port: parsed.port().unwrap_or(scheme.port()),
            privacy: privacy(scheme, &host, ca)?,
            credentials: credentials(&parsed)?,
            host,
            helo: ClientId::default(),
        })
    }
}

impl Scheme {
    fn of(url: &Url) -> Option<Self> {
        let tls = url.query_pairs().find(|(name, _)| name == "tls");
        match (url.scheme(), tls.as_ref().map(|(_, value)| value.as_ref())) {
            ("smtp", None) => Some(Self::Plain),
            ("smtp", Some("opportunistic")) => Some(Self::Opportunistic),
            ("smtp", Some("required")) => Some(Self::Required),
            ("smtps", None) => Some(Self::Implicit),
            _ => None,
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Plain => 25,
            Self::Opportunistic | Self::Required => 587,
            Self::Implicit => 465,
        }
    }
}

fn bad(why: &str) -> MailError {
    MailError::BadUrl(why.to_owned())
}

/// The host for the resolver: international names in ASCII, IPv6 without brackets.
fn host(url: &Url) -> Result<String, MailError> {
    let written = url.host_str().filter(|host| !host.is_empty());
    let written = percent_decode_str(written.ok_or_else(|| bad("it names no host"))?);
    let host = written.decode_utf8().map_err(|_| bad("its host is no text"))?;
    let host = host.trim_matches(['[', ']']);
    match host.is_ascii() {
        true => Ok(host.to_owned()),
        false => idna::domain_to_ascii(host).map_err(|_| bad("its host is no name")),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailError> {
    let Some(password) = url.password() else {
        return Ok(None);
    };
    let plain = |text| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
    match (plain(url.username()), plain(password)) {
        (Ok(user), Ok(password)) => Ok(Some(Credentials::new(user, password))),
        _ => Err(bad("its user or password is no text")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The `url` crate does not parse hosts of schemes other than http.
        Some(Host::Domain(name)) => {
            let name = name.trim_matches(['[', ']']);
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn privacy(scheme: Scheme, host: &str, ca: Option<&Path>) -> Result<TlsPolicy, MailError> {
    let pem = ca.map(authorities).transpose()?;
    let parameters = || {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let (Some(pem), Some(ca)) = (&pem, ca) {
            let certificate = Certificate::from_pem(pem).map_err(|error| bad_authorities(ca, error.to_string()))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|error| bad(&error.to_string()))
    };
    Ok(match scheme {
        Scheme::Plain => TlsPolicy::None,
        Scheme::Opportunistic => TlsPolicy::Opportunistic(parameters()?),
        Scheme::Required => TlsPolicy::Required(parameters()?),
        Scheme::Implicit => TlsPolicy::Implicit(ImplicitTls::new(host, pem.as_deref())?),
    })
}

/// Reads a PEM file and checks that it contains a certificate.
fn authorities(ca: &Path) -> Result<Vec<u8>, MailError> {
    let pem = fs::read(ca).map_err(|error| bad_authorities(ca, error.to_string()))?;
    // lettre accepts a file without certificates.
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(bad_authorities(ca, "it holds no certificate".to_owned()));
    }
    Ok(pem)
}

fn bad_authorities(ca: &Path, error: String) -> MailError {
    MailError::BadAuthorities(format!("{}: {error}", ca.display()))
}
