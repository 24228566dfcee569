//! The part of aws-connector that serves a cache hit: no async runtime, no AWS SDK.
//!
//! Data flows one way: request → profile → plan → cache → (AWS) → document.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests open files directly")
)]

pub mod ambient;
pub mod aws;
mod boot;
pub mod cache;
pub mod clock;
pub mod command;
pub mod credential;
pub mod edge;
pub mod env;
pub mod error;
pub mod fs;
pub mod hand_over;
pub mod local_secret;
pub mod log;
pub mod mfa;
mod passwd;
pub mod paths;
pub mod plan;
pub mod planner;
pub mod profile;
pub mod protocol;
pub mod request;
pub mod resource;
pub mod secret;
pub mod serve;
pub mod shown;
pub mod suggest;
mod sys;
pub mod turn;
pub mod url;
mod user;
pub mod web_identity;
