//! Who calls: a column of the table is a kind of caller, with one or more ways to say who they are. All ways of one column
//! are answered alike.

use std::collections::BTreeMap;

use reqwest::RequestBuilder;

/// A kind of caller.
pub struct Caller {
    pub column: &'static str,
    /// What the calls name, where it is something else for this caller: the objects of their own group, for example.
    pub names: BTreeMap<&'static str, String>,
    pub credentials: Vec<(&'static str, Credentials)>,
}

/// How a caller says who they are.
#[derive(Clone)]
pub enum Credentials {
    Nothing,
    Bearer(String),
    Basic(String, String),
    Cookie(String),
}

impl Caller {
    /// A kind of caller with one way to say who they are.
    pub fn new(column: &'static str, credentials: Credentials) -> Self {
        Self::several(column, vec![(column, credentials)])
    }

    /// A kind of caller with several ways to say who they are, each with a name.
    pub fn several(column: &'static str, credentials: Vec<(&'static str, Credentials)>) -> Self {
        let names = BTreeMap::new();
        Self {
            column,
            names,
            credentials,
        }
    }

    /// The caller, for whom these names stand for something else.
    pub fn naming<const N: usize>(mut self, names: [(&'static str, &str); N]) -> Self {
        self.names = names.map(|(name, value)| (name, value.to_owned())).into();
        self
    }
}

impl Credentials {
    /// A request in which this caller says who they are.
    pub fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Nothing => request,
            Self::Bearer(token) => request.bearer_auth(token),
            Self::Basic(id, secret) => request.basic_auth(id, Some(secret)),
            Self::Cookie(cookie) => request.header("cookie", cookie),
        }
    }
}
