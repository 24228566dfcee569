//! `KUBERNETES_EXEC_INFO`, and a cluster's name as an argument.
#![no_main]

use std::collections::BTreeMap;
use std::ffi::OsString;

use aws_connector_core::env::Env;
use aws_connector_core::protocol::exec_credential::ExecCredential;
use aws_connector_core::protocol::{Input, Protocol as _, Todo};
use aws_connector_core::request::Wants;
use fuzz_support::is_presentable;
use libfuzzer_sys::fuzz_target;

fn parse(args: &[&str], info: &str) {
    let env = Env::Fixed(BTreeMap::from([(
        "KUBERNETES_EXEC_INFO".to_owned(),
        info.to_owned(),
    )]));
    let args: Vec<_> = args.iter().map(OsString::from).collect();
    match ExecCredential::parse(&Input {
        args: &args,
        env: &env,
        stdin: &|| Ok(String::new()),
    }) {
        Ok(Todo::Serve(request, _)) => {
            let Wants::ClusterToken { cluster } = &request.wants else {
                panic!("{:?}", request.wants)
            };
            // It is part of a signed header.
            assert!(!cluster.name.is_empty() && cluster.name.len() <= 100);
            assert!(
                cluster
                    .name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
                "{}",
                cluster.name
            );
        }
        Ok(Todo::Accept(_) | Todo::ListRegistries) => panic!("only Docker asks this"),
        Ok(Todo::Answer(_)) => {}
        Err(error) => is_presentable(&error),
    }
}

fuzz_target!(|text: &str| {
    parse(&[], text);
    parse(&["--cluster", "prod"], text);
    parse(&["--cluster", text], "");
});
