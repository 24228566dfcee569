//! Kubernetes clients that run our exec plugin and send its token to an API server, which verifies it with AWS.

use std::process::Command;

use aws_standin::{Cluster, Standin};

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
fn kubectl_1_20_lists_the_namespaces_by_v1beta1() {
    lists_the_namespaces("v1beta1", |machine| {
        kubectl(machine, &client("KUBECTL_1_20"))
    });
}

/// No package provides a newer kubectl; the test uses the machine's own if there is one.
#[test]
fn a_newer_kubectl_lists_the_namespaces_by_v1_and_by_v1beta1() {
    let Some(newer) = client_on_path("KUBECTL") else {
        eprintln!("no kubectl but 1.20 is on PATH: nothing was tested");
        return;
    };
    for version in ["v1", "v1beta1"] {
        lists_the_namespaces(version, |machine| kubectl(machine, &newer));
    }
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
