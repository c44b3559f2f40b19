//! What a person does in a browser.

use std::panic::Location;

use serde_json::{Value, json};
use thirtyfour::WebElement;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};

use super::{Chromium, FIND};

impl Chromium {
    /// Opens a page of this site, or a link.
    pub async fn open(&self, address: &str) -> &Self {
        let url = match address.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.base_url),
            None => address.to_owned(),
        };
        self.driver().goto(url).await.unwrap();
        self.look(Location::caller()).await;
        self
    }

    /// Opens a page whose content is not ours, without asking axe-core.
    pub async fn open_unchecked(&self, path: &str) -> &Self {
        self.driver().goto(format!("{}{path}", self.base_url)).await.unwrap();
        self
    }

    /// Goes back, as with the browser's button.
    pub async fn back(&self) -> &Self {
        self.driver().back().await.unwrap();
        self.look(Location::caller()).await;
        self
    }

    /// Loads the page again, as with the browser's button: a form that was sent is sent again.
    pub async fn reload(&self) -> &Self {
        self.driver().refresh().await.unwrap();
        self.look(Location::caller()).await;
        self
    }

    /// Does to the page what no person could, but a program can.
    pub async fn tamper(&self, script: &str) -> &Self {
        self.script(script, Vec::new()).await.unwrap();
        self
    }

    /// Clicks on a link or a button.
    #[track_caller]
    pub fn click<'a>(&'a self, words: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.press(words, None, Location::caller())
    }

    /// Clicks on a link or a button in the neighbourhood of other words, for example in the row of an application.
    #[track_caller]
    pub fn click_at<'a>(&'a self, near: &'a str, words: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.press(words, Some(near), Location::caller())
    }

    async fn press<'a>(&'a self, words: &'a str, near: Option<&'a str>, at: &Location<'a>) -> &'a Self {
        let what = format!("cannot click “{words}”");
        self.until(&what, at, async || match self.find("press", words, near).await? {
            Some(found) => clicked(&found).await,
            None => Ok(None),
        })
        .await;
        self.look(at).await;
        self
    }

    /// Enters a value into a field, or chooses it from a list.
    #[track_caller]
    pub fn fill<'a>(&'a self, label: &'a str, value: &'a str) -> impl Future<Output = &'a Self> + 'a {
        let at = Location::caller();
        async move {
            let what = format!("cannot fill “{label}” with “{value}”");
            self.until(&what, at, async || match self.find("field", label, None).await? {
                Some(field) => enter(&field, value).await,
                None => Ok(None),
            })
            .await;
            self
        }
    }

    /// Checks a box, or chooses one of several.
    #[track_caller]
    pub fn check<'a>(&'a self, label: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.set(label, true, Location::caller())
    }

    /// Unchecks a box.
    #[track_caller]
    pub fn uncheck<'a>(&'a self, label: &'a str) -> impl Future<Output = &'a Self> + 'a {
        self.set(label, false, Location::caller())
    }

    async fn set<'a>(&'a self, label: &'a str, wanted: bool, at: &Location<'a>) -> &'a Self {
        let what = format!("cannot set “{label}” to {wanted}");
        self.until(&what, at, async || match self.find("box", label, None).await? {
            Some(found) if found.is_selected().await? == wanted => Ok(Some(())),
            Some(found) => {
                clicked(&found).await?;
                Ok(None)
            }
            None => Ok(None),
        })
        .await;
        self
    }

    /// Presses a key.
    pub async fn key(&self, key: impl Into<char>) -> &Self {
        let keyboard = self.driver().action_chain();
        keyboard.send_keys(key.into().to_string()).perform().await.unwrap();
        self
    }

    /// What is meant by these words.
    pub(super) async fn find(
        &self,
        kind: &str,
        words: &str,
        near: Option<&str>,
    ) -> Result<Option<WebElement>, WebDriverError> {
        let found = self.script(FIND, vec![json!(kind), json!(words), json!(near)]).await?;
        match found {
            Value::Null => Ok(None),
            found => WebElement::from_json(found, self.driver().handle().clone()).map(Some),
        }
    }
}

/// Clicks; nothing when it moved away just now, so that it has to be found again.
async fn clicked(element: &WebElement) -> Result<Option<()>, WebDriverError> {
    match element.click().await {
        Ok(()) => Ok(Some(())),
        Err(error) => match error.as_inner() {
            WebDriverErrorInner::StaleElementReference(_)
            | WebDriverErrorInner::ElementClickIntercepted(_)
            | WebDriverErrorInner::ElementNotInteractable(_) => Ok(None),
            // The page was replaced between finding the element and clicking on it, which ChromeDriver has no error of its own for.
            _ if error.to_string().contains("does not belong to the document") => Ok(None),
            _ => panic!("a click failed: {error}"),
        },
    }
}

async fn enter(field: &WebElement, value: &str) -> Result<Option<()>, WebDriverError> {
    if field.tag_name().await? == "select" {
        let options = field.find_all(thirtyfour::By::Tag("option")).await?;
        for option in options {
            if option.text().await? == value {
                return clicked(&option).await;
            }
        }
        return Ok(None);
    }
    field.clear().await?;
    field.send_keys(value).await.map(Some)
}
