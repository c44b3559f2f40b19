//! Verification codes, which prove a mailbox. Their lifetime and number of tries are rules of the aggregates (R19).

use super::randomness::Randomness;

/// R19: 6 digits, all codes equally likely.
pub struct VerificationCode(String);

impl VerificationCode {
    /// A random code, from `000000` to `999999`.
    pub fn random(randomness: &Randomness) -> Self {
        Self(format!("{:06}", randomness.below(1_000_000)))
    }

    /// The code, for its e-mail and its digest.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_also_when_it_begins_with_zeros() {
        let randomness = Randomness::seeded(1);
        let codes: Vec<_> = (0..2_000).map(|_| VerificationCode::random(&randomness)).collect();
        for code in &codes {
            assert_eq!(code.reveal().len(), 6);
            assert!(code.reveal().bytes().all(|b| b.is_ascii_digit()));
        }
        assert!(codes.iter().any(|code| code.reveal().starts_with("00")));
        assert!(codes.iter().any(|code| code.reveal().starts_with('9')));
    }
}
