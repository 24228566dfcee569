//! What differs between operating systems, one file a concern.

pub(crate) mod boot;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod streams;
