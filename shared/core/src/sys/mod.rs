//! Operating system specifics, one file per topic.

pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod streams;
pub(crate) mod user;
