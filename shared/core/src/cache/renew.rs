//! Renewal ahead of time, by a child that outlives the command.

use std::time::Instant;

use chrono::TimeDelta;

use super::ask::{Ask, Mint};
use super::entry::Cacheable;
use super::folder::Folder;
use super::lock::{self, Try};
use super::obtain::is_recent;
use super::{Cache, RENEWAL_PAUSE, detach};
use crate::error::Result;
use crate::log;

impl Cache {
    /// After `refresh_at`, whoever gets the lock without waiting leaves a child behind that
    /// renews the entry; the client is answered from the old one at once.
    pub(super) fn renew_in_background<T: Cacheable>(
        &self,
        folder: &Folder,
        ask: &Ask<'_>,
        mint: &mut dyn FnMut(&mut Mint<'_>) -> Result<T>,
    ) {
        let Ok(Try::Locked(mut guard)) = lock::try_lock(&folder.lock_path(ask.key)) else {
            return;
        };
        let renewed = self
            .read::<T>(ask.key)
            .is_some_and(|entry| (ask.now)() < entry.refresh_at);
        let paused = match guard.note().failure {
            Some(failure) => is_recent(&failure, ask),
            // An attempt that could not even say that it failed: a full disk, a crash.
            None => guard.since_attempt().is_some_and(|ago| {
                TimeDelta::from_std(ago).is_ok_and(|ago| ago < RENEWAL_PAUSE) && !ask.force
            }),
        };
        if renewed || paused {
            return;
        }
        guard.mark_attempt();
        let keep = guard.file();
        match detach::fork(keep) {
            // The child carries the lock on; our copy of the descriptor ends here.
            Ok(detach::Side::Parent) => log::debug(format_args!("renewing in the background")),
            Ok(detach::Side::Child) => {
                super::signals::outlive_file_limits();
                // Nobody waits for it, but an alarm does: it must not wait for others for long.
                let deadline = Instant::now() + crate::serve::BUDGET;
                let time = (deadline, Some(deadline));
                let _ = self.mint_and_keep(folder, &mut guard, ask, time, true, mint);
                detach::exit();
            }
            Err(error) => log::debug(format_args!("cannot renew in the background: {error}")),
        }
    }
}
