//! Runs the transcript in the README line by line: a new user in a clean account, with real clients and real host names.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use aws_standin::{ACCESS_KEY_ID, Cluster, SECRET_ACCESS_KEY, Standin};
use snapbox::assert_data_eq;

use crate::support::{Engine, Machine, Registry, Run, client, client_on_path, everyday_command};

const README: &str = include_str!("../../README.md");
const PASSWORD: &str = "the-password-of-the-registry";

/// The home of the README's user.
const HOME: &str = "/home/ann";

/// AWS hosts that the clients call. The registry has its own address.
const NAMES: [&str; 7] = [
    "api.ecr.us-east-1.amazonaws.com",
    "eks.us-east-1.amazonaws.com",
    "s3.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "sts.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "data.s3.us-east-1.amazonaws.com",
];

const CONFIG: &str = "[default]\nregion = us-east-1\n";

/// A command and what it prints.
struct Step {
    command: String,
    output: String,
}

/// The commands behind `$ ` in the console blocks of a section, each with the lines below it.
fn transcript(section: &str) -> Vec<Step> {
    let text = README
        .split_once(&format!("\n## {section}\n"))
        .map(|(_, text)| text.split("\n## ").next().unwrap_or(text))
        .expect("the README has the section");
    let mut steps: Vec<Step> = Vec::new();
    let mut console = false;
    for line in text.lines() {
        if line.starts_with("```") {
            console = line == "```console";
        } else if !console {
            continue;
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: String::new(),
            });
        } else {
            let step = steps.last_mut().expect("a command comes first");
            match line.strip_prefix("> ") {
                Some(more) if step.output.is_empty() => step.command += &format!("\n{more}"),
                _ => step.output += &format!("{line}\n"),
            }
        }
    }
    for step in &mut steps {
        // A blank line separates steps.
        step.output = step.output.replace("\n\n", "\n");
    }
    steps
}

/// A new user's machine: the source tree, a configured AWS CLI, and nothing else.
struct Account {
    machine: Machine,
    tools: PathBuf,
    engine: Engine,
}

impl Account {
    fn new(machine: Machine) -> Self {
        let built = everyday_command();
        let built = built.parent().expect("a binary is in a folder");
        let source = env!("CARGO_MANIFEST_DIR");
        machine.write("home/aws-connector/install/install.sh", "");
        fs::copy(
            Path::new(source).join("install/install.sh"),
            machine.path("home/aws-connector/install/install.sh"),
        )
        .expect("a copy of the script");
        // The binaries are already built.
        let build = format!("#!/bin/sh\necho {}\n", built.display());
        program(&machine, "home/aws-connector/install/build", &build);
        program(&machine, "tools/cargo", "#!/bin/sh\nexit 1\n");
        let tools = machine.path("tools");
        for (name, client) in [
            ("aws", Some(client("AWS_V2"))),
            ("docker", Some(client("DOCKER"))),
            ("skopeo", Some(client("SKOPEO"))),
            ("kubectl", client_on_path("KUBECTL")),
        ] {
            if let Some(client) = client {
                symlink(client, tools.join(name)).expect("a new link");
            }
        }
        machine.write("home/.aws/config", CONFIG);
        machine.write(
            "home/.aws/credentials",
            &format!("[default]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n"),
        );
        let engine = Engine::start(&machine);
        Self {
            machine,
            tools,
            engine,
        }
    }

    /// Runs a command. Exported variables persist.
    fn types(&self, command: &str) -> Run {
        let environment = self.machine.path("environment");
        let environment = environment.display();
        let script = format!(
            "[ ! -e {environment} ] || . {environment}\nexec 2>&1\n{command}\nstatus=$?\nexport -p >{environment}\nexit $status\n"
        );
        let script = self.machine.write("typed", &script);
        let mut bash: Command = self.engine.docker(&self.machine, "bash".as_ref());
        bash.arg(script)
            .env(
                "PATH",
                format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.tools.display()),
            )
            .env("USER", "ann")
            .env("AWS_CA_BUNDLE", self.machine.path("trusted.pem"))
            .env("AWS_CONNECTOR_REFRESH_AHEAD", "off")
            .current_dir(self.machine.path("home/aws-connector"));
        Run::of(&bash)
    }

    /// All files and folders of the user, except the clients' own state.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.machine.home()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                let name = path
                    .strip_prefix(self.machine.home())
                    .expect("a path below");
                found.push(name.display().to_string());
            }
        }
        found.retain(|name| !name.starts_with(".kube"));
        found.sort();
        found
    }
}

fn program(machine: &Machine, name: &str, text: &str) {
    let path = machine.write(name, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the mode of an own file");
}

#[test]
fn a_new_user_gets_what_the_readme_shows() {
    let machine = Machine::new();
    let hosts = fs::read_to_string("/etc/hosts").expect("the machine's own hosts");
    let names = NAMES.map(|name| format!("127.0.0.1 {name}\n")).concat();
    machine.write("hosts", &(hosts + &names));
    let aws = Standin::builder().https_port(443).start();
    machine.trust(&aws.ca_pem());
    aws.set_ecr_password(Some(PASSWORD));
    let _registry = Registry::of_ecr(&machine, PASSWORD);
    let cluster = Cluster::start(&aws, "prod");
    let account = Account::new(machine);
    let before = account.files();

    let home = account.machine.home().display().to_string();
    let steps = transcript("First steps");
    for client in ["aws ", "docker ", "kubectl "] {
        let used = steps.iter().any(|step| step.command.starts_with(client));
        assert!(used, "the transcript does not show {client}");
    }
    let (mut said, mut shown) = (String::new(), String::new());
    for Step { command, output } in steps {
        if command.starts_with("kubectl") && client_on_path("KUBECTL").is_none() {
            eprintln!("no kubectl but 1.20 is on PATH: '{command}' was not tested");
            continue;
        }
        let answer = account.types(&command).succeeded().replace(&home, HOME);
        said += &format!("$ {command}\n{answer}");
        shown += &format!("$ {command}\n{output}");
    }
    // Compared as a whole, so that the output can be copied into the README.
    assert_data_eq!(said, shown);
    // The pull was served the login that `aws-connector login` obtained.
    assert_eq!(aws.count("ecr", "GetAuthorizationToken"), 1);
    if client_on_path("KUBECTL").is_some() {
        assert!(
            cluster
                .requests()
                .iter()
                .all(|request| request.status == 200)
        );
    }
    let config = fs::read_to_string(account.machine.home().join(".aws/config"));
    assert_eq!(config.expect("the user's own file"), CONFIG);
    assert_eq!(account.files(), before);
}
