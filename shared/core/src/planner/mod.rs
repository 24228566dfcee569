//! Makes the plan for a request: chooses the connector for a registry, checks that it may serve the
//! request, and resolves region, endpoints, scope and the chain of sources.

mod make;
mod place;
mod scope;
mod secrets;
mod steps;
mod which;

pub use make::make;
pub use place::{profile_endpoints, site};
pub use steps::CONSENT;
pub use which::for_registry as connector_for_registry;

#[cfg(test)]
mod tests;
