//! Passwords that people choose: what is asked of one, and how its slow hash is made and checked.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
pub use gatebook_aggregates::developer::MIN_PASSWORD_CHARS;
use prometheus_client::metrics::counter::Counter;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::dice::Dice;
use super::secret_string::SecretString;

/// The longest password, in bytes: enough for any phrase, too little to keep us busy.
pub const MAX_PASSWORD_BYTES: usize = 1_000;

/// How many passwords are hashed at once: each takes a core and 19 MiB.
const AT_ONCE: usize = 2;
const SALT_BYTES: usize = 16;

/// A password that is fit to be kept, as typed.
pub struct Password(SecretString);

impl Password {
    /// At least 15 characters and at most 1,000 bytes, of any kind, white space included. A character is a Unicode
    /// scalar value.
    ///
    /// # Errors
    /// A text that is shorter or longer.
    pub fn parse(text: &str) -> Result<Self, PasswordProblem> {
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(PasswordProblem::TooShort);
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordProblem::TooLong);
        }
        Ok(Self(SecretString::new(text.to_owned())))
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// What is wrong with a password, as a sentence for whoever chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordProblem {
    /// Fewer than 15 characters.
    #[error("A password has at least {MIN_PASSWORD_CHARS} characters.")]
    TooShort,
    /// More than 1,000 bytes.
    #[error("A password has at most {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
}

/// Hashes and checks passwords with argon2id (19 MiB, t=2, p=1), two at a time and away from the threads that serve
/// requests, so that a flood of sign-ins cannot starve them. Clones share the two places.
#[derive(Clone)]
pub struct PasswordHasher {
    places: Arc<Semaphore>,
    done: Counter,
}

impl PasswordHasher {
    /// A hasher with two places, which counts what it does. One is enough for a process.
    pub fn counting(done: Counter) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { places, done }
    }

    /// The text to keep, in PHC form, with a fresh salt.
    ///
    /// # Errors
    /// `Failed` or `Interrupted`; neither is the password's fault.
    pub async fn hash(&self, password: &Password, dice: &Dice) -> Result<String, PasswordError> {
        let salt = SaltString::encode_b64(&dice.bytes::<SALT_BYTES>())?;
        let typed = password.0.clone();
        self.take_turns(move || {
            let hash = argon2id().hash_password(typed.reveal().as_bytes(), &salt)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `typed` is the password kept as `phc`. Without a kept one, for an account that does not exist, the
    /// answer is `false` and takes as long.
    ///
    /// # Errors
    /// `Failed` for a `phc` that cannot be read, otherwise as for `hash`.
    pub async fn verify(&self, typed: &str, phc: Option<&str>) -> Result<bool, PasswordError> {
        // No kept password is longer, so that this tells nothing about the account.
        if typed.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let typed = SecretString::new(typed.to_owned());
        let phc = phc.map(str::to_owned);
        self.take_turns(move || match phc {
            Some(phc) => verify_now(typed.reveal(), &phc),
            None => burn(typed.reveal()),
        })
        .await
    }

    /// The permit goes along with the work: a caller who hangs up does not make room before the work is done.
    async fn take_turns<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Interrupted)?;
        self.done.inc();
        let working = spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        working.await.map_err(|_| PasswordError::Interrupted)?
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::counting(Counter::default())
    }
}

/// Why a password was neither hashed nor checked. Holds neither the password nor its hash.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// Argon2 refused, or the kept hash cannot be read.
    #[error("the password could not be hashed: {0}")]
    Failed(Error),
    /// The process is shutting down, or the work panicked.
    #[error("hashing the password was interrupted")]
    Interrupted,
}

impl From<Error> for PasswordError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The library's default is what we promise: 19 MiB, t=2, p=1. A test holds it to that.
fn argon2id() -> Argon2<'static> {
    Argon2::default()
}

