//! Deadlines and clocks of calls to AWS.
use std::fs;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::support::*;
use crate::clock::{Origin, ServerDate};
use crate::turn::BUDGET;

#[test]
fn the_time_that_an_mfa_code_takes_does_not_count_as_that_of_aws() {
    let settings = r#"
mfa_serial = "arn:aws:iam::123456789012:mfa/ann"
mfa_process = ["sh", "-c", "sleep 0.05; echo 123456"]
"#;
    let (home, aws) = (Home::new(&format!("{ROLE}{settings}")), Granting::default());
    let began = Instant::now();
    home.serve(session(), &aws).unwrap();
    let times = aws.times.lock().unwrap();
    let (_, deadline) = *times.first().unwrap();
    assert!(deadline >= began + BUDGET + Duration::from_millis(50));
}

#[test]
fn the_date_of_an_endpoint_counts_only_where_no_signature_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, crate::web_identity::tests::token("ann")).unwrap();
    let web_identity = format!(
        "auth_method = \"iam-role\"\nregion = \"us-east-1\"\nweb_identity_token_file = {file:?}\n\
         role_arn = \"arn:aws:iam::123456789012:role/dev\"\n"
    );
    let now = Utc::now();
    for (settings, is_learned) in [(ROLE, false), (&*web_identity, true)] {
        let mut aws = Granting::default();
        aws.date = Some(ServerDate {
            said: now + TimeDelta::minutes(10),
            heard_at: now,
            origin: Origin::Endpoint,
        });
        Home::new(settings).serve(registry_login(), &aws).unwrap();
        let times = aws.times.lock().unwrap();
        let [(first, _), (second, _)] = **times else {
            panic!("{times:?}");
        };
        let is_ahead = second - first > TimeDelta::minutes(5);
        assert_eq!(is_ahead, is_learned, "{settings}");
    }
}
