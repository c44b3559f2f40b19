//! How long requests take, counted without a lock: every request of every thread comes by here.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The upper bound of the first bucket in microseconds; each next one is twice as high.
const FIRST_MICROS: u64 = 500;
/// Up to four seconds. Whatever takes longer is in a bucket of its own.
const BUCKETS: usize = 14;

/// A histogram of durations. prometheus-client's own takes a lock for each of them. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct LatencyHistogram(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    nanoseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS + 1],
}

impl LatencyHistogram {
    pub fn observe(&self, took: Duration) {
        let Self(counts) = self;
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        counts.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if let Some(bucket) = counts.buckets.get(bucket_of(nanoseconds)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn bucket_of(nanoseconds: u64) -> usize {
    let fits = |bucket: &usize| nanoseconds <= (FIRST_MICROS * 1_000) << bucket;
    (0..BUCKETS).find(fits).unwrap_or(BUCKETS)
}

fn upper_bound(bucket: usize) -> f64 {
    match bucket {
        BUCKETS => f64::MAX,
        _ => Duration::from_micros(FIRST_MICROS << bucket).as_secs_f64(),
    }
}

impl EncodeMetric for LatencyHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let Self(counts) = self;
        let read = |(bucket, count): (usize, &AtomicU64)| (upper_bound(bucket), count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = counts.buckets.iter().enumerate().map(read).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = Duration::from_nanos(counts.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for LatencyHistogram {
    const TYPE: MetricType = MetricType::Histogram;
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn a_request_is_counted_up_to_the_bound_that_it_does_not_exceed() {
        let (latency, mut registry) = (LatencyHistogram::default(), Registry::default());
        registry.register("seconds", "Time", latency.clone());
        for micros in [0, 500, 501, 4_096_000, 4_096_001] {
            latency.observe(Duration::from_micros(micros));
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "seconds_count 5",
            "seconds_bucket{le=\"0.0005\"} 2",
            "seconds_bucket{le=\"0.001\"} 3",
            "seconds_bucket{le=\"4.096\"} 4",
            "seconds_bucket{le=\"+Inf\"} 5",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
