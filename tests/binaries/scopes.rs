//! Least privilege: each use has a session with only the permissions it needs.

use serde_json::Value;

use crate::support::{BASE, REGISTRY, ROLE, Session, Signer, Token, Transcript, World, params};

const PUBLIC: &str = "public.ecr.aws";

fn signer<'a>(world: &'a World, session: &'a Session) -> Signer<'a> {
    Signer {
        standin: &world.standin,
        session,
        region: "us-east-1",
    }
}

fn cut(world: &World, args: &[&str]) -> Session {
    let args = [&["--connector", "dev"], args].concat();
    world.credential_process(&args).answer().ok().session()
}

/// The cached session of the last call.
fn last_session(world: &World) -> Session {
    let sessions = world.entries().into_iter().map(|entry| entry.json());
    let mut sessions: Vec<Value> = sessions.filter(|json| json["kind"] == "session").collect();
    sessions.sort_by_key(|json| json["obtained_at"].as_str().map(str::to_owned));
    let payload = sessions.last().unwrap()["payload"].clone();
    let text = |name: &str| payload[name].as_str().unwrap().to_owned();
    Session {
        id: text("access_key_id"),
        secret: text("secret_access_key"),
        token: Some(text("session_token")),
        expires: None,
    }
}

#[test]
fn the_session_policy_of_each_use() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let mut transcript = Transcript::new(&world);
    let mut case = |title: &str, ask: &dyn Fn(&World)| {
        world.standin.clear_calls();
        ask(&world);
        let given = params(&world.only_call("AssumeRole"));
        let text = match given.get("Policy") {
            None => "no policy".to_owned(),
            Some(policy) => {
                assert!(policy.chars().count() <= 2048);
                let policy: Value = serde_json::from_str(policy).unwrap();
                serde_json::to_string_pretty(&policy).unwrap()
            }
        };
        assert!(!given.contains_key("PolicyArns.member.1.arn"));
        transcript.note(title, &text);
    };
    let typed = |kind: &'static str, id: &'static str| {
        move |world: &World| {
            let args = ["--resource-type", kind, "--resource-id", id];
            let args = if id.is_empty() { &args[..2] } else { &args[..] };
            cut(world, args);
        }
    };
    case("no resource type", &|world| drop(cut(world, &[])));
    case("s3-bucket", &typed("s3-bucket", ""));
    case("s3-bucket data", &typed("s3-bucket", "s3://data/some/key"));
    case("kubernetes-cluster", &typed("kubernetes-cluster", ""));
    case(
        "kubernetes-cluster prod",
        &typed("kubernetes-cluster", "prod"),
    );
    case(
        "kubernetes-cluster by ARN",
        &typed(
            "kubernetes-cluster",
            "arn:aws:eks:us-east-1:123456789012:cluster/prod",
        ),
    );
    case(
        "docker-registry of one account",
        &typed("docker-registry", REGISTRY),
    );
    case("exec plugin", &|world| {
        drop(world.eks_token(&["--cluster", "prod"]).answer().ok())
    });
    case("docker get", &|world| {
        drop(world.docker("get", REGISTRY).answer().ok())
    });
    case("docker get, ECR Public", &|world| {
        drop(world.docker("get", PUBLIC).answer().ok())
    });
    let generic = ["--resource-type", "aws-generic"];
    world.standin.clear_calls();
    cut(&world, &generic);
    assert_eq!(world.calls(), 0, "aws-generic is the same session as none");
    transcript.check("policies.txt");
}

#[test]
fn a_connector_for_accounts_is_limited_to_them() {
    let connector = [ROLE, "registries = [\"210987654321\", \"123456789012\"]\n"].concat();
    let world = World::new(&[BASE, &connector]);
    world.docker("get", REGISTRY).answer().ok().password();
    let policy: Value = serde_json::from_str(&world.assumed()[0]["Policy"]).unwrap();
    assert_eq!(
        policy["Statement"][0]["Resource"],
        serde_json::json!([
            "arn:aws:ecr:us-east-1:123456789012:repository/*",
            "arn:aws:ecr:us-east-1:210987654321:repository/*"
        ])
    );
}

#[test]
fn the_docker_session_cannot_describe_clusters_or_read_buckets() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    world.docker("get", REGISTRY).answer().ok().password();
    let session = last_session(&world);
    let may = signer(&world, &session);
    assert_eq!(may.registry_token(), 200);
    assert_eq!(may.describe_repositories("123456789012"), 200);
    assert_eq!(may.describe_cluster("prod"), 403);
    assert_eq!(may.list_clusters(), 403);
    assert_eq!(may.head_bucket("data"), 403);
    assert_eq!(may.public_registry_token(), 400);
    assert_eq!(may.parameter("/teams/dev/region"), 400);
}

