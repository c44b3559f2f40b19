//! Secret text in memory, out of reach of logs and errors.

use subtle::ConstantTimeEq;

/// A secret. It can be revealed and compared, and nothing else: it has no `Debug`, `Display` or `Serialize`.
#[derive(Clone)]
pub struct SecretString(String);

impl SecretString {
    /// Wraps a secret.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that may show it or check it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the other text is the same secret. The time it takes tells at most the length.
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
