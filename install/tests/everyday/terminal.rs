//! A pseudo-terminal with a user.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::Ran;

/// More time than any machine needs; a longer wait has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// The output so far, and whether the reader has reached its end.
#[derive(Default)]
struct Screen {
    bytes: Vec<u8>,
    drained: bool,
}

/// The user's side of a terminal.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<Screen>>,
    name: String,
}

impl Terminal {
    pub(crate) fn new(columns: u16) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let keyboard = File::from(master);
        let screen = Arc::<Mutex<Screen>>::default();
        let (mut output, shown) = (keyboard.try_clone().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let read = output.read(&mut bytes);
                let mut screen = shown.lock().unwrap();
                match read {
                    Ok(count) if count > 0 => {
                        screen.bytes.extend(&bytes[..count]);
                        screen.drained = false;
                    }
                    // No process has the other side open, not yet or no longer.
                    Err(error) if error.raw_os_error() == Some(5) => {
                        screen.drained = true;
                        drop(screen);
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    _ => return,
                }
            }
        });
        Self {
            keyboard,
            screen,
            name: name.to_string_lossy().into_owned(),
        }
    }

    fn side(&self) -> Stdio {
        let side = File::options().read(true).write(true).open(&self.name);
        Stdio::from(side.unwrap())
    }

    /// Starts a command in a session with this terminal.
    pub(crate) fn start(&self, command: &Command) -> Child {
        let mut inside = self.inside(command);
        inside.stdout(self.side()).spawn().unwrap()
    }

    /// The same, with standard output redirected.
    pub(crate) fn start_piped(&self, command: &Command) -> Child {
        let mut inside = self.inside(command);
        inside.stdout(Stdio::piped()).spawn().unwrap()
    }

    fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("setsid");
        inside
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                inside.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            inside.current_dir(folder);
        }
        inside.stdin(self.side()).stderr(self.side());
        inside
    }

    /// Runs a command to its end; its standard output is everything shown.
    pub(crate) fn run(&self, command: &Command) -> Ran {
        let child = self.start(command);
        self.end(child)
    }

    /// Waits for the end of a command; kills it if it waits for an answer.
    #[track_caller]
    pub(crate) fn end(&self, mut child: Child) -> Ran {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("the command did not end: {}", self.shown());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.until("everything is shown", |screen| screen.drained);
        Ran {
            status: status.code().unwrap_or(-1),
            stdout: self.shown(),
            stderr: String::new(),
        }
    }

    /// The output so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap().bytes).into_owned()
    }

    /// Waits until a text is shown, and answers it.
    #[track_caller]
    pub(crate) fn answer(&self, question: &str, keys: &str) {
        self.await_text(question);
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    #[track_caller]
    pub(crate) fn await_text(&self, text: &str) {
        self.until(text, |screen| {
            String::from_utf8_lossy(&screen.bytes).contains(text)
        });
    }

    #[track_caller]
    fn until(&self, what: &str, done: impl Fn(&Screen) -> bool) {
        let began = Instant::now();
        while !done(&self.screen.lock().unwrap()) {
            assert!(
                began.elapsed() < PATIENCE,
                "timed out waiting for {what:?}: {}",
                self.shown()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
