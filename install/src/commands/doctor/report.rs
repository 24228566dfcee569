//! The steps of `verify` and how each one ended.

use std::time::Instant;

use aws_connector_core::error::{Error, Result};
use serde::Serialize;

use crate::app::App;
use crate::services::inventory::Reachable;
use crate::ui;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// It works.
    Ok,
    /// It works, with a caveat.
    Warning,
    /// It does not work.
    Failed,
}

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct Check {
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

/// The steps so far; each is printed when it ends.
pub(super) struct Report<'a> {
    app: &'a App,
    connector: Option<String>,
    pub(super) steps: Vec<Check>,
    /// What the connectors can reach.
    pub(super) resources: Vec<Reachable>,
}

/// What a step found.
pub(super) struct Finding {
    state: State,
    detail: String,
    fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(detail: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    pub(super) fn warning(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }

    pub(super) fn failed(detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Failed,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }
}

impl Finding {
    /// Prefixes the finding with its location.
    pub(super) fn about(self, place: &str) -> Self {
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
            detail: error.summary(),
            fix: error.fix,
        }
    }
}

impl<'a> Report<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self {
            app,
            connector: None,
            steps: Vec::new(),
            resources: Vec::new(),
        }
    }

    /// Records what a connector can reach.
    pub(super) fn reach(&mut self, found: Reachable) {
        self.resources.push(found);
    }

    /// Prints what the connectors can reach.
    pub(super) fn summarize(&self) {
        if self.app.ui.is_json() || self.resources.is_empty() {
            return;
        }
        let ui = self.app.ui;
        let is_one = |one: &[Reachable]| {
            one.iter()
                .all(|f| f.connector == self.resources[0].connector)
        };
        let table = if is_one(&self.resources) {
            let rows = self.resources.iter().flat_map(Reachable::brief).collect();
            ui.table(["RESOURCE TYPE", "RESOURCES"], rows)
        } else {
            let mut rows = Vec::new();
            for group in self.resources.chunk_by(|a, b| a.connector == b.connector) {
                let mut name = group.first().map_or("", |found| &found.connector);
                for [kind, resource] in group.iter().flat_map(Reachable::brief) {
                    rows.push([std::mem::take(&mut name).to_owned(), kind, resource]);
                }
            }
            ui.table(["CONNECTOR", "RESOURCE TYPE", "RESOURCES"], rows)
        };
        let _ = ui::print(&format!("\nReachable resources\n{table}"));
    }

    /// Starts the steps of a connector, or of the machine, with a heading.
    pub(super) fn about(&mut self, connector: Option<&str>) {
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
    pub(super) fn step<T>(
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
    pub(super) fn find(&mut self, name: &str, finding: Finding) {
        self.note(name, finding, None);
    }

    fn note(&mut self, name: &str, finding: Finding, milliseconds: Option<u64>) {
        let step = Check {
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

    fn line(&self, step: &Check) -> String {
        let ui = self.app.ui;
        let mark = match step.state {
            State::Ok => ui.green("✓"),
            State::Warning => "!".to_owned(),
            State::Failed => ui.red("✗"),
        };
        // With no-break spaces, so that it stays together.
        let time = match step.milliseconds {
            None => String::new(),
            Some(few @ 0..1000) => format!("({few}\u{a0}ms)"),
            Some(many) => format!("({}.{}\u{a0}s)", many / 1000, many % 1000 / 100),
        };
        let name = format!("{:<20} ", step.step);
        let detail = format!("{} {time}", ui::printable(&step.detail));
        let detail = ui.wrap(2 + name.len(), detail.trim_end());
        let detail = match time.is_empty() {
            true => detail,
            false => detail.replace(&time, &ui.dim(&time.replace('\u{a0}', " "))),
        };
        let fix = step.fix.as_ref().map_or_else(String::new, |fix| {
            let fix = format!("{}fix: {}", ui::INDENT, ui::printable(fix));
            format!("\n{}", ui.wrap(0, &fix))
        });
        format!("{mark} {name}{detail}{fix}\n")
    }

    pub(super) fn worst(&self) -> State {
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
