//! The master key of a database.

use std::path::Path;

use gatebook_projections::sql::{Query, Value};

use super::CliError;
use crate::config::{DataOptions, KeySource};
use crate::secrets::MasterKey;
use crate::store::{Database, StoreError};

/// The key that the database was created with, or a fresh one if it has none yet.
///
/// # Errors
/// The key is missing, is a different one, or cannot be read. No key is created then: beside a database with another
/// key, a fresh key would only hide the loss.
pub async fn of(data: &DataOptions, database: &dyn Database) -> Result<MasterKey, CliError> {
    read(data, database, |path| {
        MasterKey::load_or_create(path).map_err(CliError::other)
    })
    .await
}

/// Like `of`, for commands that create nothing.
pub async fn existing(data: &DataOptions, database: &dyn Database) -> Result<MasterKey, CliError> {
    read(data, database, |path| MasterKey::load(path).map_err(CliError::other)).await
}

async fn read(
    data: &DataOptions,
    database: &dyn Database,
    load: impl Fn(&Path) -> Result<MasterKey, CliError>,
) -> Result<MasterKey, CliError> {
    let known = known_fingerprint(database).await?;
    let (key, place) = match data.key_source().map_err(CliError::other)? {
        KeySource::Text(text) => {
            let malformed =
                || CliError::Other("GATEBOOK_KEY does not hold the text of a key file: 64 hexadecimal digits".into());
            (
                MasterKey::from_text(&text).ok_or_else(malformed)?,
                "GATEBOOK_KEY".to_owned(),
            )
        }
        KeySource::File(path) => {
            if known.is_some() && is_missing(&path) {
                return Err(missing(&path));
            }
            (load(&path)?, path.display().to_string())
        }
    };
    match known {
        Some(known) if known != key.fingerprint() => Err(CliError::Other(format!(
            "the key in {place} does not belong to this database; start with the key file that the database was \
             created with"
        ))),
        _ => Ok(key),
    }
}

fn is_missing(path: &Path) -> bool {
    path.try_exists().is_ok_and(|is_there| !is_there)
}

fn missing(path: &Path) -> CliError {
    CliError::Other(format!(
        "the key file {} is missing, and this database cannot be used with a new one; restore it from a backup, or \
         check --data and --key-file",
        path.display()
    ))
}

/// The fingerprint of the database's key. `None` until somebody has started with a key.
async fn known_fingerprint(database: &dyn Database) -> Result<Option<String>, StoreError> {
    let known = Query::new("select value from facts where name = $1", ["key".into()]);
    let rows = database.rows(known).await?;
    Ok(rows.into_iter().flatten().next().and_then(|value| match value {
        Value::Text(fingerprint) => Some(fingerprint),
        Value::Int(_) | Value::Null => None,
    }))
}
