//! Finds the master key.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{DataOptions, variable};

/// The variable that may contain the key itself.
const KEY: &str = "GATEBOOK_KEY";
/// The variable with the folder of the credentials that systemd provides.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The key's file name.
const KEY_NAME: &str = "gatebook.key";

/// Where the master key comes from. No `Debug`, because it may contain the key.
pub enum KeySource {
    /// The text of a key file, from `GATEBOOK_KEY`.
    Text(Vec<u8>),
    File(PathBuf),
}

/// Two keys were given.
#[derive(Debug, Error)]
#[error("GATEBOOK_KEY and --key-file (GATEBOOK_KEY_FILE) are both set; leave only the one that holds the key")]
pub struct TwoKeys;

impl DataOptions {
    /// The source of the key: `GATEBOOK_KEY` or `--key-file`, otherwise the credential that systemd provides, otherwise
    /// the file in the data folder.
    ///
    /// # Errors
    /// Both are set.
    pub fn key_source(&self) -> Result<KeySource, TwoKeys> {
        self.key_source_among(|name| variable(name), Path::is_file)
    }

    fn key_source_among(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
        is_there: impl Fn(&Path) -> bool,
    ) -> Result<KeySource, TwoKeys> {
        match (variable(KEY), &self.key_file) {
            (Some(_), Some(_)) => return Err(TwoKeys),
            (Some(text), None) => return Ok(KeySource::Text(text.into_vec())),
            (None, Some(path)) => return Ok(KeySource::File(path.clone())),
            (None, None) => {}
        }
        let credential = variable(CREDENTIALS).map(|folder| Path::new(&folder).join(KEY_NAME));
        let credential = credential.filter(|path| is_there(path));
        Ok(KeySource::File(credential.unwrap_or_else(|| self.default_key_file())))
    }

    /// The key file that is created if no key is given.
    pub fn default_key_file(&self) -> PathBuf {
        self.data.join(KEY_NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(key_file: Option<&str>, variables: &[(&str, &str)], credential: bool) -> Result<String, TwoKeys> {
        let options = DataOptions {
            data: "data".into(),
            database_url: None,
            key_file: key_file.map(PathBuf::from),
            new_database: false,
        };
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        options
            .key_source_among(variable, |_| credential)
            .map(|source| match source {
                KeySource::Text(text) => format!("text {}", String::from_utf8(text).unwrap()),
                KeySource::File(path) => path.display().to_string(),
            })
    }

    #[test]
    fn what_is_named_goes_before_what_systemd_loaded_and_that_before_the_folder() {
        let (key, credentials) = (("GATEBOOK_KEY", "abc"), ("CREDENTIALS_DIRECTORY", "/run/credentials/x"));
        for (key_file, variables, credential, expected) in [
            (None, &[][..], false, "data/gatebook.key"),
            (None, &[credentials], false, "data/gatebook.key"),
            (None, &[credentials], true, "/run/credentials/x/gatebook.key"),
            (Some("/etc/key"), &[credentials], true, "/etc/key"),
            (None, &[key, credentials], true, "text abc"),
        ] {
            assert_eq!(source(key_file, variables, credential).unwrap(), expected);
        }
        let message = source(Some("/etc/key"), &[key], false).unwrap_err().to_string();
        assert!(
            message.contains("GATEBOOK_KEY") && message.contains("--key-file") && !message.contains("abc"),
            "{message}"
        );
    }
}
