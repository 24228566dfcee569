//! Reports what a program printed and which calls AWS received, with labels instead of values that differ from run to run.

use std::fmt::Write as _;

use aws_standin::Call;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::Value;

use crate::case::Case;
use crate::labels::policy_in_short;
use crate::support::{Answer, Binary, Run, Token, params};

impl Case<'_> {
    /// Runs a program, and adds its output and its calls to AWS to the report.
    pub(crate) fn report(
        &mut self,
        binary: Binary,
        run: Run,
        stdin: Option<String>,
        report: &mut String,
    ) {
        let answer = match stdin {
            Some(text) => run.stdin(&text).answer(),
            None => run.answer(),
        };
        let calls = self.world.standin.calls().split_off(self.reported);
        let mut more = String::new();
        if answer.status == 0 {
            self.learn(binary, &answer, &mut more);
        } else if binary != Binary::Docker {
            assert_eq!(answer.stdout, "", "a failure with something on stdout");
        }
        if answer.status != 0 {
            let _ = writeln!(report, "exit {}", answer.status);
        }
        for (name, output) in [("out", &answer.stdout), ("err", &answer.stderr)] {
            for line in untimed(&self.labels.hide(output)).lines() {
                let _ = writeln!(report, "{name}| {line}");
            }
        }
        report.push_str(&more);
        for host in self.proxy.take() {
            let _ = writeln!(report, "via| {}", self.labels.hide(&host));
        }
        for call in calls {
            self.call(&call, report);
        }
        self.reported = self.world.standin.calls().len();
    }

    /// Labels the credentials in a document, and reports their identity.
    fn learn(&mut self, binary: Binary, answer: &Answer, more: &mut String) {
        let document: Value = match serde_json::from_str(&answer.stdout) {
            Ok(document) => document,
            Err(_) => return,
        };
        if binary == Binary::Docker {
            if let Some(password) = document["Secret"].as_str() {
                self.labels.password(password);
            }
            return;
        }
        if binary == Binary::CredentialProcess {
            let session = answer.session();
            let holder = self.world.standin.holder(&session.id);
            let Some((arn, ends)) = holder.filter(|_| session.id.starts_with("ASIA")) else {
                return;
            };
            let token = session.token.clone().unwrap_or_default();
            let number = self.labels.session(&session.id, &session.secret, &token);
            if session.expires.map(|at| at.timestamp()) == ends {
                let text = document["Expiration"].as_str().unwrap_or_default();
                self.labels.name(text, "<end of the session>");
            }
            let _ = writeln!(more, "who| <id {number}> is {arn}");
            return;
        }
        self.learn_token(answer, &document, more);
    }

    fn learn_token(&mut self, answer: &Answer, document: &Value, more: &mut String) {
        let text = document["status"]["token"].as_str().unwrap();
        let region = region_of(text);
        let partition = aws_connector_core::resource::Partition::of_region(&region);
        let token = Token::of(answer, partition.id());
        let id = token.access_key_id().to_owned();
        let holder = self.world.standin.holder(&id);
        if id.starts_with("ASIA") && holder.is_some() {
            self.labels.session(&id, "", "");
        }
        let signed = token.parameter("X-Amz-Date").to_owned();
        let signed = chrono::NaiveDateTime::parse_from_str(&signed, "%Y%m%dT%H%M%SZ").unwrap();
        let left = token.expires - signed.and_utc();
        let ends = holder.as_ref().and_then(|(_, ends)| *ends);
        let expires = document["status"]["expirationTimestamp"].as_str().unwrap();
        if left == TimeDelta::minutes(14) {
            self.labels.name(expires, "<signed + 14m>");
        } else if ends.is_some_and(|ends| token.expires.timestamp() == ends - 30) {
            self.labels.name(expires, "<end of the session - 30s>");
        }
        self.labels.name(text, "<cluster token>");
        let _ = writeln!(
            more,
            "who| signed by {} for {region} at https://{}",
            self.labels.hide(&id),
            token.url.host,
        );
        for name in ["prod", "stage"] {
            if let Ok(arn) = token.caller(&self.world, name) {
                let _ = writeln!(more, "who| cluster {name} is shown {arn}");
            }
        }
    }

    fn call(&self, call: &Call, report: &mut String) {
        let asked = match call.service.as_str() {
            "imds" | "container" | "sso" | "s3" | "eks" => {
                format!("{} {}", call.method, call.path)
            }
            _ => call.action.clone(),
        };
        let _ = write!(report, "aws| {} {asked}", call.service);
        if !call.region.is_empty() {
            let _ = write!(report, " in {}", call.region);
        }
        if !call.host.starts_with("127.0.0.1:") && !call.host.starts_with("localhost:") {
            let _ = write!(report, " at {}", call.host);
        }
        if let Some(who) = &call.principal_arn {
            let _ = write!(report, " by {who}");
        }
        if let Some(code) = &call.error_code {
            let _ = write!(report, " -> {} {code}", call.status);
        }
        report.push('\n');
        for (name, value) in params(call) {
            let value = match name.as_str() {
                "Policy" => policy_in_short(&value),
                _ => self.labels.hide(&value),
            };
            let _ = writeln!(report, "aws|   {name} = {value}");
        }
    }
}

/// A text without the duration of waits, which differs from run to run.
fn untimed(text: &str) -> String {
    const WORDS: &str = "timed out after ";
    match text.split_once(WORDS) {
        Some((before, rest)) => {
            let after = rest.split_once(" s").map_or(rest, |(_, after)| after);
            format!("{before}{WORDS}<seconds> s{after}")
        }
        None => text.to_owned(),
    }
}

/// The region that a cluster token is signed for.
fn region_of(token: &str) -> String {
    let url = token.strip_prefix("k8s-aws-v1.").unwrap_or_default();
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(url).unwrap()).unwrap();
    let scope = url.split("X-Amz-Credential=").nth(1).unwrap_or_default();
    scope.split("%2F").nth(2).unwrap_or_default().to_owned()
}