fn verify_now(typed: &str, phc: &str) -> Result<bool, PasswordError> {
    let kept = PasswordHash::new(phc)?;
    // The library would call every password wrong for a text that was cut short.
    if kept.salt.is_none() || kept.hash.is_none() {
        return Err(Error::PhcStringField.into());
    }
    match argon2id().verify_password(typed.as_bytes(), &kept) {
        Ok(()) => Ok(true),
        Err(Error::Password) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The same work as for a kept password, for nothing.
fn burn(typed: &str) -> Result<bool, PasswordError> {
    let salt = SaltString::encode_b64(&[0; SALT_BYTES])?;
    argon2id().hash_password(typed.as_bytes(), &salt)?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    const PHRASE: &str = "correct horse battery";

    fn problem(text: &str) -> Option<PasswordProblem> {
        Password::parse(text).err()
    }

    #[test]
    fn fifteen_characters_are_enough_and_fourteen_are_not() {
        assert_eq!(problem(&"a".repeat(15)), None);
        assert_eq!(problem(&"a".repeat(14)), Some(PasswordProblem::TooShort));
        assert_eq!(problem(""), Some(PasswordProblem::TooShort));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(problem(&"ß".repeat(15)), None);
        assert_eq!(problem(&"ß".repeat(14)), Some(PasswordProblem::TooShort));
    }

    #[test]
    fn a_thousand_bytes_are_the_most() {
        assert_eq!(problem(&"a".repeat(1_000)), None);
        assert_eq!(problem(&"a".repeat(1_001)), Some(PasswordProblem::TooLong));
        assert_eq!(problem(&"ß".repeat(500)), None);
        assert_eq!(problem(&"ß".repeat(501)), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn a_password_is_kept_as_typed() {
        let typed = "  spaces Before and after ";
        assert_eq!(Password::parse(typed).ok().unwrap().reveal(), typed);
    }

    #[tokio::test]
    async fn the_right_password_opens_and_a_wrong_one_does_not() {
        let hasher = PasswordHasher::default();
        let password = Password::parse(PHRASE).ok().unwrap();
        let phc = hasher.hash(&password, &Dice::seeded(1)).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(hasher.verify(PHRASE, Some(&phc)).await.unwrap());
        assert!(!hasher.verify("Correct horse battery", Some(&phc)).await.unwrap());
        assert!(!hasher.verify("", Some(&phc)).await.unwrap());
    }

    #[tokio::test]
    async fn the_same_password_is_kept_differently_each_time() {
        let hasher = PasswordHasher::default();
        let password = Password::parse(PHRASE).ok().unwrap();
        let dice = Dice::seeded(1);
        let one = hasher.hash(&password, &dice).await.unwrap();
        let two = hasher.hash(&password, &dice).await.unwrap();
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_has_no_right_password() {
        let hasher = PasswordHasher::default();
        assert!(!hasher.verify(PHRASE, None).await.unwrap());
        assert!(!hasher.verify("", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_a_failure_and_not_a_wrong_password() {
        let hasher = PasswordHasher::default();
        for phc in [
            "",
            "secret",
            "$argon2id$v=19",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
        ] {
            let error = hasher.verify(PHRASE, Some(phc)).await.unwrap_err();
            assert!(matches!(error, PasswordError::Failed(_)), "{phc}");
            assert!(!error.to_string().contains(PHRASE));
        }
    }

    #[tokio::test]
    async fn a_third_sign_in_waits_until_one_of_two_is_done() {
        let hasher = PasswordHasher::default();
        let one = hasher.places.acquire().await.unwrap();
        let _two = hasher.places.acquire().await.unwrap();
        let mut third = pin!(hasher.verify(PHRASE, None));
        assert!(poll!(third.as_mut()).is_pending());
        assert_eq!(hasher.places.available_permits(), 0);
        drop(one);
        assert!(!third.await.unwrap());
        assert_eq!(hasher.places.available_permits(), 1);
    }

    #[tokio::test]
    async fn an_unknown_account_waits_for_its_turn_as_well() {
        let hasher = PasswordHasher::default();
        let turns = hasher.places.acquire_many(2).await.unwrap();
        let mut unknown = pin!(hasher.verify(PHRASE, None));
        let mut known = pin!(hasher.verify(PHRASE, Some("")));
        assert!(poll!(unknown.as_mut()).is_pending());
        assert!(poll!(known.as_mut()).is_pending());
        drop(turns);
        assert!(!unknown.await.unwrap());
        assert!(known.await.is_err());
    }

    #[tokio::test]
    async fn an_endless_password_is_wrong_without_any_work() {
        let hasher = PasswordHasher::default();
        let _turns = hasher.places.acquire_many(2).await.unwrap();
        let endless = "a".repeat(1_001);
        assert!(!hasher.verify(&endless, None).await.unwrap());
        assert!(!hasher.verify(&endless, Some("")).await.unwrap());
    }
}
