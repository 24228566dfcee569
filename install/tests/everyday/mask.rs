//! Replaces what differs between runs by fixed example values.

use aws_standin::Cluster;
use regex_lite::{Captures, Regex};

use crate::support::Machine;

/// The stand-in's address in the goldens.
const URL: &str = "http://127.0.0.1:4566";

/// Replacements of fixed texts, and of patterns.
pub(crate) struct Mask {
    texts: Vec<(String, String)>,
    url: String,
}

impl Mask {
    pub(crate) fn new(machine: &Machine) -> Self {
        let url = machine.standin.url();
        let address = |url: &str| url.replace("http://", "");
        Self {
            texts: vec![
                (machine.home().display().to_string(), "~".to_owned()),
                (url.clone(), URL.to_owned()),
                (address(&url), address(URL)),
            ],
            url,
        }
    }

    /// Replaces a cluster's address and certificate.
    pub(crate) fn cluster(&mut self, name: &str, cluster: &Cluster) {
        let url = format!("https://{name}.gr7.us-east-1.eks.amazonaws.com");
        self.texts.push((cluster.url(), url));
    }

    /// The reverse, for files that the commands read.
    pub(crate) fn undo(&self, text: &str) -> String {
        text.replace(URL, &self.url)
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (here, there) in &self.texts {
            text = text.replace(here, there);
        }
        for (form, instead) in [
            (r"\bASIA[A-Z0-9]{8,}", "ASIAIOSFODNN7EXAMPLE"),
            (
                r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)",
                "2030-01-31T12:00:00Z",
            ),
            (r"\b[0-9a-f]{64}\b", "<digest>"),
            (r"\b\d+ B\b", "1234 B"),
            (r#""size": \d+"#, "\"size\": 1234"),
            (r#""milliseconds": \d+"#, "\"milliseconds\": 40"),
            (r"\(\d+ ms\)|\(\d+\.\d+ s\)", "(40 ms)"),
            (
                r#"(SECRET_ACCESS_KEY='|SecretAccessKey": "|secret_access_key = )[^'"{\n]+"#,
                "${1}<secret>",
            ),
            (
                r#"(SESSION_TOKEN='|SessionToken": "|session_token = )[^'"{\n]+"#,
                "${1}<token>",
            ),
            (r"(certificate-authority-data: )\S+", "${1}<certificate>"),
        ] {
            let form = Regex::new(form).unwrap();
            text = form.replace_all(&text, instead).into_owned();
        }
        let seconds = Regex::new(r#""expires_in": (\d+)"#).unwrap();
        text = seconds
            .replace_all(&text, |found: &Captures<'_>| {
                format!("\"expires_in\": {}", rounded(found[1].parse().unwrap()))
            })
            .into_owned();
        // The time until expiry, with the padding of its column.
        let left = Regex::new(r"\b(?:(\d+)h(?:(\d+)m)?|(\d+)m)(?:(\d+)s)?\b( *)").unwrap();
        left.replace_all(&text, |found: &Captures<'_>| {
            let number = |at: usize| {
                let text = found.get(at).map_or("0", |text| text.as_str());
                text.parse::<u64>().unwrap()
            };
            let seconds = number(1) * 3600 + (number(2) + number(3)) * 60 + number(4);
            let whole = rounded(seconds);
            let shown = match (whole / 3600, whole % 3600 / 60) {
                (0, minutes) => format!("{minutes}m"),
                (hours, 0) => format!("{hours}h"),
                (hours, minutes) => format!("{hours}h{minutes}m"),
            };
            let blanks = match found[5].len() {
                few @ 0..2 => few,
                _ => found[0].len().saturating_sub(shown.len()).max(1),
            };
            format!("{shown}{}", " ".repeat(blanks))
        })
        .into_owned()
    }
}

/// The time left, rounded up to a quarter of an hour: the duration of a new session.
fn rounded(seconds: u64) -> u64 {
    seconds.div_ceil(900) * 900
}
