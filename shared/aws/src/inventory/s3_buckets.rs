//! `s3:ListBuckets` and `s3:HeadBucket`

use aws_connector_core::aws::Call;
use aws_connector_core::credential::Session;
use aws_connector_core::error::{Error, Kind, Result};
use aws_connector_core::plan::Site;
use aws_connector_core::shown::one_line;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::MOST_PAGES;
use crate::Sdk;
use crate::network::{Question, config, credentials};

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
        let operation = "s3:ListAllMyBuckets";
        let question = self
            .network
            .question(operation, operation.to_owned(), call)
            .at(site)
            .by(session);
        let config = config!(aws_sdk_s3, "s3", site, &question)
            .credentials_provider(credentials(session))
            .force_path_style(site.endpoints.contains_key("s3"))
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let all = async {
            let mut buckets = Vec::new();
            let mut next = None;
            for _ in 0..MOST_PAGES {
                let page = client
                    .list_buckets()
                    .max_buckets(PAGE)
                    .set_continuation_token(next.take())
                    .send()
                    .await
                    .map_err(|error| question.failed(error))?;
                for bucket in page.buckets.unwrap_or_default() {
                    if let Some(name) = bucket.name {
                        buckets.push(BucketInfo {
                            name,
                            region: bucket.bucket_region,
                        });
                    }
                }
                next = page.continuation_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
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
        let operation = "s3:ListBucket";
        let question = self
            .network
            .question(operation, format!("{operation} of {bucket}"), call)
            .at(site)
            .by(session);
        let config = config!(aws_sdk_s3, "s3", site, &question)
            .credentials_provider(credentials(session))
            .force_path_style(site.endpoints.contains_key("s3"))
            .build();
        let request = aws_sdk_s3::Client::from_conf(config)
            .head_bucket()
            .bucket(bucket);
        self.network
            .run(&question, async {
                request.send().await.map_err(|error| {
                    let raw = error.raw_response();
                    let told = raw.and_then(|answer| silent_no(&question, bucket, answer));
                    told.unwrap_or_else(|| question.failed(error))
                })
            })
            .map(drop)
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
