//! Valid and invalid registry hosts, from a table; and properties that hold for any text.

use proptest::prelude::*;

use super::{Partition, PrivateRegistry, RegistryHost};

const HOSTS: &str = include_str!("testdata/hosts.txt");

/// `(line number, input, canonical host or "none")`.
fn table() -> Vec<(usize, String, &'static str)> {
    HOSTS
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|(number, line)| {
            // For an empty host, the line starts with the arrow.
            let (asked, expected) = line.rsplit_once("=> ")?;
            let asked = asked.strip_suffix(' ').unwrap_or(asked);
            Some((number + 1, unescaped(asked), expected))
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('0') => out.push('\0'),
            Some('s') => out.push(' '),
            Some('\\') => out.push('\\'),
            Some('u') => {
                let hex: String = rest.by_ref().skip(1).take_while(|&c| c != '}').collect();
                let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                out.push(code.unwrap_or_else(|| unreachable!("bad escape in {text}")));
            }
            other => unreachable!("bad escape {other:?} in {text}"),
        }
    }
    out
}

#[test]
fn every_host_in_the_table_is_classified() {
    let table = table();
    let good = table.iter().filter(|(_, _, host)| *host != "none").count();
    assert!(
        good > 90 && table.len() - good > 150,
        "the table shrank: {good} of {}",
        table.len()
    );
    for (number, asked, expected) in table {
        let found = RegistryHost::parse(&asked).map(|host| host.host());
        assert_eq!(
            found.as_deref().unwrap_or("none"),
            expected,
            "line {number}: {asked:?}"
        );
    }
}

#[test]
fn a_host_gives_account_region_partition_fips_and_dual_stack() {
    for (host, region, partition, fips, dual_stack) in [
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "us-east-1",
            Partition::Aws,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "us-gov-west-1",
            Partition::AwsUsGov,
            true,
            false,
        ),
        (
            "123456789012.dkr-ecr.eu-west-1.on.aws",
            "eu-west-1",
            Partition::Aws,
            false,
            true,
        ),
        (
            "123456789012.dkr-ecr-fips.us-gov-east-1.on.aws",
            "us-gov-east-1",
            Partition::AwsUsGov,
            true,
            true,
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "cn-north-1",
            Partition::AwsCn,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            "eusc-de-east-1",
            Partition::AwsEusc,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
            "us-iso-east-1",
            Partition::AwsIso,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
            "us-isob-east-1",
            Partition::AwsIsoB,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
            "eu-isoe-west-1",
            Partition::AwsIsoE,
            false,
            false,
        ),
        (
            "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
            "us-isof-south-1",
            Partition::AwsIsoF,
            false,
            false,
        ),
    ] {
        let expected = RegistryHost::Private(PrivateRegistry {
            account: "123456789012".to_owned(),
            region: region.to_owned(),
            partition,
            fips,
            dual_stack,
        });
        assert_eq!(expected.host(), host);
        assert_eq!(expected.account(), Some("123456789012"));
        assert_eq!(
            (expected.region(), expected.partition()),
            (region, partition)
        );
        assert_eq!(RegistryHost::parse(host), Some(expected));
    }
}

#[test]
fn ecr_public_is_always_asked_in_us_east_1() {
    for host in ["public.ecr.aws", "ecr-public.aws.com"] {
        let parsed = RegistryHost::parse(host);
        let seen = parsed
            .as_ref()
            .map(|h| (h.account(), h.region(), h.partition()));
        assert_eq!(seen, Some((None, "us-east-1", Partition::Aws)));
    }
}

#[test]
fn a_megabyte_of_text_is_not_a_host() {
    let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    for text in ["a", "1", ".", "/", "@", ":", "\u{fe0f}", " "] {
        let much = text.repeat(1 << 20);
        assert_eq!(RegistryHost::parse(&much), None, "{text:?}");
        assert_eq!(
            RegistryHost::parse(&format!("{much}{host}{much}x")),
            None,
            "{text:?}"
        );
    }
}

/// Text similar to hosts: fragments in any order, with stray characters.
fn near_hosts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "https://",
            "http://",
            "123456789012",
            "1",
            "dkr",
            "ecr",
            "ecr-fips",
            "dkr-ecr",
            "dkr-ecr-fips",
            "us-east-1",
            "cn-north-1",
            "us-iso-east-1",
            "amazonaws",
            "com",
            "cn",
            "on",
            "aws",
            "eu",
            "public",
            "ecr-public",
            ".",
            ".",
            ".",
            ".",
            ".",
            "-",
            ":443",
            "/",
            "@",
            "#",
            "?",
            "\\",
            "evil",
            " ",
            "\n",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// A valid host with one edit: a character inserted, deleted or replaced.
fn edited_hosts() -> impl Strategy<Value = String> {
    let hosts: Vec<String> = table()
        .into_iter()
        .filter(|(_, _, host)| *host != "none")
        .map(|(_, _, host)| host.to_owned())
        .collect();
    (
        prop::sample::select(hosts),
        any::<prop::sample::Index>(),
        any::<char>(),
        0..3,
    )
        .prop_map(|(host, index, stray, edit)| {
            let mut host: Vec<char> = host.chars().collect();
            let at = index.index(host.len());
            match edit {
                0 => host.insert(at, stray),
                1 => host[at] = stray,
                _ => drop(host.remove(at)),
            }
            host.into_iter().collect()
        })
}

fn what_is_accepted_is_safe(text: &str) -> Result<(), TestCaseError> {
    let Some(host) = RegistryHost::parse(text) else {
        return Ok(());
    };
    let canonical = host.host();
    prop_assert_eq!(RegistryHost::parse(&canonical), Some(host.clone()));
    prop_assert!(
        canonical
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    );
    let ends_as_aws = Partition::ALL.iter().any(|partition| {
        let ends = |suffix: &str| canonical.ends_with(&format!(".{suffix}"));
        ends(partition.dns_suffix()) || partition.dual_stack_suffix().is_some_and(ends)
    });
    prop_assert!(ends_as_aws || canonical == "public.ecr.aws" || canonical == "ecr-public.aws.com");
    // A URL parser's host: between the scheme and the first of these characters.
    let lower = text.trim().to_ascii_lowercase();
    let rest = lower
        .split_once("://")
        .map_or(lower.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let name = authority.split(':').next().unwrap_or_default();
    prop_assert_eq!(name.strip_suffix('.').unwrap_or(name), canonical);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_or_safe(text in any::<String>()) {
        what_is_accepted_is_safe(&text)?;
    }

    #[test]
    fn pieces_of_hosts_are_refused_or_safe(text in near_hosts()) {
        what_is_accepted_is_safe(&text)?;
    }

    #[test]
    fn a_host_with_one_edit_is_refused_or_safe(text in edited_hosts()) {
        what_is_accepted_is_safe(&text)?;
    }
}
