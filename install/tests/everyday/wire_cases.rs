//! The realistic files of clients in `tests/wire_cases`.
//!
//! Each `=== NAME` starts a file. Invisible characters are escaped as in Rust: `\t`, `\r`, `\\`,
//! `\xNN` for a byte, `\u{N}` for a character; a `\` at the end of a line continues it, so that a
//! file can end without a newline.

use std::fmt;
use std::fs;

/// A client's config file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The files in `FOLDER/NAME.txt`.
pub(crate) fn cases(folder: &str, name: &str) -> Vec<Case> {
    let path = format!("{folder}/{name}.txt");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let cases = text.strip_prefix("=== ").unwrap().split("\n=== ");
    let count = cases.clone().count();
    let cases = cases.enumerate().map(|(at, case)| {
        // The newline before the next header is part of the case.
        let case = match at + 1 == count {
            true => case.to_owned(),
            false => format!("{case}\n"),
        };
        let (title, body) = case.split_once('\n').unwrap();
        Case {
            name: format!("{name}/{title}"),
            bytes: unescaped(body),
        }
    });
    cases.collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '\\' => match chars.next().unwrap() {
                '\n' => continue,
                't' => '\t',
                'r' => '\r',
                'x' => {
                    let digits: String = chars.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).unwrap());
                    continue;
                }
                'u' => {
                    let digits: String = chars.by_ref().take_while(|char| *char != '}').collect();
                    let number = u32::from_str_radix(digits.trim_start_matches('{'), 16).unwrap();
                    char::from_u32(number).unwrap()
                }
                '\\' => '\\',
                other => panic!("unknown escape: \\{other}"),
            },
            char => char,
        };
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes
}
