#![expect(clippy::unwrap_used, reason = "tests")]
//! The parser on its own: it agrees with botocore, and no input breaks it.

use std::path::PathBuf;

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::ini::{Dialect, Ini, Kind};
use crate::env::Env;
use crate::plan::Site;
use crate::profile::{Endpoints, ImplicitSource};

fn ini(dialect: Dialect, text: &str) -> Ini {
    Ini::new(
        PathBuf::from("/f"),
        dialect,
        Zeroizing::new(text.to_owned()),
    )
}

/// The properties of a profile as `key=value@line …`; `!` marks an invalid value.
fn summary(text: &str, name: &str) -> String {
    let ini = ini(Dialect::Config, text);
    let mut properties = Vec::new();
    if let Err(error) = ini.read(Kind::Profile, name, &mut properties) {
        return error.summary();
    }
    let one = |property: &super::ini::Property<'_>| {
        let value = match property.value() {
            Ok(value) => value.unwrap_or("-").to_owned(),
            Err(_) => "!".to_owned(),
        };
        format!("{}={value}@{}", property.key, property.line)
    };
    properties.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_dialect_is_parsed_as_aws_parses_it() {
    for (text, expected) in [
        ("[default]\na=b\n", "a=b@2"),
        ("\u{feff}[default]\r\na = b\r\n\r\nc=d", "a=b@2 c=d@4"),
        ("a=0\n[default]\na=b", "a=b@3"),
        (
            "[default] # the first\na = b # c\nd = e#f ; g",
            "a=b@2 d=e#f@3",
        ),
        ("[default]\n# a=b\n; c=d\n  # e=f\ng=h", "g=h@5"),
        ("[default]\na: b\nc = d:e\nf:g=h", "a=b@2 c=d:e@3 f=g=h@4"),
        (
            "[default]\na =\nb = # nothing\nc",
            "/f:4: expected 'key = value' or a comment",
        ),
        (
            "[default]\ns3 =\n  region = x\n  max = 3\na=b",
            "s3=-@2 a=b@5",
        ),
        (
            "[default]\ns3 =\n\n  # x\n  region = x\na=b",
            "s3=-@2 a=b@6",
        ),
        ("[default]\na=b\n  c=d\ne=f", "a=!@2 e=f@4"),
        ("[default]\n  a=b\n  c=d\n e=f", "a=b@2 c=d@3 e=f@4"),
        ("[default]\na=b\n [profile x]\nc=d", "a=!@2 c=d@4"),
        (
            "[default]\na=b\n[profile x]\na=x\n[default]\na=c",
            "a=b@2 a=c@6",
        ),
        ("[default]\na=b\n[profile default]\na=c", "a=c@4"),
        ("[ default ]\na=b", "a=b@2"),
        ("[defaults]\na=b\n[profile]\nc=d\n[default", ""),
    ] {
        assert_eq!(summary(text, "default"), expected, "{text:?}");
    }
}

#[test]
fn profiles_are_named_as_aws_names_them() {
    for header in [
        "profile x y",
        "profilex",
        "x",
        "profile 'x",
        "sso-session x",
        "services x",
    ] {
        assert_eq!(summary(&format!("[{header}]\na=b"), "x"), "", "{header}");
    }
    for header in [
        "profile x",
        "profile \"x\"",
        "profile 'x'",
        "profile\tx",
        " profile  x ",
    ] {
        assert_eq!(
            summary(&format!("[{header}]\na=b"), "x"),
            "a=b@2",
            "{header}"
        );
    }
    assert_eq!(summary("[profile \"x y\"]\na=b", "x y"), "a=b@2");
    let credentials = ini(Dialect::Credentials, "[x y]\na=b\n[profile z]\n");
    assert!(credentials.has(Kind::Profile, "x y") && !credentials.has(Kind::Profile, "z"));
}

/// Text from troublesome fragments mixed with arbitrary text.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[profile x]\n".to_owned()),
        Just("[default]".to_owned()),
        Just("[sso-session s]\r\n".to_owned()),
        Just("role_arn = arn:aws:iam::123456789012:role/r\n".to_owned()),
        Just("source_profile = x\n".to_owned()),
        Just("source_profile = default\n".to_owned()),
        Just("credential_process = '".to_owned()),
        Just("aws_access_key_id=AKIAIOSFODNN7EXAMPLE\n".to_owned()),
        Just("aws_secret_access_key = hidden-s3cret\n".to_owned()),
        Just("aws_session_token : hidden-s3cret # x\n".to_owned()),
        Just("external_id = hidden-s3cret\n".to_owned()),
        Just("sso_role_name = r\nsso_account_id=1\nsso_session = s\n".to_owned()),
        Just("  ".to_owned()),
        Just("\n".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("=".to_owned()),
        Just("[".to_owned()),
        ".{0,6}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_input_makes_the_parser_panic_loop_or_show_a_secret(
        config in any_text(),
        credentials in any_text(),
        raw in prop::collection::vec(any::<u8>(), 0..64),
        use_raw in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("config"), folder.path().join("credentials"));
        let mut bytes = credentials.into_bytes();
        if use_raw {
            bytes.extend(raw);
        }
        std::fs::write(&one, config).unwrap();
        std::fs::write(&two, bytes).unwrap();
        let env = Env::fixed([
            ("AWS_CONFIG_FILE", one.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", two.to_str().unwrap()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        let site = Site::new("us-east-1", &Endpoints::default(), &env).unwrap();
        for source in [
            ImplicitSource::Chain,
            ImplicitSource::Profile("x".to_owned()),
            ImplicitSource::Profile("s".to_owned()),
        ] {
            let outcome = super::resolve(&source, "dev", &site, &env);
            if let Err(error) = outcome {
                prop_assert!(!format!("{error:?}").contains("hidden-s3cret"), "{error}");
                prop_assert!(!error.to_string().contains(['\n', '\r']), "{error}");
            }
        }
        super::profile_region(None, &env);
    }
}
