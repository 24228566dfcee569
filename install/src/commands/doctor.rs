//! `aws-connector verify`, alias `doctor`: prints one line per step and continues after failures.

mod caveats;
mod connector;
mod machine;
mod reach;
pub(crate) mod secrets;
mod trial;
mod wiring;

use std::time::Instant;

use aws_connector_core::error::{Error, Result};
use aws_connector_core::profile::Profile;
use aws_connector_core::resource::ResourceType;
use serde::Serialize;

use crate::app::App;
use crate::ui;

/// Check connectors and this machine step by step
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  aws-connector verify dev\n  aws-connector verify dev --resource-type docker-registry\n  aws-connector doctor --output json\n\nExit status: 0 if nothing failed (warnings are allowed), 1 otherwise."
)]
pub(crate) struct Args {
    /// Connector name [default: all connectors]
    name: Option<String>,
    /// Check only this resource type
    #[arg(long, value_name = "TYPE", value_parser = super::resource_type)]
    resource_type: Option<ResourceType>,
    /// Skip the checks of this machine
    #[arg(long)]
    no_wiring: bool,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It works.
    Ok,
    /// It works, with a caveat.
    Warning,
    /// It does not work.
    Failed,
}

/// One step.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// The connector; `null` for checks of the machine.
    connector: Option<String>,
    step: String,
    state: State,
    /// What was found, or what went wrong.
    detail: String,
    fix: Option<String>,
    /// Duration; `null` for findings that took no time.
    milliseconds: Option<u64>,
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    worst: State,
    steps: &'a [Step],
}

/// The steps so far; each is printed when it ends.
pub(crate) struct Report<'a> {
    app: &'a App,
    connector: Option<String>,
    steps: Vec<Step>,
}

/// What a step found.
pub(crate) struct Finding {
    state: State,
    detail: String,
    fix: Option<String>,
}

impl Finding {
    pub(crate) fn ok(detail: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    pub(crate) fn warning(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    pub(crate) fn failed(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Failed,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }
}

impl Finding {
    /// Prefixes the place where it was found.
    fn about(self, place: &str) -> Self {
        Self {
            detail: format!("{place}: {}", self.detail),
            ..self
        }
    }
}

impl From<Error> for Finding {
    fn from(error: Error) -> Self {
        Self {
            state: State::Failed,
            detail: error.what,
            fix: error.fix,
        }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self {
            app,
            connector: None,
            steps: Vec::new(),
        }
    }

    /// Starts the steps of a connector, or of the machine, with a heading.
    fn about(&mut self, connector: Option<&str>) {
        let same = !self.steps.is_empty() && self.connector.as_deref() == connector;
        self.connector = connector.map(str::to_owned);
        if !same && !self.app.ui.is_json() {
            let head = connector.map_or_else(
                || "This machine".to_owned(),
                |name| format!("Connector '{name}'"),
            );
            let gap = if self.steps.is_empty() { "" } else { "\n" };
            // Continue even if standard output is closed: the exit status still counts.
            let _ = ui::print(&format!("{gap}{head}\n"));
        }
    }

    /// Runs a step and records how it ended; returns its value for the next steps.
    pub(crate) fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(T, Finding)>,
    ) -> Option<T> {
        let began = Instant::now();
        let (value, finding) = match work() {
            Ok((value, finding)) => (Some(value), finding),
            Err(error) => (None, Finding::from(error)),
        };
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.note(name, finding, Some(milliseconds));
        value
    }

    /// Records a finding that took no time.
    pub(crate) fn find(&mut self, name: &str, finding: Finding) {
        self.note(name, finding, None);
    }

    fn note(&mut self, name: &str, finding: Finding, milliseconds: Option<u64>) {
        let step = Step {
            connector: self.connector.clone(),
            step: name.to_owned(),
            state: finding.state,
            detail: finding.detail,
            fix: finding.fix,
            milliseconds,
        };
        if !self.app.ui.is_json() {
            let _ = ui::print(&self.line(&step));
        }
        self.steps.push(step);
    }

    fn line(&self, step: &Step) -> String {
        let ui = self.app.ui;
        let mark = match step.state {
            State::Ok => ui.green("✓"),
            State::Warning => "!".to_owned(),
            State::Failed => ui.red("✗"),
        };
        let time = match step.milliseconds {
            None => String::new(),
            Some(few @ 0..1000) => ui.dim(&format!(" ({few} ms)")),
            Some(many) => ui.dim(&format!(" ({}.{} s)", many / 1000, many % 1000 / 100)),
        };
        let fix = match &step.fix {
            Some(fix) => format!("\n    fix: {}", ui::printable(fix)),
            None => String::new(),
        };
        let detail = ui::printable(&step.detail);
        format!("{mark} {:<20} {detail}{time}{fix}\n", step.step)
    }

    fn worst(&self) -> State {
        let has = |state| self.steps.iter().any(|step| step.state == state);
        if has(State::Failed) {
            State::Failed
        } else if has(State::Warning) {
            State::Warning
        } else {
            State::Ok
        }
    }
}

pub(crate) fn run(app: &App, args: &Args) -> Result<u8> {
    let mut report = Report::new(app);
    let profile = app.profile();
    let names = match (&args.name, &profile) {
        (Some(name), _) => vec![name.clone()],
        (None, Ok(profile)) if profile.has_file() => profile.names().unwrap_or_default(),
        // The built-in connector was not requested.
        (None, Ok(_)) => Vec::new(),
        (None, Err(_)) => Vec::new(),
    };
    match &profile {
        Ok(profile) if names.is_empty() => {
            report.about(None);
            report.find("connectors file", empty(app, profile));
        }
        Ok(profile) => {
            for name in &names {
                report.about(Some(name));
                connector::check(app, profile, name, args.resource_type, &mut report);
            }
        }
        Err(error) => {
            report.about(None);
            report.find("connectors file", Finding::from(error.clone()));
        }
    }
    if !args.no_wiring {
        report.about(None);
        machine::check(app, &mut report);
        wiring::check(app, profile.as_ref().ok(), &mut report);
    }
    let worst = report.worst();
    if app.ui.is_json() {
        ui::print_json(&Document {
            version: env!("CARGO_PKG_VERSION"),
            worst,
            steps: &report.steps,
        })?;
    }
    Ok(u8::from(worst == State::Failed))
}

/// The finding if there are no connectors yet.
fn empty(app: &App, profile: &Profile) -> Finding {
    let what = if profile.has_file() {
        "contains no connectors"
    } else {
        "does not exist yet"
    };
    let place = app.profile_file().map(|path| path.display().to_string());
    let detail = format!("{} {what}", place.unwrap_or_default());
    Finding::warning(detail, "run 'aws-connector register NAME --auto-configure'")
}

/// Tests a connector, as `register` does before it writes. `Err` is the first failure.
pub(crate) fn quick(app: &App, profile: &Profile, name: &str) -> Result<String> {
    connector::identity(app, profile, name).map(|identity| identity.arn)
}
