//! The Kubernetes exec plugin: its document in both versions, its help, and usage errors.

use serde_json::json;

use crate::support::{Answer, BASE, ROLE, Run, Token, Transcript, World};

const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/prod";

fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, ROLE])
}

fn info(world: &World, info: &serde_json::Value) -> Run {
    world
        .eks_token(&[])
        .env("KUBERNETES_EXEC_INFO", &info.to_string())
}

fn with_config(version: &str, config: &serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": format!("client.authentication.k8s.io/{version}"),
        "kind": "ExecCredential",
        "spec": {
            "interactive": false,
            "cluster": {
                "server": "https://prod.gr7.us-east-1.eks.amazonaws.com",
                "certificate-authority-data": "LS0tLS1CRUdJTg==",
                "tls-server-name": "prod",
                "config": config,
            },
        },
    })
}

#[test]
fn the_document_in_both_versions_and_without_a_version() {
    let world = world();
    let mut transcript = Transcript::new(&world);
    let mut case = |title: &str, answer: Answer| {
        let document = answer.clone().ok().json();
        let status = &document["status"];
        transcript.mask(status["token"].as_str().unwrap(), "TOKEN");
        transcript.mask(status["expirationTimestamp"].as_str().unwrap(), "EXPIRES");
        transcript.case(title, &answer);
    };
    let args = ["--cluster", "prod"];
    case("v1", world.eks_token(&args).exec_info("v1").answer());
    case(
        "v1beta1",
        world.eks_token(&args).exec_info("v1beta1").answer(),
    );
    case("no KUBERNETES_EXEC_INFO", world.eks_token(&args).answer());
    let empty = world.eks_token(&args).env("KUBERNETES_EXEC_INFO", "");
    case("an empty one", empty.answer());
    let short = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"});
    let short = world
        .eks_token(&args)
        .env("KUBERNETES_EXEC_INFO", &short.to_string());
    case("without spec", short.answer());
    transcript.check("exec.txt");
    assert_eq!(world.sts(), 1);
}

#[test]
fn the_cluster_comes_from_a_flag_an_arn_or_the_kubeconfig() {
    let world = world();
    let signed_for = |answer: Answer| {
        let token = Token::of(&answer.ok(), "aws");
        assert_eq!(token.url.host, "sts.us-east-1.amazonaws.com");
        token.caller(&world, "prod").unwrap()
    };
    let me = "arn:aws:sts::123456789012:assumed-role/dev/aws-connector-tester";
    for args in [
        ["--cluster", "prod"],
        ["--cluster-name", "prod"],
        ["--cluster-id", "prod"],
        ["--cluster", ARN],
        ["--cluster-id", ARN],
    ] {
        assert_eq!(signed_for(world.eks_token(&args).answer()), me, "{args:?}");
    }
    for version in ["v1", "v1beta1"] {
        let config = json!({"clusterName": "prod", "region": "us-east-1", "connector": "dev"});
        let answer = info(&world, &with_config(version, &config)).answer();
        assert!(
            answer.stdout.contains(&format!("k8s.io/{version}\"")),
            "{answer:?}"
        );
        assert_eq!(signed_for(answer), me);
    }
    assert_eq!(world.standin.count("sts", "AssumeRole"), 1);
}

#[test]
fn flags_override_the_kubeconfig() {
    let world = world();
    let config = json!({"clusterName": "stage", "region": "eu-west-1", "connector": "nobody"});
    let text = with_config("v1", &config).to_string();
    let answer = world
        .eks_token(&[
            "--cluster",
            "prod",
            "--region",
            "us-east-1",
            "--connector",
            "dev",
        ])
        .env("KUBERNETES_EXEC_INFO", &text)
        .answer()
        .ok();
    let token = Token::of(&answer, "aws");
    assert_eq!(token.url.region, "us-east-1");
    token.caller(&world, "prod").unwrap();
    assert_eq!(token.caller(&world, "stage"), Err(403));
}

