//! R29: no cell of a downloaded log acts as a formula, whichever separator LibreOffice is told to read it with. Only in
//! `make soak`, which installs LibreOffice; `make test` looks with a reader of its own.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::{APPS, World, app_at};

/// What begins a formula in the saved sheet, which is XML in one file.
const FORMULA: &str = "table:formula=";

/// How a file can be read: the separator of cells (comma, semicolon, tab, pipe, blank) and the quote (or none), as
/// LibreOffice's filter has them: by their numbers in ASCII.
fn readings() -> impl Iterator<Item = (u8, &'static str)> {
    [b',', b';', b'\t', b'|', b' ']
        .into_iter()
        .flat_map(|separator| [(separator, "34"), (separator, "")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes LibreOffice: make soak"]
async fn r29_libreoffice_finds_no_formula_in_a_downloaded_log() {
    let folder = tempfile::tempdir().unwrap();
    // Formulas after each separator, to see that they would be found.
    let formulas = "a,=1+1;=2+2\t=3+3|=4+4 =5+5\r\n";
    for reading in readings() {
        assert!(
            opened(folder.path(), formulas, reading).contains(FORMULA),
            "{reading:?}"
        );
    }

    let world = World::on_sqlite().await;
    let ada = world.ada().await;
    let signs = ["=", "+", "-", "@", "＝", "＋", "－", "＠"];
    let separators = ["", ";", "\t", ",", "|", " ", "; ", "\"", "\";\"", "\r\n"];
    let hostile: Vec<_> = signs
        .iter()
        .flat_map(|sign| {
            separators
                .iter()
                .map(move |before| format!("x{before}{sign}1+1{before}{sign}cmd|' /C calc'!A0"))
        })
        .collect();
    let name = "=HYPERLINK(\"http://evil.example\");=1+1";
    let form = World::with(World::new_integration(name), json!({"description": "=1+1"}));
    let app = ada.post(APPS, form).await.expect(201).json();
    for description in &hostile {
        let edit = json!({"description": description});
        ada.patch(&app_at(&app, ""), edit).await.expect(200);
        let leading = json!({"description": description.trim_start_matches('x')});
        ada.patch(&app_at(&app, ""), leading).await.expect(200);
    }
    let reason = json!({"reason": "x;=1+1"});
    ada.post(&app_at(&app, "/suspend"), reason).await.expect(200);
    for path in [app_at(&app, "/activity-log"), "/api/v1/activity-log".to_owned()] {
        let log = ada.get(&path).await.expect(200).text();
        for reading in readings() {
            let sheet = opened(folder.path(), &log, reading);
            assert!(sheet.contains("DescriptionChanged"), "{reading:?}");
            let formula = sheet
                .split_once(FORMULA)
                .map(|(_, formula)| formula.chars().take(300).collect::<String>());
            assert_eq!(formula, None, "{reading:?}");
        }
    }
}

/// The CSV as LibreOffice saves it after it has opened it so.
fn opened(folder: &Path, csv: &str, (separator, quote): (u8, &str)) -> String {
    let (file, sheet) = (folder.join("log.csv"), folder.join("log.fods"));
    std::fs::write(&file, csv).unwrap();
    let done = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            folder.join("profile").display()
        ))
        .args(["--headless", "--convert-to", "fods", "--outdir"])
        .arg(folder)
        // Text in UTF-8, from the first line on, with numbers recognised and formulas evaluated.
        .arg(format!(
            "--infilter=CSV:{separator},{quote},76,1,,0,false,true,false,false,false,-1,true"
        ))
        .arg(&file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::remove_file(sheet).unwrap();
    text
}
