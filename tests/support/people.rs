//! People who send requests.

use reqwest::Method;
use serde_json::Value;

use super::{Answer, described};

/// Somebody with, or without, a token.
#[derive(Clone)]
pub struct Person {
    pub base_url: String,
    pub token: Option<String>,
    pub http: reqwest::Client,
}

impl Person {
    /// Asks for something.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// Sends JSON, owning what it needs, so that several can be under way.
    pub fn post_owned(&self, path: String, body: Value) -> impl Future<Output = Answer> + Send + use<> {
        let person = self.clone();
        async move { person.post(&path, body).await }
    }

    /// Puts JSON somewhere.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    /// Changes something.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Sends anything, with headers.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        described::check(&method, path, body.as_ref(), answer.status.as_u16(), &answer.text());
        answer
    }
}
