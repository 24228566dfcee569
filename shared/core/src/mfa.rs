//! The code of a second factor: from a program, or from the person at the terminal.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use crate::command::{self, CHAIN_VARIABLE};
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::profile::Mfa;
use crate::secret::Secret;

/// How long a person has to answer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks for a code once. `may_prompt` says whether the client is interactive; whether there is a
/// terminal that is ours to ask on is found out here, and `asking` called just before a person is
/// asked.
///
/// # Errors
/// Nobody can be asked, or what came is not six digits.
pub fn code(
    factor: &Mfa,
    connector: &str,
    may_prompt: bool,
    chain: &str,
    deadline: Instant,
    asking: &dyn Fn(),
) -> Result<Secret> {
    let text = match &factor.process {
        Some(argv) => {
            let output = command::run(argv, chain, deadline).map_err(|error| {
                Error {
                    what: format!("mfa_process: {}", error.what),
                    ..error
                }
                .of(connector)
            })?;
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
                .fix("try again with the six digits that the device shows"),
        )
    }
}

/// The chain of connectors that a child is told, with those that are being served now: the one
/// that the client asked for, and the one of its sources whose turn it is.
pub fn extend_chain(env: &Env, serving: &str, connector: &str) -> String {
    let mut chain = match env.get(CHAIN_VARIABLE) {
        Some(chain) => format!("{chain} -> {serving}"),
        None => serving.to_owned(),
    };
    // A source's own command is run on behalf of whoever was asked for.
    if connector != serving {
        chain.push_str(" -> ");
        chain.push_str(connector);
    }
    chain
}

fn prompt(factor: &Mfa, connector: &str, may_prompt: bool, asking: &dyn Fn()) -> Result<Secret> {
    let cannot = || {
        Error::new(
            Kind::Interaction,
            format!(
                "an MFA code of {} is needed, and nobody can be asked here",
                factor.serial
            ),
        )
        .of(connector)
        .fix(format!(
            "run 'aws-connector login {connector}' in a terminal, then try again"
        ))
    };
    if !may_prompt {
        return Err(cannot());
    }
    // The terminal itself: standard input and error belong to the client.
    let mut terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|_| cannot())?;
    // A job in the background would be stopped by the kernel, or steal another's input.
    let in_front = rustix::termios::tcgetpgrp(&terminal)
        .is_ok_and(|front| front == rustix::process::getpgrp());
    if !in_front {
        return Err(cannot());
    }
    asking();
    let shown = crate::shown::shown(&factor.serial);
    write!(
        terminal,
        "aws-connector: MFA code of {} for connector '{connector}': ",
        shown.trim_matches('"')
    )
    .map_err(|_| cannot())?;
    // A terminal hands over whole lines.
    let ready = poll(
        &mut [PollFd::new(&terminal, PollFlags::IN)],
        Some(&PATIENCE.try_into().map_err(|_| cannot())?),
    );
    if !matches!(ready, Ok(1..)) {
        // The line after the question is somebody else's.
        let _ = writeln!(terminal);
        let seconds = PATIENCE.as_secs();
        return Err(Error::new(
            Kind::Interaction,
            format!("no MFA code was given within {seconds} s"),
        )
        .of(connector));
    }
    let mut line = zeroize::Zeroizing::new(String::new());
    BufReader::new(&terminal)
        .read_line(&mut line)
        .map_err(|_| cannot())?;
    if line.trim().is_empty() {
        return Err(Error::new(Kind::Interaction, "no MFA code was given").of(connector));
    }
    Ok(Secret::new(line.trim()))
}
