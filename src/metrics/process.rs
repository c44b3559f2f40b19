//! Metrics of the process, named as in Prometheus's client libraries and read from `/proc`. Without `/proc` there are
//! none.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Linux reports process times in hundredths of a second, whatever the kernel's internal tick rate.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads the process's state at every scrape.
#[derive(Debug)]
pub(super) struct Process {
    /// Seconds since 1970.
    started: Option<f64>,
}

impl Process {
    /// Takes the current time as the start, because not every service may read the kernel's start time.
    #[expect(clippy::disallowed_methods, reason = "a fact about the process, not about Gatebook")]
    pub(super) fn just_started() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started: since_1970.ok().map(|since| since.as_secs_f64()),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stat = read("/proc/self/stat");
        let status = read("/proc/self/status");
        if let Some(seconds) = cpu_seconds(&stat) {
            let help = "Time that the process has computed, in user and system mode";
            counter(&mut encoder, "process_cpu_seconds", help, seconds)?;
        }
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory that the process occupies",
                bytes(&status, "VmRSS:"),
            ),
            (
                "process_virtual_memory_bytes",
                "Address space of the process",
                bytes(&status, "VmSize:"),
            ),
            ("process_threads", "Threads of the process", number(&status, "Threads:")),
            (
                "process_open_fds",
                "Open files and connections of the process",
                open_files(),
            ),
            (
                "process_max_fds",
                "How many files and connections the process may open",
                most_files(&read("/proc/self/limits")),
            ),
            (
                "process_start_time_seconds",
                "When the process started, since 1970",
                self.started,
            ),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                gauge(&mut encoder, name, help, value)?;
            }
        }
        Ok(())
    }
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Result<(), std::fmt::Error> {
    let counter = ConstCounter::new(value);
    counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Result<(), std::fmt::Error> {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The fields of `stat` from the third on. The second is the program's name, which may contain anything.
fn fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    // Fields 14 and 15: user and system mode.
    let ticks: Vec<f64> = fields(stat)
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn number(text: &str, name: &str) -> Option<f64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

fn bytes(status: &str, name: &str) -> Option<f64> {
    number(status, name).map(|kibibytes| kibibytes * 1024.0)
}

fn open_files() -> Option<f64> {
    // One of them is the folder being read.
    let entries = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(entries.saturating_sub(1) as f64)
}

fn most_files(limits: &str) -> Option<f64> {
    match number(limits, "Max open files") {
        None if limits.contains("Max open files") => Some(f64::INFINITY),
        number => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 9 0 0 0 250 150 0 0 20 0 9 0 1000 99 7";

    #[test]
    fn a_process_is_read_whatever_its_name() {
        assert_eq!(cpu_seconds(STAT), Some(4.0));
        assert_eq!(bytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2_097_152.0));
        assert_eq!(
            most_files("Max open files            1024                 4096    files"),
            Some(1024.0)
        );
        assert_eq!(
            most_files("Max open files            unlimited            4096    files"),
            Some(f64::INFINITY)
        );
    }

    #[test]
    fn where_there_is_nothing_to_read_there_is_no_metric() {
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(bytes("", "VmRSS:"), None);
        assert_eq!(most_files(""), None);
    }
}
