//! The lists of hosts in a database URL.

use std::net::IpAddr;

pub(super) fn hosts_of(list: &str) -> Vec<Option<String>> {
    let hosts = list.split(',').map(|host| {
        let without = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        without.unwrap_or(host).trim()
    });
    hosts
        .map(|host| Some(host.to_owned()).filter(|host| !host.is_empty()))
        .collect()
}

/// Whether all hosts in the list are IP addresses, as `hostaddr` requires.
pub(super) fn are_addresses(list: &str) -> bool {
    hosts_of(list)
        .iter()
        .all(|host| host.as_deref().is_some_and(|host| host.parse::<IpAddr>().is_ok()))
}
