//! Which connector serves a registry, in order of priority: host, account, `AWS_CONNECTOR`, default.

use crate::support::{Answer, BASE, REGISTRY, World};

const OTHER_ACCOUNT: &str = "210987654321.dkr.ecr.us-east-1.amazonaws.com";
const IRELAND: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// A connector whose role has its name, so that the call to AWS shows which connector was used.
fn connector(name: &str, more: &str) -> String {
    format!(
        "\n[connectors.{name}]\nauth_method = \"iam-role\"\nregion = \"us-east-1\"\nendpoint_url = \"URL\"\n\
         source_connector = \"base\"\nrole_arn = \"arn:aws:iam::123456789012:role/{name}\"\n{more}\n"
    )
}

fn get(world: &World, host: &str, chosen: &str) -> Answer {
    world
        .docker("get", host)
        .env("AWS_CONNECTOR", chosen)
        .env("AWS_CONNECTOR_CACHE", "off")
        .answer()
}

/// The connector that served the host.
#[track_caller]
fn served(world: &World, host: &str, chosen: &str) -> String {
    world.standin.clear_calls();
    let answer = get(world, host, chosen);
    assert_eq!(answer.status, 0, "{answer:?}");
    let arn = world.assumed()[0]["RoleArn"].clone();
    arn.rsplit('/').next().unwrap().to_owned()
}

#[track_caller]
fn refused(world: &World, host: &str, chosen: &str, said: &[&str]) {
    world.standin.clear_calls();
    let answer = get(world, host, chosen);
    let line = answer.docker_failure();
    for part in said {
        assert!(line.contains(part), "{part:?} is not in {line}");
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn the_host_has_priority_then_the_account_then_the_environment_then_the_default() {
    let host = format!("registries = [\"{REGISTRY}\"]");
    let host = connector("dev", &host);
    let account = connector("ops", "registries = [\"123456789012\", \"210987654321\"]");
    let (chosen, default) = (connector("long", ""), connector("task", ""));
    let start = "default_connector = \"task\"\n";
    let all = World::new(&[start, BASE, &host, &account, &chosen, &default]);
    assert_eq!(served(&all, REGISTRY, "long"), "dev");
    assert_eq!(served(&all, OTHER_ACCOUNT, "long"), "ops");
    let third = OTHER_ACCOUNT.replace("210987654321", "333333333333");
    assert_eq!(served(&all, &third, "long"), "long");
    assert_eq!(served(&all, &third, ""), "task");
    all.profile(&[start, BASE, &account, &chosen, &default]);
    assert_eq!(served(&all, REGISTRY, "long"), "ops");
    all.profile(&[start, BASE, &chosen, &default]);
    assert_eq!(served(&all, REGISTRY, "long"), "long");
    assert_eq!(served(&all, REGISTRY, ""), "task");
}

#[test]
fn the_resource_id_of_a_connector_selects_its_host() {
    let limited =
        format!("resource_type = \"docker-registry\"\nresource_id = \"https://{REGISTRY}/app\"");
    let limited = connector("dev", &limited);
    let account = connector("ops", "registries = [\"123456789012\"]");
    let world = World::new(&[BASE, &account, &limited]);
    assert_eq!(served(&world, REGISTRY, "ops"), "dev");
    assert_eq!(served(&world, &REGISTRY.to_uppercase(), ""), "dev");
}

#[test]
fn a_tie_is_resolved_by_the_environment_or_is_an_error_that_lists_the_candidates() {
    let host = format!("registries = [\"{REGISTRY}\", \"210987654321\"]");
    let (one, two) = (connector("dev", &host), connector("ops", &host));
    let third = connector("long", "registries = [\"123456789012\"]");
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &one, &two, &third]);
    for host in [REGISTRY, OTHER_ACCOUNT] {
        assert_eq!(served(&world, host, "dev"), "dev");
        assert_eq!(served(&world, host, "ops"), "ops");
        refused(
            &world,
            host,
            "",
            &["dev, ops", "set AWS_CONNECTOR to one of them", host],
        );
        // A connector that is not one of the candidates does not resolve the tie.
        refused(&world, host, "long", &["dev, ops"]);
    }
    world.profile(&[
        BASE,
        &one,
        &connector("ops", &format!("{host}\nenabled = false")),
    ]);
    assert_eq!(served(&world, REGISTRY, ""), "dev");
}

#[test]
fn a_disabled_connector_for_the_registry_does_not_fall_back_to_another() {
    let host = format!("registries = [\"{REGISTRY}\"]\nenabled = false");
    let world = World::new(&[
        "default_connector = \"ops\"\n",
        BASE,
        &connector("dev", &host),
        &connector("ops", ""),
    ]);
    refused(
        &world,
        REGISTRY,
        "",
        &["connector 'dev'", "this connector is disabled"],
    );
}

#[test]
fn a_connector_for_other_registries_is_not_used() {
    let world = World::new(&[
        "default_connector = \"dev\"\n",
        BASE,
        &connector("dev", "registries = [\"123456789012\"]"),
        &connector("ops", "resource_type = \"s3-bucket\""),
    ]);
    refused(
        &world,
        OTHER_ACCOUNT,
        "",
        &[
            "connector 'dev'",
            "its registries do not include 210987654321",
        ],
    );
    // The connector in the environment does not serve registries, so the default is used.
    assert_eq!(served(&world, REGISTRY, "ops"), "dev");
    refused(
        &world,
        OTHER_ACCOUNT,
        "ops",
        &["connector 'dev'", "its registries do not include"],
    );
}

