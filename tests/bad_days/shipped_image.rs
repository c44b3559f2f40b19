//! What the shipped Dockerfile builds from: everything that the program's source includes, and what the folder beside it lets
//! through to the build.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The files that a source file includes, from the repository's folder on.
fn included(source: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(source).unwrap();
    // Only files that belong to the program, not to its tests.
    let text = text.split("#[cfg(test)]").next().unwrap();
    let named = text
        .split("include_str!(\"")
        .chain(text.split("include_bytes!(\""))
        .skip(1);
    let named = named.filter_map(|rest| rest.split_once("\")")).map(|(name, _)| name);
    let folder = source.parent().unwrap();
    named
        .filter(|name| !name.contains('\n'))
        .map(|name| without_dots(&folder.join(name)))
        .filter(|path| path.is_file())
        .collect()
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[test]
fn the_image_is_built_from_every_file_that_the_program_includes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dockerfile = fs::read_to_string(folder.join("deploy/docker/Dockerfile")).unwrap();
    let ignored = fs::read_to_string(folder.join("deploy/docker/Dockerfile.dockerignore")).unwrap();
    let copied = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    // The last one is where to.
    let copied = copied.flat_map(|names| names.rsplit_once(' ').unwrap().0.split(' '));
    let copied: Vec<_> = copied.map(|name| folder.join(name)).collect();
    let let_through = ignored.lines().filter_map(|line| line.strip_prefix('!'));
    let let_through: Vec<_> = let_through.map(|name| folder.join(name)).collect();
    let mut files = vec![
        folder.join("Cargo.toml"),
        folder.join("Cargo.lock"),
        folder.join("migrations"),
        // The workspace names it.
        folder.join("deploy/gateway-client/Cargo.toml"),
    ];
    for crate_folder in ["build", "src", "aggregates/src", "projections/src"] {
        let sources = sources(&folder.join(crate_folder));
        files.extend(sources.iter().flat_map(|source| included(source)));
        files.extend(sources);
    }
    assert!(files.iter().any(|file| file.ends_with("docs/errors.md")), "{files:?}");
    for file in files {
        for among in [&copied, &let_through] {
            assert!(
                among.iter().any(|root| file.starts_with(root)),
                "{} is not among {among:?}",
                file.display()
            );
        }
    }
}
