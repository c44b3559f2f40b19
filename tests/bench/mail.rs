//! E-mails that wait, all at once: how long until a mail server that takes them at once has them all and that is written
//! down, against the same e-mails told to it over one socket without anything around them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatebook::clock::Clock;
use gatebook::log::Writer;
use gatebook::log::append::Append;
use gatebook::mail::{Email, MailTransport};
use gatebook::metrics::Metrics;
use gatebook::outbox::{self, Outbox, encrypt_email};
use gatebook::secrets::{MasterKey, Randomness, Sealer};
use gatebook::store::{self, Database};
use gatebook_aggregates::timestamp::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::mail_server::{MailServer, Manner};
use super::{median, setting};

const EMAILS: usize = 1_000;
const ROUNDS: usize = 3;
const SENDER: &str = "Gatebook <no-reply@gate.example.com>";

/// Measures on both databases.
pub async fn measure() {
    println!("\n{EMAILS} e-mails that wait, until the last is sent, against one bare SMTP dialogue");
    let limit = median(rounds(bare).await);
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("gatebook.db").display());
    for (name, url) in [("SQLite", sqlite), ("PostgreSQL", setting::new_database().await)] {
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let mut figures = Vec::new();
        for _ in 0..ROUNDS {
            figures.push(sent(&database).await);
        }
        let ours = median(figures);
        println!(
            "  {name:<10}: {ours:>6.2} s ({:>5.0}/s), bare {limit:.2} s  = {:.1}",
            EMAILS as f64 / ours,
            ours / limit
        );
        assert!(ours < 5.0, "{EMAILS} e-mails took {ours:.1} s on {name}; they have 5");
    }
}

async fn rounds<F: Future<Output = f64>>(measured: impl Fn() -> F) -> Vec<f64> {
    let mut figures = Vec::new();
    for _ in 0..ROUNDS {
        figures.push(measured().await);
    }
    figures
}

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_bytes([1; 32]))
}

fn email(number: usize) -> Email {
    let end = Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap();
    let link = "https://gate.example.com/portal/sign-up?invite=gbi_4f9Kd82";
    Email::invitation(&format!("dev{number}@example.com"), "Payroll Bridge", "Acme", link, end)
}

/// How long the outbox takes, in seconds.
async fn sent(database: &Arc<dyn Database>) -> f64 {
    let server = MailServer::start(Manner::Takes).await;
    let metrics = Arc::new(Metrics::default());
    let (writer, _) = Writer::start(database.clone(), Clock::System, metrics.clone());
    let randomness = Randomness::secure();
    let seal = |number| {
        encrypt_email(
            &email(number),
            randomness.uuid_v7(Clock::System.now().to_utc()),
            &sealer(),
            &randomness,
        )
    };
    let emails = (0..EMAILS).map(|number| seal(number).unwrap()).collect();
    let append = Append {
        emails,
        ..Append::default()
    };
    writer.append(append).await.unwrap();
    let transport = MailTransport::from_url(&server.url, std::path::Path::new("/nowhere"), SENDER, None).unwrap();
    let outbox = Outbox::new(database.clone(), transport, sealer(), Clock::System, metrics);
    let (stop, shutdown) = watch::channel(false);
    let begun = Instant::now();
    let running = tokio::spawn(Arc::new(outbox).run(shutdown, Arc::default()));
    while outbox::depth(&**database, Clock::System.now()).await.unwrap().pending > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    stop.send(true).unwrap();
    running.await.unwrap();
    took
}

/// How long the dialogue alone takes, in seconds.
async fn bare() -> f64 {
    let server = MailServer::start(Manner::Takes).await;
    let address = server.url.strip_prefix("smtp://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    answered(&mut stream, "220").await;
    tell(&mut stream, "EHLO bench\r\n", "250 ").await;
    let begun = Instant::now();
    for number in 0..EMAILS {
        let email = email(number);
        tell(&mut stream, "MAIL FROM:<no-reply@gate.example.com>\r\n", "250").await;
        tell(&mut stream, &format!("RCPT TO:<{}>\r\n", email.to), "250").await;
        tell(&mut stream, "DATA\r\n", "354").await;
        // As text and again as HTML in base64, as ours are.
        let text = email.text().replace('\n', "\r\n").repeat(3);
        tell(
            &mut stream,
            &format!("Subject: {}\r\n\r\n{text}\r\n.\r\n", email.subject),
            "250",
        )
        .await;
    }
    begun.elapsed().as_secs_f64()
}

async fn tell(stream: &mut BufReader<TcpStream>, line: &str, answer: &str) {
    stream.write_all(line.as_bytes()).await.unwrap();
    answered(stream, answer).await;
}

async fn answered(stream: &mut BufReader<TcpStream>, answer: &str) {
    let mut line = String::new();
    while !line.starts_with(answer) {
        line.clear();
        assert!(stream.read_line(&mut line).await.unwrap() > 0);
    }
}
