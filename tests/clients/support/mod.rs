//! Shared by the tests of real clients: a private machine for each test, its servers, and the paths of the clients.

mod clients;
mod engine;
mod machine;
mod near;
mod registry;
mod run;
mod server;
mod wiring;

pub(crate) use clients::{client, client_on_path, program};
pub(crate) use engine::Engine;
pub(crate) use machine::{ECR_HOST, Machine, PLAIN_HOST};
pub(crate) use near::beside;
pub(crate) use registry::{Registry, image};
pub(crate) use run::Run;
pub(crate) use server::Server;
pub(crate) use wiring::{
    CREDENTIAL_PROCESS, DOCKER_HELPER, EKS_TOKEN, Kubeconfig, aws_config, connectors,
    connectors_of, everyday_command,
};
