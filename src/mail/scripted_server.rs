//! For tests: a mail server that answers as a script says, and tells what it was given.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How the server treats one connection.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// Takes the mail.
    Accept,
    /// Takes the mail and hangs up without a goodbye.
    AcceptAndHangUp,
    /// Takes the mail, and ASCII only.
    AcceptAscii,
    /// Answers the recipient with this line.
    Recipient(&'static str),
    /// Answers the whole mail with this line.
    Mail(&'static str),
    /// Wants to know who we are, and answers with this line.
    Login(&'static str),
    /// Hangs up when it has the mail, without an answer.
    HangUp,
}

/// A mail server on this machine, for as long as the test runs.
pub(crate) struct ScriptedServer {
    /// Where it listens.
    pub(crate) address: String,
    /// The mails it was given whole, whether or not it took them.
    pub(crate) mails: mpsc::UnboundedReceiver<String>,
}

impl ScriptedServer {
    /// Starts it. Each connection follows the next script; after the last one all mails are taken.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut scripts: Vec<_> = scripts.into_iter().collect();
        scripts.reverse();
        let (given, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = scripts.pop().unwrap_or(Script::Accept);
                tokio::spawn(serve(stream, script, given.clone()));
            }
        });
        Self { address, mails }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The Message-IDs of what it was given since last asked.
    pub(crate) fn message_ids(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.mails.try_recv().ok())
            .filter_map(|mail| {
                let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: "));
                id.map(str::to_owned)
            })
            .collect()
    }
}

async fn serve(stream: TcpStream, script: Script, given: mpsc::UnboundedSender<String>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 test").await?;
    loop {
        let line = hear(&mut stream).await?;
        let answer = match (line.split([' ', ':']).next().unwrap_or_default(), script) {
            ("EHLO", Script::AcceptAscii) => "250 test",
            ("EHLO", Script::Login(_)) => "250-test\r\n250 AUTH PLAIN",
            ("EHLO", _) => "250-test\r\n250 8BITMIME",
            ("AUTH", Script::Login(answer)) | ("RCPT", Script::Recipient(answer)) => answer,
            ("DATA", _) => {
                say(&mut stream, "354 go on").await?;
                let _ = given.send(hear_mail(&mut stream).await?);
                match script {
                    Script::HangUp => return None,
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

async fn hear_mail(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut mail = String::new();
    loop {
        match hear(stream).await?.as_str() {
            "." => return Some(mail),
            line => mail = mail + line.strip_prefix('.').unwrap_or(line) + "\r\n",
        }
    }
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    stream.get_mut().write_all(line.as_bytes()).await.ok()
}
