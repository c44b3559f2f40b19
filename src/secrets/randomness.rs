//! Random numbers from the system, or seeded ones for reproducible runs.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::rngs::{OsRng, StdRng};
use rand::{RngCore, SeedableRng, TryRngCore};
use uuid::{Builder, Uuid};

/// Digits, then capital letters, then small letters.
pub(super) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The only source of randomness. Code that needs it takes it as an argument.
pub struct Randomness {
    source: Source,
    /// The millisecond of the last UUID, and how many UUIDs came before it in that millisecond.
    last_uuid: Mutex<(u64, u16)>,
}

enum Source {
    System,
    Seeded(Box<Mutex<StdRng>>),
}

impl Randomness {
    /// Asks the operating system's generator each time. Safe for secrets.
    pub fn secure() -> Self {
        Self::of(Source::System)
    }

    /// The same numbers for the same seed, within a major version of `rand`. For tests and for comparing runs, never
    /// for real secrets: anybody who knows the seed can compute them.
    pub fn seeded(seed: u64) -> Self {
        Self::of(Source::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            last_uuid: Mutex::new((0, 0)),
        }
    }

    /// Fills the bytes at random.
    ///
    /// # Panics
    /// In `rand`, if the operating system provides no random numbers. No secret could be made then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.source {
            Source::System => OsRng.unwrap_err().fill_bytes(bytes),
            // A thread that panicked while holding the lock cannot have left the generator inconsistent.
            Source::Seeded(generator) => generator
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(bytes),
        }
    }

    /// A version 7 UUID: the milliseconds of `now` (0 for times before 1970), a counter within the millisecond (RFC
    /// 9562 §6.2, method 1), and random bits. Up to 4,096 per millisecond are in order.
    pub fn uuid_v7(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let mut random: [u8; 10] = self.bytes();
        let [high, low] = self.nth_of(millis).to_be_bytes();
        (random[0], random[1]) = (high, low);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// How many UUIDs came before in this millisecond.
    fn nth_of(&self, millis: u64) -> u16 {
        let mut last = self.last_uuid.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match *last {
            (same, nth) if same == millis => (millis, (nth + 1) & 0x0fff),
            _ => (millis, 0),
        };
        last.1
    }

    /// `n` characters of `[0-9A-Za-z]`, all equally likely: 5.95 bits per character.
    pub fn base62(&self, n: usize) -> String {
        // Bytes from 248 on are skipped: with them the first eight characters would be more likely.
        const FAIR: u8 = 248;
        let mut text = String::with_capacity(n);
        while text.len() < n {
            let fair = self.bytes::<64>().into_iter().filter(|b| *b < FAIR);
            text.extend(
                fair.map(|b| char::from(BASE62[usize::from(b) % BASE62.len()]))
                    .take(n - text.len()),
            );
        }
        text
    }

    /// A number from 0 to `n - 1`, all equally likely; 0 if `n` is 0.
    pub fn below(&self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        // The largest multiple of n within 2^32: numbers beyond it would make small results more likely.
        let fair = (1_u64 << 32) / u64::from(n) * u64::from(n);
        loop {
            let number = u32::from_le_bytes(self.bytes());
            if u64::from(number) < fair {
                return number % n;
            }
        }
    }

    pub(super) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_numbers() {
        let (one, two) = (Randomness::seeded(7), Randomness::seeded(7));
        assert_eq!(one.base62(43), two.base62(43));
        assert_eq!(one.below(1_000_000), two.below(1_000_000));
        assert_eq!(one.uuid_v7(DateTime::UNIX_EPOCH), two.uuid_v7(DateTime::UNIX_EPOCH));
        assert_ne!(one.base62(43), Randomness::seeded(8).base62(43));
    }

    #[test]
    fn a_uuid_tells_its_time_and_nothing_else() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let randomness = Randomness::seeded(1);
        let (one, two) = (randomness.uuid_v7(now), randomness.uuid_v7(now));
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(one.as_u128() >> 80, 1_700_000_000_123);
        assert_ne!(one, two);
    }

    #[test]
    fn a_uuid_of_a_time_before_1970_has_the_time_zero() {
        let early = DateTime::from_timestamp_millis(-1).unwrap();
        assert_eq!(Randomness::seeded(1).uuid_v7(early).as_u128() >> 80, 0);
    }

    #[test]
    fn base62_has_the_length_asked_for_and_uses_every_character() {
        let randomness = Randomness::seeded(2);
        for n in [0, 1, 63, 64, 65, 1_000] {
            assert_eq!(randomness.base62(n).len(), n);
        }
        let seen: HashSet<u8> = randomness.base62(5_000).into_bytes().into_iter().collect();
        assert_eq!(seen, HashSet::from(*BASE62));
    }

    #[test]
    fn below_stays_below_even_at_the_ends() {
        let randomness = Randomness::seeded(4);
        for _ in 0..100 {
            assert_eq!(randomness.below(0), 0);
            assert_eq!(randomness.below(1), 0);
            assert!(randomness.below(u32::MAX) < u32::MAX);
        }
    }

    #[test]
    fn a_panic_of_another_thread_does_not_stop_the_randomness() {
        let randomness = Randomness::seeded(5);
        std::thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let Source::Seeded(generator) = &randomness.source else {
                    return;
                };
                let _held = generator.lock().unwrap();
                panic!("on purpose");
            });
            assert!(panicking.join().is_err());
        });
        assert_eq!(randomness.base62(10).len(), 10);
    }
}
