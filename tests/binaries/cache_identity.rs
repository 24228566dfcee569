//! The cache key: every request parameter, and the identity of the source.

use crate::support::{BASE, ROLE, Session, World};

/// The connector that each variation changes.
const PLAIN: &str = r#"
[connectors.dev]
auth_method = "iam-role"
region = "us-east-1"
endpoint_url = "URL"
source_connector = "base"
role_arn = "arn:aws:iam::123456789012:role/dev"
external_id = "ext-1"
"#;

const POLICY: &str = "policy = '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}'\n";

#[test]
fn after_any_edit_of_the_connectors_file_the_old_session_is_not_served() {
    let world = World::empty();
    let localhost = world.standin.url().replace("127.0.0.1", "localhost");
    let edit = |old: &str, new: &str| {
        assert!(PLAIN.contains(old), "{old}");
        PLAIN.replace(old, new)
    };
    let add = |line: &str| format!("{PLAIN}{line}");
    let variations = [
        PLAIN.to_owned(),
        edit("role/dev", "role/ops"),
        edit("123456789012:role/dev", "210987654321:role/long"),
        edit("\"ext-1\"", "\"ext-2\""),
        edit("external_id = \"ext-1\"\n", ""),
        edit(
            "external_id = \"ext-1\"",
            "external_id = { env = \"THE_ID\" }",
        ),
        edit("region = \"us-east-1\"", "region = \"eu-west-1\""),
        edit("\"URL\"", &format!("\"{localhost}\"")),
        edit("\"base\"", "\"also\""),
        add(POLICY),
        add(&POLICY.replace("s3:*", "s3:Get*")),
        add("policy_arns = \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n"),
        add(
            "policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\", \"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"]\n",
        ),
        add("tags = { team = \"data\" }\n"),
        add("tags = { team = \"dat\" }\n"),
        add("tags = { team = \"data\" }\ntransitive_tag_keys = [\"team\"]\n"),
        add("source_identity = \"ann\"\n"),
        add("role_session_name = \"other\"\n"),
        add("duration = 1800\n"),
        add("resource_type = \"s3-bucket\"\n"),
    ];
    world.standin.add_user(
        "123456789012",
        "also",
        "AKIAALSOEXAMPLE00000",
        "the-secret-of-also",
    );
    let also = BASE.replace("[connectors.base]", "[connectors.also]");
    let also = also.replace("AKIAIOSFODNN7EXAMPLE", "AKIAALSOEXAMPLE00000");
    let also = also.replace(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "the-secret-of-also",
    );
    let ask = |text: &str| {
        world.profile(&[BASE, &also, text]);
        let run = world
            .credential_process(&["--connector", "dev"])
            .env("THE_ID", "ext-1");
        run.answer().ok().session()
    };
    let mut sessions: Vec<Session> = Vec::new();
    for text in &variations {
        let session = ask(text);
        assert!(
            !sessions.contains(&session),
            "an old session was served for {text}"
        );
        sessions.push(session);
    }
    assert_eq!(world.sts(), variations.len());
    // Undoing each edit finds the old session again.
    for (text, session) in variations.iter().zip(&sessions) {
        assert_eq!(&ask(text), session, "{text}");
    }
    assert_eq!(world.sts(), variations.len());
}

#[test]
fn settings_that_do_not_reach_aws_do_not_change_the_key() {
    let world = World::new(&[BASE, PLAIN]);
    let first = world.session("dev");
    for text in [
        PLAIN.replace("auth_method", "description = \"mine\"\nauth_method"),
        format!("{PLAIN}registries = [\"123456789012\"]\n"),
        format!("{PLAIN}lock_timeout = \"10s\"\nrefresh_ahead = false\n"),
        format!(
            "# a comment\n{}",
            PLAIN.replace("\"us-east-1\"", "'us-east-1'")
        ),
        format!("{PLAIN}allowed_regions = [\"eu-west-1\"]\nx-note = \"mine\"\n"),
        format!("{PLAIN}duration = \"1h\"\n"),
    ] {
        world.profile(&[BASE, &text]);
        assert_eq!(world.session("dev"), first, "{text}");
    }
    // The name is not in the key: two connectors with the same settings share a session.
    let twin = PLAIN.replace("[connectors.dev]", "[connectors.twin]");
    world.profile(&[BASE, &twin]);
    assert_eq!(world.session("twin"), first);
    assert_eq!(world.sts(), 1);
}

