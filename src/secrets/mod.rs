//! Creates and recognises all secrets, and stores them as keyed digests or sealed. Who may see a secret and how long it
//! is valid is decided elsewhere.
//!
//! The types of secrets have no `Debug`, `Display` or `Serialize`; only `reveal` shows them. All ids and secrets
//! consist of `[A-Za-z0-9_-]`.

mod access_token;
mod checksum;
mod credential_kind;
mod feed_signer;
mod guessable;
mod hashing_queue;
mod key_file;
mod key_id;
mod keyed_digest;
mod lookup_token;
mod master_key;
mod one_time_password;
mod password;
mod password_hasher;
mod random_secret;
mod randomness;
mod sealed;
mod secret_string;
mod verification_code;

pub use access_token::{ACCESS_TOKEN_LIFETIME, AccessTokenClaims, AccessTokens, TokenRefusal};
pub use credential_kind::CredentialKind;
pub use feed_signer::{FeedKey, FeedSigner};
pub use hashing_queue::Urgency;
pub use key_file::KeyFileError;
pub use key_id::UnknownKey;
pub use keyed_digest::Digests;
pub use lookup_token::{lookup_id, mint};
pub use master_key::MasterKey;
pub use one_time_password::OneTimePassword;
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, Password, PasswordProblem};
pub use password_hasher::{PasswordError, PasswordHasher};
pub use random_secret::{
    client_id, client_secret, client_secret_prefix, is_client_secret, is_resource_server_secret, resource_server_id,
    resource_server_secret,
};
pub use randomness::Randomness;
pub use sealed::{SealError, Sealer};
pub use secret_string::SecretString;
pub use verification_code::VerificationCode;
