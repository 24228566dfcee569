//! Tokens end to end: presigned here, checked by the cluster, sent to STS.

use crate::support::{Keys, assume, encode, mac, sts, user};
use aws_standin::{Cluster, Standin};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// A cluster token for `cluster`, signed for us-east-1 at `at`.
fn token(keys: &Keys, cluster: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    let date = at.format("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/us-east-1/sts/aws4_request", &date[..8]);
    let mut query: Vec<(&str, String)> = vec![
        ("Action", "GetCallerIdentity".into()),
        ("Version", "2011-06-15".into()),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".into()),
        ("X-Amz-Credential", format!("{}/{scope}", keys.id)),
        ("X-Amz-Date", date.clone()),
        ("X-Amz-Expires", "60".into()),
        ("X-Amz-SignedHeaders", "host;x-k8s-aws-id".into()),
    ];
    query.extend(
        keys.token
            .clone()
            .map(|token| ("X-Amz-Security-Token", token)),
    );
    query.sort();
    let query: Vec<String> = query
        .iter()
        .map(|(n, v)| format!("{n}={}", encode(v)))
        .collect();
    let query = query.join("&");
    let host = "sts.us-east-1.amazonaws.com";
    let canonical = format!(
        "GET\n/\n{query}\nhost:{host}\nx-k8s-aws-id:{cluster}\n\nhost;x-k8s-aws-id\n{}",
        hex::encode(Sha256::digest(""))
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let mut key = format!("AWS4{}", keys.secret).into_bytes();
    for part in scope.split('/') {
        key = mac(&key, part);
    }
    let url = format!(
        "https://{host}/?{query}&X-Amz-Signature={}",
        hex::encode(mac(&key, &text))
    );
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
}

/// One GET over TLS, trusting only `ca`. `name` is the requested host.
fn get(port: u16, ca: &str, name: &str, path: &str, token: &str) -> Result<String, std::io::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let client = rustls::ClientConnection::new(
        Arc::new(config),
        ServerName::try_from(name.to_owned()).unwrap(),
    )
    .unwrap();
    let mut stream = rustls::StreamOwned::new(client, TcpStream::connect(("127.0.0.1", port))?);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {name}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    // The server may close without a TLS close_notify after the response.
    let _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8(answer).unwrap())
}

fn ask(cluster: &Cluster, token: &str) -> String {
    let port = cluster.url().rsplit(':').next().unwrap().parse().unwrap();
    get(
        port,
        &cluster.ca_pem(),
        "127.0.0.1",
        "/api/v1/namespaces",
        token,
    )
    .unwrap()
}

#[test]
fn a_token_is_accepted_only_by_its_own_cluster() {
    let standin = Standin::start();
    let (prod, stage) = (
        Cluster::start(&standin, "prod"),
        Cluster::start(&standin, "stage"),
    );
    let now = chrono::Utc::now();
    let session = assume(&standin, &user(), "dev", &[]).keys();
    for keys in [user(), session] {
        let token = token(&keys, "prod", now);
        assert!(ask(&prod, &token).contains("NamespaceList"));
        assert!(ask(&stage, &token).starts_with("HTTP/1.1 401"));
        let refusal = stage.requests().pop().unwrap().refusal.unwrap();
        assert!(refusal.contains("SignatureDoesNotMatch"), "{refusal}");
    }
    let let_in: Vec<_> = prod
        .requests()
        .into_iter()
        .filter_map(|r| r.principal_arn)
        .collect();
    assert_eq!(
        let_in,
        [
            "arn:aws:iam::123456789012:user/dev",
            "arn:aws:sts::123456789012:assumed-role/dev/test"
        ]
    );
    let call = standin.calls().pop().unwrap();
    assert_eq!(
        (call.host.as_str(), call.method.as_str()),
        ("sts.us-east-1.amazonaws.com", "GET")
    );
}

#[test]
fn the_cluster_refuses_expired_unknown_and_unmapped_identities() {
    let standin = Standin::start();
    let prod = Cluster::start(&standin, "prod");
    let now = chrono::Utc::now();
    let refused = |token: &str, told: &str| {
        let answer = ask(&prod, token);
        assert!(
            answer.starts_with("HTTP/1.1 401") && answer.contains("\"kind\":\"Status\""),
            "{answer}"
        );
        let refusal = prod.requests().pop().unwrap().refusal.unwrap();
        assert!(refusal.contains(told), "{told:?} is not in {refusal}");
    };
    refused("", "no bearer token");
    refused("k8s-aws-v2.x", "prefix");
    refused(
        &token(&user(), "prod", now - chrono::Duration::seconds(905)),
        "expired (15 minute expiration)",
    );
    assert!(
        ask(
            &prod,
            &token(&user(), "prod", now - chrono::Duration::seconds(890))
        )
        .contains("NamespaceList")
    );
    let session = assume(&standin, &user(), "dev", &[]).keys();
    standin.expire(&session.id);
    refused(&token(&session, "prod", now), "ExpiredToken");
    let federated = sts(&standin, &user(), "GetFederationToken", &[("Name", "fed")]).keys();
    refused(&token(&federated, "prod", now), "not mapped");
    prod.map_only(&["arn:aws:iam::123456789012:role/dev"]);
    refused(&token(&user(), "prod", now), "not mapped");
    let session = assume(&standin, &user(), "dev", &[]).keys();
    assert!(ask(&prod, &token(&session, "prod", now)).contains("NamespaceList"));
}

#[test]
fn certificates_are_issued_only_for_names_of_aws() {
    let standin = Standin::start();
    let ask = |name: &str, ca: &str| get(standin.https_port(), ca, name, "/_standin/health", "");
    let ca = standin.ca_pem();
    for name in [
        "localhost",
        "127.0.0.1",
        "sts.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    ] {
        assert!(ask(name, &ca).unwrap().contains("\"ok\":true"), "{name}");
    }
    assert!(ask("sts.amazonaws.com.evil.example", &ca).is_err());
    assert!(ask("localhost", &Standin::start().ca_pem()).is_err());
}
