//! A client that signs and sends plain HTTP itself, so that a test can change any part of a request.

use aws_standin::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, Standin};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

pub(crate) fn user() -> Keys {
    Keys {
        id: ACCESS_KEY_ID.into(),
        secret: SECRET_ACCESS_KEY.into(),
        token: None,
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Got {
    /// The text of an XML element.
    pub(crate) fn element(&self, name: &str) -> String {
        let rest = self
            .body
            .split(&format!("<{name}>"))
            .nth(1)
            .unwrap_or_default();
        rest.split('<').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn keys(&self) -> Keys {
        assert_eq!(self.status, 200, "{}", self.body);
        Keys {
            id: self.element("AccessKeyId"),
            secret: self.element("SecretAccessKey"),
            token: Some(self.element("SessionToken")),
        }
    }
}

pub(crate) fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

pub(crate) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Sends raw bytes and reads to the end; `None` if there is no response.
pub(crate) fn raw(standin: &Standin, request: &str) -> Option<Got> {
    let mut stream = TcpStream::connect(("127.0.0.1", standin.port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that is closed early is not an error here.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Got {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// A signed POST; `spoil` can tamper with the finished request.
pub(crate) fn post(
    standin: &Standin,
    keys: &Keys,
    scope: (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
    spoil: impl Fn(String) -> String,
) -> Option<Got> {
    let (service, region) = scope;
    let date = chrono::Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
    let host = format!("127.0.0.1:{}", standin.port());
    let mut signed: Vec<(String, String)> = headers
        .iter()
        .map(|(n, v)| ((*n).into(), (*v).into()))
        .collect();
    signed.push(("host".into(), host));
    signed.push(("x-amz-date".into(), date.clone()));
    if let Some(token) = &keys.token {
        signed.push(("x-amz-security-token".into(), token.clone()));
    }
    signed.sort();
    let names: Vec<&str> = signed.iter().map(|(n, _)| n.as_str()).collect();
    let names = names.join(";");
    let lines: String = signed.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
    let canonical = format!(
        "POST\n/\n\n{lines}\n{names}\n{}",
        hex::encode(Sha256::digest(body))
    );
    let scope = format!("{}/{region}/{service}/aws4_request", &date[..8]);
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let mut key = format!("AWS4{}", keys.secret).into_bytes();
    for part in scope.split('/') {
        key = mac(&key, part);
    }
    let signature = hex::encode(mac(&key, &text));
    let lines: String = signed
        .iter()
        .map(|(n, v)| format!("{n}: {v}\r\n"))
        .collect();
    let request = format!(
        "POST / HTTP/1.1\r\n{lines}Authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, \
         Signature={signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        keys.id,
        body.len()
    );
    raw(standin, &spoil(request))
}

/// The form of an STS request for `action`.
pub(crate) fn form(action: &str, params: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2011-06-15");
    for (name, value) in params {
        form.push_str(&format!("&{name}={}", encode(value)));
    }
    form
}

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) fn sts(standin: &Standin, keys: &Keys, action: &str, params: &[(&str, &str)]) -> Got {
    let body = form(action, params);
    post(standin, keys, ("sts", "us-east-1"), &[FORM], &body, |r| r).expect("STS answers")
}

pub(crate) fn ecr(standin: &Standin, keys: &Keys) -> Got {
    let target = (
        "x-amz-target",
        "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    );
    let headers = [("content-type", "application/x-amz-json-1.1"), target];
    post(standin, keys, ("ecr", "us-east-1"), &headers, "{}", |r| r).expect("ECR answers")
}

pub(crate) fn assume(standin: &Standin, keys: &Keys, role: &str, more: &[(&str, &str)]) -> Got {
    let arn = format!("arn:aws:iam::123456789012:role/{role}");
    let mut params = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "test")];
    for (name, value) in more {
        params.retain(|(n, _)| n != name);
        params.push((name, value));
    }
    sts(standin, keys, "AssumeRole", &params)
}

/// Asserts that a request was refused with this code and text.
#[track_caller]
pub(crate) fn refused(got: &Got, code: &str, told: &str) {
    assert_eq!(got.element("Code"), code, "{}", got.body);
    assert!(got.body.contains(told), "{told:?} is not in {}", got.body);
}
