//! What a person sees in a browser, and what axe-core sees for those who cannot.

use std::panic::Location;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Chromium, FIND};

/// axe-core 4.14.1, from the npm registry; its licences lie beside it.
const AXE: &str = include_str!("../../browser/vendor/axe.min.js");

/// What can be read, on one line.
const READ: &str = r"return document.body.innerText.replace(/\s+/g, ' ')";

/// The same for two looks at the same sight: title, heading, what is wrong, what is unfolded, size and colours.
const SIGHT: &str = "
    if (document.readyState !== 'complete') return null;
    const all = (selector) => [...document.querySelectorAll(selector)].map((e) => e.innerText).join();
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    return [document.title, all('h1'), all('[role=alert]'), all('details[open]'), innerWidth, dark].join('|')";

/// Asks axe-core for what is serious.
const LOOK: &str = "
    const done = arguments[arguments.length - 1];
    const told = (found) => found.nodes.map((node) => `${found.impact}: ${found.help}: ${node.html}
    ${node.failureSummary}`);
    const serious = (found) => found.impact === 'serious' || found.impact === 'critical';
    axe.run(document, { resultTypes: ['violations'] })
        .then((result) => done(result.violations.filter(serious).flatMap(told)), (error) => done([String(error)]))";

impl Chromium {
    /// Waits until this can be read.
    #[track_caller]
    pub fn see<'a>(&'a self, text: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.watch(text, true, Location::caller())
    }

    /// Waits until this cannot be read.
    #[track_caller]
    pub fn miss<'a>(&'a self, text: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.watch(text, false, Location::caller())
    }

    async fn watch<'a>(&'a self, text: &'a str, wanted: bool, at: &Location<'a>) -> &'a Self {
        let what = match wanted {
            true => format!("“{text}” is not to be seen"),
            false => format!("“{text}” is to be seen"),
        };
        self.until(&what, at, async || {
            let page = self.script(READ, Vec::new()).await?;
            let page = page.as_str().unwrap_or_default();
            Ok((page.contains(text) == wanted).then_some(()))
        })
        .await;
        self
    }

    /// What stands beside or in what is called so: a fact, or a field.
    #[track_caller]
    pub fn read<'a>(&'a self, label: &'a str) -> impl Future<Output = String> + 'a {
        let at = Location::caller();
        async move {
            let script = format!(
                "const found = (function () {{ {FIND} }}).apply(null, arguments);
                return found && (found.value ?? found.innerText).trim()"
            );
            let what = format!("there is no “{label}”");
            self.until(&what, at, async || {
                let found = self.script(&script, vec![json!("fact"), json!(label)]).await?;
                Ok(found.as_str().map(str::to_owned))
            })
            .await
        }
    }

    /// Whether a field or a button can be used.
    #[track_caller]
    pub fn is_greyed_out<'a>(&'a self, label: &'a str) -> impl Future<Output = bool> + 'a {
        let at = Location::caller();
        async move {
            let what = format!("there is no field “{label}”");
            self.until(&what, at, async || match self.find("field", label, None).await? {
                Some(field) => Ok(Some(
                    !field.is_enabled().await? || field.attr("readonly").await?.is_some(),
                )),
                None => Ok(None),
            })
            .await
        }
    }

    /// The text of what has the focus.
    pub async fn focused(&self) -> String {
        let script = "return document.activeElement.innerText || document.activeElement.id";
        let text = self.script(script, Vec::new()).await.unwrap();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.driver().current_url().await.unwrap().path().to_owned()
    }

    /// The whole address, as the browser shows it.
    pub async fn address(&self) -> String {
        self.driver().current_url().await.unwrap().into()
    }

    /// Copies what stands beside these words with its button; what is in the clipboard then, which is the same.
    #[track_caller]
    pub fn copy<'a>(&'a self, label: &'a str) -> impl Future<Output = String> + 'a {
        let at = Location::caller();
        async move {
            let shown = self.read(label).await;
            self.click_at(label, "Copy").await;
            let what = format!("“{label}” is not in the clipboard");
            self.until(&what, at, async || {
                Ok((self.clipboard().await.trim() == shown).then_some(()))
            })
            .await;
            shown
        }
    }

    /// What is in the clipboard.
    async fn clipboard(&self) -> String {
        let permissions =
            json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": self.base_url});
        self.cdp("Browser.grantPermissions", permissions).await;
        let script = "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))";
        let read = self.driver().execute_async(script, Vec::new()).await.unwrap();
        read.json().as_str().unwrap_or_default().to_owned()
    }

    /// The file that was downloaded with a name that ends so.
    #[track_caller]
    pub fn downloaded<'a>(&'a self, ending: &'a str) -> impl Future<Output = String> + 'a {
        let at = Location::caller();
        async move {
            let file: PathBuf = self
                .until(
                    &format!("nothing was downloaded that ends in {ending}"),
                    at,
                    async || {
                        let files = std::fs::read_dir(self.programs.downloads()).into_iter().flatten();
                        let mut files = files.flatten().map(|file| file.path());
                        Ok(files.find(|file| file.to_string_lossy().ends_with(ending)))
                    },
                )
                .await;
            std::fs::read_to_string(file).unwrap()
        }
    }

    /// Looks at the page that has just come: nothing that axe-core calls serious may be on it, and nothing that the
    /// page's own policy had to stop.
    pub(super) async fn look(&self, at: &Location<'_>) {
        let sight = self
            .until("the page does not get ready", at, async || {
                let sight = self.script(SIGHT, Vec::new()).await?;
                Ok(sight.as_str().map(str::to_owned))
            })
            .await;
        // axe-core lives from timers, which stand still without scripts.
        if !self.scripts || !self.checked.lock().unwrap().insert(sight) {
            return;
        }
        self.script(AXE, Vec::new()).await.unwrap();
        let found = self.driver().execute_async(LOOK, Vec::new()).await.unwrap();
        let found: Vec<String> = serde_json::from_value(found.json().clone()).unwrap();
        if !found.is_empty() {
            self.give_up(&format!("axe-core found:\n{}", found.join("\n")), at)
                .await;
        }
        self.hear(at).await;
    }

    /// The browser has not complained.
    pub async fn no_complaints(&self) {
        self.hear(Location::caller()).await;
    }

    /// What becomes of an expression in the page: its value, or the error.
    pub async fn outcome(&self, expression: &str) -> String {
        let script = format!(
            "const done = arguments[0];
            (async () => String({expression}))().then(done, (error) => done(String(error.name) + ': ' + error.message))"
        );
        let outcome = self.driver().execute_async(&script, Vec::new()).await.unwrap();
        outcome.json().as_str().unwrap_or_default().to_owned()
    }

    /// What the browser complains about, except that a page told of a refusal.
    async fn hear(&self, at: &Location<'_>) {
        let log = self.driver().browser_log().await.unwrap();
        let complaints: Vec<_> = log
            .iter()
            .filter(|entry| entry.level == "SEVERE" && !entry.message.contains("the server responded with a status"))
            .map(|entry| entry.message.as_str())
            .collect();
        if !complaints.is_empty() {
            self.give_up(&format!("the browser complains: {}", complaints.join("\n")), at)
                .await;
        }
    }

    /// The value of an expression in the page.
    pub(super) async fn value_of(&self, expression: &str) -> Value {
        self.script(&format!("return {expression}"), Vec::new()).await.unwrap()
    }
}
