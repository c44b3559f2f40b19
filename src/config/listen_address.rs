//! An address to listen on: an IP address or a name such as `localhost`, with a port.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use thiserror::Error;
use tokio::net::{TcpListener, lookup_host};

use crate::web::loopback::is_loopback;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    Address(SocketAddr),
    /// A host name and a port. The name is resolved when listening starts.
    Name {
        host: String,
        /// The port; 0 lets the system choose.
        port: u16,
    },
}

/// The text is not an address to listen on.
#[derive(Debug, Error)]
#[error("write an address and a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080")]
pub struct NoListenAddress;

impl ListenAddress {
    /// Listens on the address. For a name it uses the first available address, IPv4 before IPv6: all clients try IPv4,
    /// and not all try IPv6.
    ///
    /// # Errors
    /// The name has no address, or the address is in use or not of this machine.
    pub async fn listen(&self) -> io::Result<TcpListener> {
        match self {
            Self::Address(address) => TcpListener::bind(address).await,
            Self::Name { host, port } => {
                let mut addresses: Vec<SocketAddr> = lookup_host((host.as_str(), *port)).await?.collect();
                addresses.sort_by_key(SocketAddr::is_ipv6);
                TcpListener::bind(addresses.as_slice()).await
            }
        }
    }
}

impl ListenAddress {
    /// Whether only programs on this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.ip().is_loopback(),
            Self::Name { host, .. } => is_loopback(host),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl FromStr for ListenAddress {
    type Err = NoListenAddress;

    fn from_str(text: &str) -> Result<Self, NoListenAddress> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self::Address(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoListenAddress)?;
        let is_name = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(is_name) {
            return Err(NoListenAddress);
        }
        let port = port.parse().map_err(|_| NoListenAddress)?;
        Ok(Self::Name {
            host: host.to_owned(),
            port,
        })
    }
}

impl Display for ListenAddress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::Name { host, port } => write!(formatter, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_understood_and_shown_as_they_were_written() {
        for text in ["127.0.0.1:8080", "[::1]:8080", "0.0.0.0:0"] {
            let address: ListenAddress = text.parse().unwrap();
            assert!(matches!(address, ListenAddress::Address(_)), "{text}");
            assert_eq!(address.to_string(), text);
        }
        for text in ["localhost:8080", "gate-1.internal.example:80"] {
            let address: ListenAddress = text.parse().unwrap();
            assert!(matches!(address, ListenAddress::Name { .. }), "{text}");
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            "localhost",
            ":8080",
            "8080",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "http://localhost:80",
            "::1:80:x",
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err();
            assert!(error.to_string().contains("localhost:8080"), "{text}");
        }
    }

    #[tokio::test]
    async fn localhost_is_listened_on_at_the_loopback_address() {
        let address: ListenAddress = "localhost:0".parse().unwrap();
        let listener = address.listen().await.unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }
}
