//! Shared by all kinds of logins.

use aws_connector_core::error::{Kind, Result};
use aws_connector_core::profile::{Connector, Profile};
use serde::Serialize;

use crate::app::App;
use crate::ui;
use crate::wire::Consent;

/// What login did.
#[derive(Serialize)]
pub(super) struct Document {
    pub(super) connector: String,
    pub(super) resource_type: &'static str,
    /// The profile, the registries or the context.
    pub(super) wired: Vec<String>,
    /// Whether any file was changed.
    pub(super) changed: bool,
    /// A command to try.
    pub(super) try_this: String,
    /// kubectl's current context; `null` for other clients.
    pub(super) current_context: Option<String>,
    /// Whether login switched to it.
    pub(super) switched: bool,
}

/// The inputs of a login.
pub(super) struct Job<'a> {
    pub(super) app: &'a App,
    pub(super) profile: &'a Profile,
    pub(super) connector: &'a Connector,
    pub(super) consent: Consent,
}

impl Job<'_> {
    /// Prints what to add by hand if a file cannot be edited.
    pub(super) fn explained(&self, by_hand: &str, edit: impl FnOnce() -> Result<()>) -> Result<()> {
        edit().map_err(|error| {
            if error.kind != Kind::Local {
                return error;
            }
            ui::tell(&format!("Lines to add by hand:\n\n{by_hand}\n"));
            error.fix("add the lines above by hand, or correct the file and retry")
        })
    }
}
