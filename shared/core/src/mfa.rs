//! Obtains MFA codes from a program or from the user at the terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};

use crate::command::{self, CHAIN_VARIABLE};
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::profile::Mfa;
use crate::secret::Secret;
use crate::turn::PROMPT;

/// The size limit of a code.
const LONGEST_LINE: usize = 64;

/// Obtains one code. `may_prompt` says whether the client is interactive; this function also checks
/// for a usable terminal, and calls `asking` just before it prompts.
///
/// # Errors
/// The user cannot be prompted, or the code is not six digits.
pub fn code(
    factor: &Mfa,
    connector: &str,
    may_prompt: bool,
    chain: &str,
    deadline: Instant,
    asking: &mut dyn FnMut(),
) -> Result<Secret> {
    let text = match &factor.process {
        Some(argv) => {
            let output = command::run(argv, chain, deadline)
                .map_err(|error| error.context("mfa_process").of(connector))?;
            Secret::new(String::from_utf8_lossy(&output).trim())
        }
        None => prompt(factor, connector, may_prompt, asking)?,
    };
    let digits = text.expose();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(
            Error::new(Kind::Interaction, "the MFA code is not six digits")
                .of(connector)
                .fix("retry with the six digits that the device shows"),
        )
    }
}

/// The connector chain to pass to a child process: the inherited one, the requested connector, and
/// the source connector being resolved.
pub fn extend_chain(env: &Env, serving: &str, connector: &str) -> String {
    let mut chain = match env.get(CHAIN_VARIABLE) {
        Some(chain) => format!("{chain} -> {serving}"),
        None => serving.to_owned(),
    };
    // A source's command runs on behalf of the requested connector.
    if connector != serving {
        chain.push_str(" -> ");
        chain.push_str(connector);
    }
    chain
}

fn prompt(
    factor: &Mfa,
    connector: &str,
    may_prompt: bool,
    asking: &mut dyn FnMut(),
) -> Result<Secret> {
    let cannot = || {
        Error::new(
            Kind::Interaction,
            format!(
                "an MFA code from {} is required, but this program cannot prompt for one here",
                factor.serial
            ),
        )
        .of(connector)
        .fix(format!(
            "run 'aws-connector login {connector}' in a terminal, then retry"
        ))
    };
    let mut terminal = may_prompt.then(terminal).flatten().ok_or_else(cannot)?;
    asking();
    let shown = crate::shown::shown(&factor.serial);
    write!(
        terminal,
        "aws-connector: MFA code from {} for connector '{connector}': ",
        shown.trim_matches('"')
    )
    .map_err(|_| cannot())?;
    let none = |what: String| Err(Error::new(Kind::Interaction, what).of(connector));
    let Some(line) = read_line(&terminal) else {
        // Start a new line after the prompt.
        let _ = writeln!(terminal);
        let seconds = PROMPT.as_secs();
        return none(format!(
            "timed out after {seconds} s waiting for an MFA code"
        ));
    };
    let line = String::from_utf8_lossy(&line);
    if line.trim().is_empty() {
        return none("no MFA code was given".to_owned());
    }
    Ok(Secret::new(line.trim()))
}

/// The terminal, if this process can use it. Standard input and stderr belong to the client. The
/// kernel would stop a background job, or the job would steal another program's input.
#[expect(clippy::disallowed_methods, reason = "a terminal, not a regular file")]
pub fn terminal() -> Option<File> {
    let terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    let in_front = rustix::termios::tcgetpgrp(&terminal)
        .is_ok_and(|front| front == rustix::process::getpgrp());
    in_front.then_some(terminal)
}

/// Reads a line, or what was typed before the end of input; `None` after a timeout. In the raw mode
/// of a full-screen program, Return sends `\r` instead of `\n`.
fn read_line(mut terminal: &File) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let deadline = Instant::now() + PROMPT;
    let mut line = zeroize::Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let ready = poll(
            &mut [PollFd::new(&terminal, PollFlags::IN)],
            Some(&left.try_into().ok()?),
        );
        match ready {
            Ok(1..) => {}
            Err(rustix::io::Errno::INTR) => continue,
            _ => return None,
        }
        let mut key = zeroize::Zeroizing::new([0; 1]);
        if terminal.read(&mut *key).ok()? == 0 {
            return Some(line);
        }
        match key[0] {
            b'\n' | b'\r' | 4 => return Some(line),
            // Control-C, which raises no signal in raw mode.
            3 => return Some(zeroize::Zeroizing::default()),
            8 | 127 => drop(line.pop()),
            key if line.len() < LONGEST_LINE => line.push(key),
            _ => {}
        }
    }
}
