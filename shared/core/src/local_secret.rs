//! Secrets on this machine that can be read directly: from the profile, the environment or a file.

use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::profile::SecretRef;
use crate::secret::Secret;
use crate::shown::shown;
use crate::user::{Runner, Trust};

/// Secrets read from pipes. A pipe can be read only once, but its secret is needed twice: for the
/// cache key and for the call.
static PIPES: Mutex<BTreeMap<PathBuf, Secret>> = Mutex::new(BTreeMap::new());

/// The size limit of a secret file.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret that is stored on this machine; `None` if another program or service provides it.
///
/// # Errors
/// The variable is not set, or the file is missing, empty, or open to others.
pub fn read(secret: &SecretRef, env: &Env) -> Result<Option<Secret>> {
    match secret {
        SecretRef::Literal(text) => Ok(Some(text.clone())),
        SecretRef::Env(name) => env
            .get(name)
            .map(|value| Some(Secret::new(value)))
            .ok_or_else(|| {
                Error::new(
                    Kind::NoCredentials,
                    format!("environment variable {name} is not set"),
                )
                .fix(format!("set {name}, or change the connectors file"))
            }),
        SecretRef::File(path) => read_file(path, env).map(Some),
        SecretRef::Command(_) | SecretRef::Keyring(_) | SecretRef::Ssm { .. } => Ok(None),
    }
}

/// Reads a secret file, without trailing white space.
///
/// # Errors
/// The file is missing, empty, not text, too long, or readable by other users.
pub fn read_file(path: &str, env: &Env) -> Result<Secret> {
    let full = expand_home(path, env);
    let fail = |what: String| {
        Error::new(
            Kind::NoCredentials,
            format!("secret file {} {what}", shown(path)),
        )
    };
    let unreadable = |error: std::io::Error| {
        fail("cannot be read".to_owned())
            .because(error)
            .fix(format!(
                "write the secret to {}, or change the connectors file",
                full.display()
            ))
    };
    let file = crate::fs::open_or_pipe(&full).map_err(unreadable)?;
    let meta = file.meta();
    let runner = Runner::current(env);
    // A file may have other readers; a pipe such as a shell's <(command) does not.
    if meta.is_file() && meta.mode() & 0o077 != 0 {
        return Err(fail("is readable by other users".to_owned())
            .fix(format!("chmod 600 {}", full.display())));
    }
    if meta.is_file() && runner.trusts(meta.uid()) != Trust::Full {
        let (what, fix) = of_another(meta.uid(), &runner);
        return Err(fail(what).fix(fix));
    }
    let pipes = || PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    if !meta.is_file()
        && let Some(secret) = pipes().get(&full)
    {
        return Ok(secret.clone());
    }
    let bytes = file.read(LONGEST).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| fail("is not text".to_owned()))?
        .trim_end();
    if text.is_empty() {
        return Err(fail("is empty".to_owned()));
    }
    let secret = Secret::new(text);
    if !meta.is_file() {
        pipes().insert(full, secret.clone());
    }
    Ok(secret)
}

/// Whether a secret is in a pipe. Does not read it.
pub(crate) fn is_pipe(secret: &SecretRef, env: &Env) -> bool {
    match secret {
        SecretRef::File(path) => {
            std::fs::metadata(expand_home(path, env)).is_ok_and(|meta| meta.file_type().is_fifo())
        }
        _ => false,
    }
}

/// Explains that another user owns the file, and how to fix that.
fn of_another(owner: u32, runner: &Runner) -> (String, String) {
    let whose = runner.describe(owner);
    if runner.is_behind_sudo(owner) {
        (
            format!("belongs to {whose}, but this runs as root through sudo"),
            "run it without sudo, or use a file owned by root".to_owned(),
        )
    } else {
        (
            format!("belongs to another user ({whose})"),
            "use a file that you own".to_owned(),
        )
    }
}

/// Expands `~` and a leading `~/`.
pub fn expand_home(path: &str, env: &Env) -> PathBuf {
    let rest = path
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let inside = rest.and_then(|rest| {
        let home = crate::paths::home(env)?;
        Some(home.join(rest.trim_start_matches('/')))
    });
    inside.unwrap_or_else(|| path.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "s3cret\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let name = path.to_str().unwrap();
        let error = read_file(name, &Env::fixed([])).unwrap_err().to_string();
        assert!(
            error.contains("readable by other users") && error.contains("chmod 600"),
            "{error}"
        );
        assert!(!error.contains("s3cret"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_file(name, &Env::fixed([])).unwrap().expose(), "s3cret");
    }

    #[test]
    fn a_file_of_another_user_and_a_file_of_the_sudo_user_give_different_errors() {
        let sudo = Env::fixed([("SUDO_UID", "1000"), ("SUDO_USER", "ann")]);
        let (what, fix) = of_another(1000, &Runner::new(0, &sudo));
        assert_eq!(
            what,
            "belongs to \"ann\" (uid 1000), but this runs as root through sudo"
        );
        assert!(fix.contains("without sudo"), "{fix}");
        for (owner, me, env) in [
            (1001, 0, &sudo),
            (1000, 1001, &sudo),
            (1000, 0, &Env::fixed([])),
        ] {
            let (what, _) = of_another(owner, &Runner::new(me, env));
            assert_eq!(what, format!("belongs to another user (uid {owner})"));
        }
    }

    #[test]
    fn a_pipe_is_read_once_and_its_secret_kept() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let reference = SecretRef::File(pipe.to_str().unwrap().to_owned());
        assert!(is_pipe(&reference, &Env::fixed([])));
        let writer = std::thread::spawn(move || fs::write(&pipe, "s3cret\n"));
        let once = read(&reference, &Env::fixed([])).unwrap().unwrap();
        assert_eq!(once.expose(), "s3cret");
        writer.join().unwrap().unwrap();
        let again = read(&reference, &Env::fixed([])).unwrap().unwrap();
        assert_eq!(again.expose(), "s3cret");
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = read(&SecretRef::Env("NO_SUCH".into()), &Env::fixed([])).unwrap_err();
        assert!(error.to_string().contains("NO_SUCH is not set"));
    }
}
