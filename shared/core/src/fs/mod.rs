//! Files whose place is known but whose kind and size are not: reads that neither wait nor grow
//! without bound, and replacements that are whole or do not happen.

mod insecure;
mod limit;
#[expect(clippy::disallowed_methods, reason = "opens files after checks")]
mod read;
#[expect(clippy::disallowed_methods, reason = "replaces files whole")]
mod replace;

pub use insecure::insecure;
pub use limit::require_descriptors;
pub(crate) use read::require_regular;
pub use read::{Opened, is_null_device, open, open_no_follow, open_or_pipe, read, read_text};
pub use replace::{Draft, replace};
