//! Signals that end a process politely, held back for the moment in which it would leave something
//! behind.

/// While it lives, an interrupt of this thread waits.
pub(crate) struct Shield(libc::sigset_t);

#[expect(
    unsafe_code,
    reason = "signal masks have no safe form in std or rustix; every set is initialized by sigemptyset"
)]
impl Shield {
    /// Holds back what a terminal or a supervisor sends; kill -9 cannot be.
    pub(crate) fn new() -> Self {
        // SAFETY: both sets are plain data that the calls fill before anything reads them.
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
        // SAFETY: the set is the one that was in force before.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut());
        }
    }
}

/// A limit on the size of files is an error of write, and no signal.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn outlive_file_limits() {
    // SAFETY: sets how one signal is handled; no handler is involved.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// A client that stops reading must not end this process in the middle of a renewal: writing to it
/// is an error then, and no signal.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn outlive_readers() {
    // SAFETY: sets how one signal is handled; no handler is involved.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

/// While it lives, what a terminal sends is ignored: by this process, and for good by those that it
/// starts meanwhile.
pub(crate) struct Deaf([(libc::c_int, libc::sighandler_t); 3]);

#[expect(unsafe_code, reason = "as above")]
impl Deaf {
    pub(crate) fn new() -> Self {
        Self([libc::SIGHUP, libc::SIGINT, libc::SIGQUIT].map(|signal| {
            // SAFETY: sets how one signal is handled; no handler is involved.
            (signal, unsafe { libc::signal(signal, libc::SIG_IGN) })
        }))
    }
}

#[expect(unsafe_code, reason = "as above")]
impl Drop for Deaf {
    fn drop(&mut self) {
        for (signal, before) in self.0 {
            // SAFETY: what was in force before.
            unsafe {
                libc::signal(signal, before);
            }
        }
    }
}

/// Lets the ends of children be waited for, whatever the parent had done about them.
#[expect(unsafe_code, reason = "as above")]
pub(crate) fn keep_children() {
    // SAFETY: sets how one signal is handled; no handler is involved.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    }
}
