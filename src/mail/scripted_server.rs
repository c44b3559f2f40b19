//! For tests: a mail server that follows a script and records what it receives.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How the server treats a new connection and its first mail, or a further mail on the same connection.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// Accepts the mail.
    Accept,
    /// Accepts the mail, then closes the connection without a goodbye.
    AcceptAndHangUp,
    /// Accepts the mail, and supports ASCII only.
    AcceptAscii,
    /// Accepts the mail, and supports addresses beyond ASCII (RFC 6531).
    AcceptUtf8,
    /// Never answers.
    Silent,
    /// Stops answering at this recipient. Accepts all others.
    SilentFor(&'static str),
    /// Stops answering when it has the mail.
    SilentAboutMail,
    /// Answers MAIL with this line.
    Sender(&'static str),
    /// Answers RCPT with this line.
    Recipient(&'static str),
    /// Answers the content with this line.
    Mail(&'static str),
    /// Offers a login, and answers it with this line.
    Login(&'static str),
    /// Closes the connection when it has the mail, without an answer.
    HangUp,
    /// Accepts mail after a login with this name and password (RFC 4954).
    Password(&'static str, &'static str),
}

#[derive(Clone)]
enum ScriptedTls {
    None,
    StartTls(TlsAcceptor),
    Implicit(TlsAcceptor),
}

/// A mail server on this machine, which runs until the test ends.
pub(crate) struct ScriptedServer {
    pub(crate) address: String,
    /// The complete mails that it received, accepted or not.
    pub(crate) mails: mpsc::UnboundedReceiver<String>,
    /// The commands received so far on all connections.
    heard: Arc<Mutex<Vec<String>>>,
    /// Told when it says nothing any more on a connection.
    silent: Arc<Notify>,
}

/// The state that all connections share.
#[derive(Clone)]
struct ScriptState {
    scripts: Arc<Mutex<Vec<Script>>>,
    /// Used when all scripts have been used.
    then: Script,
    given: mpsc::UnboundedSender<String>,
    heard: Arc<Mutex<Vec<String>>>,
    silent: Arc<Notify>,
}

impl ScriptState {
    fn next_script(&self) -> Script {
        self.scripts.lock().unwrap().pop().unwrap_or(self.then)
    }
}

impl ScriptedServer {
    /// Starts a server. Each connection, and each further mail on one, follows the next script. After the last script
    /// all mails are accepted.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::speaking(ScriptedTls::None, scripts, Script::Accept).await
    }

    /// Starts a server that follows the same script for all mails.
    pub(crate) async fn always(script: Script) -> Self {
        Self::speaking(ScriptedTls::None, [], script).await
    }

    /// Starts a server that offers STARTTLS. Also returns its certificate as PEM.
    pub(crate) async fn with_starttls(script: Script) -> (Self, String) {
        let (acceptor, certificate) = acceptor();
        (
            Self::speaking(ScriptedTls::StartTls(acceptor), [], script).await,
            certificate,
        )
    }

    /// Starts a server that uses TLS from the first byte. Also returns its certificate as PEM.
    pub(crate) async fn with_tls(script: Script) -> (Self, String) {
        let (acceptor, certificate) = acceptor();
        (
            Self::speaking(ScriptedTls::Implicit(acceptor), [], script).await,
            certificate,
        )
    }

    async fn speaking(privacy: ScriptedTls, scripts: impl IntoIterator<Item = Script>, then: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut scripts: Vec<_> = scripts.into_iter().collect();
        scripts.reverse();
        let (given, mails) = mpsc::unbounded_channel();
        let (heard, silent) = (Arc::default(), Arc::default());
        let shared = ScriptState {
            scripts: Arc::new(Mutex::new(scripts)),
            then,
            given,
            heard: Arc::clone(&heard),
            silent: Arc::clone(&silent),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.heard.lock().unwrap().push("connection".to_owned());
                tokio::spawn(serve(stream, privacy.clone(), shared.clone()));
            }
        });
        Self {
            address,
            mails,
            heard,
            silent,
        }
    }

    /// Waits until it says nothing any more on a connection.
    pub(crate) async fn has_fallen_silent(&self) {
        self.silent.notified().await;
    }

    /// The commands that begin with this text, in the order received.
    pub(crate) fn heard(&self, command: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(command)).cloned().collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.heard("connection").len()
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The Message-IDs of the mails received since the last call.
    pub(crate) fn message_ids(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.mails.try_recv().ok())
            .filter_map(|mail| {
                let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: "));
                id.map(str::to_owned)
            })
            .collect()
    }
}