#[test]
fn a_registry_without_a_connector_is_an_error_and_not_an_anonymous_pull() {
    let world = World::new(&[BASE, &connector("dev", "registries = [\"123456789012\"]")]);
    refused(
        &world,
        OTHER_ACCOUNT,
        "",
        &["no connector found for 210987654321"],
    );
    assert_eq!(served(&world, REGISTRY, ""), "dev");
}

#[test]
fn if_no_connector_serves_the_error_explains_why_the_one_in_the_environment_does_not() {
    let world = World::new(&[BASE, &connector("dev", "resource_type = \"s3-bucket\"")]);
    refused(
        &world,
        REGISTRY,
        "dev",
        &["connector 'dev'", "limited to s3-bucket"],
    );
    world.profile(&[BASE, &connector("dev", "")]);
    refused(
        &world,
        IRELAND,
        "dev",
        &["connector 'dev'", "is in eu-west-1"],
    );
    world.profile(&[BASE, &connector("dev", "enabled = false")]);
    refused(
        &world,
        REGISTRY,
        "dev",
        &["connector 'dev'", "this connector is disabled"],
    );
    let default = "default_connector = \"ops\"\n";
    world.profile(&[
        default,
        BASE,
        &connector("dev", "enabled = false"),
        &connector("ops", ""),
    ]);
    refused(
        &world,
        REGISTRY,
        "dev",
        &["connector 'dev'", "this connector is disabled"],
    );
}

#[test]
fn another_region_must_be_allowed() {
    let (plain, allowed) = (
        connector("dev", ""),
        connector("dev", "allowed_regions = [\"eu-west-1\"]"),
    );
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &plain]);
    refused(
        &world,
        IRELAND,
        "",
        &[
            "is in eu-west-1, but the connector is for us-east-1",
            "allowed_regions",
        ],
    );
    world.profile(&["default_connector = \"dev\"\n", BASE, &allowed]);
    assert_eq!(served(&world, IRELAND, ""), "dev");
    let call = world.only_call("GetAuthorizationToken");
    assert_eq!(call.region, "eu-west-1");
    assert!(world.assumed()[0]["Policy"].contains("arn:aws:ecr:eu-west-1:*:repository/*"));
    // Naming the host or its account also allows the region.
    for named in [IRELAND, "123456789012"] {
        world.profile(&[
            BASE,
            &connector("dev", &format!("registries = [\"{named}\"]")),
        ]);
        assert_eq!(served(&world, IRELAND, ""), "dev");
    }
    let paris = "123456789012.dkr.ecr.eu-west-3.amazonaws.com";
    world.profile(&["default_connector = \"dev\"\n", BASE, &allowed]);
    refused(&world, paris, "", &["is in eu-west-3"]);
}

#[test]
fn partitions_never_mix() {
    let everything = connector("dev", "registries = [\"123456789012\"]");
    let world = World::new(&["default_connector = \"dev\"\n", BASE, &everything]);
    for (host, partition) in [
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "aws-cn"),
        (
            "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
            "aws-us-gov",
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            "aws-eusc",
        ),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "aws-iso"),
    ] {
        refused(&world, host, "", &[partition, "but the connector is in "]);
    }
}

#[test]
fn the_host_selects_the_api_endpoint() {
    let named = "registries = [\"123456789012\"]";
    let world = World::new(&[BASE, &connector("dev", named)]);
    let hosts = [
        REGISTRY,
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
        "123456789012.dkr-ecr.us-east-1.on.aws",
        "123456789012.dkr-ecr-fips.us-east-1.on.aws",
    ];
    for host in hosts {
        assert_eq!(served(&world, host, ""), "dev");
        assert_eq!(world.only_call("GetAuthorizationToken").region, "us-east-1");
    }
}

#[test]
fn one_login_serves_every_account_of_a_connector() {
    let world = World::new(&[
        BASE,
        &connector("dev", "registries = [\"123456789012\", \"210987654321\"]"),
    ]);
    let one = world.docker("get", REGISTRY).answer().ok();
    let two = world.docker("get", OTHER_ACCOUNT).answer().ok();
    assert_eq!(one.password(), two.password());
    assert_eq!(two.json()["ServerURL"], OTHER_ACCOUNT);
    assert_eq!((world.sts(), world.ecr()), (1, 1));
    let asked = world.only_call("GetAuthorizationToken");
    assert!(
        asked.params.is_empty(),
        "registryIds is deprecated: {asked:?}"
    );
}

#[test]
fn an_invalid_connector_elsewhere_in_the_file_does_not_matter() {
    let faulty = "\n[connectors.faulty]\nauth_method = \"nonsense\"\n\n[connectors.worse]\nregion = = 3\nexternal_id = \"${NOBODY}\"\n\n[connectors.worst]\nregion = \"unfinished\n";
    let world = World::new(&[
        "default_connector = \"dev\"\n",
        BASE,
        &connector("dev", ""),
        faulty,
    ]);
    assert_eq!(served(&world, REGISTRY, ""), "dev");
}
