//! `aws-connector` with the real clients: the files that it edits, and the commands that it runs.

use std::{fs, path::Path};

use aws_standin::{Cluster, Standin};

use crate::support::{
    ECR_HOST, Machine, Registry, Run, client, client_on_path, connectors, everyday_command, program,
};
use crate::wire_cases;

const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/prod";

/// A kind of file: the folder of its cases, its path, and the flags that wire it.
pub(crate) const KINDS: [(&str, &str, &[&str]); 3] = [
    ("aws", ".aws/config", &[]),
    (
        "docker",
        ".docker/config.json",
        &["--resource-type", "docker-registry"],
    ),
    (
        "kube",
        ".kube/config",
        &[
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "prod",
        ],
    ),
];

#[test]
fn the_clients_own_parsers_read_the_old_and_the_new_entries() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/install/tests/wire_cases");
    for (kind, file, flags) in KINDS {
        let path = machine.home().join(file);
        for case in wire_cases::cases(cases, kind) {
            let pair = format!("pairs/{}", case.name);
            for name in [&format!("home/{file}"), &format!("{pair}.before")] {
                machine.write(name, "");
                fs::write(machine.path(name), &case.bytes).expect("the case");
            }
            let mut login = machine.command(everyday_command());
            Run::of(login.args(["login", "dev", "--yes"]).args(flags)).succeeded();
            fs::copy(&path, machine.path(&format!("{pair}.after"))).expect("a copy");
            fs::remove_file(&path).expect("the file that was there");
        }
    }
    let mut check = machine.client("PYTHON");
    check.arg(program("wired.py")).arg(machine.path("pairs"));
    Run::of(check.args([ECR_HOST, ARN])).succeeded();

    let kubectls = ["KUBECTL", "KUBECTL_1_20"];
    for kubectl in kubectls.iter().filter_map(|name| client_on_path(name)) {
        for entry in fs::read_dir(machine.path("pairs/kube"))
            .expect("the pairs")
            .flatten()
        {
            let path = entry.path();
            if path.extension().is_some_and(|state| state == "after") {
                let mut view = machine.command(&kubectl);
                view.args(["config", "view", "--output", "jsonpath={.users[*].name}"]);
                let names = Run::of(view.arg("--kubeconfig").arg(&path)).succeeded();
                assert!(
                    names.split(' ').any(|name| name == ARN),
                    "{path:?}: {names}"
                );
            }
        }
    }
}

#[test]
fn a_bucket_is_wired_for_the_aws_cli_with_a_session_limited_to_it() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let mut login = machine.command(everyday_command());
    login.args([
        "login",
        "dev",
        "--yes",
        "--resource-type",
        "s3-bucket",
        "--resource-id",
        "data",
    ]);
    let told = Run::of(&login).succeeded();
    assert!(
        told.contains("Try: aws --profile aws-connector-dev-s3-data s3 ls s3://data"),
        "{told}"
    );
    let cli = |service: &[&str]| {
        let mut cli = machine.client("AWS_V1");
        cli.args(["--profile", "aws-connector-dev-s3-data"])
            .args(service);
        Run::of(&cli)
    };
    cli(&["s3api", "head-bucket", "--bucket", "data"]).succeeded();
    let refused = cli(&["ecr", "get-authorization-token"]).failed();
    assert!(refused.contains("AccessDenied"), "{refused}");
}

#[test]
fn exec_passes_renewable_credentials_to_every_client() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let sts = ["sts", "get-caller-identity", "--query", "Arn"];
    let url = aws.url();
    let v2 = [&["--endpoint-url", url.as_str()], &sts[..]].concat();
    let python = program("sts.py").display().to_string();
    for env in [&["--"][..], &["--env", "--"]] {
        for (name, arguments) in [
            ("AWS_V1", &sts[..]),
            ("AWS_V2", &v2[..]),
            ("PYTHON", &[python.as_str()][..]),
            ("RUST_STS", &[]),
        ] {
            let mut exec = machine.command(everyday_command());
            // Variables that the command must not see.
            exec.env("AWS_PROFILE", "of-somebody-else");
            exec.args(["exec", "dev"])
                .args(env)
                .arg(client(name))
                .args(arguments);
            let identity = Run::of(&exec).succeeded();
            assert!(
                identity.contains(":assumed-role/dev/"),
                "{name}: {identity}"
            );
        }
    }
    assert_eq!(
        aws.count("sts", "AssumeRole"),
        1,
        "all of them share one session"
    );

    // A job that outlives its session gets a new one.
    let job = "for turn in 1 2; do \"$0\" sts get-caller-identity --query Arn; rm -f ~/.cache/aws-connector/*.json; done";
    let mut exec = machine.command(everyday_command());
    exec.args(["exec", "dev", "--", "sh", "-ec", job])
        .arg(client("AWS_V1"));
    let identities = Run::of(&exec).succeeded();
    assert_eq!(
        identities.matches(":assumed-role/dev/").count(),
        2,
        "{identities}"
    );
    assert_eq!(aws.count("sts", "AssumeRole"), 2);
}

