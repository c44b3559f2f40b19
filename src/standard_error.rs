//! Standard error, for log lines and panics. Writing a line never waits and never fails: a separate thread writes the
//! lines, and lines that cannot be written (the log's disk is full, its reader is gone or does not read) are dropped
//! and counted. So the program does not depend on its log.
//!
//! tracing-appender also has such a thread, but does not count lines that standard error refuses.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, ErrorKind, Write};
use std::panic::PanicHookInfo;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

/// How many lines may wait for a slow reader. A line has some hundred bytes.
const LINES_WAITING_MAX: usize = 8_192;
/// How long the program waits at its end for remaining lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause before checking again whether the queue has room for the flush request.
const FLUSH_PAUSE: Duration = Duration::from_millis(5);
/// How often, at most, the log itself reports lost lines.
const LOSS_REPORTED_EVERY: Duration = Duration::from_secs(10);

static PROCESS: LazyLock<LineQueue> = LazyLock::new(|| LineQueue::start(io::stderr()));

/// The queue to this process's standard error.
pub fn standard_error() -> &'static LineQueue {
    &PROCESS
}

/// Makes panics log lines. The default hook would block a request if the reader does not read.
pub fn log_panics() {
    std::panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("of an unknown kind");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let captured = Backtrace::capture();
    let backtrace = (captured.status() == BacktraceStatus::Captured).then(|| captured.to_string());
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(location, backtrace, "panicked: {message}");
    } else {
        let backtrace = backtrace.unwrap_or_default();
        standard_error().write_line(&format!("panicked at {location}: {message}\n{backtrace}"));
    }
    // A panic of the main thread ends the program, so wait for the line here.
    if thread::current().name() == Some("main") {
        standard_error().flush();
    }
}

/// A queue of lines for a writer. Cloning is cheap.
#[derive(Clone)]
pub struct LineQueue {
    messages: SyncSender<Message>,
    dropped: Counter,
}

enum Message {
    Lines(Vec<u8>),
    Flush(SyncSender<()>),
}

impl LineQueue {
    /// Starts the thread that writes the lines.
    fn start(writer: impl Write + Send + 'static) -> Self {
        let (messages, waiting) = sync_channel(LINES_WAITING_MAX);
        let dropped = Counter::default();
        let delivery = Delivery {
            writer,
            is_torn: false,
            dropped: dropped.clone(),
            reported: 0,
            reported_at: None,
        };
        // Without the thread every line is dropped and counted.
        let started = thread::Builder::new()
            .name("standard-error".to_owned())
            .spawn(move || delivery.run(&waiting));
        drop(started);
        Self { messages, dropped }
    }

    /// Queues a line, or drops it. Returns at once.
    pub fn write_line(&self, line: &str) {
        self.enqueue(format!("{line}\n").into_bytes());
    }

    /// How many writes were dropped so far. A log line is one write.
    pub fn dropped(&self) -> Counter {
        self.dropped.clone()
    }

    /// Waits until all earlier lines are written or dropped, but at most a second.
    pub fn flush(&self) {
        let deadline = Instant::now() + FLUSH_TIMEOUT;
        let (done, flushed) = sync_channel(1);
        let mut request = Message::Flush(done);
        loop {
            match self.messages.try_send(request) {
                Ok(()) => break,
                Err(TrySendError::Full(again)) if Instant::now() < deadline => {
                    request = again;
                    thread::sleep(FLUSH_PAUSE);
                }
                Err(_) => return,
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        // The program continues even if it was too late.
        let _ = flushed.recv_timeout(left);
    }

    fn enqueue(&self, lines: Vec<u8>) {
        if self.messages.try_send(Message::Lines(lines)).is_err() {
            self.dropped.inc();
        }
    }
}

/// The writer for tracing, which writes each log line in one piece.
pub struct LineWriter<'a>(&'a LineQueue);

impl Write for LineWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.enqueue(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LineQueue {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// The thread's side of a [`LineQueue`].
struct Delivery<W> {
    writer: W,
    /// Whether the last line was written only in part, so that the next one has to start on a new line.
    is_torn: bool,
    dropped: Counter,
    /// How many dropped lines the log has reported.
    reported: u64,
    reported_at: Option<Instant>,
}

impl<W: Write> Delivery<W> {
    fn run(mut self, waiting: &Receiver<Message>) {
        for message in waiting {
            match message {
                Message::Lines(lines) => match self.deliver(&lines) {
                    Ok(()) => self.report_losses(),
                    Err(_) => {
                        self.dropped.inc();
                    }
                },
                Message::Flush(done) => {
                    // The caller may have given up.
                    let _ = done.send(());
                }
            }
        }
    }

    fn deliver(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.writer.write_all(b"\n")?;
            self.is_torn = false;
        }
        let mut rest = lines;
        while !rest.is_empty() {
            match self.writer.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// After a successful write, reports how many lines were dropped before.
    fn report_losses(&mut self) {
        let dropped = self.dropped.get();
        let is_due = self.reported_at.is_none_or(|at| at.elapsed() >= LOSS_REPORTED_EVERY);
        if dropped > self.reported && is_due {
            tracing::warn!(
                lines = dropped - self.reported,
                "log lines were dropped because standard error was too slow"
            );
            (self.reported, self.reported_at) = (dropped, Some(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A writer with prepared answers: how many bytes it takes, or an error.
    struct Prepared {
        answers: Receiver<io::Result<usize>>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Prepared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Without an answer it blocks, like a full pipe.
            let gone = |_| Err(ErrorKind::BrokenPipe.into());
            let taken = self.answers.recv().unwrap_or_else(gone)?.min(bytes.len());
            self.taken.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The queue, the sender of the writer's answers, and the bytes taken.
    type PreparedLines = (LineQueue, Sender<io::Result<usize>>, Arc<Mutex<Vec<u8>>>);

    fn prepared() -> PreparedLines {
        let (answer, answers) = channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let writer = Prepared {
            answers,
            taken: taken.clone(),
        };
        (LineQueue::start(writer), answer, taken)
    }

    #[test]
    fn a_line_that_is_not_taken_is_dropped_and_counted_and_the_next_one_begins_anew() {
        let (lines, answer, taken) = prepared();
        lines.write_line("first");
        lines.write_line("second");
        answer.send(Ok(3)).unwrap();
        answer.send(Err(ErrorKind::StorageFull.into())).unwrap();
        for _ in 0..2 {
            answer.send(Ok(100)).unwrap();
        }
        lines.flush();
        assert_eq!(*taken.lock().unwrap(), b"fir\nsecond\n");
        assert_eq!(lines.dropped().get(), 1);
    }

    #[test]
    fn a_reader_that_does_not_read_keeps_nobody_waiting() {
        let (lines, answer, _) = prepared();
        let many = LINES_WAITING_MAX as u64 + 100;
        for _ in 0..many {
            lines.write_line("a line");
        }
        // The thread may hold one line.
        assert!(lines.dropped().get() >= 99, "{}", lines.dropped().get());
        lines.flush();
        drop(answer);
    }
}
