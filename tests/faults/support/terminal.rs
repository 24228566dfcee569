//! A pseudoterminal with a simulated user.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Started, until};

/// The user's side of a terminal.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    name: String,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let keyboard = File::from(master);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut output, shown) = (keyboard.try_clone().expect("a descriptor"), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            loop {
                match output.read(&mut bytes) {
                    Ok(count) if count > 0 => {
                        shown
                            .lock()
                            .expect("no panic")
                            .extend(bytes.iter().take(count));
                    }
                    // No process has the other side open, not yet or no longer.
                    Err(error) if error.raw_os_error() == Some(5) => {
                        std::thread::sleep(std::time::Duration::from_millis(5));
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

    /// Starts a command in a session with this terminal; standard output and error go to files.
    pub(crate) fn start(&self, command: &Command) -> Started {
        let mut inside = Command::new("setsid");
        inside
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                inside.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            inside.current_dir(folder);
        }
        let slave = File::options()
            .read(true)
            .write(true)
            .open(&self.name)
            .expect("a terminal");
        Started::new(inside.stdin(Stdio::from(slave)))
    }

    /// The text shown so far.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("no panic")).into_owned()
    }

    /// The number of prompts for a code.
    pub(crate) fn prompts(&self) -> usize {
        self.screen().matches("MFA code from").count()
    }

    /// Waits for a prompt for a code.
    pub(crate) fn await_prompt(&self) {
        until("a prompt", || self.prompts() > 0);
    }

    pub(crate) fn type_in(&self, keys: &str) {
        (&self.keyboard)
            .write_all(keys.as_bytes())
            .expect("a keyboard");
    }
}
