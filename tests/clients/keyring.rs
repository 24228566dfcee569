//! Real keyrings: gnome-keyring's Secret Service for secrets, the kernel's keyring for the cache.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_standin::Standin;

use crate::support::{
    CREDENTIAL_PROCESS, DOCKER_HELPER, EKS_TOKEN, Machine, Run, everyday_command,
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const DEV: &str = "arn:aws:sts::123456789012:assumed-role/dev/";

/// A machine with connector `base`, whose secret is in the keyring, and `dev`, which assumes a role from it.
fn with_a_secret_in_the_keyring() -> (Machine, Standin) {
    let (machine, aws) = (Machine::new(), Standin::start());
    machine.write(
        "home/.config/aws-connector/connectors.toml",
        &format!(
            r#"[connectors.base]
auth_method = "secret-key"
region = "us-east-1"
endpoint_url = "{url}"
aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"
aws_secret_access_key = {{ keyring = "aws-connector/base" }}

[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "{url}"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
"#,
            url = aws.url()
        ),
    );
    machine.write(
        "home/.aws/config",
        &format!(
            "[profile base]\nregion = us-east-1\ncredential_process = {CREDENTIAL_PROCESS} --connector base\n\
             [profile dev]\nregion = us-east-1\ncredential_process = {CREDENTIAL_PROCESS} --connector dev\n"
        ),
    );
    (machine, aws)
}

/// A shell in a new D-Bus session with an unlocked keyring. It runs `script` after the daemon has started.
fn in_a_session(machine: &Machine, aws: &Standin, script: &str) -> Run {
    let mut session = machine.client("AWS_V1");
    let aws_cli = session.get_program().to_owned();
    session = machine.command("dbus-run-session");
    let unlock =
        "printf login | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
    session
        .args(["--", "sh", "-ec", &format!("{unlock}\n{script}")])
        .env("AWS", aws_cli)
        .env("PROCESS", CREDENTIAL_PROCESS)
        .env("SECRET", SECRET)
        .env("AWS_ENDPOINT_URL", aws.url());
    Run::of(&session)
}

const STORE: &str =
    "printf %s \"$SECRET\" | secret-tool store --label=base service aws-connector username base\n";

#[test]
fn a_secret_in_the_secret_service_serves_the_aws_cli() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    let who = "\"$AWS\" sts get-caller-identity --query Arn --output text --profile";
    let script = format!("{STORE}{who} base\n{who} dev\n{who} dev");
    let said = in_a_session(&machine, &aws, &script).succeeded();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "arn:aws:iam::123456789012:user/dev");
    assert!(
        lines[1..].iter().all(|line| line.starts_with(DEV)),
        "{said}"
    );
    assert_eq!((lines.len(), aws.count("sts", "AssumeRole")), (3, 1));
}

#[test]
fn a_secret_missing_from_the_keyring_is_an_error_with_the_command_that_stores_it() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    let told = in_a_session(&machine, &aws, "\"$PROCESS\" --connector base").failed();
    assert!(
        told.contains("keyring entry \"aws-connector/base\" is not there")
            && told.contains("secret-tool store --label=base service aws-connector username base"),
        "{told}"
    );
}

#[test]
fn a_keyring_that_cannot_be_unlocked_is_an_error() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    in_a_session(&machine, &aws, STORE).succeeded();
    // Another session with a locked keyring, and no display to prompt for its password.
    let mut session = machine.command("dbus-run-session");
    let locked = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; exec \"$0\" --connector base";
    session.args(["--", "sh", "-c", locked, CREDENTIAL_PROCESS]);
    let told = Run::of(&session).failed();
    assert!(
        told.contains("keyring entry \"aws-connector/base\"")
            && told.contains("unlock the desktop keyring"),
        "{told}"
    );
}

#[test]
fn without_a_keyring_the_command_fails_at_once() {
    let (machine, aws) = with_a_secret_in_the_keyring();
    for bus in [None, Some("unix:path=/nonexistent")] {
        let mut process = machine.command(CREDENTIAL_PROCESS);
        process.args(["--connector", "dev"]);
        if let Some(bus) = bus {
            process.env("DBUS_SESSION_BUS_ADDRESS", bus);
        }
        let began = std::time::Instant::now();
        let told = Run::of(&process).failed();
        assert!(
            told.contains(
                "connector 'base': desktop keyring entry \"aws-connector/base\" is unavailable"
            ) && told.contains("start and unlock the desktop keyring"),
            "{told}"
        );
        assert!(began.elapsed().as_secs() < 19, "{:?}", began.elapsed());
    }
    assert_eq!(aws.calls().len(), 0);
}

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
    /// Removes the key, which the kernel would otherwise keep for days, so that the next run creates one again.
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
