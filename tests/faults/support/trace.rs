//! Runs programs under ptrace, with their descendants. A process can be stopped at each of its system calls.
//!
//! A tracer stays on one thread: the kernel accepts requests only from the thread that started a program.

mod call;
mod kernel;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{LONG, Run, Started, skip};
pub(crate) use call::Call;
pub(crate) use kernel::kill;
use kernel::{info, message, process_of, request, result};

/// What happened to a process.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is stopped before a system call.
    Enter(Call),
    /// It is stopped after a system call, which returns `result`.
    Leave { pid: i32, result: i64 },
    /// `by` started it. With `vfork`, `by` is blocked until it runs another program.
    Started { pid: i32, by: i32, vfork: bool },
    /// It runs another program.
    Execed { pid: i32 },
    /// It ended.
    Ended { pid: i32, status: ExitStatus },
}

/// How a stopped process continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    /// Until it enters or leaves a system call.
    Step,
    /// Until its end.
    Free,
}

/// Follows programs and their descendants.
pub(crate) struct Tracer {
    /// Traced threads, and the process of each.
    tasks: BTreeMap<i32, i32>,
    /// New threads that stopped before the event of their parent arrived.
    early: BTreeSet<i32>,
    /// New threads that have not stopped yet.
    unborn: BTreeSet<i32>,
    go: Go,
    watch: Arc<Watch>,
}

/// Shared with a thread that kills all processes if none makes progress.
#[derive(Default)]
struct Watch {
    beat: AtomicUsize,
    hangs: AtomicBool,
    pids: Mutex<BTreeSet<i32>>,
}

