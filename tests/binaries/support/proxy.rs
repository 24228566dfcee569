//! A proxy that sends every AWS host to the loopback AWS, so that tests use real host names.

use std::io::{BufRead as _, BufReader, Write as _, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Tunnels every host to one HTTPS port, and records the host.
pub(crate) struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy that runs until the test's process ends.
    pub(crate) fn start(https_port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                thread::spawn(move || tunnel(client, https_port, &notes));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The `host:port` of each request since the last call, and the client's user name.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A client that disconnects only ends its own tunnel.
fn tunnel(client: TcpStream, https_port: u16, notes: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut user = String::new();
    let mut header = String::new();
    while reader.read_line(&mut header).ok()? > 2 {
        if let Some(name) = user_of(&header) {
            user = format!(" for {name}");
        }
        header.clear();
    }
    let mut words = request.split(' ');
    let target = match (words.next(), words.next()) {
        (Some("CONNECT"), Some(target)) => target.to_owned(),
        _ => return None,
    };
    notes.lock().unwrap().push(target + &user);
    let mut server = TcpStream::connect(("127.0.0.1", https_port)).ok()?;
    let mut answers = client.try_clone().ok()?;
    answers.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let mut from_server = server.try_clone().ok()?;
    let back = thread::spawn(move || {
        let _ = copy(&mut from_server, &mut answers);
        let _ = answers.shutdown(Shutdown::Both);
    });
    let _ = copy(&mut reader, &mut server);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
    Some(())
}

/// The user name in a header, without the password.
fn user_of(header: &str) -> Option<String> {
    let (name, value) = header.split_once(':')?;
    let basic = value.trim().strip_prefix("Basic ")?;
    if !name.eq_ignore_ascii_case("proxy-authorization") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    Some(pair.split(':').next()?.to_owned())
}
