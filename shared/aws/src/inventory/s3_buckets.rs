//! `s3:ListBuckets` and `s3:HeadBucket`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::shown::one_line;
use aws_runtime::auth::SigningOptions;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::MOST_PAGES;
use crate::network::Question;
use crate::signed_request::{Service, body, operation, request};
use crate::{Sdk, hosts};

/// Buckets a page.
const PAGE: i32 = 1000;

/// A bucket of the caller's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketInfo {
    /// Its name.
    pub name: String,
    /// Its region, where S3 said so.
    pub region: Option<String>,
}

impl Sdk {
    /// All buckets of the account, in whatever region.
    ///
    /// # Errors
    /// S3 said no, or did not answer sensibly before the deadline.
    pub fn buckets(
        &self,
        site: &Site,
        session: &Session,
        call: Call<'_>,
    ) -> Result<Vec<BucketInfo>> {
        let action = "s3:ListAllMyBuckets";
        let question = self
            .network
            .question(action, action.to_owned(), call)
            .at(site)
            .by(session);
        let all = async {
            let url = hosts::s3(site)?;
            let list = operation(s3(), &url, site, session, &question, |body| {
                read_page(body).ok()
            });
            let mut buckets = Vec::new();
            let mut path = format!("/?max-buckets={PAGE}");
            for _ in 0..MOST_PAGES {
                let page = list.invoke(request("GET", &path)?).await;
                let page = page.map_err(|error| question.failed(error))?;
                buckets.extend(page.buckets);
                let Some(next) = page.next.filter(|token| !token.is_empty()) else {
                    break;
                };
                let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
                path = format!("/?continuation-token={next}&max-buckets={PAGE}");
            }
            Ok(buckets)
        };
        self.network
            .run(&question, all)
            .map_err(|error| error.of(call.connector))
    }

    /// Whether a session may look into a bucket.
    ///
    /// # Errors
    /// The bucket does not exist, is in another region, or S3 denied access.
    pub fn bucket_is_open(
        &self,
        site: &Site,
        session: &Session,
        bucket: &str,
        call: Call<'_>,
    ) -> Result<()> {
        let action = "s3:ListBucket";
        let question = self
            .network
            .question(action, format!("{action} of {bucket}"), call)
            .at(site)
            .by(session);
        self.network
            .run(&question, async {
                let (url, path) = hosts::s3_bucket(site, bucket)?;
                let head = operation(s3(), &url, site, session, &question, |_| Some(()));
                head.invoke(request("HEAD", &path)?).await.map_err(|error| {
                    let raw = error.raw_response();
                    let told = raw.and_then(|answer| silent_no(&question, bucket, answer));
                    told.unwrap_or_else(|| question.failed(error))
                })
            })
            .map_err(|error| error.of(call.connector))
    }
}

/// What S3 means by an answer to HeadBucket, which has no body that could say so.
fn silent_no(question: &Question<'_>, bucket: &str, answer: &HttpResponse) -> Option<Error> {
    let what = &question.what;
    let region = answer
        .headers()
        .get("x-amz-bucket-region")
        .filter(|region| *region != question.region);
    match (answer.status().as_u16(), region) {
        (301 | 307 | 400, Some(region)) => {
            let region = one_line(region);
            let text = format!("bucket {bucket} is in {region}, not in {}", question.region);
            Some(Error::refused(text).fix(format!(
                "set the connector's region to {region}, or use a connector for that region"
            )))
        }
        (403, _) => {
            let who = question.who.as_deref().unwrap_or("the caller");
            let text = format!("{what} was denied (HTTP 403)");
            Some(Error::new(Kind::Denied, text).fix(format!(
                "allow {who} to call {} in its own policies and in the bucket policy",
                question.operation
            )))
        }
        (404, _) => Some(
            Error::new(Kind::Denied, format!("bucket {bucket} not found"))
                .fix("check its name and the account"),
        ),
        _ => None,
    }
}

