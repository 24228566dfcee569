//! The three client protocols, one file each: parsing requests, and rendering responses and errors.

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

/// The version of all programs of this project.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A client's input.
pub struct Input<'a> {
    /// The arguments after the program's name.
    pub args: &'a [std::ffi::OsString],
    /// The environment.
    pub env: &'a Env,
    /// Reads standard input to its end, for protocols that use it.
    pub stdin: &'a dyn Fn() -> Result<String>,
}

/// The response to a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The text for standard output.
    pub stdout: Zeroizing<String>,
    /// A line for standard error.
    pub stderr: Option<String>,
    /// The exit status.
    pub status: u8,
}

/// What to do for a client.
#[derive(Debug)]
pub enum Todo<C> {
    /// Serve this request; `C` is what rendering the response depends on.
    Serve(Box<Request>, C),
    /// Report whether a connector would serve this request; a refusal is an error.
    Accept(Box<Request>),
    /// List the registries that have a cached login.
    ListRegistries,
    /// Return this response.
    Answer(Output),
}

/// A client protocol.
pub trait Protocol {
    /// What rendering a response depends on.
    type Context;

    /// The program that speaks it.
    const CLIENT: Client;

    /// Parses the client's input.
    ///
    /// # Errors
    /// The protocol does not allow the input.
    fn parse(input: &Input<'_>) -> Result<Todo<Self::Context>>;

    /// Renders the result.
    ///
    /// # Errors
    /// The protocol cannot represent the result.
    fn render(context: &Self::Context, delivered: &Delivered) -> Result<Output>;

    /// Renders an error.
    fn render_error(context: Option<&Self::Context>, error: &Error) -> Output;

    /// Renders the response to [`Todo::ListRegistries`].
    ///
    /// # Errors
    /// The protocol cannot represent the list.
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

    /// An error on standard error, with empty standard output.
    pub fn failure(error: &Error) -> Self {
        Self {
            stderr: Some(error.to_string()),
            status: error.exit_status(),
            ..Self::default()
        }
    }
}

/// Formats a time for all three documents: UTC, whole seconds, `Z`.
fn timestamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn unexpected() -> Error {
    Error::local("internal error: the pipeline returned another kind of credential than requested")
}
