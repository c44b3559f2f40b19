//! What the program says about its own command line: completions, manual pages, the version.

use super::installation::Installation;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_complete_every_command_and_need_no_installation_for_that() {
    let installation = Installation::on_sqlite();
    for (shell, says) in [
        ("bash", "complete -F _gatebook"),
        ("zsh", "#compdef gatebook"),
        ("fish", "complete -c gatebook"),
    ] {
        let script = installation.succeed(&["completions", shell]);
        assert!(script.contains(says), "{shell}: {script}");
        for word in ["resource-server", "suspend", "quarantine", "--reason", "--database-url"] {
            let bare = word.trim_start_matches('-');
            assert!(script.contains(bare), "{shell} does not know {word}");
        }
    }
    assert_eq!(installation.run(&["completions", "cmd"]).code, Some(64));
    assert!(!installation.folder().join("gatebook.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_has_a_manual_page() {
    let installation = Installation::on_sqlite();
    let page = installation.succeed(&["man"]);
    assert!(
        page.contains(".TH gatebook 1") && page.contains("completions"),
        "{page}"
    );
    let folder = installation.folder().join("man");
    let said = installation.succeed(&["man", folder.to_str().unwrap()]);
    assert!(said.starts_with("wrote ") && said.lines().count() == 1, "{said}");
    for (name, says) in [
        ("gatebook", "SUBCOMMANDS"),
        ("gatebook-app", "suspend"),
        ("gatebook-app-secrets-retire", "It cannot be undone"),
        ("gatebook-log-export", "GATEBOOK_FROM"),
    ] {
        let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")) && page.contains(says), "{page}");
    }
    assert!(!folder.join("gatebook-help.1").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_tells_a_development_build() {
    let installation = Installation::on_sqlite();
    let said = installation.succeed(&["--version"]);
    let version = format!("gatebook {}", env!("CARGO_PKG_VERSION"));
    assert!(said.starts_with(&version), "{said}");
    let build = said.trim_start_matches(version.as_str()).trim();
    let is_commit = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let inside = build.strip_prefix('(').and_then(|build| build.strip_suffix(')'));
    assert!(
        inside.is_some_and(|inside| inside == "development build" || is_commit(inside)),
        "{said}"
    );
}

/// The lines of code in a document that call the program.
fn calls(document: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).unwrap();
    let code = text.split("\n```").skip(1).step_by(2);
    let lines = code.flat_map(|block| block.lines().skip(1).map(|line| line.trim().to_owned()));
    let program = |line: &String| line.starts_with("gatebook ") || line.starts_with("target/debug/gatebook ");
    lines.filter(program).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_and_flag_that_the_documents_call_exists() {
    let installation = Installation::on_sqlite();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md"), root.join("deploy/README.md")];
    documents.extend(
        std::fs::read_dir(root.join("docs/operating"))
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    let calls: Vec<_> = documents.iter().flat_map(|document| calls(document)).collect();
    assert!(calls.len() > 20, "{calls:#?}");
    for call in calls {
        let call = call.split([';', '#', '>', '|', '&']).next().unwrap();
        let words: Vec<_> = call.split_whitespace().skip(1).collect();
        let is_name =
            |word: &&&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-');
        let command: Vec<_> = words.iter().take_while(is_name).copied().collect();
        let help = installation.succeed(&[&command[..], &["--help"]].concat());
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().unwrap();
            assert!(
                help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                "{call}: no {flag} in {help}"
            );
        }
    }
}
