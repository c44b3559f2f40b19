//! Shows the progress of a replay: a bar on a terminal, lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::replay::Progress;

/// The kind of progress that suits standard error.
pub fn for_terminal() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar::default())
    } else {
        Box::new(Lines::default())
    }
}

#[derive(Default)]
pub struct Bar {
    bar: Mutex<Option<(String, ProgressBar)>>,
}

impl Progress for Bar {
    fn step(&self, projection: &str, done: i64, total: i64) {
        let (done, total) = (done.unsigned_abs(), total.unsigned_abs());
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, current) = bar.get_or_insert_with(|| (projection.to_owned(), new_bar(projection, total)));
        if name != projection {
            current.finish();
            (*name, *current) = (projection.to_owned(), new_bar(projection, total));
        }
        current.set_length(total);
        current.set_position(done);
        if done >= total {
            current.finish();
        }
    }
}

fn new_bar(projection: &str, total: u64) -> ProgressBar {
    let template = "{prefix:12} {bar:40} {pos}/{len} events  {per_sec}  {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total)
        .with_style(style)
        .with_prefix(projection.to_owned())
}

/// One line for each per cent.
#[derive(Default)]
pub struct Lines {
    shown: Mutex<BTreeMap<String, i64>>,
}

impl Progress for Lines {
    fn step(&self, projection: &str, done: i64, total: i64) {
        let percent = if total > 0 {
            done.saturating_mul(100) / total
        } else {
            100
        };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.insert(projection.to_owned(), percent) != Some(percent) {
            tracing::info!(projection, done, total, "{percent} %");
        }
    }
}
