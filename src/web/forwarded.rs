//! Reads `Forwarded` (RFC 7239): the addresses that a request came from, as far as proxies tell.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// What a proxy wrote about the sender of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hop {
    /// The sender's address.
    Address(IpAddr),
    /// The proxy does not know the address, or hides it.
    Nobody,
    /// Anything else.
    Unreadable,
}

/// What the proxies on the way wrote in `for=`, the nearest one last. Empty elements are ignored (RFC 9110 §5.6.1).
pub fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let lines = headers.get_all(header::FORWARDED).iter();
    lines
        .flat_map(|line| match line.to_str() {
            Ok(line) => elements(line).into_iter().map(client).collect(),
            Err(_) => vec![Hop::Unreadable],
        })
        .collect()
}

/// The elements of a line. It is read from its end, so that nothing a client wrote before, such as an unclosed quote,
/// affects the proxy's own element.
fn elements(line: &str) -> Vec<&str> {
    let (mut elements, mut end, mut quoted) = (Vec::new(), line.len(), false);
    for (at, c) in line.char_indices().rev() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                elements.push(&line[at + 1..end]);
                end = at;
            }
            _ => {}
        }
    }
    elements.push(&line[..end]);
    elements.retain(|element| !is_empty(element));
    elements.reverse();
    elements
}

fn is_empty(text: &str) -> bool {
    text.trim().is_empty()
}

/// The client of one element, such as `for="[2001:db8::1]:4711";proto=https;by=203.0.113.43`.
fn client(element: &str) -> Hop {
    match named(element) {
        Some(None) => Hop::Nobody,
        Some(Some(named)) if is_hidden(&named) => Hop::Nobody,
        Some(Some(named)) => node(&named).map_or(Hop::Unreadable, Hop::Address),
        None => Hop::Unreadable,
    }
}

/// The value of `for=`, if there is one. None if the element cannot be read. Pairs may be empty (RFC 7239 §4).
fn named(element: &str) -> Option<Option<String>> {
    let mut found = None;
    for pair in parameters(element) {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            continue;
        }
        // RFC 7239 §4 allows each parameter once. Of two, it is unclear which one the proxy wrote.
        if found.is_some() {
            return None;
        }
        found = Some(unquoted(value.trim())?);
    }
    Some(found)
}

/// Whether the proxy does not know the address or hides it, with or without a port (RFC 7239 §6.2, §6.3).
fn is_hidden(node: &str) -> bool {
    let name = node.split_once(':').map_or(node, |(name, _)| name);
    name.eq_ignore_ascii_case("unknown") || name.len() > 1 && name.starts_with('_')
}

/// An IPv4 address, or an IPv6 address in brackets, with or without a port, which may be obfuscated (RFC 7239 §6).
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let with_port = rest.strip_prefix(':').is_some_and(is_port);
        let address: IpAddr = address.parse().ok().filter(IpAddr::is_ipv6)?;
        return (rest.is_empty() || with_port).then(|| address.to_canonical());
    }
    let (address, port) = text
        .split_once(':')
        .map_or((text, None), |(address, port)| (address, Some(port)));
    let address: IpAddr = address.parse().ok()?;
    port.is_none_or(is_port).then_some(address)
}

fn is_port(port: &str) -> bool {
    let hidden = port.strip_prefix('_').is_some_and(|name| !name.is_empty());
    hidden || (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit())
}

/// A token as it is, or the content of a quoted string (RFC 9110 §5.6.4).
fn unquoted(value: &str) -> Option<String> {
    let Some(rest) = value.strip_prefix('"') else {
        let is_token = !value.is_empty() && !value.contains(['"', '[', ' ']);
        // Some proxies omit the quotes that the grammar requires around an IPv6 address or a port.
        return (is_token || value.starts_with('[')).then(|| value.to_owned());
    };
    let inner = rest.strip_suffix('"')?;
    let mut said = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => said.push(characters.next()?),
            '"' => return None,
            c => said.push(c),
        }
    }
    Some(said)
}