impl Watch {
    fn pids(&self) -> std::sync::MutexGuard<'_, BTreeSet<i32>> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracer {
    pub(crate) fn new() -> Self {
        let watch = Arc::new(Watch::default());
        let weak = Arc::downgrade(&watch);
        std::thread::spawn(move || {
            let (mut seen, mut idle) = (0, 0);
            while let Some(watch) = weak.upgrade() {
                let beat = watch.beat.load(Ordering::Relaxed);
                idle = if beat == seen { idle + 1 } else { 0 };
                seen = beat;
                if idle > LONG.as_secs() && !watch.pids().is_empty() {
                    watch.hangs.store(true, Ordering::Relaxed);
                    watch.pids().iter().copied().for_each(kill);
                }
                drop(watch);
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self {
            tasks: BTreeMap::new(),
            early: BTreeSet::new(),
            unborn: BTreeSet::new(),
            go: Go::Step,
            watch,
        }
    }

    /// Whether tracing is permitted here; if not, the test is reported as skipped.
    pub(crate) fn is_permitted() -> bool {
        let mut tracer = Self::new();
        match tracer.start(&mut Command::new("true")) {
            Ok(started) => {
                tracer.resume(started.pid().cast_signed());
                tracer.finish(started);
                true
            }
            Err(error) => {
                skip(&format!("programs under ptrace: {error}"));
                false
            }
        }
    }

    /// Starts a program, stopped before its first instruction.
    ///
    /// # Errors
    /// Tracing is not permitted here.
    #[expect(
        unsafe_code,
        reason = "a process asks to be traced between fork and exec"
    )]
    pub(crate) fn start(&mut self, command: &mut Command) -> io::Result<Started> {
        // SAFETY: one system call, which touches no memory.
        unsafe {
            command.pre_exec(|| {
                result(libc::ptrace(
                    libc::PTRACE_TRACEME,
                    0,
                    null_mut::<u8>(),
                    null_mut::<u8>(),
                ))
            });
        }
        let started = Started::try_new(command)?;
        let pid = started.pid().cast_signed();
        let mut status = 0;
        // SAFETY: the status is ours to write to.
        unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) };
        assert!(libc::WIFSTOPPED(status), "{status:x}");
        let options = libc::PTRACE_O_TRACESYSGOOD
            | libc::PTRACE_O_TRACEFORK
            | libc::PTRACE_O_TRACEVFORK
            | libc::PTRACE_O_TRACECLONE
            | libc::PTRACE_O_TRACEEXEC
            | libc::PTRACE_O_EXITKILL;
        request(libc::PTRACE_SETOPTIONS, pid, 0, i64::from(options))?;
        self.adopt(pid, pid);
        Ok(started)
    }

    /// Runs a program until it and all its descendants have ended.
    pub(crate) fn run(&mut self, command: &mut Command) -> Run {
        let started = self.start(command).expect("a program");
        self.go = Go::Free;
        self.resume(started.pid().cast_signed());
        let run = self.finish(started);
        self.go = Go::Step;
        run
    }

    /// Waits until all processes have ended, `started` among them.
    fn finish(&mut self, started: Started) -> Run {
        let mut ended = None;
        while let Some(event) = self.next() {
            match event {
                Event::Ended { pid, status } if pid == started.pid().cast_signed() => {
                    ended = Some(status);
                }
                Event::Enter(Call { pid, .. }) | Event::Leave { pid, .. } => self.resume(pid),
                _ => {}
            }
        }
        started.ended(ended.expect("a program that was started ends"))
    }

    /// The next event; `None` when no process is left. A stopped process continues with [`Tracer::resume`].
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            let mut status = 0;
            // SAFETY: the status is ours to write to.
            #[expect(unsafe_code, reason = "std waits only for its own children")]
            let pid =
                unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
            self.watch.beat.fetch_add(1, Ordering::Relaxed);
            if pid == -1 {
                let error = io::Error::last_os_error();
                match error.raw_os_error() {
                    Some(libc::EINTR) => continue,
                    Some(libc::ECHILD) => break,
                    _ => panic!("waitpid: {error}"),
                }
            }
            if let Some(event) = self.heed(pid, status) {
                return Some(event);
            }
            if self.tasks.is_empty() {
                break;
            }
        }
        assert!(
            !self.watch.hangs.load(Ordering::Relaxed),
            "processes hang: nothing happened for {LONG:?}"
        );
        None
    }

    fn heed(&mut self, pid: i32, status: i32) -> Option<Event> {
        if !libc::WIFSTOPPED(status) {
            self.early.remove(&pid);
            self.unborn.remove(&pid);
            self.watch.pids().remove(&pid);
            let process = self.tasks.remove(&pid)?;
            let status = ExitStatus::from_raw(status);
            return (process == pid).then_some(Event::Ended { pid, status });
        }
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        if !self.tasks.contains_key(&pid) {
            self.early.insert(pid);
            return None;
        }
        match event {
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                let child = message(pid);
                let process = process_of(child);
                self.adopt(child, process);
                if self.early.remove(&child) {
                    self.resume(child);
                } else {
                    self.unborn.insert(child);
                }
                self.resume(pid);
                let vfork = event == libc::PTRACE_EVENT_VFORK;
                (process == child).then_some(Event::Started {
                    pid: child,
                    by: pid,
                    vfork,
                })
            }
            libc::PTRACE_EVENT_EXEC => {
                self.resume(pid);
                Some(Event::Execed { pid })
            }
            _ if event != 0 => self.pass(pid, 0),
            _ if signal == libc::SIGTRAP | 0x80 => self.syscall(pid),
            _ if signal == libc::SIGSTOP && self.unborn.remove(&pid) => self.pass(pid, 0),
            _ => self.pass(pid, signal),
        }
    }

    /// A stop at a system call. Threads other than the first continue at once.
    fn syscall(&mut self, pid: i32) -> Option<Event> {
        let info = info(pid);
        if self.tasks.get(&pid) != Some(&pid) {
            return self.pass(pid, 0);
        }
        // SAFETY: the kernel says which of the three it has filled.
        #[expect(unsafe_code, reason = "a union of the kernel's")]
        match info?.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => {
                let entry = unsafe { info?.u.entry };
                Some(Event::Enter(Call {
                    pid,
                    number: entry.nr.cast_signed(),
                    args: entry.args,
                }))
            }
            libc::PTRACE_SYSCALL_INFO_EXIT => {
                let result = unsafe { info?.u.exit.sval };
                Some(Event::Leave { pid, result })
            }
            _ => self.pass(pid, 0),
        }
    }

    fn pass(&mut self, pid: i32, signal: i32) -> Option<Event> {
        let how = match self.go {
            Go::Step => libc::PTRACE_SYSCALL,
            Go::Free => libc::PTRACE_CONT,
        };
        // It may have been killed meanwhile; its end is reported then.
        let _ = request(how, pid, 0, i64::from(signal));
        None
    }

    /// Continues a stopped process.
    pub(crate) fn resume(&mut self, pid: i32) {
        self.pass(pid, 0);
    }

    fn adopt(&mut self, pid: i32, process: i32) {
        self.tasks.insert(pid, process);
        self.watch.pids().insert(pid);
    }
}
