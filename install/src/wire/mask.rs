//! Hides values in the diff of a file that other programs write to: names locate a change, but
//! values may be secret.

use similar::DiffableStr as _;

/// Replaces a hidden value.
const HIDDEN: &str = "[hidden]";

/// Names whose values are shown: they help to locate a change, and no client stores secrets there.
const PLAIN: [&str; 12] = [
    "apiVersion",
    "cluster",
    "current-context",
    "interactiveMode",
    "kind",
    "name",
    "namespace",
    "output",
    "provideClusterInfo",
    "region",
    "user",
    "use_fips_endpoint",
];

/// The list items that `login` writes.
const FLAGS: [&str; 3] = ["--cluster", "--connector", "--region"];

/// Whether a text is JSON, as Docker's configuration is.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// JSON with its names and our helper, other values hidden.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            c if is_structure(c) => c.len_utf8(),
            _ => rest
                .find(|c| is_structure(c) || c == '"')
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        let inner = token.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        match inner {
            Some("" | "aws-connector") => out.push_str(token),
            // A name is shown, unless an at sign (even escaped) suggests a URL with a password.
            Some(name) if after.trim_start().starts_with(':') && !name.contains(['@', '\\']) => {
                out.push_str(token);
            }
            Some(_) => out.push_str(&format!("\"{HIDDEN}\"")),
            None if is_structure(first) || matches!(token, "true" | "false" | "null") => {
                out.push_str(token);
            }
            None => out.push_str(HIDDEN),
        }
        rest = after;
    }
    out
}

fn is_structure(c: char) -> bool {
    "{}[]:, \t\r\n".contains(c)
}

/// The length of the string at the start of a text, including quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// JSON with one member per line, for files with all members in one line.
pub(super) fn spread(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut rest = json;
    let line = |out: &mut String, depth| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '{' | '[' => {
                depth += 1;
                out.push(first);
                if !after.trim_start().starts_with(['}', ']']) {
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                if !out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push(first);
            }
            ',' => {
                out.push(first);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            _ => out.push_str(token),
        }
    }
    out.push('\n');
    out
}

/// The lines of an INI or YAML text with names and sections, values hidden.
pub(super) fn lines(text: &str) -> Vec<String> {
    let is_ini = text.lines().any(|line| line.starts_with('['));
    // The indentation of a YAML value that continues in deeper lines.
    let mut outer = None;
    // The same lines as in the diff.
    let lines = text.tokenize_lines().into_iter();
    lines
        .map(|line| line.trim_end_matches(['\r', '\n']))
        .map(|line| {
            let indent = line.len() - line.trim_start().len();
            if line.trim().is_empty() {
                return line.to_owned();
            }
            if is_ini {
                return ini(line);
            }
            if outer.is_some_and(|outer| indent > outer) {
                return hidden(line);
            }
            outer = goes_on(line);
            yaml(line)
        })
        .collect()
}

/// The indentation of a YAML value, if deeper lines belong to it.
fn goes_on(line: &str) -> Option<usize> {
    let content = line.trim_start_matches([' ', '-']);
    let depth = line.len() - content.len();
    let (depth, value) = match content.split_once(": ") {
        Some((_, value)) => (depth, value.trim()),
        None => (depth.saturating_sub(2), content.trim()),
    };
    let is_open = |quote| value.starts_with(quote) && (value.len() == 1 || !value.ends_with(quote));
    let is_long = value.starts_with(['|', '>']) || is_open('"') || is_open('\'');
    is_long.then_some(depth)
}

fn ini(line: &str) -> String {
    if line.starts_with('[') && line.trim_end().ends_with(']') {
        return line.to_owned();
    }
    let named = line
        .split_once(['=', ':'])
        .filter(|(name, value)| is_name(name.trim_end()) && !value.starts_with('='));
    match named {
        Some((name, value)) => member(line, name.trim_end(), value),
        // Including indented lines, which belong to the value above.
        None => hidden(line),
    }
}

fn yaml(line: &str) -> String {
    let content = line.trim_start_matches([' ', '\t']);
    let content = content
        .strip_prefix("- ")
        .map_or(content, |it| it.trim_start());
    if matches!(content.trim_end(), "---" | "-" | "[]" | "{}")
        || FLAGS.contains(&content.trim_end())
    {
        return line.to_owned();
    }
    let named = match content.trim_end().strip_suffix(':') {
        Some(name) => Some((name, "")),
        None => content.split_once(": "),
    };
    match named.filter(|(name, _)| is_name(name.trim_matches('"'))) {
        Some((name, value)) => member(line, name.trim_matches('"'), value),
        None => hidden(line),
    }
}

