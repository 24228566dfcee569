//! What the installer asks AWS: who one is, and what there is. The three binaries never do.
//!
//! Lists are fetched whole, page after page, within the deadline of the call.

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

/// No list is longer than this many pages; a server that never ends is cut off.
const MOST_PAGES: usize = 10_000;
