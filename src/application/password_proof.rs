//! That a password is right, as something to build on: it holds only as long as the password is not replaced.

use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::append::{CredentialGuard, CredentialKind};

impl Gatebook {
    /// What proves that this is the password of an account; none when it is not. Takes as long for nobody as for
    /// somebody.
    pub(super) async fn password_proof(
        &self,
        kind: CredentialKind,
        account: Option<&str>,
        password: &str,
    ) -> Result<Option<CredentialGuard>, Failure> {
        let kept = match account {
            Some(id) => self.kept(kind, id).await?,
            None => None,
        };
        let hash = kept.as_ref().map(|kept| kept.digest.as_str());
        let right = self.passwords.verify(password, hash).await?;
        Ok(kept.filter(|_| right).map(|kept| kept.guard(kind)))
    }
}
