//! The cache folder: owner, modes, and that it contains nothing long-lived.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use aws_standin::{EXTERNAL_ID, SECRET_ACCESS_KEY};

use crate::support::{BASE, REGISTRY, SHARED, World};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// Every file below the cache folder.
fn files(world: &World) -> Vec<std::path::PathBuf> {
    let list = fs::read_dir(world.cache_path()).into_iter().flatten();
    list.map(|item| item.unwrap().path()).collect()
}

#[test]
fn folder_entries_and_locks_are_private_whatever_the_umask() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    let script = format!("umask 0; printf {REGISTRY} | \"$DOCKER\" get");
    world.shell(&script).ok().password();
    assert_eq!(mode(&world.cache_path()), 0o700);
    let names = files(&world);
    let count = |end: &str| {
        names
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == end))
            .count()
    };
    assert_eq!(
        (count("json"), count("lock"), count("tmp")),
        (2, 2, 0),
        "{names:?}"
    );
    for path in names {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    for entry in world.entries() {
        let stem = entry.path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit()),
            "{stem}"
        );
        assert_eq!(entry.json()["key"], stem.as_str());
        assert!(entry.lock_path().exists());
    }
}

#[test]
fn long_lived_keys_are_never_cached() {
    let world = World::empty();
    let serial = aws_standin::MFA_SERIAL;
    let code = world.script("code", "printf 123456");
    world.file("secret", &format!("{SECRET_ACCESS_KEY}\n"));
    world.file(
        "pair",
        &format!("AKIAIOSFODNN7EXAMPLE,{SECRET_ACCESS_KEY}\n"),
    );
    let more = format!(
        r#"
[connectors.handed]
auth_method = "sts-token"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "ASIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "planted-secret-of-the-sts-token"
aws_session_token = "planted-token-of-the-sts-token"
expires_at = "2099-01-01T00:00:00Z"
[connectors.cross]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = {{ file = "~/secret" }}
role_arn = "arn:aws:iam::210987654321:role/cross"
external_id = {{ env = "THE_ID" }}
[connectors.joined]
auth_method = "session-token"
region = "us-east-1"
endpoint_url = "URL"
access_keys = {{ command = ["cat", "pair"] }}
[connectors.guest]
auth_method = "federation-token"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
policy_arns = "arn:aws:iam::aws:policy/AdministratorAccess"
[connectors.mfa]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/mfa"
mfa_serial = "{serial}"
mfa_process = ["{}"]
"#,
        code.display()
    );
    world.profile(&[BASE, SHARED, &more]);
    for connector in ["base", "dev", "handed", "cross", "joined", "guest", "mfa"] {
        for run in world.all_three(connector) {
            // ECR rejects the made-up token of 'handed'; that failure must not be cached with secrets either.
            let answer = run.env("THE_ID", EXTERNAL_ID).answer();
            assert!(answer.status == 0 || connector == "handed", "{answer:?}");
        }
    }
    let all = files(&world);
    assert!(all.len() > 15, "{all:?}");
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        for planted in [
            SECRET_ACCESS_KEY,
            EXTERNAL_ID,
            "planted-secret-of-the-sts-token",
            "planted-token-of-the-sts-token",
            "\"AKIA",
            "123456\"",
        ] {
            assert!(
                !text.contains(planted),
                "{planted} is in {}: {text}",
                path.display()
            );
        }
    }
    let connectors = world.entries().into_iter().map(|entry| entry.json());
    let sessions = connectors.filter(|json| json["kind"] == "session");
    for json in sessions {
        assert!(
            json["connector"] != "base" && json["connector"] != "handed",
            "{json}"
        );
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_used_with_one_warning() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    fs::create_dir_all(world.cache_path()).unwrap();
    fs::set_permissions(world.cache_path(), fs::Permissions::from_mode(0o777)).unwrap();
    for n in 1..=2 {
        let answer = world.docker("get", REGISTRY).answer();
        answer.password();
        let folder = world.cache_path();
        assert_eq!(
            answer.stderr,
            format!(
                "aws-connector: warning: not using the cache: {} is writable by other users \
                 (mode 777); run chmod go-w on it\n",
                folder.display()
            )
        );
        assert_eq!((world.sts(), world.ecr()), (n, n));
    }
    assert_eq!(files(&world).len(), 0);
}

