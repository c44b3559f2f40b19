//! A mail server outside of Gatebook, on loopback: it takes mails at once, refuses some recipients, or says nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How it treats those who connect.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Takes every mail.
    Takes,
    /// Takes every mail, except for this recipient.
    Refuses(&'static str),
    /// Says nothing at all.
    Silent,
}

/// The server, for as long as the test runs.
pub struct MailServer {
    /// Where it is, as `--mail` takes it.
    pub url: String,
    connections: Arc<AtomicUsize>,
    greetings: Greetings,
}

type Greetings = Arc<Mutex<Vec<String>>>;

impl MailServer {
    /// Starts it.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let greetings = Greetings::default();
        let heard = greetings.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, manner, heard.clone()));
            }
        });
        Self {
            url,
            connections,
            greetings,
        }
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it was greeted with first.
    pub fn greeting(&self) -> Option<String> {
        self.greetings.lock().unwrap().first().cloned()
    }
}

async fn serve(stream: TcpStream, manner: Manner, greetings: Greetings) -> std::io::Result<()> {
    if matches!(manner, Manner::Silent) {
        std::future::pending::<()>().await;
    }
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let (mut line, mut in_content) = (String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().split([' ', ':']).next().unwrap_or_default();
        let answer = match (in_content, command, manner) {
            (true, ".", _) => {
                in_content = false;
                "250 2.0.0 taken\r\n"
            }
            (true, ..) => continue,
            (_, "EHLO", _) => {
                greetings.lock().unwrap().push(line.trim_end().to_owned());
                "250-test\r\n250 8BITMIME\r\n"
            }
            (_, "RCPT", Manner::Refuses(recipient)) if line.contains(recipient) => "550 5.1.1 nobody here\r\n",
            (_, "DATA", _) => {
                in_content = true;
                "354 go on\r\n"
            }
            _ => "250 2.0.0 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
