//! Property tests: removing what was added restores the file byte for byte, in any order.

#![expect(clippy::unwrap_used, reason = "tests")]

use aws_connector_core::ambient::ini::Dialect;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;

use super::record::FileRecord;
use super::{aws_config, docker_config, kubeconfig};

/// Sections of an AWS config file, each in several notations.
const AWS: [&[&str]; 7] = [
    &[
        "[default]",
        "[default]   ; mine\nregion = us-east-1",
        "[default]\n\n  \nregion=x\n\n",
    ],
    &[
        "[profile work]\noutput : json\n# inside\nregion =",
        "[ profile  'a b' ]\nregion = x # y",
    ],
    &["[profile s3]\ns3 =\n  addressing_style = path\n\n\tmax_queue_size = 5\nregion = x"],
    &[
        "[sso-session x]\nsso_region = eu-west-1",
        "[plugins]\n; none",
        "[services dev]\nsts =\n  endpoint_url = x",
    ],
    &[
        "[profile aws-connector-devel]\nregion = x",
        "[profile aws-connector-de]\nregion = x\n",
    ],
    &["", "  ", "\n\n\t"],
    &["# a comment", "; another\n\n# and more"],
];

/// Keys of a kubeconfig, each in several notations.
const KUBE: [&[&str]; 8] = [
    &["apiVersion: v1", "apiVersion:\tv1 # yes"],
    &["kind: Config", "kind: 'Config'"],
    &[
        "preferences: {}",
        "preferences:\n  colors: true",
        "extensions: |\n  - name: no item",
    ],
    &["# a comment", "", "   ", "# one\n\n# two"],
    &[
        "current-context: a",
        "current-context: \"\"",
        "current-context:",
    ],
    &[
        "clusters:",
        "clusters: []",
        "clusters: null # none",
        "clusters:\n- name: a\n  cluster: {server: x}",
        "clusters:\n\n# first\n  - cluster:\n      server: x\n    name: a\n\n  - {name: b}\n# last",
    ],
    &[
        "contexts: ~",
        "contexts:\n-\n  name: a\n  context: {}\n",
        "contexts:\n# none",
    ],
    &[
        "users: []",
        "users:\n- name: a\n  user:\n    exec:\n      env:\n      - name: X\n        value: y\n      command: sh",
        "users:\n    - user:\n        token: |\n          - name: x\n      name: a",
    ],
];

/// Some of the parts, each in one of its notations, in any order.
fn texts(ways: &'static [&'static [&'static str]]) -> impl Strategy<Value = String> {
    let parts: Vec<_> = ways.iter().map(|ways| select(*ways)).collect();
    let some = (parts, prop::collection::vec(any::<bool>(), ways.len()));
    let some = some.prop_map(|(parts, kept)| {
        let kept = parts.into_iter().zip(kept).filter(|(_, kept)| *kept);
        kept.map(|(part, _)| part).collect::<Vec<_>>()
    });
    (some.prop_shuffle(), any::<bool>(), any::<bool>()).prop_map(|(parts, crlf, open)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = parts.join("\n").replace('\n', end);
        if !open && !text.is_empty() {
            text.push_str(end);
        }
        text
    })
}

fn aws_entry(connector: &str) -> aws_config::Entry {
    aws_config::Entry {
        profile: aws_config::profile_name(connector),
        connector: connector.to_owned(),
        command: format!("/opt/aws-connector-credential-process --connector {connector}"),
        region: Some("us-east-1".to_owned()),
        // `ops` also has a services section.
        endpoints: aws_config::ClientEndpoints {
            by_service: (connector == "ops")
                .then(|| ("sts".to_owned(), "http://localhost:1".to_owned()))
                .into_iter()
                .collect(),
            ..aws_config::ClientEndpoints::default()
        },
    }
}

fn kube_entry(connector: &str, name: &str, make_current: bool) -> kubeconfig::Entry {
    kubeconfig::Entry {
        arn: format!("arn:aws:eks:us-east-1:123456789012:cluster/{name}"),
        name: format!("{connector}@{name}"),
        server: "https://x".to_owned(),
        certificate_authority: "QQ==".to_owned(),
        cluster: name.to_owned(),
        region: "us-east-1".to_owned(),
        connector: connector.to_owned(),
        command: "/opt/aws-connector-eks-token".to_owned(),
        api: "v1".to_owned(),
        make_current,
    }
}

