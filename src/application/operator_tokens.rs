//! The tokens of operators: made, listed and ended at the command line.

use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::words::Label;
use uuid::Uuid;

use super::credentials::IssuedToken;
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::listed_tokens::ListedToken;
use crate::log::append::{CredentialChange, CredentialKind};
use crate::secrets::{SecretKind, TokenKind};

/// Operators' tokens are the installation's, and have no owner.
const NOBODY: &str = "";

impl Gatebook {
    /// Makes an operator's token.
    pub async fn create_operator_token(&self, name: &Label) -> Result<IssuedToken, Failure> {
        let (issued, credential) = self.new_token(
            TokenKind::Operator,
            (CredentialKind::OperatorToken, SecretKind::OperatorToken),
            NOBODY.to_owned(),
            name,
        );
        self.keep(vec![CredentialChange::Put(credential)]).await?;
        Ok(issued)
    }

    /// All operators' tokens, oldest first.
    pub async fn operator_tokens(&self) -> Result<Vec<ListedToken>, Failure> {
        Ok(self.listed_tokens(CredentialKind::OperatorToken, NOBODY).await?)
    }

    /// Ends an operator's token, and every session in the operator pages that was begun with it, with immediate effect.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    pub async fn revoke_operator_token(&self, token_id: Uuid) -> Result<(), Failure> {
        let id = token_id.to_string();
        if self.kept(CredentialKind::OperatorToken, &id).await?.is_none() {
            return Err(Refusal::NotFound.into());
        }
        let sessions = CredentialChange::DeleteOwned {
            kind: CredentialKind::OperatorSession,
            owner: id.clone(),
        };
        let kind = CredentialKind::OperatorToken;
        self.keep(vec![CredentialChange::Delete { kind, id }, sessions]).await
    }
}
