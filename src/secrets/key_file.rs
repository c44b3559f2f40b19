//! The file with the master key: who may read it, and how it is created once.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::{getegid, getgroups};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::master_key::MasterKey;
use super::randomness::Randomness;

impl MasterKey {
    /// Reads the key file. If there is none, creates one with a fresh key and mode 0600. The folder must exist. Several
    /// processes may do this at once: all get the key of the first one.
    ///
    /// # Errors
    /// The file is not a key, can be read or written by others, or cannot be read or created.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::NotRead { source, .. }) if source.kind() == ErrorKind::NotFound => {
                create(path).map_err(|source| KeyFileError::NotMade {
                    path: path.into(),
                    source,
                })?;
                Self::load(path)
            }
            read => read,
        }
    }

    /// Reads the key file, which must exist.
    ///
    /// # Errors
    /// Those of [`load_or_create`](Self::load_or_create), except for creating.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let not_read = |source| KeyFileError::NotRead {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(not_read)?;
        let metadata = file.metadata().map_err(not_read)?;
        if is_exposed(&metadata, &own_groups().map_err(not_read)?) {
            return Err(KeyFileError::Exposed {
                path: path.into(),
                mode: metadata.permissions().mode() & 0o7777,
                group: metadata.gid(),
            });
        }
        // Reads only a few bytes, in case the path names something endless.
        let mut text = Vec::with_capacity(66);
        file.take(66).read_to_end(&mut text).map_err(not_read)?;
        Self::from_text(&text).ok_or(KeyFileError::Malformed { path: path.into() })
    }

    /// Parses the contents of a key file: 64 hexadecimal digits, optionally followed by a line break.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let digits = text.strip_suffix(b"\n").unwrap_or(text);
        let mut key = [0; 32];
        hex::decode_to_slice(digits, &mut key).ok()?;
        Some(Self::from_bytes(key))
    }
}

/// Why there is no master key. Each message says what to do; none contains the key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("the key file {} cannot be read ({source}); let the user that runs gatebook own it", path.display())]
    NotRead {
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others may read or write the file.
    #[error(
        "the key file {} has mode {mode:04o} and group {group}, so that others may use it; run `chmod 600` on it (or, \
         where root or a group that gatebook runs in owns it, `chmod 440`), and take a new key if somebody may have read it",
        path.display()
    )]
    Exposed {
        path: PathBuf,
        mode: u32,
        /// The file's group.
        group: u32,
    },
    #[error(
        "the key file {} does not hold 64 hexadecimal digits; restore it from a backup, \
         or remove it if the database is still empty",
        path.display()
    )]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// The file does not exist and cannot be created.
    #[error(
        "the key file {} is missing and cannot be made ({source}); make its folder writable, \
         or make the file with `umask 077; openssl rand -hex 32`",
        path.display()
    )]
    NotMade {
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// This process's groups, and root's: its members can read everything anyway.
fn own_groups() -> io::Result<Vec<u32>> {
    let mut groups: Vec<u32> = getgroups()?.iter().map(|group| group.as_raw()).collect();
    groups.extend([getegid().as_raw(), 0]);
    Ok(groups)
}

/// Whether others may use a file: everybody in any way, a group by writing, or a foreign group by reading. Reading by
/// an own group is allowed, because secrets mounted into containers belong to root and the container's group.
fn is_exposed(metadata: &Metadata, own_groups: &[u32]) -> bool {
    may_be_used_by_others(metadata.permissions().mode(), own_groups.contains(&metadata.gid()))
}

fn may_be_used_by_others(mode: u32, is_own_group: bool) -> bool {
    let tolerated = if is_own_group { 0o740 } else { 0o700 };
    mode & 0o777 & !tolerated != 0
}

/// Writes a fresh key beside the path and links it there. Linking fails rather than replace another process's file.
/// Either way a complete key file exists afterwards.
fn create(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", hex::encode(Randomness::secure().bytes::<32>()))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(refused.error),
        _ => File::open(folder)?.sync_all(),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use tempfile::TempDir;

    use super::*;

    fn a_file(text: &str, mode: u32) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn fingerprint(path: &Path) -> String {
        MasterKey::load_or_create(path).ok().unwrap().fingerprint()
    }

    fn refusal(path: &Path) -> KeyFileError {
        MasterKey::load_or_create(path).err().unwrap()
    }

    #[test]
    fn the_first_start_makes_a_key_that_the_next_start_finds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = fingerprint(&path);
        assert_eq!(fingerprint(&path), first);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 65);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nodes_that_start_together_get_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let found: Vec<String> = std::thread::scope(|scope| {
            let nodes: Vec<_> = (0..8).map(|_| scope.spawn(|| fingerprint(&path))).collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        assert!(found.iter().all(|one| *one == found[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn making_a_key_never_replaces_one_that_came_in_between() {
        let (_folder, path) = a_file(&"ab".repeat(32), 0o600);
        create(&path).unwrap();
        assert_eq!(fingerprint(&path), MasterKey::from_bytes([0xab; 32]).fingerprint());
    }

    #[test]
    fn a_key_written_by_hand_is_read_in_either_case_with_or_without_a_line_break() {
        for (text, mode) in [("AB".repeat(32), 0o400), ("ab".repeat(32) + "\n", 0o440)] {
            let (_folder, path) = a_file(&text, mode);
            assert_eq!(fingerprint(&path), MasterKey::from_bytes([0xab; 32]).fingerprint());
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_left_alone() {
        for text in [
            String::new(),
            "a".repeat(63),
            "a".repeat(65),
            "a".repeat(64) + "\n\n",
            "g".repeat(64),
            format!("+{}", "a".repeat(63)),
            format!("{}é", "a".repeat(62)),
        ] {
            let (_folder, path) = a_file(&text, 0o600);
            let error = refusal(&path);
            assert!(matches!(error, KeyFileError::Malformed { .. }), "{text:?}");
            assert!(error.to_string().contains("restore it from a backup"));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_group_that_the_program_is_in_may_read_and_nobody_else() {
        for mode in [0o400, 0o600, 0o700] {
            assert!(
                !may_be_used_by_others(mode, false) && !may_be_used_by_others(mode, true),
                "{mode:o}"
            );
        }
        for mode in [0o440, 0o640, 0o100_640] {
            assert!(!may_be_used_by_others(mode, true), "{mode:o}");
            assert!(may_be_used_by_others(mode, false), "{mode:o}");
        }
        for mode in [0o660, 0o450, 0o444, 0o402, 0o401] {
            assert!(may_be_used_by_others(mode, true), "{mode:o}");
        }
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_the_remedy() {
        for mode in [0o620, 0o610, 0o604, 0o602, 0o601] {
            let (_folder, path) = a_file(&"ab".repeat(32), mode);
            let error = refusal(&path);
            assert!(matches!(error, KeyFileError::Exposed { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"));
            assert!(error.to_string().contains(&format!("{mode:04o}")));
            assert!(!error.to_string().contains("abab"));
        }
    }

    #[test]
    fn a_folder_that_is_missing_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let error = refusal(&folder.path().join("missing").join("key"));
        assert!(matches!(error, KeyFileError::NotMade { .. }));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_path_without_a_folder_means_the_current_one() {
        assert_eq!(folder(Path::new("key")), Path::new("."));
        assert_eq!(folder(Path::new("/etc/key")), Path::new("/etc"));
    }
}
