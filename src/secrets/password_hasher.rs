//! Makes and checks the slow hashes of passwords.

use std::sync::Arc;

use argon2::password_hash::{Error as HashError, Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use gatebook_aggregates::typed::opaque_string;
use prometheus_client::metrics::counter::Counter;
use thiserror::Error;
use tokio::sync::oneshot;

use super::hashing_queue::{HashingMemory, HashingQueue, Urgency};
use super::password::{MAX_PASSWORD_BYTES, Password};
use super::randomness::Randomness;
use super::secret_string::SecretString;

const SALT_BYTES: usize = 16;

/// Hashes and checks passwords with argon2id (19 MiB, t=2, p=1). It works on two threads of its own, so that many
/// sign-ins cannot block requests. Clones share the threads.
#[derive(Clone)]
pub struct PasswordHasher {
    queue: Arc<HashingQueue>,
    done: Counter,
}

impl PasswordHasher {
    /// A hasher that counts hashes in `done`. One per process is enough.
    pub fn counting(done: Counter) -> Self {
        let queue = Arc::new(HashingQueue::new());
        Self { queue, done }
    }

    /// The hash to store, in PHC format, with a fresh salt.
    ///
    /// # Errors
    /// See [`PasswordError`]. None is the password's fault.
    pub async fn hash(&self, password: &Password, randomness: &Randomness) -> Result<String, PasswordError> {
        let salt = SaltString::encode_b64(&randomness.bytes::<SALT_BYTES>())?;
        let password = SecretString::new(password.reveal().to_owned());
        self.done.inc();
        self.in_turn(Urgency::First, move |memory| hash_now(memory, password.reveal(), &salt))
            .await
    }

    /// Whether `typed` is the password stored as `phc`. Pass `None` for an account that does not exist: the answer is
    /// `false` and takes as long.
    ///
    /// # Errors
    /// `Failed` if `phc` cannot be read; otherwise those of `hash`.
    pub async fn verify(&self, typed: &str, phc: Option<&str>) -> Result<bool, PasswordError> {
        let stored = vec![phc.map(str::to_owned)];
        Ok(self.verify_each(Urgency::First, typed, stored).await?.contains(&true))
    }

    /// Says for each of several stored passwords whether `typed` matches it. `None` stands for an account without one.
    /// All are checked in one job.
    ///
    /// # Errors
    /// Those of `verify`.
    pub async fn verify_each(
        &self,
        turn: Urgency,
        typed: &str,
        stored: Vec<Option<String>>,
    ) -> Result<Vec<bool>, PasswordError> {
        // No stored password is longer, so the quick answer reveals nothing about the account.
        if typed.len() > MAX_PASSWORD_BYTES {
            return Ok(vec![false; stored.len()]);
        }
        let typed = SecretString::new(opaque_string(typed));
        let done = self.done.clone();
        self.in_turn(turn, move |memory| {
            let verify = |phc: Option<String>| {
                done.inc();
                match phc {
                    Some(phc) => verify_now(memory, typed.reveal(), &phc),
                    None => hash_for_nothing(memory, typed.reveal()),
                }
            };
            stored.into_iter().map(verify).collect()
        })
        .await
    }

    /// Queues a job. Once queued, it runs even if the caller has left.
    async fn in_turn<T: Send + 'static>(
        &self,
        turn: Urgency,
        work: impl FnOnce(&mut HashingMemory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (answer, answered) = oneshot::channel();
        let job = move |memory: &mut HashingMemory| {
            // The caller may have left.
            let _ = answer.send(work(memory));
        };
        self.queue.push(turn, Box::new(job)).map_err(|_| PasswordError::Busy)?;
        answered.await.map_err(|_| PasswordError::Interrupted)?
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::counting(Counter::default())
    }
}

/// Why a password was neither hashed nor checked. Contains neither the password nor its hash.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// Argon2 refused, or the stored hash cannot be read.
    #[error("the password could not be hashed: {0}")]
    Failed(HashError),
    /// The line of passwords that wait to be hashed is full.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The process is shutting down, or the job panicked.
    #[error("hashing the password was interrupted")]
    Interrupted,
}

impl From<HashError> for PasswordError {
    fn from(error: HashError) -> Self {
        Self::Failed(error)
    }
}

/// The library's defaults are the promised 19 MiB, t=2, p=1. A test checks that.
fn argon2id() -> Argon2<'static> {
    Argon2::default()
}

fn hash_now(memory: &mut HashingMemory, password: &str, salt: &SaltString) -> Result<String, PasswordError> {
    let argon2 = argon2id();
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(salt.as_salt()),
        hash: Some(output(memory, &argon2, salt.as_salt(), password)?),
    };
    Ok(hash.to_string())
}

