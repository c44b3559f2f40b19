//! A mail server, as the URL of `--mail` names it.

use std::fs;
use std::path::Path;

use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::{Host, Url};

use super::transport::{MailError, SEND_TIMEOUT};

/// How the way to the server is made private.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Privacy {
    /// Not at all.
    None,
    /// By STARTTLS, if the server offers it (RFC 3207).
    Opportunistic,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// The server that a URL names; `ca` is a file with authorities to trust beside the public ones.
pub(super) fn mail_server(url: &str, ca: Option<&Path>) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let bad = |why: &str| MailError::BadUrl(why.to_owned());
    let parsed = Url::parse(url).map_err(|error| bad(&error.to_string()))?;
    let privacy = privacy(&parsed).ok_or_else(|| bad("it is no such URL"))?;
    // lettre would drop a user without a password, and then be refused for a reason that nobody understands.
    if !parsed.username().is_empty() && parsed.password().is_none() {
        return Err(bad("there is a user, but no password"));
    }
    let is_private = matches!(privacy, Privacy::Required | Privacy::Implicit) || is_loopback(&parsed);
    if parsed.password().is_some() && !is_private {
        return Err(bad(
            "the password could be read on the way; use smtps:// or add ?tls=required",
        ));
    }
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| bad(&error.to_string()))?;
    let server = match ca {
        Some(ca) => server.tls(tls(&parsed, privacy, ca)?),
        None => server,
    };
    Ok(server.timeout(Some(SEND_TIMEOUT)).build())
}

fn privacy(url: &Url) -> Option<Privacy> {
    let tls = url.query_pairs().find(|(name, _)| name == "tls");
    match (url.scheme(), tls.as_ref().map(|(_, value)| value.as_ref())) {
        ("smtp", None) => Some(Privacy::None),
        ("smtp", Some("opportunistic")) => Some(Privacy::Opportunistic),
        ("smtp", Some("required")) => Some(Privacy::Required),
        ("smtps", None) => Some(Privacy::Implicit),
        _ => None,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // The host of a URL that is not http's is not looked into.
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

fn tls(url: &Url, privacy: Privacy, ca: &Path) -> Result<Tls, MailError> {
    let bad = |error: String| MailError::BadAuthorities(format!("{}: {error}", ca.display()));
    let pem = fs::read(ca).map_err(|error| bad(error.to_string()))?;
    // lettre takes a file without any for one with none too many.
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(bad("it holds no certificate".to_owned()));
    }
    let certificate = Certificate::from_pem(&pem).map_err(|error| bad(error.to_string()))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let parameters = TlsParameters::builder(host).add_root_certificate(certificate).build();
    let parameters = parameters.map_err(|error| bad(error.to_string()))?;
    Ok(match privacy {
        Privacy::None => Tls::None,
        Privacy::Opportunistic => Tls::Opportunistic(parameters),
        Privacy::Required => Tls::Required(parameters),
        Privacy::Implicit => Tls::Wrapper(parameters),
    })
}
