//! verify, alias doctor.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use aws_standin::{Cluster, Fault, FaultKind};

use crate::support::{Machine, ran};

fn steps(document: &serde_json::Value) -> Vec<(String, String, String)> {
    let text =
        |step: &serde_json::Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                text(step, "step"),
                text(step, "state"),
                text(step, "detail"),
            )
        })
        .collect()
}

#[test]
fn a_working_connector_passes_each_step() {
    let machine = Machine::with_connectors();
    let cluster = Cluster::start(&machine.standin, "prod");
    let ran = machine.run(&["verify", "dev"]).ok();
    for part in [
        "Connector 'dev'",
        "✓ connector",
        "✓ source identity",
        "✓ session",
        "assumed-role/dev/aws-connector-alice; in EKS, map arn:aws:iam::123456789012:role/dev",
        "✓ aws-generic          us-east-1; its sessions are not down-scoped",
        "s3://data, s3://logs",
        "prod; token accepted at /version",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com; login obtained",
        "This machine",
    ] {
        assert!(ran.stdout.contains(part), "{part} in\n{}", ran.stdout);
    }
    assert!(
        !ran.stdout.contains("✗") && !ran.stdout.contains("wJalr"),
        "{}",
        ran.stdout
    );
    assert_eq!(cluster.requests().len(), 1);
    assert_eq!(cluster.requests()[0].status, 200);
}