fn verify_now(memory: &mut HashingMemory, typed: &str, phc: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(phc)?;
    // A truncated hash is an error, not a wrong password.
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Err(HashError::PhcStringField.into());
    };
    let version = stored
        .version
        .map(Version::try_from)
        .transpose()
        .map_err(HashError::from)?;
    let argon2 = Argon2::new(
        Algorithm::try_from(stored.algorithm)?,
        version.unwrap_or_default(),
        Params::try_from(&stored)?,
    );
    // The library's `Output` compares in constant time.
    Ok(output(memory, &argon2, salt, typed)? == expected)
}

/// Does the same work as for a stored password, so that timing does not reveal which accounts exist.
fn hash_for_nothing(memory: &mut HashingMemory, typed: &str) -> Result<bool, PasswordError> {
    let salt = SaltString::encode_b64(&[0; SALT_BYTES])?;
    output(memory, &argon2id(), salt.as_salt(), typed)?;
    Ok(false)
}

/// Computes the hash in the given memory.
fn output(
    memory: &mut HashingMemory,
    argon2: &Argon2<'_>,
    salt: Salt<'_>,
    password: &str,
) -> Result<Output, HashError> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    Output::init_with(length, |out| {
        let blocks = memory.blocks(argon2.params().block_count());
        Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str = "correct horse battery";

    fn chosen(phrase: &str) -> Password {
        Password::parse(phrase).ok().unwrap()
    }

    #[tokio::test]
    async fn the_right_password_opens_and_a_wrong_one_does_not() {
        let hasher = PasswordHasher::default();
        let phc = hasher.hash(&chosen(PHRASE), &Randomness::seeded(1)).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(hasher.verify(PHRASE, Some(&phc)).await.unwrap());
        assert!(!hasher.verify("Correct horse battery", Some(&phc)).await.unwrap());
        assert!(!hasher.verify("", Some(&phc)).await.unwrap());
    }

    #[tokio::test]
    async fn the_hash_is_the_librarys_own() {
        use argon2::password_hash::PasswordVerifier;

        let hasher = PasswordHasher::default();
        for (seed, phrase) in [(1, PHRASE), (2, "another phrase, and longer")] {
            let phc = hasher.hash(&chosen(phrase), &Randomness::seeded(seed)).await.unwrap();
            let stored = PasswordHash::new(&phc).unwrap();
            assert!(Argon2::default().verify_password(phrase.as_bytes(), &stored).is_ok());
        }
    }

    #[tokio::test]
    async fn a_password_opens_on_every_machine() {
        let hasher = PasswordHasher::default();
        let (composed, decomposed) = ("Z\u{fc}rich ist eine Stadt", "Zu\u{308}rich ist eine Stadt");
        for (chosen_as, typed_as) in [(composed, decomposed), (decomposed, composed)] {
            let phc = hasher.hash(&chosen(chosen_as), &Randomness::seeded(1)).await.unwrap();
            assert!(hasher.verify(typed_as, Some(&phc)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn the_same_password_is_kept_differently_each_time() {
        let hasher = PasswordHasher::default();
        let (password, randomness) = (chosen(PHRASE), Randomness::seeded(1));
        let one = hasher.hash(&password, &randomness).await.unwrap();
        let two = hasher.hash(&password, &randomness).await.unwrap();
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_has_no_right_password() {
        let hasher = PasswordHasher::default();
        assert!(!hasher.verify(PHRASE, None).await.unwrap());
        assert!(!hasher.verify("", None).await.unwrap());
    }

    #[tokio::test]
    async fn of_several_accounts_those_are_told_whose_password_it_is() {
        let hasher = PasswordHasher::default();
        let phc = hasher.hash(&chosen(PHRASE), &Randomness::seeded(1)).await.unwrap();
        let other = hasher
            .hash(&chosen("another long phrase"), &Randomness::seeded(2))
            .await
            .unwrap();
        let stored = vec![None, Some(phc), Some(other)];
        let right = hasher.verify_each(Urgency::Later, PHRASE, stored).await.unwrap();
        assert_eq!(right, [false, true, false]);
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
    async fn an_endless_password_is_wrong_without_any_work() {
        let done = Counter::default();
        let hasher = PasswordHasher::counting(done.clone());
        let endless = "a".repeat(1_001);
        assert!(!hasher.verify(&endless, None).await.unwrap());
        assert!(!hasher.verify(&endless, Some("")).await.unwrap());
        assert_eq!(done.get(), 0);
    }
}
