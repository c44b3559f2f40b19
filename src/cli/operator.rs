//! Who sits at the command line, as far as the machine can say. It is for reading in the log; no decision stands on it.

use std::{env, fs};

use rustix::process::{geteuid, getuid};

/// So many characters of each name stand in the log.
const LENGTH_MAX: usize = 64;

/// The system user and the machine, as in `olga@node-1`; and for whom `sudo` says that it runs, as in
/// `root (sudo by olga)@node-1`. The user is who the system says; `sudo`'s word stands beside it and never in its place,
/// as anybody can set a variable.
pub fn name() -> String {
    let sudo = plain(env::var("SUDO_USER").ok());
    let machine =
        plain(fs::read_to_string("/proc/sys/kernel/hostname").ok()).or_else(|| plain(env::var("HOSTNAME").ok()));
    message(&system_user(), sudo.as_deref(), machine.as_deref())
}

/// The user's name in the password database, or the number if it has none, as in a container.
fn system_user() -> String {
    let user = getuid();
    // It is the effective user's name that is looked up.
    let looked_up = (user == geteuid()).then(|| whoami::fallible::username().ok());
    plain(looked_up.flatten()).unwrap_or_else(|| user.as_raw().to_string())
}

fn message(user: &str, sudo: Option<&str>, machine: Option<&str>) -> String {
    let by = sudo.map(|by| format!(" (sudo by {by})")).unwrap_or_default();
    let at = machine.map(|machine| format!("@{machine}")).unwrap_or_default();
    format!("{user}{by}{at}")
}

/// The characters that names of users and machines have: a word that is made up says nothing of others.
fn plain(text: Option<String>) -> Option<String> {
    let plain = text?
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || "._-+@$\\".contains(*c))
        .take(LENGTH_MAX)
        .collect::<String>();
    Some(plain).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_user_stands_first_and_sudos_word_beside_it() {
        assert_eq!(message("olga", None, Some("node-1")), "olga@node-1");
        assert_eq!(
            message("root", Some("olga"), Some("node-1")),
            "root (sudo by olga)@node-1"
        );
        assert_eq!(message("1000", None, None), "1000");
    }

    #[test]
    fn a_name_that_is_made_up_looks_like_nothing_else() {
        let made_up = |text: &str| plain(Some(text.to_owned()));
        assert_eq!(made_up(" olga.o-1_x$\n").as_deref(), Some("olga.o-1_x$"));
        assert_eq!(
            made_up("olga@node-1) (sudo by\tben").as_deref(),
            Some("olga@node-1sudobyben")
        );
        assert_eq!(made_up("\u{202e} "), None);
        assert_eq!(made_up(&"x".repeat(100)).unwrap().len(), LENGTH_MAX);
    }
}
