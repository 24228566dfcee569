//! Inserts and removes members of a JSON text without changing the rest.

use std::ops::Range;

/// An object of a JSON text, with byte offsets.
#[derive(Debug)]
pub(super) struct Object {
    /// The offset of its opening brace.
    pub(super) open: usize,
    /// The offset after its closing brace.
    pub(super) end: usize,
    pub(super) members: Vec<Member>,
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member {
    /// Its name, unescaped.
    pub(super) name: String,
    /// The offset of the name's opening quote.
    pub(super) start: usize,
    /// Its value.
    pub(super) value: Range<usize>,
}

impl Object {
    /// The first object at or after `at`, in valid JSON.
    pub(super) fn at(text: &str, at: usize) -> Option<Object> {
        let open = skip_space(text, at);
        let mut members = Vec::new();
        let mut place = skip_space(text, open + 1);
        if text.as_bytes().get(open) != Some(&b'{') {
            return None;
        }
        while text.as_bytes().get(place)? != &b'}' {
            let name_end = skip_value(text, place)?;
            let name = serde_json::from_str(text.get(place..name_end)?).ok()?;
            let value = skip_space(text, skip_space(text, name_end) + 1);
            let end = skip_value(text, value)?;
            members.push(Member {
                name,
                start: place,
                value: value..end,
            });
            place = skip_space(text, end);
            if text.as_bytes().get(place)? == &b',' {
                place = skip_space(text, place + 1);
            }
        }
        Some(Object {
            open,
            end: place + 1,
            members,
        })
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Inserts a member after the last one, formatted like it. The object must not be empty.
    pub(super) fn insert(&self, text: &str, name: &str, value: &str) -> Option<String> {
        let last = self.members.last()?;
        let before = match self.members.len() {
            1 => self.open + 1,
            many => {
                let behind = self.members.get(many - 2)?.value.end;
                behind + text.get(behind..)?.find(',')? + 1
            }
        };
        let gap = text.get(before..last.start)?;
        let colon = colon(text, last)?;
        let (head, tail) = text.split_at_checked(last.value.end)?;
        let gap = if gap.is_empty() && colon.ends_with(' ') {
            " "
        } else {
            gap
        };
        Some(format!("{head},{gap}\"{name}\"{colon}{value}{tail}"))
    }

    /// Removes a member; reverses [`Object::insert`].
    pub(super) fn remove(&self, text: &str, name: &str) -> Option<String> {
        let at = self.members.iter().position(|member| member.name == name)?;
        let member = self.members.get(at)?;
        let (start, end) = match (at.checked_sub(1), self.members.get(at + 1)) {
            (_, Some(next)) => (member.start, next.start),
            (Some(before), None) => (self.members.get(before)?.value.end, member.value.end),
            (None, None) => (self.open + 1, self.end - 1),
        };
        Some(format!("{}{}", text.get(..start)?, text.get(end..)?))
    }
}

/// The text between a member's name and its value.
pub(super) fn colon<'t>(text: &'t str, member: &Member) -> Option<&'t str> {
    let name_end = skip_value(text, member.start)?;
    text.get(name_end..member.value.start)
}

fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// The offset after the value that starts at `at`.
fn skip_value(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut place) = (0usize, at);
    loop {
        match bytes.get(place)? {
            b'"' => {
                place += 1;
                while bytes.get(place)? != &b'"' {
                    place += if bytes.get(place)? == &b'\\' { 2 } else { 1 };
                }
                place += 1;
            }
            b'{' | b'[' => {
                depth += 1;
                place += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                place += 1;
            }
            _ if depth == 0 => {
                let rest = text.get(place..)?;
                return Some(
                    place
                        + rest
                            .find([',', '}', ']', ' ', '\t', '\r', '\n'])
                            .unwrap_or(rest.len()),
                );
            }
            _ => {
                place += 1;
                continue;
            }
        }
        if depth == 0 {
            return Some(place);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn removing_a_member_restores_the_text() {
        for text in [
            r#"{"a":1}"#,
            r#"{ "a" : "}" }"#,
            "{\n  \"a\": {\"b\": [1, \"]\"]}\n}\n",
            "{\r\n\t\"a\": null,\r\n\t\"c\": \"\\\"\"\r\n}",
            " {\"a\":true , \"b\":-1.5e3}",
        ] {
            let before = Object::at(text, 0).unwrap();
            let more = before.insert(text, "new", "\"x\"").unwrap();
            let value: serde_json::Value = serde_json::from_str(&more).unwrap();
            assert_eq!(value["new"], "x", "{more}");
            let again = Object::at(&more, 0).unwrap();
            assert_eq!(again.remove(&more, "new").unwrap(), text);
        }
    }

    #[test]
    fn a_new_member_is_formatted_like_the_others() {
        let text = "{\n\t\"a\": 1,\n\t\"b\": 2\n}";
        let more = Object::at(text, 0).unwrap().insert(text, "c", "3").unwrap();
        assert_eq!(more, "{\n\t\"a\": 1,\n\t\"b\": 2,\n\t\"c\": 3\n}");
    }

    #[test]
    fn a_member_in_the_middle_can_be_removed() {
        let text = r#"{"a": 1, "b": 2, "c": 3}"#;
        let object = Object::at(text, 0).unwrap();
        assert_eq!(object.remove(text, "a").unwrap(), r#"{"b": 2, "c": 3}"#);
        assert_eq!(object.remove(text, "b").unwrap(), r#"{"a": 1, "c": 3}"#);
    }
}
