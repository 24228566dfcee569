//! `install/try`, the demo that the README starts with, with binaries that are already built.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

#[test]
fn the_demo_runs_end_to_end_and_leaves_nothing_behind() {
    let built = Path::new(env!("CARGO_BIN_EXE_aws-connector-credential-process"));
    let built = built.parent().unwrap();
    assert!(
        built.join("aws-standin").exists(),
        "it belongs to another package: cargo build --package aws-standin"
    );
    // As they are after a build under umask 002.
    let lax = tempfile::tempdir().unwrap();
    for name in [
        "aws-connector",
        "aws-connector-credential-process",
        "docker-credential-aws-connector",
        "aws-connector-eks-token",
        "aws-standin",
    ] {
        let copy = lax.path().join(name);
        fs::copy(built.join(name), &copy).unwrap();
        fs::set_permissions(copy, fs::Permissions::from_mode(0o775)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install/try");
    let run = Command::new("bash")
        .arg(script)
        .arg("--from")
        .arg(lax.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        // Settings of the user who runs the demo, which it must ignore.
        .env("AWS_PROFILE", "work")
        .env("AWS_CONNECTOR", "nobody")
        .output()
        .unwrap();
    let stdout = String::from_utf8(run.stdout).unwrap();
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert!(
        run.status.success() && stderr.is_empty(),
        "{stdout}{stderr}"
    );
    for part in [
        "\n{\"Version\":1,\"AccessKeyId\":\"ASIA",
        "\n{\"ServerURL\":\"123456789012.dkr.ecr.us-east-1.amazonaws.com\",\"Username\":\"AWS\"",
        "\n{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\"",
        " 1 AssumeRole\n",
        " 1 GetAuthorizationToken\n",
        " 600 ",
    ] {
        assert!(stdout.contains(part), "{part:?} in\n{stdout}");
    }
    // Three documents with hidden secrets.
    assert_eq!(stdout.matches("(hidden)").count(), 4, "{stdout}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
