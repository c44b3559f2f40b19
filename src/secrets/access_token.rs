//! Access tokens. To clients they are opaque; they contain their claims and a MAC, so that issuing one writes nothing.
//! What a token may open, and whether it has expired or was revoked, is decided elsewhere at each check (R25).
//!
//! A token is `gbt_` and the unpadded base64url of 99 bytes: version 1, key id 0, token id (16), application id (16),
//! client secret id (16), scopes (1: bit 0 `read`, bit 1 `write`), issued at (8), expires at (8), HMAC-SHA-256 of all
//! that (32). Times are seconds since 1970; numbers are big-endian.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use gatebook_aggregates::identifiers::{AccessTokenId, AppId, ClientSecretId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;

use super::key_id::{KEY_ID, UnknownKey};
use super::master_key::{KeyPurpose, MasterKey};
use super::secret_string::SecretString;

/// R24: an access token is valid for one hour, the most that RFC 6750 §5.3 recommends.
pub const ACCESS_TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(1);

const PREFIX: &str = "gbt_";
const VERSION: u8 = 1;
const READ: u8 = 1;
const WRITE: u8 = 2;

const CLAIMS_BYTES: usize = 67;
const TOKEN_BYTES: usize = CLAIMS_BYTES + 32;
const TOKEN_CHARS: usize = PREFIX.len() + (TOKEN_BYTES * 4).div_ceil(3);

/// The contents of an access token (R24). They are not secret, and trusted only with the MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenClaims {
    /// The token's id, by which it can be revoked.
    pub token_id: AccessTokenId,
    /// The application to which it was issued.
    pub app_id: AppId,
    /// The client secret with which it was requested. The token ends with that secret.
    pub client_secret_id: ClientSecretId,
    pub read: bool,
    pub write: bool,
    /// The second in which it was issued.
    pub issued_at: DateTime<Utc>,
    /// The second from which it is invalid, rounded up so that its lifetime is never shorter.
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone)]
pub struct AccessTokens(Hmac<Sha256>);

