//! File access for paths that may lead to anything: reads with bounded time and size, and atomic
//! replacement.

mod insecure;
mod limit;
#[expect(clippy::disallowed_methods, reason = "opens files after checks")]
mod read;
#[expect(clippy::disallowed_methods, reason = "replaces files atomically")]
mod replace;

pub use insecure::insecure;
pub use limit::require_descriptors;
pub(crate) use read::require_regular;
pub use read::{Opened, is_null_device, open, open_no_follow, open_or_pipe, read, read_text};
pub use replace::{Draft, replace};
