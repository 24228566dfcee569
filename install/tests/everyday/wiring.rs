//! login and logout: what they write, and that they leave no trace.

use std::fs;

use aws_standin::Cluster;
use snapbox::{assert_data_eq, str};

use crate::support::{Machine, ran};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/prod";

/// A kind of wiring: its folder of cases, the file, the flags of login, what login writes.
pub(crate) const KINDS: [(&str, &str, &str, &str); 3] = [
    (
        "aws",
        ".aws/config",
        "aws-generic",
        "[profile aws-connector-dev]",
    ),
    ("docker", ".docker/config.json", "docker-registry", HOST),
    ("kube", ".kube/config", "kubernetes-cluster", ARN),
];

pub(crate) fn login(kind: &str) -> Vec<&str> {
    let mut args = vec!["login", "dev", "--yes", "--resource-type", kind];
    if kind == "kubernetes-cluster" {
        args.extend(["--resource-id", "prod"]);
    }
    args
}

#[test]
fn a_file_that_was_not_there_is_gone_again() {
    let machine = Machine::with_connectors();
    for (_, file, kind, written) in KINDS {
        machine.run(&login(kind)).ok();
        assert!(machine.read(file).contains(written));
    }
    machine.run(&["logout", "dev", "--yes"]).ok();
    for (_, file, _, _) in KINDS {
        assert!(!machine.path(file).exists(), "{file}");
        // Nor is the folder left that was made for it.
        assert!(!machine.path(file).parent().unwrap().exists(), "{file}");
    }
    // One that was there before, or that somebody uses by now, is not touched.
    fs::create_dir(machine.path(".aws")).unwrap();
    for (_, _, kind, _) in KINDS {
        machine.run(&login(kind)).ok();
    }
    machine.write(".kube/cache/x", "");
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(machine.path(".aws").exists() && machine.path(".kube/cache/x").exists());
    assert!(!machine.path(".docker").exists());
}

#[test]
fn commands_that_run_at_once_do_not_spoil_each_other() {
    let machine = Machine::with_connectors();
    let path = ".config/aws-connector/connectors.toml";
    let profile = machine.read(path);
    let other = profile.split("[connectors.dev]").nth(1).unwrap();
    let profile = format!(
        "{profile}registries = [\"{HOST}\"]\n\n[connectors.other]{other}registries = [\"public.ecr.aws\"]\n"
    );
    machine.write(path, &profile);
    machine
        .standin
        .add_cluster("second", "us-east-1", "https://x", "QQ==");
    let mut logins = Vec::new();
    for (name, cluster) in [("dev", "prod"), ("other", "second")] {
        logins.push(vec!["login", name, "--yes"]);
        let kind = ["login", name, "--yes", "--resource-type"];
        logins.push([&kind[..], &["docker-registry"]].concat());
        logins.push([&kind[..], &["kubernetes-cluster", "--resource-id", cluster]].concat());
    }
    let logouts = vec![
        vec!["logout", "dev", "--yes"],
        vec!["logout", "other", "--yes"],
    ];
    for round in [logins, logouts] {
        std::thread::scope(|scope| {
            for args in &round {
                scope.spawn(|| machine.run(args).ok());
            }
        });
        let wired = round.len() > 2;
        for (_, file, _, _) in KINDS {
            let text = fs::read_to_string(machine.path(file)).unwrap_or_default();
            assert_eq!(
                text.contains("dev") || text.contains(HOST),
                wired,
                "{file}: {text}"
            );
            assert_eq!(
                text.contains("other") || text.contains("public"),
                wired,
                "{file}: {text}"
            );
        }
    }
    assert!(!machine.path(".kube").exists() && !machine.path(".docker").exists());
}

#[test]
fn the_diff_is_shown_without_the_secrets_around() {
    let machine = Machine::with_connectors();
    machine.write(
        ".docker/config.json",
        "{\n\t\"auths\": {\"ghcr.io\": {\"auth\": \"c2VjcmV0OnNlY3JldA==\"}}\n}\n",
    );
    let out = machine.run(&login("docker-registry")).ok().stdout;
    assert_data_eq!(
        out,
        str![[r#"
--- [..]/.docker/config.json
+++ [..]/.docker/config.json
@@ -1,3 +1,6 @@
 {
-	"auths": {"ghcr.io": {"auth": "[hidden]"}}
+	"auths": {"ghcr.io": {"auth": "[hidden]"}},
+	"credHelpers": {
+		"123456789012.dkr.ecr.us-east-1.amazonaws.com": "aws-connector"
+	}
 }
Wired 123456789012.dkr.ecr.us-east-1.amazonaws.com for connector 'dev'.
Try: docker pull 123456789012.dkr.ecr.us-east-1.amazonaws.com/REPOSITORY

"#]]
    );
}

#[test]
fn without_a_terminal_the_flag_is_named() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&["login", "dev"]);
    assert_eq!(ran.status, 2);
    assert_data_eq!(
        ran.stderr,
        "aws-connector: cannot prompt without a terminal; fix: pass --yes\n"
    );
    assert!(!machine.path(".aws/config").exists());
}

