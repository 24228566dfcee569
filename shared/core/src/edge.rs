//! Where a binary touches the world: arguments, standard streams, exit status. Everything before
//! and after is values.

use std::io::{Read as _, Write as _};

use crate::aws::Aws;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::log;
use crate::protocol::{Input, Output, Protocol, Todo};
use crate::serve::serve;

/// More than this on standard input is nobody's question.
const LONGEST_STDIN: u64 = 1024 * 1024;

/// Runs one protocol from the process's arguments to its exit status.
///
/// For a `main` without Rust's own start-up, which costs a fifth of a cache hit: it looks for the
/// end of the stack in `/proc`, to explain an overflow that cannot happen here.
pub fn run<P: Protocol>(aws: &dyn Aws) -> i32 {
    fill_closed_streams();
    outlive_readers();
    guard_memory();
    let env = Env::Process;
    let output = answer::<P>(
        &Input {
            args: std::env::args_os().skip(1).collect(),
            env: &env,
            stdin: &read_stdin,
        },
        aws,
    );
    write(&output)
}

/// What a client is answered, as a value.
pub fn answer<P: Protocol>(input: &Input<'_>, aws: &dyn Aws) -> Output {
    match P::parse(input) {
        Ok(Todo::Answer(output)) => output,
        Ok(Todo::Serve(request, context)) => serve(&request, input.env, aws)
            .and_then(|delivered| P::render(&context, &delivered))
            .unwrap_or_else(|error| P::render_error(Some(&context), &error)),
        Err(error) => P::render_error(None, &error),
    }
}

/// Keeps secrets out of core files, and out of what a panic prints. Programs started by `exec` are
/// not affected: the kernel resets the flag.
pub fn guard_memory() {
    #[cfg(target_os = "linux")]
    {
        let _ =
            rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        log::line(format_args!("internal error{place}; please report it"));
    }));
}

fn read_stdin() -> Result<String> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    std::io::stdin()
        .take(LONGEST_STDIN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::usage(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > LONGEST_STDIN {
        return Err(Error::usage("standard input is longer than 1 MiB"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::usage("standard input is not UTF-8 text")),
    }
}

/// Opens nothing where a standard stream is closed: else the next file or connection would take
/// its number, and a lock or an endpoint would be sent what is meant for the client.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library looks after closed streams in its own start-up only"
)]
fn fill_closed_streams() {
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd {
        fd,
        events: 0,
        revents: 0,
    });
    // SAFETY: the array is that long; an error leaves `revents` as they are.
    unsafe {
        libc::poll(streams.as_mut_ptr(), 3, 0);
    }
    for stream in streams {
        if stream.revents & libc::POLLNVAL != 0 {
            // SAFETY: a constant path. The lowest free number is this stream's.
            unsafe {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            }
        }
    }
}

#[cfg(not(unix))]
fn fill_closed_streams() {}

/// A client that stops reading must not end us in the middle of a renewal: writing to it is an
/// error then, and no signal.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library sets signals in its own start-up only"
)]
fn outlive_readers() {
    // SAFETY: sets how one signal is handled, before there is a second thread.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

#[cfg(not(unix))]
fn outlive_readers() {}

/// Writes an answer whole: standard output in one write, then the status.
fn write(output: &Output) -> i32 {
    if let Some(line) = &output.stderr {
        log::line(format_args!("{line}"));
    }
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(output.stdout.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => i32::from(output.status),
        // Whoever closed the stream does not want to know.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 1,
        Err(error) => {
            log::line(format_args!("cannot write the answer: {error}"));
            1
        }
    }
}
