//! The ways a mail leaves the house: into a folder, or to a mail server.

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
use super::connections::{Connections, HandOverError, Step};
use super::dialogue::{Outgoing, Progress};
use super::error::{Failure, MailError};
use super::letters::Letter;
use super::mail_server::MailServer;
use super::message::{Passage, message, path_safe};

/// So long may sending one mail take, whatever the server does.
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
    Smtp(Box<Connections>),
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
        let sender: Mailbox = sender.parse().map_err(|_| MailError::BadSender)?;
        let address = ascii_domain(&sender.email).map_err(|_| MailError::BadSender)?;
        let way = match url.strip_prefix("file:") {
            Some(path) => Way::Folder(folder(path, data_dir)?),
            None => Way::Smtp(Box::new(Connections::to(MailServer::from_url(url, ca)?))),
        };
        Ok(Self {
            sender: Mailbox::new(sender.name, address),
            way,
            patience: SEND_TIMEOUT,
        })
    }

    /// The same transport, which greets mail servers with this name: a domain or an IP address.
    ///
    /// # Errors
    /// A name that is neither.
    pub fn greeting_as(mut self, name: &str) -> Result<Self, MailError> {
        let name = client_id(name)?;
        if let Way::Smtp(connections) = &mut self.way {
            connections.greet_as(name);
        }
        Ok(self)
    }

    /// The folder that mails are put into; none when they go to a server.
    pub fn folder(&self) -> Option<&Path> {
        match &self.way {
            Way::Folder(folder) => Some(folder),
            Way::Smtp(_) => None,
        }
    }

    /// Sends a letter. `message_id` is the letter's id and `date` when it was written; both make the mail recognisable
    /// when it is sent a second time. `progress` tells how far it got, should the attempt be given up.
    ///
    /// # Errors
    /// `Permanent` or `Transient`.
    pub async fn send(
        &self,
        letter: &Letter,
        message_id: &str,
        date: DateTime<Utc>,
        progress: &Progress,
    ) -> Result<(), MailError> {
        let recipient = letter.to.parse().map_err(|_| unreachable_address())?;
        let recipient = ascii_domain(&recipient)?;
        let build = |passage| message(letter, &recipient, &self.sender, message_id, date, passage);
        match &self.way {
            Way::Folder(folder) => {
                let mail = build(Passage::EightBit)?;
                let time = date.format("%Y%m%dT%H%M%S%.3fZ");
                let name = format!("{time}-{}.eml", path_safe(message_id));
                progress.content_leaves();
                put(folder.clone(), name, mail.formatted()).await
            }
            Way::Smtp(connections) => {
                let mail = Outgoing {
                    sender: &self.sender.email,
                    recipient: &recipient,
                    message: &build,
                };
                // One limit for all steps: whoever takes longer than the outbox's lease sends twice.
                let handed_over = timeout(self.patience, connections.hand_over(&mail, progress)).await;
                handed_over
                    .unwrap_or(Err(HandOverError::Late))
                    .map_err(|error| without(error, letter))
            }
        }
    }

    /// Ends the connections to the mail server that were not used for some seconds.
    pub async fn close_unused(&self) {
        if let Way::Smtp(connections) = &self.way {
            connections.close(false).await;
        }
    }

    /// Ends all connections to the mail server that no letter is under way on.
    pub async fn close(&self) {
        if let Way::Smtp(connections) = &self.way {
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

/// What an operator may read. Servers like to repeat what they refuse; the letter's link or code is left out.
fn without(error: HandOverError, letter: &Letter) -> MailError {
    let reason = without_content(&error.to_string(), letter);
    match error {
        HandOverError::Message(error) => error,
        HandOverError::NoSmtpUtf8 => MailError::permanent(Failure::AddressUnsupported, reason),
        HandOverError::Smtp { step, error } if error.is_permanent() && !is_about_us(step, &error) => {
            let failure = match step {
                Step::Recipient => Failure::AddressRefused,
                _ => Failure::MailRefused,
            };
            MailError::permanent(failure, reason)
        }
        _ => MailError::Transient(reason),
    }
}

/// Whether a server refuses to speak to us at all, which an operator can mend. The letters go out then.
fn is_about_us(step: Step, error: &smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    step == Step::Connecting || code.is_some_and(|code| AUTHENTICATION_CODES.contains(&code))
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

/// Makes a folder, if it is not there, that only its owner may look into.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
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
    make_folder(folder)?;
    let unfinished = folder.join(format!(".{name}.tmp"));
    // A file that was left half-written, or that somebody else has put there to read along, goes.
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
#[path = "transport_tests.rs"]
mod tests;