#[test]
fn the_profile_of_the_aws_cli_says_who_and_where() {
    let machine = Machine::with_connectors();
    machine
        .run(&["login", "dev", "--yes", "--output", "json"])
        .ok();
    let text = machine.read(".aws/config");
    let expected = format!(
        "[profile aws-connector-dev]\ncredential_process = {}/bin/aws-connector-credential-process --connector dev\nregion = us-east-1\nendpoint_url = {}\n",
        machine.home().display(),
        machine.standin.url()
    );
    assert_eq!(text, expected);
    // The session lies ready.
    assert_eq!(machine.standin.count("sts", "AssumeRole"), 1);
    assert_eq!(
        machine.run(&["status", "--output", "json"]).ok().json()["entries"][0]["connector"],
        "dev"
    );
}

#[test]
fn the_kubeconfig_says_how_to_get_a_token() {
    let machine = Machine::with_connectors();
    let cluster = Cluster::start(&machine.standin, "prod");
    machine.run(&login("kubernetes-cluster")).ok();
    let text = machine.read(".kube/config");
    for part in [
        format!("server: {}", cluster.url()),
        format!("current-context: {ARN}"),
        format!("command: {}/bin/aws-connector-eks-token", machine.home().display()),
        "interactiveMode: IfAvailable".to_owned(),
        "apiVersion: client.authentication.k8s.io/v1\n".to_owned(),
        "installHint: ".to_owned(),
        "- --cluster\n      - prod\n      - --region\n      - us-east-1\n      - --connector\n      - dev\n".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} in\n{text}");
    }
}

#[test]
fn what_others_wrote_is_replaced_by_force_only() {
    let machine = Machine::with_connectors();
    let docker = format!("{{\"credHelpers\":{{\"{HOST}\":\"ecr-login\"}}}}");
    let kube = format!(
        "apiVersion: v1\nkind: Config\nusers:\n- name: {ARN}\n  user:\n    exec:\n      command: aws\n"
    );
    for (file, kind, before) in [
        (".docker/config.json", "docker-registry", docker.as_str()),
        (".kube/config", "kubernetes-cluster", kube.as_str()),
        (
            ".aws/config",
            "aws-generic",
            "[profile aws-connector-dev]\nregion = eu-west-1\n",
        ),
    ] {
        machine.write(file, before);
        let ran = machine.run(&login(kind));
        assert_eq!(ran.status, 1, "{ran:#?}");
        assert!(
            ran.stderr.contains("line ") && ran.stderr.contains("--force"),
            "{ran:#?}"
        );
        assert_eq!(machine.read(file), before);
        let mut args = login(kind);
        args.push("--force");
        machine.run(&args).ok();
        assert!(machine.read(file).contains("aws-connector"));
    }
    assert!(!machine.read(".docker/config.json").contains("ecr-login"));
}

#[test]
fn two_logins_are_undone_in_any_order() {
    for order in [["dev", "other"], ["other", "dev"]] {
        let machine = Machine::with_connectors();
        let profile = machine.read(".config/aws-connector/connectors.toml");
        let other = profile.split("[connectors.dev]").nth(1).unwrap();
        machine.write(
            ".config/aws-connector/connectors.toml",
            &format!("{profile}registries = [\"{HOST}\"]\n\n[connectors.other]{other}registries = [\"public.ecr.aws\"]\n"),
        );
        machine.write(".docker/config.json", "{\n\t\"auths\": {}\n}");
        machine
            .standin
            .add_cluster("second", "us-east-1", "https://x", "QQ==");
        for (name, cluster) in [("dev", "prod"), ("other", "second")] {
            machine
                .run(&["login", name, "--yes", "--resource-type", "docker-registry"])
                .ok();
            machine
                .run(&[
                    "login",
                    name,
                    "--yes",
                    "--resource-type",
                    "kubernetes-cluster",
                    "--resource-id",
                    cluster,
                ])
                .ok();
            machine.run(&["login", name, "--yes"]).ok();
        }
        for name in order {
            machine.run(&["logout", name, "--yes"]).ok();
        }
        assert_eq!(machine.read(".docker/config.json"), "{\n\t\"auths\": {}\n}");
        for file in [".aws/config", ".kube/config"] {
            assert!(
                !machine.path(file).exists(),
                "{order:?} {}",
                machine.read(file)
            );
        }
    }
}

