//! Makes all files of Gatebook private to their owner, whatever the shell's umask: keys, e-mails with links and codes,
//! the database with its log.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::{getegid, umask};

/// Makes all files and folders that this process creates private from now on, including those of SQLite.
pub fn make_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Warns if others may enter a folder with secrets. The files in it are private all the same, but others could see
/// their names or, with write access, replace them.
pub fn warn_of_open_folder(folder: &Path) {
    let Ok(metadata) = fs::metadata(folder) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if is_open(mode, metadata.gid() == getegid().as_raw()) {
        tracing::warn!(
            "the folder {} has mode {mode:03o}, so other users can read or add files; unless they need to, run `chmod \
             700` on it",
            folder.display()
        );
    }
}

/// Accepts access by the program's own group, as in a Kubernetes volume.
fn is_open(mode: u32, is_own_group: bool) -> bool {
    let tolerated = if is_own_group { 0o770 } else { 0o700 };
    mode & !tolerated != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_open_when_others_than_its_owner_and_our_group_get_in() {
        for (mode, own, open) in [
            (0o700, false, false),
            (0o770, true, false),
            (0o750, false, true),
            (0o755, true, true),
            (0o701, true, true),
            (0o777, false, true),
        ] {
            assert_eq!(is_open(mode, own), open, "{mode:o}");
        }
    }
}
