//! The three documents of the outside world, one file each: what a client may say, what it is
//! answered, and how it is told of a failure.

pub mod credential_process;
pub mod docker_credential;
pub mod exec_credential;
mod exec_info;
mod flags;

use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::request::{Client, Request};
use crate::serve::Delivered;

/// The version of every program of this project.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a client says.
pub struct Input<'a> {
    /// The arguments after the program's name.
    pub args: &'a [std::ffi::OsString],
    /// The environment.
    pub env: &'a Env,
    /// Reads standard input to its end, for the protocol that has something there.
    pub stdin: &'a dyn Fn() -> Result<String>,
}

/// What a client is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Everything for standard output.
    pub stdout: Zeroizing<String>,
    /// A line for standard error.
    pub stderr: Option<String>,
    /// The exit status.
    pub status: u8,
}

/// What is to be done for a client.
#[derive(Debug)]
pub enum Todo<C> {
    /// Serve this; `C` is what the answer's form depends on.
    Serve(Box<Request>, C),
    /// Say whether a connector would serve this; a refusal is an error.
    Accept(Box<Request>),
    /// List the registries that have a login in the cache.
    ListRegistries,
    /// Answer this.
    Answer(Output),
}

/// One protocol.
pub trait Protocol {
    /// What the form of an answer depends on.
    type Context;

    /// The program that speaks it.
    const CLIENT: Client;

    /// Reads what the client says.
    ///
    /// # Errors
    /// It is not what the protocol allows.
    fn parse(input: &Input<'_>) -> Result<Todo<Self::Context>>;

    /// The answer.
    ///
    /// # Errors
    /// The protocol has no form for it.
    fn render(context: &Self::Context, delivered: &Delivered) -> Result<Output>;

    /// How a failure is reported.
    fn render_error(context: Option<&Self::Context>, error: &Error) -> Output;

    /// The answer to [`Todo::ListRegistries`].
    ///
    /// # Errors
    /// The protocol has no form for it.
    fn render_registries(_: &[String]) -> Result<Output> {
        Err(unexpected())
    }
}

impl Output {
    /// A document on standard output.
    pub fn document(text: String) -> Self {
        Self {
            stdout: Zeroizing::new(text),
            ..Self::default()
        }
    }

    /// A failure on standard error, with standard output left empty.
    pub fn failure(error: &Error) -> Self {
        Self {
            stderr: Some(error.to_string()),
            status: error.exit_status(),
            ..Self::default()
        }
    }
}

/// A time as all three documents write it: UTC, whole seconds, `Z`.
fn timestamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn unexpected() -> Error {
    Error::local("internal error: the pipeline returned another kind of credential than requested")
}