fn s3() -> Service {
    let mut signing_options = SigningOptions::default();
    signing_options.double_uri_encode = false;
    signing_options.normalize_uri_path = false;
    signing_options.content_sha256_header = true;
    Service {
        id: "s3",
        signing_options,
        read_error: |response| {
            read_error(body(response)).unwrap_or_else(|_| ErrorMetadata::builder().build())
        },
    }
}

/// A page of ListBuckets.
#[derive(Debug, Default)]
struct Page {
    buckets: Vec<BucketInfo>,
    /// The token for the next page.
    next: Option<String>,
}

fn read_page(body: &[u8]) -> Result<Page, XmlDecodeError> {
    let mut document = Document::try_from(body)?;
    let mut root = document.root_element()?;
    if !root.start_el().matches("ListAllMyBucketsResult") {
        return Err(XmlDecodeError::custom("not a list of buckets"));
    }
    let mut page = Page::default();
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "Buckets" => {
                while let Some(bucket) = tag.next_tag() {
                    page.buckets.extend(read_bucket(bucket)?);
                }
            }
            "ContinuationToken" => page.next = Some(try_data(&mut tag)?.into_owned()),
            _ => {}
        }
    }
    Ok(page)
}

fn read_bucket(mut bucket: ScopedDecoder<'_, '_>) -> Result<Option<BucketInfo>, XmlDecodeError> {
    let (mut name, mut region) = (None, None);
    while let Some(mut tag) = bucket.next_tag() {
        match tag.start_el().local() {
            "Name" => name = Some(try_data(&mut tag)?.into_owned()),
            "BucketRegion" => region = Some(try_data(&mut tag)?.into_owned()),
            _ => {}
        }
    }
    Ok(name.map(|name| BucketInfo { name, region }))
}

fn read_error(body: &[u8]) -> Result<ErrorMetadata, XmlDecodeError> {
    let mut document = Document::try_from(body)?;
    let mut root = document.root_element()?;
    let mut error = ErrorMetadata::builder();
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "Code" => error = error.code(try_data(&mut tag)?),
            "Message" => error = error.message(try_data(&mut tag)?),
            _ => {}
        }
    }
    Ok(error.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_buckets_and_the_token_of_the_next() {
        let page = read_page(
            br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Owner><ID>1</ID><Name>nobody</Name></Owner>
              <Buckets>
                <Bucket><Name>data</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
                <Bucket><CreationDate>2024-01-01T00:00:00.000Z</CreationDate></Bucket>
                <Bucket><Name>logs</Name></Bucket>
              </Buckets>
              <ContinuationToken>a&amp;b+c/d==</ContinuationToken>
            </ListAllMyBucketsResult>"#,
        )
        .unwrap_or_default();
        let buckets: Vec<_> = page
            .buckets
            .iter()
            .map(|bucket| (&*bucket.name, bucket.region.as_deref()))
            .collect();
        assert_eq!(buckets, [("data", Some("eu-west-1")), ("logs", None)]);
        assert_eq!(page.next.as_deref(), Some("a&b+c/d=="));
    }

    #[test]
    fn another_document_is_not_a_page() {
        for body in ["", "{}", "<html><body>Sign in</body></html>", "<Error/>"] {
            assert!(read_page(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_error_has_a_code_and_a_message() {
        let denied = br#"<?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>AccessDenied</Code><Message>"a" &lt; b</Message><HostId>x</HostId></Error>"#;
        for (body, code, message) in [
            (&denied[..], Some("AccessDenied"), Some("\"a\" < b")),
            (
                b"<Error><Message>no code</Message></Error>",
                None,
                Some("no code"),
            ),
            (b"<html><body>Sign in</body></html>", None, None),
        ] {
            let error = read_error(body).unwrap_or_else(|_| ErrorMetadata::builder().build());
            assert_eq!((error.code(), error.message()), (code, message));
        }
        assert!(read_error(b"").is_err());
    }
}
