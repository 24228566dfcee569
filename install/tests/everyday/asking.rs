//! login on a terminal: prompts for the MFA code and for consent.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::support::{Machine, Ran};

/// Runs a command on its own terminal and types each answer when its prompt appears.
fn typed(machine: &Machine, args: &str, keys: &[(&str, &str)]) -> Ran {
    let line = format!("{} {args}", machine.path("bin/aws-connector").display());
    let own = machine.command();
    let mut script = Command::new("timeout");
    script
        .env_clear()
        .envs(
            own.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .args([
            "60",
            "script",
            "--quiet",
            "--return",
            "--command",
            &line,
            "/dev/null",
        ])
        .current_dir(machine.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut stdout = String::new();
    let mut keys = keys.iter();
    let mut next = keys.next();
    let mut bytes = [0; 4096];
    loop {
        let count = screen.read(&mut bytes).unwrap();
        if count == 0 {
            break;
        }
        stdout.push_str(&String::from_utf8_lossy(&bytes[..count]));
        if let Some((_, answer)) = next.filter(|(wait, _)| stdout.contains(wait)) {
            keyboard.write_all(answer.as_bytes()).unwrap();
            next = keys.next();
        }
    }
    let status = child.wait().unwrap().code().unwrap_or(-1);
    Ran {
        status,
        stdout,
        stderr: String::new(),
    }
}

const CODE: &str = "MFA code from arn:aws:iam::123456789012:mfa/dev for connector 'mfa': ";
const WRITE: &str = "Write this change? [y/N] ";

fn with_mfa() -> Machine {
    let machine = Machine::with_connectors();
    let path = ".config/aws-connector/connectors.toml";
    let text = machine.read(path)
        + &format!(
            "\n[connectors.mfa]\nauth_method = \"session-token\"\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\nsource_connector = \"base\"\nmfa_serial = \"{}\"\n",
            machine.standin.url(),
            aws_standin::MFA_SERIAL
        );
    machine.write(path, &text);
    machine
}

#[test]
fn one_mfa_code_fills_the_cache_for_clients_that_cannot_prompt() {
    let machine = with_mfa();
    let ran = typed(&machine, "login mfa", &[(CODE, "123456\n"), (WRITE, "y\n")]).ok();
    assert!(
        ran.stdout.contains("+[profile aws-connector-mfa]")
            && ran.stdout.contains("Wired aws-connector-mfa"),
        "{ran:#?}"
    );
    assert!(machine.read(".aws/config").contains("--connector mfa\n"));
    // Without a terminal it cannot prompt: the session is in the cache.
    machine.run(&["export", "mfa"]).ok();
    machine.run(&["login", "mfa", "--yes"]).ok();
    assert_eq!(machine.standin.count("sts", "GetSessionToken"), 1);
}

#[test]
fn declining_or_leaving_a_prompt_changes_nothing() {
    let machine = Machine::with_connectors();
    // No; only the return key; something else; end of input; control-C.
    for (keys, status) in [
        ("n\n", 1),
        ("\n", 1),
        ("yess\n", 1),
        ("\u{4}", 1),
        ("\u{3}", 130),
    ] {
        for args in ["login dev", "login dev --resource-type docker-registry"] {
            let ran = typed(&machine, args, &[(WRITE, keys)]);
            assert!(ran.stdout.contains(WRITE), "{ran:#?}");
            assert_eq!(ran.status, status, "{keys:?} {ran:#?}");
        }
        assert!(!machine.path(".aws").exists() && !machine.path(".docker").exists());
        assert!(!machine.path(".config/aws-connector/wiring.json").exists());
    }
    machine.run(&["login", "dev", "--yes"]).ok();
    let wired = machine.read(".aws/config");
    for args in ["logout dev", "delete dev"] {
        let ran = typed(&machine, args, &[("[y/N] ", "n\n")]);
        assert!(
            ran.status == 1 && ran.stdout.contains("nothing was changed"),
            "{ran:#?}"
        );
        assert_eq!(machine.read(".aws/config"), wired);
    }
    assert!(
        machine
            .read(".config/aws-connector/connectors.toml")
            .contains("[connectors.dev]")
    );
}

#[test]
fn a_wrong_mfa_code_is_reported_and_nothing_is_written() {
    let machine = with_mfa();
    let ran = typed(&machine, "login mfa", &[(CODE, "000000\n")]);
    assert!(
        ran.status != 0 && ran.stdout.contains("connector 'mfa'") && ran.stdout.contains("MFA"),
        "{ran:#?}"
    );
    assert!(!machine.path(".aws").exists());
}
