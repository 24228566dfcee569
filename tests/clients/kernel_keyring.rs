//! The cache encrypted with a key in the kernel's keyring.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_standin::Standin;

use crate::keyring::SECRET;
use crate::support::{
    CREDENTIAL_PROCESS, DOCKER_HELPER, EKS_TOKEN, Machine, Run, everyday_command,
};

/// A user that no other test uses, because the kernel's user keyring belongs to the user id, not to the machine.
struct Sealed {
    machine: Machine,
    aws: Standin,
    folder: tempfile::TempDir,
    uid: u32,
}

impl Sealed {
    /// `uid` is not used on this machine or by another test.
    fn new(uid: u32) -> Self {
        let (machine, aws) = (Machine::new(), Standin::start());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sealed = Self {
            machine,
            aws,
            folder,
            uid,
        };
        sealed.own(sealed.folder.path().to_owned());
        for name in ["home", "home/.config", "home/.config/aws-connector"] {
            fs::create_dir(sealed.path(name)).expect("a new folder");
            sealed.own(sealed.path(name));
        }
        let full = everyday_command();
        let small = [CREDENTIAL_PROCESS, DOCKER_HELPER, EKS_TOKEN].map(Path::new);
        for binary in small.into_iter().chain([full.as_path()]) {
            let name = binary.file_name().and_then(|name| name.to_str());
            // Another user may not have access to the build folder.
            fs::copy(binary, sealed.path(name.expect("a name"))).expect("a copy of the binary");
        }
        let profile = sealed.path("home/.config/aws-connector/connectors.toml");
        let text = format!(
            r#"default_connector = "dev"
[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "{}"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = "{SECRET}"
role_arn = "arn:aws:iam::123456789012:role/dev"
down_scope = false
cache = "keyring"
"#,
            sealed.aws.url()
        );
        fs::write(&profile, text).expect("a new file");
        fs::set_permissions(&profile, fs::Permissions::from_mode(0o600)).expect("an own file");
        sealed.own(profile);
        sealed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn own(&self, path: PathBuf) {
        chown(path, Some(self.uid), Some(self.uid)).expect("root may give files away");
    }

    /// A shell of the user in a new session keyring that has no link to the user's, as under cron or sudo. `before` wraps it (`strace …`).
    fn shell(&self, before: &[&str], script: &str) -> Run {
        let id = self.uid.to_string();
        let mut command: Command = self.machine.command("setpriv");
        command
            .args(["--reuid", &id, "--regid", &id, "--clear-groups"])
            .args(["keyctl", "session", "-"])
            .args(before)
            .args(["sh", "-ec", script])
            .env("HOME", self.path("home"))
            .env("AWS_CONNECTOR_REFRESH_AHEAD", "off")
            .env("PROCESS", self.path("aws-connector-credential-process"))
            .env("DOCKER", self.path("docker-credential-aws-connector"))
            .env("PLUGIN", self.path("aws-connector-eks-token"))
            .current_dir(self.path("home"));
        Run::of(&command)
    }

    fn entries(&self) -> Vec<(PathBuf, String)> {
        let list = fs::read_dir(self.path("home/.cache/aws-connector"));
        let mut all: Vec<(PathBuf, String)> = list
            .into_iter()
            .flatten()
            .map(|item| item.expect("a file of the cache").path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .map(|path| (path.clone(), fs::read_to_string(path).expect("an entry")))
            .collect();
        all.sort();
        all
    }

    fn minted(&self) -> usize {
        self.aws.count("sts", "AssumeRole")
    }
}

impl Drop for Sealed {
    /// Removes the key, so that the next run creates one again; the kernel would keep it for days.
    fn drop(&mut self) {
        self.shell(&[], &format!("{LOSE_THE_KEY} || true"));
    }
}

/// Removes the key, as a reboot does.
const LOSE_THE_KEY: &str = "keyctl unlink \"$(keyctl search @u user aws-connector:cache)\" @u";

const ALL_THREE: &str = "\"$PROCESS\"; echo 123456789012.dkr.ecr.us-east-1.amazonaws.com | \"$DOCKER\" get; \
                         \"$PLUGIN\" --cluster prod";

#[test]
fn encrypted_entries_are_hits_in_every_session_of_the_user_and_contain_no_plain_text() {
    let sealed = Sealed::new(61_801);
    let first = sealed.shell(&[], ALL_THREE).succeeded();
    let document: serde_json::Value =
        serde_json::from_str(first.lines().next().unwrap_or_default()).expect("a document");
    let docker: serde_json::Value =
        serde_json::from_str(first.lines().nth(1).unwrap_or_default()).expect("a document");
    for _ in 0..2 {
        let again = sealed.shell(&[], ALL_THREE).succeeded();
        assert_eq!(
            again.lines().take(2).collect::<Vec<_>>(),
            first.lines().take(2).collect::<Vec<_>>()
        );
    }
    assert_eq!(
        (sealed.minted(), sealed.aws.count("ecr", "*")),
        (1, 1),
        "{:#?}",
        sealed.aws.calls()
    );
    let entries = sealed.entries();
    assert_eq!(entries.len(), 2);
    for (path, text) in entries {
        let text_of = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        for hidden in [
            text_of(&document["AccessKeyId"]),
            text_of(&document["SecretAccessKey"]),
            text_of(&document["SessionToken"]),
            text_of(&docker["Secret"]),
            "assumed-role".to_owned(),
        ] {
            assert!(!text.contains(&hidden), "{}: {text}", path.display());
        }
        assert!(text.contains("\"sealed\""), "{}: {text}", path.display());
    }
}

#[test]
fn a_lost_key_voids_the_entries_encrypted_with_it() {
    let sealed = Sealed::new(61_802);
    sealed.shell(&[], "\"$PROCESS\"").succeeded();
    let before = sealed.entries();
    sealed.shell(&[], LOSE_THE_KEY).succeeded();
    sealed.shell(&[], "\"$PROCESS\"").succeeded();
    assert_eq!(sealed.minted(), 2);
    let after = sealed.entries();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!(before[0].0, after[0].0, "the same entry, encrypted again");
    assert_ne!(before[0].1, after[0].1);
    sealed.shell(&[], "\"$PROCESS\"").succeeded();
    assert_eq!(sealed.minted(), 2);
}

#[test]
fn a_modified_encrypted_entry_is_a_miss() {
    let sealed = Sealed::new(61_803);
    sealed.shell(&[], "\"$PROCESS\"").succeeded();
    let (path, text) = sealed.entries().remove(0);
    let mut entry: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cipher = entry["payload"]["sealed"]
        .as_str()
        .expect("a text")
        .to_owned();
    let last = if cipher.starts_with('A') { "B" } else { "A" };
    entry["payload"]["sealed"] = format!("{last}{}", &cipher[1..]).into();
    fs::write(path, entry.to_string()).expect("root writes it");
    sealed.shell(&[], "\"$PROCESS\"").succeeded();
    assert_eq!(sealed.minted(), 2);
}

#[test]
fn without_a_kernel_keyring_the_command_works_uncached_with_one_warning() {
    let sealed = Sealed::new(61_804);
    // As in a container whose seccomp filter blocks keyrings.
    let strace = [
        "strace",
        "-f",
        "-qqq",
        "-o",
        "/dev/null",
        "-e",
        "inject=keyctl,add_key,request_key:error=ENOSYS",
    ];
    for minted in 1..=2 {
        let run = sealed.shell(&strace, "\"$PROCESS\"");
        // keyctl prints which session it joined.
        let ours = |line: &&str| !line.starts_with("Joined session keyring");
        let told: Vec<String> = run.stderr.lines().filter(ours).map(str::to_owned).collect();
        let said = run.succeeded();
        assert!(said.contains("\"AccessKeyId\":\"ASIA"), "{said}");
        assert!(
            told.len() == 1
                && told[0].ends_with(
                    "requires the kernel keyring: Function not implemented (os error 38)"
                ),
            "{told:?}"
        );
        assert_eq!(sealed.minted(), minted);
    }
    assert_eq!(sealed.entries().len(), 0);
}