/// JSON in any formatting.
fn json() -> impl Strategy<Value = String> {
    let space = || select(&["", "", " ", "\n", "\n\t", "\r\n  ", "  \t "][..]);
    let scalar = select(
        &[
            "null",
            "true",
            "-1.5e3",
            "\"\"",
            "\"a\\\"},{:\"",
            "\"\\u00fc\"",
            "[]",
            "{}",
            "[1, [\"]\"]]",
        ][..],
    );
    let name = select(
        &[
            "auths",
            "credsStore",
            "a,b",
            "\\u0061\\\"",
            "HttpHeaders",
            "deep",
        ][..],
    );
    let member = (space(), name, space(), space(), scalar, space())
        .prop_map(|(a, name, b, c, value, d)| format!("{a}\"{name}\"{b}:{c}{value}{d}"));
    let helper = (
        space(),
        select(&["gcr.io", "quay.io", "x:5000"][..]),
        space(),
        space(),
    )
        .prop_map(|(a, host, b, c)| format!("{a}\"{host}\"{b}:\"gcloud\"{c}"));
    let helpers = (prop::collection::vec(helper, 0..3), space(), space())
        .prop_map(|(all, a, b)| format!("{a}\"credHelpers\":{b}{{{}}}", all.join(",")));
    let members = (
        prop::collection::vec(member, 0..4),
        prop::option::of(helpers),
        any::<prop::sample::Index>(),
    );
    (members, space(), space(), space()).prop_map(|((mut all, helpers, at), a, b, c)| {
        if let Some(helpers) = helpers {
            all.insert(at.index(all.len() + 1), helpers);
        }
        format!("{a}{{{}{b}}}{c}", all.join(","))
    })
}

proptest! {
    #[test]
    fn removing_profiles_restores_the_file(
        text in texts(&AWS),
        order in Just(vec!["dev", "ops"]).prop_shuffle(),
    ) {
        let mut more = text.clone();
        for connector in ["dev", "ops"] {
            let added = aws_config::add(&more, &aws_entry(connector), false).unwrap();
            prop_assert_eq!(&aws_config::add(&added, &aws_entry(connector), false).unwrap(), &added);
            more = added;
        }
        let all = aws_config::profile_names(&more, Dialect::Config);
        prop_assert_eq!(&all[all.len() - 2..], ["aws-connector-dev", "aws-connector-ops"]);
        for connector in order {
            more = aws_config::remove(&more, &aws_config::profile_name(connector), connector, false).unwrap();
        }
        prop_assert_eq!(more, text);
    }

    #[test]
    fn removing_registries_restores_the_file(
        text in json(),
        first in subsequence(vec!["1.dkr", "2.dkr", "3.dkr"], 1..3),
        swap in any::<bool>(),
    ) {
        let before: Value = serde_json::from_str(&text).unwrap();
        let first: Vec<String> = first.into_iter().map(str::to_owned).collect();
        let second = vec!["other".to_owned()];
        let mut record = FileRecord::default();
        let mut more = text.clone();
        for hosts in [&first, &second] {
            more = docker_config::add(&more, hosts, false, &mut record).unwrap().unwrap();
            let again = docker_config::add(&more, hosts, false, &mut record).unwrap().unwrap();
            prop_assert_eq!(&again, &more);
        }
        let mut expected = before;
        for host in first.iter().chain(&second) {
            expected["credHelpers"][host] = "aws-connector".into();
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&more).unwrap(), expected);
        let order = if swap { [&second, &first] } else { [&first, &second] };
        for hosts in order {
            more = docker_config::remove(&more, hosts, &mut record).unwrap().unwrap();
        }
        prop_assert_eq!(more, text);
        prop_assert_eq!(record.made.len(), 0);
    }

    #[test]
    fn removing_clusters_restores_the_file(
        text in texts(&KUBE),
        current in any::<bool>(),
        order in Just(vec![("dev", "prod"), ("dev", "stage"), ("ops", "prod")]).prop_shuffle(),
    ) {
        let mut record = FileRecord::default();
        let mut more = text.clone();
        for (connector, name) in [("dev", "prod"), ("dev", "stage"), ("ops", "prod")] {
            let entry = kube_entry(connector, name, current);
            let added = kubeconfig::add(&more, &entry, false, &mut record).unwrap().unwrap();
            let again = kubeconfig::add(&added, &entry, false, &mut record).unwrap();
            prop_assert_eq!(again.as_ref(), Some(&added));
            more = added;
        }
        prop_assert_eq!(kubeconfig::wired_for(&more, "dev").unwrap().len(), 2);
        prop_assert_eq!(more.matches("server: https://x").count(), 2);
        for (connector, name) in order {
            let entry = kube_entry(connector, name, current);
            more = kubeconfig::remove(&more, &entry.name, &mut record).unwrap().unwrap_or_default();
        }
        prop_assert_eq!(more, text);
    }
}
