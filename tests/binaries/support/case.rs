//! A case as its folder tells it: what lies in a home, what is in the environment, how AWS is, what is run.
//! `cases/README.md` tells what each file of a folder is.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_standin::{Call, Standin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::labels::{Labels, policy_in_short};
use super::{Answer, Binary, Proxy, Run, Token, World, params};

/// A case about to be run.
pub(crate) struct Case {
    folder: PathBuf,
    world: World,
    proxy: Proxy,
    labels: Labels,
    env: Vec<(String, Option<String>)>,
    /// How many of the stand-in's calls are told.
    told: usize,
}

impl Case {
    /// Makes the home, the environment and the AWS that a folder tells of.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut builder = Standin::builder();
        if let Ok(state) = fs::read_to_string(folder.join("standin.json")) {
            builder = builder.state(serde_json::from_str(&state).unwrap());
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
            folder: folder.to_owned(),
            world,
            proxy,
            labels,
            env: Vec::new(),
            told: 0,
        };
        case.world.file("ca.pem", &case.world.standin.ca_pem());
        case.lay("", &folder.join("home"));
        if folder.join("connectors.toml").exists() {
            case.put("connectors.toml", ".config/aws-connector/connectors.toml");
        }
        if case.text("connectors.toml").contains("{host}") {
            let host = rustix::system::uname();
            case.labels
                .name(host.nodename().to_str().unwrap(), "<host>");
        }
        for line in case.text("env").lines() {
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

    /// Runs all of it; what was run, what was answered, and what AWS was asked.
    pub(crate) fn told(mut self) -> String {
        let mut told = String::new();
        for line in self.text("run").lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let _ = writeln!(told, "$ {line}");
            self.step(line, &mut told);
        }
        told
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Copies a folder of the case into the home.
    fn lay(&mut self, below: &str, folder: &Path) {
        let Ok(list) = fs::read_dir(folder) else {
            return;
        };
        for item in list {
            let path = item.unwrap().path();
            let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                self.lay(&format!("{name}/"), &path);
            } else {
                let from = path.strip_prefix(&self.folder).unwrap().to_owned();
                self.put(from.to_str().unwrap(), &name);
            }
        }
    }

    /// Writes a file of the case into the home; a script can be run there.
    fn put(&mut self, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.join(from)).unwrap();
        let text = self.filled(&text);
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

    fn step(&mut self, line: &str, told: &mut String) {
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
            _ => panic!("{line}: no such program"),
        };
        let mut run = self.world.run(binary, args);
        for (name, value) in &self.env {
            run = match value {
                Some(value) => run.env(name, value),
                None => run.without(name),
            };
        }
        for setting in &settings {
            let (name, value) = setting.split_once('=').unwrap();
            run = run.env(name, value);
        }
        self.tell(binary, run, stdin, told);
    }

    fn tell(&mut self, binary: Binary, run: Run, stdin: Option<String>, told: &mut String) {
        let answer = match stdin {
            Some(text) => run.stdin(&text).answer(),
            None => run.answer(),
        };
        let calls = self.world.standin.calls().split_off(self.told);
        let mut more = String::new();
        if answer.status == 0 {
            self.learn(binary, &answer, &mut more);
        } else if binary != Binary::Docker {
            assert_eq!(answer.stdout, "", "a failure with something on stdout");
        }
        if answer.status != 0 {
            let _ = writeln!(told, "exit {}", answer.status);
        }
        for (name, output) in [("out", &answer.stdout), ("err", &answer.stderr)] {
            for line in untimed(&self.labels.hide(output)).lines() {
                let _ = writeln!(told, "{name}| {line}");
            }
        }
        told.push_str(&more);
        for host in self.proxy.take() {
            let _ = writeln!(told, "via| {}", self.labels.hide(&host));
        }
        for call in calls {
            self.call(&call, told);
        }
        self.told = self.world.standin.calls().len();
    }

    /// Names what is in a document, and tells whose it is.
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

    fn call(&self, call: &Call, told: &mut String) {
        let asked = match call.service.as_str() {
            "imds" | "container" | "sso" | "s3" | "eks" => {
                format!("{} {}", call.method, call.path)
            }
            _ => call.action.clone(),
        };
        let _ = write!(told, "aws| {} {asked}", call.service);
        if !call.region.is_empty() {
            let _ = write!(told, " in {}", call.region);
        }
        if !call.host.starts_with("127.0.0.1:") && !call.host.starts_with("localhost:") {
            let _ = write!(told, " at {}", call.host);
        }
        if let Some(who) = &call.principal_arn {
            let _ = write!(told, " by {who}");
        }
        if let Some(code) = &call.error_code {
            let _ = write!(told, " -> {} {code}", call.status);
        }
        told.push('\n');
        for (name, value) in params(call) {
            let value = match name.as_str() {
                "Policy" => policy_in_short(&value),
                _ => self.labels.hide(&value),
            };
            let _ = writeln!(told, "aws|   {name} = {value}");
        }
    }
}

/// A text without how long somebody was waited for, which is longer on a slow machine.
fn untimed(text: &str) -> String {
    const WORDS: &str = "no answer within ";
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

/// `5m`, `-1h`: a time from now, or ago.
fn delta(text: &str) -> TimeDelta {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap();
    match unit {
        "s" => TimeDelta::seconds(number),
        "m" => TimeDelta::minutes(number),
        "h" => TimeDelta::hours(number),
        "d" => TimeDelta::days(number),
        _ => panic!("{text} is no time"),
    }
}

/// A web identity token for a subject, good for an hour.
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
