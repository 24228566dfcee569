//! Durations in the user's notation: seconds as a number, or `90s`, `15m`, `1h30m`, `1.5h`, `2d`, `1w`.

use std::time::Duration;

/// Parses a duration. White space between the parts is allowed; each unit may occur once.
///
/// # Errors
/// Text that says what is allowed.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "{} is not a duration; use seconds (3600) or numbers with w, d, h, m, s (1h30m)",
            crate::shown::shown(text)
        )
    };
    let text_trimmed = text.trim();
    if text_trimmed.is_empty() {
        return Err(wrong());
    }
    if let Ok(seconds) = text_trimmed.parse::<u64>() {
        return check(seconds).ok_or_else(wrong);
    }
    let mut total = 0u64;
    let mut last_unit = u64::MAX;
    let mut digits = String::new();
    for c in text_trimmed.chars() {
        match c {
            '0'..='9' | '.' => digits.push(c),
            ' ' if digits.is_empty() => {}
            _ => {
                let unit = match c.to_ascii_lowercase() {
                    'w' => 604_800,
                    'd' => 86_400,
                    'h' => 3_600,
                    'm' => 60,
                    's' => 1,
                    _ => return Err(wrong()),
                };
                // Larger units first, each once: `30m1h` is probably a typo.
                if unit >= last_unit {
                    return Err(wrong());
                }
                last_unit = unit;
                let seconds = times(&digits, unit).ok_or_else(wrong)?;
                digits.clear();
                total = total.checked_add(seconds).ok_or_else(wrong)?;
            }
        }
    }
    if !digits.is_empty() {
        return Err(wrong());
    }
    check(total).ok_or_else(wrong)
}

/// A number of units in seconds, if that is a whole number of seconds.
fn times(number: &str, unit: u64) -> Option<u64> {
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<u64>().ok()?.checked_mul(unit);
    };
    let digits = u32::try_from(fraction.len())
        .ok()
        .filter(|count| *count <= 9)?;
    let parts = fraction.parse::<u64>().ok()?.checked_mul(unit)?;
    let scale = 10u64.pow(digits);
    if parts % scale != 0 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    whole.checked_add(parts / scale)
}

/// Limits every duration to ten years.
fn check(seconds: u64) -> Option<Duration> {
    (seconds <= 10 * 366 * 86_400).then(|| Duration::from_secs(seconds))
}

/// Formats a duration as `11h58m24s`, rounded down to seconds.
pub fn show(duration: Duration) -> String {
    let total = duration.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    let mut out = String::new();
    if hours > 0 {
        out.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        out.push_str(&format!("{minutes}m"));
    }
    if seconds > 0 || out.is_empty() {
        out.push_str(&format!("{seconds}s"));
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn seconds_and_units_are_read() {
        for (text, seconds) in [
            ("3600", 3600),
            ("0", 0),
            ("90s", 90),
            ("15m", 900),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            (" 2d ", 172_800),
            ("1W", 604_800),
            ("1w2d3h4m5s", 788_645),
            ("1.5h", 5400),
            ("0.25d", 21_600),
            ("2.50h 1m", 9060),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn other_values_are_refused_with_the_allowed_ones() {
        for text in [
            "",
            "h",
            "1x",
            "-1",
            "1.5",
            "1.h",
            ".5h",
            "1.2.3h",
            "0.1s",
            "1.0000000001h",
            "0.0001h",
            "30m1h",
            "1h1h",
            "1h2",
            "99999999999999999999s",
            "99999w\n",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.contains("1h30m") && !error.contains('\n'),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn durations_show_as_hours_minutes_seconds() {
        assert_eq!(show(Duration::from_secs(43_104)), "11h58m24s");
        assert_eq!(show(Duration::from_secs(3600)), "1h");
        assert_eq!(show(Duration::ZERO), "0s");
    }

    #[test]
    fn shown_text_parses_back_and_nothing_panics() {
        proptest::proptest!(|(seconds in 0u64..1_000_000)| {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&show(duration)), Ok(duration));
        });
        proptest::proptest!(|(text in "\\PC{0,40}")| { let _ = parse(&text); });
    }
}
