//! A diff shows the lines around a change; secrets among them are not for the screen.

/// Names whose values are hidden, in any of the three files' syntaxes.
const SECRET: [&str; 15] = [
    "auth",
    "identitytoken",
    "registrytoken",
    "password",
    "token",
    "client-key-data",
    "id-token",
    "refresh-token",
    "client-secret",
    "aws_secret_access_key",
    "aws_session_token",
    "secret",
    "access_keys",
    "external_id",
    "x-api-key",
];

/// Hides the values of secret names: `"auth": "…"`, `token: …`, `aws_secret_access_key = …`.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, length)) = next_value(rest) {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str("[hidden]");
        rest = rest.get(at + length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The place and length of the first secret value.
fn next_value(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(mark) = text.get(from..)?.find([':', '=']).map(|at| from + at) {
        from = mark + 1;
        let name = text.get(..mark)?.trim_end_matches([' ', '"', '\'']);
        let start = name
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .map_or(0, |at| at + 1);
        let name = name.get(start..)?.to_ascii_lowercase();
        if !SECRET.contains(&name.trim_start_matches(['-', '+']).trim()) {
            continue;
        }
        let after = text.get(mark + 1..)?;
        let lead = after.len() - after.trim_start_matches([' ', '\t']).len();
        let value = after.get(lead..)?;
        let (skip, length) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (1, end_of_string(value, quote)),
            _ => (0, value.find(['\n', '\r', ',', '}']).unwrap_or(value.len())),
        };
        if length == 0 || value.starts_with(['{', '[']) {
            continue;
        }
        return Some((mark + 1 + lead + skip, length));
    }
    None
}

fn end_of_string(value: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at - 1,
            _ => {}
        }
    }
    value.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn secrets_are_hidden_in_every_syntax() {
        for (text, shown) in [
            ("{\"auth\": \"c2VjcmV0\",\n", "{\"auth\": \"[hidden]\",\n"),
            (
                "{\"auths\":{\"x\":{\"auth\":\"c2Vj\\\"x\"}}}",
                "{\"auths\":{\"x\":{\"auth\":\"[hidden]\"}}}",
            ),
            ("     token: abc.def\n x: y", "     token: [hidden]\n x: y"),
            (
                " aws_secret_access_key = k/ey\n",
                " aws_secret_access_key = [hidden]\n",
            ),
            ("+region = us-east-1\n", "+region = us-east-1\n"),
            ("-aws_session_token=tok", "-aws_session_token=[hidden]"),
            ("\"auth\": \"\"", "\"auth\": \"\""),
        ] {
            assert_eq!(mask(text), shown);
        }
    }
}
