//! Pictures of pages, for people to look at: `target/screenshots`.

use std::panic::Location;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Chromium;

/// The widths that people use: name, width, height.
const SCREENS: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desktop", 1280, 900)];

impl Chromium {
    /// Takes pictures of this page at the width of a phone and of a desk, light and dark. Nothing may stick out to the
    /// side, and axe-core looks at each.
    #[track_caller]
    pub fn pictures<'a>(&'a self, name: &'a str) -> impl Future<Output = ()> + 'a {
        let at = Location::caller();
        async move {
            for (screen, width, height) in SCREENS {
                self.resize(width, height).await;
                let overhang = self
                    .value_of("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
                    .await;
                for colours in ["light", "dark"] {
                    self.colours(colours).await;
                    self.picture(&folder().join(format!("{name}-{screen}-{colours}.png")))
                        .await;
                    self.look(at).await;
                }
                assert_eq!(overhang, 0, "{at}: {name} is wider than a {screen}");
            }
            self.colours("light").await;
        }
    }

    /// What is on the screen when a test fails.
    pub(super) async fn picture_of_failure(&self) -> PathBuf {
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let path = folder().join("failed").join(format!("{test}.png"));
        self.picture(&path).await;
        path
    }

    /// Makes the window as wide and high as this.
    pub async fn resize(&self, width: u32, height: u32) {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Lets the reader live elsewhere. Pages that come from now on know it.
    pub async fn time_zone(&self, zone: &str) {
        self.cdp("Emulation.setTimezoneOverride", json!({"timezoneId": zone}))
            .await;
    }

    /// Shows the page as it would be printed.
    pub async fn on_paper(&self) {
        self.cdp("Emulation.setEmulatedMedia", json!({"media": "print"})).await;
    }

    async fn colours(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.cdp("Emulation.setEmulatedMedia", features).await;
    }

    async fn picture(&self, path: &Path) {
        let metrics = self.cdp("Page.getLayoutMetrics", json!({})).await;
        let size = &metrics["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken: Value = self.cdp("Page.captureScreenshot", wanted).await;
        let bytes = BASE64_STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots")
}
