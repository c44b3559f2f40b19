//! Rooms are the folders and files of one folder. Within each folder, `use` paths must not lead in circles, so that every
//! room can be read knowing only the rooms below it. Paths between a folder and its own `mod.rs` do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 3] = ["src", "aggregates/src", "projections/src"];

#[test]
fn rooms_do_not_lead_in_circles() {
    let circles: Vec<String> = CRATES.iter().flat_map(|root| circles(Path::new(root))).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn aggregates_and_projections_take_time_ids_and_randomness_as_arguments() {
    for root in ["aggregates/src", "projections/src"] {
        for file in rust_files(Path::new(root)) {
            let text = product_code(&fs::read_to_string(&file).unwrap());
            for banned in [
                "Utc::now",
                "Local::now",
                "SystemTime::now",
                "Uuid::now_",
                "Uuid::new_v4",
                "rand::",
            ] {
                assert!(!text.contains(banned), "{banned} in {}", file.display());
            }
        }
    }
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let edges = |pairs: &[(&str, &str)]| {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            edges.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        edges
    };
    assert!(groups_in_circles(&edges(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    let circle = groups_in_circles(&edges(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(circle, [BTreeSet::from(["b".to_owned(), "c".to_owned()])]);
}

#[test]
fn paths_are_read_with_their_groups() {
    let code = "use crate::a::{b, c::{D, self}};\npub(super) use super::e::F as G;\nfn f() { crate::h::i(); }";
    let paths = paths_in(code);
    for path in ["crate::a::b", "crate::a::c::D", "super::e::F", "crate::h::i"] {
        assert!(paths.contains(path), "{path} is not among {paths:?}");
    }
}

/// Each as `folder: room, room`.
fn circles(root: &Path) -> Vec<String> {
    let files = rust_files(root);
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module(root, file)).collect();
    let mut edges: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for file in &files {
        let here = module(root, file);
        let code = product_code(&fs::read_to_string(file).unwrap());
        for path in paths_in(&code) {
            let Some(there) = target(&path, &here, &modules) else {
                continue;
            };
            let common = here.iter().zip(&there).take_while(|(one, other)| one == other).count();
            if let (Some(from), Some(to)) = (here.get(common), there.get(common)) {
                let folder = edges.entry(here[..common].to_vec()).or_default();
                folder.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    let of_folder = |(folder, edges): (&Vec<String>, &BTreeMap<String, BTreeSet<String>>)| {
        let folder = format!("{}/{}", root.display(), folder.join("/"));
        let groups = groups_in_circles(edges).into_iter();
        groups
            .map(|rooms| format!("{folder}: {}", rooms.into_iter().collect::<Vec<_>>().join(", ")))
            .collect::<Vec<_>>()
    };
    edges.iter().flat_map(of_folder).collect()
}

/// The rooms that reach each other, in groups of at least two.
fn groups_in_circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reachable = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = edges.get(from).into_iter().flatten().collect();
        while let Some(room) = next.pop() {
            if seen.insert(room.clone()) {
                next.extend(edges.get(room).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = edges.keys().map(|room| (room, reachable(room))).collect();
    let mut groups = BTreeSet::new();
    for (room, others) in &reached {
        let group: BTreeSet<String> = others
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*room)))
            .cloned()
            .collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

/// The module that a path leads to; none outside of this crate.
fn target(path: &str, here: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut segments: Vec<String> = path.split("::").map(str::to_owned).collect();
    let mut base = match segments[0].as_str() {
        "crate" => Vec::new(),
        "super" => here[..here.len().checked_sub(1)?].to_vec(),
        "self" => here.to_vec(),
        _ => {
            let mut base = here.to_vec();
            base.push(segments[0].clone());
            if !modules.contains(&base) {
                return None;
            }
            base
        }
    };
    segments.remove(0);
    while segments.first().is_some_and(|segment| segment == "super") {
        segments.remove(0);
        base.pop()?;
    }
    base.extend(segments);
    while !base.is_empty() && !modules.contains(&base) {
        base.pop();
    }
    Some(base)
}

/// All paths of `use` declarations, and all others that begin with `crate` or `super`.
fn paths_in(code: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut rest = String::new();
    for statement in code.split_inclusive(';') {
        match use_tree(statement) {
            Some((before, tree)) => {
                rest.push_str(before);
                paths.extend(expanded(&tree.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            None => rest.push_str(statement),
        }
    }
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = rest.split(|c: char| !is_of_path(c));
    let inline = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    paths.extend(inline.map(str::to_owned));
    paths
}

/// What stands before a `use`, and its tree.
fn use_tree(statement: &str) -> Option<(&str, &str)> {
    let at = statement.match_indices("use ").map(|(at, _)| at).find(|at| {
        let line = statement[..*at].rsplit('\n').next().unwrap_or_default().trim();
        line.is_empty() || line.starts_with("pub")
    })?;
    Some((&statement[..at], statement[at + 4..].trim_end_matches(';')))
}

fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let (before, inside) = (&tree[..open], tree[open + 1..].trim_end_matches('}'));
    // One brace too few may be left at the end; a path does not mind.
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in inside.chars() {
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                parts.last_mut().unwrap().push(c);
            }
        }
    }
    let filled = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    filled.flat_map(|part| expanded(&format!("{before}{part}"))).collect()
}

/// The code without comments, texts and the tests at its end.
fn product_code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn module(root: &Path, file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut names: Vec<String> = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "tests" {
                files.extend(rust_files(&path));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files.sort();
    files
}
