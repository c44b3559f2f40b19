//! The client's address: that of the connection, or the one that a trusted proxy names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

use crate::web::forwarded;
use crate::web::forwarded::Hop;

/// The header in which trusted proxies name the client's address, and the list of these proxies. Clones share what has
/// been warned about.
#[derive(Clone, Debug, Default)]
pub struct ClientAddressHeader {
    name: Option<HeaderName>,
    proxies: Arc<[TrustedProxy]>,
    has_warned: Arc<Warned>,
}

/// The warnings that have been logged. Each is logged once per process, because clients could otherwise fill the log.
#[derive(Debug, Default)]
struct Warned {
    /// About a proxy that is not listed.
    of_stranger: AtomicBool,
    /// About a proxy whose header cannot be read.
    of_unreadable: AtomicBool,
}

/// A trusted proxy or network of proxies: an address, or a network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

/// A client's address. As a text it is empty if it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress(Option<IpAddr>);

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| address.fmt(f))
    }
}

/// The text is neither an address nor a network.
#[derive(Debug, Error)]
#[error("“{0}” is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8")]
pub struct NoTrustedProxy(String);

impl FromStr for TrustedProxy {
    type Err = NoTrustedProxy;

    fn from_str(text: &str) -> Result<Self, NoTrustedProxy> {
        let text = text.trim();
        let network = text.parse::<IpNet>().ok();
        let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network.map(Self).ok_or_else(|| NoTrustedProxy(text.to_owned()))
    }
}

impl TrustedProxy {
    /// The proxies on this machine, which are trusted by default: 127.0.0.0/8 and ::1.
    pub fn on_loopback() -> Vec<Self> {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        let v6 = Ipv6Net::from(Ipv6Addr::LOCALHOST);
        vec![Self(v4.into()), Self(v6.into())]
    }
}

impl ClientAddressHeader {
    /// Reads this header, but only from these proxies.
    pub fn new(name: Option<HeaderName>, proxies: Vec<TrustedProxy>) -> Self {
        Self {
            name,
            proxies: proxies.into(),
            has_warned: Arc::default(),
        }
    }

    /// The client's address: the right-most one in the header that is not a trusted proxy's. Without the header, or if
    /// the connection is not from a trusted proxy, it is the connection's address. Empty if unknown.
    pub fn of(&self, request: &Request) -> ClientAddress {
        let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = connection.map(|ConnectInfo(peer)| peer.ip().to_canonical());
        ClientAddress(peer.map(|peer| self.client_behind(peer, request.headers())))
    }

    /// Walks from the connection towards the client, as long as the writer of the next address is trusted. An entry
    /// without an address ends the walk, because anybody could have written what stands before it.
    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let Some(name) = self.name.as_ref().filter(|name| headers.contains_key(*name)) else {
            return peer;
        };
        if !self.trusts(peer) {
            self.warn_of_stranger(peer, name);
            return peer;
        }
        let mut client = peer;
        for hop in hops(headers, name).into_iter().rev() {
            match hop {
                Hop::Address(address) => client = address,
                Hop::Nobody => break,
                Hop::Unreadable => {
                    self.warn_of_unreadable(client, name);
                    break;
                }
            }
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.proxies
            .iter()
            .any(|TrustedProxy(network)| network.contains(&address))
    }

    fn warn_of_stranger(&self, peer: IpAddr, name: &HeaderName) {
        if !self.has_warned.of_stranger.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                header = %name,
                "ignored the client address from a proxy that is not listed in --trusted-proxies"
            );
        }
    }

    /// The header's value is not logged, because the client may have written it.
    fn warn_of_unreadable(&self, proxy: IpAddr, name: &HeaderName) {
        if !self.has_warned.of_unreadable.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %proxy,
                header = %name,
                "a trusted proxy sent an unreadable client address, so the proxy's own address is used"
            );
        }
    }
}

/// The entries of all lines of the header, in order.
fn hops(headers: &HeaderMap, name: &HeaderName) -> Vec<Hop> {
    if *name == header::FORWARDED {
        return forwarded::hops(headers);
    }
    let lines = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(hop).collect()
}

