//! File descriptors: the standard streams, and those inherited from a careless parent.

use std::fs::File;
use std::io;

/// Opens `/dev/null` for each standard stream that is closed. Otherwise the next file or connection
/// would get its number, and receive output meant for the client. Returns whether standard output
/// was open.
#[expect(
    unsafe_code,
    reason = "the standard library handles closed streams only in its own start-up"
)]
pub(crate) fn fill_closed() -> bool {
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd {
        fd,
        events: 0,
        revents: 0,
    });
    // SAFETY: the length matches the array; on an error, `revents` stay unchanged.
    unsafe {
        libc::poll(streams.as_mut_ptr(), 3, 0);
    }
    let is_closed = |stream: &libc::pollfd| stream.revents & libc::POLLNVAL != 0;
    for _ in streams.iter().filter(|stream| is_closed(stream)) {
        // SAFETY: the path is constant. The lowest free descriptor is the stream's.
        unsafe {
            libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        }
    }
    let [_, stdout, _] = &streams;
    !is_closed(stdout)
}

/// Closes inherited descriptors beyond the standard streams, so that nobody waits for the end of a
/// stream that this process does not know about. Call it before opening anything.
#[expect(unsafe_code, reason = "descriptors are closed by number")]
pub(crate) fn close_inherited() {
    /// The limit for closing descriptors one by one, where there is no other way.
    const MOST: i32 = 65_536;

    // SAFETY: nothing in this process owns a descriptor above 2 yet.
    unsafe {
        #[cfg(target_os = "linux")]
        if libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) == 0 {
            return;
        }
        // Another system, an older kernel, or a sandbox that does not allow the call.
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        let most = i32::try_from(limit.rlim_cur).unwrap_or(MOST).min(MOST);
        for descriptor in 3..most {
            libc::close(descriptor);
        }
    }
}

/// A file that other processes cannot open by name.
#[cfg(target_os = "linux")]
pub(crate) fn nameless_file() -> io::Result<File> {
    Ok(rustix::fs::memfd_create("aws-connector", rustix::fs::MemfdFlags::CLOEXEC)?.into())
}

/// A file that other processes cannot open by name.
#[cfg(not(target_os = "linux"))]
pub(crate) fn nameless_file() -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let name = format!("aws-connector.{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
