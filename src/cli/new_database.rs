//! Opens the database for commands that may create one, without mistaking a lost database for a new one.
//!
//! A key file is created after its database. So a key file without a database shows that the database was moved or its
//! volume is not mounted. A key from elsewhere shows nothing, because such keys are provided before the first start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CliError;
use crate::config::{DataOptions, KeySource};
use crate::store::{self, Database, SqliteUrl, StoreError};

/// Opens the database. Creates one if there is none and nothing shows that there was one.
pub async fn open(data: &DataOptions) -> Result<Arc<dyn Database>, CliError> {
    let url = data.database_url();
    // Checked before opening: when several processes start at once, the first creates the database and then the key.
    let key_file = if data.new_database {
        None
    } else {
        key_file_beside(data, &url)?
    };
    let database = match &key_file {
        Some(key_file) => store::open_made(&url)
            .await
            .map_err(|error| lost(error, &url, key_file))?,
        None => store::open(&url).await?,
    };
    match store::require_tables(&*database).await {
        Err(StoreError::NotMigrated) if has_key_from_elsewhere(data)? => tracing::warn!(
            "creating a new, empty database with an existing key; if there was a database before, stop now, and check \
             that its volume is mounted and the database URL is correct"
        ),
        Err(StoreError::NotMigrated) => tracing::info!("creating a new, empty database"),
        Ok(()) if data.new_database => {
            tracing::warn!("--new-database has no effect on an existing database; remove it");
        }
        looked => looked?,
    }
    Ok(database)
}

/// Finds a key file in the folder of the data or of the database.
fn key_file_beside(data: &DataOptions, url: &str) -> Result<Option<PathBuf>, CliError> {
    let database = SqliteUrl::parse(url).transpose()?.map(|url| url.path);
    let folders: Vec<_> = [Some(data.data.as_path()), database.as_deref().and_then(Path::parent)]
        .into_iter()
        .flatten()
        .filter_map(|folder| folder.canonicalize().ok())
        .collect();
    let is_beside = |path: &PathBuf| {
        let path = path.canonicalize().ok();
        path.is_some_and(|path| folders.iter().any(|folder| path.parent() == Some(folder)))
    };
    let named = match data.key_source().map_err(CliError::other)? {
        KeySource::File(path) => Some(path),
        KeySource::Text(_) => None,
    };
    Ok(named.into_iter().chain([data.default_key_file()]).find(is_beside))
}

/// Whether there is a key that this program did not create beside the data.
fn has_key_from_elsewhere(data: &DataOptions) -> Result<bool, CliError> {
    Ok(match data.key_source().map_err(CliError::other)? {
        KeySource::Text(_) => true,
        KeySource::File(path) => path != data.default_key_file() && path.is_file(),
    })
}

fn lost(error: StoreError, url: &str, key_file: &Path) -> CliError {
    let what = match error {
        StoreError::NotThere(path) => format!("the database {} does not exist", path.display()),
        StoreError::NotMigrated => match SqliteUrl::parse(url) {
            Some(Ok(url)) => format!("the database {} is empty", url.path.display()),
            _ => "the database is empty".to_owned(),
        },
        error => return error.into(),
    };
    CliError::Other(format!(
        "{what}, but the key file {} exists, so there was a database before. Is a volume not mounted, or is --data or \
         --database-url wrong? Put the database back, or restore it from a backup. If you want a new, empty database, \
         run this once with --new-database (GATEBOOK_NEW_DATABASE=true)",
        key_file.display()
    ))
}
