//! A cache folder that can be put into any state, as often as needed.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use chrono::Utc;
use serde_json::Value;

use super::entry::{aged, read, time};
use super::{Client, House, Run};

/// A second connector, with its own session in the same folder.
const OTHER: &str = "other";
/// Entries with less than this many seconds left are not served.
const MARGIN: i64 = 900;

/// What the cache holds when programs start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: the folder does not exist.
    Cold,
    /// Every entry.
    Warm,
    /// Every entry, old enough for a renewal in the background.
    Due,
    /// Entries that are valid, but too close to their expiry to be served.
    Short,
    /// Expired entries, and the next miss sweeps them.
    Expired,
    /// Half of each entry.
    Torn,
    /// Locks and half-written temporary files, as a killed writer leaves them.
    Leftovers,
    /// An empty folder on a file system without room for an entry.
    Full,
    /// As [`State::Due`], without room for another entry.
    DueAndFull,
}

impl State {
    /// Whether a command only has to renew in the background.
    pub(crate) fn is_due(self) -> bool {
        matches!(self, Self::Due | Self::DueAndFull)
    }

    /// Whether it needs [`mount_small`].
    pub(crate) fn is_full(self) -> bool {
        matches!(self, Self::Full | Self::DueAndFull)
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Cold => "empty",
            Self::Warm => "warm",
            Self::Due => "renewal due",
            Self::Short => "about to expire",
            Self::Expired => "expired",
            Self::Torn => "truncated entries",
            Self::Leftovers => "leftovers of a killed writer",
            Self::Full => "empty, on a full disk",
            Self::DueAndFull => "renewal due, on a full disk",
        }
    }
}

