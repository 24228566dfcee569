//! login and logout: what login writes, and that logout restores it.
//! Over 300 lines, because each test wires, checks and unwires all three clients.

use std::fs;

use aws_standin::Cluster;
use snapbox::{assert_data_eq, str};

use crate::support::{Machine, ran};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/prod";

/// A kind of wiring: its folder of cases, the file, the flags of login, a text that login writes.
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
fn logout_removes_a_file_that_login_created() {
    let machine = Machine::with_connectors();
    for (_, file, kind, written) in KINDS {
        machine.run(&login(kind)).ok();
        assert!(machine.read(file).contains(written));
    }
    machine.run(&["logout", "dev", "--yes"]).ok();
    for (_, file, _, _) in KINDS {
        assert!(!machine.path(file).exists(), "{file}");
        // The folder that login created is removed too.
        assert!(!machine.path(file).parent().unwrap().exists(), "{file}");
    }
    // A folder that existed before, or now has other files, is kept.
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
fn concurrent_commands_do_not_lose_changes() {
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
fn the_diff_hides_surrounding_secrets() {
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
fn without_a_terminal_the_error_names_yes() {
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
fn the_aws_cli_profile_has_connector_region_and_endpoint() {
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
    // The session is cached.
    assert_eq!(machine.standin.count("sts", "AssumeRole"), 1);
    assert_eq!(
        machine.run(&["status", "--output", "json"]).ok().json()["entries"][0]["connector"],
        "dev"
    );
}

#[test]
fn the_kubeconfig_calls_the_plugin() {
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
fn entries_of_others_are_replaced_only_with_force() {
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
    // Docker's previous helper is restored.
    machine.run(&["logout", "dev", "--yes"]).ok();
    assert_eq!(machine.read(".docker/config.json"), docker);
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
fn paths_from_the_environment_are_used() {
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
fn logout_removes_a_created_kubeconfig_despite_kubectls_additions() {
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
fn without_its_record_logout_keeps_registries() {
    let machine = Machine::with_connectors();
    let before = "{\n\t\"auths\": {}\n}";
    machine.write(".docker/config.json", before);
    machine.run(&login("docker-registry")).ok();
    // Only the record says which connector a registry belongs to.
    fs::remove_file(machine.path(".config/aws-connector/wiring.json")).unwrap();
    let ran = machine.run(&["logout", "dev", "--yes"]).ok();
    assert!(ran.stdout.contains("Nothing is wired"), "{ran:#?}");
    assert!(machine.read(".docker/config.json").contains(HOST));
}

#[test]
fn logout_reports_an_unparsable_kubeconfig_with_our_cluster() {
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
    // Other connectors are not affected.
    machine.run(&["logout", "base", "--yes"]).ok();
}

#[test]
fn an_invalid_record_is_reported_and_nothing_is_changed() {
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
