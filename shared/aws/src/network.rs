//! The runtime, and what all calls have in common: who asks, by which time, until when.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use aws_connector_core::aws::Call;
use aws_connector_core::clock::{Origin, ServerDate};
use aws_connector_core::credential::Session;
use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::secret::Secret;
use aws_connector_core::shown::one_line;
pub(crate) use aws_connector_signer::credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Runtime;

use crate::connections::{Connection, Connections};

/// One try may take this long, so that a server that hangs is tried again within a call's time.
const ATTEMPT: Duration = Duration::from_secs(8);

/// The files that the runtime and one connection open; without them the runtime panics.
const DESCRIPTORS: usize = 7;

/// A `Date` that differs by less is the same time, give or take the way.
const SAME_TIME: TimeDelta = TimeDelta::seconds(60);

/// A `Date` that differs by more is too large to be clock skew.
const NO_TIME: TimeDelta = TimeDelta::hours(24);

/// The runtime and the connections, both made when first needed.
#[derive(Debug)]
pub(crate) struct Network {
    connections: Arc<Connections>,
    runtime: OnceLock<Runtime>,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(Env::Process)
    }
}

impl Network {
    pub(crate) fn new(env: Env) -> Self {
        Self {
            connections: Arc::new(Connections::new(env)),
            runtime: OnceLock::new(),
        }
    }

    pub(crate) fn env(&self) -> &Env {
        self.connections.env()
    }

    pub(crate) fn last_server_date(&self) -> Option<ServerDate> {
        self.connections.last_date()
    }

    /// A question to be asked: `what` is the operation as messages name it, with its object.
    pub(crate) fn question<'a>(
        &self,
        operation: &'static str,
        what: String,
        call: Call<'a>,
    ) -> Question<'a> {
        Question {
            operation,
            what,
            call,
            since: Instant::now(),
            connection: Connection::new(&self.connections),
            who: None,
            region: String::new(),
            hidden: Vec::new(),
        }
    }

    /// Carries out `work` for `question`, until its deadline at the latest.
    pub(crate) fn run<T>(
        &self,
        question: &Question<'_>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let runtime = match self.runtime.get() {
            Some(runtime) => runtime,
            None => {
                aws_connector_core::fs::require_descriptors(DESCRIPTORS)?;
                let made = tokio::runtime::Builder::new_current_thread()
                    .enable_io()
                    .enable_time()
                    .build()
                    .map_err(|error| Error::local("no runtime").because(error))?;
                self.runtime.get_or_init(|| made)
            }
        };
        let deadline = tokio::time::Instant::from_std(question.call.deadline);
        runtime
            .block_on(async { tokio::time::timeout_at(deadline, work).await })
            .unwrap_or_else(|_| Err(question.timed_out()))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A look-up of a name cannot be stopped; without this its end would be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// One question to AWS, with all that its answer or its failure is judged by.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// `sts:AssumeRole` and so on.
    pub(crate) operation: &'static str,
    /// The operation with its object, for messages.
    pub(crate) what: String,
    /// The circumstances.
    pub(crate) call: Call<'a>,
    /// When it was asked.
    pub(crate) since: Instant,
    /// How it goes out.
    pub(crate) connection: Connection,
    /// Who signs it: an ARN, or what can be shown of an access key id.
    pub(crate) who: Option<String>,
    /// The region asked.
    pub(crate) region: String,
    /// What must not be seen in a message.
    pub(crate) hidden: Vec<Secret>,
}

impl Question<'_> {
    /// Names who asks, and keeps his secrets out of messages.
    #[must_use]
    pub(crate) fn by(mut self, session: &Session) -> Self {
        let who = session
            .principal_arn
            .as_ref()
            .map_or_else(|| session.shown_key_id(), String::as_str);
        self.who = Some(one_line(who));
        if session.shown_key_id() != session.access_key_id {
            // A misplaced secret; AWS may repeat it.
            self.hidden.push(Secret::new(&*session.access_key_id));
        }
        self.hide(&session.secret_access_key)
            .hide_if(session.session_token.as_ref())
    }

    /// Keeps a secret out of messages.
    #[must_use]
    pub(crate) fn hide(mut self, secret: &Secret) -> Self {
        self.hidden.push(secret.clone());
        self
    }

    /// Keeps a secret, if there is one, out of messages.
    #[must_use]
    pub(crate) fn hide_if(self, secret: Option<&Secret>) -> Self {
        match secret {
            Some(secret) => self.hide(secret),
            None => self,
        }
    }

    /// Names where it is asked.
    #[must_use]
    pub(crate) fn at(mut self, site: &Site) -> Self {
        self.region.clone_from(&site.region);
        self
    }

    /// The true time as this process knows it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.since.elapsed()).unwrap_or_default();
        self.call.now + passed
    }

    /// How far the answering server's clock is ahead of `now`, if that is more than the way and
    /// can be believed.
    pub(crate) fn clock_offset(&self) -> Option<TimeDelta> {
        let offset = self.dated()?;
        (offset.abs() >= SAME_TIME && offset.abs() <= NO_TIME).then_some(offset)
    }

    /// How far ahead of `now` the answer was dated that cannot be believed.
    pub(crate) fn implausible_offset(&self) -> Option<TimeDelta> {
        self.dated().filter(|offset| offset.abs() > NO_TIME)
    }

    fn dated(&self) -> Option<TimeDelta> {
        let date = self.connection.seen().date?;
        (date.origin != Origin::Untrusted).then(|| date.said - self.now())
    }

    /// The time to compare an answer's expiry with. An unsigned question is answered whatever the
    /// clock here says; the answer must not look expired for that.
    pub(crate) fn answered_at(&self) -> DateTime<Utc> {
        self.now() + self.clock_offset().unwrap_or_default()
    }

    /// What the SDK signs with as time.
    pub(crate) fn clock(&self) -> TrueTime {
        TrueTime {
            now: self.call.now.into(),
            since: self.since,
        }
    }
}

/// A clock that was set at one moment and runs on from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrueTime {
    now: SystemTime,
    since: Instant,
}

impl TimeSource for TrueTime {
    fn now(&self) -> SystemTime {
        self.now + self.since.elapsed()
    }
}

/// Three tries with jitter, quick enough for a call's few seconds.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(500))
        .with_max_backoff(Duration::from_secs(4))
}

/// The limit of one try; [`Network::run`] and the connections have the others.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT)
        .disable_connect_timeout()
        .disable_read_timeout()
        .build()
}

/// How retries wait.
pub(crate) fn sleep() -> TokioSleep {
    TokioSleep::new()
}

/// A time of the SDK's.
pub(crate) fn time(time: &aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

/// The configuration of a service's client, from the plan alone: nothing of the environment.
macro_rules! config {
    ($sdk:ident, $service:literal, $site:expr, $question:expr) => {{
        let (site, question): (
            &aws_connector_core::plan::Site,
            &$crate::network::Question<'_>,
        ) = ($site, $question);
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(site.region.clone()))
            .http_client(question.connection.to(site, $service))
            .time_source(question.clock())
            // The SDK would believe any `Date`; the caller decides which one to sign with.
            .disable_clock_skew_correction(true)
            .sleep_impl($crate::network::sleep())
            .retry_config($crate::network::retries())
            .timeout_config($crate::network::timeouts())
            .identity_cache($sdk::config::IdentityCache::no_cache())
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled());
        match site.endpoints.get($service) {
            Some(url) => config.endpoint_url(url),
            None => config
                .use_fips(site.use_fips)
                .use_dual_stack(site.use_dual_stack),
        }
    }};
}
pub(crate) use config;
