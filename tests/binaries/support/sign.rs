//! A client that signs requests with a session, to find out what the session may do.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_standin::Standin;

use super::Session;

/// Signs requests with a session's keys; each method returns the HTTP status.
pub(crate) struct Signer<'a> {
    pub(crate) standin: &'a Standin,
    pub(crate) session: &'a Session,
    pub(crate) region: &'a str,
}

impl Signer<'_> {
    pub(crate) fn describe_cluster(&self, name: &str) -> u16 {
        self.ask("eks", "GET", &format!("/clusters/{name}"), &[], "")
    }

    pub(crate) fn list_clusters(&self) -> u16 {
        self.ask("eks", "GET", "/clusters", &[], "")
    }

    pub(crate) fn registry_token(&self) -> u16 {
        let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
        self.ask("ecr", "POST", "/", &json(target), "{}")
    }

    pub(crate) fn describe_repositories(&self, account: &str) -> u16 {
        let target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories";
        let body = format!(r#"{{"registryId":"{account}"}}"#);
        self.ask("ecr", "POST", "/", &json(target), &body)
    }

    pub(crate) fn public_registry_token(&self) -> u16 {
        let target = "SpencerFrontendService.GetAuthorizationToken";
        self.ask("ecr-public", "POST", "/", &json(target), "{}")
    }

    pub(crate) fn parameter(&self, name: &str) -> u16 {
        let body = format!(r#"{{"Name":"{name}","WithDecryption":true}}"#);
        self.ask("ssm", "POST", "/", &json("AmazonSSM.GetParameter"), &body)
    }

    pub(crate) fn head_bucket(&self, name: &str) -> u16 {
        self.ask("s3", "HEAD", &format!("/{name}"), &[], "")
    }

    pub(crate) fn caller_identity(&self) -> u16 {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        self.ask("sts", "POST", "/", &form, body)
    }

    fn ask(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> u16 {
        let identity = Credentials::new(
            &self.session.id,
            &self.session.secret,
            self.session.token.clone(),
            None,
            "test",
        )
        .into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = format!("{}{path}", self.standin.url());
        let body_bytes = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method, &url, headers.iter().copied(), body_bytes);
        let (instructions, _) = sign(request.unwrap(), &params).unwrap().into_parts();
        let host = self.standin.url().replace("http://", "");
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers.iter().copied().chain(instructions.headers()) {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "\r\n{body}");
        let (status, _) = exchange(self.standin, &text);
        status
    }
}

fn json(target: &str) -> [(&str, &str); 2] {
    [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ]
}

/// Sends a request, and returns the status and body of the response.
pub(super) fn exchange(standin: &Standin, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", standin.port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    (status.unwrap(), body.unwrap())
}