#[test]
fn the_cluster_session_can_describe_its_cluster_but_no_registry() {
    let world = World::new(&[BASE, ROLE]);
    let session = cut(
        &world,
        &[
            "--resource-type",
            "kubernetes-cluster",
            "--resource-id",
            "prod",
        ],
    );
    let may = signer(&world, &session);
    assert_eq!(may.describe_cluster("prod"), 200);
    assert_eq!(may.list_clusters(), 200);
    assert_eq!(may.describe_cluster("other"), 403);
    assert_eq!(may.registry_token(), 400);
    assert_eq!(may.head_bucket("data"), 403);
}

#[test]
fn the_bucket_session_can_read_only_its_bucket() {
    let world = World::new(&[BASE, ROLE]);
    world.standin.add_bucket("other", "us-east-1");
    let session = cut(
        &world,
        &["--resource-type", "s3-bucket", "--resource-id", "data"],
    );
    let may = signer(&world, &session);
    assert_eq!(may.head_bucket("data"), 200);
    assert_eq!(may.head_bucket("other"), 403);
    assert_eq!(may.describe_cluster("prod"), 403);
    assert_eq!(may.registry_token(), 400);
}

#[test]
fn the_session_behind_a_cluster_token_can_only_call_get_caller_identity() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    let answer = world.eks_token(&["--cluster", "prod"]).answer().ok();
    let session = last_session(&world);
    assert_eq!(Token::of(&answer, "aws").access_key_id(), session.id);
    let may = signer(&world, &session);
    assert_eq!(may.caller_identity(), 200);
    assert_eq!(may.describe_cluster("prod"), 403);
    assert_eq!(may.list_clusters(), 403);
    assert_eq!(may.registry_token(), 400);
    assert_eq!(may.head_bucket("data"), 403);
}

#[test]
fn the_public_registry_session_cannot_access_private_registries() {
    let world = World::new(&["default_connector = \"dev\"\n", BASE, ROLE]);
    world.docker("get", PUBLIC).answer().ok().password();
    let session = last_session(&world);
    let may = signer(&world, &session);
    assert_eq!(may.public_registry_token(), 200);
    assert_eq!(may.registry_token(), 400);
    assert_eq!(may.describe_cluster("prod"), 403);
}

#[test]
fn a_session_without_down_scoping_has_all_permissions_of_the_role() {
    let world = World::new(&[BASE, ROLE]);
    let session = cut(&world, &[]);
    let may = signer(&world, &session);
    assert_eq!(may.registry_token(), 200);
    assert_eq!(may.describe_cluster("prod"), 200);
    assert_eq!(may.head_bucket("data"), 200);
    assert_eq!(may.parameter("/teams/dev/region"), 200);
}

#[test]
fn sessions_are_limited_to_the_connectors_resource() {
    let limited = [
        ROLE,
        "resource_type = \"s3-bucket\"\nresource_id = \"s3://data\"\n",
    ]
    .concat();
    let world = World::new(&[BASE, &limited]);
    let session = cut(&world, &[]);
    let may = signer(&world, &session);
    assert_eq!(may.head_bucket("data"), 200);
    assert_eq!(may.registry_token(), 400);
    // Requesting the resource by name gets the same session.
    cut(
        &world,
        &["--resource-type", "s3-bucket", "--resource-id", "data"],
    );
    assert_eq!(world.sts(), 1);
}

#[test]
fn a_custom_policy_replaces_the_built_in_ones_and_yields_one_session() {
    let policy = "policy = '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ecr:*\",\"Resource\":\"*\"}]}'\n";
    for own in [
        policy,
        "policy_arns = \"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly\"\n",
    ] {
        let world = World::new(&[BASE, &[ROLE, own].concat()]);
        for run in world.all_three("dev") {
            run.answer().ok();
        }
        assert_eq!((world.sts(), world.ecr()), (1, 1), "{own}");
        let session = last_session(&world);
        assert_eq!(signer(&world, &session).registry_token(), 200);
        assert_eq!(signer(&world, &session).describe_cluster("prod"), 403);
    }
}

#[test]
fn a_federation_session_gets_the_same_policies() {
    let world = World::new(&[
        "default_connector = \"dev\"\n[connectors.dev]\nauth_method = \"federation-token\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\nsource_connector = \"base\"\n",
        BASE,
    ]);
    world.docker("get", REGISTRY).answer().ok().password();
    let session = last_session(&world);
    assert_eq!(signer(&world, &session).registry_token(), 200);
    assert_eq!(signer(&world, &session).describe_cluster("prod"), 403);
    let token = world.eks_token(&["--cluster", "prod"]).answer().ok();
    let who = Token::of(&token, "aws").caller(&world, "prod").unwrap();
    assert_eq!(
        who,
        "arn:aws:sts::123456789012:federated-user/aws-connector-tester"
    );
    assert_eq!(world.standin.count("sts", "GetFederationToken"), 2);
}
