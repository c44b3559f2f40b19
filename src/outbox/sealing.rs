//! What an e-mail says, sealed for the table and opened for sending. The e-mail's id is the context: what was sealed for
//! one e-mail cannot be passed off as another's.

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

/// Why an e-mail cannot be sealed. Says nothing about what it says.
#[derive(Debug, Error)]
pub enum EncryptEmailError {
    /// Its content has no JSON.
    #[error("the e-mail cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
    /// It cannot be sealed.
    #[error("the e-mail cannot be sealed: {0}")]
    NotSealed(#[from] SealError),
}

/// The e-mail as a command hands it to the writer, under a new id.
///
/// # Errors
/// A letter that is too long.
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
        quotas: Vec::new(),
    })
}

/// The e-mail to send.
pub(super) fn decrypt_email(claimed: &ClaimedEmail, sealer: &Sealer) -> Result<Email, MailError> {
    let kind: EmailKind = claimed.kind.parse().map_err(|_| {
        // A newer node may have written it, and may send it.
        let kind = &claimed.kind;
        MailError::Transient(format!("this version knows no e-mails of the kind {kind}"))
    })?;
    let unreadable = |why: String| MailError::permanent(DeliveryFailure::Broken, format!("its content is lost: {why}"));
    let Some(sealed) = &claimed.sealed else {
        return Err(unreadable("there is none".to_owned()));
    };
    let content = sealer
        .open(&claimed.id, sealed)
        .map_err(|error| unreadable(error.to_string()))?;
    // serde_json's own message could repeat what the e-mail says.
    let content: Content =
        serde_json::from_str(&content).map_err(|_| unreadable("it was not written by seal_letter".to_owned()))?;
    Ok(Email {
        kind,
        to: claimed.recipient.clone(),
        subject: content.subject,
        paragraphs: content.paragraphs,
    })
}
