//! Whether a name or address is this machine's own, so that no other machine reaches what is there.

use std::net::IpAddr;

/// Whether a host, as in a URL, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for here in ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "::1"] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "",
            "0.0.0.0",
            "[::]",
            "192.0.2.1",
            "localhost.example",
            "127.0.0.1.example",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