#[test]
fn endpoints_regions_and_users_in_the_environment_change_the_key() {
    let connector = ROLE
        .replace("endpoint_url = \"URL\"\n", "")
        .replace("region = \"us-east-1\"\n", "");
    let world = World::new(&[BASE, &connector]);
    let url = world.standin.url();
    let localhost = url.replace("127.0.0.1", "localhost");
    let mut sessions: Vec<Session> = Vec::new();
    for (endpoint, region, user) in [
        (&url, "us-east-1", "ann"),
        (&localhost, "us-east-1", "ann"),
        (&url, "eu-west-1", "ann"),
        (&url, "us-east-1", "bob"),
    ] {
        for _ in 0..2 {
            let run = world.credential_process(&["--connector", "dev"]);
            let run = run
                .env("AWS_ENDPOINT_URL", endpoint)
                .env("AWS_REGION", region)
                .env("USER", user);
            let session = run.answer().ok().session();
            if sessions.last() != Some(&session) {
                assert!(!sessions.contains(&session));
                sessions.push(session);
            }
        }
    }
    assert_eq!((sessions.len(), world.sts()), (4, 4));
}

#[test]
fn the_key_depends_on_the_access_key_id_and_not_on_the_secret() {
    let world = World::empty();
    world.standin.add_user(
        "123456789012",
        "eve",
        "AKIAEVEEXAMPLE000000",
        "the-secret-of-eve",
    );
    let connector = ROLE.replace(
        "source_connector = \"base\"",
        "aws_access_key_id = { env = \"ID\" }\naws_secret_access_key = { file = \"~/secret\" }",
    );
    world.profile(&[&connector]);
    let ask = |id: &str, secret: &str| {
        world.file("secret", secret);
        let run = world
            .credential_process(&["--connector", "dev"])
            .env("ID", id);
        run.answer().ok().session()
    };
    let dev = (aws_standin::ACCESS_KEY_ID, aws_standin::SECRET_ACCESS_KEY);
    let first = ask(dev.0, dev.1);
    assert_eq!(ask(dev.0, &format!("{}\n\n", dev.1)), first);
    assert_ne!(ask("AKIAEVEEXAMPLE000000", "the-secret-of-eve"), first);
    assert_eq!(ask(dev.0, dev.1), first);
    assert_eq!(world.sts(), 2);
}

#[test]
fn every_setting_of_an_aws_profile_changes_the_key() {
    let connector = ROLE.replace("source_connector = \"base\"", "source_profile = \"work\"");
    let world = World::new(&[&connector]);
    world.standin.add_user(
        "123456789012",
        "eve",
        "AKIAEVEEXAMPLE000000",
        "the-secret-of-eve",
    );
    let credentials = |id: &str, secret: &str| {
        let text = format!(
            "[other]\nx = {}\n[work]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n",
            id.len()
        );
        world.file(".aws/credentials", &text);
        world.session("dev")
    };
    let first = credentials(aws_standin::ACCESS_KEY_ID, aws_standin::SECRET_ACCESS_KEY);
    assert_eq!(world.session("dev"), first);
    let second = credentials("AKIAEVEEXAMPLE000000", "the-secret-of-eve");
    assert_ne!(second, first);
    assert_eq!(
        credentials(aws_standin::ACCESS_KEY_ID, aws_standin::SECRET_ACCESS_KEY),
        first
    );
    assert_eq!(world.sts(), 2);
}

#[test]
fn rotating_a_literal_secret_keeps_the_session() {
    let world = World::new(&[BASE, PLAIN]);
    let first = world.session("dev");
    let rotated = BASE.replace(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "another-secret-of-the-same-key",
    );
    world.profile(&[&rotated, PLAIN]);
    assert_eq!(world.session("dev"), first);
    assert_eq!(world.sts(), 1);
}

#[test]
fn a_registry_login_is_keyed_by_its_session_and_endpoint() {
    let world = World::new(&["default_connector = \"base\"\n", BASE]);
    let get = || {
        let run = world.docker("get", crate::support::REGISTRY);
        run.answer().ok().password()
    };
    let first = get();
    assert_eq!(get(), first);
    world.standin.add_user(
        "123456789012",
        "eve",
        "AKIAEVEEXAMPLE000000",
        "the-secret-of-eve",
    );
    let other = BASE
        .replace("AKIAIOSFODNN7EXAMPLE", "AKIAEVEEXAMPLE000000")
        .replace(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "the-secret-of-eve",
        );
    world.profile(&["default_connector = \"base\"\n", &other]);
    assert_ne!(get(), first);
    world.profile(&["default_connector = \"base\"\n", BASE]);
    assert_eq!(get(), first);
    assert_eq!((world.sts(), world.ecr()), (0, 2));
}
