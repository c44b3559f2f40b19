//! The values of rows and arguments, and how columns store them.

use gatebook_aggregates::identifiers::{
    AccessTokenId, ApiTokenId, AppId, ClientSecretId, DeveloperId, PasswordLinkId, SessionId,
};
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One value of a column or an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text; also ids, times and JSON.
    Text(String),
}

/// How the database stores a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`.
    Text,
    /// `bigint`.
    Int,
    /// `json`, which keeps its bytes; read it as `cast(column as text)`.
    Json,
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

macro_rules! ids {
    ($($id:ty),* $(,)?) => {
        $(impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Text(id.to_string())
            }
        })*
    };
}

ids!(
    AccessTokenId,
    ApiTokenId,
    AppId,
    ClientSecretId,
    DeveloperId,
    PasswordLinkId,
    SessionId,
    Uuid
);

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Text(moment.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value {
    /// A value as compact JSON text.
    pub fn json<T: Serialize>(value: &T) -> Self {
        // Rows hold maps with text keys, lists and text only, which always have a JSON form.
        Self::Text(serde_json::to_string(value).unwrap_or_default())
    }
}
