//! Hands over e-mails on one connection, one after another, by the commands of SMTP (RFC 5321, 3.3).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use lettre::{Address, Message};
use tokio::time::timeout;

use super::error::MailError;
use super::hand_over_error::{HandOverError, Step};
use super::message::BodyEncoding;

/// RFC 5321, 4.2.3: the server is closing the connection. The code says nothing about the e-mail.
const CLOSING: u16 = 421;
/// How long a reused connection may take to show that it is alive.
const STALE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Outgoing<'a> {
    pub(super) sender: &'a Address,
    pub(super) recipient: &'a Address,
    /// Builds the message for the encoding that the server accepts.
    pub(super) message: &'a (dyn Fn(BodyEncoding) -> Result<Message, MailError> + Send + Sync),
}

/// How far an attempt got, for a caller that abandons it.
#[derive(Debug, Default)]
pub struct TransferProgress(AtomicBool);

impl TransferProgress {
    /// Whether the e-mail may have arrived, because its content was sent, at least in part.
    pub fn may_have_arrived(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Call this before sending content.
    pub(super) fn content_leaves(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A connection and its state.
pub(super) struct Conversation {
    smtp: AsyncSmtpConnection,
    mails: u32,
    /// Whether RSET must come before the next e-mail, because the last one was refused.
    needs_reset: bool,
    is_over: bool,
}

impl Conversation {
    pub(super) fn new(smtp: AsyncSmtpConnection) -> Self {
        Self {
            smtp,
            mails: 0,
            needs_reset: false,
            is_over: false,
        }
    }

    /// How many e-mails it was used for.
    pub(super) fn mails(&self) -> u32 {
        self.mails
    }

    /// Whether another e-mail can follow.
    pub(super) fn can_go_on(&self) -> bool {
        !self.is_over
    }

    /// Whether the error may be due to this reused connection rather than to the e-mail or the server.
    pub(super) fn may_be_at_fault(&self, error: &HandOverError) -> bool {
        match error {
            HandOverError::Smtp { step: Step::Sender, .. } => true,
            HandOverError::Smtp {
                step: Step::Recipient, ..
            } => self.is_over,
            HandOverError::Late => true,
            _ => false,
        }
    }

    pub(super) async fn hand_over(
        &mut self,
        mail: &Outgoing<'_>,
        progress: &TransferProgress,
    ) -> Result<(), HandOverError> {
        let is_used = self.mails > 0;
        self.mails += 1;
        let server = self.smtp.server_info();
        let needs_utf8 = !(is_ascii(mail.sender) && is_ascii(mail.recipient));
        if needs_utf8 && !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(HandOverError::NoSmtpUtf8);
        }
        let encoding = match server.supports_feature(Extension::EightBitMime) {
            true => BodyEncoding::EightBit,
            false => BodyEncoding::SevenBit,
        };
        let content = (mail.message)(encoding)?.formatted();
        let mut parameters = Vec::new();
        if needs_utf8 {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if encoding == BodyEncoding::EightBit && !content.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let begun = self.begin(mail.sender, parameters);
        match is_used {
            true => timeout(STALE_TIMEOUT, begun).await.map_err(|_| HandOverError::Late)?,
            false => begun.await,
        }?;
        let to = Rcpt::new(mail.recipient.clone(), Vec::new());
        let answer = self.smtp.command(to).await;
        self.heard(Step::Recipient, answer)?;
        let answer = self.smtp.command(Data).await;
        self.heard(Step::Content, answer)?;
        progress.content_leaves();
        let answer = self.smtp.message(&content).await;
        self.heard(Step::Content, answer)
    }

    async fn begin(&mut self, sender: &Address, parameters: Vec<MailParameter>) -> Result<(), HandOverError> {
        if std::mem::take(&mut self.needs_reset) {
            let answer = self.smtp.command(Rset).await;
            self.heard(Step::Sender, answer)?;
        }
        let answer = self.smtp.command(Mail::new(Some(sender.clone()), parameters)).await;
        self.heard(Step::Sender, answer)
    }

    /// After a refusal the connection stays usable; after no answer, or the answer that the server is closing, it does
    /// not.
    fn heard(&mut self, step: Step, answer: Result<Response, smtp::Error>) -> Result<(), HandOverError> {
        let Err(error) = answer else { return Ok(()) };
        self.needs_reset = true;
        self.is_over = error.status().is_none_or(|code| u16::from(code) == CLOSING);
        Err(HandOverError::Smtp { step, error })
    }

    pub(super) async fn quit(&mut self) {
        let _ = self.smtp.quit().await;
    }
}

fn is_ascii(address: &Address) -> bool {
    address.user().is_ascii() && address.domain().is_ascii()
}
