//! Kubernetes clients that run our exec plugin and send its token to an API server, which verifies it with AWS.

use std::collections::BTreeSet;
use std::process::Command;
use std::thread;
use std::time::Duration;

use aws_standin::{Cluster, Standin};
use chrono::Utc;

use crate::support::{Kubeconfig, Machine, Run, client, client_on_path, connectors, program};

const NAME: &str = "prod";

fn wired(connector: &str, version: &str) -> (Machine, Standin, Cluster) {
    let machine = Machine::new();
    let aws = Standin::start();
    connectors(&machine, &aws.url());
    let cluster = Cluster::start(&aws, NAME);
    let (server, ca_pem) = (cluster.url(), cluster.ca_pem());
    Kubeconfig {
        server: &server,
        ca_pem: &ca_pem,
        cluster: NAME,
        connector,
        version,
    }
    .write(&machine);
    (machine, aws, cluster)
}

/// Asserts that the client lists the namespaces twice, with one session.
#[track_caller]
fn lists_the_namespaces(version: &str, client: impl Fn(&Machine) -> Command) {
    let (machine, aws, cluster) = wired("dev", version);
    for _ in 0..2 {
        let listed = Run::of(&client(&machine)).succeeded();
        assert!(listed.contains("kube-system"), "{listed}");
    }
    for request in cluster.requests() {
        let who = request.principal_arn.unwrap_or_default();
        let role = "arn:aws:sts::123456789012:assumed-role/dev/";
        assert!(who.starts_with(role), "{who} {:?}", request.refusal);
    }
    assert_eq!(
        aws.count("sts", "AssumeRole"),
        1,
        "the second run is answered from the cache"
    );
}

fn kubectl(machine: &Machine, path: &std::path::Path) -> Command {
    let mut command = machine.command(path);
    command.args(["get", "namespaces"]);
    command
}

#[test]
fn kubectl_1_20_lists_the_namespaces_with_v1beta1() {
    lists_the_namespaces("v1beta1", |machine| {
        kubectl(machine, &client("KUBECTL_1_20"))
    });
}

/// No package provides a newer kubectl; the test uses the machine's own if there is one.
#[test]
fn a_newer_kubectl_lists_the_namespaces_with_v1_and_v1beta1() {
    let Some(newer) = client_on_path("KUBECTL") else {
        eprintln!("no kubectl but 1.20 is on PATH: nothing was tested");
        return;
    };
    for version in ["v1", "v1beta1"] {
        lists_the_namespaces(version, |machine| kubectl(machine, &newer));
    }
}

/// A cluster asks STS about a token only once in two minutes, so further commands with the same token do not wait for
/// STS.
#[test]
fn a_hundred_kubectls_cost_the_cluster_one_call_to_sts() {
    let (machine, aws, cluster) = wired("dev", "v1beta1");
    // Longer than this test takes on any machine.
    cluster.cache_tokens(Duration::from_secs(3600));
    let window = || Utc::now().timestamp() / 240;
    let first = window();
    let program = client("KUBECTL_1_20");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let listed = Run::of(&kubectl(&machine, &program)).succeeded();
                    assert!(listed.contains("kube-system"), "{listed}");
                }
            });
        }
    });
    let tokens: BTreeSet<_> = cluster.requests().into_iter().map(|it| it.token).collect();
    // Or two calls, if a new window began meanwhile.
    let windows = usize::try_from(window() - first + 1).unwrap();
    assert!(tokens.len() <= windows, "{} tokens", tokens.len());
    assert_eq!(aws.count("sts", "AssumeRole"), 1);
    let calls = aws.count("sts", "GetCallerIdentity");
    assert!(calls <= windows, "{calls} calls in {windows} windows");
}

#[test]
fn the_python_client_lists_the_namespaces() {
    lists_the_namespaces("v1", |machine| {
        let mut command = machine.client("PYTHON");
        command.arg(program("namespaces.py"));
        command
    });
}

#[test]
fn the_javascript_client_lists_the_namespaces() {
    // It does not set KUBERNETES_EXEC_INFO, and so gets v1beta1 whatever the kubeconfig says.
    for version in ["v1", "v1beta1"] {
        lists_the_namespaces(version, |machine| machine.node("namespaces.mjs"));
    }
}

#[test]
fn the_rust_client_lists_the_namespaces() {
    lists_the_namespaces("v1", |machine| machine.client("RUST_KUBE"));
}

#[test]
fn kubectl_shows_the_error_of_the_plugin() {
    for version in ["KUBECTL_1_20", "KUBECTL"] {
        let Some(path) = client_on_path(version) else {
            continue;
        };
        let (machine, aws, _cluster) = wired("nobody", "v1beta1");
        let told = Run::of(&kubectl(&machine, &path)).failed();
        assert!(
            told.contains("nobody") && told.contains("connectors.toml"),
            "{told}"
        );
        assert_eq!(aws.calls().len(), 0);
    }
}
