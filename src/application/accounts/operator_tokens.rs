//! The tokens of operators: made, listed and ended at the command line.

use gatebook_aggregates::identifiers::ApiTokenId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::session::api_token_end;
use gatebook_aggregates::system::SystemCommand;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::accounts::credentials::IssuedToken;
use crate::application::accounts::user_tokens::ListedToken;
use crate::application::authorization::Operator;
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::secrets::CredentialKind;

/// Operators' tokens are the installation's, and have no owner.
const NOBODY: &str = "";

impl Gatebook {
    /// Makes an operator's token; it ends after a year, unless it is told an earlier end.
    ///
    /// # Errors
    /// An end that has passed, or is more than a year away.
    pub async fn create_operator_token(
        &self,
        operator: Operator<'_>,
        name: &Label,
        ends: Option<Timestamp>,
    ) -> Result<IssuedToken, Failure> {
        let (issued, credential) = self.new_token(
            CredentialKind::OperatorToken,
            NOBODY.to_owned(),
            name,
            api_token_end(self.clock.now(), ends)?,
        );
        let command = SystemCommand::CreateOperatorToken {
            token_id: issued.id,
            name: name.clone(),
            expires_at: issued.expires_at,
        };
        let request = CommandRequest::new(operator.caller, command).with(Drawn::Credential(&credential));
        self.run_system(request).await?;
        Ok(issued)
    }

    /// All operators' tokens, oldest first.
    pub async fn operator_tokens(&self, _: Operator<'_>) -> Result<Vec<ListedToken>, Failure> {
        Ok(self.listed_tokens(CredentialKind::OperatorToken, NOBODY).await?)
    }

    /// Ends an operator's token, and every session in the operator pages that was begun with it, with immediate effect.
    ///
    /// # Errors
    /// `NotFound` when there is none with this id.
    pub async fn revoke_operator_token(&self, operator: Operator<'_>, token_id: ApiTokenId) -> Result<(), Failure> {
        let id = token_id.to_string();
        let stored = self.stored(CredentialKind::OperatorToken, &id).await?;
        let name = stored.ok_or(Refusal::NotFound)?.label()?;
        let command = SystemCommand::EndOperatorToken { token_id, name };
        self.run_system(CommandRequest::new(operator.caller, command))
            .await
            .map(|_| ())
    }
}
