//! The user of this process, and whose files it trusts.

use crate::env::Env;
use crate::shown::shown;
use crate::sys::user::effective_uid;

/// The user of this process, and the one who ran sudo.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) uid: u32,
    /// `SUDO_UID` and `SUDO_USER`, if root acts for another user.
    sudo: Option<(u32, Option<String>)>,
}

/// How far to trust a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Everything, including its commands.
    Full,
    /// Its plain values only: another user wrote it, and root would run its commands and read its
    /// references.
    NoReferences,
    /// Not at all.
    None,
}

impl Runner {
    /// The user of this process.
    pub(crate) fn current(env: &Env) -> Self {
        Self::new(effective_uid(), env)
    }

    /// The user with this uid, with the variables that sudo sets.
    pub(crate) fn new(uid: u32, env: &Env) -> Self {
        let behind = env.get("SUDO_UID").and_then(|text| text.parse().ok());
        Self {
            uid,
            sudo: behind
                .filter(|_| uid == 0)
                .map(|behind| (behind, env.get("SUDO_USER"))),
        }
    }

    /// Whether this is root.
    pub(crate) fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// How far to trust a file with this owner.
    pub(crate) fn trusts(&self, owner: u32) -> Trust {
        if owner == self.uid || owner == 0 {
            Trust::Full
        } else if self.is_behind_sudo(owner) {
            Trust::NoReferences
        } else {
            Trust::None
        }
    }

    /// Whether that user started this process with sudo.
    pub(crate) fn is_behind_sudo(&self, owner: u32) -> bool {
        self.sudo.as_ref().is_some_and(|(uid, _)| *uid == owner)
    }

    /// Describes a user, by name if sudo passed it on.
    pub(crate) fn describe(&self, owner: u32) -> String {
        match &self.sudo {
            Some((uid, Some(name))) if *uid == owner => format!("{} (uid {owner})", shown(name)),
            _ => format!("uid {owner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_trusts_its_own_files_and_those_of_the_user_behind_sudo_without_their_references() {
        let sudo = Env::fixed([("SUDO_UID", "1000"), ("SUDO_USER", "ann")]);
        let root = Runner::new(0, &sudo);
        assert_eq!(root.trusts(0), Trust::Full);
        assert_eq!(root.trusts(1000), Trust::NoReferences);
        assert_eq!(root.trusts(1001), Trust::None);
        assert_eq!(root.describe(1000), "\"ann\" (uid 1000)");
        let alone = Runner::new(0, &Env::fixed([]));
        assert_eq!(alone.trusts(1000), Trust::None);
        assert_eq!(alone.describe(1000), "uid 1000");
    }

    #[test]
    fn a_user_trusts_their_own_files_and_those_of_root_regardless_of_sudo() {
        let ann = Runner::new(1000, &Env::fixed([("SUDO_UID", "1001")]));
        assert_eq!(ann.trusts(1000), Trust::Full);
        assert_eq!(ann.trusts(0), Trust::Full);
        assert_eq!(ann.trusts(1001), Trust::None);
    }
}
