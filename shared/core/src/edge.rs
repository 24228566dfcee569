//! A program's I/O: arguments, standard streams, exit status. Everything else works on plain
//! values.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::aws::Aws;
use crate::cache::Renewal;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::hand_over::{Call, HandOver};
use crate::log;
use crate::protocol::{Input, Output, Protocol, Todo};
use crate::request::{Client, Request};
use crate::serve::{self, Delivered, Sign};
use crate::sys::{signals, streams};

/// The size limit of standard input.
const LONGEST_STDIN: u64 = 1024 * 1024;

/// How long a background refresh may run. Longer than its own budget, shorter than any process
/// waits for a lock.
const RENEWAL_TIME: Duration = Duration::from_secs(25);

/// A client's request, kept so that it can be passed on to the full program.
struct Said {
    called: DateTime<Utc>,
    args: Vec<OsString>,
    stdin: OnceCell<String>,
}

impl Said {
    fn new(called: DateTime<Utc>, args: Vec<OsString>) -> Self {
        Self {
            called,
            args,
            stdin: OnceCell::new(),
        }
    }

    fn stdin(&self) -> Result<String> {
        match self.stdin.get() {
            Some(text) => Ok(text.clone()),
            None => read_stdin().inspect(|text| drop(self.stdin.set(text.clone()))),
        }
    }

    fn hand_over(&self, client: Client) -> HandOver<'_> {
        HandOver {
            client,
            called: self.called,
            args: &self.args,
            stdin: self.stdin.get().map(String::as_str),
        }
    }
}

/// Runs a small program, from arguments to exit status. It answers from the cache and hands
/// everything else over to the full program.
pub fn run<P: Protocol>(sign: Sign) -> i32 {
    if !streams::fill_closed() {
        log::line(format_args!("standard output is closed"));
        return 1;
    }
    signals::outlive_readers();
    guard_memory();
    let said = Said::new(Utc::now(), std::env::args_os().skip(1).collect());
    let env = Env::Process;
    let output = answer::<P>(&said.args, &|| said.stdin(), &env, |request| {
        let renew = |renewal| said.hand_over(P::CLIENT).renew(renewal);
        match serve::at_hand(request, &env, said.called, sign, &renew)? {
            Some(delivered) => Ok(delivered),
            None => Err(said.hand_over(P::CLIENT).exec()),
        }
    });
    write(&output)
}

/// Runs the full program on behalf of a small one.
pub fn run_full<P: Protocol>(call: Call, aws: &dyn Aws) -> i32 {
    let said = Said::new(call.called, call.args);
    let env = Env::Process;
    if let Some(entry) = call.entry {
        return renew::<P>(&said, entry, &env, aws);
    }
    let output = answer::<P>(&said.args, &|| said.stdin(), &env, |request| {
        let renew = |renewal| said.hand_over(P::CLIENT).renew(renewal);
        serve::serve(request, &env, said.called, aws, Some(&renew))
    });
    write(&output)
}

/// Reports that the full program could not respond, in the client's protocol.
pub fn fail<P: Protocol>(error: &Error) -> i32 {
    write(&P::render_error(None, error))
}

/// Refreshes one entry. No client is waiting, so an error goes into the lock file for the next
/// command.
fn renew<P: Protocol>(said: &Said, entry: String, env: &Env, aws: &dyn Aws) -> i32 {
    let _ = rustix::process::setsid();
    streams::close_inherited();
    std::thread::spawn(|| {
        std::thread::sleep(RENEWAL_TIME);
        give_up();
    });
    let lock = std::io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map(File::from);
    let input = Input {
        args: &said.args,
        env,
        stdin: &|| said.stdin(),
    };
    let renewed = lock
        .map_err(|error| Error::local("no lock was passed on").because(error))
        .and_then(|lock| match P::parse(&input)? {
            Todo::Serve(request, _) => serve::renew(&request, env, aws, Renewal { lock, entry }),
            _ => Err(Error::local(
                "this request cannot be refreshed in the background",
            )),
        });
    i32::from(renewed.is_err())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a refresh that hangs must release its lock"
)]
fn give_up() -> ! {
    std::process::exit(1)
}

/// Computes the response to a client. `serve` obtains the credential.
pub fn answer<P: Protocol>(
    args: &[OsString],
    stdin: &dyn Fn() -> Result<String>,
    env: &Env,
    serve: impl FnOnce(&Request) -> Result<Delivered>,
) -> Output {
    let parsed = match P::parse(&Input { args, env, stdin }) {
        Ok(parsed) => parsed,
        Err(error) => return P::render_error(None, &error),
    };
    let rendered = match parsed {
        Todo::Answer(output) => Ok(output),
        Todo::Accept(request) => serve::accepts(&request, env).map(|()| Output::default()),
        Todo::ListRegistries => serve::registries(env, Request::registry_login)
            .and_then(|hosts| P::render_registries(&hosts)),
        Todo::Serve(request, context) => {
            return serve(&request)
                .and_then(|delivered| P::render(&context, &delivered))
                .unwrap_or_else(|error| P::render_error(Some(&context), &error));
        }
    };
    rendered.unwrap_or_else(|error| P::render_error(None, &error))
}

/// Keeps secrets out of core dumps and panic messages. Programs started by `exec` are not affected:
/// the kernel resets the flag.
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
        .map_err(|error| Error::usage("cannot read standard input").because(error))?;
    if bytes.len() as u64 > LONGEST_STDIN {
        return Err(Error::usage("standard input is longer than 1 MiB"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::usage("standard input is not UTF-8 text")),
    }
}

/// Writes a response with a single write to standard output, and returns the exit status.
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
        // The client has closed the stream.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 1,
        Err(error) => {
            log::line(format_args!("cannot write the response: {error}"));
            1
        }
    }
}