impl AccessTokens {
    /// Uses the master key's sub-key for tokens.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac(KeyPurpose::Tokens))
    }

    /// R24: issues a token with these claims. The time of issue is rounded down to a second and the expiry up, so that
    /// no token ends earlier than its client was told.
    pub fn issue(&self, claims: &AccessTokenClaims) -> SecretString {
        let mut bytes = [0; TOKEN_BYTES];
        let (said, mac) = bytes.split_at_mut(CLAIMS_BYTES);
        said.copy_from_slice(&encode(claims));
        mac.copy_from_slice(&self.0.clone().chain_update(&*said).finalize().into_bytes());
        let mut text = String::with_capacity(TOKEN_CHARS);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        SecretString::new(text)
    }

    /// R25: the claims of a token that we issued. Expiry and revocation are not checked here.
    ///
    /// # Errors
    /// `Malformed` if it is not in a token's exact form; `UnknownKey` if it names another key; `Invalid` if it was not
    /// issued with this key.
    pub fn read(&self, token: &str) -> Result<AccessTokenClaims, TokenRefusal> {
        if token.len() != TOKEN_CHARS {
            return Err(TokenRefusal::Malformed);
        }
        let text = token.strip_prefix(PREFIX).ok_or(TokenRefusal::Malformed)?;
        let mut bytes = [0; TOKEN_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes);
        if length != Ok(TOKEN_BYTES) || bytes[0] != VERSION {
            return Err(TokenRefusal::Malformed);
        }
        UnknownKey::unless_ours(bytes[1])?;
        let (said, mac) = bytes.split_at(CLAIMS_BYTES);
        let expected = self.0.clone().chain_update(said);
        // Compares in constant time.
        expected.verify_slice(mac).map_err(|_| TokenRefusal::Invalid)?;
        decode(said).ok_or(TokenRefusal::Malformed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    /// It does not have the form of an access token.
    #[error("this is not an access token")]
    Malformed,
    /// It has the form, but a wrong MAC: it was altered, invented, or issued with another key.
    #[error("this access token was not issued here")]
    Invalid,
    /// It has the form, and names a key that this program does not have.
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
}

fn encode(claims: &AccessTokenClaims) -> [u8; CLAIMS_BYTES] {
    let mut bytes = [0; CLAIMS_BYTES];
    bytes[0] = VERSION;
    bytes[1] = KEY_ID;
    bytes[2..18].copy_from_slice(claims.token_id.uuid().as_bytes());
    bytes[18..34].copy_from_slice(claims.app_id.uuid().as_bytes());
    bytes[34..50].copy_from_slice(claims.client_secret_id.uuid().as_bytes());
    bytes[50] = u8::from(claims.read) * READ + u8::from(claims.write) * WRITE;
    bytes[51..59].copy_from_slice(&claims.issued_at.timestamp().to_be_bytes());
    bytes[59..67].copy_from_slice(&whole_seconds_up(claims.expires_at).to_be_bytes());
    bytes
}

fn whole_seconds_up(time: DateTime<Utc>) -> i64 {
    time.timestamp() + i64::from(time.timestamp_subsec_nanos() > 0)
}

fn decode(bytes: &[u8]) -> Option<AccessTokenClaims> {
    let (_version, rest) = bytes.split_first()?;
    let (_key_id, rest) = rest.split_first()?;
    let (token_id, rest) = rest.split_first_chunk()?;
    let (app_id, rest) = rest.split_first_chunk()?;
    let (client_secret_id, rest) = rest.split_first_chunk()?;
    let (scopes, rest) = rest.split_first()?;
    let (issued_at, rest) = rest.split_first_chunk()?;
    let (expires_at, _) = rest.split_first_chunk()?;
    Some(AccessTokenClaims {
        token_id: Uuid::from_bytes(*token_id).into(),
        app_id: Uuid::from_bytes(*app_id).into(),
        client_secret_id: Uuid::from_bytes(*client_secret_id).into(),
        read: scopes & READ != 0,
        write: scopes & WRITE != 0,
        issued_at: DateTime::from_timestamp(i64::from_be_bytes(*issued_at), 0)?,
        expires_at: DateTime::from_timestamp(i64::from_be_bytes(*expires_at), 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&MasterKey::from_bytes([1; 32]))
    }

    fn claims() -> AccessTokenClaims {
        let issued_at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        AccessTokenClaims {
            token_id: Uuid::from_u128(0x11).into(),
            app_id: Uuid::from_u128(0x22).into(),
            client_secret_id: Uuid::from_u128(0x33).into(),
            read: true,
            write: false,
            issued_at,
            expires_at: issued_at + ACCESS_TOKEN_LIFETIME,
        }
    }

    /// A token with a correct MAC, whatever its claims.
    fn signed(said: &[u8; CLAIMS_BYTES]) -> String {
        let mac = tokens().0.chain_update(said).finalize().into_bytes();
        format!("gbt_{}", URL_SAFE_NO_PAD.encode([&said[..], &mac].concat()))
    }

    #[test]
    fn a_token_says_again_what_it_was_issued_for() {
        for (read, write) in [(false, false), (true, false), (false, true), (true, true)] {
            let claims = AccessTokenClaims {
                read,
                write,
                ..claims()
            };
            let token = tokens().issue(&claims);
            assert_eq!(tokens().read(token.reveal()), Ok(claims));
        }
    }

    #[test]
    fn a_token_never_ends_before_its_lifetime_is_over() {
        for millis in [1, 999] {
            let mut late = claims();
            late.issued_at += TimeDelta::milliseconds(millis);
            late.expires_at += TimeDelta::milliseconds(millis);
            let mut read = claims();
            read.expires_at += TimeDelta::seconds(1);
            let token = tokens().issue(&late);
            assert_eq!(tokens().read(token.reveal()), Ok(read));
        }
    }

    #[test]
    fn a_token_is_safe_in_a_header_and_can_be_recognised() {
        let token = tokens().issue(&claims());
        let text = token.reveal();
        assert!(text.starts_with("gbt_"));
        assert_eq!(text.len(), 136);
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        );
    }

    #[test]
    fn a_token_with_any_character_changed_is_refused() {
        let token = tokens().issue(&claims());
        let text = token.reveal();
        for position in 0..text.len() {
            for other in ["A", "z", "-", "_", "+", "=", " "] {
                let altered = format!("{}{other}{}", &text[..position], &text[position + 1..]);
                assert_eq!(tokens().read(&altered).is_ok(), altered == text, "{altered}");
            }
        }
    }

    #[test]
    fn changed_claims_and_changed_macs_are_invalid() {
        let token = tokens().issue(&claims());
        let bytes = URL_SAFE_NO_PAD.decode(&token.reveal()[4..]).unwrap();
        for position in 2..TOKEN_BYTES {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            let altered = format!("gbt_{}", URL_SAFE_NO_PAD.encode(altered));
            assert_eq!(tokens().read(&altered), Err(TokenRefusal::Invalid));
        }
    }

    #[test]
    fn a_token_of_another_key_is_invalid() {
        let others = AccessTokens::new(&MasterKey::from_bytes([2; 32]));
        let token = others.issue(&claims());
        assert_eq!(tokens().read(token.reveal()), Err(TokenRefusal::Invalid));
    }

    #[test]
    fn a_second_spelling_of_the_same_bytes_is_malformed() {
        let token = tokens().issue(&claims());
        // 99 bytes fill 132 characters exactly, so that there are no stray bits, and nothing to pad.
        let standard = token.reveal().replace(['-', '_'], "+").replacen("gbt+", "gbt_", 1);
        assert_ne!(standard, token.reveal());
        for spelling in [standard, format!("{}=", token.reveal())] {
            assert_eq!(tokens().read(&spelling), Err(TokenRefusal::Malformed));
        }
    }

    #[test]
    fn what_does_not_look_like_a_token_is_malformed() {
        let token = tokens().issue(&claims());
        let text = token.reveal();
        for other in [
            "",
            "gbt_",
            &text[..135],
            &format!("{text}A"),
            &format!("gbs_{}", &text[4..]),
            &format!("GBT_{}", &text[4..]),
            &"é".repeat(68),
            &format!("gb\u{e9}{}", &text[4..]),
        ] {
            assert_eq!(tokens().read(other), Err(TokenRefusal::Malformed), "{other}");
        }
    }

    #[test]
    fn another_version_is_malformed_even_with_the_right_mac() {
        let mut said = encode(&claims());
        assert!(tokens().read(&signed(&said)).is_ok());
        said[0] = 2;
        assert_eq!(tokens().read(&signed(&said)), Err(TokenRefusal::Malformed));
    }

    #[test]
    fn the_id_of_another_key_is_refused_even_with_the_right_mac() {
        let mut said = encode(&claims());
        said[1] = 7;
        let unknown = UnknownKey::unless_ours(7).unwrap_err();
        assert_eq!(tokens().read(&signed(&said)), Err(TokenRefusal::UnknownKey(unknown)));
    }

    #[test]
    fn a_time_beyond_all_calendars_is_malformed_even_with_the_right_mac() {
        let mut said = encode(&claims());
        said[59..67].copy_from_slice(&i64::MAX.to_be_bytes());
        assert_eq!(tokens().read(&signed(&said)), Err(TokenRefusal::Malformed));
    }

    /// Computed once with Python's `hmac`. If this fails, a new version would refuse all tokens issued by the old one.
    #[test]
    fn a_token_looks_the_same_for_ever() {
        assert_eq!(
            tokens().issue(&claims()).reveal(),
            concat!(
                "gbt_AQAAAAAAAAAAAAAAAAAAAAARAAAAAAAAAAAAAAAAAAAAIgAAAAAAAAAAAAAAAAAAADMB",
                "AAAAAGVT8QAAAAAAZVP_EAlbIuVK5DPH8XnX2YHaj3EUNRBs97D_Ci-TXP-b4ItC"
            )
        );
    }
}
