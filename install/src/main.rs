//! `aws-connector`: registers, verifies and wires connectors.

fn main() {}
