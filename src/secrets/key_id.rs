//! Which key something was made with: one byte in every token, sealed text and digest. There is one key so far; the byte
//! is there so that a second one can be told from it.

use thiserror::Error;

/// The id of the only key.
pub(super) const KEY_ID: u8 = 0;

/// Something was made with a key that this program does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this was made with key {0}, and this program has only key {KEY_ID}")]
pub struct UnknownKey(u8);

impl UnknownKey {
    pub(super) fn unless_ours(key_id: u8) -> Result<(), Self> {
        match key_id {
            KEY_ID => Ok(()),
            other => Err(Self(other)),
        }
    }
}
