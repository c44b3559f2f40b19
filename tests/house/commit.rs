//! How a release build finds the commit that it is made from.

#[path = "../../build/commit.rs"]
mod found;

use std::fs;
use std::path::Path;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What is found in `source` of these files, and how many files it depends on.
fn found(source: &str, files: &[(&str, &str)]) -> Option<(Option<String>, usize)> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let head = found::head(&folder.path().join(source))?;
    assert!(head.files.iter().all(|file| file.is_file()), "{:?}", head.files);
    Some((head.commit, head.files.len()))
}

#[test]
fn the_commit_is_found_on_a_branch_of_its_own_file_or_packed_and_without_a_branch() {
    let short = Some("0123456789ab".to_owned());
    let line = format!("{COMMIT}\n");
    let head = ("a/.git/HEAD", "ref: refs/heads/w/x\n");
    let loose = [head, ("a/.git/refs/heads/w/x", line.as_str())];
    assert_eq!(found("a", &loose), Some((short.clone(), 2)));
    let packed = format!("# pack-refs with: peeled\nffffffffff refs/heads/w\n{COMMIT} refs/heads/w/x\n");
    assert_eq!(
        found("a", &[head, ("a/.git/packed-refs", &packed)]),
        Some((short.clone(), 2))
    );
    assert_eq!(found("a", &[("a/.git/HEAD", &line)]), Some((short, 1)));
    assert_eq!(found("a", &[head]), Some((None, 1)), "nothing is committed yet");
}

#[test]
fn the_commit_is_found_where_several_working_copies_share_a_repository() {
    let files = [
        ("b/.git", "gitdir: ../a/.git/worktrees/b\n"),
        ("a/.git/HEAD", "ref: refs/heads/main\n"),
        ("a/.git/refs/heads/main", "ffffffffffffffff\n"),
        ("a/.git/worktrees/b/HEAD", "ref: refs/heads/b\n"),
        ("a/.git/worktrees/b/commondir", "../..\n"),
        ("a/.git/refs/heads/b", COMMIT),
    ];
    assert_eq!(found("b", &files), Some((Some("0123456789ab".to_owned()), 2)));
}

#[test]
fn a_source_archive_has_no_commit_even_inside_of_another_repository() {
    let other = [("a/.git/HEAD", COMMIT), ("a/source/Cargo.toml", "")];
    assert_eq!(found("a/source", &other), None);
    assert_eq!(found("a", &[("a/Cargo.toml", "")]), None);
    assert_eq!(found("a", &[("a/.git", "something else")]), None);
}

#[test]
fn only_a_commit_is_shown_as_one() {
    assert_eq!(found::short(COMMIT).as_deref(), Some("0123456789ab"));
    assert_eq!(found::short(" abcdef1\n").as_deref(), Some("abcdef1"));
    for other in ["", "abc", "v1.0", "abcdefg", "abcdef1; echo"] {
        assert_eq!(found::short(other), None, "{other:?}");
    }
}
