//! The link-local addresses of AWS's credential services.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use super::Run;

/// Forwards port 80 of `address` to the stand-in on loopback until the test ends.
pub(crate) fn beside(address: &str, standin_port: u16) {
    let mut ip = Command::new("ip");
    ip.args(["address", "add", address, "dev", "lo"]);
    Run::of(ip.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")).succeeded();
    let listener = TcpListener::bind((address, 80)).expect("a free port of the machine's own");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || forward(client, standin_port));
        }
    });
}

/// A client that disconnects early ends only its own connection.
fn forward(mut client: TcpStream, port: u16) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let (mut answers, mut from_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let back = thread::spawn(move || {
        let _ = copy(&mut from_server, &mut answers);
        let _ = answers.shutdown(Shutdown::Both);
    });
    let _ = copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
    Some(())
}
