//! Somebody's real browser: Debian's Chromium without a window, steered through chromedriver. It finds things as people
//! do, by the words on the screen, and waits until they are there; what is looked at is checked with axe-core on the way.

mod eyes;
mod hands;
mod pictures;
mod programs;

use std::collections::BTreeSet;
use std::panic::Location;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::WebDriver;
use thirtyfour::error::WebDriverError;

use super::World;
use programs::Programs;

/// How long a person waits for something to appear. A page takes milliseconds; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often they look.
const GLANCE: Duration = Duration::from_millis(25);
/// Finds what a person means.
const FIND: &str = include_str!("find.js");

/// Somebody's browser.
pub struct Chromium {
    base_url: String,
    // Before the programs, which are ended with it.
    driver: Option<WebDriver>,
    programs: Programs,
    scripts: bool,
    checked: Mutex<BTreeSet<String>>,
    _turn: programs::Turn,
}

impl Chromium {
    /// A new browser, which knows nobody.
    pub async fn new(world: &World) -> Self {
        let turn = programs::turn().await;
        let programs = Programs::start();
        let driver = programs.open_browser().await;
        let browser = Self {
            base_url: world.base_url.clone(),
            driver: Some(driver),
            programs,
            scripts: true,
            checked: Mutex::default(),
            _turn: turn,
        };
        browser.resize(1280, 900).await;
        browser
    }

    /// A new browser that runs no scripts of pages.
    pub async fn without_scripts(world: &World) -> Self {
        let mut browser = Self::new(world).await;
        browser
            .cdp("Emulation.setScriptExecutionDisabled", json!({"value": true}))
            .await;
        browser.scripts = false;
        browser
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().unwrap()
    }

    /// Speaks to Chromium itself, for what WebDriver has no words for.
    async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let answer = self.driver().cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Runs a script of ours in the page, which its policy does not hinder.
    async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value, WebDriverError> {
        Ok(self.driver().execute(script, arguments).await?.json().clone())
    }

    /// Tries until it works, or ends the test with a picture of what is there instead.
    async fn until<T>(
        &self,
        what: &str,
        at: &Location<'_>,
        attempt: impl AsyncFn() -> Result<Option<T>, WebDriverError>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let trouble = match attempt().await {
                Ok(Some(done)) => return done,
                Ok(None) => String::new(),
                Err(error) => format!(" ({error})"),
            };
            if begun.elapsed() > PATIENCE {
                self.give_up(&format!("{what}{trouble}"), at).await;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends the test, telling what is on the screen.
    async fn give_up(&self, what: &str, at: &Location<'_>) -> ! {
        let picture = self.picture_of_failure().await;
        let url = self.driver().current_url().await.map(|url| url.to_string());
        let text = self.script("return document.body.innerText", Vec::new()).await;
        panic!(
            "{at}: {what}\non {} ({}):\n{}",
            url.unwrap_or_default(),
            picture.display(),
            text.unwrap_or_default().as_str().unwrap_or_default()
        );
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser ends with its programs; no farewell is needed, and none could be waited for here.
        if let Some(driver) = self.driver.take() {
            drop(driver.leak());
        }
        self.programs.end();
    }
}
