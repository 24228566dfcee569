//! install.sh and package.sh: the files they create, and that uninstalling removes them.
//! Over 300 lines, because installing, packaging and uninstalling check the same tree of files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::{assert_data_eq, str};

use crate::support::{Machine, Ran, ran};

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn with_path(machine: &Machine, script: &Path, path: &str, args: &[&str]) -> Ran {
    ran(Command::new("bash")
        .arg(script)
        .args(args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", machine.home())
        .env("TMPDIR", machine.home())
        .current_dir(machine.home()))
}

fn script(machine: &Machine, args: &[&str]) -> Ran {
    with_path(machine, &own("install.sh"), "/usr/bin:/bin", args)
}

fn from(machine: &Machine) -> String {
    machine.path("bin").display().to_string()
}

/// Every file and folder below a folder.
fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            all.insert(path.strip_prefix(folder).unwrap().to_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    all
}

/// Checks that everything is installed in a folder.
#[track_caller]
fn holds_everything(prefix: &Path, completions: [&str; 3]) {
    for (name, mode) in [
        ("bin/aws-connector", 0o755),
        ("bin/aws-connector-credential-process", 0o755),
        ("bin/docker-credential-aws-connector", 0o755),
        ("bin/aws-connector-eks-token", 0o755),
        (completions[0], 0o644),
        (completions[1], 0o644),
        (completions[2], 0o644),
    ] {
        let meta = fs::metadata(prefix.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(meta.permissions().mode() & 0o777, mode, "{name}");
        assert!(meta.len() > 0, "{name}");
    }
    let pages: Vec<String> = fs::read_dir(prefix.join("share/man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in [
        "aws-connector",
        "aws-connector-login",
        "aws-connector-cache-clear",
    ] {
        let there = pages
            .iter()
            .any(|name| name.starts_with(&format!("{page}.1")));
        assert!(there, "{page} {pages:?}");
    }
}

const COMPLETIONS: [&str; 3] = [
    "share/bash-completion/completions/aws-connector",
    "share/zsh/site-functions/_aws-connector",
    "share/fish/vendor_completions.d/aws-connector.fish",
];

#[test]
fn install_can_be_repeated_and_uninstall_leaves_nothing() {
    let machine = Machine::new();
    let before = tree(machine.home());
    for _ in 0..2 {
        let ran = script(&machine, &["--from", &from(&machine)]).ok();
        assert_data_eq!(
            ran.stdout,
            str![[r#"
Installed aws-connector [..] into [..]/.local.
Add it to PATH, where Docker looks for its helper: export PATH="[..]/.local/bin:$PATH"
Next: aws-connector register dev --auto-configure

"#]]
        );
        assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    }
    holds_everything(&machine.path(".local"), COMPLETIONS);
    // It works from there, and prints no note if it comes first on PATH.
    let path = format!("{}/.local/bin:/usr/bin:/bin", machine.home().display());
    let again = with_path(
        &machine,
        &own("install.sh"),
        &path,
        &["--from", &from(&machine)],
    )
    .ok();
    assert_eq!(again.stdout.lines().count(), 2, "{}", again.stdout);
    ran(Command::new("aws-connector")
        .arg("list-types")
        .env("PATH", path))
    .ok();
    let gone = script(&machine, &["--uninstall"]).ok();
    assert_eq!(gone.stdout, "Removed aws-connector.\n");
    assert_eq!(tree(machine.home()), before);
    let twice = script(&machine, &["--uninstall"]);
    assert!(
        twice.status == 1 && twice.stderr.contains("nothing is installed in"),
        "{twice:#?}"
    );
    assert_eq!(tree(machine.home()), before);
}

#[test]
fn uninstall_keeps_the_files_of_others() {
    let machine = Machine::new();
    machine.write("opt/my tools/bin/of-somebody-else", "");
    fs::create_dir_all(machine.path("opt/my tools/share/man/man1")).unwrap();
    machine.write(".cache/another/x", "");
    machine.write(".cache/aws-connector/entry.json", "{}");
    machine.write(".config/aws-connector/connectors.toml", "");
    let mut before = tree(machine.home());
    let prefix = ["--prefix", "opt/my tools"];
    script(
        &machine,
        &[&prefix[..], &["--from", &from(&machine)]].concat(),
    )
    .ok();
    holds_everything(&machine.path("opt/my tools"), COMPLETIONS);
    let wrong = script(&machine, &["--prefix", "opt/other", "--uninstall"]);
    assert!(
        wrong.status == 1 && !machine.path("opt/other").exists(),
        "{wrong:#?}"
    );
    let gone = script(&machine, &[&prefix[..], &["--uninstall"]].concat()).ok();
    assert!(
        gone.stdout.contains("pass --uninstall --purge to"),
        "{gone:#?}"
    );
    before.retain(|path| !path.starts_with(".cache/aws-connector"));
    assert_eq!(tree(machine.home()), before);
    let purged = script(
        &machine,
        &[&prefix[..], &["--uninstall", "--purge"]].concat(),
    )
    .ok();
    assert_eq!(purged.stdout, "Removed aws-connector and its connectors.\n");
    before.retain(|path| !path.starts_with(".config"));
    assert_eq!(tree(machine.home()), before);
    let again = script(&machine, &["--uninstall", "--purge"]);
    assert!(
        again.stderr.contains("nothing is installed in"),
        "{again:#?}"
    );
}

#[test]
fn install_ignores_the_umask_and_does_not_write_through_a_planted_link() {
    let machine = Machine::new();
    let victim = machine.write("victim", "precious");
    for name in [
        "bin/aws-connector",
        "share/aws-connector/installed",
        COMPLETIONS[1],
    ] {
        let link = machine.path(".local").join(format!("{name}.new"));
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&victim, link).unwrap();
    }
    for umask in ["000", "077"] {
        let line = format!(
            "umask {umask}; HOME='{}' bash '{}' --from bin",
            machine.home().display(),
            own("install.sh").display()
        );
        ran(Command::new("bash")
            .args(["-c", &line])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TMPDIR", machine.home())
            .current_dir(machine.home()))
        .ok();
        assert_eq!(machine.read("victim"), "precious");
        holds_everything(&machine.path(".local"), COMPLETIONS);
        for (path, expected) in [
            ("share/aws-connector/installed", 0o644),
            ("share/man/man1", 0o755),
            ("share/fish", 0o755),
        ] {
            let meta = fs::metadata(machine.path(".local").join(path)).unwrap();
            assert_eq!(
                meta.permissions().mode() & 0o777,
                expected,
                "{umask} {path}"
            );
        }
        script(&machine, &["--uninstall"]).ok();
    }
    let left = tree(machine.home());
    assert!(
        left.iter()
            .all(|path| !path.to_string_lossy().contains(".new.")),
        "{left:?}"
    );
}

#[test]
fn package_does_not_write_through_a_link() {
    let machine = Machine::new();
    let victim = machine.write("victim", "precious");
    let made = packed(&machine);
    for path in &made {
        let sum = format!("{}.sha256", path.display());
        for name in [path.clone(), sum.into()] {
            fs::remove_file(&name).unwrap();
            std::os::unix::fs::symlink(&victim, &name).unwrap();
        }
    }
    assert_eq!(packed(&machine), made);
    assert_eq!(machine.read("victim"), "precious");
    for path in &made {
        assert!(fs::symlink_metadata(path).unwrap().is_file());
    }
    let names = tree(&machine.path("dist"));
    assert_eq!(names.len(), 2 * made.len(), "{names:?}");
}

#[test]
fn installing_a_new_version_removes_files_of_the_old_one() {
    let machine = Machine::new();
    script(&machine, &["--from", &from(&machine)]).ok();
    let list = ".local/share/aws-connector/installed";
    let old = machine.path(".local/share/man/man1/aws-connector-gone.1");
    fs::write(&old, "").unwrap();
    let text = machine.read(list);
    machine.write(list, &format!("{text}{}\n", old.display()));
    script(&machine, &["--from", &from(&machine)]).ok();
    assert!(!old.exists());
    assert_eq!(machine.read(list), text);
}

#[test]
fn an_interrupted_install_can_be_repeated_or_uninstalled() {
    // Make the install fail at the last file.
    let machine = Machine::new();
    let before = tree(machine.home());
    fs::create_dir_all(machine.path(".local/share/fish/vendor_completions.d/aws-connector.fish/x"))
        .unwrap();
    let failed = script(&machine, &["--from", &from(&machine)]);
    assert_ne!(failed.status, 0, "{failed:#?}");
    assert!(machine.path(".local/bin/aws-connector").exists());
    fs::remove_dir_all(machine.path(".local/share/fish")).unwrap();
    script(&machine, &["--uninstall"]).ok();
    // Only the test's own obstacle remains.
    fs::remove_dir(machine.path(".local/share")).unwrap();
    fs::remove_dir(machine.path(".local")).unwrap();
    assert_eq!(tree(machine.home()), before);
}

#[test]
fn uninstall_does_not_leave_programs_wired_to_missing_binaries() {
    let machine = Machine::with_connectors();
    script(&machine, &["--from", &from(&machine)]).ok();
    let login = [
        "login",
        "dev",
        "--yes",
        "--resource-type",
        "docker-registry",
    ];
    machine.run(&login).ok();
    // A connector that is no longer in the file has to be unwired by name.
    let profile = ".config/aws-connector/connectors.toml";
    let text = machine.read(profile);
    machine.write(profile, "");
    let refused = script(&machine, &["--uninstall"]);
    assert!(
        refused.status == 1 && refused.stderr.contains("logout NAME"),
        "{refused:#?}"
    );
    assert!(refused.stderr.contains("\"dev\""), "{refused:#?}");
    machine.write(profile, &text);
    script(&machine, &["--uninstall", "--purge"]).ok();
    assert_eq!(
        tree(machine.home())
            .iter()
            .filter(|path| !path.starts_with("bin"))
            .count(),
        0
    );
}

#[test]
fn uninstall_removes_or_reports_wiring_in_existing_files() {
    let machine = Machine::with_connectors();
    script(&machine, &["--from", &from(&machine)]).ok();
    let file = ".aws/config";
    let before = "[profile work]\nregion = eu-west-1\n";
    machine.write(file, before);
    machine.run(&["login", "dev", "--yes"]).ok();
    assert!(!machine.path(".config/aws-connector/wiring.json").exists());
    // Settings that others added to our profile are not removed.
    let wired = machine.read(file);
    machine.write(file, &format!("{wired}color = red\n"));
    let refused = script(&machine, &["--uninstall"]);
    assert!(
        refused.status == 1 && refused.stderr.contains("aws-connector logout dev"),
        "{refused:#?}"
    );
    assert!(machine.path(".local/bin/aws-connector").exists());
    // Lines written by hand are reported.
    let by_hand = "[profile hand]\ncredential_process = /x/aws-connector-credential-process --connector dev\n";
    machine.write(file, &format!("{by_hand}{wired}"));
    let gone = script(&machine, &["--uninstall"]).ok();
    assert!(
        gone.stdout.contains("\nRemoved aws-connector-dev.\n"),
        "{gone:#?}"
    );
    assert!(gone.stderr.ends_with(".aws/config:2\n"), "{gone:#?}");
    assert_eq!(machine.read(file), format!("{by_hand}{before}"));
}

#[test]
fn lines_that_still_refer_to_it_are_reported_by_file_and_number() {
    let machine = Machine::new();
    script(&machine, &["--from", &from(&machine)]).ok();
    let text = "{\"auths\":{\"x\":{\"auth\":\"c2VjcmV0\"}},\"x\":\"\u{1b}[2J\",\"credHelpers\":{\"y\":\"aws-connector\"}}\n";
    let docker = machine.write(".docker/config.json", text);
    let line = "credential_process = aws-connector-credential-process --password c2VjcmV0\n";
    let aws = machine.write(".aws/config", &format!("[profile x]\n{line}\n{line}"));
    let gone = script(&machine, &["--uninstall"]).ok();
    let (aws, docker) = (aws.display(), docker.display());
    assert_eq!(
        gone.stderr,
        format!(
            "These lines still refer to aws-connector; remove them by hand:\n{aws}:2\n{aws}:4\n{docker}:1\n"
        )
    );
}

#[test]
fn wrong_arguments_and_missing_files_are_reported() {
    let machine = Machine::new();
    for (args, told) in [
        (
            &["--from", "/nowhere"][..],
            "/nowhere/aws-connector not found",
        ),
        (&["--form"], "unknown option --form"),
        (&["--purge"], "--purge requires --uninstall"),
        // Neither binaries nor a compiler.
        (&[], "cargo is not on PATH"),
    ] {
        let ran = script(&machine, args);
        assert!(ran.status != 0 && ran.stderr.contains(told), "{ran:#?}");
    }
    assert!(!machine.path(".local").exists());
    assert!(
        script(&machine, &["--help"])
            .ok()
            .stdout
            .contains("--uninstall --purge")
    );
}

#[test]
fn without_prebuilt_binaries_install_builds_from_source() {
    let machine = Machine::new();
    let script = machine.path("source/install/install.sh");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::copy(own("install.sh"), &script).unwrap();
    // A fake build script, which prints a path relative to the source.
    let program = |name: &str, text: &str| {
        let path = machine.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("cargo/cargo", "#!/bin/sh\nexit 1\n");
    program(
        "source/install/build",
        "#!/bin/sh\necho \"$@\" >asked\necho target/x/release\n",
    );
    fs::create_dir_all(machine.path("source/target/x")).unwrap();
    std::os::unix::fs::symlink(machine.path("bin"), machine.path("source/target/x/release"))
        .unwrap();
    let path = format!("{}:/usr/bin:/bin", machine.path("cargo").display());
    let ran = with_path(&machine, &script, &path, &[]).ok();
    assert!(ran.stdout.starts_with("Building, "), "{ran:#?}");
    assert_eq!(
        machine.read("asked"),
        "--bins -p aws-connector-clients -p aws-connector-install\n"
    );
    holds_everything(&machine.path(".local"), COMPLETIONS);
}

#[test]
fn only_their_owner_can_change_binaries_that_are_built_under_a_lax_umask() {
    let machine = Machine::new();
    let build = machine.path("source/install/build");
    fs::create_dir_all(build.parent().unwrap()).unwrap();
    fs::copy(own("build"), &build).unwrap();
    // Stubs for the compiler.
    for (name, text) in [
        ("rustc", "echo host: x86_64-unknown-linux-gnu"),
        (
            "cargo",
            "mkdir -p target/x86_64-unknown-linux-gnu/release; cd target/x86_64-unknown-linux-gnu/release; touch aws-connector other; chmod 777 aws-connector; chmod 775 other",
        ),
    ] {
        let program = machine.write(&format!("cargo/{name}"), &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", machine.path("cargo").display());
    let ran = with_path(&machine, &build, &path, &[]).ok();
    let folder = "target/x86_64-unknown-linux-gnu/release";
    assert_eq!(ran.stdout, format!("{folder}\n"));
    for name in ["aws-connector", "other"] {
        let meta = fs::metadata(machine.path("source").join(folder).join(name)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o755, "{name}");
    }
}

/// Packs four binaries and returns the packages. A script that calls the test's binary replaces it,
/// since that is large.
fn packed(machine: &Machine) -> Vec<PathBuf> {
    let real = env!("CARGO_BIN_EXE_aws-connector");
    let path = machine.path("bin/aws-connector");
    fs::remove_file(&path).unwrap();
    fs::write(&path, format!("#!/bin/sh\nexec {real} \"$@\"\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = with_path(
        machine,
        &own("package.sh"),
        "/usr/bin:/bin",
        &["--from", "bin", "dist"],
    )
    .ok();
    ran.stdout.lines().map(PathBuf::from).collect()
}

#[track_caller]
fn runs(machine: &Machine, line: &str) -> String {
    let mut shell = Command::new("sh");
    ran(shell.args(["-ec", line]).current_dir(machine.path("dist")))
        .ok()
        .stdout
}

#[test]
fn the_tarball_installs_without_a_compiler_and_its_checksum_is_right() {
    let machine = Machine::new();
    let made = packed(&machine);
    let tarball = made[0].file_name().unwrap().to_str().unwrap().to_owned();
    let name = tarball.strip_suffix(".tar.gz").unwrap();
    assert!(
        name.starts_with(&format!(
            "aws-connector-{}-linux-",
            env!("CARGO_PKG_VERSION")
        )),
        "{name}"
    );
    runs(&machine, &format!("sha256sum --check {tarball}.sha256"));
    let first = fs::read(&made[0]).unwrap();
    packed(&machine);
    assert!(
        fs::read(&made[0]).unwrap() == first,
        "packages must be reproducible"
    );
    runs(&machine, &format!("tar -xzf {tarball}"));
    let folder = machine.path("dist").join(name);
    for file in [
        "LICENSE",
        "README.md",
        "man/aws-connector.1",
        "completions/aws-connector.zsh",
    ] {
        assert!(folder.join(file).exists(), "{file}");
    }
    with_path(&machine, &folder.join("install.sh"), "/usr/bin:/bin", &[]).ok();
    holds_everything(&machine.path(".local"), COMPLETIONS);
    runs(
        &machine,
        &format!("echo x >>{tarball}; ! sha256sum --quiet --check {tarball}.sha256"),
    );
}

#[test]
fn the_debian_package_contains_every_file() {
    let machine = Machine::new();
    let made = packed(&machine);
    let package = made
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "deb"));
    let package = package.unwrap().display();
    runs(&machine, &format!("sha256sum --check {package}.sha256"));
    let about = runs(
        &machine,
        &format!("dpkg-deb --field {package} Package Version Description"),
    );
    let version = format!("Version: {}", env!("CARGO_PKG_VERSION"));
    assert!(
        about.starts_with("Package: aws-connector\n") && about.contains(&version),
        "{about}"
    );
    runs(&machine, &format!("dpkg-deb --extract {package} root"));
    holds_everything(
        &machine.path("dist/root/usr"),
        [
            COMPLETIONS[0],
            "share/zsh/vendor-completions/_aws-connector",
            COMPLETIONS[2],
        ],
    );
    let listed = runs(&machine, &format!("dpkg-deb --contents {package}"));
    assert!(
        listed.lines().all(|line| line.contains(" root/root ")),
        "{listed}"
    );
    // dpkg accepts it.
    runs(
        &machine,
        &format!(
            "[ $(id -u) = 0 ] || exit 0
             export PATH=$PATH:/usr/sbin:/sbin
             mkdir -p fresh/var/lib/dpkg/updates fresh/var/lib/dpkg/info && touch fresh/var/lib/dpkg/status
             dpkg --root=\"$PWD/fresh\" --force-depends --install {package} 2>&1
             test -x fresh/usr/bin/docker-credential-aws-connector
             dpkg --root=\"$PWD/fresh\" --purge aws-connector 2>&1
             ! test -e fresh/usr"
        ),
    );
}
