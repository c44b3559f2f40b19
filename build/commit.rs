//! The commit that is checked out, read from the files of git, so that git itself is not needed.

use std::fs;
use std::path::{Path, PathBuf};

/// How many digits of a commit are shown.
const DIGITS: usize = 12;

/// What is checked out in a folder.
pub struct Head {
    /// The commit, unless it cannot be told.
    pub commit: Option<String>,
    /// The files that say so. When one of them changes, another commit may be checked out.
    pub files: Vec<PathBuf>,
}

/// The first digits of a commit; none if the text is no commit.
pub fn short(text: &str) -> Option<String> {
    let text = text.trim();
    let is_commit = (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit.then(|| text.chars().take(DIGITS).collect())
}

/// What is checked out in the folder of the source; none if it is no working copy of git, even if a folder above it is.
pub fn head(source: &Path) -> Option<Head> {
    let git = git_folder(source)?;
    let head = git.join("HEAD");
    let said = fs::read_to_string(&head).ok()?;
    let Some(branch) = said.trim().strip_prefix("ref: ") else {
        return Some(Head {
            commit: short(&said),
            files: vec![head],
        });
    };
    let common = common_folder(&git);
    let loose = [git.join(branch), common.join(branch)]
        .into_iter()
        .find(|file| file.is_file());
    let packed = common.join("packed-refs");
    let (commit, file) = match loose {
        Some(file) => (fs::read_to_string(&file).ok().and_then(|commit| short(&commit)), file),
        None => (packed_commit(&packed, branch), packed),
    };
    let files = [head, file].into_iter().filter(|file| file.exists()).collect();
    Some(Head { commit, files })
}

/// The folder `.git`, or what it names where several working copies share one.
fn git_folder(source: &Path) -> Option<PathBuf> {
    let git = source.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    Some(source.join(text.trim().strip_prefix("gitdir: ")?))
}

/// Where the branches are; several working copies share them.
fn common_folder(git: &Path) -> PathBuf {
    let named = fs::read_to_string(git.join("commondir"));
    named.map_or_else(|_| git.to_owned(), |named| git.join(named.trim()))
}

/// The commit of a branch that has no file of its own.
fn packed_commit(packed: &Path, branch: &str) -> Option<String> {
    let packed = fs::read_to_string(packed).ok()?;
    let line = packed.lines().find(|line| line.split(' ').nth(1) == Some(branch))?;
    line.split(' ').next().and_then(short)
}
