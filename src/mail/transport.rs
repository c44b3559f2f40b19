//! Sends mails into a folder or to a mail server.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp;
use tokio::time::timeout;

use super::addresses::{ascii_domain, client_id, unreachable_address};
use super::connections::SmtpConnections;
use super::dialogue::{Outgoing, TransferProgress};
use super::emails::Email;
use super::error::{DeliveryFailure, MailError};
use super::hand_over_error::{HandOverError, Step};
use super::mail_server::MailServer;
use super::message::{BodyEncoding, message, path_safe};

/// How long sending one mail may take. It must be shorter than the outbox's lease: otherwise another process would send
/// the same mail.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(45);
/// RFC 4954: answers about our password. They say nothing about the e-mail, which is sent once an operator has
/// corrected the password.
const AUTHENTICATION_CODES: [u16; 4] = [530, 534, 535, 538];
/// How many characters of a server's answer are kept.
const REASON_MAX_CHARS: usize = 300;

pub struct MailTransport {
    sender: Mailbox,
    backend: Backend,
    /// How long one e-mail may take.
    patience: Duration,
}

enum Backend {
    Folder(PathBuf),
    Smtp(Box<SmtpConnections>),
}

impl MailTransport {
    /// Parses a transport's URL: `file:` (the folder `mail` in the data folder), `file:/folder`,
    /// `smtp://user:password@host:port`, `smtps://…`; `smtp:` also with `?tls=required` or `?tls=opportunistic`. A mail
    /// server's certificate must be signed by a public authority, or by one in the file `ca` (PEM).
    ///
    /// # Errors
    /// The URL is of another kind, the folder cannot be created, the certificates cannot be read, or the sender is not
    /// a mailbox.
    pub fn from_url(url: &str, data_dir: &Path, sender: &str, ca: Option<&Path>) -> Result<Self, MailError> {
        let sender: Mailbox = sender.parse().map_err(|_| MailError::BadSender)?;
        let address = ascii_domain(&sender.email).map_err(|_| MailError::BadSender)?;
        let backend = match url.strip_prefix("file:") {
            Some(path) => Backend::Folder(folder(path, data_dir)?),
            None => Backend::Smtp(Box::new(SmtpConnections::to(MailServer::from_url(url, ca)?))),
        };
        Ok(Self {
            sender: Mailbox::new(sender.name, address),
            backend,
            patience: SEND_TIMEOUT,
        })
    }

    /// Sets the name for greeting mail servers: a domain or an IP address.
    ///
    /// # Errors
    /// The name is neither.
    pub fn greeting_as(mut self, name: &str) -> Result<Self, MailError> {
        let name = client_id(name)?;
        if let Backend::Smtp(connections) = &mut self.backend {
            connections.greet_as(name);
        }
        Ok(self)
    }

    /// The folder for mails. `None` if they go to a server.
    pub fn folder(&self) -> Option<&Path> {
        match &self.backend {
            Backend::Folder(folder) => Some(folder),
            Backend::Smtp(_) => None,
        }
    }

    /// Sends an e-mail. `message_id` is the e-mail's id and `date` the time it was written, so that a second copy is
    /// recognised. `progress` shows how far an abandoned attempt got.
    ///
    /// # Errors
    /// `Permanent` or `Transient`.
    pub async fn send(
        &self,
        email: &Email,
        message_id: &str,
        date: DateTime<Utc>,
        progress: &TransferProgress,
    ) -> Result<(), MailError> {
        let recipient = email.to.parse().map_err(|_| unreachable_address())?;
        let recipient = ascii_domain(&recipient)?;
        let build = |encoding| message(email, &recipient, &self.sender, message_id, date, encoding);
        match &self.backend {
            Backend::Folder(folder) => {
                let mail = build(BodyEncoding::EightBit)?;
                let time = date.format("%Y%m%dT%H%M%S%.3fZ");
                let name = format!("{time}-{}.eml", path_safe(message_id));
                progress.content_leaves();
                put(folder.clone(), name, mail.formatted()).await
            }
            Backend::Smtp(connections) => {
                let mail = Outgoing {
                    sender: &self.sender.email,
                    recipient: &recipient,
                    message: &build,
                };
                // One limit for all steps. After the outbox's lease another process would send the e-mail again.
                let handed_over = timeout(self.patience, connections.hand_over(&mail, progress)).await;
                handed_over
                    .unwrap_or(Err(HandOverError::Late))
                    .map_err(|error| without(error, email))
            }
        }
    }

    /// Closes connections to the mail server that have been idle for some seconds.
    pub async fn close_unused(&self) {
        if let Backend::Smtp(connections) = &self.backend {
            connections.close(false).await;
        }
    }

    /// Closes all idle connections to the mail server.
    pub async fn close(&self) {
        if let Backend::Smtp(connections) = &self.backend {
            connections.close(true).await;
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
    make_folder(&folder).map_err(|error| {
        let folder = folder.display();
        MailError::BadUrl(format!("the folder {folder} cannot be made: {error}"))
    })?;
    Ok(folder)
}

/// Converts the error for operators. Servers often repeat what they refuse, so the e-mail's link or code is removed.
fn without(error: HandOverError, email: &Email) -> MailError {
    let reason = without_content(&error.to_string(), email);
    match error {
        HandOverError::Message(error) => error,
        HandOverError::NoSmtpUtf8 => MailError::permanent(DeliveryFailure::AddressUnsupported, reason),
        HandOverError::Smtp { step, error } if error.is_permanent() && !is_about_us(step, &error) => {
            let failure = match step {
                Step::Recipient => DeliveryFailure::AddressRefused,
                _ => DeliveryFailure::MailRefused,
            };
            MailError::permanent(failure, reason)
        }
        _ => MailError::Transient(reason),
    }
}

/// Whether the server refuses us rather than the e-mail. An operator can correct that, and the e-mails are sent then.
fn is_about_us(step: Step, error: &smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    step == Step::Connecting || code.is_some_and(|code| AUTHENTICATION_CODES.contains(&code))
}

/// Removes words that are links, or that contain digits and occur in the e-mail.
fn without_content(text: &str, email: &Email) -> String {
    let is_content = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let telling = word.len() >= 6 && word.contains(|c: char| c.is_ascii_digit());
        word.contains("://") || telling && email.text().contains(word)
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

/// Creates a folder that only its owner can open, if it does not exist.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

async fn put(folder: PathBuf, name: String, mail: Vec<u8>) -> Result<(), MailError> {
    let written = tokio::task::spawn_blocking(move || write_whole(&folder, &name, &mail)).await;
    written
        .map_err(io::Error::other)
        .flatten()
        .map_err(|error| MailError::Transient(format!("the e-mail was not written: {error}")))
}

/// Writes atomically: the file is complete or absent. Only its owner can read it.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make_folder(folder)?;
    let unfinished = folder.join(format!(".{name}.tmp"));
    // Removes an incomplete file, or one that somebody else created in order to read the mail.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
