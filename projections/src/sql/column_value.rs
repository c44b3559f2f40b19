//! How types are stored in columns: each is written and read here, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::{
    AccessTokenId, AppId, ClientId, ClientSecretId, DeveloperId, EntityId, GroupId, UserId,
};
use gatebook_aggregates::integration_app::{IntegrationType, Status};
use gatebook_aggregates::persistent_map::PersistentMap;
use gatebook_aggregates::text::{AppName, Description, Label};
use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::value::{ColumnKind, Value};

/// A type whose values are stored in one column.
pub trait ColumnValue: Sized {
    /// How the database stores it.
    const KIND: ColumnKind;
    /// Whether the column may be null.
    const IS_NULLABLE: bool = false;

    /// The value to store.
    fn to_value(&self) -> Value;

    /// Reads a stored value.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn from_value(value: Value) -> Result<Self, String>;
}

impl ColumnValue for i64 {
    const KIND: ColumnKind = ColumnKind::Int;

    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Int(number) => Ok(number),
            Value::Text(_) => Err("text instead of a number".to_owned()),
            Value::Null => Err("null instead of a number".to_owned()),
        }
    }
}

impl ColumnValue for String {
    const KIND: ColumnKind = ColumnKind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Int(_) => Err("a number instead of text".to_owned()),
            Value::Null => Err("null instead of text".to_owned()),
        }
    }
}

/// Nothing is null.
impl<T: ColumnValue> ColumnValue for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const IS_NULLABLE: bool = true;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Stores types whose JSON is a plain string as that string: ids, times, names, enums without fields.
#[macro_export]
macro_rules! stored_as_text {
    ($($type:ty),* $(,)?) => {
        $(
            impl $crate::sql::ColumnValue for $type {
                const KIND: $crate::sql::ColumnKind = $crate::sql::ColumnKind::Text;

                fn to_value(&self) -> $crate::sql::Value {
                    match serde_json::to_value(self) {
                        Ok(serde_json::Value::String(text)) => $crate::sql::Value::Text(text),
                        // A row is read back before it is written, and null is not read as this type.
                        _ => $crate::sql::Value::Null,
                    }
                }

                fn from_value(value: $crate::sql::Value) -> Result<Self, String> {
                    let text = <String as $crate::sql::ColumnValue>::from_value(value)?;
                    serde_json::from_value(serde_json::Value::String(text)).map_err(|problem| problem.to_string())
                }
            }
        )*
    };
}

stored_as_text!(
    AccessTokenId,
    ApiPermission,
    AppId,
    AppName,
    CategoryCode,
    ClientId,
    ClientSecretId,
    Description,
    DeveloperId,
    EmailAddress,
    EntityId,
    GroupId,
    IntegrationType,
    Label,
    ProductPlan,
    Status,
    Timestamp,
    UserId,
    Uuid,
);

/// Stores lists and maps as JSON in a text column, where searches find what is in them.
macro_rules! stored_as_json {
    ($([$($parameter:ident: $bound:path),*] $type:ty),* $(,)?) => {
        $(
            impl<$($parameter: $bound + Serialize + DeserializeOwned),*> ColumnValue for $type {
                const KIND: ColumnKind = ColumnKind::Text;

                fn to_value(&self) -> Value {
                    Value::json(self)
                }

                fn from_value(value: Value) -> Result<Self, String> {
                    serde_json::from_str(&String::from_value(value)?).map_err(|problem| problem.to_string())
                }
            }
        )*
    };
}

stored_as_json!(
    [T: Sized] Vec<T>,
    [T: Ord] BTreeSet<T>,
    [K: Ord, V: Sized] BTreeMap<K, V>,
    [K: Ord, V: Sized] PersistentMap<K, V>,
);
