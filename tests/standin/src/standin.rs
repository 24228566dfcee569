//! The handle that tests use.

use crate::control;
use crate::dispatch::Shared;
use crate::faults::Fault;
use crate::policy;
use crate::server::Server;
use crate::state;
use crate::world::{ACCOUNT, Bucket, ClusterRecord, Kind, Role, World};
use crate::{Builder, Call};
use std::sync::Arc;

/// A running stand-in; dropping it stops its thread and closes its ports.
pub struct Standin {
    pub(crate) shared: Arc<Shared>,
    pub(crate) port: u16,
    pub(crate) https_port: u16,
    pub(crate) ca_pem: String,
    pub(crate) _server: Server,
}

impl Standin {
    /// Starts with the default world on free ports of 127.0.0.1.
    #[must_use]
    pub fn start() -> Standin {
        Builder::default().start()
    }

    /// A builder, for fixed ports, files and names.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `https://localhost:PORT`.
    #[must_use]
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.https_port)
    }

    /// The port of [`Standin::url`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port of [`Standin::https_url`].
    #[must_use]
    pub fn https_port(&self) -> u16 {
        self.https_port
    }

    /// The certificate authority to trust, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.ca_pem.clone()
    }

    /// Every request so far, in order of completion.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls().clone()
    }

    /// The number of requests; `*` matches any.
    #[must_use]
    pub fn count(&self, service: &str, action: &str) -> usize {
        let is = |wanted: &str, given: &str| wanted == "*" || wanted == given;
        self.shared
            .calls()
            .iter()
            .filter(|c| is(service, &c.service) && is(action, &c.action))
            .count()
    }

    /// Forgets all requests so far.
    pub fn clear_calls(&self) {
        self.shared.calls().clear();
    }

    /// Adds a failure.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// Removes all failures.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Sets the server's clock to the machine's plus `seconds`.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.world().clock_offset = seconds;
    }

    /// Limits the duration of new sessions; `None` for no limit.
    pub fn set_max_session_seconds(&self, seconds: Option<i64>) {
        self.shared.world().max_session_seconds = seconds;
    }

    /// Expires a session now.
    ///
    /// # Panics
    /// If the key does not exist.
    pub fn expire(&self, access_key_id: &str) {
        let mut world = self.shared.world();
        let now = world.now();
        let who = world.principals.get_mut(access_key_id);
        who.unwrap_or_else(|| panic!("unknown key {access_key_id}"))
            .expires = Some(now - 1);
    }

    /// The ARN of a key's owner, and the key's expiry in seconds since the epoch.
    #[must_use]
    pub fn holder(&self, access_key_id: &str) -> Option<(String, Option<i64>)> {
        let world = self.shared.world();
        let who = world.principals.get(access_key_id)?;
        Some((who.arn.clone(), who.expires))
    }

    /// Calls the control API at `/_standin/PATH` with a JSON body.
    ///
    /// # Panics
    /// If the path does not exist or the body is invalid.
    pub fn control(&self, path: &str, body: &serde_json::Value) {
        control::post(&self.shared, path, body).unwrap_or_else(|told| panic!("{path}: {told}"));
    }

    /// Adds an IAM user in partition `aws`.
    pub fn add_user(&self, account: &str, name: &str, access_key_id: &str, secret: &str) {
        self.add_user_in("aws", account, name, access_key_id, secret);
    }

    /// Adds an IAM user in any partition.
    pub fn add_user_in(
        &self,
        partition: &str,
        account: &str,
        name: &str,
        access_key_id: &str,
        secret: &str,
    ) {
        self.shared
            .world()
            .add_key(Kind::User, partition, account, name, access_key_id, secret);
    }

    /// Adds a root key in partition `aws`.
    pub fn add_root(&self, account: &str, access_key_id: &str, secret: &str) {
        self.shared
            .world()
            .add_key(Kind::Root, "aws", account, "", access_key_id, secret);
    }

    /// Adds or replaces a role of any partition.
    ///
    /// # Panics
    /// If the ARN or the role's policy is malformed.
    pub fn add_role(&self, arn: &str, role: Role) {
        state::add_role(&mut self.shared.world(), arn, role)
            .unwrap_or_else(|told| panic!("{told}"));
    }

    /// Removes an access key, or a session.
    pub fn remove_key(&self, access_key_id: &str) {
        self.shared.world().principals.remove(access_key_id);
    }

    /// Sets the policy of a user or role (by ARN); `None` allows everything.
    ///
    /// # Panics
    /// If the policy is malformed.
    pub fn set_identity_policy(&self, arn: &str, text: Option<&str>) {
        let world = &mut self.shared.world().identity_policies;
        match text {
            Some(text) => {
                world.insert(
                    arn.to_owned(),
                    policy::parse(text).unwrap_or_else(|told| panic!("{told}")),
                );
            }
            None => {
                world.remove(arn);
            }
        }
    }

    /// Adds a managed policy for `policy_arns`.
    ///
    /// # Panics
    /// If the policy is malformed.
    pub fn add_managed_policy(&self, arn: &str, text: &str) {
        let policy = policy::parse(text).unwrap_or_else(|told| panic!("{told}"));
        self.shared.world().policies.insert(arn.to_owned(), policy);
    }

    /// Adds or replaces a cluster of the default account.
    pub fn add_cluster(&self, name: &str, region: &str, endpoint: &str, ca_base64: &str) {
        let cluster = ClusterRecord {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            ca: ca_base64.to_owned(),
        };
        state::put_cluster(&mut self.shared.world(), cluster);
    }

    /// Adds or replaces a parameter; `secure` makes it a SecureString.
    pub fn add_parameter(&self, name: &str, value: &str, secure: bool) {
        self.shared
            .world()
            .parameters
            .insert(name.to_owned(), (value.to_owned(), secure));
    }

    /// Adds a bucket of the default account.
    pub fn add_bucket(&self, name: &str, region: &str) {
        let bucket = Bucket {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
        };
        self.shared.world().buckets.insert(name.to_owned(), bucket);
    }

    /// Adds an ECR repository.
    pub fn add_repository(&self, account: &str, region: &str, name: &str) {
        let row = (account.to_owned(), region.to_owned(), name.to_owned());
        self.shared.world().repositories.insert(row);
    }

    /// Sets the password of every ECR login; `None`: a new one each time.
    pub fn set_ecr_password(&self, password: Option<&str>) {
        self.shared.world().ecr_password = password.map(str::to_owned);
    }

    /// Sets the lifetime of ECR logins; `None`: 12 h.
    pub fn set_ecr_seconds(&self, seconds: Option<i64>) {
        self.shared.world().ecr_seconds = seconds;
    }

    /// Sets whether ECR Public denies all tokens.
    pub fn set_ecr_public_denied(&self, denied: bool) {
        self.shared.world().ecr_public_denied = denied;
    }

    /// Sets the correct MFA code.
    pub fn set_mfa_code(&self, code: &str) {
        self.shared.world().mfa.code = code.to_owned();
    }

    /// Sets whether each code is accepted only once, as at AWS.
    pub fn set_mfa_single_use(&self, single_use: bool) {
        self.shared.world().mfa.single_use = single_use;
    }

    /// Registers another MFA device: `arn:…:mfa/USER`, or a hardware serial that every user can use.
    pub fn add_mfa_device(&self, serial: &str) {
        self.shared.world().mfa.serials.insert(serial.to_owned());
    }

    /// Sets the instance's role; `None`: an instance without a role.
    pub fn set_instance_role(&self, arn: Option<&str>) {
        self.shared.world().imds_role = arn.map(str::to_owned);
    }

    /// Sets the authorization token that the container endpoint's full URI requires.
    pub fn set_container_token(&self, token: &str) {
        self.shared.world().container_token = token.to_owned();
    }

    /// Adds an SSO access token that expires in `seconds`.
    pub fn add_sso_token(&self, token: &str, seconds: i64) {
        let world: &mut World = &mut self.shared.world();
        let ends = world.now() + seconds;
        world.sso_tokens.insert(token.to_owned(), ends);
    }

    /// Assigns a role in SSO.
    pub fn add_sso_role(&self, account: &str, role_name: &str) {
        self.shared
            .world()
            .sso_roles
            .insert((account.to_owned(), role_name.to_owned()));
    }
}
