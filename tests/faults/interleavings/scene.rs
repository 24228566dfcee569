//! The programs that run at the same time, the initial state of the cache, and the calls to AWS that this may cost.

use std::process::Command;

use crate::support::{Client, Stage, State, Tracer, issued};

use super::steps::{Ended, Outcome};

/// One program of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    CredentialProcess,
    EksToken,
    Docker,
    /// Requests the other connector; on a miss, it also sweeps the folder.
    Other,
    Clear,
}

use Role::{Clear, CredentialProcess, Docker, EksToken, Other};

/// A state and programs. `sts` and `ecr` are the calls that they make if no process is killed and nothing is cleared.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) state: State,
    programs: &'static [Role],
    sts: usize,
    ecr: usize,
}

#[rustfmt::skip]
pub(super) const SCENES: [Scene; 14] = [
    Scene { name: "three misses", state: State::Cold, programs: &[CredentialProcess, CredentialProcess, EksToken], sts: 1, ecr: 0 },
    Scene { name: "two misses", state: State::Cold, programs: &[CredentialProcess, EksToken], sts: 1, ecr: 0 },
    Scene { name: "two registry logins and a session", state: State::Cold, programs: &[Docker, Docker, CredentialProcess], sts: 1, ecr: 1 },
    Scene { name: "two misses and `cache clear`", state: State::Cold, programs: &[CredentialProcess, EksToken, Clear], sts: 1, ecr: 0 },
    Scene { name: "two hits and `cache clear`", state: State::Warm, programs: &[CredentialProcess, EksToken, Clear], sts: 0, ecr: 0 },
    Scene { name: "a registry login and `cache clear`", state: State::Warm, programs: &[Docker, Clear], sts: 0, ecr: 0 },
    Scene { name: "three hits of a session due for renewal", state: State::Due, programs: &[CredentialProcess, CredentialProcess, EksToken], sts: 1, ecr: 0 },
    Scene { name: "two hits of a session due for renewal and `cache clear`", state: State::Due, programs: &[CredentialProcess, EksToken, Clear], sts: 1, ecr: 0 },
    Scene { name: "hits of a login and of a session due for renewal", state: State::Due, programs: &[Docker, CredentialProcess], sts: 1, ecr: 1 },
    Scene { name: "three processes with a session about to expire", state: State::Short, programs: &[CredentialProcess, CredentialProcess, EksToken], sts: 1, ecr: 0 },
    Scene { name: "two misses and a sweep of expired entries", state: State::Expired, programs: &[CredentialProcess, EksToken, Other], sts: 2, ecr: 0 },
    Scene { name: "a registry login and a sweep of expired entries", state: State::Expired, programs: &[Docker, Other], sts: 2, ecr: 1 },
    Scene { name: "two processes with a truncated entry and a sweep", state: State::Torn, programs: &[CredentialProcess, EksToken, Other], sts: 2, ecr: 0 },
    Scene { name: "two misses, a sweep and leftovers of killed writers", state: State::Leftovers, programs: &[CredentialProcess, EksToken, Other], sts: 2, ecr: 0 },
];

impl Role {
    fn client(self) -> Option<(Client, &'static str)> {
        match self {
            CredentialProcess => Some((Client::CredentialProcess, "dev")),
            EksToken => Some((Client::EksToken, "dev")),
            Docker => Some((Client::Docker, "dev")),
            Other => Some((Client::CredentialProcess, "long")),
            Clear => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            CredentialProcess => "credential-process",
            EksToken => "eks-token",
            Docker => "docker-credential",
            Other => "credential-process of another connector",
            Clear => "cache clear",
        }
    }

    fn command(self, stage: &Stage) -> Command {
        match (self, self.client()) {
            (Other, _) => stage.other(),
            (_, Some((client, _))) => stage.house.client(client),
            (_, None) => {
                let mut command = stage.house.command(Client::everyday());
                command.args(["cache", "clear", "--output", "json"]);
                command
            }
        }
    }
}

impl Scene {
    pub(super) fn programs(&self, stage: &Stage) -> Vec<(&'static str, Command)> {
        let role = |role: &Role| (role.name(), role.command(stage));
        self.programs.iter().map(role).collect()
    }

    /// The calls to AWS, as the table shows them.
    pub(super) fn owed(&self) -> String {
        let mut owed = vec![format!("{} to STS", self.sts)];
        if self.ecr > 0 {
            owed.push(format!("{} to ECR", self.ecr));
        }
        let mut owed = owed.join(", ");
        if self.programs.contains(&Clear) {
            owed += "; one more of each if cleared";
        }
        owed
    }

    /// Checks the documents, the number of calls to AWS, and what is left in the cache folder.
    pub(super) fn judge(
        &self,
        stage: &Stage,
        tracer: &mut Tracer,
        outcome: &Outcome,
    ) -> Result<(), String> {
        if outcome.hangs {
            return Err("not all processes end".to_owned());
        }
        if outcome.kills > 0 {
            stage.settle();
        }
        let aws = &stage.house.aws;
        let (sts, ecr) = (aws.count("sts", "*"), aws.count("ecr", "*"));
        // A process may have been killed before it stored its session. A cleared entry is obtained once more.
        let mut more = outcome.kills;
        for (role, ended) in self.programs.iter().zip(&outcome.ended) {
            match role.client() {
                Some((client, of)) => answered(stage, client, of, ended)?,
                // A killed process does not report what it removed.
                None => more += usize::from(ended.was_killed || cleared(ended)? > 0),
            }
        }
        let exact = outcome.kills == 0 && !self.programs.contains(&Clear);
        let right = |asked, owed| asked <= owed + more && (!exact || asked == owed);
        if !right(sts, self.sts) || !right(ecr, self.ecr) {
            return Err(format!(
                "{sts} calls to STS and {ecr} to ECR; owed: {}, at most {more} more",
                self.owed()
            ));
        }
        let torn = stage.torn();
        if !torn.is_empty() {
            return Err(format!("torn entries: {torn:?}"));
        }
        // The lock is free, and one more call to AWS leaves a tidy folder.
        let next = tracer.run(&mut stage.house.credential_process());
        if !issued(&stage.house, Client::CredentialProcess, &next.stdout, "dev") {
            return Err(format!("the next command: {next:#?}"));
        }
        if !stage.house.shelf().litter().is_empty() {
            stage.forget();
            tracer.run(&mut stage.house.credential_process());
        }
        match stage.house.shelf().litter() {
            litter if litter.is_empty() => Ok(()),
            litter => Err(format!("litter: {litter:?}")),
        }
    }
}

fn answered(stage: &Stage, client: Client, role: &str, ended: &Ended) -> Result<(), String> {
    let whole = issued(&stage.house, client, &ended.run.stdout, role);
    if whole || ended.was_killed && ended.run.stdout.is_empty() {
        return Ok(());
    }
    Err(format!("{}: {:#?}", ended.name, ended.run))
}

/// The number of entries that `cache clear` reports as removed.
fn cleared(ended: &Ended) -> Result<usize, String> {
    if ended.was_killed {
        return Ok(0);
    }
    let document: serde_json::Value = serde_json::from_str(&ended.run.stdout).unwrap_or_default();
    let busy = ended.run.stderr.contains(" in use and w");
    match document["removed"].as_u64() {
        Some(removed) if ended.run.status.success() || busy => Ok(removed as usize),
        _ => Err(format!("{}: {:#?}", ended.name, ended.run)),
    }
}
