//! The options of a stand-in.

use crate::Standin;
use crate::defaults;
use crate::dispatch::Shared;
use crate::server::Server;
use crate::state;
use crate::tls::{self, Authority};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

/// The options of a stand-in.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    port: u16,
    https_port: u16,
    ca_key_file: Option<PathBuf>,
    names: Vec<String>,
    state: Option<serde_json::Value>,
}

impl Builder {
    /// The http port; 0 selects a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Builder {
        self.port = port;
        self
    }

    /// The https port; 0 selects a free one.
    #[must_use]
    pub fn https_port(mut self, port: u16) -> Builder {
        self.https_port = port;
        self
    }

    /// The file of the CA's key; created if missing.
    #[must_use]
    pub fn ca_key_file(mut self, path: impl Into<PathBuf>) -> Builder {
        self.ca_key_file = Some(path.into());
        self
    }

    /// Another host name to serve certificates for; `*` matches anything, including dots.
    #[must_use]
    pub fn name(mut self, pattern: &str) -> Builder {
        self.names.push(pattern.to_owned());
        self
    }

    /// Additions to the default world, in the format of the binary's `--state`.
    #[must_use]
    pub fn state(mut self, state: serde_json::Value) -> Builder {
        self.state = Some(state);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If a port is in use or the state is invalid.
    #[must_use]
    pub fn start(self) -> Standin {
        let listen = |port| {
            TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|e| panic!("port {port}: {e}"))
        };
        let (http, https) = (listen(self.port), listen(self.https_port));
        let port = |l: &TcpListener| l.local_addr().expect("a listener has an address").port();
        let (http_port, https_port) = (port(&http), port(&https));
        let authority = Authority::new(self.ca_key_file.as_deref());
        let ca_pem = authority.pem().to_owned();
        let names = tls::NAMES
            .iter()
            .map(|n| (*n).to_owned())
            .chain(self.names)
            .collect();
        let config = tls::config(authority, names);
        let mut world = defaults::world();
        if let Some(state) = &self.state {
            state::apply(&mut world, state).unwrap_or_else(|told| panic!("state: {told}"));
        }
        let shared = Arc::new(Shared::new(world));
        let server = Server::start(vec![(http, None), (https, Some(config))], shared.clone());
        Standin {
            shared,
            port: http_port,
            https_port,
            ca_pem,
            _server: server,
        }
    }
}
