//! Labels for values that differ from run to run: addresses, folders, sessions, passwords, times.

use std::fmt::Write as _;

/// Texts and their labels. A text keeps its first label.
#[derive(Default)]
pub(crate) struct Labels {
    pairs: Vec<(String, String)>,
    sessions: Vec<String>,
    passwords: usize,
}

impl Labels {
    /// Replaces `text` by `label` from now on.
    pub(crate) fn name(&mut self, text: &str, label: &str) {
        if !text.is_empty() && !self.pairs.iter().any(|(known, _)| known == text) {
            self.pairs.push((text.to_owned(), label.to_owned()));
            // A text that contains another must be replaced first.
            self.pairs.sort_by_key(|(text, _)| usize::MAX - text.len());
        }
    }

    /// The label of a session, by its key id, secret and token; a new one gets the next number.
    pub(crate) fn session(&mut self, id: &str, secret: &str, token: &str) -> usize {
        if let Some(at) = self.sessions.iter().position(|known| known == id) {
            return at + 1;
        }
        self.sessions.push(id.to_owned());
        let number = self.sessions.len();
        self.name(id, &format!("<id {number}>"));
        self.name(secret, &format!("<secret {number}>"));
        self.name(token, &format!("<token {number}>"));
        number
    }

    /// The label of a password; equal passwords have the same label.
    pub(crate) fn password(&mut self, password: &str) {
        if !self.pairs.iter().any(|(known, _)| known == password) {
            self.passwords += 1;
            let label = format!("<password {}>", self.passwords);
            self.name(password, &label);
        }
    }

    /// A text with labels instead of values.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.pairs
            .iter()
            .fold(text.to_owned(), |text, (hidden, label)| {
                text.replace(hidden, label)
            })
    }

    /// A text with values instead of labels.
    pub(crate) fn show(&self, text: &str) -> String {
        self.pairs
            .iter()
            .fold(text.to_owned(), |text, (hidden, label)| {
                text.replace(label, hidden)
            })
    }
}

/// A summary of a session policy: the number of actions of each service, and the resources.
pub(crate) fn policy_in_short(policy: &str) -> String {
    let Ok(policy) = serde_json::from_str::<serde_json::Value>(policy) else {
        return policy.to_owned();
    };
    let list = |value: &serde_json::Value| -> Vec<String> {
        match value {
            serde_json::Value::Array(all) => all
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            serde_json::Value::String(one) => vec![one.clone()],
            _ => Vec::new(),
        }
    };
    let mut short = String::new();
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        let actions = list(&statement["Action"]);
        let mut services: Vec<String> = Vec::new();
        for action in &actions {
            let service = action.split(':').next().unwrap_or_default().to_owned();
            if !services.contains(&service) {
                services.push(service);
            }
        }
        let what = match actions.as_slice() {
            [one] => one.clone(),
            many => format!("{} of {}", many.len(), services.join(" ")),
        };
        let separator = if short.is_empty() { "" } else { "; " };
        let resources = list(&statement["Resource"]).join(" ");
        let _ = write!(short, "{separator}{what} on {resources}");
    }
    short
}
