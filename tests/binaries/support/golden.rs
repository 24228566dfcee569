//! Transcripts that are compared with a file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Answer, World};

/// The output of several cases. Values that differ from run to run are replaced by names.
pub(crate) struct Transcript {
    text: String,
    masks: Vec<(String, String)>,
}

impl Transcript {
    pub(crate) fn new(world: &World) -> Self {
        let mut transcript = Self {
            text: String::new(),
            masks: Vec::new(),
        };
        transcript.mask(&world.standin.url(), "URL");
        let address = world.standin.url().replace("http://", "");
        transcript.mask(&address, "STANDIN");
        transcript.mask(world.home().to_str().unwrap(), "HOME");
        transcript
    }

    /// Replaces a text by `<name>` from now on.
    #[track_caller]
    pub(crate) fn mask(&mut self, text: &str, name: &str) {
        assert!(!text.is_empty(), "nothing to mask as {name}");
        self.masks.push((text.to_owned(), format!("<{name}>")));
    }

    fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (hidden, name) in &self.masks {
            text = text.replace(hidden, name);
        }
        text
    }

    /// Adds a case: `|` before each line, and `\` after a last line without a line break.
    pub(crate) fn case(&mut self, title: &str, answer: &Answer) {
        let _ = writeln!(self.text, "## {title}\nexit {}", answer.status);
        for (name, output) in [("stdout", &answer.stdout), ("stderr", &answer.stderr)] {
            let output = self.masked(output);
            for line in output.split_inclusive('\n') {
                let end = if line.ends_with('\n') { "" } else { "\\" };
                let _ = writeln!(self.text, "{name}|{}{end}", line.trim_end_matches('\n'));
            }
        }
        self.text.push('\n');
    }

    /// Adds a text under a title.
    pub(crate) fn note(&mut self, title: &str, text: &str) {
        let text = self.masked(text);
        let _ = writeln!(self.text, "## {title}\n{text}\n");
    }

    /// Compares the transcript with `goldens/NAME`.
    #[track_caller]
    pub(crate) fn check(self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/binaries/goldens")
            .join(name);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&path, &self.text).unwrap();
            return;
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        if golden != self.text {
            let (line, was, is) = difference(&golden, &self.text);
            panic!(
                "{name}:{line} differs\n  golden: {was}\n  actual: {is}\n(UPDATE_GOLDENS=1 rewrites it)"
            );
        }
    }
}

fn difference<'t>(golden: &'t str, said: &'t str) -> (usize, &'t str, &'t str) {
    let (mut was, mut is) = (golden.lines(), said.lines());
    let mut line = 0;
    loop {
        line += 1;
        let (a, b) = (was.next(), is.next());
        if a != b || a.is_none() {
            return (line, a.unwrap_or("(nothing)"), b.unwrap_or("(nothing)"));
        }
    }
}
