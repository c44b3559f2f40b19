//! The programs behind a browser: chromedriver, and the Chromium that it starts. They end with the test, however that ends.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::{DesiredCapabilities, WebDriver};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A browser is several processes. nextest holds them apart by its test group; this does the same for `cargo test`,
/// which runs all tests in one process. A story opens two browsers at most, so half of them cannot wait for each other.
static TURNS: Semaphore = Semaphore::const_new(4);

/// The right to run a browser.
pub type Turn = SemaphorePermit<'static>;

/// Waits for the right to run a browser.
pub async fn turn() -> Turn {
    TURNS.acquire().await.unwrap()
}

/// Runs chromedriver until the lifeline is cut, be it because the test was killed. Chromium hears chromedriver through a
/// pipe (`--remote-debugging-pipe`), and ends with it.
const KEEPER: &str = r#"
chromedriver --port=0 --allowed-ips=127.0.0.1 </dev/null &
read -r _
kill "$!"
wait "$!"
"#;

/// How long the programs may take to begin and to end.
const GRACE: Duration = Duration::from_secs(30);

/// A chromedriver with its folder for everything that it and its browser write.
pub struct Programs {
    keeper: Child,
    lifeline: Option<ChildStdin>,
    port: u16,
    folder: TempDir,
}

impl Programs {
    /// Starts chromedriver on a free port of loopback.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("gatebook-chromium-").tempdir().unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_CACHE_HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut keeper = keeper.unwrap();
        let lifeline = keeper.stdin.take();
        let lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| port_in(&line));
        let port = port.unwrap_or_else(|| panic!("chromedriver did not start; “make prerequisites” installs it"));
        Self {
            keeper,
            lifeline,
            port,
            folder,
        }
    }

    /// Starts Chromium.
    pub async fn open_browser(&self) -> WebDriver {
        let mut wanted = DesiredCapabilities::chrome();
        for flag in [
            "--headless=new",
            "--remote-debugging-pipe",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--lang=en",
            // A name that is not this machine's own, without TLS.
            "--host-resolver-rules=MAP gatebook.test 127.0.0.1",
            "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
            &format!("--user-data-dir={}", self.profile().display()),
        ] {
            wanted.add_arg(flag).unwrap();
        }
        // Chromium refuses its sandbox to root.
        if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
            wanted.add_arg("--no-sandbox").unwrap();
        }
        let preferences = json!({
            "download.default_directory": self.downloads(),
            "download.prompt_for_download": false,
            "credentials_enable_service": false,
        });
        wanted.add_experimental_option("prefs", preferences).unwrap();
        let log = thirtyfour::common::log::LoggingPrefsLogLevel::All;
        wanted.set_browser_log_level(log).unwrap();
        let address = format!("http://127.0.0.1:{}", self.port);
        WebDriver::builder(address, wanted)
            .request_timeout(Duration::from_secs(60))
            .connect()
            .await
            .unwrap_or_else(|error| panic!("Chromium did not start: {error}"))
    }

    /// Where downloads go.
    pub fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// Ends the programs, and waits until they are gone.
    pub fn end(&mut self) {
        self.lifeline = None;
        let _ = self.keeper.wait();
        let begun = Instant::now();
        while let running = running_with(&self.profile())
            && !running.is_empty()
        {
            // Only those that did not hear that the pipe was closed.
            if begun.elapsed() > GRACE {
                let _ = Command::new("kill").arg("-KILL").args(running).status();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

/// The ids of the processes that were started with this folder.
fn running_with(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|process| {
        let message = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&message).contains(&folder)
    });
    ours.map(|process| process.file_name().to_string_lossy().into_owned())
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        .collect()
}
