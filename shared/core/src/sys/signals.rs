//! Blocks and ignores signals where they would interrupt something that must finish.

/// Blocks termination signals for this thread until it is dropped.
pub(crate) struct Shield(libc::sigset_t);

#[expect(
    unsafe_code,
    reason = "signal masks have no safe form in std or rustix; every set is initialized by sigemptyset"
)]
impl Shield {
    /// Blocks what a terminal or a supervisor sends; SIGKILL cannot be blocked.
    pub(crate) fn new() -> Self {
        // SAFETY: both sets are plain data, and the calls initialize them before anything reads
        // them.
        unsafe {
            let mut held: libc::sigset_t = std::mem::zeroed();
            let mut before: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut held);
            libc::sigemptyset(&raw mut before);
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
                libc::sigaddset(&raw mut held, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const held, &raw mut before);
            Self(before)
        }
    }
}

#[expect(unsafe_code, reason = "see new")]
impl Drop for Shield {
    fn drop(&mut self) {
        // SAFETY: the set is the previous signal mask.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut());
        }
    }
}

/// Makes exceeding the file size limit a write error instead of a signal.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn outlive_file_limits() {
    // SAFETY: only sets a signal's disposition; no handler is involved.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Makes writing to a client that stopped reading an error instead of a signal, which would end
/// this process in the middle of a refresh.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn outlive_readers() {
    // SAFETY: only sets a signal's disposition; no handler is involved.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// Ignores terminal signals until it is dropped. Processes started meanwhile inherit that and keep
/// ignoring them.
pub(crate) struct Deaf([(libc::c_int, libc::sighandler_t); 3]);

#[expect(unsafe_code, reason = "as above")]
impl Deaf {
    pub(crate) fn new() -> Self {
        Self([libc::SIGHUP, libc::SIGINT, libc::SIGQUIT].map(|signal| {
            // SAFETY: only sets a signal's disposition; no handler is involved.
            (signal, unsafe { libc::signal(signal, libc::SIG_IGN) })
        }))
    }
}

#[expect(unsafe_code, reason = "as above")]
impl Drop for Deaf {
    fn drop(&mut self) {
        for (signal, before) in self.0 {
            // SAFETY: restores the previous disposition.
            unsafe {
                libc::signal(signal, before);
            }
        }
    }
}

/// Makes child processes waitable again, whatever disposition the parent left.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn keep_children() {
    // SAFETY: only sets a signal's disposition; no handler is involved.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    }
}
