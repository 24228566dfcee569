//! A progress line on the terminal for operations of more than a second.

use std::io::{IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use aws_connector_core::env::Env;

/// The delay before the line is shown.
const UNNOTICED: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(120);
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Whether a line is active: nested operations do not start another.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Shown until it is dropped, then erased.
#[must_use]
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows what is in progress on standard error, if that is a terminal. Not for operations that
    /// may prompt, since both would write there.
    pub(crate) fn show(env: &Env, what: &str) -> Self {
        let plain = env.get("TERM").is_some_and(|term| term == "dumb");
        if plain || !std::io::stderr().is_terminal() || SHOWN.swap(true, Ordering::AcqRel) {
            return Self {
                stop: None,
                thread: None,
            };
        }
        Self::on(std::io::stderr(), UNNOTICED, what)
    }

    fn on(mut screen: impl Write + Send + 'static, after: Duration, what: &str) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let what = what.to_owned();
        let thread = std::thread::spawn(move || {
            let mut wait = after;
            let mut frames = FRAMES.iter().cycle();
            let mut shown = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let frame = frames.next().copied().unwrap_or_default();
                // Return the cursor, so that a warning overwrites the line. Ignore errors: if the
                // terminal is closed, writing the answer reports it.
                let _ = write!(screen, "\r{frame} {what} …\r").and_then(|()| screen.flush());
                shown = true;
                wait = FRAME;
            }
            if shown {
                let _ = write!(screen, "\r\u{1b}[K").and_then(|()| screen.flush());
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that could fail.
            let _ = thread.join();
            SHOWN.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn a_quick_operation_shows_no_progress() {
        let screen = Screen::default();
        drop(Progress::on(screen.clone(), Duration::from_secs(3600), "x"));
        assert_eq!(screen.text(), "");
    }

    #[test]
    fn a_slow_operation_shows_progress_and_erases_it() {
        let screen = Screen::default();
        let progress = Progress::on(screen.clone(), Duration::ZERO, "listing");
        while !screen.text().contains("⠙") {
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(progress);
        let text = screen.text();
        assert!(text.starts_with("\r⠋ listing …\r\r⠙"), "{text:?}");
        assert!(text.ends_with("\r\u{1b}[K"), "{text:?}");
    }
}