/// The parameters of an element: the non-empty parts between unquoted semicolons.
fn parameters(element: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let outside = |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == ';' && !quoted,
        }
        false
    };
    element.split(outside).filter(|pair| !is_empty(pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::FORWARDED, line.parse().unwrap());
        }
        let message = |hop| match hop {
            Hop::Address(address) => address.to_string(),
            Hop::Nobody => "nobody".to_owned(),
            Hop::Unreadable => "unreadable".to_owned(),
        };
        hops(&headers).into_iter().map(message).collect()
    }

    fn one(line: &str) -> String {
        let [hop] = read(&[line]).try_into().unwrap();
        hop
    }

    #[test]
    fn an_address_is_read_as_the_standard_writes_it_rfc_7239_4() {
        for (line, address) in [
            ("for=192.0.2.43", "192.0.2.43"),
            ("For=192.0.2.43", "192.0.2.43"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("proto=https; for=198.51.100.7", "198.51.100.7"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
            ("for=\"192.0.2.43:47011\"", "192.0.2.43"),
            ("for=192.0.2.43:47011", "192.0.2.43"),
            ("for=\"192.0.2.43:_secret\"", "192.0.2.43"),
            ("for=\"[::ffff:192.0.2.43]\"", "192.0.2.43"),
            ("for=\"192.0.2\\.43\"", "192.0.2.43"),
        ] {
            assert_eq!(one(line), address, "{line}");
        }
    }

    #[test]
    fn empty_pairs_and_elements_are_passed_over_rfc_7239_4() {
        for line in [
            "for=198.51.100.7;",
            ";for=198.51.100.7",
            "for=198.51.100.7;;proto=https",
            "for=198.51.100.7 ; ; proto=https; ",
            "for=198.51.100.7,",
            "for=198.51.100.7, ,",
            " ,, for=198.51.100.7;,\t,",
        ] {
            assert_eq!(read(&[line]), ["198.51.100.7"], "{line}");
        }
        assert_eq!(read(&["for=192.0.2.43, , for=198.51.100.7,", "", " "]).len(), 2);
        for nothing in ["", " ", ",", " , ,"] {
            assert!(read(&[nothing]).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_proxy_that_names_no_address_stands_for_nobody() {
        for line in [
            ";",
            "proto=https",
            "for=unknown",
            "for=Unknown",
            "for=\"unknown:4711\"",
            "for=_hidden",
            "for=\"_SEVKISEK\"",
            "for=\"_hidden:_port\"",
        ] {
            assert_eq!(one(line), "nobody", "{line}");
        }
    }

    #[test]
    fn what_is_not_written_as_the_standard_says_is_not_guessed_at() {
        for line in [
            "for",
            "for=",
            "for=_",
            "for=\"192.0.2.43",
            "for=192.0.2.43;for=198.51.100.1",
            "for=192.0.2.43;;for=198.51.100.1",
            "for=\"[2001:db8::1\"",
            "for=2001:db8::1",
            "for=192.0.2.43:port",
            "for=\"[192.0.2.43]\"",
            "192.0.2.43",
        ] {
            assert_eq!(one(line), "unreadable", "{line}");
        }
    }

    #[test]
    fn proxies_stand_in_the_order_of_the_way_over_commas_and_lines() {
        let way = read(&[
            "for=192.0.2.43, for=\"[2001:db8:cafe::17]\"",
            "for=unknown , for=198.51.100.17",
        ]);
        assert_eq!(way, ["192.0.2.43", "2001:db8:cafe::17", "nobody", "198.51.100.17"]);
    }

    #[test]
    fn what_a_client_writes_before_it_changes_nothing_of_the_proxys_own_words() {
        for forged in [
            "for=\"x",
            "for=\"a, for=10.0.0.1\"",
            "\"",
            "for=10.0.0.1;x=\"\\",
            ",",
            "for=\"10.0.0.1",
        ] {
            let way = read(&[&format!("{forged}, for=198.51.100.17")]);
            assert_eq!(way.last().unwrap(), "198.51.100.17", "{forged}");
        }
    }
}
