//! What the full program looks up in AWS during setup: identities and resources. The small programs
//! never do.
//!
//! Lists are fetched completely, page by page, within the deadline of the call.

mod clusters;
mod identity;
mod probe;
mod reach;
mod registries;
mod s3_buckets;

pub use clusters::ClusterInfo;
pub use identity::Identity;
pub use reach::Service;
pub use s3_buckets::BucketInfo;

/// The maximum number of pages, in case a server never ends a list.
const MOST_PAGES: usize = 10_000;
