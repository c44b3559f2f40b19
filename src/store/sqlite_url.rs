//! Parses SQLite URLs: `sqlite://PATH`, with an optional mode.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

use super::error::StoreError;

/// Characters that a path in a URL must encode: `%`, which begins an encoded byte, and `?`, which ends the path.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?');

#[derive(Debug, PartialEq, Eq)]
pub struct SqliteUrl {
    /// The absolute path, so that changing the current folder does not change its meaning.
    pub path: PathBuf,
    pub mode: SqliteMode,
}

/// How a database file may be opened, with SQLite's own names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqliteMode {
    /// `mode=rwc`, the default: commands that create databases create a missing file.
    #[default]
    ReadWriteCreate,
    /// `mode=rw`: the file must exist.
    ReadWrite,
    /// `mode=ro`: only for commands that read.
    ReadOnly,
}

impl SqliteUrl {
    /// Parses a URL. `None` if it is for another kind of database.
    ///
    /// # Errors
    /// A URL that begins with `sqlite:` and names no file, or has an unknown parameter.
    pub fn parse(url: &str) -> Option<Result<Self, StoreError>> {
        let rest = url.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Some(file(path).and_then(|path| {
            Ok(Self {
                path,
                mode: mode(query)?,
            })
        }))
    }

    /// The URL of a file, with any characters in its path encoded as needed.
    pub fn of(path: &Path) -> String {
        let path = percent_encode(path.as_os_str().as_encoded_bytes(), NOT_IN_A_PATH);
        format!("sqlite://{path}")
    }
}

fn file(path: &str) -> Result<PathBuf, StoreError> {
    let path = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| refused("the path of a database file has to be UTF-8"))?;
    match &*path {
        "" => Err(refused("a URL of SQLite names a file: sqlite://PATH")),
        ":memory:" => Err(refused(
            "a database in memory would forget everything; name a file: sqlite://PATH",
        )),
        path => std::path::absolute(path).map_err(|error| StoreError::file(Path::new(path), error)),
    }
}

fn mode(query: &str) -> Result<SqliteMode, StoreError> {
    let mut mode = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = match (&*name, &*value) {
            ("mode", "rwc") => SqliteMode::ReadWriteCreate,
            ("mode", "rw") => SqliteMode::ReadWrite,
            ("mode", "ro") => SqliteMode::ReadOnly,
            _ => {
                return Err(refused(format!(
                    "“{name}={value}” is not supported in a SQLite URL; use mode=rwc, mode=rw or mode=ro. Write a “?” \
                     in a file name as %3F"
                )));
            }
        };
        if mode.replace(known).is_some() {
            return Err(refused("a SQLite URL can have only one mode"));
        }
    }
    Ok(mode.unwrap_or_default())
}

fn refused(why: impl Into<String>) -> StoreError {
    StoreError::BadSqliteUrl(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> SqliteUrl {
        SqliteUrl::parse(url).unwrap().unwrap()
    }

    #[test]
    fn a_url_names_a_file_and_how_to_open_it() {
        use SqliteMode::{ReadOnly, ReadWrite, ReadWriteCreate};

        for (url, path, mode) in [
            ("sqlite:///var/lib/x.db", "/var/lib/x.db", ReadWriteCreate),
            ("sqlite:/var/lib/x.db", "/var/lib/x.db", ReadWriteCreate),
            ("sqlite:///x.db?mode=rwc", "/x.db", ReadWriteCreate),
            ("sqlite:///x.db?mode=rw", "/x.db", ReadWrite),
            ("sqlite:///x.db?mode=ro", "/x.db", ReadOnly),
            ("sqlite:///x.db?", "/x.db", ReadWriteCreate),
            ("sqlite:///what%3F%20100%25.db", "/what? 100%.db", ReadWriteCreate),
        ] {
            let path = PathBuf::from(path);
            assert_eq!(parsed(url), SqliteUrl { path, mode }, "{url}");
        }
        let here = std::env::current_dir().unwrap();
        assert_eq!(parsed("sqlite://x.db").path, here.join("x.db"));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_what_is() {
        for (url, part) in [
            ("sqlite:///x.db?mode=memory", "mode=memory"),
            ("sqlite:///x.db?cache=shared", "cache=shared"),
            ("sqlite:///x.db?immutable=1", "immutable=1"),
            ("sqlite:///x.db?mode=rw&mode=ro", "only one mode"),
            ("sqlite://?mode=rwc", "names a file"),
            ("sqlite:", "names a file"),
            ("sqlite::memory:", "forget everything"),
            ("sqlite:///%ff.db", "UTF-8"),
        ] {
            let error = SqliteUrl::parse(url).unwrap().unwrap_err();
            assert!(error.to_string().contains(part), "{url}: {error}");
        }
        assert!(SqliteUrl::parse("postgres://u@h/d").is_none());
    }

    #[test]
    fn every_path_has_a_url() {
        for path in ["/plain.db", "/what?mode=ro", "/100%3F.db", "/größe #1 & 2.db"] {
            assert_eq!(parsed(&SqliteUrl::of(Path::new(path))).path, Path::new(path));
        }
    }
}
