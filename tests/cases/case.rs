//! Sets up the home, the environment and the AWS of a case, and runs its commands.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use aws_standin::Standin;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::file::CaseFile;
use crate::labels::Labels;
use crate::support::{Binary, Proxy, World};

/// A case to run.
pub(crate) struct Case<'a> {
    file: &'a CaseFile,
    pub(crate) world: World,
    pub(crate) proxy: Proxy,
    pub(crate) labels: Labels,
    env: Vec<(String, Option<String>)>,
    /// The number of the stand-in's calls that are already in the report.
    pub(crate) reported: usize,
}

impl<'a> Case<'a> {
    /// Creates the home, the environment and the AWS that a file describes.
    pub(crate) fn new(file: &'a CaseFile) -> Self {
        let mut builder = Standin::builder();
        if file.has("standin.json") {
            builder = builder.state(serde_json::from_str(file.text("standin.json")).unwrap());
        }
        let world = World::with(builder.start());
        let proxy = Proxy::start(world.standin.https_port());
        let mut labels = Labels::default();
        let url = world.standin.url();
        labels.name(&url, "{URL}");
        let https = world.standin.https_url();
        labels.name(&https, "{HTTPS}");
        labels.name(https.trim_start_matches("https://"), "{HTTPS_ADDRESS}");
        labels.name(url.trim_start_matches("http://"), "{ADDRESS}");
        let anywhere = format!("0.0.0.0:{}", world.standin.https_port());
        labels.name(&anywhere, "{ANYWHERE}");
        labels.name(&proxy.url(), "{PROXY}");
        labels.name(proxy.url().trim_start_matches("http://"), "{PROXY_ADDRESS}");
        labels.name(world.home().to_str().unwrap(), "{HOME}");
        let mut case = Self {
            file,
            world,
            proxy,
            labels,
            env: Vec::new(),
            reported: 0,
        };
        case.world.file("ca.pem", &case.world.standin.ca_pem());
        for name in file.home() {
            case.put(&name, name.trim_start_matches("home/"));
        }
        if file.has("connectors.toml") {
            case.put("connectors.toml", ".config/aws-connector/connectors.toml");
        }
        if file.text("connectors.toml").contains("{host}") {
            let host = rustix::system::uname();
            case.labels
                .name(host.nodename().to_str().unwrap(), "<host>");
        }
        for line in file.text("env").lines() {
            let line = case.filled(line);
            let (name, value) = match line.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (line.as_str(), None),
            };
            if !name.is_empty() && !name.starts_with('#') {
                case.env.push((name.to_owned(), value));
            }
        }
        case
    }

    /// Runs all commands, and reports each with its output and its calls to AWS. Comments stay where they are.
    pub(crate) fn run(mut self) -> String {
        let mut report = String::new();
        for line in self.file.run().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let _ = writeln!(report, "{line}");
                self.step(command, &mut report);
            } else if line.starts_with('#') {
                let _ = writeln!(report, "{line}");
            }
        }
        report
    }

    /// Writes a file of the case into the home; scripts become executable.
    fn put(&mut self, from: &str, to: &str) {
        assert!(self.file.has(from), "no section `{from}`");
        let text = self.filled(self.file.text(from));
        let path = self.world.file(to, &text);
        if text.starts_with("#!") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
    }

    /// A text with `{…}` replaced: addresses, `{CA}`, `{in 5m}`, `{jwt SUBJECT}`.
    fn filled(&mut self, text: &str) -> String {
        let mut text = self.labels.show(text);
        text = text.replace("{CA}", self.world.home().join("ca.pem").to_str().unwrap());
        while let Some((before, rest)) = text.split_once("{in ") {
            let (when, after) = rest.split_once('}').unwrap();
            let at = Utc::now() + delta(when);
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            self.labels.name(&at, &format!("{{in {when}}}"));
            text = format!("{before}{at}{after}");
        }
        while let Some((before, rest)) = text.split_once("{jwt ") {
            let (subject, after) = rest.split_once('}').unwrap();
            let token = jwt(subject);
            self.labels.name(&token, &format!("{{jwt {subject}}}"));
            text = format!("{before}{token}{after}");
        }
        text
    }

    fn step(&mut self, line: &str, report: &mut String) {
        let (command, stdin) = match line.split_once(" < ") {
            Some((command, stdin)) => (command, Some(self.filled(stdin))),
            None => (line, None),
        };
        if let Some(rest) = command.strip_prefix("aws ") {
            let (path, body) = rest.split_once(' ').unwrap_or((rest, "{}"));
            let body = self.filled(body);
            let body = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{line}: {e}"));
            self.world.standin.control(path, &body);
            return;
        }
        let command = self.filled(command);
        let words = aws_connector_core::ambient::split_command(&command).unwrap();
        let is_setting = |word: &&String| {
            let name = word.split('=').next().unwrap_or_default();
            word.contains('=') && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        };
        let settings: Vec<String> = words.iter().take_while(is_setting).cloned().collect();
        let words: Vec<&str> = words
            .iter()
            .skip(settings.len())
            .map(String::as_str)
            .collect();
        let [program, args @ ..] = words.as_slice() else {
            panic!("{line}: nothing to run");
        };
        let binary = match (*program, args) {
            ("put", [from, to]) => return self.put(from, to),
            ("chmod", [mode, file]) => {
                let mode = u32::from_str_radix(mode, 8).unwrap();
                let path = self.world.home().join(file);
                return fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            }
            ("rm", [file]) => return fs::remove_file(self.world.home().join(file)).unwrap(),
            ("credential-process", _) => Binary::CredentialProcess,
            ("docker", _) => Binary::Docker,
            ("eks-token", _) => Binary::EksToken,
            _ => panic!("{line}: unknown command"),
        };
        let mut run = self.world.run(binary, args);
        for (name, value) in &self.env {
            run = run.set(name, value.as_deref());
        }
        for setting in &settings {
            let (name, value) = setting.split_once('=').unwrap();
            run = run.env(name, value);
        }
        self.report(binary, run, stdin, report);
    }
}

/// `5m`, `-1h`: a time from now, or ago.
fn delta(text: &str) -> TimeDelta {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap();
    match unit {
        "s" => TimeDelta::seconds(number),
        "m" => TimeDelta::minutes(number),
        "h" => TimeDelta::hours(number),
        "d" => TimeDelta::days(number),
        _ => panic!("{text}: expected a number and s, m, h or d"),
    }
}

/// A web identity token for a subject, valid for an hour.
fn jwt(subject: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://oidc.example",
        "sub": subject,
        "aud": "sts.amazonaws.com",
        "exp": Utc::now().timestamp() + 3600,
    });
    let header = part(json!({"alg": "RS256", "typ": "JWT"}));
    format!(
        "{header}.{}.{}",
        part(claims),
        URL_SAFE_NO_PAD.encode("signature")
    )
}
