//! Tells the program which commit it is built from, for `gatebook --version`.
//!
//! Only release builds know: whoever changes the program would otherwise wait after each commit until all of it is compiled
//! anew. Where there is no `.git`, as in an image or a source archive, the variable GATEBOOK_COMMIT can name the commit.

mod commit;

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-env-changed=GATEBOOK_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=GATEBOOK_VERSION={version}{}", suffix());
}

/// What stands behind the version's number.
fn suffix() -> String {
    let named = env::var("GATEBOOK_COMMIT").unwrap_or_default();
    if let Some(named) = commit::short(&named) {
        return format!(" ({named})");
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return " (development build)".to_owned();
    }
    let source = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let Some(head) = commit::head(&source) else {
        return String::new();
    };
    for file in &head.files {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    head.commit.map(|commit| format!(" ({commit})")).unwrap_or_default()
}
