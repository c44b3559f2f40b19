//! Places where a test can kill the process, to prove that a command is never half done.

/// Dies here, as by `kill -9`, when `GATEBOOK_FAULT` names this point; with `panic:` before the name only its task dies,
/// as by a bug. Does nothing in release builds.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "this is what is asked for")]
pub fn point(name: &str) {
    static WANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let Some(wanted) = WANTED.get_or_init(|| std::env::var("GATEBOOK_FAULT").ok()) else {
        return;
    };
    if wanted.strip_prefix("panic:") == Some(name) && armed() {
        panic!("GATEBOOK_FAULT is {wanted}");
    }
    if wanted == name && armed() {
        std::process::abort();
    }
}

/// Dies nowhere.
#[cfg(not(debug_assertions))]
pub fn point(_name: &str) {}

/// Whether the file that `GATEBOOK_FAULT_FILE` names is there; armed from the beginning without that variable.
#[cfg(debug_assertions)]
fn armed() -> bool {
    std::env::var_os("GATEBOOK_FAULT_FILE").is_none_or(|file| std::path::Path::new(&file).exists())
}
