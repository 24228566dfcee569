//! Operating system specifics, one file per topic.

pub(crate) mod boot;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod streams;
