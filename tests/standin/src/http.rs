//! Requests as received, responses before they are sent, and the percent-encoding of signatures.

use std::collections::BTreeMap;

/// One request, not normalized, because signatures are computed over it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As received, percent-encoded.
    pub(crate) path: String,
    /// As received, percent-encoded, without the `?`.
    pub(crate) query: String,
    /// Names in lower case, in the order received.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    pub(crate) fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(&self.query)
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.query_pairs()
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    pub(crate) fn is_form(&self) -> bool {
        self.header("content-type")
            .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
    }

    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        pairs(&String::from_utf8_lossy(&self.body))
            .into_iter()
            .collect()
    }
}

/// One response. `error` is the AWS error code, kept for the record of calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) error: Option<String>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = if content_type.is_empty() {
            Vec::new()
        } else {
            vec![("content-type".to_owned(), content_type.to_owned())]
        };
        Answer {
            status,
            headers,
            body: body.into(),
            error: None,
        }
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Answer {
        Answer::new(status, "application/json", body.to_string())
    }

    pub(crate) fn amz_json(body: &serde_json::Value) -> Answer {
        Answer::new(200, "application/x-amz-json-1.1", body.to_string())
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Splits `a=b&c=d` and decodes both sides. A literal `+` is a space, as at AWS: a URL with an unencoded `+` in the
/// session token must not verify.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (
                decode(&name.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Percent-decodes; invalid escapes are unchanged.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes as SigV4 requires: all but the RFC 3986 unreserved characters, hex in upper case.
pub(crate) fn encode(text: &str, keep_slash: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (keep_slash && byte == b'/');
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Escapes text for an XML element.
pub(crate) fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_escapes_all_but_unreserved() {
        assert_eq!(encode("a b/ü~+=", false), "a%20b%2F%C3%BC~%2B%3D");
        assert_eq!(encode("a/b:c", true), "a/b%3Ac");
    }

    #[test]
    fn an_unencoded_plus_is_a_space() {
        assert_eq!(
            pairs("t=a+b%2Bc&x"),
            [("t".into(), "a b+c".into()), ("x".into(), String::new())]
        );
        assert_eq!(decode("%zz%4"), "%zz%4");
    }
}
