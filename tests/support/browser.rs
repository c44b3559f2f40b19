//! A browser without scripts, as fast as a test wants it: it keeps cookies, follows redirects, and sends forms with the
//! hidden fields that the page put into them.

use std::collections::BTreeMap;

use gatebook::secrets::Password;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response};

use super::World;
use super::world::PASSWORD;

/// What a browser shows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub status: u16,
    /// The path with the query.
    pub path: String,
    pub headers: reqwest::header::HeaderMap,
    pub html: String,
}

impl Page {
    /// The page, if it has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{} shows {}", self.path, self.html);
        self
    }

    /// The page, if this can be read on it.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(
            self.text().contains(text),
            "“{text}” is not on {}: {}",
            self.path,
            self.text()
        );
        self
    }

    /// The page, if this cannot be read on it.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(
            !self.text().contains(text),
            "“{text}” is on {}: {}",
            self.path,
            self.text()
        );
        self
    }

    /// What can be read, without tags, on one line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for part in self.html.split('<') {
            text.push(' ');
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of the field with this name, as it stands in the first `input` of that name.
    pub fn value(&self, name: &str) -> Option<String> {
        let tag = self
            .html
            .split('<')
            .find(|tag| attribute(tag, "name").as_deref() == Some(name))?;
        attribute(tag, "value")
    }

    /// The hidden fields of the form that is sent to `action`.
    fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.html.split("<form").skip(1).find(|form| {
            let tag = form.split_once('>').map_or(*form, |(tag, _)| tag);
            attribute(tag, "action").as_deref() == Some(action)
        });
        let form = form.unwrap_or_else(|| panic!("no form for {action} on {}: {}", self.path, self.html));
        let form = form.split("</form>").next().unwrap_or_default();
        let inputs = form
            .split('<')
            .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        inputs
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
            .collect()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let value = tag.split_once(&format!(" {name}=\""))?.1;
    value.split_once('"').map(|(value, _)| unescaped(value))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// Somebody's browser.
pub struct Browser {
    base_url: String,
    http: reqwest::Client,
    pub cookies: BTreeMap<String, String>,
    pub page: Page,
}

impl Browser {
    /// A new browser.
    pub fn new(world: &World) -> Self {
        Self::at(&world.base_url)
    }

    /// A new browser for the site at this address.
    pub fn at(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            page: Page::default(),
        }
    }

    /// A browser in which a group user is signed in to the console.
    pub async fn of_user(world: &World, group: &str, user: &str) -> Self {
        world.give_password(group, user).await;
        let mut browser = Self::new(world);
        browser.open("/sign-in").await;
        let email = format!("{user}@{group}.example");
        browser
            .send("/sign-in", &[("email", &email), ("password", PASSWORD)])
            .await;
        browser
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> &Page {
        self.go(Method::GET, path.to_owned(), None).await
    }

    /// Fills in the form of this page that is sent to `action`, and sends it.
    pub async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        let mut all = self.page.hidden(action);
        all.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.send_raw(action, &all).await
    }

    /// Sends these fields and the form token of a form of this page to `action`: for pages with several forms that are
    /// sent to one address.
    pub async fn send_in(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        let mut all = self.page.hidden(action);
        all.retain(|(name, _)| name == "form_token");
        all.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.send_raw(action, &all).await
    }

    /// Sends fields as they are, from no page.
    pub async fn send_raw(&mut self, action: &str, fields: &[(String, String)]) -> &Page {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.go(Method::POST, action.to_owned(), Some(body.finish())).await
    }

    async fn go(&mut self, method: Method, path: String, body: Option<String>) -> &Page {
        let mut next = Some((method, path, body));
        while let Some((method, path, body)) = next.take() {
            let response = self.request(method, &path, body).await;
            let location = response
                .headers()
                .get(LOCATION)
                .map(|to| to.to_str().unwrap().to_owned());
            self.page = Page {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                html: response.text().await.unwrap(),
                path,
            };
            if let (303, Some(to)) = (self.page.status, location) {
                next = Some((Method::GET, to, None));
            }
        }
        &self.page
    }

    async fn request(&mut self, method: Method, path: &str, body: Option<String>) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.base_url));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", self.base_url.as_str())
                .body(body);
        }
        if !self.cookies.is_empty() {
            let all: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, all.join("; "));
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}

impl World {
    /// Lets a group user sign in to the console.
    pub async fn give_password(&self, group: &str, user: &str) {
        let (group_id, user_id) = (GroupId::parse(group).unwrap(), UserId::parse(user).unwrap());
        let password = Password::parse(PASSWORD).unwrap();
        self.gatebook
            .set_sample_password(&group_id, &user_id, &password)
            .await
            .unwrap();
    }
}
