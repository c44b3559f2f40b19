//! The master key: the file it lives in, and the sub-keys made from it. It is never in the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::digest::Output;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::dice::Dice;

/// 32 random bytes from which every other key is made. All nodes of one book have the same.
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Reads the key file; makes one with a fresh key, mode 0600, if there is none yet. The folder must exist.
    /// Several processes may do this at once: all of them get the key of the one that was first.
    ///
    /// # Errors
    /// A file that is not a key, that others than its owner may read or write, or that cannot be read or made.
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

    /// A key that is known already; the key file of `load_or_create` holds it as 64 hexadecimal digits.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Tells one key from another without telling the key: 64 lower-case hexadecimal digits, safe to store in the
    /// database, so that a node with another key can refuse to start.
    pub fn fingerprint(&self) -> String {
        format!("{:x}", self.mac(Purpose::Fingerprint).finalize().into_bytes())
    }

    /// The sub-key for one purpose: HMAC-SHA-256 of the purpose's label.
    pub(super) fn sub_key(&self, purpose: Purpose) -> [u8; 32] {
        keyed(&self.0)
            .chain_update(purpose.label())
            .finalize()
            .into_bytes()
            .into()
    }

    /// HMAC-SHA-256 with the sub-key for one purpose. Cloning it is cheaper than keying it again.
    pub(super) fn mac(&self, purpose: Purpose) -> Hmac<Sha256> {
        keyed(&self.sub_key(purpose))
    }

    /// Reads the key file, which must be there.
    ///
    /// # Errors
    /// As for [`load_or_create`](Self::load_or_create).
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let not_read = |source| KeyFileError::NotRead {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(not_read)?;
        let mode = file.metadata().map_err(not_read)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed {
                path: path.into(),
                mode,
            });
        }
        // A path that names something else and endless is not read to its end.
        let mut text = Vec::with_capacity(66);
        file.take(66).read_to_end(&mut text).map_err(not_read)?;
        parse(&text)
            .map(Self)
            .ok_or(KeyFileError::Malformed { path: path.into() })
    }
}

/// Why there is no master key. Each message says what to do about it; none holds the key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("the key file {} cannot be read; let the user that runs gatebook own it", path.display())]
    NotRead {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others than its owner may read or write the file.
    #[error(
        "the key file {} has mode {mode:04o}, so that others may use it; \
         run `chmod 600` on it, and take a new key if somebody may have read it",
        path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error(
        "the key file {} does not hold 64 hexadecimal digits; restore it from a backup, \
         or remove it if the database is still empty",
        path.display()
    )]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// The file is missing and cannot be made.
    #[error(
        "the key file {} is missing and cannot be made; make its folder writable, \
         or make the file with `umask 077; openssl rand -hex 32`",
        path.display()
    )]
    NotMade {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// What a sub-key is for. Each has its own, so that an answer of one says nothing about another.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Keyed digests of secrets.
    Digests,
    /// MACs of access tokens.
    Tokens,
    /// Sealing what must be shown again.
    Sealing,
    /// Telling keys apart.
    Fingerprint,
}

impl Purpose {
    /// Never changed: everything kept with the key would be lost.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Digests => b"gatebook digests v1",
            Self::Tokens => b"gatebook access tokens v1",
            Self::Sealing => b"gatebook sealing v1",
            Self::Fingerprint => b"gatebook fingerprint v1",
        }
    }
}

/// HMAC fills a key up with zeros to its 64-byte block anyway; done here, keying cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Mac::new(&block.into())
}

/// Writes a fresh key beside the path and links it there, which fails rather than replaces a file of somebody else.
/// Either way a whole key file is there afterwards.
fn create(path: &Path) -> io::Result<()> {
    let dice = Dice::secure();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", dice.base62(12)));
    let fresh = PathBuf::from(name);
    let linked = write_key(&fresh, dice.bytes()).and_then(|()| fs::hard_link(&fresh, path));
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder(path))?.sync_all(),
    }
}

fn write_key(path: &Path, key: [u8; 32]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{:x}", Output::<Sha256>::from(key))?;
    file.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// 64 hexadecimal digits, with or without a line break behind them.
fn parse(text: &[u8]) -> Option<[u8; 32]> {
    let digits = text.strip_suffix(b"\n").unwrap_or(text);
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(key)
}

fn digit(character: u8) -> Option<u8> {
    let value = char::from(character).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

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
        for text in ["AB".repeat(32), "ab".repeat(32) + "\n"] {
            let (_folder, path) = a_file(&text, 0o400);
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
    fn a_file_open_to_others_is_refused_with_the_remedy() {
        for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601] {
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

    #[test]
    fn every_purpose_and_every_key_has_a_sub_key_of_its_own() {
        let mut keys = std::collections::HashSet::new();
        for master in [[1; 32], [2; 32]].map(MasterKey::from_bytes) {
            for purpose in [
                Purpose::Digests,
                Purpose::Tokens,
                Purpose::Sealing,
                Purpose::Fingerprint,
            ] {
                keys.insert(master.sub_key(purpose));
            }
        }
        assert_eq!(keys.len(), 8);
    }

    #[test]
    fn a_sub_key_is_what_hmac_says_it_is() {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[9; 32]).unwrap();
        mac.update(b"gatebook digests v1");
        let expected: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(MasterKey::from_bytes([9; 32]).sub_key(Purpose::Digests), expected);
    }
}
