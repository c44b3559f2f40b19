//! What Gatebook writes is its owner's alone, whatever the shell lets new files be: keys, mails with links and codes, the
//! database with its log.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::{getegid, umask};

/// From now on no file or folder that this process makes can be used by others, also those that SQLite makes.
pub fn make_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Says so when a folder that holds secrets lets others in. Their files are closed to others all the same; but who may write
/// in it can put others in their place, and who may read it sees their names.
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

/// The program's own group may do what it was given, as in a volume of Kubernetes.
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
