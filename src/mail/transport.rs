//! The ways a mail leaves the house: into a folder, or to a mail server.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use thiserror::Error;
use tokio::time::timeout;

use super::letters::Letter;
use super::mail_server::mail_server;
use super::message::{Passage, message, path_safe};

/// So long may sending one mail take. lettre itself only limits connecting.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(45);
/// RFC 4954: answers about our password, not about the letter. Once an operator has corrected it, the letter goes out.
const AUTHENTICATION_CODES: [u16; 4] = [530, 534, 535, 538];
/// So much of a server's answer is kept, in characters.
const REASON_MAX_CHARS: usize = 300;

/// Sends letters as mails.
pub struct MailTransport {
    sender: Mailbox,
    way: Way,
    /// How long one letter may take.
    patience: Duration,
}

enum Way {
    Folder(PathBuf),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// Why a mail could not be sent. Never holds what the letter says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    /// The transport's URL cannot be used.
    #[error("--mail takes file:, file:/folder, smtp://user:password@host:port or smtps://…: {0}")]
    BadUrl(String),
    /// The authorities' certificates cannot be used.
    #[error("--mail-ca takes a file with certificates in PEM: {0}")]
    BadAuthorities(String),
    /// The sender is no mailbox.
    #[error("the sender of mails is no mailbox such as `Gatebook <no-reply@example.com>`")]
    BadSender,
    /// Trying again would not help.
    #[error("{0}")]
    Permanent(String),
    /// Trying again later may help.
    #[error("{0}")]
    Transient(String),
}

impl MailError {
    /// Whether trying again would not help.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Transient(_))
    }
}

impl MailTransport {
    /// The transport that a URL names: `file:` (the folder `mail` of the data folder), `file:/folder`,
    /// `smtp://user:password@host:port`, `smtps://…`; with `?tls=required` or `?tls=opportunistic` on `smtp:`. A mail
    /// server's certificate has to be vouched for by a public authority, or by one in the file `ca` (PEM).
    ///
    /// # Errors
    /// A URL of another kind, a folder that cannot be made, certificates that cannot be read, or a sender that is no
    /// mailbox.
    pub fn from_url(url: &str, data_dir: &Path, sender: &str, ca: Option<&Path>) -> Result<Self, MailError> {
        let sender = sender.parse().map_err(|_| MailError::BadSender)?;
        let way = match url.strip_prefix("file:") {
            Some(path) => Way::Folder(folder(path, data_dir)?),
            None => Way::Smtp(mail_server(url, ca)?),
        };
        Ok(Self {
            sender,
            way,
            patience: SEND_TIMEOUT,
        })
    }

    /// The folder that mails are put into; none when they go to a server.
    pub fn folder(&self) -> Option<&Path> {
        match &self.way {
            Way::Folder(folder) => Some(folder),
            Way::Smtp(_) => None,
        }
    }

    /// Sends a letter. `message_id` is the letter's id and `date` when it was written; both make the mail recognisable
    /// when it is sent a second time.
    ///
    /// # Errors
    /// `Permanent` or `Transient`.
    pub async fn send(&self, letter: &Letter, message_id: &str, date: DateTime<Utc>) -> Result<(), MailError> {
        let build = |passage| message(letter, &self.sender, message_id, date, passage);
        let mail = build(Passage::EightBit)?;
        match &self.way {
            Way::Folder(folder) => {
                let time = date.format("%Y%m%dT%H%M%S%.3fZ");
                let name = format!("{time}-{}.eml", path_safe(message_id));
                put(folder.clone(), name, mail.formatted()).await
            }
            Way::Smtp(server) => {
                let hand_over = async {
                    match server.send(mail).await {
                        // Among other things: the server takes ASCII only.
                        Err(error) if error.is_client() && !letter.text.is_ascii() => {
                            server.send(build(Passage::SevenBit)?).await
                        }
                        sent => sent,
                    }
                    .map_err(|error| without(error, letter))
                };
                let late = |_| MailError::Transient("the mail server did not answer in time".to_owned());
                // One limit for both passages: whoever takes longer than the outbox's lease sends twice.
                timeout(self.patience, hand_over).await.map_err(late)?.map(drop)
            }
        }
    }
}

fn folder(path: &str, data_dir: &Path) -> Result<PathBuf, MailError> {
    let folder = match (path, path.strip_prefix("//")) {
        ("", _) => data_dir.join("mail"),
        (_, Some(absolute)) if absolute.starts_with('/') => PathBuf::from(absolute),
        (_, Some(_)) => return Err(MailError::BadUrl("a folder has no host".to_owned())),
        (path, None) => PathBuf::from(path),
    };
    fs::create_dir_all(&folder).map_err(|error| {
        let folder = folder.display();
        MailError::BadUrl(format!("the folder {folder} cannot be made: {error}"))
    })?;
    Ok(folder)
}

/// What an operator may read. Servers like to repeat what they refuse; the letter's link or code is left out.
fn without(error: smtp::Error, letter: &Letter) -> MailError {
    let reason = without_content(&error.to_string(), letter);
    let code = error.status().map(u16::from);
    let about_us = code.is_some_and(|code| AUTHENTICATION_CODES.contains(&code));
    if error.is_permanent() && !about_us {
        MailError::Permanent(reason)
    } else {
        MailError::Transient(reason)
    }
}

/// The text without its words that are links, or that hold digits and are part of the letter.
fn without_content(text: &str, letter: &Letter) -> String {
    let is_content = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let telling = word.len() >= 6 && word.contains(|c: char| c.is_ascii_digit());
        word.contains("://") || telling && letter.text.contains(word)
    };
    let words: Vec<_> = text
        .split_whitespace()
        .map(|word| if is_content(word) { "[...]" } else { word })
        .collect();
    let visible = words.join(" ");
    visible
        .chars()
        .filter(|c| !c.is_control())
        .take(REASON_MAX_CHARS)
        .collect()
}

async fn put(folder: PathBuf, name: String, mail: Vec<u8>) -> Result<(), MailError> {
    let written = tokio::task::spawn_blocking(move || write_whole(&folder, &name, &mail)).await;
    written
        .map_err(io::Error::other)
        .flatten()
        .map_err(|error| MailError::Transient(format!("the mail was not written: {error}")))
}

/// Under its name the file is whole or absent, whatever happens meanwhile. Only its owner may read it.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
