//! Durations, parsed and formatted.
#![no_main]

use aws_connector_core::profile::duration;
use fuzz_support::is_one_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match duration::parse(text) {
        Ok(found) => {
            let shown = duration::show(found);
            let whole = std::time::Duration::from_secs(found.as_secs());
            assert_eq!(duration::parse(&shown), Ok(whole), "{text} {shown}");
        }
        Err(what) => is_one_line(&what),
    }
});
