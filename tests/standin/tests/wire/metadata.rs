//! Credentials from metadata services and single sign-on.

use crate::support::{Got, Keys, raw, sts};
use aws_standin::{CONTAINER_TOKEN, SSO_ACCESS_TOKEN, SSO_REFRESH_TOKEN, Standin};
use serde_json::Value;

fn send(standin: &Standin, line: &str, headers: &str, body: &str) -> Got {
    let request = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    raw(standin, &request).expect("an answer")
}

fn works(standin: &Standin, json: &Value, names: [&str; 3], arn: &str) {
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let keys = Keys {
        id: text(names[0]),
        secret: text(names[1]),
        token: Some(text(names[2])),
    };
    assert_eq!(
        sts(standin, &keys, "GetCallerIdentity", &[]).element("Arn"),
        arn
    );
}

#[test]
fn instance_metadata_requires_a_session_token() {
    let standin = Standin::start();
    let path = "GET /latest/meta-data/iam/security-credentials/";
    assert_eq!(send(&standin, path, "", "").status, 401);
    assert_eq!(send(&standin, "PUT /latest/api/token", "", "").status, 400);
    let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n";
    let token = send(&standin, "PUT /latest/api/token", ttl, "").body;
    let header = format!("X-aws-ec2-metadata-token: {token}\r\n");
    assert_eq!(send(&standin, path, &header, "").body, "instance");
    assert_eq!(
        send(&standin, &format!("{path}other"), &header, "").status,
        404
    );
    let json: Value =
        serde_json::from_str(&send(&standin, &format!("{path}instance"), &header, "").body)
            .unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/instance/i-0123456789abcdef0";
    works(
        &standin,
        &json,
        ["AccessKeyId", "SecretAccessKey", "Token"],
        arn,
    );
    standin.set_clock_offset(61);
    assert_eq!(send(&standin, path, &header, "").status, 401);
}

#[test]
fn the_container_endpoint_requires_its_token() {
    let standin = Standin::start();
    let path = "GET /v1/credentials";
    assert_eq!(send(&standin, path, "", "").status, 401);
    assert_eq!(
        send(&standin, path, "Authorization: wrong\r\n", "").status,
        401
    );
    let got = send(
        &standin,
        path,
        &format!("Authorization: {CONTAINER_TOKEN}\r\n"),
        "",
    );
    let json: Value = serde_json::from_str(&got.body).unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/task/task-1";
    works(
        &standin,
        &json,
        ["AccessKeyId", "SecretAccessKey", "Token"],
        arn,
    );
    assert_eq!(
        send(&standin, "GET /v2/credentials/some-id", "", "").status,
        200
    );
}

#[test]
fn single_sign_on_serves_assigned_roles_and_refreshes_tokens() {
    let standin = Standin::start();
    let path = |role: &str| {
        format!("GET /federation/credentials?account_id=123456789012&role_name={role}")
    };
    let bearer = |token: &str| format!("x-amz-sso_bearer_token: {token}\r\n");
    assert_eq!(
        send(&standin, &path("Developer"), &bearer("wrong"), "").status,
        401
    );
    assert_eq!(
        send(&standin, &path("Admin"), &bearer(SSO_ACCESS_TOKEN), "").status,
        403
    );
    let got = send(&standin, &path("Developer"), &bearer(SSO_ACCESS_TOKEN), "");
    let json: Value = serde_json::from_str(&got.body).unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/dev@example.com";
    works(
        &standin,
        &json["roleCredentials"],
        ["accessKeyId", "secretAccessKey", "sessionToken"],
        arn,
    );

    let ask = |refresh: &str| {
        let body = format!(
            r#"{{"clientId":"c","clientSecret":"s","grantType":"refresh_token","refreshToken":"{refresh}"}}"#
        );
        send(
            &standin,
            "POST /token",
            "Content-Type: application/json\r\n",
            &body,
        )
    };
    assert_eq!(ask("wrong").status, 400);
    let renewed: Value = serde_json::from_str(&ask(SSO_REFRESH_TOKEN).body).unwrap();
    let header = bearer(renewed["accessToken"].as_str().unwrap());
    assert_eq!(send(&standin, &path("Developer"), &header, "").status, 200);
}
