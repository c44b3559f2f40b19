//! Converts names of domains and machines to ASCII, as they go over the wire.

use std::net::IpAddr;

use lettre::Address;
use lettre::transport::smtp::extension::ClientId;

use super::error::{DeliveryFailure, MailError};

/// Converts the domain to ASCII (`xn--…`, RFC 5891), which all mail servers understand. The part before the `@` has no
/// ASCII form and stays unchanged.
pub(super) fn ascii_domain(address: &Address) -> Result<Address, MailError> {
    if address.domain().is_ascii() {
        return Ok(address.clone());
    }
    let ascii = idna::domain_to_ascii(address.domain()).map_err(|_| unreachable_address())?;
    Address::new(address.user(), ascii).map_err(|_| unreachable_address())
}

/// The error for an address that mail cannot reach.
pub(super) fn unreachable_address() -> MailError {
    let reason = "the recipient's address is not valid for e-mail";
    MailError::permanent(DeliveryFailure::AddressInvalid, reason)
}

/// The name for greeting mail servers: a domain, or an address literal (RFC 5321, 4.1.3).
pub(super) fn client_id(name: &str) -> Result<ClientId, MailError> {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare.unwrap_or(name).parse() {
        Ok(IpAddr::V4(address)) => return Ok(ClientId::Ipv4(address)),
        Ok(IpAddr::V6(address)) => return Ok(ClientId::Ipv6(address)),
        Err(_) => {}
    }
    let ascii = idna::domain_to_ascii(name).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !ascii.is_empty() && ascii.len() <= 255 && ascii.chars().all(is_name) {
        true => Ok(ClientId::Domain(ascii)),
        false => Err(MailError::BadHelo(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_international_domain_is_written_in_ascii_and_all_else_stays() {
        for (address, ascii) in [
            ("dev@münchen.example.com", "dev@xn--mnchen-3ya.example.com"),
            ("dev@例え.テスト", "dev@xn--r8jz45g.xn--zckzah"),
            ("Dev+x@Example.com", "Dev+x@Example.com"),
            ("dév@bücher.example", "dév@xn--bcher-kva.example"),
        ] {
            let address = ascii_domain(&address.parse().unwrap()).unwrap();
            assert_eq!(address.to_string(), ascii);
        }
    }

    #[test]
    fn a_machine_greets_with_its_name_or_its_address() {
        for (name, greeting) in [
            ("gate.example.com", "gate.example.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "[127.0.0.1]"),
            ("[::1]", "[IPv6:::1]"),
            ("büro.example.com", "xn--bro-hoa.example.com"),
        ] {
            assert_eq!(client_id(name).unwrap().to_string(), greeting);
        }
        for bad in ["", "gate example", "gate\r\nMAIL", "gate/example"] {
            assert_eq!(client_id(bad), Err(MailError::BadHelo(bad.to_owned())));
        }
    }
}