#[test]
fn verify_continues_after_a_failure_and_exits_with_the_worst_state() {
    let machine = Machine::with_connectors();
    machine.standin.set_identity_policy(
        "arn:aws:iam::123456789012:role/dev",
        Some(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}"#),
    );
    let ran = machine.run(&["verify", "dev", "--no-wiring", "--output", "json"]);
    assert_eq!(ran.status, 1, "{ran:#?}");
    let document = ran.json();
    assert_eq!(document["worst"], "failed");
    let steps = steps(&document);
    let state = |name: &str| {
        steps
            .iter()
            .find(|(step, _, _)| step == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(state("s3-bucket"), "failed");
    assert_eq!(state("kubernetes-cluster"), "failed");
    assert_eq!(state("docker-registry"), "ok");
    let fix = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["step"] == "s3-bucket")
        .unwrap()["fix"]
        .clone();
    assert!(
        fix.as_str().unwrap().contains("s3:ListAllMyBuckets"),
        "{fix}"
    );
}

#[test]
fn invalid_keys_fail_at_the_session_step_and_are_named() {
    let machine = Machine::with_connectors();
    machine.standin.remove_key("AKIAIOSFODNN7EXAMPLE");
    let ran = machine.run(&["verify", "dev", "--no-wiring"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.contains("✗ session") && ran.stdout.contains("AKIAIOSFODNN7EXAMPLE"),
        "{ran:#?}"
    );
}

#[test]
fn verify_warns_that_eks_rejects_a_federation_token() {
    let machine = Machine::with_connectors();
    let path = ".config/aws-connector/connectors.toml";
    let text = machine.read(path);
    let url = machine.standin.url();
    machine.write(path, &format!("{text}\n[connectors.fed]\nauth_method = \"federation-token\"\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\nsource_connector = \"base\"\nresource_type = \"s3-bucket\"\n"));
    let ran = machine.run(&["verify", "fed", "--no-wiring"]).ok();
    assert!(
        ran.stdout.contains("EKS cannot map a federated user"),
        "{ran:#?}"
    );
    assert!(ran.stdout.contains("✓ s3-bucket"), "{ran:#?}");
}

#[test]
fn the_wiring_is_checked() {
    let machine = Machine::with_connectors();
    machine.run(&["login", "dev", "--yes"]).ok();
    machine.write(".docker/config.json", r#"{"credsStore":"aws-connector"}"#);
    let aws = machine.read(".aws/config").replace("/bin/", "/gone/");
    machine.write(".aws/config", &aws);
    let ran = ran(machine
        .command()
        .env("DOCKER_AUTH_CONFIG", "{}")
        .env("https_proxy", "http://user:pass@proxy:1")
        .args(["doctor", "dev"]));
    assert_eq!(ran.status, 1);
    for part in [
        "does not exist",
        "aws-connector login dev' again",
        "credsStore",
        "DOCKER_AUTH_CONFIG is set",
        "https_proxy is set",
    ] {
        assert!(ran.stdout.contains(part), "{part} in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("pass@"), "{}", ran.stdout);
}

#[test]
fn listing_reads_all_pages() {
    let machine = Machine::with_connectors();
    for number in 0..120 {
        machine
            .standin
            .add_cluster(&format!("c{number:03}"), "us-east-1", "https://x", "QQ==");
        machine
            .standin
            .add_repository("123456789012", "us-east-1", &format!("r{number:03}"));
    }
    for number in 0..1100 {
        machine
            .standin
            .add_bucket(&format!("b{number:04}"), "us-east-1");
    }
    let list = machine
        .run(&["list-resources", "dev", "--output", "json"])
        .ok()
        .json();
    let count = |at: usize| list[at]["resources"].as_array().unwrap().len();
    // Including the stand-in's own: data, logs; prod.
    assert_eq!((count(1), count(2), count(3)), (1102, 121, 1));
    assert_eq!(list[1]["resources"][1101], "s3://logs");
    assert_eq!(
        list[3]["resources"][0],
        "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    );
    for (service, action) in [
        ("s3", "ListBuckets"),
        ("eks", "ListClusters"),
        ("ecr", "DescribeRepositories"),
    ] {
        assert_eq!(machine.standin.count(service, action), 2, "{action}");
    }
}

#[test]
fn resource_types_are_listed_in_parallel() {
    let machine = Machine::with_connectors();
    machine.standin.fault(Fault {
        service: "s3".to_owned(),
        action: "ListBuckets".to_owned(),
        kind: FaultKind::Hang,
        times: None,
    });
    let args = ["list-resources", "dev"];
    let mut child = machine
        .command()
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // In sequence, the other services would be called only after S3 timed out.
    let asked = |service: &str| machine.standin.count(service, "*") > 0;
    while !["s3", "eks", "ecr"].into_iter().all(asked) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended without calling the other services"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let calls = machine.standin.calls();
    let began = |service: &str| {
        calls
            .iter()
            .find(|call| call.service == service)
            .unwrap()
            .at_ms
    };
    assert!(began("eks").abs_diff(began("s3")) < 15_000);
    assert!(began("ecr").abs_diff(began("s3")) < 15_000);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_clock_file_in_a_folder_that_others_can_write_is_ignored() {
    let machine = Machine::with_connectors();
    let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let wall = std::time::UNIX_EPOCH.elapsed().unwrap();
    let record = serde_json::json!({
        "offset_ms": 7_200_000,
        "wall_minus_boot_ms": i64::try_from(wall.as_millis()).unwrap()
            - (boot.tv_sec * 1000 + boot.tv_nsec / 1_000_000),
        "boot_id": std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim(),
    })
    .to_string();
    let file = ".cache/aws-connector/clock";
    machine.write(file, &record);
    let folder = machine.path(".cache/aws-connector");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    machine.run(&["verify", "dev"]);
    // If it had been used, it would have been corrected.
    assert_eq!(machine.read(file), record);
}

#[test]
fn only_a_rejected_token_suggests_to_map_the_identity() {
    let machine = Machine::with_connectors();
    let args = [
        "verify",
        "dev",
        "--no-wiring",
        "--resource-type=kubernetes-cluster",
    ];
    // The certificate authority of the cluster is invalid.
    let invalid = machine.run(&args).stdout;
    assert!(invalid.contains("is not a PEM certificate"), "{invalid}");
    assert!(
        invalid.contains("fix: check the cluster's certificateAuthority"),
        "{invalid}"
    );
    let cluster = Cluster::start(&machine.standin, "prod");
    machine.run(&args).ok();
    drop(cluster);
}