#[test]
fn an_invalid_exec_info_is_a_one_line_error() {
    let world = world();
    let mut transcript = Transcript::new(&world);
    let v1 = "client.authentication.k8s.io/v1";
    let cases = [
        json!({"apiVersion": "client.authentication.k8s.io/v1alpha1", "kind": "ExecCredential"})
            .to_string(),
        json!({"apiVersion": "client.authentication.k8s.io/v2", "kind": "ExecCredential"})
            .to_string(),
        json!({"apiVersion": "v1", "kind": "ExecCredential"}).to_string(),
        json!({"apiVersion": "a\nb\u{1b}[31m"}).to_string(),
        json!({"kind": "ExecCredential", "spec": {}}).to_string(),
        json!({"apiVersion": v1, "kind": "Pod"}).to_string(),
        json!({"apiVersion": 1}).to_string(),
        json!({"apiVersion": v1, "spec": {"interactive": "yes"}}).to_string(),
        with_config("v1", &json!({"clusterNam": "prod"})).to_string(),
        with_config("v1", &json!({"clusterName": "a b"})).to_string(),
        with_config("v1", &json!({"clusterName": "prod", "region": "mars"})).to_string(),
        with_config("v1", &json!({"region": "us-east-1"})).to_string(),
        with_config("v1", &json!({"clusterName": "prod", "connector": "dve"})).to_string(),
        "{".to_owned(),
        "[]".to_owned(),
        format!("[\"{v1}\",\"ExecCredential\",{{}}]"),
        "null".to_owned(),
        "ExecCredential".to_owned(),
        format!("{{\"apiVersion\":\"{v1}\"}} trailing"),
    ];
    for text in cases {
        let answer = world
            .eks_token(&[])
            .env("KUBERNETES_EXEC_INFO", &text)
            .answer();
        let line = answer.failure();
        assert!(
            line.len() < 700 && !line.chars().any(char::is_control),
            "{line:?}"
        );
        transcript.case(&text, &answer);
    }
    let garbled = world
        .eks_token(&["--cluster", "prod"])
        .env_bytes("KUBERNETES_EXEC_INFO", b"{\"apiVersion\":\"\xff\"}");
    transcript.case("not UTF-8", &garbled.answer());
    transcript.check("exec_info.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn an_invalid_command_line_is_a_one_line_error_with_a_fix() {
    let world = world();
    let mut transcript = Transcript::new(&world);
    let cases: [&[&str]; 15] = [
        &[],
        &["--cluster"],
        &["--cluster", ""],
        &["--cluster", "prod", "--cluster-name", "prod"],
        &["--cluster", "prod", "--cluster", "prod"],
        &["--cluster", "a b"],
        &["--cluster", "-prod"],
        &["--cluster", "arn:aws:eks:us-east-1:1234:cluster/prod"],
        &["--cluster", "arn:aws:s3:::data"],
        &[
            "--cluster",
            "arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod",
        ],
        &[
            "--cluster",
            "arn:aws:eks:eu-west-1:123456789012:cluster/stage",
        ],
        &["--cluster", ARN, "--region", "eu-west-1"],
        &["--cluster", "prod", "--region", "mars"],
        &["--cluster", "prod", "--region", "cn-north-1"],
        &["--clutser", "prod"],
    ];
    for args in cases {
        let answer = world.eks_token(args).exec_info("v1").answer();
        answer.failure();
        transcript.case(&format!("{args:?}"), &answer);
    }
    transcript.check("exec_usage.txt");
    assert_eq!(world.calls(), 0);
}

#[test]
fn help_and_version_need_no_connectors_file() {
    let world = World::empty();
    let mut transcript = Transcript::new(&world);
    transcript.mask(env!("CARGO_PKG_VERSION"), "VERSION");
    for flag in ["--help", "-h", "--version", "-V"] {
        transcript.case(flag, &world.eks_token(&[flag]).answer().ok());
    }
    transcript.check("exec_help.txt");
}
