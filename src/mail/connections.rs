//! Connections to the mail server. A few are kept open for the next e-mails.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::dialogue::{Conversation, Outgoing, TransferProgress};
use super::hand_over_error::{HandOverError, Step};
use super::mail_server::{MailServer, TlsPolicy};

/// How long connecting, greeting and logging in may take. Less than for a whole e-mail, so that a dead server costs
/// less time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long to try one of a server's addresses before the next.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept. Short, because servers want it closed and firewalls forget it.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// How many e-mails one connection carries. Many servers close a connection after some higher number.
const MAILS_PER_CONNECTION: u32 = 100;
/// How long QUIT may take.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The idle connections to one server.
pub(super) struct SmtpConnections {
    server: MailServer,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    conversation: Conversation,
    since: Instant,
}

impl SmtpConnections {
    pub(super) fn to(server: MailServer) -> Self {
        Self {
            server,
            idle: Mutex::default(),
        }
    }

    /// Sets the name for greeting the server.
    pub(super) fn greet_as(&mut self, name: ClientId) {
        self.server.helo = name;
    }

    /// Hands over an e-mail, preferably on an open connection. If that turns out to be closed, or the server accepts no
    /// more e-mails on it, tries another; never after the content has started to leave.
    pub(super) async fn hand_over(
        &self,
        mail: &Outgoing<'_>,
        progress: &TransferProgress,
    ) -> Result<(), HandOverError> {
        while let Some(mut conversation) = self.take() {
            match conversation.hand_over(mail, progress).await {
                Err(error) if conversation.may_be_at_fault(&error) => {}
                outcome => {
                    self.put_back(conversation);
                    return outcome;
                }
            }
        }
        let smtp = timeout(CONNECT_TIMEOUT, self.connect()).await;
        let mut conversation = Conversation::new(smtp.map_err(|_| HandOverError::Late)??);
        let outcome = conversation.hand_over(mail, progress).await;
        self.put_back(conversation);
        outcome
    }

    /// Closes the connections that have been idle for a while, or all.
    pub(super) async fn close(&self, all: bool) {
        let unused = |idle: &mut Idle| all || idle.since.elapsed() > IDLE_MAX;
        let closing: Vec<Idle> = self.idle().extract_if(.., unused).collect();
        let goodbyes = closing.into_iter().map(|idle| quit(idle.conversation));
        futures::future::join_all(goodbyes).await;
    }

    fn take(&self) -> Option<Conversation> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() <= IDLE_MAX);
        idle.pop().map(|idle| idle.conversation)
    }

    fn put_back(&self, conversation: Conversation) {
        if conversation.can_go_on() && conversation.mails() < MAILS_PER_CONNECTION {
            let since = Instant::now();
            self.idle().push(Idle { conversation, since });
        } else if conversation.can_go_on() {
            tokio::spawn(quit(conversation));
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, HandOverError> {
        let server = &self.server;
        let stream = tcp(&server.host, server.port).await?;
        let connecting = |error| HandOverError::Smtp {
            step: Step::Connecting,
            error,
        };
        let mut smtp = match &server.privacy {
            TlsPolicy::Implicit(tls) => {
                let stream = Box::new(tls.over(stream).await?);
                AsyncSmtpConnection::connect_with_transport(stream, &server.helo).await
            }
            _ => AsyncSmtpConnection::connect_with_transport(Box::new(stream), &server.helo).await,
        }
        .map_err(connecting)?;
        match &server.privacy {
            TlsPolicy::Required(tls) => smtp.starttls(tls.clone(), &server.helo).await.map_err(connecting)?,
            TlsPolicy::Opportunistic(tls) if smtp.can_starttls() => {
                smtp.starttls(tls.clone(), &server.helo).await.map_err(connecting)?;
            }
            _ => {}
        }
        if let Some(credentials) = &server.credentials {
            smtp.auth(DEFAULT_MECHANISMS, credentials).await.map_err(connecting)?;
        }
        Ok(smtp)
    }
}

/// Connects to the first of the host's addresses that answers. Each SMTP command waits for its answer, so delaying
/// small writes (Nagle) would cost 40 ms per e-mail.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    for address in lookup_host((host, port)).await? {
        match timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Closes the connection politely. A failure does not matter.
async fn quit(mut conversation: Conversation) {
    let _ = timeout(QUIT_TIMEOUT, conversation.quit()).await;
}
