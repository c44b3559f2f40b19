//! Chooses the format of the activity log by `Accept` (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, StatusCode, header};
use gatebook_aggregates::log_format::LogFormat;

use crate::web::error::Problem;

/// The available formats. The first one is the default.
const OFFERED: [(LogFormat, &str, &str); 2] = [
    (LogFormat::Csv, "text", "csv"),
    (LogFormat::Ndjson, "application", "x-ndjson"),
];

/// The format that `Accept` prefers.
pub fn log_format(headers: &HeaderMap) -> Result<LogFormat, Problem> {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
        .collect();
    let ranges: Vec<MediaRange> = accepted
        .iter()
        .flat_map(|list| list.split(','))
        .filter_map(MediaRange::read)
        .collect();
    if accepted.iter().all(|list| list.trim().is_empty()) {
        return Ok(LogFormat::Csv);
    }
    let mut best = None;
    for (format, kind, subtype) in OFFERED {
        let quality = quality(&ranges, kind, subtype);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((format, quality));
        }
    }
    best.map(|(format, _)| format).ok_or_else(|| {
        let detail = "The log is available as “text/csv” and “application/x-ndjson”.";
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    })
}

/// A media range of `Accept`, with its quality in thousandths.
struct MediaRange {
    kind: String,
    subtype: String,
    quality: u16,
}

impl MediaRange {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let range = parts.next()?;
        let (kind, subtype) = range.split_once('/')?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").map(str::to_owned));
        let quality = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
        // The cast cannot overflow: the value is clamped to 0 to 1 before.
        let quality = (quality.unwrap_or_default().clamp(0.0, 1.0) * 1_000.0) as u16;
        Some(Self {
            kind: kind.to_owned(),
            subtype: subtype.to_owned(),
            quality,
        })
    }

    /// How specifically the range matches the type; none if it does not.
    fn matches(&self, kind: &str, subtype: &str) -> Option<u8> {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", "*") => Some(0),
            (k, "*") if k == kind => Some(1),
            (k, s) if k == kind && s == subtype => Some(2),
            _ => None,
        }
    }
}

/// The quality of the most specific range that matches.
fn quality(ranges: &[MediaRange], kind: &str, subtype: &str) -> u16 {
    let matching = ranges
        .iter()
        .filter_map(|range| Some((range.matches(kind, subtype)?, range.quality)));
    matching.max().map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(accept: &str) -> Option<LogFormat> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        log_format(&headers).ok()
    }

    #[test]
    fn r29_the_log_is_csv_unless_ndjson_is_liked_better() {
        assert_eq!(log_format(&HeaderMap::new()).ok(), Some(LogFormat::Csv));
        for csv in [
            "",
            "*/*",
            "text/*",
            "text/csv; charset=utf-8",
            "Text/CSV",
            "application/json, */*;q=0.1",
        ] {
            assert_eq!(format(csv), Some(LogFormat::Csv), "{csv}");
        }
        for ndjson in [
            "application/x-ndjson",
            "text/csv;q=0.5, application/x-ndjson",
            "text/csv;q=0, */*",
        ] {
            assert_eq!(format(ndjson), Some(LogFormat::Ndjson), "{ndjson}");
        }
    }

    #[test]
    fn r29_the_log_is_in_no_other_format() {
        for other in ["application/json", "text/html", "text/csv;q=0", "nonsense"] {
            assert_eq!(format(other), None, "{other}");
        }
    }
}
