//! A Docker engine for one test.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Machine, Server, client};

/// A running `dockerd` on a private socket.
pub(crate) struct Engine {
    socket: PathBuf,
    _server: Server,
}

impl Engine {
    /// Starts it. Tests pull, push and build images, but run no containers.
    pub(crate) fn start(machine: &Machine) -> Self {
        let socket = machine.path("docker.sock");
        let settings = machine.write("docker/daemon.json", "{}");
        let mut command = machine.client("DOCKERD");
        command
            .args([
                "--iptables=false",
                "--ip6tables=false",
                "--bridge=none",
                "--storage-driver=vfs",
                "--log-level=warn",
            ])
            .arg("--config-file")
            .arg(settings)
            .arg("--data-root")
            .arg(machine.path("docker/data"))
            .arg("--exec-root")
            .arg(machine.path("docker/state"))
            .arg("--pidfile")
            .arg(machine.path("docker/pid"))
            .arg("--host")
            .arg(format!("unix://{}", socket.display()));
        let server = Server::start(machine, "dockerd", &command, || answers(&socket));
        Self {
            socket,
            _server: server,
        }
    }

    /// The engine's own CLI, and the one on `PATH` if there is another.
    pub(crate) fn command_lines() -> Vec<PathBuf> {
        let mut found = vec![client("DOCKER"), client("DOCKER_ON_PATH")];
        found.dedup();
        found
    }

    /// A `docker` command for this engine.
    pub(crate) fn docker(&self, machine: &Machine, command_line: &Path) -> Command {
        let mut command = machine.command(command_line);
        command.env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        command
    }
}

fn answers(socket: &Path) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("200 OK"))
}
