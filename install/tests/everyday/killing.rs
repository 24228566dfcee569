//! kill -9 at any time: each of the user's files is the old or the new one, and the next run
//! completes the change.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Machine, Ran};

/// The number of kills and the seed, which reproduces a failure; as in `tests/faults`.
fn size(variable: &str, usual: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(usual, |text| text.parse().unwrap())
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

type Snapshot = BTreeMap<PathBuf, (Option<String>, u32)>;

/// The empty lock file of commands; after a kill it remains until the next command that writes.
const LOCK: &str = ".aws-connector.lock";

/// Every file except the cache and the lock, with its bytes and mode, and every folder.
fn snapshot(machine: &Machine) -> Snapshot {
    let mut all = BTreeMap::new();
    let mut folders = vec![machine.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(machine.home()).unwrap().to_owned();
            if name.starts_with(".cache") || name.starts_with("bin") || name.ends_with(LOCK) {
                continue;
            }
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            if path.is_dir() {
                all.insert(name, (None, mode));
                folders.push(path);
            } else {
                all.insert(name, (Some(fs::read_to_string(&path).unwrap()), mode));
            }
        }
    }
    all
}

/// Commands in the order in which a user would run them.
fn story(machine: &Machine) -> Vec<Vec<String>> {
    let url = machine.standin.url();
    let lines = [
        &format!(
            "register extra --auth-method iam-role --source-connector base --region us-east-1 --role-arn arn:aws:iam::123456789012:role/dev --endpoint-url {url} --no-verify"
        ),
        "login dev --yes",
        "login dev --yes --resource-type docker-registry",
        "login dev --yes --resource-type kubernetes-cluster --resource-id prod",
        "update dev --description changed",
        "login extra --yes",
        "delete extra --yes",
        "update dev --description original",
        "logout dev --yes",
    ];
    lines
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .to_vec()
}

/// The files of other programs.
fn of_others(mut all: Snapshot) -> Snapshot {
    all.retain(|name, _| !name.starts_with(".config"));
    all
}

/// Errors of a command that is repeated after it completed.
const DONE_ALREADY: [&str; 2] = [
    "connector 'extra' already exists",
    "connector \"extra\" not found",
];

/// Files that a killed process may leave until the next run.
fn is_litter(name: &Path) -> bool {
    let hidden = name
        .file_name()
        .is_some_and(|last| last.to_string_lossy().starts_with(".aws-connector-"));
    hidden || (name.starts_with("tmp") && name != Path::new("tmp"))
}

/// Whether a run has started to write: something in the folders of its files has changed.
fn has_begun(machine: &Machine, before: &[(PathBuf, Vec<String>)]) -> bool {
    before
        .iter()
        .any(|(folder, names)| names_in(machine, folder) != *names)
}

fn names_in(machine: &Machine, folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(machine.path("").join(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != LOCK)
        .collect();
    names.sort();
    names
}

fn start(machine: &Machine, args: &[String]) -> Child {
    machine
        .command()
        .args(args)
        .env("TMPDIR", machine.path("tmp"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn run(machine: &Machine, args: &[String]) -> Ran {
    crate::support::ran(
        machine
            .command()
            .args(args)
            .env("TMPDIR", machine.path("tmp")),
    )
}

#[test]
fn a_kill_at_any_time_leaves_each_file_old_or_new() {
    let machine = Machine::with_connectors();
    fs::create_dir(machine.path("tmp")).unwrap();
    for (file, text, mode) in [
        (
            ".aws/config",
            "# mine\n[default]\r\nregion = us-east-1",
            0o640,
        ),
        (".docker/config.json", "{\n\t\"auths\": {}\n}", 0o600),
    ] {
        let path = machine.write(file, text);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let folders = [".aws", ".docker", ".kube", ".config/aws-connector"].map(PathBuf::from);
    let seed = size("FAULTS_SEED", 0x5eed_1234);
    let mut dice = Dice(seed);
    let story = story(&machine);
    run(&machine, &story[7]).ok();
    let original = snapshot(&machine);
    let mut longest = Duration::from_millis(20);
    let (mut cut_short, mut writing) = (0, 0);
    for number in 0..size("FAULTS_KILLS", 36) {
        let args = &story[usize::try_from(number).unwrap() % story.len()];
        let told = format!("kill {number} of seed {seed}: {args:?}");
        let old = snapshot(&machine);
        let names = folders.clone().map(|folder| {
            let names = names_in(&machine, &folder);
            (folder, names)
        });

        let started = Instant::now();
        let mut victim = start(&machine, args);
        if dice.below(3) == 0 {
            let span = u64::try_from(longest.as_micros()).unwrap();
            std::thread::sleep(Duration::from_micros(dice.below(span)));
        } else {
            // Kill it between its writes.
            while victim.try_wait().unwrap().is_none() && !has_begun(&machine, &names) {}
            writing += 1;
            std::thread::sleep(Duration::from_micros(dice.below(3000)));
        }
        victim.kill().unwrap();
        if victim.wait().unwrap().code().is_none() {
            cut_short += 1;
        }
        let middle = snapshot(&machine);

        if args[..2] == ["login", "dev"] && dice.below(3) == 0 {
            // A logout right after the kill restores the files too.
            run(&machine, &story[8]).ok();
            assert_eq!(
                of_others(snapshot(&machine)),
                of_others(original.clone()),
                "{told}"
            );
        }
        let again = Instant::now();
        let ran = run(&machine, args);
        longest = longest.max(again.elapsed().min(started.elapsed() * 4));
        assert!(
            ran.status == 0 || DONE_ALREADY.iter().any(|done| ran.stderr.contains(done)),
            "{told}: {ran:#?}"
        );
        let new = snapshot(&machine);
        for name in old.keys().chain(middle.keys()) {
            let (was, is, will) = (old.get(name), middle.get(name), new.get(name));
            let ours = name.ends_with("wiring.json");
            assert!(
                is == was || is == will || ours || is_litter(name),
                "{told}: {} is {is:?}, was {was:?}, will be {will:?}",
                name.display()
            );
            if let Some((Some(text), _)) = is.filter(|_| ours) {
                serde_json::from_str::<serde_json::Value>(text).unwrap();
            }
        }
        let litter: Vec<_> = new
            .keys()
            .filter(|name| {
                let name = name.to_string_lossy();
                name.contains("/.") && !name.starts_with('.')
                    || name.contains("/.aws-")
                    || name.starts_with("tmp/")
            })
            .collect();
        assert!(litter.is_empty(), "{told}: {litter:?}");
        if args[0] == "logout" {
            assert_eq!(new, original, "{told}");
        }
    }
    assert!(
        cut_short > 0 && writing > 0,
        "no process was killed in time"
    );
}
