//! The table of registry hosts, asked for through the Docker helper: what it decides there is what a user gets.

use crate::support::World;

const HOSTS: &str = include_str!("../../shared/core/src/resource/testdata/hosts.txt");

/// The lines of the table: the host that is asked for, and its canonical form where it is ECR's.
fn table() -> Vec<(&'static str, Option<&'static str>)> {
    HOSTS
        .lines()
        // Lines with escapes stand for bytes that Docker could not send as one line.
        .filter(|line| !line.starts_with('#') && !line.contains('\\'))
        .filter_map(|line| line.split_once(" => "))
        .filter(|(asked, _)| !asked.trim().is_empty())
        .map(|(asked, host)| (asked, (host != "none").then_some(host)))
        .collect()
}

#[test]
fn the_docker_helper_decides_every_host_of_the_table_rightly() {
    // No connector is for any registry, so that ours are refused by name, and others are not found.
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
