//! The fields of a connector, each with the type of its value, the auth methods that accept it and
//! its description. Parsers take these constants, so they cannot read a field that is missing from
//! the table. The reference page is generated from `TABLE`.

use std::marker::PhantomData;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::auth::{CredentialSource, Method};
use super::connector::CacheMode;
use super::secret_ref::SecretRef;
use super::value::{Command, Kind, Policy, Services, Tags, Value as _};
use crate::resource::ResourceType;

/// A field whose value is read as a `T`.
#[derive(Debug)]
pub struct Field<T> {
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> Field<T> {
    /// A key that is not in the table: at the top level of the file, or in a sub-table of a
    /// connector.
    pub(super) const fn named(name: &'static str) -> Self {
        Self {
            name,
            value: PhantomData,
        }
    }

    /// Its name in the connectors file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The same field without its value type.
    pub(super) const fn any(&self) -> Field<()> {
        Field::named(self.name)
    }
}

/// A field's row in the table.
#[derive(Debug)]
pub struct Row {
    /// Its name in the connectors file.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// The auth methods that accept it.
    pub methods: &'static [Method],
    /// Its description, in Markdown.
    pub about: &'static str,
}

const EVERY: &[Method] = &Method::ALL;
const WITH_KEYS: &[Method] = &[
    Method::SecretKey,
    Method::StsToken,
    Method::IamRole,
    Method::SessionToken,
    Method::FederationToken,
];
const WITH_TOKEN: &[Method] = &[Method::StsToken, Method::IamRole];
const WITH_SOURCE: &[Method] = &[
    Method::IamRole,
    Method::SessionToken,
    Method::FederationToken,
];
const WITH_PROFILE: &[Method] = &[
    Method::Implicit,
    Method::IamRole,
    Method::SessionToken,
    Method::FederationToken,
];
const WITH_ROLE: &[Method] = &[Method::Implicit, Method::IamRole];
const WITH_POLICY: &[Method] = &[Method::Implicit, Method::IamRole, Method::FederationToken];
const WITH_MFA: &[Method] = &[Method::Implicit, Method::IamRole, Method::SessionToken];

macro_rules! fields {
    ($($field:ident: $value:ty = $name:literal, $methods:expr, $about:literal;)+) => {
        $(
            #[doc = concat!("`", $name, "`: ", $about)]
            pub const $field: Field<$value> = Field::named($name);
        )+

        // Separate from the table, which the small programs do not link.
        pub(super) const NAMES: &[&str] = &[$($name),+];

        /// Every field, in the order of the reference page.
        pub const TABLE: &[Row] = &[
            $(Row {
                name: $name,
                kind: <$value>::KIND,
                methods: $methods,
                about: $about,
            },)+
        ];
    };
}

fields! {
    AUTH_METHOD: Method = "auth_method", EVERY,
        "how it obtains credentials; required";
    DESCRIPTION: String = "description", EVERY,
        "free text";
    LABELS: Tags = "labels", EVERY,
        "labels for `list --label`";
    ENABLED: bool = "enabled", EVERY,
        "default true; false refuses every request, even if the session is cached";
    REGION: String = "region", EVERY,
        "the connector's region";
    ALLOWED_REGIONS: Vec<String> = "allowed_regions", EVERY,
        "other regions that an id, host or ARN may name";
    RESOURCE_TYPE: ResourceType = "resource_type", EVERY,
        "the only type of resource that it serves";
    RESOURCE_ID: String = "resource_id", EVERY,
        "the only resource of that type that it serves";
    REGISTRIES: Vec<String> = "registries", EVERY,
        "the ECR hosts or accounts that it serves";
    ENDPOINT_URL: String = "endpoint_url", EVERY,
        "a custom endpoint for all services; overrides `AWS_ENDPOINT_URL*` and never appears in a cluster token";
    ENDPOINTS: Services = "endpoints", EVERY,
        "custom endpoints for single services";
    USE_FIPS_ENDPOINT: bool = "use_fips_endpoint", EVERY,
        "as in the AWS CLI's configuration; false overrides true in the environment";
    USE_DUALSTACK_ENDPOINT: bool = "use_dualstack_endpoint", EVERY,
        "as in the AWS CLI's configuration; false overrides true in the environment";
    ALLOW_INSECURE_ENDPOINT: bool = "allow_insecure_endpoint", EVERY,
        "allows custom endpoints with `http://` on other machines; default false";
    CACHE: CacheMode = "cache", EVERY,
        "where its sessions are cached; `keyring` (Linux) encrypts them with a key in the kernel's keyring";
    REFRESH_AHEAD: bool = "refresh_ahead", EVERY,
        "renewal in the background; default true";
    LOCK_TIMEOUT: Duration = "lock_timeout", EVERY,
        "the wait for another process that obtains the same session; default 30 s";
    PROFILE_NAME: String = "profile_name", &[Method::Implicit],
        "the AWS CLI profile to use";
    CREDENTIAL_SOURCE: CredentialSource = "credential_source", &[Method::Implicit],
        "the only ambient source to use";
    ALLOW_IMPLICIT_AUTH_METHODS: bool = "allow_implicit_auth_methods", &[Method::Implicit],
        "allows all ambient sources; default false";
    SOURCE_CONNECTOR: String = "source_connector", WITH_SOURCE,
        "the connector whose credentials sign the call to STS";
    SOURCE_PROFILE: String = "source_profile", WITH_SOURCE,
        "the AWS CLI profile whose credentials sign the call to STS";
    WEB_IDENTITY_TOKEN_FILE: String = "web_identity_token_file", &[Method::IamRole],
        "the file with the token for AssumeRoleWithWebIdentity";
    AWS_ACCESS_KEY_ID: SecretRef = "aws_access_key_id", WITH_KEYS,
        "the access key id";
    AWS_SECRET_ACCESS_KEY: SecretRef = "aws_secret_access_key", WITH_KEYS,
        "the secret access key";
    ACCESS_KEYS: SecretRef = "access_keys", WITH_KEYS,
        "both keys in one secret: `ID,SECRET`";
    AWS_SESSION_TOKEN: SecretRef = "aws_session_token", WITH_TOKEN,
        "the session token of temporary keys";
    EXPIRES_AT: DateTime<Utc> = "expires_at", WITH_KEYS,
        "when the keys expire";
    EXPIRES_SKEW_TOLERANCE: Duration = "expires_skew_tolerance", WITH_KEYS,
        "the keys are refused this long before they expire; default 5m";
    PROCESS_ENVIRONMENT: Vec<String> = "process_environment", WITH_PROFILE,
        "variables that a [`credential_process`](sources/shared-files.md#credential_process-and-the-environment) reads; they are part of the cache key";
    ROLE_ARN: String = "role_arn", WITH_ROLE,
        "the role to assume";
    ROLE_SESSION_NAME: String = "role_session_name", WITH_ROLE,
        "default `aws-connector-{user}`; can contain `{connector}` `{user}` `{host}` `{client}`";
    EXTERNAL_ID: SecretRef = "external_id", WITH_ROLE,
        "as in AssumeRole";
    SOURCE_IDENTITY: String = "source_identity", WITH_ROLE,
        "as in AssumeRole";
    TRANSITIVE_TAG_KEYS: Vec<String> = "transitive_tag_keys", WITH_ROLE,
        "as in AssumeRole";
    DURATION: Duration = "duration", WITH_PROFILE,
        "the duration of its sessions; default 1h for a role, 12h otherwise";
    POLICY: Policy = "policy", WITH_POLICY,
        "a custom session policy: one session with it for all resources";
    POLICY_ARNS: Vec<String> = "policy_arns", WITH_POLICY,
        "managed session policies: one session with them for all resources";
    DOWN_SCOPE: bool = "down_scope", WITH_POLICY,
        "default true; false makes one session for all resources, without a session policy";
    TAGS: Tags = "tags", WITH_POLICY,
        "session tags";
    FEDERATION_NAME: String = "federation_name", &[Method::FederationToken],
        "the name of the federated user; default `aws-connector-{user}`";
    MFA_SERIAL: String = "mfa_serial", WITH_MFA,
        "the MFA device";
    MFA_PROCESS: Command = "mfa_process", WITH_MFA,
        "a command that prints the MFA code; without it, the user is prompted";
    MFA_DURATION: Duration = "mfa_duration", WITH_MFA,
        "how long the MFA session lasts; default 12h";
}
