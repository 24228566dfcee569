//! Signs cluster tokens without calling AWS. A separate crate, so that the small programs depend on
//! no other AWS code.

mod cluster_token;
mod credentials;

pub use cluster_token::cluster_token;
pub use credentials::credentials;
