//! The output of a binary.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Exit status, standard output and standard error of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// AWS credentials from a `credential_process` document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) expires: Option<DateTime<Utc>>,
}

impl Answer {
    /// Asserts success without output on standard error.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        self
    }

    /// Asserts failure without output on standard output, and returns the one line on standard error.
    #[track_caller]
    pub(crate) fn failure(&self) -> &str {
        assert_ne!(self.status, 0, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        one_line(&self.stderr)
    }

    /// The one line on standard output that reports a failure to Docker.
    #[track_caller]
    pub(crate) fn docker_failure(&self) -> &str {
        assert_eq!(self.status, 1, "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        one_line(&self.stdout)
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{self:?}");
        serde_json::from_str(one_line(&self.stdout)).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Standard output as a `credential_process` document.
    #[track_caller]
    pub(crate) fn session(&self) -> Session {
        let document = self.json();
        assert_eq!(document["Version"], 1, "{self:?}");
        let text = |name: &str| document[name].as_str().map(str::to_owned);
        Session {
            id: text("AccessKeyId").unwrap(),
            secret: text("SecretAccessKey").unwrap(),
            token: text("SessionToken"),
            expires: text("Expiration").map(|at| at.parse().unwrap()),
        }
    }

    /// The password from a Docker document.
    #[track_caller]
    pub(crate) fn password(&self) -> String {
        let document = self.json();
        assert_eq!(document["Username"], "AWS", "{self:?}");
        document["Secret"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn one_line(text: &str) -> &str {
    let line = text
        .strip_suffix('\n')
        .unwrap_or_else(|| panic!("no line: {text:?}"));
    assert!(
        !line.contains('\n') && !line.is_empty(),
        "not one line: {text:?}"
    );
    line
}
