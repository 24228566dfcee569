//! Signals that end a process politely, held back for the moment in which it would leave something
//! behind.

/// While it lives, an interrupt of this thread waits.
pub(super) struct Shield(libc::sigset_t);

#[expect(
    unsafe_code,
    reason = "signal masks have no safe form in std or rustix; every set is initialized by sigemptyset"
)]
impl Shield {
    /// Holds back what a terminal or a supervisor sends; kill -9 cannot be.
    pub(super) fn new() -> Self {
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
pub(super) fn outlive_file_limits() {
    // SAFETY: sets how one signal is handled; no handler is involved.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Passes over what a terminal sends, and has sent already.
#[expect(unsafe_code, reason = "as above")]
pub(super) fn ignore_terminal() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: sets how one signal is handled; no handler is involved.
        unsafe {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
}

/// Lets an alarm end this process, whatever its parent had done about it.
#[expect(unsafe_code, reason = "as above")]
pub(super) fn heed_alarm() {
    // SAFETY: the default action takes no handler; the set is filled before it is read.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        let mut alarm: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut alarm);
        libc::sigaddset(&raw mut alarm, libc::SIGALRM);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const alarm, std::ptr::null_mut());
    }
}
