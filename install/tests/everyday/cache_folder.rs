//! verify tries whether sessions can be cached.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Machine, ran};

#[test]
fn verify_reports_a_cache_folder_that_cannot_be_used() {
    let machine = Machine::with_connectors();
    let file = machine.write("file", "");
    let open = machine.path("open folder");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    let open = open.to_str().unwrap();
    let cache = |folder: &str| {
        let args = [
            "verify",
            "base",
            "--resource-type",
            "aws-generic",
            "--output=json",
        ];
        let mut command = machine.command();
        let ran = ran(command.env("AWS_CONNECTOR_CACHE_DIR", folder).args(args));
        let document = ran.json();
        let steps = document["steps"].as_array().unwrap();
        let found = steps.iter().find(|step| step["step"] == "cache").unwrap();
        ["state", "detail", "fix"].map(|key| found[key].as_str().unwrap_or_default().to_owned())
    };
    for (folder, why) in [
        ("/proc/x", "cannot create /proc/x: "),
        (file.to_str().unwrap(), "not a folder"),
    ] {
        let [state, detail, fix] = cache(folder);
        assert_eq!(state, "failed", "{detail}");
        assert!(detail.contains(why), "{detail}");
        assert!(fix.starts_with("set AWS_CONNECTOR_CACHE_DIR to"), "{fix}");
    }
    let [state, _, fix] = cache(open);
    assert_eq!(
        (state.as_str(), fix),
        ("failed", format!("chmod 700 '{open}'"))
    );
    let mut shell = std::process::Command::new("sh");
    ran(shell.args(["-c", &format!("chmod 700 '{open}'")])).ok();
    assert_eq!(cache(open)[0], "ok");
}
