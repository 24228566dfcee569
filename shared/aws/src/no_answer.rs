//! Errors of requests without an answer: no address, no connection, or no time left.

use std::error::Error as StdError;

use aws_connector_core::error::Error;

use crate::names::NoAddress;
use crate::network::Question;
use crate::text::{chain, without};

impl Question<'_> {
    /// The deadline passed.
    pub(crate) fn timed_out(&self) -> Error {
        let seconds = self.since.elapsed().as_secs_f32();
        self.no_answer(&format!("timed out after {seconds:.1} s"))
    }

    /// The connection failed.
    pub(crate) fn not_reached(&self, error: &(dyn StdError + 'static)) -> Error {
        let mut next = Some(error);
        while let Some(cause) = next {
            if let Some(own) = cause.downcast_ref::<Error>() {
                return own.clone();
            }
            if let Some(error) = cause.downcast_ref() {
                return self.no_address(error);
            }
            next = cause.source();
        }
        let cause = without(&chain(error), &self.hidden);
        let fix = if cause.contains("ertificate") {
            "check AWS_CA_BUNDLE, the system's certificates and the clock"
        } else {
            "check the network, the proxy settings and the endpoint"
        };
        self.unavailable(format!(
            "{} failed: cannot connect to {}: {cause}",
            self.what,
            self.peer()
        ))
        .fix(fix)
    }

    /// The host name could not be resolved. A region that does not exist has no hosts.
    fn no_address(&self, error: &NoAddress) -> Error {
        let peer = self.peer();
        let named = format!(".{}.", self.region);
        let fix = match error.is_unknown {
            true if peer.contains(&named) => {
                format!(
                    "check the region {}, and the name server of this machine",
                    self.region
                )
            }
            true => "check the host name in the endpoint, and the name server of this machine"
                .to_owned(),
            false => "check the network and the name server of this machine".to_owned(),
        };
        let cause = without(&error.to_string(), &self.hidden);
        self.unavailable(format!(
            "{} failed: cannot connect to {peer}: {cause}",
            self.what
        ))
        .fix(fix)
    }

    pub(crate) fn no_answer(&self, how: &str) -> Error {
        self.unavailable(format!("{} failed: {}: {how}", self.what, self.peer()))
            .fix("check the network, the proxy settings and the endpoint")
    }
}
