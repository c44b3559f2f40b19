//! A SQLite database file as the operating system sees it: whether it is still the file that was opened, whether it is
//! writable, and how much space is left.
//!
//! SQLite keeps writing into a file that was renamed, removed or replaced, and those commits are lost. This module
//! looks at files by path only: closing a file that SQLite has open would release SQLite's locks.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::error::StoreError;
use crate::unique_id::unique_id;

/// An open database file and the two files that SQLite keeps beside it.
#[derive(Debug)]
pub struct SqliteFile {
    path: PathBuf,
    opened: Vec<(PathBuf, Identity)>,
    unchanging: Option<Contents>,
}

/// Identifies a file on this machine while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

/// Changes whenever the file's contents change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contents {
    size: u64,
    modified: (i64, i64),
}

impl SqliteFile {
    /// Records the identity of the files. They must be open and stay open: SQLite's side files exist only while a
    /// connection is open.
    pub fn opened(path: &Path) -> io::Result<Self> {
        let mut opened = vec![(path.to_owned(), identity(&fs::metadata(path)?))];
        for beside in [wal(path)?, shared_memory(path)?] {
            match fs::metadata(&beside) {
                Ok(metadata) => opened.push((beside, identity(&metadata))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            opened,
            unchanging: None,
        })
    }

    /// Records a file that was opened as immutable. SQLite then keeps no files beside it.
    pub fn opened_unchanging(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            opened: vec![(path.to_owned(), identity(&metadata))],
            unchanging: Some(contents(&metadata)),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the database and SQLite's side files are still the ones that were opened. It takes microseconds, so
    /// every answer can be checked before and after.
    ///
    /// # Errors
    /// `Unavailable`, with what happened and what to do.
    pub fn is_still_there(&self) -> Result<(), StoreError> {
        for (path, opened) in &self.opened {
            match fs::metadata(path) {
                Ok(metadata) if identity(&metadata) == *opened => {}
                Ok(_) => return Err(gone(path, "was replaced")),
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(gone(path, "was moved or removed")),
                Err(error) => return Err(unavailable(path, &format!("cannot be looked at: {error}"))),
            }
        }
        self.unchanging.map_or(Ok(()), |before| self.is_unchanged(before))
    }

    fn is_unchanged(&self, before: Contents) -> Result<(), StoreError> {
        let metadata = fs::metadata(&self.path);
        let is_same = metadata.is_ok_and(|metadata| contents(&metadata) == before);
        if is_same && !has_commits_beside(&self.path) {
            return Ok(());
        }
        Err(unavailable(&self.path, "was changed while it was read; try again"))
    }

    pub fn is_same_database(&self, other: &Self) -> bool {
        self.opened.first() == other.opened.first()
    }

    /// Whether the database was moved away but SQLite's side files stayed. SQLite would apply them to the next database
    /// at this path and corrupt it.
    pub fn left_its_log(&self) -> bool {
        let is_there =
            |(path, opened): &(PathBuf, Identity)| fs::metadata(path).is_ok_and(|file| identity(&file) == *opened);
        match self.opened.split_first() {
            Some((database, beside)) => !beside.is_empty() && !is_there(database) && beside.iter().all(is_there),
            None => false,
        }
    }

    /// How many bytes this program can still write on the database's file system.
    pub fn free_space(&self) -> io::Result<u64> {
        let space = statvfs(folder(&self.path))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

/// Creates an empty database file, private to its owner, if there is none. SQLite gives its side files the same mode.
pub fn make(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    // Created under another name and then linked, so that no file is closed here that SQLite may already have open.
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", unique_id().simple()));
    let fresh = PathBuf::from(name);
    make_private(&fresh)?;
    let linked = match fs::hard_link(&fresh, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // The file system has no hard links.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            make_private(path)
        }
        linked => linked,
    };
    fs::remove_file(&fresh)?;
    linked?;
    File::open(folder(path))?.sync_all()
}

fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// Whether every user of this machine may read or write the file and enter its folder.
pub fn is_open_to_everybody(path: &Path) -> bool {
    let allows = |path: &Path, bits| fs::metadata(path).is_ok_and(|file| file.permissions().mode() & bits != 0);
    allows(path, 0o006) && allows(folder(path), 0o001)
}

pub fn is_writable(path: &Path) -> io::Result<()> {
    Ok(access(path, Access::WRITE_OK)?)
}

/// Whether this program may create files beside this one, as SQLite does.
pub fn is_folder_writable(path: &Path) -> bool {
    is_writable(folder(path)).is_ok()
}

/// Whether the write-ahead log beside a database may hold commits that the database lacks.
pub fn has_commits_beside(path: &Path) -> bool {
    match wal(path).and_then(fs::metadata) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

fn gone(path: &Path, what: &str) -> StoreError {
    let remedy = "while it was open, and nothing is read from it or written to it any more; \
                  put the right file in its place and restart gatebook";
    unavailable(path, &format!("{what} {remedy}"))
}

fn unavailable(path: &Path, what: &str) -> StoreError {
    StoreError::unavailable(format!("the database file {} {what}", path.display()))
}

fn identity(metadata: &Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

fn contents(metadata: &Metadata) -> Contents {
    Contents {
        size: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

/// The write-ahead log: commits that are not yet in the database.
fn wal(path: &Path) -> io::Result<PathBuf> {
    beside(path, "-wal")
}

/// The memory that SQLite's readers and writers share.
fn shared_memory(path: &Path) -> io::Result<PathBuf> {
    beside(path, "-shm")
}

/// SQLite puts its files beside the database itself, not beside a link to it.
fn beside(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let mut name: OsString = fs::canonicalize(path)?.into_os_string();
    name.push(ending);
    Ok(name.into())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_is_private_and_alone_in_its_folder_and_an_older_one_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "contents").unwrap();
        make(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"contents");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(make(&folder.path().join("missing").join("x.db")).is_err());
    }

    #[test]
    fn each_of_the_three_files_is_missed_and_one_that_comes_back_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("x.db");
        fs::write(&path, "x").unwrap();
        let files = [path.clone(), wal(&path).unwrap(), shared_memory(&path).unwrap()];
        files.iter().for_each(|file| fs::write(file, "x").unwrap());
        let opened = SqliteFile::opened(&path).unwrap();
        opened.is_still_there().unwrap();
        let aside = folder.path().join("aside");
        for file in &files {
            fs::rename(file, &aside).unwrap();
            let message = opened.is_still_there().unwrap_err();
            assert!(message.is_unavailable());
            let message = message.to_string();
            assert!(
                message.contains("was moved or removed") && message.contains(file.to_str().unwrap()),
                "{message}"
            );
            fs::write(file, "x").unwrap();
            let message = opened.is_still_there().unwrap_err().to_string();
            assert!(
                message.contains("was replaced") && message.contains("restart gatebook"),
                "{message}"
            );
            assert_eq!(opened.left_its_log(), *file == path);
            fs::rename(&aside, file).unwrap();
            opened.is_still_there().unwrap();
        }
    }

    #[test]
    fn a_file_that_nobody_should_change_is_looked_at_closely() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        fs::write(&path, "contents").unwrap();
        let opened = SqliteFile::opened_unchanging(&path).unwrap();
        let log = wal(&path).unwrap();
        fs::write(&log, "").unwrap();
        opened.is_still_there().unwrap();
        fs::write(&log, "a commit").unwrap();
        assert!(opened.is_still_there().is_err());
        fs::remove_file(&log).unwrap();
        opened.is_still_there().unwrap();
        fs::write(&path, "longer contents").unwrap();
        assert!(opened.is_still_there().is_err());
    }

    #[test]
    fn the_free_space_is_that_of_the_file_system_below() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        fs::write(&path, "x").unwrap();
        assert!(SqliteFile::opened(&path).unwrap().free_space().unwrap() > 0);
    }
}
