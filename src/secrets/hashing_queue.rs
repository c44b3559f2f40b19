//! Hashes passwords on two threads with their own memory, behind a bounded queue. However many people sign in or try
//! passwords, the process needs no more memory than that, and none while nobody does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::Block;

/// How many passwords are hashed at once. Each takes a core and 19 MiB.
const THREADS: usize = 2;
/// How many jobs of each [`Urgency`] may wait: about as many as the threads finish in a few seconds.
const WAITING_MAX: usize = 64;
/// How long an idle thread keeps its memory.
const IDLE: Duration = Duration::from_secs(5);
/// The address space reserved for each thread's memory; only the used part becomes real memory. It is more than 32 MiB
/// because glibc allocates such blocks by `mmap` and returns them to the system when freed, while it keeps smaller
/// ones.
const RESERVED_BLOCKS: usize = 33 * 1024 * 1024 / Block::SIZE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Callers who have proved something already, or whose account was signed in to from this address before. Other
    /// people's guesses do not delay them.
    First,
    /// All other callers.
    Later,
}

/// A job that uses a thread's memory.
type Job = Box<dyn FnOnce(&mut HashingMemory) + Send>;

/// The queue is full.
#[derive(Debug)]
pub(super) struct Full;

/// The queue in front of the threads. When it is dropped, they finish the waiting jobs and end.
pub(super) struct HashingQueue(Arc<SharedQueue>);

#[derive(Default)]
struct SharedQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    first: VecDeque<Job>,
    later: VecDeque<Job>,
    threads: usize,
    is_closed: bool,
}

enum NextJob {
    Job(Job),
    Idle,
    End,
}

impl HashingQueue {
    /// An empty queue. The threads start with the first job.
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Adds a job.
    ///
    /// # Errors
    /// `Full`, also when no thread can be started.
    pub(super) fn push(&self, turn: Urgency, job: Job) -> Result<(), Full> {
        let mut state = self.0.lock();
        let line = match turn {
            Urgency::First => &mut state.first,
            Urgency::Later => &mut state.later,
        };
        if line.len() >= WAITING_MAX {
            return Err(Full);
        }
        line.push_back(job);
        while state.threads < THREADS {
            let shared = self.0.clone();
            let thread = std::thread::Builder::new().name("password-hashing".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    tracing::error!(%error, "cannot start a thread to hash passwords");
                    state.first.clear();
                    state.later.clear();
                    return Err(Full);
                }
                Err(_) => break,
            }
        }
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl Drop for HashingQueue {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl SharedQueue {
    /// A panicking job does not hold this lock, so the queue is consistent.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut memory = HashingMemory::default();
        loop {
            match self.next(memory.is_held()) {
                // The caller learns of a panic because the sender of its answer is dropped.
                NextJob::Job(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory)))),
                NextJob::Idle => memory.give_back(),
                NextJob::End => return,
            }
        }
    }

    /// Waits for a job. While the thread holds memory, it waits at most [`IDLE`].
    fn next(&self, holds_memory: bool) -> NextJob {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.first.pop_front().or_else(|| state.later.pop_front()) {
                return NextJob::Job(job);
            }
            if state.is_closed {
                return NextJob::End;
            }
            state = match holds_memory {
                true => {
                    let waited = self.changed.wait_timeout(state, IDLE);
                    let (state, elapsed) = waited.unwrap_or_else(PoisonError::into_inner);
                    if elapsed.timed_out() && state.first.is_empty() && state.later.is_empty() {
                        return NextJob::Idle;
                    }
                    state
                }
                false => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// The memory of a thread, for argon2.
#[derive(Default)]
pub(super) struct HashingMemory(Vec<Block>);

impl HashingMemory {
    /// `count` blocks, with any contents.
    pub(super) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.capacity() == 0 {
            self.0.reserve_exact(RESERVED_BLOCKS);
        }
        if self.0.len() < count {
            self.0.resize(count, Block::default());
        }
        &mut self.0[..count]
    }

    fn is_held(&self) -> bool {
        self.0.capacity() > 0
    }

    fn give_back(&mut self) {
        self.0 = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Occupies all threads with jobs that run until they are told to end.
    fn occupied(queue: &HashingQueue) -> Vec<mpsc::Sender<()>> {
        let (begun, has_begun) = mpsc::channel();
        let ends = (0..THREADS).map(|_| {
            let (end, ended) = mpsc::channel::<()>();
            let begun = begun.clone();
            let job = Box::new(move |_: &mut HashingMemory| {
                begun.send(()).unwrap();
                let _ = ended.recv();
            });
            queue.push(Urgency::Later, job).unwrap();
            has_begun.recv().unwrap();
            end
        });
        ends.collect()
    }

    fn said(said: &mpsc::Sender<&'static str>, word: &'static str) -> Job {
        let said = said.clone();
        Box::new(move |_| {
            let _ = said.send(word);
        })
    }

    #[test]
    fn those_who_have_proved_something_come_first() {
        let queue = HashingQueue::new();
        let mut ends = occupied(&queue);
        let (word, words) = mpsc::channel();
        for later in ["c", "d"] {
            queue.push(Urgency::Later, said(&word, later)).unwrap();
        }
        for first in ["a", "b"] {
            queue.push(Urgency::First, said(&word, first)).unwrap();
        }
        // Only one thread continues, so that the order is certain.
        ends.pop().unwrap().send(()).unwrap();
        let order: Vec<_> = (0..4).map(|_| words.recv().unwrap()).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_full_line_of_strangers_leaves_room_for_others() {
        let queue = HashingQueue::new();
        let _ends = occupied(&queue);
        let (word, _words) = mpsc::channel();
        for _ in 0..WAITING_MAX {
            queue.push(Urgency::Later, said(&word, "x")).unwrap();
        }
        assert!(queue.push(Urgency::Later, said(&word, "x")).is_err());
        assert!(queue.push(Urgency::First, said(&word, "x")).is_ok());
    }

    #[test]
    fn a_job_that_panics_takes_no_thread_along() {
        let queue = HashingQueue::new();
        for _ in 0..2 * THREADS {
            queue.push(Urgency::Later, Box::new(|_| panic!("in a test"))).unwrap();
        }
        let (word, words) = mpsc::channel();
        queue.push(Urgency::Later, said(&word, "done")).unwrap();
        assert_eq!(words.recv().unwrap(), "done");
    }

    #[test]
    fn the_threads_end_with_the_line() {
        let queue = HashingQueue::new();
        let (word, words) = mpsc::channel();
        queue.push(Urgency::First, said(&word, "done")).unwrap();
        assert_eq!(words.recv().unwrap(), "done");
        let shared = Arc::downgrade(&queue.0);
        drop(queue);
        drop(word);
        // The last thread drops the shared queue.
        while shared.strong_count() > 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_memory_is_of_a_size_that_is_given_back() {
        let mut memory = HashingMemory::default();
        assert!(!memory.is_held());
        assert_eq!(memory.blocks(8).len(), 8);
        assert!(memory.0.capacity() * Block::SIZE > 32 * 1024 * 1024);
        assert_eq!(memory.blocks(4).len(), 4);
        assert_eq!(memory.blocks(16).len(), 16);
        memory.give_back();
        assert!(!memory.is_held());
    }
}
