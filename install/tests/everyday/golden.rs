//! Shell sessions, compared verbatim with `tests/goldens/*.txt`.
//!
//! A golden is a transcript: `$ command`, run by a shell on its own machine with the connectors
//! `base` and `dev`; `| ` standard output, `! ` standard error, `? ` an exit status other than 0.
//! Between them are `# ` comments, and `@ ` changes of the machine or of AWS:
//!
//! | line | effect |
//! |---|---|
//! | `@ empty` | no connectors |
//! | `@ file PATH`, `@ append PATH` | the `| ` lines that follow replace the file, or are appended |
//! | `@ program PATH` | the same, and make it executable |
//! | `@ chmod MODE PATH` | change permissions |
//! | `@ only ARN ACTION…` | the user or role can do nothing else |
//! | `@ fault SERVICE ACTION KIND` | AWS fails: access-denied, throttle, garbage |
//! | `@ restore` | AWS works again |
//! | `@ no-key ID` | AWS does not know the access key |
//! | `@ clock SECONDS` | AWS's clock, ahead of this machine's |
//! | `@ cluster NAME` | start a cluster |
//! | `@ map NAME ARN` | map only this principal in the cluster |
//!
//! Only the output of `export`, `exec` and `cat` may contain a secret.
//!
//! `UPDATE_GOLDENS=1` rewrites all of them; review the diff.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_standin::{Cluster, Fault, FaultKind, SECRET_ACCESS_KEY};

use crate::mask::Mask;
use crate::support::{Machine, Ran, ran};

/// A golden that is being run.
struct Scene {
    machine: Machine,
    mask: Mask,
    clusters: Vec<(String, Cluster)>,
    /// The transcript as it should be.
    text: String,
}

impl Scene {
    fn new(empty: bool) -> Self {
        let machine = Machine::at_aws();
        if empty {
            fs::remove_dir_all(machine.path(".config")).unwrap();
        }
        Self {
            mask: Mask::new(&machine),
            machine,
            clusters: Vec::new(),
            text: String::new(),
        }
    }

