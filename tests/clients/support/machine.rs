//! A private machine for one test: its own network, hosts file, home and state folders.
//!
//! All servers of a test, including the stand-in, listen inside it. Each test can therefore use port 443 and real host names,
//! tests run in parallel, and no request can leave the machine.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::{Run, client};

/// A private registry of the stand-in's account.
pub(crate) const ECR_HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
/// A registry outside AWS.
pub(crate) const PLAIN_HOST: &str = "registry.example.test";

/// Registries have an address outside 127.0.0.0/8, for which the Docker engine would not verify TLS.
pub(crate) const ADDRESSES: [(&str, &str); 2] =
    [(ECR_HOST, "10.77.0.1"), (PLAIN_HOST, "10.77.0.2")];

const SYSTEM_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The private machine. Start it first: only threads and processes that start later run on it.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// Moves the calling thread onto a new machine.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // SAFETY: file descriptors stay shared; only mounts and the network are separated.
        #[expect(
            unsafe_code,
            reason = "rustix asks for it because of flags that are not used here"
        )]
        unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::NEWNET) }
            .expect("each test of real clients has its own network, which requires root");

        let machine = Self { folder };
        for name in ["home", "tmp", "run"] {
            fs::create_dir(machine.path(name)).expect("an empty folder");
        }
        let mut hosts = String::from("127.0.0.1 localhost\n");
        system("ip", ["link", "set", "lo", "up"]);
        for (name, address) in ADDRESSES {
            system("ip", ["address", "add", address, "dev", "lo"]);
            hosts += &format!("{address} {name}\n");
        }
        system("mount", ["--make-rprivate", "/"]);
        let hosts = machine.write("hosts", &hosts);
        system(
            "mount",
            ["--bind".as_ref(), hosts.as_os_str(), "/etc/hosts".as_ref()],
        );
        // Folders where container tools that run as root keep state, whatever their environment.
        for state in ["/run", "/var/lib"] {
            system("mount", ["-t", "tmpfs", "tmpfs", state]);
        }
        machine
    }

    /// A path in the machine's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The user's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file, given by its path in the machine's folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a new folder");
        fs::write(&path, text).expect("a new file");
        path
    }

    /// A client installed by `tests/clients/setup`, to run on this machine.
    pub(crate) fn client(&self, name: &str) -> Command {
        self.command(client(name))
    }

    /// A program for Node, which looks for modules relative to the program.
    pub(crate) fn node(&self, program: &str) -> Command {
        let modules = self.path("node/node_modules");
        if !modules.exists() {
            fs::create_dir(self.path("node")).expect("a new folder");
            symlink(client("NODE_PATH"), modules).expect("a new link");
        }
        let own = self.path("node").join(program);
        fs::copy(super::program(program), &own).expect("a copy of the program");
        let mut command = self.client("NODE");
        command.arg(own);
        command
    }

    /// A program to run on this machine, with a clean environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let binaries = Path::new(super::DOCKER_HELPER)
            .parent()
            .expect("a binary is in a folder");
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{}:{SYSTEM_PATH}", binaries.display()))
            .env("HOME", self.home())
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("LANG", "C.UTF-8")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.home());
        let trusted = self.path("trusted.pem");
        if trusted.exists() {
            command.env("SSL_CERT_FILE", trusted);
        }
        command
    }

    /// Makes programs that start later trust this certificate authority (PEM), and no other.
    pub(crate) fn trust(&self, certificate: &str) {
        let others = fs::read_to_string(self.path("trusted.pem")).unwrap_or_default();
        self.write("trusted.pem", &(others + certificate));
    }
}

impl Drop for Machine {
    /// Removes the machine's mounts: the thread may continue on another machine.
    fn drop(&mut self) {
        for covered in ["/etc/hosts", "/run", "/var/lib"] {
            let mut umount = Command::new("umount");
            Run::of(umount.args(["--lazy", covered]).env("PATH", SYSTEM_PATH));
        }
    }
}

fn system<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) {
    Run::of(
        Command::new(program)
            .args(arguments)
            .env("PATH", SYSTEM_PATH),
    )
    .succeeded();
}
