//! Seals the content of an e-mail for the table, and opens it for sending. The e-mail's id is the context, so sealed
//! content cannot be moved to another e-mail.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::queue::ClaimedEmail;
use crate::log::append::EncryptedEmail;
use crate::mail::{DeliveryFailure, Email, EmailKind, MailError, Paragraph};
use crate::secrets::{Randomness, SealError, Sealer};

#[derive(Serialize, Deserialize)]
struct Content {
    subject: String,
    paragraphs: Vec<Paragraph>,
}

/// Why an e-mail cannot be sealed. Never contains its content.
#[derive(Debug, Error)]
pub enum EncryptEmailError {
    /// The content cannot be written as JSON.
    #[error("the e-mail cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("the e-mail cannot be sealed: {0}")]
    NotSealed(#[from] SealError),
}

/// Seals an e-mail under a new id, for a command to hand to the writer.
///
/// # Errors
/// The e-mail is too long.
pub fn encrypt_email(
    email: &Email,
    id: Uuid,
    sealer: &Sealer,
    randomness: &Randomness,
) -> Result<EncryptedEmail, EncryptEmailError> {
    let id = id.to_string();
    let content = Content {
        subject: email.subject.clone(),
        paragraphs: email.paragraphs.clone(),
    };
    let content = serde_json::to_string(&content).map_err(EncryptEmailError::NotJson)?;
    Ok(EncryptedEmail {
        sealed: sealer.seal(randomness, &id, &content)?,
        id,
        kind: email.kind.into(),
        recipient: email.to.clone(),
        priority: email.kind.priority(),
        not_before: None,
        about: None,
        audience: None,
        quotas: Vec::new(),
    })
}

/// Opens a claimed e-mail for sending.
pub(super) fn decrypt_email(claimed: &ClaimedEmail, sealer: &Sealer) -> Result<Email, MailError> {
    let kind: EmailKind = claimed.kind.parse().map_err(|_| {
        // A newer node may have written it, and can send it.
        let kind = &claimed.kind;
        MailError::Transient(format!("this version does not know e-mails of the kind {kind}"))
    })?;
    let unreadable = |why: String| MailError::permanent(DeliveryFailure::Broken, format!("its content is lost: {why}"));
    let Some(sealed) = &claimed.sealed else {
        return Err(unreadable("there is none".to_owned()));
    };
    let content = sealer
        .open(&claimed.id, sealed)
        .map_err(|error| unreadable(error.to_string()))?;
    // serde_json's error could repeat the content.
    let content: Content =
        serde_json::from_str(&content).map_err(|_| unreadable("it was not written by encrypt_email".to_owned()))?;
    Ok(Email {
        kind,
        to: claimed.recipient.clone(),
        subject: content.subject,
        paragraphs: content.paragraphs,
    })
}