/// TLS for `localhost` with a self-signed certificate.
fn acceptor() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key);
    (TlsAcceptor::from(Arc::new(config.unwrap())), made.cert.pem())
}

async fn serve(stream: TcpStream, privacy: ScriptedTls, shared: ScriptState) -> Option<()> {
    let script = shared.next_script();
    if matches!(script, Script::Silent) {
        return silence(stream, &shared.silent).await;
    }
    match privacy {
        ScriptedTls::None => {
            let mut stream = BufReader::new(stream);
            say(&mut stream, "220 test").await?;
            converse(stream, script, shared).await
        }
        ScriptedTls::Implicit(acceptor) => {
            let mut stream = BufReader::new(acceptor.accept(stream).await.ok()?);
            say(&mut stream, "220 test").await?;
            converse(stream, script, shared).await
        }
        ScriptedTls::StartTls(acceptor) => {
            let mut stream = BufReader::new(stream);
            say(&mut stream, "220 test").await?;
            hear(&mut stream).await?;
            say(&mut stream, "250-test\r\n250 STARTTLS").await?;
            // A client that continues without TLS gets no answer.
            (hear(&mut stream).await? == "STARTTLS").then_some(())?;
            say(&mut stream, "220 go on").await?;
            let stream = acceptor.accept(stream.into_inner()).await.ok()?;
            converse(BufReader::new(stream), script, shared).await
        }
    }
}

/// Keeps the connection open without answering.
async fn silence<S>(stream: S, silent: &Notify) -> Option<()> {
    silent.notify_one();
    std::future::pending::<()>().await;
    drop(stream);
    None
}

async fn converse(
    mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    mut script: Script,
    shared: ScriptState,
) -> Option<()> {
    let mut is_known = !matches!(script, Script::Password(..));
    let (mut mails, mut in_mail) = (0, false);
    loop {
        let line = hear(&mut stream).await?;
        shared.heard.lock().unwrap().push(line.clone());
        let command = line.split([' ', ':']).next().unwrap_or_default().to_owned();
        if command == "MAIL" {
            mails += 1;
            if mails > 1 {
                script = shared.next_script();
            }
        }
        let answer = match (command.as_str(), script) {
            ("EHLO", Script::AcceptAscii) => "250 test",
            ("EHLO", Script::AcceptUtf8) => "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8",
            ("EHLO", Script::Login(_) | Script::Password(..)) => "250-test\r\n250 AUTH PLAIN",
            ("AUTH", Script::Password(user, password)) => {
                let expected = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
                is_known = line == format!("AUTH PLAIN {expected}");
                if is_known { "235 welcome" } else { "535 no" }
            }
            ("MAIL", _) if !is_known => "530 who are you?",
            // RFC 5321, 4.1.4: as strict as real servers.
            ("MAIL", _) if in_mail => "503 5.5.1 nested",
            ("MAIL", Script::Sender(answer)) => answer,
            ("MAIL", _) => {
                in_mail = true;
                "250 fine"
            }
            ("RSET", _) => {
                in_mail = false;
                "250 fine"
            }
            ("EHLO", _) => "250-test\r\n250 8BITMIME",
            ("AUTH", Script::Login(answer)) | ("RCPT", Script::Recipient(answer)) => answer,
            ("RCPT", Script::SilentFor(recipient)) if line.contains(recipient) => {
                return silence(stream, &shared.silent).await;
            }
            ("DATA", _) => {
                say(&mut stream, "354 go on").await?;
                let _ = shared.given.send(hear_mail(&mut stream).await?);
                in_mail = false;
                match script {
                    Script::HangUp => return None,
                    Script::SilentAboutMail => return silence(stream, &shared.silent).await,
                    Script::Mail(answer) => answer,
                    Script::AcceptAndHangUp => {
                        say(&mut stream, "250 taken").await?;
                        return None;
                    }
                    _ => "250 taken",
                }
            }
            ("QUIT", _) => "221 bye",
            _ => "250 fine",
        };
        say(&mut stream, answer).await?;
    }
}

async fn hear_mail(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<String> {
    let mut mail = String::new();
    loop {
        match hear(stream).await?.as_str() {
            "." => return Some(mail),
            line => mail = mail + line.strip_prefix('.').unwrap_or(line) + "\r\n",
        }
    }
}

async fn hear(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

async fn say(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    stream.get_mut().write_all(line.as_bytes()).await.ok()
}
