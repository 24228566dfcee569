//! The default world, as documented in the crate.

use crate::policy;
use crate::world::{ACCOUNT, Bucket, ClusterRecord, Kind, Role, World};

/// The access key of the default user.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret of the default user.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// The access key of the account's root.
pub const ROOT_ACCESS_KEY_ID: &str = "AKIAROOTEXAMPLE00000";
/// The secret of the account's root.
pub const ROOT_SECRET_ACCESS_KEY: &str = "rootSecretEXAMPLE/K7MDENG/bPxRfiCYEXAMPLE";
/// The external id that role `cross` requires.
pub const EXTERNAL_ID: &str = "ext-1234";
/// The MFA device of the default user.
pub const MFA_SERIAL: &str = "arn:aws:iam::123456789012:mfa/dev";
/// The MFA code that is accepted by default.
pub const MFA_CODE: &str = "123456";
/// The authorization token of the container credentials' full URI.
pub const CONTAINER_TOKEN: &str = "container-token";
/// A valid SSO access token.
pub const SSO_ACCESS_TOKEN: &str = "sso-access-token";
/// A valid SSO refresh token.
pub const SSO_REFRESH_TOKEN: &str = "sso-refresh-token";

const CA: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";

const MANAGED: [(&str, &str); 5] = [
    (
        "AdministratorAccess",
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    ),
    (
        "ReadOnlyAccess",
        r#"{"Statement":{"Effect":"Allow","Action":["ecr:Get*","ecr:Describe*","ecr:List*","eks:Describe*","eks:List*","ssm:Get*","s3:Get*","s3:List*"],"Resource":"*"}}"#,
    ),
    (
        "AmazonEC2ContainerRegistryReadOnly",
        r#"{"Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:Describe*","ecr:List*"],"Resource":"*"}}"#,
    ),
    (
        "AmazonS3ReadOnlyAccess",
        r#"{"Statement":{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}}"#,
    ),
    (
        "AmazonSSMReadOnlyAccess",
        r#"{"Statement":{"Effect":"Allow","Action":["ssm:Get*"],"Resource":"*"}}"#,
    ),
];

pub(crate) fn world() -> World {
    let mut world = World::default();
    world.add_key(
        Kind::User,
        "aws",
        ACCOUNT,
        "dev",
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
    );
    world.add_key(
        Kind::Root,
        "aws",
        ACCOUNT,
        "",
        ROOT_ACCESS_KEY_ID,
        ROOT_SECRET_ACCESS_KEY,
    );
    let long = || Role {
        max_session_duration: 43200,
        ..Role::default()
    };
    for (arn, role) in [
        ("arn:aws:iam::123456789012:role/dev", long()),
        ("arn:aws:iam::123456789012:role/ops", Role::default()),
        (
            "arn:aws:iam::123456789012:role/mfa",
            Role {
                require_mfa: true,
                ..long()
            },
        ),
        ("arn:aws:iam::123456789012:role/long", long()),
        ("arn:aws:iam::123456789012:role/instance", long()),
        ("arn:aws:iam::123456789012:role/task", long()),
        (
            "arn:aws:iam::210987654321:role/cross",
            Role {
                external_id: Some(EXTERNAL_ID.to_owned()),
                ..Role::default()
            },
        ),
        (
            "arn:aws:iam::210987654321:role/mfa",
            Role {
                require_mfa: true,
                ..long()
            },
        ),
        ("arn:aws:iam::210987654321:role/long", long()),
    ] {
        world.roles.insert(arn.to_owned(), role);
    }
    for (name, text) in MANAGED {
        let document = policy::parse(text).expect("the built-in policies are well-formed");
        world
            .policies
            .insert(format!("arn:aws:iam::aws:policy/{name}"), document);
    }
    for (name, region) in [("prod", "us-east-1"), ("stage", "eu-west-1")] {
        world.clusters.push(ClusterRecord {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            endpoint: format!("https://{name}.gr7.{region}.eks.amazonaws.com"),
            ca: CA.to_owned(),
        });
    }
    world.parameters.insert(
        "/teams/dev/external-id".to_owned(),
        (EXTERNAL_ID.to_owned(), true),
    );
    world.parameters.insert(
        "/teams/dev/region".to_owned(),
        ("us-east-1".to_owned(), false),
    );
    let pair = format!("{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}");
    world
        .parameters
        .insert("/teams/dev/keys".to_owned(), (pair, true));
    for (name, region) in [("data", "us-east-1"), ("logs", "eu-west-1")] {
        let bucket = Bucket {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
        };
        world.buckets.insert(name.to_owned(), bucket);
    }
    for name in ["app", "base/python"] {
        world
            .repositories
            .insert((ACCOUNT.to_owned(), "us-east-1".to_owned(), name.to_owned()));
    }
    world.mfa.serials.insert(MFA_SERIAL.to_owned());
    world.mfa.code = MFA_CODE.to_owned();
    world.imds_role = Some("arn:aws:iam::123456789012:role/instance".to_owned());
    world.container_role = "arn:aws:iam::123456789012:role/task".to_owned();
    world.container_token = CONTAINER_TOKEN.to_owned();
    world
        .sso_tokens
        .insert(SSO_ACCESS_TOKEN.to_owned(), i64::MAX);
    world
        .sso_refresh_tokens
        .insert(SSO_REFRESH_TOKEN.to_owned());
    world
        .sso_roles
        .insert((ACCOUNT.to_owned(), "Developer".to_owned()));
    world
}
