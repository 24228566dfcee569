//! The diff of login shows its changes, but no secrets or misleading text from the rest of a file.

use snapbox::{assert_data_eq, str};

use crate::support::Machine;
use crate::wiring::login;

#[test]
fn a_docker_configuration_keeps_its_secrets() {
    let machine = Machine::with_connectors();
    let file = machine.write(
        ".docker/config.json",
        r#"{
  "auths": {"ghcr.io": {"auth": "hunter2", "identitytoken": "hunter2"}, "https://u:hunter2@x": {}},
  "HttpHeaders": {"Authorization": "Bearer hunter2"},
  "proxies": {"default": {"httpProxy": "http://u:hunter2@proxy", "pin": 72602}}
}
"#,
    );
    let out = machine.run(&login("docker-registry")).ok().stdout;
    assert!(!out.contains("hunter2") && !out.contains("72602"), "{out}");
    assert_data_eq!(
        out.split("Wired").next().unwrap().to_owned(),
        str![[r#"
--- [..]/.docker/config.json
+++ [..]/.docker/config.json
@@ -2,4 +2,7 @@
   "auths": {"ghcr.io": {"auth": "[hidden]", "identitytoken": "[hidden]"}, "[hidden]": {}},
   "HttpHeaders": {"Authorization": "[hidden]"},
-  "proxies": {"default": {"httpProxy": "[hidden]", "pin": [hidden]}}
+  "proxies": {"default": {"httpProxy": "[hidden]", "pin": [hidden]}},
+  "credHelpers": {
+    "123456789012.dkr.ecr.us-east-1.amazonaws.com": "aws-connector"
+  }
 }

"#]]
    );
    assert!(std::fs::read_to_string(file).unwrap().contains("hunter2"));
}

#[test]
fn the_diff_of_a_file_with_one_long_line_shows_the_change() {
    let machine = Machine::with_connectors();
    let auths: Vec<String> = (0..20)
        .map(|at| format!(r#""registry-{at}.example":{{"auth":"hunter2"}}"#))
        .collect();
    let text = format!(r#"{{"auths":{{{}}}}}"#, auths.join(","));
    machine.write(".docker/config.json", &text);
    let out = machine.run(&login("docker-registry")).ok().stdout;
    assert!(!out.contains("hunter2"), "{out}");
    let added: Vec<&str> = out.lines().filter(|line| line.starts_with('+')).collect();
    let line = "+    \"123456789012.dkr.ecr.us-east-1.amazonaws.com\": \"aws-connector\"";
    assert!(added.contains(&line), "{out}");
    assert!(added.len() < 6, "{out}");
}

#[test]
fn an_aws_configuration_keeps_its_secrets() {
    let machine = Machine::with_connectors();
    machine.write(
        ".aws/config",
        "[default]\n# hunter2\naws_secret_access_key = hunter2\ncredential_process = get --password hunter2",
    );
    let out = machine.run(&login("aws-generic")).ok().stdout;
    assert_data_eq!(
        out.split("Wired").next().unwrap().to_owned(),
        str![[r#"
--- [..]/.aws/config
+++ [..]/.aws/config
@@ -2,3 +2,8 @@
 # [hidden]
 aws_secret_access_key = [hidden]
-credential_process = [hidden]
/ No newline at end of file
+credential_process = [hidden]
+
+[profile aws-connector-dev]
+credential_process = [..]/bin/aws-connector-credential-process --connector dev
+region = us-east-1
+endpoint_url = [..]
/ No newline at end of file

"#]]
    );
}

#[test]
fn a_kubeconfig_keeps_its_secrets() {
    let machine = Machine::with_connectors();
    machine
        .standin
        .add_cluster("prod", "us-east-1", "https://127.0.0.1:1", "Y2E=");
    machine.write(
        ".kube/config",
        "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers:\n- name: ann\n  user:\n    access-token: hunter2\n    auth-provider:\n      config:\n        apiKey: hunter2\n        note: |\n          hunter2\n",
    );
    let out = machine.run(&login("kubernetes-cluster")).ok().stdout;
    assert!(!out.contains("hunter2"), "{out}");
    for line in [
        "         note: [hidden]\n           [hidden]\n+- name: arn:",
        "+      - --connector\n+      - dev\n",
        "+    server: https://127.0.0.1:1\n",
    ] {
        assert!(out.contains(line), "{line} {out}");
    }
}

#[test]
fn control_and_bidi_characters_of_the_file_are_not_shown() {
    let machine = Machine::with_connectors();
    machine.write(
        ".aws/config",
        "[default]\nregion = eu-west-1\n[profile \u{1b}[2K\u{1b}[8mx\u{202e}y\u{200b}z\u{2066}]\n",
    );
    let out = machine.run(&login("aws-generic")).ok().stdout;
    let line = " [profile \\u{1b}[2K\\u{1b}[8mx\\u{202e}y\\u{200b}z\\u{2066}]\n";
    assert!(out.contains(line), "{out}");
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(out.chars().all(is_plain), "{out:?}");
}
