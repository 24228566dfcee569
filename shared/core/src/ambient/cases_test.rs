//! The cases of `testdata/*.txt`: an environment and the AWS CLI's files, with the expected plan or
//! error. `=== NAME` starts a case and `--- FILE` one of its files: `env`, `config`, `credentials`,
//! any other, and `expected` last, which `UPDATE_GOLDENS=1` rewrites; review the diff. Longer than
//! 300 lines because half of it prints plans.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{profile_region, resolve};
use crate::env::Env;
use crate::plan::{How, PlannedKeys, PlannedSecret, RoleCall, Site, Step};
use crate::profile::{CredentialSource, Endpoints, ImplicitSource, SecretRef};

/// Every secret in the cases contains this.
const MARK: &str = "s3cret";

struct Case {
    source: ImplicitSource,
    env: Env,
}

/// Writes the files of a case to a folder. `{FF}` becomes a byte that is not UTF-8.
fn write(files: &str, folder: &Path) {
    for file in files.split("\n--- ").skip(1) {
        let (name, body) = file.split_once('\n').unwrap_or((file, ""));
        let mut bytes = Vec::new();
        for part in format!("{body}\n").split("{FF}") {
            if !bytes.is_empty() {
                bytes.push(0xff);
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// `env` contains `NAME=value` lines; `# source: profile NAME` or `# source: NAME` selects the
/// source (default: the chain). A case uses its own files unless it sets their variables or HOME.
fn case(folder: &Path) -> Case {
    let text = fs::read_to_string(folder.join("env")).unwrap_or_default();
    let here = folder.to_str().unwrap();
    let mut source = ImplicitSource::Chain;
    let mut vars = BTreeMap::from([("USER".to_owned(), "ann".to_owned())]);
    for line in text.lines() {
        if let Some(wanted) = line.strip_prefix("# source: ") {
            source = match wanted.strip_prefix("profile ") {
                Some(name) => ImplicitSource::Profile(name.to_owned()),
                None => ImplicitSource::Pinned(
                    CredentialSource::ALL
                        .into_iter()
                        .find(|s| s.id() == wanted)
                        .unwrap(),
                ),
            };
        } else if let Some((name, value)) = line.split_once('=') {
            vars.insert(name.to_owned(), value.replace("{DIR}", here));
        }
    }
    if !vars.contains_key("HOME") {
        for (variable, file) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            vars.entry(variable.to_owned())
                .or_insert_with(|| folder.join(file).to_str().unwrap().to_owned());
        }
    }
    Case {
        source,
        env: Env::Fixed(vars),
    }
}

fn site(env: &Env) -> Site {
    Site::new("us-east-1", &Endpoints::default(), env).unwrap()
}

fn summary(step: &Step) -> String {
    match &step.how {
        How::Keys(plan) => {
            let PlannedKeys::Separate { id, secret } = &plan.keys else {
                panic!("joined keys");
            };
            let token = plan
                .token
                .as_ref()
                .map_or("no token".to_owned(), |t| format!("token {}", local(t)));
            let end = plan
                .expires_at
                .map_or(String::new(), |t| format!(" until {}", t.to_rfc3339()));
            let id = match id {
                PlannedSecret::Local(SecretRef::Literal(id)) => id.expose().to_owned(),
                other => local(other),
            };
            let origin = plan
                .origin
                .as_deref()
                .map_or(String::new(), |o| format!(" of {o}"));
            format!("Keys {id} / {}, {token}{end}{origin}", local(secret))
        }
        How::Process(plan) => format!("Process `{}` of {:?}", plan.command, plan.origin),
        How::Sso(plan) => format!(
            "Sso {:?} {} {} {} {} login {} of {:?}",
            plan.session_name,
            plan.start_url,
            plan.region,
            plan.account_id,
            plan.role_name,
            plan.profile,
            plan.origin
        ),
        How::Container(plan) => {
            format!(
                "Container {} token {:?} file {:?}",
                plan.uri, plan.token, plan.token_file
            )
        }
        How::InstanceMetadata(plan) => {
            format!("InstanceMetadata {} tried [{}]", plan.endpoint, plan.tried)
        }
        How::AssumeRole { source, call } => format!(
            "AssumeRole {} in {}\n  from {}",
            call_summary(call),
            step.site.region,
            summary(source)
        ),
        How::WebIdentity { token_file, call } => format!(
            "WebIdentity {token_file} {} in {}",
            call_summary(call),
            step.site.region
        ),
        How::SessionToken {
            source,
            duration,
            mfa,
        } => format!(
            "SessionToken {}s mfa {} in {}\n  from {}",
            duration.as_secs(),
            mfa.as_ref().map_or("none", |mfa| &mfa.serial),
            step.site.region,
            summary(source)
        ),
        How::FederationToken { .. } => panic!("no profile makes one"),
    }
}

fn local(secret: &PlannedSecret) -> String {
    match secret {
        PlannedSecret::Local(SecretRef::Literal(text)) => {
            format!("literal of {}", text.expose().len())
        }
        PlannedSecret::Local(SecretRef::Env(name)) => format!("${name}"),
        _ => panic!("another kind of secret"),
    }
}

fn call_summary(call: &RoleCall) -> String {
    let id = call
        .external_id
        .as_ref()
        .map_or(String::new(), |id| format!(" external id {}", local(id)));
    let mfa = call
        .mfa
        .as_ref()
        .map_or(String::new(), |mfa| format!(" mfa {}", mfa.serial));
    format!(
        "{} as {} for {}s{id}{mfa}",
        call.arn,
        call.session_name,
        call.duration.as_secs()
    )
}

/// The outcome of a case, as text.
fn outcome(name: &str, files: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(files, folder.path());
    let Case { source, env } = case(folder.path());
    let told = match resolve(&source, "dev", &site(&env), &env) {
        Ok(step) => {
            let debug = format!("{step:?}");
            assert!(
                !debug.contains(MARK),
                "{name}: Debug shows a secret: {debug}"
            );
            summary(&step)
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{name}: more than one line");
            assert!(!format!("{error:?}").contains(MARK), "{name}: {text}");
            assert!(error.fix.is_some(), "{name}: no fix in {text}");
            format!("{:?} {text}", error.kind)
        }
    };
    assert!(!told.contains(MARK), "{name}: {told}");
    told.replace(folder.path().to_str().unwrap(), "{DIR}")
}

#[test]
fn every_case_has_the_expected_outcome() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ambient/testdata"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut updated = Vec::new();
        for case in text.trim_end().split("\n\n=== ") {
            let name = case.lines().next().unwrap().trim_start_matches("=== ");
            let (files, expected) = case
                .split_once("\n--- expected\n")
                .unwrap_or_else(|| panic!("{}: {name} expects nothing", path.display()));
            let told = outcome(name, files);
            if told != expected {
                wrong.push(format!("{name}\n  expected {expected}\n  actual   {told}"));
            }
            updated.push(format!("{files}\n--- expected\n{told}"));
            count += 1;
        }
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&path, updated.join("\n\n=== ") + "\n").unwrap();
            wrong.clear();
        }
    }
    assert!(count > 100, "only {count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_region_of_a_profile_is_found_without_its_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(
        &config,
        "[default]\nregion = eu-west-1 # home\ns3 =\n  region = eu-north-1\n[profile x]\nREGION=us-west-2\n\
         [profile y]\ns3 =\n  region = eu-north-1\n",
    )
    .unwrap();
    let with = |extra: &[(&str, &str)]| {
        let mut vars = BTreeMap::from([
            (
                "AWS_CONFIG_FILE".to_owned(),
                config.to_str().unwrap().to_owned(),
            ),
            (
                "AWS_SHARED_CREDENTIALS_FILE".to_owned(),
                "/nonexistent".to_owned(),
            ),
        ]);
        vars.extend(
            extra
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        Env::Fixed(vars)
    };
    let region = |profile, env: &[(&str, &str)]| profile_region(profile, &with(env));
    assert_eq!(region(None, &[]).as_deref(), Some("eu-west-1"));
    assert_eq!(region(Some("x"), &[]).as_deref(), Some("us-west-2"));
    assert_eq!(
        region(None, &[("AWS_PROFILE", "x")]).as_deref(),
        Some("us-west-2")
    );
    assert_eq!(
        region(Some("default"), &[("AWS_PROFILE", "x")]).as_deref(),
        Some("eu-west-1")
    );
    assert_eq!(region(Some("y"), &[]), None);
    assert_eq!(region(Some("nobody"), &[]), None);
}

#[test]
fn the_process_origin_changes_with_its_section_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let origin = |text: &str| {
        fs::write(&config, text).unwrap();
        let env = Env::fixed([
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
        ]);
        let step = resolve(
            &ImplicitSource::Profile("p".into()),
            "dev",
            &site(&env),
            &env,
        )
        .unwrap();
        match step.how {
            How::Process(plan) => plan.origin,
            other => panic!("{other:?}"),
        }
    };
    let one = origin("[profile p]\ncredential_process = run it\n");
    assert_eq!(
        one,
        origin(
            "# new\r\n[profile q]\nregion=x\n\n[profile  'p']\n# c\ncredential_process=run it\n"
        )
    );
    assert_ne!(
        one,
        origin("[profile p]\ncredential_process = run it\nuser = b\n")
    );
    assert_ne!(one, origin("[profile p]\ncredential_process = run that\n"));
}
