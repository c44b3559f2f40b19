//! Cursors: the place where the next page begins, as an opaque text that clients send back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encodes a place.
pub fn write<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// Decodes a place; none if the text is not a cursor.
pub fn read<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(word).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_word_and_from_no_other() {
        assert_eq!(read::<i64>(&write(&42_i64)), Some(42));
        for bad in ["", "42", "not base64!", "eyJhIjoxfQ"] {
            assert_eq!(read::<i64>(bad), None, "{bad}");
        }
    }
}
