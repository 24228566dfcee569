//! Injects disk faults, and checks the result for each kind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::support::{Client, House, Run, is_root};
use crate::table::{Scenario, told};

/// Another user, not root.
pub(super) const SOMEBODY: u32 = 61_234;

/// A fault that disables the cache; `set` injects it. Two commands are served, with two calls to AWS.
pub(super) fn uncached(
    fault: &'static str,
    set: impl Fn(&House) -> Command + Send + 'static,
) -> Scenario {
    let observe = move || {
        let house = House::new();
        let mut command = set(&house);
        house.aws.clear_calls();
        let run = Run::of(&mut command);
        let told = told(&house, &run);
        assert!(
            told.starts_with("served, with warning: not using the cache: "),
            "{fault}: {told}"
        );
        Run::of(&mut command).document();
        assert_eq!(house.sts_calls(), 2, "{fault}");
        vec![told]
    };
    Scenario {
        fault,
        observe: Box::new(observe),
    }
}

/// A fault that the next miss repairs: the command is served, and the next one is a hit.
pub(super) fn repaired(fault: &'static str, set: impl Fn(&House) + Send + 'static) -> Scenario {
    let observe = move || {
        let house = House::new();
        let first = Run::of(&mut house.credential_process()).quiet().key();
        set(&house);
        let run = Run::of(&mut house.credential_process());
        let second = run.key();
        assert_ne!(second, first, "{fault}");
        assert_eq!(
            Run::of(&mut house.credential_process()).quiet().key(),
            second,
            "{fault}"
        );
        let entry = fs::symlink_metadata(house.shelf().entry("session")).unwrap();
        assert!(
            entry.is_file() && entry.permissions().mode() & 0o777 == 0o600,
            "{fault}"
        );
        assert_eq!(house.shelf().litter(), Vec::<String>::new(), "{fault}");
        let told = told(&house, &run);
        vec![if told == "served" {
            "served; the entry is replaced".to_owned()
        } else {
            told
        }]
    };
    Scenario {
        fault,
        observe: Box::new(observe),
    }
}

/// A fault that makes the command fail without a call.
pub(super) fn refused(
    fault: &'static str,
    set: impl Fn(&House) -> Command + Send + 'static,
) -> Scenario {
    let observe = move || {
        let house = House::new();
        let run = Run::of(&mut set(&house));
        let told = told(&house, &run);
        assert!(told.starts_with("failed: "), "{fault}: {told}");
        assert_eq!(house.sts_calls(), 0, "{fault}");
        vec![told]
    };
    Scenario {
        fault,
        observe: Box::new(observe),
    }
}

/// A cache folder on its own file system.
pub(super) fn mounted(house: &House, options: &str, then: &str) -> Command {
    fs::create_dir(house.cache()).unwrap();
    house.set_mode("cache", 0o700);
    let user = if is_root() { "" } else { "--map-root-user " };
    let script = format!(
        "mount -t tmpfs -o {options},mode=0700 tmpfs '{cache}' && {then} && exec '{ours}' --connector dev",
        cache = house.cache().display(),
        ours = Client::CredentialProcess.path().display()
    )
    .replace("CACHE", &house.cache().display().to_string());
    let mut command = house.command("/bin/sh");
    command.args([
        "-c",
        &format!("exec unshare {user}--mount /bin/sh -c \"{script}\""),
    ]);
    command
}

/// The AWS CLI's request as another user, who owns all files unless the test changes that.
pub(super) fn as_somebody(house: &House) -> Command {
    house.give_to(SOMEBODY);
    let mut command = house.credential_process();
    command.uid(SOMEBODY).gid(SOMEBODY);
    command
}

/// Makes `flock` fail as on a file system without locks.
#[expect(
    unsafe_code,
    reason = "a filter of system calls has to be set between fork and exec"
)]
pub(super) fn without_locks(command: &mut Command) {
    let rule = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: u16::try_from(code).expect("a code has 16 bits"),
        jt,
        jf,
        k,
    };
    let flock = u32::try_from(libc::SYS_flock).expect("a number of a call");
    let mut rules = [
        // The first word of a filter's input is the number of the system call.
        rule(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        rule(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, flock),
        rule(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOLCK.cast_unsigned(),
        ),
        rule(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let set = move || {
        let program = libc::sock_fprog {
            len: 4,
            filter: rules.as_mut_ptr(),
        };
        // SAFETY: the program and its rules outlive the call that copies them.
        let done = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const program,
                ) == 0
        };
        if done {
            Ok(())
        } else {
            Err(std::io::Error::last_os_error())
        }
    };
    // SAFETY: the closure makes two system calls and touches nothing else.
    unsafe {
        command.pre_exec(set);
    }
}

/// Others can list the folder, but not read its files.
pub(super) fn readable_folder() -> Scenario {
    let observe = || {
        let house = House::new();
        fs::create_dir(house.cache()).unwrap();
        house.set_mode("cache", 0o755);
        let first = Run::of(&mut house.credential_process()).quiet().key();
        assert_eq!(
            Run::of(&mut house.credential_process()).quiet().key(),
            first
        );
        for name in house.shelf().names() {
            let mode = fs::metadata(house.cache().join(&name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        vec!["served and cached; its files are readable only by their owner".to_owned()]
    };
    Scenario {
        fault: "others can list the cache folder",
        observe: Box::new(observe),
    }
}
