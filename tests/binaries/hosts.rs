//! The unit tests' table of registry hosts, checked through the Docker helper.

use crate::support::World;

const HOSTS: &str = include_str!("../../shared/core/src/resource/testdata/hosts.txt");

/// The lines of the table: a host, and its canonical form if it is an ECR host.
fn table() -> Vec<(&'static str, Option<&'static str>)> {
    HOSTS
        .lines()
        // Lines with escapes are hosts that Docker cannot send as one line.
        .filter(|line| !line.starts_with('#') && !line.contains('\\'))
        .filter_map(|line| line.split_once(" => "))
        .filter(|(asked, _)| !asked.trim().is_empty())
        .map(|(asked, host)| (asked, (host != "none").then_some(host)))
        .collect()
}

#[test]
fn the_docker_helper_classifies_every_host_of_the_table() {
    // No connector serves a registry: for ECR hosts this is an error, others are not found.
    let world = World::new(&["[connectors.none]\nauth_method = \"anonymous\"\n"]);
    let table = table();
    let ours = table.iter().filter(|(_, host)| host.is_some()).count();
    assert!(
        ours > 80 && table.len() - ours > 100,
        "{ours} of {}",
        table.len()
    );
    for (asked, host) in table {
        let answer = world.docker("get", asked).answer();
        let line = answer.docker_failure();
        match host {
            Some(host) => assert!(
                line.starts_with(&format!("no connector found for {host};")),
                "{asked}: {line}"
            ),
            None => assert!(
                [
                    "credentials not found in native keychain",
                    "no credentials server URL"
                ]
                .contains(&line),
                "{asked}: {line}"
            ),
        }
    }
    assert_eq!(world.calls(), 0);
}
