//! What `gatebook serve` says about TLS and about its own name.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Answer;

/// How long a real process may take to start or to refuse.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `gatebook serve` on a folder of its own; it ends with the test.
struct Served {
    process: Child,
    /// What it says on standard error, line by line.
    said: mpsc::Receiver<String>,
    _folder: TempDir,
}

impl Served {
    fn with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebook"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GATEBOOK_")) {
            command.env_remove(name);
        }
        command.arg("serve").arg("--data").arg(folder.path()).args(arguments);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
        Self {
            process,
            said,
            _folder: folder,
        }
    }

    /// Waits for the line that says this; none when it ends without having said it. And all that it said before.
    fn says(&self, words: &str) -> (Option<String>, String) {
        let mut before = String::new();
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return (Some(line), before),
                Ok(line) => before.extend([line.as_str(), "\n"]),
                Err(mpsc::RecvTimeoutError::Disconnected) => return (None, before),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("no “{words}” in time: {before}"),
            }
        }
    }

    /// The address that it listens on.
    fn address(&self) -> String {
        let (listening, said) = self.says("listening");
        let line = listening.unwrap_or_else(|| panic!("it does not listen: {said}"));
        let (_, rest) = line
            .split_once("127.0.0.1:")
            .unwrap_or_else(|| panic!("no address in {line}"));
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        format!("127.0.0.1:{port}")
    }

    /// How it ended and what it said, if it never listened.
    fn refusal(mut self) -> Option<(ExitStatus, String)> {
        let (listening, said) = self.says("listening");
        listening.is_none().then(|| (self.process.wait().unwrap(), said))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn is_refused(url: &str) {
    let served = Served::with(&["--listen", "127.0.0.1:0", "--public-url", url]);
    let Some((status, said)) = served.refusal() else {
        panic!("{url} is served")
    };
    assert!(!status.success(), "{url}: {said}");
    assert!(said.contains("--public-url"), "{url}: {said}");
    assert!(!said.contains("panicked"), "{url}: {said}");
}

#[test]
fn t01_d02_a_public_url_without_tls_is_refused_outside_loopback() {
    is_refused("http://example.com");
    is_refused("ftp://example.com");
    is_refused("example.com");
}

#[test]
fn t01_d02_a_public_name_that_only_looks_like_loopback_is_refused() {
    is_refused("http://127.example.com");
    is_refused("http://127.0.0.1.example.com");
    is_refused("http://localhost.example.com");
}

#[test]
fn d01_a_public_url_with_a_path_is_refused_because_the_metadata_would_be_elsewhere() {
    is_refused("https://example.com/gatebook");
}

#[test]
fn d02_a_public_url_with_a_query_or_a_fragment_is_refused() {
    is_refused("https://example.com/?tenant=1");
    is_refused("https://example.com/#top");
}

/// The metadata of a server that listens on a port that it chose.
async fn metadata(address: &str) -> Value {
    let url = format!("http://{address}/.well-known/oauth-authorization-server");
    Answer::read(reqwest::get(url).await.unwrap()).await.expect(200).json()
}

#[tokio::test]
async fn d02_d08_r09_behind_tls_everything_is_published_under_the_https_issuer() {
    let served = Served::with(&["--listen", "127.0.0.1:0", "--public-url", "https://gate.example.com/"]);
    let metadata = metadata(&served.address()).await;
    assert_eq!(metadata["issuer"], "https://gate.example.com");
    let endpoints = metadata
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint"));
    for (name, value) in endpoints {
        assert!(
            value.as_str().unwrap().starts_with("https://gate.example.com/oauth/"),
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn d02_without_a_public_url_the_issuer_is_the_address_that_is_listened_on() {
    let served = Served::with(&["--listen", "127.0.0.1:0"]);
    let address = served.address();
    assert_eq!(metadata(&address).await["issuer"], format!("http://{address}"));
}

#[test]
fn t01_d02_without_a_public_url_only_loopback_is_served() {
    let served = Served::with(&["--listen", "0.0.0.0:0"]);
    let Some((status, said)) = served.refusal() else {
        panic!("an issuer without TLS is published")
    };
    assert!(!status.success(), "{said}");
    assert!(said.contains("--public-url"), "{said}");
}
