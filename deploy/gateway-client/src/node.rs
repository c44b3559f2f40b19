//! How a node is asked.

use std::time::Duration;

use reqwest::{RequestBuilder, redirect};
use serde::Serialize;

use crate::counts::CountedChecks;
use crate::error::GateError;
use crate::wire::{Check, FeedAnswer, FeedKey, VerifyAnswer};

/// How long a node may take, beyond what it was asked to wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// A node, or several behind one address.
pub trait Node: Send + Sync + 'static {
    /// `POST /gateway/verify`
    fn verify(&self, check: &Check) -> impl Future<Output = Result<VerifyAnswer, GateError>> + Send;
    /// `GET /gateway/feed`
    fn feed(&self, after: Option<&str>, wait: u64) -> impl Future<Output = Result<FeedAnswer, GateError>> + Send;
    /// `GET /gateway/feed-key`
    fn feed_key(&self) -> impl Future<Output = Result<FeedKey, GateError>> + Send;
    /// `POST /gateway/usage`
    fn report(&self, counted: &[CountedChecks]) -> impl Future<Output = Result<(), GateError>> + Send;
}

/// A node over HTTP.
pub struct HttpNode {
    base_url: String,
    client_id: String,
    client_secret: String,
    http: reqwest::Client,
}

#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [CountedChecks],
}

impl HttpNode {
    /// A node at this address, without a slash at its end, and the credentials of a resource server.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(base_url: &str, client_id: &str, client_secret: &str) -> Result<Self, GateError> {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none());
        Ok(Self::with(http.build()?, base_url, client_id, client_secret))
    }

    /// The same, with a client of one's own: for TLS, and for limits on connections. It must not follow redirections.
    pub fn with(http: reqwest::Client, base_url: &str, client_id: &str, client_secret: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            http,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/gateway/{path}", self.base_url)
    }

    async fn answered(&self, request: RequestBuilder, wait: u64) -> Result<reqwest::Response, GateError> {
        let patience = PATIENCE + Duration::from_secs(wait);
        let request = request
            .timeout(patience)
            .basic_auth(&self.client_id, Some(&self.client_secret));
        let answer = request.send().await?;
        match answer.status().as_u16() {
            200 | 204 => Ok(answer),
            other => Err(GateError::Refused(other)),
        }
    }
}

impl Node for HttpNode {
    async fn verify(&self, check: &Check) -> Result<VerifyAnswer, GateError> {
        let request = self.http.post(self.url("verify")).json(check);
        Ok(self.answered(request, 0).await?.json().await?)
    }

    async fn feed(&self, after: Option<&str>, wait: u64) -> Result<FeedAnswer, GateError> {
        let request = self.http.get(self.url("feed")).query(&[("wait", wait)]);
        let request = match after {
            Some(after) => request.query(&[("after", after)]),
            None => request,
        };
        Ok(self.answered(request, wait).await?.json().await?)
    }

    async fn feed_key(&self) -> Result<FeedKey, GateError> {
        let request = self.http.get(self.url("feed-key"));
        Ok(self.answered(request, 0).await?.json().await?)
    }

    async fn report(&self, counted: &[CountedChecks]) -> Result<(), GateError> {
        let request = self.http.post(self.url("usage")).json(&Report { checks: counted });
        self.answered(request, 0).await.map(drop)
    }
}
