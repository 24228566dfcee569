//! The files of real clients, where they cannot be edited as usual.

use std::fs;

use aws_standin::Standin;

use crate::everyday::KINDS;
use crate::support::{Machine, Run, connectors, everyday_command};

/// A user other than the one who runs the tests.
const ANN: u32 = 4711;

#[test]
fn a_full_disk_leaves_every_file_unchanged() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    for (kind, file, flags) in KINDS {
        let path = machine.home().join(file);
        let folder = path.parent().expect("a file has a folder");
        let text = if kind == "docker" { "{}" } else { "# mine\n" };
        for limit in ["nr_inodes=2", "size=4k"] {
            fs::create_dir_all(folder).expect("a folder");
            let mut mount = machine.command("mount");
            mount
                .args(["-t", "tmpfs", "-o", limit, "tmpfs"])
                .arg(folder);
            Run::of(&mount).succeeded();
            fs::write(&path, text).expect("a small file");
            let mut login = machine.command(everyday_command());
            let told = Run::of(login.args(["login", "dev", "--yes"]).args(flags)).failed();
            assert!(
                told.contains(&format!("{} cannot be written: ", path.display())),
                "{told}"
            );
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
            assert_eq!(
                fs::read_dir(folder).expect("the folder").count(),
                1,
                "{limit}"
            );
            Run::of(machine.command("umount").arg(folder)).succeeded();
            // The record contains no change that was not made.
            let mut logout = machine.command(everyday_command());
            let told = Run::of(logout.args(["logout", "dev", "--yes"])).succeeded();
            assert!(told.contains("Nothing is wired"), "{told}");
            let record = machine.home().join(".config/aws-connector/wiring.json");
            assert!(!record.exists(), "{limit} {file}");
        }
    }
}

#[test]
fn a_mounted_or_read_only_file_is_not_edited() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let path = machine.write("home/.aws/config", "# mine\n");
    let of_the_host = machine.write("host", "# mine\n");
    let folder = path.parent().expect("a file has a folder");
    let (path_told, folder_told) = (path.display().to_string(), folder.display().to_string());
    let host_told = of_the_host.display().to_string();
    for (mount, target, told) in [
        (
            ["--bind", &host_told, &path_told],
            &path_told,
            "the file is a mount point",
        ),
        (
            ["--bind", &folder_told, &folder_told],
            &folder_told,
            "Read-only file system",
        ),
    ] {
        Run::of(machine.command("mount").args(mount)).succeeded();
        if told.starts_with("Read-only") {
            let remount = ["-o", "remount,bind,ro", target.as_str()];
            Run::of(machine.command("mount").args(remount)).succeeded();
        }
        let mut login = machine.command(everyday_command());
        let said = Run::of(login.args(["login", "dev", "--yes"])).failed();
        // Prints the lines to add, and why the file was not edited.
        assert!(said.contains("+[profile aws-connector-dev]"), "{said}");
        assert!(
            said.contains("config cannot be written: ") && said.contains(told),
            "{said}"
        );
        assert_eq!(fs::read_to_string(&path).expect("the file"), "# mine\n");
        assert_eq!(fs::read_dir(folder).expect("the folder").count(), 1);
        Run::of(machine.command("umount").arg(target)).succeeded();
    }
}

#[test]
fn files_edited_by_root_keep_their_owner() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    for (kind, file, flags) in KINDS {
        let path = machine.write(
            &format!("home/{file}"),
            if kind == "docker" { "{}" } else { "" },
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
        chown(&path, Some(ANN), Some(ANN + 1)).expect("another owner");
        for args in [
            &[&["login", "dev", "--yes"], flags].concat()[..],
            &["logout", "dev", "--yes"],
        ] {
            let mut command = machine.command(everyday_command());
            Run::of(command.args(args)).succeeded();
            let meta = fs::metadata(&path).expect("the file");
            let owner = (meta.uid(), meta.gid(), meta.mode() & 0o777);
            assert_eq!(owner, (ANN, ANN + 1, 0o640), "{file} {args:?}");
        }
    }
}
