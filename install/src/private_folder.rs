//! A folder that other users cannot change, for files that are run as code.
//!
//! Every access goes through the handle of a folder that was checked, so that swapping a path
//! between the check and the use has no effect.

use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_connector_core::fs::{Opened, insecure};
use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, lgetxattr, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

/// Files in these folders are short.
const LONGEST: u64 = 64 * 1024;

/// The suffix of a draft, a file that is being written and is then renamed.
const DRAFT: &str = ".new";

/// A draft of this age was left by a process that was killed.
const LONGEST_DRAFT: Duration = Duration::from_hours(1);

/// Why a folder is not used; includes its path.
pub(crate) type Untrusted = String;

/// An open folder that only this user and root can change.
pub(crate) struct PrivateFolder {
    handle: File,
    path: PathBuf,
}

impl PrivateFolder {
    /// Opens a folder; creates it and its missing parents with mode 0700.
    pub(crate) fn create(path: &Path) -> Result<Self, Untrusted> {
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        let parent = path.parent().unwrap_or(Path::new("/"));
        let missing = parent.ancestors().take_while(|it| !it.exists()).count();
        let existing = parent.ancestors().nth(missing).unwrap_or(Path::new("/"));
        check_parents(&existing.canonicalize().map_err(failed)?)?;
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(parent).map_err(failed)?;
        match builder.recursive(false).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Self::open(path),
        }
    }

    /// Opens a folder that exists.
    pub(crate) fn open(path: &Path) -> Result<Self, Untrusted> {
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(format!("{} cannot be used as a folder", path.display()));
        };
        // Resolve links now, so that they cannot be changed later.
        let parent = parent.canonicalize().map_err(failed)?;
        check_parents(&parent)?;
        let path = parent.join(name);
        let opened = rustix::fs::open(&path, folder_flags(), Mode::empty());
        Self::check(opened, path)
    }

    /// A folder in this one, created if missing.
    pub(crate) fn folder(&self, name: &str) -> Result<Self, Untrusted> {
        let path = self.path.join(name);
        match mkdirat(&self.handle, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
        self.existing_folder(name)
    }

    /// A folder in this one.
    pub(crate) fn existing_folder(&self, name: &str) -> Result<Self, Untrusted> {
        let opened = openat(&self.handle, name, folder_flags(), Mode::empty());
        Self::check(opened, self.path.join(name))
    }

    fn check(opened: rustix::io::Result<OwnedFd>, path: PathBuf) -> Result<Self, Untrusted> {
        let shown = path.display();
        let handle = File::from(opened.map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => {
                format!("{shown} is a symbolic link or not a folder")
            }
            error => format!("{shown}: {error}"),
        })?);
        let meta = handle
            .metadata()
            .map_err(|error| format!("{shown}: {error}"))?;
        match insecure(&meta) {
            Some(why) => Err(format!("{shown} {why}")),
            None => Ok(Self { handle, path }),
        }
    }

    /// Ensures that a file has this text and a current modification time; returns its path.
    /// Anything else of that name is replaced, never written through.
    pub(crate) fn keep(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        match self.same(name, text) {
            // Mark it as used, so that it is not removed.
            Some(same) => drop(same.file().set_modified(SystemTime::now())),
            None => self.write(name, text)?,
        }
        Ok(self.path.join(name))
    }

    /// The file of that name, if it is private to this user and has exactly this text.
    fn same(&self, name: &str, text: &str) -> Option<Opened> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.handle, name, flags, Mode::empty()).ok()?;
        let file = Opened::of(opened.into()).ok()?;
        let meta = file.meta();
        let is_private = meta.nlink() == 1 && meta.mode() & 0o077 == 0 && insecure(meta).is_none();
        let is_same = is_private && **file.read(LONGEST).ok()? == *text.as_bytes();
        is_same.then_some(file)
    }

    /// Replaces a file as `Draft` does, but by names in the open folder.
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let random = RandomState::new().build_hasher().finish();
        let draft = format!("{name}.{random:016x}{DRAFT}");
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(
            &self.handle,
            &*draft,
            flags,
            Mode::RUSR | Mode::WUSR,
        )?);
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| Ok(renameat(&self.handle, &*draft, &self.handle, name)?));
        if written.is_err() {
            let _ = unlinkat(&self.handle, &*draft, AtFlags::empty());
        }
        written
    }

    /// Removes the files that a function of name and time since the last use selects; ignores
    /// errors.
    pub(crate) fn remove(&self, is_done: impl Fn(&str, Duration) -> bool) {
        for entry in Dir::read_from(&self.handle).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            let used = statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)
                .ok()
                .and_then(|meta| u64::try_from(meta.st_mtime).ok());
            let unused = used
                .and_then(|used| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(used)))
                .and_then(|used| used.elapsed().ok())
                .unwrap_or_default();
            if is_done(name, unused) || (name.ends_with(DRAFT) && unused > LONGEST_DRAFT) {
                let _ = unlinkat(&self.handle, name, AtFlags::empty());
            }
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Checks a path without links from the root down: a user who can change a folder on it can replace
/// the next one.
fn check_parents(path: &Path) -> Result<(), Untrusted> {
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    for folder in folders {
        let meta =
            fs::symlink_metadata(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        if let Some(why) = replaceable(folder, &meta) {
            return Err(format!("{} {why}", folder.display()));
        }
    }
    Ok(())
}

/// Why other users can replace the contents of a folder; `None` if they cannot.
fn replaceable(folder: &Path, meta: &Metadata) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me && meta.uid() != 0 {
        return Some(format!("belongs to another user (uid {})", meta.uid()));
    }
    // In a sticky folder only the owner can replace a file.
    let is_sticky = meta.mode() & 0o1000 != 0;
    // The group of root, or the private group that many systems give each user.
    let is_own_group = meta.gid() == 0 || meta.gid() == me;
    let others = match meta.mode() & 0o022 {
        0o020 if is_own_group && !has_acl(folder) => 0,
        others => others,
    };
    (!is_sticky && others != 0).then(|| {
        format!(
            "is writable by other users (mode {:03o})",
            meta.mode() & 0o777
        )
    })
}

/// Whether a folder has an access control list. If so, the group bits of its mode are the mask:
/// they limit all users and groups in the list, and do not show the permissions of its own group.
fn has_acl(folder: &Path) -> bool {
    let found = lgetxattr(folder, "system.posix_acl_access", &mut [0_u8; 0]);
    !matches!(found, Err(Errno::NODATA | Errno::OPNOTSUPP))
}
