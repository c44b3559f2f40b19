//! A proxy as a private process on a free port of loopback, with a shipped configuration in which only addresses, paths
//! and credentials are other ones.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::place::Place;
use crate::bad_days::installation::free_port;
use crate::support::eventually::eventually;

/// How long a proxy may take to end when asked to.
const ENDING: Duration = Duration::from_secs(10);

/// A proxy that listens. It ends with the test.
pub struct PrivateProxy {
    pub address: String,
    pub folder: TempDir,
    child: Child,
}

/// What a configuration is written for.
pub struct Site {
    /// Where the proxy shall listen.
    pub listen: String,
    /// Where Gatebook does.
    pub gatebook: String,
    /// Where the SOAP service does.
    pub service: String,
    /// A resource server's credentials, as Basic has them.
    pub basic: String,
    /// A folder for the proxy's files.
    pub folder: PathBuf,
}

impl PrivateProxy {
    /// Starts what `command` makes of a site, and waits until it listens.
    pub async fn start(place: &Place, command: impl Fn(&Site) -> Command) -> Self {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            // A proxy that is started by root goes on as somebody else.
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
            let (id, secret) = &place.customer.gateway;
            let site = Site {
                listen: format!("127.0.0.1:{}", free_port()),
                gatebook: place.gatebook_address().to_owned(),
                service: place.service.address.clone(),
                basic: STANDARD.encode(format!("{id}:{secret}")),
                folder: folder.path().to_owned(),
            };
            let mut command = command(&site);
            let output = std::fs::File::create(folder.path().join("output")).unwrap();
            command
                .stdin(Stdio::null())
                .stdout(output.try_clone().unwrap())
                .stderr(output);
            let mut proxy = Self {
                child: command.spawn().unwrap(),
                address: site.listen,
                folder,
            };
            if proxy.becomes_ready().await {
                return proxy;
            }
            // Somebody was faster with the port, which is nobody's mistake; anything else is one.
            let log = proxy.log();
            assert!(log.to_lowercase().contains("in use"), "{log}");
        }
        panic!("no port was free five times");
    }

    /// The address of a call.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it has written.
    pub fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{}{}", read("output"), read("error.log"))
    }

    async fn becomes_ready(&mut self) -> bool {
        let child = std::sync::Mutex::new(&mut self.child);
        let address = &self.address;
        eventually("listening proxy", async || {
            if child.lock().unwrap().try_wait().unwrap().is_some() {
                return Some(false);
            }
            TcpStream::connect(address).is_ok().then_some(true)
        })
        .await
    }
}

impl Drop for PrivateProxy {
    /// As an operator ends it, because who is killed leaves the processes behind that it started.
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-s", "TERM", &self.child.id().to_string()])
            .status();
        let asked = Instant::now();
        while asked.elapsed() < ENDING {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A shipped file, with other words for some of its own, each of which it must have.
pub fn shipped(path: &str, other_words: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    other_words.iter().fold(text, |text, (word, other)| {
        assert!(text.contains(word), "no {word} in {}", path.display());
        text.replace(word, other)
    })
}

/// Writes a file into the site's folder; its path.
pub fn written(site: &Site, name: &str, text: &str) -> String {
    let path = site.folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}
