//! What a letter says, sealed for the table and opened for sending. The letter's id is the context: what was sealed for
//! one letter cannot be passed off as another's.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::queue::ClaimedLetter;
use crate::log::append::SealedLetter;
use crate::mail::{Failure, Letter, LetterKind, MailError};
use crate::secrets::{Dice, SealError, Sealer};

#[derive(Serialize, Deserialize)]
struct Content {
    subject: String,
    text: String,
}

/// Why a letter cannot be sealed. Says nothing about what it says.
#[derive(Debug, Error)]
pub enum SealLetterError {
    /// Its content has no JSON.
    #[error("the letter cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
    /// It cannot be sealed.
    #[error("the letter cannot be sealed: {0}")]
    NotSealed(#[from] SealError),
}

/// The letter as a command hands it to the writer, under a new id.
///
/// # Errors
/// A letter that is too long.
pub fn seal_letter(letter: &Letter, id: Uuid, sealer: &Sealer, dice: &Dice) -> Result<SealedLetter, SealLetterError> {
    let id = id.to_string();
    let content = Content {
        subject: letter.subject.clone(),
        text: letter.text.clone(),
    };
    let content = serde_json::to_string(&content).map_err(SealLetterError::NotJson)?;
    Ok(SealedLetter {
        sealed: sealer.seal(dice, &id, &content)?,
        id,
        kind: letter.kind.into(),
        recipient: letter.to.clone(),
        priority: letter.kind.priority(),
        not_before: None,
        about: None,
        quotas: Vec::new(),
    })
}

/// The letter to send.
pub(super) fn open_letter(claimed: &ClaimedLetter, sealer: &Sealer) -> Result<Letter, MailError> {
    let kind: LetterKind = claimed.kind.parse().map_err(|_| {
        // A newer node may have written it, and may send it.
        let kind = &claimed.kind;
        MailError::Transient(format!("this version knows no letters of the kind {kind}"))
    })?;
    let unreadable = |why: String| MailError::permanent(Failure::Broken, format!("its content is lost: {why}"));
    let Some(sealed) = &claimed.sealed else {
        return Err(unreadable("there is none".to_owned()));
    };
    let content = sealer
        .open(&claimed.id, sealed)
        .map_err(|error| unreadable(error.to_string()))?;
    // serde_json's own message could repeat what the letter says.
    let content: Content =
        serde_json::from_str(&content).map_err(|_| unreadable("it was not written by seal_letter".to_owned()))?;
    Ok(Letter {
        kind,
        to: claimed.recipient.clone(),
        subject: content.subject,
        text: content.text,
    })
}