#[test]
fn an_entry_that_others_can_write_is_ignored() {
    let world = World::new(&[BASE, SHARED]);
    let first = world.session("dev");
    let entry = world.entry("session");
    fs::set_permissions(&entry.path, fs::Permissions::from_mode(0o666)).unwrap();
    let answer = world.credential_process(&["--connector", "dev"]).answer();
    assert_ne!(answer.session(), first);
    assert!(
        answer.stderr.contains("is writable by other users"),
        "{answer:?}"
    );
}

#[test]
fn a_link_or_file_in_place_of_the_cache_folder_is_not_used() {
    let world = World::new(&[BASE, SHARED]);
    let target = world.home().join("target");
    fs::create_dir(&target).unwrap();
    fs::create_dir_all(world.cache_path().parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&target, world.cache_path()).unwrap();
    let ask = || world.credential_process(&["--connector", "dev"]).answer();
    let linked = ask();
    linked.session();
    assert!(linked.stderr.contains("is a symbolic link"), "{linked:?}");
    assert_eq!(linked.stderr.lines().count(), 1);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    fs::remove_file(world.cache_path()).unwrap();
    fs::write(world.cache_path(), "in the way").unwrap();
    let blocked = ask();
    blocked.session();
    assert!(blocked.stderr.contains("is not a directory"), "{blocked:?}");
    assert_eq!(blocked.stderr.lines().count(), 1);
}

#[test]
fn a_read_only_home_works_without_the_cache() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, SHARED]);
    let profile = world.profile_path();
    // Even root cannot create a folder below a file or in /proc.
    for home in ["/dev/null", "/proc/nowhere"] {
        world.standin.clear_calls();
        let runs = [
            world.credential_process(&[]),
            world.docker("get", REGISTRY),
            world.eks_token(&["--cluster", "prod"]),
            world.credential_process(&[]),
        ];
        for (n, run) in runs.into_iter().enumerate() {
            let run = run.env("HOME", home);
            let answer = run
                .env("AWS_CONNECTOR_FILE", profile.to_str().unwrap())
                .answer();
            assert!(answer.json().is_object());
            let warning = "aws-connector: warning: not using the cache: ";
            assert!(answer.stderr.starts_with(warning), "{answer:?}");
            assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
            assert_eq!(world.sts(), n + 1);
        }
    }
}

#[test]
fn a_link_in_place_of_an_entry_or_lock_is_not_followed() {
    let world = World::new(&[BASE, SHARED]);
    let first = world.session("dev");
    let entry = world.entry("session");
    let moved = world.home().join("moved.json");
    fs::rename(&entry.path, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &entry.path).unwrap();
    let second = world.session("dev");
    assert_ne!(second, first);
    assert!(!fs::symlink_metadata(&entry.path).unwrap().is_symlink());
    fs::remove_file(&entry.path).unwrap();
    fs::remove_file(entry.lock_path()).unwrap();
    let victim = world.file("victim", "precious");
    std::os::unix::fs::symlink(&victim, entry.lock_path()).unwrap();
    let answer = world.credential_process(&["--connector", "dev"]).answer();
    answer.session();
    assert!(answer.stderr.contains("cannot lock"), "{answer:?}");
    assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
}

#[test]
fn temporary_files_of_killed_processes_are_removed() {
    let world = World::new(&[BASE, SHARED]);
    world.session("dev");
    let entry = world.entry("session");
    let litter = world.cache_path().join(format!("{}.tmp", "ab".repeat(32)));
    let mine = entry.path.with_extension("tmp");
    let foreign = world.cache_path().join("notes.txt");
    for path in [&litter, &mine, &foreign] {
        fs::write(path, "half an ent").unwrap();
    }
    fs::remove_file(&entry.path).unwrap();
    world.session("dev");
    assert!(!litter.exists() && !mine.exists());
    // Files with other names are left alone.
    assert!(foreign.exists());
}
