//! The `credential_process` of an AWS CLI profile. Refuses a command that would call this program
//! again for the connector being served.

use super::files::Section;
use super::ini::Property;
use super::{Look, words};
use crate::env::Env;
use crate::error::Result;
use crate::plan::{How, ProcessPlan, Step};
use crate::profile::not_as_root;
use crate::user::Trust;

/// Our own binary.
const OURSELVES: &str = "aws-connector-credential-process";

/// The step that runs the command; `path` is the chain of profiles.
///
/// # Errors
/// The command line has an unclosed quote or requests the same connector again, or this is root and
/// another user wrote it.
pub(super) fn step(
    path: &[String],
    look: &Look<'_>,
    section: &Section<'_>,
    property: &Property<'_>,
) -> Result<Step> {
    require_own_file(look, property, "is not allowed to run as root")?;
    let command = property.command().into_owned();
    let words = words::split(&command).ok_or_else(|| {
        property
            .wrong("has an unclosed quote or a trailing backslash")
            .fix("close the quote")
    })?;
    if let Some(asked) = asks_us(&words, look.env)
        && asked == look.connector
    {
        let profiles: Vec<String> = path.iter().map(|name| format!("profile {name}")).collect();
        return Err(property
            .wrong(&format!(
                "calls connector '{asked}' again (credential loop): {asked} -> {} \
                 (credential_process) -> {asked}",
                profiles.join(" -> ")
            ))
            .fix(
                "set another source in the connector, such as source_profile or credential_source",
            ));
    }
    let mut origin = String::new();
    section.origin(&mut origin);
    Ok(look.step(How::Process(ProcessPlan {
        command,
        origin,
        environment: look.process_environment.to_vec(),
    })))
}

/// As root, refuses a key in a file that another user wrote; `refused` says what root does not do.
///
/// # Errors
/// This is root, and the file belongs to another user.
pub(super) fn require_own_file(
    look: &Look<'_>,
    property: &Property<'_>,
    refused: &str,
) -> Result<()> {
    let runner = &look.around.runner;
    match property.file.owner {
        Some(owner) if runner.is_root() && runner.trusts(owner) != Trust::Full => {
            let owner = runner.describe(owner);
            Err(property
                .wrong(&format!("{refused}: the file belongs to {owner}"))
                .fix(not_as_root(&property.file.path)))
        }
        _ => Ok(()),
    }
}

/// The connector that a command line would request, if it visibly runs our own program, directly or
/// through a wrapper such as `env`. Other loops are detected at run time.
fn asks_us(words: &[String], env: &Env) -> Option<String> {
    let mut words = words.iter().skip_while(|word| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or("");
        name.strip_suffix(".exe").unwrap_or(name) != OURSELVES
    });
    words.next()?;
    while let Some(word) = words.next() {
        if word == "--connector" {
            return words.next().cloned();
        }
        if let Some(name) = word.strip_prefix("--connector=") {
            return Some(name.to_owned());
        }
    }
    env.get("AWS_CONNECTOR")
}
