//! `/etc/passwd`. A static binary cannot look up users in any other way.

use std::path::Path;

/// The size limit of the file.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A line of the file; a field that is not usable is `None`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The login name.
    pub(crate) name: Option<String>,
    /// The home directory.
    pub(crate) home: Option<String>,
}

/// The user with this id.
pub(crate) fn user(uid: u32) -> Option<User> {
    let bytes = crate::fs::read(Path::new("/etc/passwd"), LONGEST).ok()?;
    user_in(&String::from_utf8_lossy(&bytes), uid)
}

fn user_in(passwd: &str, uid: u32) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        let home = fields.nth(2).filter(|home| home.starts_with('/'));
        (id.parse() == Ok(uid)).then(|| User {
            name: Some(name).filter(|it| !it.is_empty()).map(str::to_owned),
            home: home.map(str::to_owned),
        })
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::env::Env;

    #[test]
    fn a_user_has_a_name_and_a_home_directory() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n# none\nbroken\n+::::\nann:x:1000:1000::/home/ann:\n:x:7:7::x:\n";
        let found = |uid| user_in(passwd, uid).map(|user| (user.name, user.home));
        let named = |name: &str, home: &str| Some((Some(name.into()), Some(home.into())));
        assert_eq!(found(0), named("root", "/root"));
        assert_eq!(found(1000), named("ann", "/home/ann"));
        assert_eq!(found(7), Some((None, None)));
        assert_eq!(found(8), None);
    }

    #[test]
    fn the_system_names_a_user_without_variables() {
        let uid = rustix::process::getuid().as_raw();
        let name = user(uid).and_then(|user| user.name);
        let expected = name.unwrap_or_else(|| format!("uid-{uid}"));
        assert_eq!(Env::fixed([]).user(), expected);
        assert_eq!(Env::fixed([("LOGNAME", "ann")]).user(), "ann");
        assert!(user(0).unwrap().home.is_some());
    }
}
