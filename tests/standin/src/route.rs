//! The service and action of a request. One endpoint serves all of them, so the credential scope decides, and for unsigned
//! requests the path.

use crate::api::Service;
use crate::http::Request;
use crate::sigv4::Signed;
use std::collections::BTreeMap;

pub(crate) struct Route {
    pub(crate) service: Service,
    pub(crate) action: String,
    pub(crate) params: BTreeMap<String, String>,
}

pub(crate) fn route(req: &Request, signed: Option<&Signed>) -> Route {
    let service = match signed {
        Some(signed) => Service::from_scope(&signed.service),
        None => unsigned_service(req),
    };
    let mut params: BTreeMap<String, String> = req
        .query_pairs()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("X-Amz-"))
        .collect();
    let action = match service {
        Service::Sts | Service::Unknown => {
            if req.is_form() {
                params.extend(req.form());
            }
            params.get("Action").cloned().unwrap_or_default()
        }
        Service::Ecr | Service::EcrPublic | Service::Ssm => {
            json_params(req, &mut params);
            let target = req.header("x-amz-target").unwrap_or_default();
            let (prefix, action) = target.split_once('.').unwrap_or_default();
            let wanted = match service {
                Service::Ecr => "AmazonEC2ContainerRegistry_V20150921",
                Service::EcrPublic => "SpencerFrontendService",
                _ => "AmazonSSM",
            };
            if prefix == wanted {
                action.to_owned()
            } else {
                String::new()
            }
        }
        Service::Eks => match (req.method.as_str(), req.path.as_str().trim_end_matches('/')) {
            ("GET", "/clusters") => "ListClusters".to_owned(),
            ("GET", path)
                if path
                    .strip_prefix("/clusters/")
                    .is_some_and(|name| !name.contains('/')) =>
            {
                params.insert(
                    "name".to_owned(),
                    crate::http::decode(&path["/clusters/".len()..]),
                );
                "DescribeCluster".to_owned()
            }
            _ => String::new(),
        },
        Service::S3 => s3(req, &mut params),
        Service::Imds => imds(req),
        Service::Container => "GetCredentials".to_owned(),
        Service::Sso => "GetRoleCredentials".to_owned(),
        Service::SsoOidc => {
            json_params(req, &mut params);
            "CreateToken".to_owned()
        }
    };
    Route {
        service,
        action,
        params,
    }
}

fn unsigned_service(req: &Request) -> Service {
    let by_target = req.header("x-amz-target").unwrap_or_default();
    match req.path.as_str() {
        path if path.starts_with("/latest/") => Service::Imds,
        path if path.starts_with("/v2/credentials") || path.starts_with("/v1/credentials") => {
            Service::Container
        }
        "/federation/credentials" => Service::Sso,
        "/token" if req.method == "POST" => Service::SsoOidc,
        path if path == "/clusters" || path.starts_with("/clusters/") => Service::Eks,
        _ if by_target.starts_with("AmazonEC2ContainerRegistry") => Service::Ecr,
        _ if by_target.starts_with("SpencerFrontendService") => Service::EcrPublic,
        _ if by_target.starts_with("AmazonSSM") => Service::Ssm,
        _ if req.query_value("Action").is_some() || req.is_form() => Service::Sts,
        _ => Service::Unknown,
    }
}

/// The top-level fields of a JSON body as text.
fn json_params(req: &Request, params: &mut BTreeMap<String, String>) {
    let body: serde_json::Value = serde_json::from_slice(&req.body).unwrap_or_default();
    for (name, value) in body.as_object().into_iter().flatten() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        params.insert(name.clone(), text);
    }
}

fn s3(req: &Request, params: &mut BTreeMap<String, String>) -> String {
    let host = req.host().split(':').next().unwrap_or_default();
    let virtual_bucket = host
        .split_once(".s3.")
        .or_else(|| host.split_once(".s3-"))
        .map(|(bucket, _)| bucket.to_owned());
    let path = crate::http::decode(req.path.trim_matches('/'));
    let bucket = virtual_bucket.or_else(|| (!path.is_empty()).then(|| path.clone()));
    match (req.method.as_str(), bucket) {
        ("GET", None) => "ListBuckets".to_owned(),
        ("HEAD", Some(bucket)) if !bucket.contains('/') => {
            params.insert("Bucket".to_owned(), bucket);
            "HeadBucket".to_owned()
        }
        _ => String::new(),
    }
}

fn imds(req: &Request) -> String {
    let path = req.path.as_str();
    let role = path.strip_prefix("/latest/meta-data/iam/security-credentials/");
    let action = match (req.method.as_str(), role) {
        ("PUT", _) if path == "/latest/api/token" => "Token",
        ("GET", Some("")) => "Role",
        ("GET", Some(_)) => "Credentials",
        _ => "Other",
    };
    action.to_owned()
}

/// The service and region of an AWS host; `None` for loopback and other hosts, which serve everything.
pub(crate) fn host_scope(host: &str) -> Option<(String, String)> {
    const SUFFIXES: [&str; 10] = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".c2s.ic.gov",
        ".sc2s.sgov.gov",
        ".cloud.adc-e.uk",
        ".csp.hci.ic.gov",
        ".api.aws",
        ".api.amazonwebservices.com.cn",
        ".api.amazonwebservices.eu",
    ];
    let host = host
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let name = SUFFIXES
        .iter()
        .find_map(|suffix| host.strip_suffix(suffix))?;
    let labels: Vec<&str> = name.split('.').collect();
    let is_region = |label: &str| {
        label.matches('-').count() >= 2 && label.ends_with(|c: char| c.is_ascii_digit())
    };
    let region = labels.iter().rev().find(|label| is_region(label)).copied();
    let known = ["sts", "ecr", "ecr-public", "eks", "ssm", "s3"];
    let service = labels.iter().rev().find_map(|label| {
        let plain = label.strip_suffix("-fips").unwrap_or(label);
        known.contains(&plain).then(|| plain.to_owned())
    })?;
    // Names without a region are global.
    Some((service, region.unwrap_or("us-east-1").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::host_scope;

    #[test]
    fn aws_hosts_determine_the_signing_scope() {
        let scope = |service: &str, region: &str| Some((service.to_owned(), region.to_owned()));
        assert_eq!(host_scope("sts.amazonaws.com"), scope("sts", "us-east-1"));
        assert_eq!(
            host_scope("sts.eu-west-1.amazonaws.com:443"),
            scope("sts", "eu-west-1")
        );
        assert_eq!(
            host_scope("sts-fips.us-east-2.amazonaws.com"),
            scope("sts", "us-east-2")
        );
        assert_eq!(
            host_scope("api.ecr.eu-central-1.amazonaws.com"),
            scope("ecr", "eu-central-1")
        );
        assert_eq!(
            host_scope("api.ecr-public.us-east-1.amazonaws.com"),
            scope("ecr-public", "us-east-1")
        );
        assert_eq!(
            host_scope("sts.cn-north-1.amazonaws.com.cn"),
            scope("sts", "cn-north-1")
        );
        assert_eq!(
            host_scope("sts.us-isob-east-1.sc2s.sgov.gov"),
            scope("sts", "us-isob-east-1")
        );
        assert_eq!(
            host_scope("bucket.s3.us-gov-west-1.amazonaws.com"),
            scope("s3", "us-gov-west-1")
        );
        assert_eq!(host_scope("127.0.0.1:4000"), None);
        assert_eq!(host_scope("sts.amazonaws.com.evil.example"), None);
    }
}
