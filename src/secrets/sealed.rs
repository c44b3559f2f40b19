//! Seals the few secrets that must be shown or sent again, and so cannot be stored as digests.
//!
//! A sealed text is the unpadded base64url of key id 0 (1 byte), a random nonce (24), the XChaCha20 cipher text, and its
//! Poly1305 tag (16).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use thiserror::Error;

use super::key_id::{KEY_ID, UnknownKey};
use super::master_key::{KeyPurpose, MasterKey};
use super::randomness::Randomness;

#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// Uses the master key's sub-key for sealing.
    pub fn new(master: &MasterKey) -> Self {
        let key = master.sub_key(KeyPurpose::Sealing);
        Self(XChaCha20Poly1305::new(&key.into()))
    }

    /// Seals a text for one context, such as the row that will hold it. The result reveals only the length of the
    /// text.
    ///
    /// # Errors
    /// `NotSealed` for a text of 256 GiB or more.
    pub fn seal(&self, randomness: &Randomness, context: &str, plain: &str) -> Result<String, SealError> {
        let nonce = randomness.bytes::<24>();
        let payload = Payload {
            msg: plain.as_bytes(),
            aad: context.as_bytes(),
        };
        let cipher = self
            .0
            .encrypt(&nonce.into(), payload)
            .map_err(|_| SealError::NotSealed)?;
        Ok(URL_SAFE_NO_PAD.encode([&[KEY_ID], &nonce[..], &cipher].concat()))
    }

    /// Opens a text that was sealed for this context.
    ///
    /// # Errors
    /// `NotOpened` if the text was altered, or sealed with another key or for another context; `UnknownKey` if it names
    /// another key.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, SealError> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::NotOpened)?;
        let (key_id, bytes) = bytes.split_first().ok_or(SealError::NotOpened)?;
        UnknownKey::unless_ours(*key_id)?;
        let (nonce, cipher) = bytes.split_first_chunk::<24>().ok_or(SealError::NotOpened)?;
        let payload = Payload {
            msg: cipher,
            aad: context.as_bytes(),
        };
        let plain = self
            .0
            .decrypt(&(*nonce).into(), payload)
            .map_err(|_| SealError::NotOpened)?;
        String::from_utf8(plain).map_err(|_| SealError::NotOpened)
    }
}

/// Why something cannot be sealed or opened. Says nothing about the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    #[error("the text is too long to seal")]
    NotSealed,
    #[error("the sealed text was altered, or sealed with another key or for another context")]
    NotOpened,
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&MasterKey::from_bytes([key; 32]))
    }

    #[test]
    fn what_was_sealed_can_be_opened_in_the_same_context() {
        let randomness = Randomness::seeded(1);
        for plain in ["", "K7QM-2F9D", "gäbe es"] {
            let sealed = sealer(1).seal(&randomness, "email 7", plain).unwrap();
            assert_eq!(sealer(1).open("email 7", &sealed).as_deref(), Ok(plain));
            assert!(
                sealed
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            );
        }
    }

    #[test]
    fn another_context_or_key_does_not_open_it() {
        let sealed = sealer(1).seal(&Randomness::seeded(1), "email 7", "secret").unwrap();
        assert_eq!(sealer(1).open("email 8", &sealed), Err(SealError::NotOpened));
        assert_eq!(sealer(2).open("email 7", &sealed), Err(SealError::NotOpened));
    }

    #[test]
    fn the_id_of_another_key_is_refused() {
        let sealed = sealer(1).seal(&Randomness::seeded(1), "email 7", "secret").unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        bytes[0] = 7;
        let error = sealer(1).open("email 7", &URL_SAFE_NO_PAD.encode(bytes)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this was made with key 7, and this program has only key 0"
        );
    }

    #[test]
    fn the_same_text_never_looks_the_same_twice() {
        let randomness = Randomness::secure();
        let sealer = sealer(1);
        assert_ne!(
            sealer.seal(&randomness, "email 7", "secret"),
            sealer.seal(&randomness, "email 7", "secret")
        );
    }

    #[test]
    fn an_altered_or_shortened_text_does_not_open() {
        let sealed = sealer(1).seal(&Randomness::seeded(1), "email 7", "secret").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        assert_eq!(sealer(1).open("email 7", ""), Err(SealError::NotOpened));
        for position in 1..bytes.len() {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            let shortened = &bytes[..position];
            for wrong in [altered.as_slice(), shortened] {
                let wrong = URL_SAFE_NO_PAD.encode(wrong);
                assert_eq!(sealer(1).open("email 7", &wrong), Err(SealError::NotOpened));
            }
        }
        for wrong in ["*", "é", &(sealed + "=")] {
            assert_eq!(sealer(1).open("email 7", wrong), Err(SealError::NotOpened));
        }
    }
}