    fn shell(&mut self, command: &str) {
        let mut shell = std::process::Command::new("sh");
        let like = self.machine.command();
        shell
            .args(["-c", command])
            .env_clear()
            .envs(
                like.get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(self.machine.home())
            .stdin(std::process::Stdio::null());
        let ran = ran(&mut shell);
        if !["export", "exec", "cat"]
            .iter()
            .any(|verb| command.contains(verb))
        {
            for secret in self.secrets() {
                let told = ran.stdout.contains(&secret) || ran.stderr.contains(&secret);
                assert!(!told, "{command} prints a secret: {ran:#?}");
            }
        }
        self.note(&ran);
    }

    /// The user's key, and the secrets in the cache.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![SECRET_ACCESS_KEY.to_owned()];
        let entries = fs::read_dir(self.machine.path(".cache/aws-connector"));
        for entry in entries.into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let entry: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            for part in ["secret_access_key", "session_token", "password"] {
                secrets.extend(entry["payload"][part].as_str().map(str::to_owned));
            }
        }
        secrets
    }

    fn note(&mut self, ran: &Ran) {
        for (mark, output) in [("|", &ran.stdout), ("!", &ran.stderr)] {
            let output = self.mask.apply(output);
            for line in output.split_inclusive('\n') {
                // Mark a last line without a line break.
                let end = if line.ends_with('\n') {
                    ""
                } else {
                    " (no line end)"
                };
                let line = line.trim_end_matches('\n');
                let gap = if line.is_empty() { "" } else { " " };
                self.text.push_str(&format!("{mark}{gap}{line}{end}\n"));
            }
        }
        if ran.status != 0 {
            self.text.push_str(&format!("? {}\n", ran.status));
        }
    }

    fn happen(&mut self, what: &str, lines: &str) {
        let words: Vec<&str> = what.split_whitespace().collect();
        let machine = &self.machine;
        let aws = &machine.standin;
        match words.as_slice() {
            ["empty"] => {}
            ["file", path] => drop(machine.write(path, &self.mask.undo(lines))),
            ["append", path] => {
                let text = machine.read(path) + &self.mask.undo(lines);
                machine.write(path, &text);
            }
            ["program", path] => {
                let path = machine.write(path, lines);
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            ["chmod", mode, path] => {
                let mode = u32::from_str_radix(mode, 8).unwrap();
                fs::set_permissions(machine.path(path), fs::Permissions::from_mode(mode)).unwrap();
            }
            ["only", arn, actions @ ..] => {
                let policy = serde_json::json!({"Version": "2012-10-17", "Statement":
                    [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
                aws.set_identity_policy(arn, Some(&policy.to_string()));
            }
            ["fault", service, action, kind] => aws.fault(Fault {
                service: (*service).to_owned(),
                action: (*action).to_owned(),
                kind: match *kind {
                    "access-denied" => FaultKind::AccessDenied,
                    "throttle" => FaultKind::Throttle,
                    "garbage" => FaultKind::Garbage,
                    other => panic!("unknown fault: {other}"),
                },
                times: None,
            }),
            ["restore"] => aws.clear_faults(),
            ["no-key", id] => aws.remove_key(id),
            ["clock", seconds] => aws.set_clock_offset(seconds.parse().unwrap()),
            ["cluster", name] => {
                let cluster = Cluster::start(aws, name);
                self.mask.cluster(name, &cluster);
                self.clusters.push((name.to_string(), cluster));
            }
            ["map", name, arn] => {
                let (_, cluster) = self.clusters.iter().find(|(one, _)| one == name).unwrap();
                cluster.map_only(&[arn]);
            }
            other => panic!("unknown line: @ {other:?}"),
        }
    }
}

/// Runs a golden and returns the transcript as it should be.
fn play(golden: &str) -> String {
    let mut scene = Scene::new(golden.lines().any(|line| line == "@ empty"));
    let mut lines = golden.lines().peekable();
    while let Some(line) = lines.next() {
        let is_output = line.starts_with(['|', '!', '?']);
        if is_output {
            continue;
        }
        scene.text.push_str(line);
        scene.text.push('\n');
        if let Some(command) = line.strip_prefix("$ ") {
            scene.shell(command);
        } else if let Some(what) = line.strip_prefix("@ ") {
            let mut text = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                scene.text.push_str(line);
                scene.text.push('\n');
                text.push_str(line.strip_prefix("| ").unwrap_or_default());
                text.push('\n');
            }
            scene.happen(what, &text);
        } else {
            assert!(
                line.is_empty() || line.starts_with('#'),
                "a golden has no line of the form {line:?}"
            );
        }
    }
    scene.text
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

/// Runs `tests/goldens/NAME.txt`.
#[track_caller]
fn check(name: &str) {
    let path = folder().join(format!("{name}.txt"));
    let golden = fs::read_to_string(&path).unwrap();
    let said = play(&golden);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, said).unwrap();
        return;
    }
    snapbox::assert_data_eq!(said, snapbox::Data::text(golden).raw());
}

/// One test for each golden, so that they run in parallel; a golden without a test fails below.
macro_rules! goldens {
    ($($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { check(stringify!($name)); })+

        #[test]
        fn every_golden_is_run() {
            let mut known = vec![$(format!("{}.txt", stringify!($name))),+];
            known.sort();
            let mut there: Vec<String> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            there.sort();
            assert_eq!(known, there);
        }
    };
}

goldens!(
    auto_configure,
    cache,
    completions_and_man,
    delete,
    describe,
    describe_client,
    doctor_caveats,
    doctor_machine,
    doctor_obstacles,
    exec,
    export,
    import,
    list,
    list_resources,
    list_types,
    login,
    logout,
    register,
    registries,
    status,
    tour,
    update,
    verify,
    wiring,
);

#[test]
fn every_command_has_goldens_for_its_table_its_json_and_an_error() {
    let all: String = fs::read_dir(folder())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let machine = Machine::new();
    let help = machine.run(&["--help"]).ok().stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for command in commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
    {
        let spelt = format!("aws-connector {command}");
        let chunks: Vec<&str> = all
            .split("\n$ ")
            .filter(|chunk| chunk.contains(&spelt))
            .collect();
        let any = |what: &dyn Fn(&str) -> bool| chunks.iter().any(|chunk| what(chunk));
        assert!(any(&|chunk| !chunk.contains("\n? ")), "{command} succeeds");
        assert!(any(&|chunk| chunk.contains("\n? ")), "{command} fails");
        // These three print neither a table nor JSON.
        if !matches!(command, "exec" | "completions" | "man") {
            let json = |chunk: &str| chunk.contains("--output json") && chunk.contains("\n| ");
            assert!(any(&json), "{command} --output json");
        }
    }
}
