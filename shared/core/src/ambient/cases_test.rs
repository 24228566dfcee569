//! Walks `testdata/CASE/{env,config,credentials,expected}`: an environment and AWS's files on one
//! side, the plan or the error on the other. A new case is a new folder; `UPDATE_EXPECTED=1`
//! writes what came out, for a person to read before it is kept.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Surroundings, profile_region, resolve};
use crate::env::Env;
use crate::plan::{How, PlannedKeys, PlannedSecret, RoleCall, Site, Step};
use crate::profile::{CredentialSource, Endpoints, ImplicitSource, SecretRef};
use crate::user::Runner;

/// Every secret in the cases holds this.
const MARK: &str = "s3cret";

struct Case {
    source: ImplicitSource,
    env: Env,
}

/// `env` holds `NAME=value` lines; `# source: profile NAME` or `# source: NAME` says what is asked
/// (default: the chain). The files are the case's own unless the case names others or a HOME.
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

#[test]
fn every_case_comes_out_as_written() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ambient/testdata"));
    let mut folders: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() > 60, "only {} cases", folders.len());
    let mut wrong = Vec::new();
    for folder in folders {
        let Case { source, env } = case(&folder);
        // Root would run no command of a file that belongs to whoever checked this out.
        let around = Surroundings {
            runner: Runner::new(1000, &env),
            ..Surroundings::new(&env)
        };
        let outcome = around.resolve(&source, "dev", &[], &site(&env));
        let told = match &outcome {
            Ok(step) => {
                let debug = format!("{step:?}");
                assert!(
                    !debug.contains(MARK),
                    "{}: Debug shows a secret: {debug}",
                    folder.display()
                );
                summary(step)
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    !text.contains('\n'),
                    "{}: more than one line",
                    folder.display()
                );
                assert!(
                    !format!("{error:?}").contains(MARK),
                    "{}: {text}",
                    folder.display()
                );
                assert!(
                    error.fix.is_some(),
                    "{}: no fix in {text}",
                    folder.display()
                );
                format!("{:?} {text}", error.kind)
            }
        };
        assert!(!told.contains(MARK), "{}: {told}", folder.display());
        let told = told.replace(folder.to_str().unwrap(), "{DIR}") + "\n";
        let file = folder.join("expected");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if told != expected {
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                fs::write(&file, &told).unwrap();
            }
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("{name}\n  expected {expected}  told     {told}"));
        }
    }
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
