//! “How to add a projection” in `docs/architecture.md` is complete: whoever follows it has forgotten nothing.

use std::fs;
use std::path::{Path, PathBuf};

use gatebook_projections::registry;

/// A file that names every projection is a list, and a new projection has to be added to it.
#[test]
fn every_list_of_all_projections_is_in_the_steps() {
    let steps = steps();
    let mut lists = Vec::new();
    for root in [
        "aggregates",
        "projections",
        "src",
        "migrations",
        "tests",
        "docs",
        "deploy",
    ] {
        collect_lists(Path::new(root), &mut lists);
    }
    assert!(
        lists.contains(&PathBuf::from("projections/src/registry.rs")),
        "{lists:?}"
    );
    for list in lists {
        let path = list.display().to_string();
        assert!(steps.contains(&format!("`{path}`")), "{path} is not in the steps");
    }
}

#[test]
fn every_file_that_the_steps_name_exists() {
    let steps = steps();
    let quoted = steps.split('`').skip(1).step_by(2);
    let paths: Vec<_> = quoted
        .filter(|text| text.contains('/') && !text.contains(' '))
        .collect();
    assert!(paths.len() > 3, "{paths:?}");
    for path in paths {
        for projection in registry::all() {
            let path = path.replace("<name>", projection.name);
            assert!(Path::new(&path).exists(), "{path}");
        }
    }
}

fn steps() -> String {
    let text = fs::read_to_string("docs/architecture.md").unwrap();
    let (_, section) = text.split_once("\n## How to add a projection\n").unwrap();
    section.split("\n## ").next().unwrap().to_owned()
}

fn collect_lists(folder: &Path, lists: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_lists(&path, lists);
        } else if fs::read_to_string(&path).is_ok_and(|text| names_every_projection(&text)) {
            lists.push(path);
        }
    }
}

fn names_every_projection(text: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    registry::all().iter().all(|projection| {
        text.match_indices(projection.name).any(|(at, name)| {
            let (before, after) = (&text[..at], &text[at + name.len()..]);
            !before.ends_with(is_of_name) && !after.starts_with(is_of_name)
        })
    })
}
