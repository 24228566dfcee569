//! What several commands share, one service per file.

pub(crate) mod auth_methods;
pub(crate) mod cache_keys;
pub(crate) mod calls;
pub(crate) mod connectors;
pub(crate) mod endpoints;
pub(crate) mod exec_folder;
pub(crate) mod fields;
pub(crate) mod flags;
pub(crate) mod inventory;
pub(crate) mod obtain;
mod place;
pub(crate) mod profile_file;
pub(crate) mod registries;
pub(crate) mod save;
pub(crate) mod time;
pub(crate) mod unwire;
pub(crate) mod usage;
pub(crate) mod vault;
pub(crate) mod verify;
