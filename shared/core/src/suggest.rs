//! Suggests the known name nearest to a mistyped one.
//!
//! Only clap in the full program depends on `strsim`; using it here would add a dependency to core
//! for the twenty lines of `distance`.

/// The maximum word length in bytes; longer words are not typos.
const LONGEST: usize = 64;

/// The candidate nearest to `word`; `None` if none is close enough.
///
/// Uses the Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), ignoring ASCII
/// case and treating `_` and `-` as equal. Allows one edit from three characters on, two from five,
/// three from nine. On ties, the first candidate wins.
pub fn nearest<'a, I>(word: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    if word.len() > LONGEST {
        return None;
    }
    let word = folded(word);
    let allowed = match word.len() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        if candidate.len() > LONGEST {
            continue;
        }
        let distance = distance(&word, &folded(candidate));
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> Vec<char> {
    word.chars()
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Optimal string alignment: no substring is edited twice, which is enough for typos.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &to) in b.iter().enumerate() {
            let mut cost = (above[j] + usize::from(from != to))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    const KEYS: [&str; 5] = ["role_arn", "region", "mfa_serial", "duration", "policy"];

    #[test]
    fn a_typo_finds_the_intended_name() {
        for (typed, meant) in [
            ("role-arn", "role_arn"),
            ("Role_ARN", "role_arn"),
            ("rolearn", "role_arn"),
            ("regoin", "region"),
            ("durations", "duration"),
            ("mfa_seral", "mfa_serial"),
            ("polcy", "policy"),
        ] {
            assert_eq!(nearest(typed, KEYS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_word_far_from_all_others_has_no_suggestion() {
        for typed in ["", "x", "external", "secret", &"r".repeat(1 << 20)] {
            assert_eq!(nearest(typed, KEYS), None, "{typed:.20}");
        }
    }

    #[test]
    fn the_nearest_wins_and_among_equals_the_first() {
        assert_eq!(nearest("tagz", ["tags", "taga"]), Some("tags"));
        assert_eq!(
            nearest("policy_arn", ["policy", "policy_arns"]),
            Some("policy_arns")
        );
    }

    #[test]
    fn each_edit_counts_one() {
        let count = |a: &str, b: &str| {
            distance(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(count("ab", "ba"), 1);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", ""), 3);
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("same", "same"), 0);
    }
}
