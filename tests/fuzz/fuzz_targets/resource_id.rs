//! Resource ids of every type.
#![no_main]

use aws_connector_core::resource::{Arn, Resource, ResourceType};
use fuzz_support::is_one_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for kind in ResourceType::ALL {
        match Resource::parse(kind, Some(text)) {
            Ok(resource) => {
                assert_eq!(resource.resource_type(), kind);
                assert!(resource.covers(&resource));
                if let Some(id) = resource.canonical() {
                    // Parsing its canonical form yields the same id.
                    let again = Resource::parse(kind, Some(&id)).expect("a canonical id");
                    assert_eq!(again.canonical(), Some(id));
                }
            }
            Err(error) => is_one_line(&error.to_string()),
        }
    }
    if let Err(error) = ResourceType::parse(text) {
        is_one_line(&error.to_string());
    }
    if let Err(error) = Arn::parse(text) {
        is_one_line(&error.to_string());
    }
});
