//! Server URLs as Docker and other tools send them: every spelling of an ECR host is served and echoed unchanged, and
//! no other host is mistaken for one.

use crate::support::{BASE, Binary, REGISTRY, SHARED, World};

const NOT_FOUND: &str = "credentials not found in native keychain";

fn world() -> World {
    World::new(&["default_connector = \"dev\"\n", BASE, SHARED])
}

#[test]
fn every_spelling_of_a_host_is_served_and_echoed_unchanged() {
    let world = world();
    let upper = REGISTRY.to_uppercase();
    let mut password = None;
    for asked in [
        REGISTRY.to_owned(),
        upper.clone(),
        format!("https://{REGISTRY}"),
        format!("http://{REGISTRY}"),
        format!("HTTPS://{upper}"),
        format!("{REGISTRY}:443"),
        format!("https://{REGISTRY}:8443/"),
        format!("{REGISTRY}/app"),
        format!("https://{REGISTRY}/v2/base/python:3.12"),
        format!("{REGISTRY}."),
    ] {
        for (before, after) in [("", ""), ("", "\n"), (" \t", "\r\n"), ("\n\n", "\n")] {
            let run = world.docker("get", &format!("{before}{asked}{after}"));
            let document = run.answer().ok().json();
            assert_eq!(document["ServerURL"], asked.as_str());
            assert_eq!(document["Username"], "AWS");
            let secret = document["Secret"].clone();
            assert_eq!(*password.get_or_insert_with(|| secret.clone()), secret);
            assert_eq!(document.as_object().unwrap().len(), 3);
            if before.is_empty() && !after.is_empty() && asked != REGISTRY {
                break;
            }
        }
    }
    assert_eq!((world.sts(), world.ecr()), (1, 1));
}

#[test]
fn hosts_that_resemble_ecr_are_not_found() {
    let world = world();
    for host in [
        "index.docker.io/v1/",
        "ghcr.io",
        "localhost:5000",
        "127.0.0.1",
        "[::1]:5000",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
        "evil.example/123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "https://evil.example#123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com@evil.example",
        "user@123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "x.123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "12345678901.dkr.ecr.us-east-1.amazonaws.com",
        "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "123456789012.dkr.ecr..amazonaws.com",
        "123456789012.dkr.ecr.amazonaws.com",
        "123456789012.dkr.ecs.us-east-1.amazonaws.com",
        "public.ecr.aws.evil.example",
        "evilpublic.ecr.aws",
        "ftp://123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com\\@evil.example",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com other",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com\nother",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com\u{0}",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com\u{1b}[31m",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com\u{200b}",
        "１23456789012.dkr.ecr.us-east-1.amazonaws.com",
        "\u{0}",
        "-",
        "https://",
        "/",
    ] {
        let answer = world.docker("get", host).answer();
        assert_eq!(answer.docker_failure(), NOT_FOUND, "{host:?}");
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn any_input_gets_one_line_of_output() {
    let world = world();
    let mut texts: Vec<Vec<u8>> = vec![
        vec![b'a'; 1024 * 1024],
        vec![b'a'; 1024 * 1024 + 1],
        vec![b' '; 1024 * 1024],
        vec![0; 4096],
        vec![0xff; 64],
        b"\xf0\x9f\x92".to_vec(),
        (0..=255).collect(),
        format!("https://{REGISTRY}/{}", "x".repeat(100_000)).into_bytes(),
    ];
    texts.push(format!("{{\"ServerURL\":\"{}\"}}", "y".repeat(500_000)).into_bytes());
    texts.push("[".repeat(500_000).into_bytes());
    for text in &texts {
        for action in ["get", "store"] {
            let answer = world
                .run(Binary::Docker, &[action])
                .stdin_bytes(text)
                .answer();
            let line = answer.docker_failure();
            let shown: Vec<u8> = text.iter().copied().take(40).collect();
            assert!(line.len() < 500, "{action} {shown:?}: {line}");
            assert!(
                !line.chars().any(char::is_control),
                "{action} {shown:?}: {line:?}"
            );
        }
    }
    assert_eq!(world.calls(), 0);
}

#[test]
fn erase_accepts_any_input() {
    let world = world();
    for text in [
        &b""[..],
        b"\0",
        b"docker.io",
        b"https://x\n",
        REGISTRY.as_bytes(),
    ] {
        let answer = world
            .run(Binary::Docker, &["erase"])
            .stdin_bytes(text)
            .answer();
        assert_eq!(answer.ok().stdout, "");
    }
}
