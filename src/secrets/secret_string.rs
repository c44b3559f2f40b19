//! Secret text in memory, kept out of logs and errors.

use subtle::ConstantTimeEq;

/// A secret. It can only be revealed and compared: it has no `Debug`, `Display` or `Serialize`.
#[derive(Clone)]
pub struct SecretString(String);

impl SecretString {
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret, for the one place that shows or checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the other text is the same secret. The time taken reveals at most the length.
    pub fn ct_eq(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::SecretString;

    #[test]
    fn a_secret_equals_itself_and_nothing_shorter_longer_or_other() {
        let secret = SecretString::new("secret".into());
        assert_eq!(secret.reveal(), "secret");
        assert!(secret.ct_eq("secret"));
        for other in ["", "secre", "secrets", "Secret"] {
            assert!(!secret.ct_eq(other), "{other}");
        }
    }
}
