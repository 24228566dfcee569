//! Debian's `docker-registry` over TLS, under the host name of the simulated registry.

use std::fs;

use super::{
    Machine, Run, Server,
    machine::{ADDRESSES, ECR_HOST, PLAIN_HOST},
};

/// A running registry with `team/app:1`.
pub(crate) struct Registry {
    _server: Server,
}

impl Registry {
    /// The private registry of an account, with one user, as in ECR.
    pub(crate) fn of_ecr(machine: &Machine, password: &str) -> Self {
        let users = Run::of(machine.client("HTPASSWD").args(["-nbB", "AWS", password])).succeeded();
        let users = machine.write("registry/users", &users);
        let access = format!(
            "auth: {{htpasswd: {{realm: ecr, path: {}}}}}\n",
            users.display()
        );
        Self::start(
            machine,
            ECR_HOST,
            &access,
            &["--dest-creds", &format!("AWS:{password}")],
        )
    }

    /// A registry without authentication.
    pub(crate) fn of_everybody(machine: &Machine) -> Self {
        Self::start(machine, PLAIN_HOST, "", &[])
    }

    fn start(machine: &Machine, host: &str, access: &str, push: &[&str]) -> Self {
        let (_, address) = ADDRESSES
            .iter()
            .find(|(name, _)| *name == host)
            .expect("a host of this machine");
        let [key, certificate, data] = ["key.pem", "certificate.pem", "data"]
            .map(|name| machine.path(&format!("registry/{host}/{name}")));
        fs::create_dir_all(&data).expect("an empty folder");
        Run::of(
            machine
                .command("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-days",
                    "2",
                ])
                .args([
                    "-subj",
                    "/CN=registry",
                    "-addext",
                    &format!("subjectAltName=DNS:{host}"),
                ])
                // Otherwise openssl creates a CA certificate, which strict clients do not accept for a server.
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .arg("-keyout")
                .arg(&key)
                .arg("-out")
                .arg(&certificate),
        )
        .succeeded();
        machine.trust(&fs::read_to_string(&certificate).expect("a new certificate"));
        let settings = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '{address}:443', tls: {{certificate: {}, key: {}}}}}\n{access}",
            data.display(),
            certificate.display(),
            key.display()
        );
        let settings = machine.write(&format!("registry/{host}.yml"), &settings);
        let listens = || Server::listens(&format!("{address}:443"));
        let server = Server::start(
            machine,
            host,
            machine.client("DOCKER_REGISTRY").arg("serve").arg(settings),
            listens,
        );
        let target = format!("docker://{host}/team/app:1");
        Run::of(
            machine
                .client("SKOPEO")
                .arg("copy")
                .args(push)
                .args([&image(machine), &target]),
        )
        .succeeded();
        Self { _server: server }
    }
}

/// A small image, as the source of `skopeo copy`.
pub(crate) fn image(machine: &Machine) -> String {
    let layer = machine.path("layer.tar");
    machine.write("layer/hello", "hello\n");
    let folder = machine.path("layer");
    Run::of(
        machine
            .command("tar")
            .arg("-C")
            .arg(folder)
            .arg("-cf")
            .arg(&layer)
            .arg("hello"),
    )
    .succeeded();
    format!("tarball:{}", layer.display())
}
