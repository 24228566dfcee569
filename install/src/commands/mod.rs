//! The subcommands, one per file.

pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod list_resources;
pub(crate) mod list_types;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod register;
pub(crate) mod status;
pub(crate) mod update;
