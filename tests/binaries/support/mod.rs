//! Helpers for all tests.

mod answer;
mod entries;
mod golden;
mod profiles;
mod proxy;
mod run;
mod sign;
mod token;
mod world;

pub(crate) use answer::{Answer, Session};
pub(crate) use entries::Entry;
pub(crate) use golden::Transcript;
pub(crate) use profiles::{BASE, OTHER, REGISTRY, ROLE, SHARED};
pub(crate) use proxy::Proxy;
pub(crate) use run::{Run, finish};
pub(crate) use sign::Signer;
pub(crate) use token::{Token, now};
pub(crate) use world::{Binary, World, params};
