//! An AWS on loopback, strict enough that a client that works here works with AWS.
//!
//! One endpoint, over http and https, serves STS, ECR, ECR Public, EKS, SSM, S3, EC2 instance metadata, container
//! credentials and IAM Identity Center, and the `/v2/` of private registries. Signatures are verified by this crate's
//! own code; session policies are enforced.
//!
//! The default world:
//!
//! | what | value |
//! |---|---|
//! | account | 123456789012 |
//! | user `dev` | AKIAIOSFODNN7EXAMPLE / wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY |
//! | root | AKIAROOTEXAMPLE00000 / rootSecretEXAMPLE/K7MDENG/bPxRfiCYEXAMPLE |
//! | roles of 123456789012 | `dev`, `long`, `instance`, `task` (sessions up to 43200 s), `ops` (3600 s), `mfa` (needs MFA) |
//! | roles of 210987654321 | `cross` (external id `ext-1234`, 3600 s), `mfa` (needs MFA), `long` (43200 s) |
//! | MFA | device arn:aws:iam::123456789012:mfa/dev, code 123456, reusable unless configured otherwise |
//! | clusters | `prod` in us-east-1, `stage` in eu-west-1 |
//! | parameters | /teams/dev/external-id = ext-1234 (SecureString), /teams/dev/keys = the user's pair `id,secret` (SecureString), /teams/dev/region = us-east-1 |
//! | buckets | `data` in us-east-1, `logs` in eu-west-1 |
//! | repositories | `app`, `base/python` in us-east-1 |
//! | managed policies | AdministratorAccess, ReadOnlyAccess, AmazonEC2ContainerRegistryReadOnly, AmazonS3ReadOnlyAccess, AmazonSSMReadOnlyAccess |
//! | instance metadata | role `instance`; IMDSv2 only |
//! | container credentials | /v2/credentials/ANY_ID without authorization, /v1/credentials with `container-token`; role `task` |
//! | SSO | access token `sso-access-token`, refresh token `sso-refresh-token`, role `Developer` of 123456789012 |

#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test panics on unexpected results")
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test server opens files directly"
)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test server that fails panics with the reason"
)]

mod api;
mod builder;
mod cluster;
mod control;
mod defaults;
mod dispatch;
mod ecr;
mod eks;
mod faults;
mod http;
mod ids;
mod metadata;
mod policy;
mod registry;
mod route;
mod s3;
mod server;
mod signature;
mod sigv4;
mod ssm;
mod sso;
mod standin;
mod state;
mod sts;
mod tls;
mod world;

pub use builder::Builder;
pub use cluster::{Cluster, ClusterRequest, TokenError, VerifiedUrl, verify_token};
pub use defaults::{
    ACCESS_KEY_ID, CONTAINER_TOKEN, EXTERNAL_ID, MFA_CODE, MFA_SERIAL, ROOT_ACCESS_KEY_ID,
    ROOT_SECRET_ACCESS_KEY, SECRET_ACCESS_KEY, SSO_ACCESS_TOKEN, SSO_REFRESH_TOKEN,
};
pub use dispatch::Recorded as Call;
pub use faults::{Fault, FaultKind};
pub use standin::Standin;
pub use world::{ACCOUNT, Role};