#[test]
fn the_places_that_the_environment_names_are_used() {
    let machine = Machine::with_connectors();
    machine.write("k/second", &format!("apiVersion: v1\nkind: Config\nclusters:\n- name: {ARN}\n  cluster:\n    server: https://old\n"));
    let run = |args: &[&str]| {
        ran(machine
            .command()
            .env("AWS_CONFIG_FILE", "~/elsewhere/aws")
            .env("DOCKER_CONFIG", machine.path("d"))
            .env("REGISTRY_AUTH_FILE", machine.path("auth.json"))
            .env(
                "KUBECONFIG",
                format!("{0}/k/first:{0}/k/second", machine.home().display()),
            )
            .args(args))
    };
    run(&login("aws-generic")).ok();
    run(&login("docker-registry")).ok();
    let mut args = login("kubernetes-cluster");
    args.push("--force");
    run(&args).ok();
    assert!(machine.read("elsewhere/aws").contains("aws-connector-dev"));
    assert!(
        machine.read("d/config.json").contains(HOST) && machine.read("auth.json").contains(HOST)
    );
    assert!(machine.read("k/second").contains("aws-connector-eks-token"));
    assert!(!machine.path("k/first").exists());
    run(&["logout", "dev", "--yes"]).ok();
    assert!(!machine.path("d/config.json").exists() && !machine.path("auth.json").exists());
}

#[test]
fn a_registry_that_docker_would_have_served_by_another_connector_is_refused() {
    let machine = Machine::with_connectors();
    let ran = machine.run(&[
        "login",
        "base",
        "--yes",
        "--resource-type",
        "docker-registry",
    ]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("connector 'dev' serves") && ran.stderr.contains("--registry"),
        "{ran:#?}"
    );
}

#[test]
fn what_kubectl_adds_to_a_new_kubeconfig_does_not_keep_it_alive() {
    let machine = Machine::with_connectors();
    machine.run(&login("kubernetes-cluster")).ok();
    let text = machine.read(".kube/config");
    machine.write(
        ".kube/config",
        &text.replace("kind: Config\n", "kind: Config\npreferences: {}\n"),
    );
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(!machine.path(".kube/config").exists());
}

#[test]
fn without_its_record_logout_does_not_guess_whose_a_registry_is() {
    let machine = Machine::with_connectors();
    let before = "{\n\t\"auths\": {}\n}";
    machine.write(".docker/config.json", before);
    machine.run(&login("docker-registry")).ok();
    // The record names the owner of a registry: without it nothing is guessed at.
    fs::remove_file(machine.path(".config/aws-connector/wiring.json")).unwrap();
    let ran = machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(ran.stdout.contains("Nothing is wired"), "{ran:#?}");
    assert!(machine.read(".docker/config.json").contains(HOST));
}

#[test]
fn a_kubeconfig_that_has_our_cluster_and_cannot_be_read_is_named_by_logout() {
    let machine = Machine::with_connectors();
    machine.run(&login("kubernetes-cluster")).ok();
    let broken = machine.read(".kube/config") + "preferences: &p {}\n";
    machine.write(".kube/config", &broken);
    let ran = machine.run(&["logout", "dev", "--yes"]);
    assert_eq!(ran.status, 1, "{ran:#?}");
    assert!(
        ran.stderr
            .contains(".kube/config: line 30: unsupported: anchor")
            && ran
                .stderr
                .contains("remove the entries of connector 'dev' by hand"),
        "{ran:#?}"
    );
    assert_eq!(machine.read(".kube/config"), broken);
    // Other connectors have nothing to do with it.
    machine.run(&["logout", "base", "--yes"]).ok();
}

#[test]
fn a_record_that_is_not_one_is_named_and_nothing_is_touched() {
    let machine = Machine::with_connectors();
    machine.run(&login("docker-registry")).ok();
    let wired = machine.read(".docker/config.json");
    let record = ".config/aws-connector/wiring.json";
    for broken in ["", "{", "{\"files\": []}"] {
        machine.write(record, broken);
        for args in [&["logout", "dev", "--yes"][..], &["login", "dev", "--yes"]] {
            let ran = machine.run(args);
            assert_eq!(ran.status, 1, "{ran:#?}");
            assert!(
                ran.stderr.contains("wiring.json: ") && ran.stderr.contains("fix: remove the file"),
                "{ran:#?}"
            );
        }
        assert_eq!(machine.read(".docker/config.json"), wired);
        assert_eq!(machine.read(record), broken);
        assert!(!machine.path(".aws").exists());
    }
}
