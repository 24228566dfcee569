//! What is signed without asking anybody: cluster tokens. Beside core, so that the small programs
//! need nothing else of AWS.

mod cluster_token;

pub use cluster_token::cluster_token;