/// Hides the value at the end of a line, unless it is safe to show.
fn member(line: &str, name: &str, value: &str) -> String {
    let bare = value.trim();
    let is_empty = matches!(bare, "" | "[]" | "{}" | "null" | "true" | "false");
    let is_plain = PLAIN.contains(&name) && is_word(bare);
    if is_empty || is_plain || is_ours(bare) {
        return line.to_owned();
    }
    let head = line.strip_suffix(value).unwrap_or_default();
    let lead = if value.starts_with(' ') { " " } else { "" };
    format!("{head}{lead}{HIDDEN}")
}

fn hidden(line: &str) -> String {
    let content = line.trim_start_matches([' ', '\t']);
    let lead = line.strip_suffix(content).unwrap_or_default();
    let mark = match content {
        it if it.starts_with('#') => "# ",
        it if it.starts_with(';') => "; ",
        it if it.starts_with("- ") => "- ",
        _ => "",
    };
    format!("{lead}{mark}{HIDDEN}")
}

/// Whether a value is one of our commands.
fn is_ours(value: &str) -> bool {
    let program = value.trim_start_matches(['"', '\'']);
    let program = program.split([' ', '"', '\'']).next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    matches!(
        name,
        "aws-connector-credential-process" | "aws-connector-eks-token"
    )
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./:+\"".contains(c);
    text.len() <= 128 && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{json, lines, spread};

    #[test]
    fn json_values_are_hidden() {
        for (text, shown) in [
            ("{\"auth\": \"c2VjcmV0\",\n", "{\"auth\": \"[hidden]\",\n"),
            (
                "{\"auths\":{\"x\":{\"auth\":\"c2Vj\\\"x\"}}}",
                "{\"auths\":{\"x\":{\"auth\":\"[hidden]\"}}}",
            ),
            ("{\"auth\": \"\"}", "{\"auth\": \"\"}"),
            (
                "{\"pin\": 1234, \"on\": true}",
                "{\"pin\": [hidden], \"on\": true}",
            ),
            (
                "{\"httpProxy\": \"http://u:p@proxy\"}",
                "{\"httpProxy\": \"[hidden]\"}",
            ),
            ("{\"http://u:p@x\": null}", "{\"[hidden]\": null}"),
            (
                "{\"u\\u0040x:p\": null, \"u:p\\u0040x\": {}}",
                "{\"[hidden]\": null, \"[hidden]\": {}}",
            ),
            (
                "{\"HttpHeaders\": {\"Authorization\": [\"Bearer x\"]}}",
                "{\"HttpHeaders\": {\"Authorization\": [\"[hidden]\"]}}",
            ),
            ("{\"h\": \"aws-connector\"}", "{\"h\": \"aws-connector\"}"),
            // Invalid JSON.
            (
                "{\ntoken = abc\n\"x",
                "{\n[hidden] [hidden] [hidden]\n[hidden]",
            ),
        ] {
            assert_eq!(json(text), shown);
        }
        assert_eq!(
            spread("{\"a\":{},\"b\":{\"c, d\":[\"x\"]}}"),
            "{\n  \"a\": {},\n  \"b\": {\n    \"c, d\": [\n      \"x\"\n    ]\n  }\n}\n"
        );
    }

    #[test]
    fn ini_and_yaml_values_are_hidden() {
        let ini = "# old key: abc\n[profile x]\nregion = eu-west-1\naws_secret_access_key=k/ey\ncredential_process = get --password x\ns3 =\n  max = 1\ncredential_process = /x/aws-connector-credential-process --connector dev\nregion = x # and more\n";
        let shown = "# [hidden]\n[profile x]\nregion = eu-west-1\naws_secret_access_key=[hidden]\ncredential_process = [hidden]\ns3 =\n  [hidden]\ncredential_process = /x/aws-connector-credential-process --connector dev\nregion = [hidden]";
        assert_eq!(lines(ini).join("\n"), shown);
        let yaml = "users:\n- name: \"ann\"\n  user:\n    token: abc.def\n    access-token: x\n    auth-provider:\n      config: {apiKey: x}\n    exec:\n      args:\n      - --cluster\n      - --password=x\n      env:\n      - name: TOKEN\n        value: x\nnote: |\n  abc: def\n  c2Vj==\nkind: Config\nuser: \"a b: c\"\nloose text\n";
        let shown = "users:\n- name: \"ann\"\n  user:\n    token: [hidden]\n    access-token: [hidden]\n    auth-provider:\n      config: [hidden]\n    exec:\n      args:\n      - --cluster\n      - [hidden]\n      env:\n      - name: TOKEN\n        value: [hidden]\nnote: [hidden]\n  [hidden]\n  [hidden]\nkind: Config\nuser: [hidden]\n[hidden]";
        assert_eq!(lines(yaml).join("\n"), shown);
    }
}
