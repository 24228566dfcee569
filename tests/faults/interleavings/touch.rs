//! Which system calls touch the cache folder or a lock.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Call;

/// The descriptors of one process that lead into the cache folder.
#[derive(Clone, Default)]
pub(super) struct Files {
    open: BTreeSet<i64>,
    /// Whether the descriptor that the current call returns leads there.
    next: Option<bool>,
}

/// Whether a step takes or ends a lock, or replaces or removes a file.
pub(super) fn is_decisive(what: &str) -> bool {
    let verbs = ["flock", "rename", "unlink", "utimens", "exec", "exit"];
    verbs.iter().any(|verb| what.starts_with(verb)) || what.ends_with(".lock")
}

/// Whether a call waits for a child: for its end, or for what it sends through a pipe.
pub(super) fn is_wait(call: &Call) -> bool {
    let calls = [
        libc::SYS_wait4,
        libc::SYS_waitid,
        libc::SYS_read,
        libc::SYS_ppoll,
    ];
    calls.contains(&call.number)
}

impl Files {
    /// Describes a call that touches the cache or a lock, or that sleeps; no other call is a step.
    pub(super) fn touched(&mut self, call: &Call, cache: &Path) -> Option<String> {
        let fd = call.args[0].cast_signed();
        let has = self.open.contains(&fd);
        // Only root may read the memory of these programs. Without root, assume that any path is in the cache folder.
        let path = |argument: usize| {
            if call.args[argument] == 0 {
                return None;
            }
            let path = call.text(argument);
            match path.as_deref().map(|path| path.strip_prefix(cache)) {
                None => Some("?".to_owned()),
                Some(Ok(inside)) => Some(short(inside)),
                Some(Err(_)) => None,
            }
        };
        let on_path = |verb: &str, argument| Some(format!("{verb} {}", path(argument)?));
        let on_file = |verb: &str| has.then(|| format!("{verb} fd {fd}"));
        match call.number {
            libc::SYS_openat => {
                let opened = on_path("open", 1);
                let ours = opened.is_some();
                self.next = Some(ours);
                opened
            }
            libc::SYS_clock_nanosleep => {
                call.zero(2, 16);
                Some("nap".to_owned())
            }
            libc::SYS_nanosleep => {
                call.zero(0, 16);
                Some("nap".to_owned())
            }
            libc::SYS_unlinkat => on_path("unlink", 1),
            libc::SYS_mkdirat => on_path("mkdir", 1),
            libc::SYS_renameat | libc::SYS_renameat2 => on_path("rename", 1),
            libc::SYS_statx | libc::SYS_newfstatat => {
                if has {
                    on_file("stat")
                } else {
                    on_path("stat", 1)
                }
            }
            libc::SYS_fcntl | libc::SYS_dup3 => {
                let copies = call.number == libc::SYS_dup3
                    || [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC]
                        .contains(&i32::try_from(call.args[1]).unwrap_or(-1));
                if copies {
                    self.next = Some(has);
                }
                None
            }
            libc::SYS_flock => on_file("flock"),
            libc::SYS_read => on_file("read"),
            libc::SYS_write => on_file("write"),
            libc::SYS_ftruncate => on_file("truncate"),
            libc::SYS_utimensat => on_file("utimens"),
            libc::SYS_fstat => on_file("stat"),
            libc::SYS_getdents64 => on_file("list"),
            libc::SYS_close => {
                let what = on_file("close");
                self.open.remove(&fd);
                what
            }
            libc::SYS_close_range => {
                let last = call.args[1].cast_signed();
                self.open.retain(|file| !(fd..=last.max(fd)).contains(file));
                Some("close many".to_owned())
            }
            libc::SYS_execve => Some("exec".to_owned()),
            // Releases its locks.
            libc::SYS_exit_group => Some("exit".to_owned()),
            number => legacy(number).and_then(|(verb, argument)| on_path(verb, argument)),
        }
    }

    /// Records the result of the last call.
    pub(super) fn left(&mut self, result: i64) {
        match self.next.take() {
            Some(true) if result >= 0 => drop(self.open.insert(result)),
            Some(false) => drop(self.open.remove(&result)),
            _ => {}
        }
    }
}

/// The name of a file in the cache, with its key shortened.
fn short(path: &Path) -> String {
    let name = path.to_string_lossy();
    match name.split_once('.') {
        Some((stem, kind)) if stem.len() == 64 => format!("{}….{kind}", &stem[..4]),
        _ => name.into_owned(),
    }
}

/// Calls that aarch64 has only in their `…at` form.
#[cfg(target_arch = "x86_64")]
fn legacy(number: i64) -> Option<(&'static str, usize)> {
    match number {
        libc::SYS_unlink => Some(("unlink", 0)),
        libc::SYS_mkdir => Some(("mkdir", 0)),
        libc::SYS_rename => Some(("rename", 0)),
        libc::SYS_open => Some(("open", 0)),
        libc::SYS_stat => Some(("stat", 0)),
        libc::SYS_lstat => Some(("stat", 0)),
        _ => None,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn legacy(_number: i64) -> Option<(&'static str, usize)> {
    None
}