/// Squid writes `unknown` for a client that it hides.
fn hop(text: &str) -> Hop {
    match ip_address(text) {
        Some(address) => Hop::Address(address.to_canonical()),
        None if text.trim().eq_ignore_ascii_case("unknown") => Hop::Nobody,
        None => Hop::Unreadable,
    }
}

/// An address as proxies write it: alone, with a port, or, for IPv6, in brackets.
fn ip_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bracketed.unwrap_or(text).parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "203.0.113.9";

    fn seen(option: Option<&'static str>, proxies: &[&str], headers: &[&str]) -> String {
        let mut request = Request::default();
        let peer: SocketAddr = format!("{PROXY}:4711").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        for value in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append("x-forwarded-for", value);
        }
        let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        ClientAddressHeader::new(option.map(HeaderName::from_static), proxies)
            .of(&request)
            .to_string()
    }

    fn behind_proxy(headers: &[&str]) -> String {
        seen(Some("x-forwarded-for"), &[PROXY], headers)
    }

    #[test]
    fn without_a_trusted_proxy_the_address_is_the_connections_own() {
        assert_eq!(seen(None, &[PROXY], &["198.51.100.1"]), PROXY);
        assert_eq!(
            seen(Some("x-real-ip"), &[PROXY], &["198.51.100.1"]),
            PROXY,
            "another header"
        );
        assert_eq!(behind_proxy(&[]), PROXY);
    }

    #[test]
    fn a_proxy_that_is_not_listed_is_not_believed() {
        let header = Some("x-forwarded-for");
        for listed in [&[][..], &["203.0.113.8"], &["127.0.0.0/8", "::1"], &["198.51.100.0/24"]] {
            assert_eq!(seen(header, listed, &["198.51.100.1"]), PROXY, "{listed:?}");
        }
        for listed in ["203.0.113.9", "203.0.113.0/24"] {
            assert_eq!(seen(header, &[listed], &["198.51.100.1"]), "198.51.100.1", "{listed}");
        }
    }

    #[test]
    fn of_several_addresses_the_right_most_counts_that_is_no_trusted_proxys() {
        let behind_two = |headers: &[&str]| seen(Some("x-forwarded-for"), &[PROXY, "10.0.0.0/8"], headers);
        assert_eq!(behind_two(&["198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind_two(&["198.51.100.7, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(
            behind_two(&["198.51.100.7", "198.51.100.1,  10.0.0.2 ", "10.9.9.9 "]),
            "198.51.100.1"
        );
        assert_eq!(behind_two(&["10.0.0.1, 10.0.0.2"]), "10.0.0.1", "nobody but proxies");
        assert_eq!(behind_proxy(&["10.0.0.1, 198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_address_is_not_replaced_by_one_that_anybody_wrote() {
        for garbage in [
            "",
            " ",
            "unknown",
            "10.0.0.1,",
            "10.0.0.1, _hidden",
            "10.0.0.1, 999.1.1.1",
            "'; drop",
            "\u{e9}",
        ] {
            assert_eq!(behind_proxy(&[garbage]), PROXY, "{garbage}");
        }
        assert_eq!(behind_proxy(&["10.0.0.1", "unknown"]), PROXY);
        let behind_two = |headers: &[&str]| seen(Some("x-forwarded-for"), &[PROXY, "10.0.0.0/8"], headers);
        assert_eq!(behind_two(&["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn an_address_is_read_with_a_port_in_brackets_and_mapped() {
        for (written, read) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:DB8:0::1]:4711", "2001:db8::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(behind_proxy(&[written]), read);
        }
    }

    #[test]
    fn a_listed_proxy_is_an_address_or_a_network() {
        for good in ["10.0.0.1", " 10.0.0.0/8", "::1", "2001:db8::/32"] {
            assert!(good.parse::<TrustedProxy>().is_ok(), "{good}");
        }
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0", "*"] {
            let message = bad.parse::<TrustedProxy>().unwrap_err().to_string();
            assert!(message.contains("10.0.0.0/8"), "{message}");
        }
        let loopback = TrustedProxy::on_loopback();
        let header = ClientAddressHeader::new(None, loopback);
        for address in ["127.0.0.1", "127.8.9.10", "::1"] {
            assert!(header.trusts(address.parse().unwrap()), "{address}");
        }
        assert!(!header.trusts("10.0.0.1".parse().unwrap()));
    }
}