/// A house, and the files in its cache after each program has run once.
pub(crate) struct Stage {
    pub(crate) house: House,
    files: Vec<(String, Vec<u8>)>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        // Long enough that no wait for a lock times out, even on a slow machine.
        let house = House::with("lock_timeout = \"10m\"");
        let url = house.aws.url();
        let mut profile = fs::read_to_string(house.profile()).expect("a profile");
        profile += &format!(
            "\n[connectors.{OTHER}]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\n\
             source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/long\"\ndown_scope = false\n\
             lock_timeout = \"10m\"\n"
        );
        house.write_connectors(&profile);
        let mut stage = Self {
            house,
            files: Vec::new(),
        };
        for mut command in [
            stage.house.client(Client::Docker),
            stage.house.credential_process(),
            stage.other(),
        ] {
            Run::of(&mut command).quiet();
        }
        for name in stage.house.shelf().names() {
            let bytes = fs::read(stage.house.cache().join(&name)).expect("a file of the cache");
            stage.files.push((name, bytes));
        }
        stage
    }

    /// The AWS CLI's request for the other connector.
    pub(crate) fn other(&self) -> Command {
        let mut command = self.house.command(Client::CredentialProcess.path());
        command.args(["--connector", OTHER]);
        command
    }

    /// Puts the cache into a state, and forgets the calls to AWS so far.
    pub(crate) fn set(&self, state: State) {
        let cache = self.house.cache();
        self.empty(state);
        self.house.aws.clear_calls();
        if !matches!(state, State::Cold | State::Full) {
            for (name, bytes) in &self.files {
                self.put(&cache.join(name), bytes, state);
            }
        }
        if state.is_full() {
            let mut file = create(&cache.join("full"));
            while file.write_all(&[0; 4096]).is_ok() {}
        }
    }

    fn put(&self, path: &Path, bytes: &[u8], state: State) {
        let kind = path.extension().and_then(|kind| kind.to_str());
        if kind != Some("json") {
            // Without the file that marks the last sweep, the next miss sweeps expired entries.
            if kind == Some("lock") || state != State::Expired {
                let file = create(path);
                // As set when an entry is stored: no renewal has been tried yet.
                if kind == Some("lock") {
                    file.set_modified(SystemTime::UNIX_EPOCH).expect("its time");
                }
            }
            return;
        }
        let put = |bytes: &[u8]| create(path).write_all(bytes).expect("an entry");
        let entry: Value = serde_json::from_slice(bytes).expect("an entry");
        let left = match state {
            State::Due | State::DueAndFull => 1000,
            State::Short => 600,
            State::Expired => -10,
            State::Torn => return put(&bytes[..bytes.len() / 2]),
            State::Leftovers => {
                let mut file = create(&path.with_extension("tmp"));
                return file.write_all(&bytes[..bytes.len() / 2]).expect("a file");
            }
            State::Cold | State::Warm | State::Full => return put(bytes),
        };
        put(aged(entry, left).to_string().as_bytes());
    }

    fn empty(&self, state: State) {
        let cache = self.house.cache();
        if !state.is_full() {
            let _ = fs::remove_dir_all(&cache);
        }
        if state == State::Cold {
            return;
        }
        // A file system that is mounted there stays.
        if !cache.exists() {
            fs::create_dir(&cache).expect("a folder");
            self.house.set_mode("cache", 0o700);
        }
        for name in self.house.shelf().names() {
            fs::remove_file(cache.join(name)).expect("a file");
        }
    }

    /// Frees the disk and removes all entries, so that the next command calls AWS.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(self.house.cache().join("full"));
        for kind in ["session", "registry-login"] {
            for path in self.house.shelf().entries(kind) {
                fs::remove_file(path).expect("an entry");
            }
        }
    }

    /// Waits until the stand-in has counted the requests that it received.
    pub(crate) fn settle(&self) {
        let url = self.house.aws.url();
        let mut aws = TcpStream::connect(url.trim_start_matches("http://")).expect("AWS");
        let request =
            "GET /_standin/calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        aws.write_all(request.as_bytes()).expect("a request");
        aws.read_to_end(&mut Vec::new()).expect("an answer");
    }

    /// Whether an entry of `kind` can be served for a connector.
    pub(crate) fn serves(&self, kind: &str, connector: &str) -> bool {
        self.house.shelf().entries(kind).iter().any(|path| {
            let entry = read(path);
            let left = time(&entry["expires_at"]) - Utc::now();
            entry["connector"] == connector && left.num_seconds() >= MARGIN
        })
    }

    /// Incomplete entries, except those that [`Stage::set`] wrote.
    pub(crate) fn torn(&self) -> Vec<String> {
        let names = self.house.shelf().names().into_iter();
        names
            .filter(|name| name.ends_with(".json"))
            .filter(|name| {
                let bytes = fs::read(self.house.cache().join(name)).unwrap_or_default();
                let known = |(other, whole): &(String, Vec<u8>)| {
                    other == name && bytes == whole[..whole.len() / 2]
                };
                serde_json::from_slice::<Value>(&bytes).is_err() && !self.files.iter().any(known)
            })
            .collect()
    }
}

fn create(path: &Path) -> fs::File {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).expect("a file of the cache")
}

/// Mounts a file system of 64 KiB at `path`, for this thread and what it starts.
///
/// # Errors
/// Only root may mount.
#[expect(unsafe_code, reason = "mounts have no safe form in std")]
pub(crate) fn mount_small(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    let (tmpfs, options, none) = (c"tmpfs", c"size=64k,mode=0700", std::ptr::null());
    // SAFETY: the texts outlive the calls; the rest are numbers.
    let done = unsafe {
        libc::unshare(libc::CLONE_NEWNS | libc::CLONE_FS) == 0
            && libc::mount(
                none,
                c"/".as_ptr(),
                none,
                libc::MS_REC | libc::MS_PRIVATE,
                none.cast(),
            ) == 0
            && libc::mount(
                tmpfs.as_ptr(),
                path.as_ptr(),
                tmpfs.as_ptr(),
                0,
                options.as_ptr().cast(),
            ) == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
