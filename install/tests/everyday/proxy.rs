//! A proxy that connects every AWS host name to the stand-in, so that connectors need no
//! endpoint_url.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Listens until the test's process ends.
pub(crate) struct Proxy {
    port: u16,
}

impl Proxy {
    /// Every `CONNECT` ends at this port of 127.0.0.1.
    pub(crate) fn start(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Ignore clients that close the connection.
                std::thread::spawn(move || drop(serve(client, to)));
            }
        });
        Self { port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn serve(client: TcpStream, to: u16) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
    }
    let mut answers = client;
    if !request.starts_with("CONNECT ") {
        return answers.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    }
    let server = TcpStream::connect(("127.0.0.1", to))?;
    answers.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let back = (server.try_clone()?, answers.try_clone()?);
    std::thread::spawn(move || pass(back.0, back.1));
    pass(reader, server);
    Ok(())
}

/// Forwards data until one side closes, then closes the other.
fn pass(mut from: impl Read, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}
