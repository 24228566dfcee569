//! S3: ListBuckets and HeadBucket.

use crate::api::{ApiError, Call};
use crate::ecr::page;
use crate::http::{Answer, xml};
use crate::world::World;
use std::collections::BTreeMap;

pub(crate) fn handle(world: &World, call: &Call<'_>) -> Result<Answer, ApiError> {
    let caller = call.caller()?;
    let none = BTreeMap::new();
    match call.action {
        "ListBuckets" => {
            world.authorise(caller, "s3:ListAllMyBuckets", "arn:aws:s3:::*", &none)?;
            let mine: Vec<_> = world
                .buckets
                .iter()
                .filter(|(name, b)| {
                    b.account == caller.account
                        && call.param("prefix").is_none_or(|p| name.starts_with(p))
                        && call.param("bucket-region").is_none_or(|r| b.region == r)
                })
                .collect();
            let most = call.param("max-buckets").and_then(|text| text.parse().ok());
            let (mine, next) = page(
                &mine,
                most,
                call.param("continuation-token"),
                (10_000, 10_000),
            )?;
            let mut list = String::new();
            for (name, bucket) in mine {
                list.push_str(&format!(
                    "<Bucket><Name>{}</Name><CreationDate>2024-01-01T00:00:00.000Z</CreationDate><BucketRegion>{}</BucketRegion></Bucket>",
                    xml(name),
                    bucket.region
                ));
            }
            let next = next
                .map(|t| format!("<ContinuationToken>{t}</ContinuationToken>"))
                .unwrap_or_default();
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <Owner><ID>{}</ID></Owner><Buckets>{list}</Buckets>{next}</ListAllMyBucketsResult>",
                caller.account
            );
            Ok(Answer::new(200, "application/xml", body))
        }
        "HeadBucket" => {
            let name = call.param("Bucket").unwrap_or_default();
            let bucket = world.buckets.get(name).ok_or_else(|| {
                ApiError::new(404, "NoSuchBucket", "The specified bucket does not exist")
            })?;
            let at = |mut error: ApiError| {
                error
                    .headers
                    .push(("x-amz-bucket-region".to_owned(), bucket.region.clone()));
                error
            };
            if bucket.region != call.region {
                return Err(at(ApiError::new(
                    301,
                    "PermanentRedirect",
                    "The bucket you are attempting to access must be addressed using the specified endpoint.",
                )));
            }
            let arn = format!("arn:{}:s3:::{name}", caller.partition);
            world
                .authorise(caller, "s3:ListBucket", &arn, &none)
                .map_err(at)?;
            if bucket.account != caller.account {
                return Err(at(ApiError::denied("Access Denied")));
            }
            Ok(Answer::new(200, "application/xml", "")
                .with_header("x-amz-bucket-region", bucket.region.as_str()))
        }
        _ => Err(ApiError::new(
            501,
            "NotImplemented",
            "This stand-in knows ListBuckets and HeadBucket",
        )),
    }
}