#[test]
fn every_client_understands_a_quoted_path() {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let _cluster = Cluster::start(&aws, "prod");
    let everyday = everyday_command();
    let built = everyday.parent().expect("a binary is in a folder");
    let tools = machine.path("home/Ann's own \"tools\" & more");
    fs::create_dir(&tools).expect("a new folder");
    for name in [
        "aws-connector",
        "aws-connector-credential-process",
        "aws-connector-eks-token",
    ] {
        let (from, to) = (built.join(name), tools.join(name));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(from, to).expect("a copy of a binary");
        }
    }
    for (kind, _, flags) in KINDS {
        if kind != "docker" {
            let mut login = machine.command(tools.join("aws-connector"));
            Run::of(login.args(["login", "dev", "--yes"]).args(flags)).succeeded();
        }
    }
    let profile = [
        "--profile",
        "aws-connector-dev",
        "sts",
        "get-caller-identity",
    ];
    let url = aws.url();
    for (client, more) in [
        ("AWS_V1", &[][..]),
        ("AWS_V2", &["--endpoint-url", url.as_str()]),
    ] {
        let mut cli = machine.client(client);
        let said = Run::of(cli.args(profile).args(more)).succeeded();
        assert!(said.contains(":assumed-role/dev/"), "{said}");
    }
    let mut sdk = machine.client("RUST_STS");
    sdk.env("AWS_PROFILE", "aws-connector-dev");
    let said = Run::of(&sdk).succeeded();
    assert!(said.contains(":assumed-role/dev/"), "{said}");
    let mut python = machine.client("PYTHON");
    let namespaces = Run::of(python.arg(program("namespaces.py"))).succeeded();
    assert!(namespaces.contains("kube-system"), "{namespaces}");
    if let Some(kubectl) = client_on_path("KUBECTL") {
        let mut kubectl = machine.command(kubectl);
        let namespaces = Run::of(kubectl.args(["get", "namespaces"])).succeeded();
        assert!(namespaces.contains("kube-system"), "{namespaces}");
    }
}

#[test]
fn flags_wire_an_old_kubectl_and_the_auth_file_of_skopeo() {
    const PASSWORD: &str = "the-password-of-the-registry";
    let machine = Machine::new();
    let aws = Standin::start();
    aws.set_ecr_password(Some(PASSWORD));
    connectors(&machine, &aws.url());
    let _registry = Registry::of_ecr(&machine, PASSWORD);
    let _cluster = Cluster::start(&aws, "prod");
    let (auth, kubeconfig) = (machine.path("auth.json"), machine.path("k/config"));
    let at_home = |program: &Path| {
        let mut command = machine.command(program);
        command
            .env("REGISTRY_AUTH_FILE", &auth)
            .env("KUBECONFIG", &kubeconfig);
        command
    };
    for (_, _, flags) in &KINDS[1..] {
        let mut login = at_home(&everyday_command());
        login
            .args(["login", "dev", "--yes", "--exec-api", "v1beta1"])
            .args(*flags);
        Run::of(&login).succeeded();
    }
    let mut kubectl = at_home(&client("KUBECTL_1_20"));
    let namespaces = Run::of(kubectl.args(["get", "namespaces"])).succeeded();
    assert!(namespaces.contains("kube-system"), "{namespaces}");
    let image = format!("docker://{ECR_HOST}/team/app:1");
    let mut skopeo = at_home(&client("SKOPEO"));
    let told = Run::of(skopeo.args(["inspect", &image])).succeeded();
    assert!(told.contains("sha256:"), "{told}");
    let mut logout = at_home(&everyday_command());
    Run::of(logout.args(["logout", "dev", "--yes"])).succeeded();
    assert!(!auth.exists() && !machine.path("k").exists());
    let mut skopeo = at_home(&client("SKOPEO"));
    Run::of(skopeo.args(["inspect", &image])).failed();
}
