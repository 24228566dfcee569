//! The certificates that TLS trusts: the platform's roots, and those in `AWS_CA_BUNDLE`.
//!
//! On Linux, reads the roots from the single bundle file: the directory of separate files next to
//! it has the same certificates, but reading it takes longer than calling AWS.

#[cfg(target_os = "linux")]
use std::fs;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::fs as guarded;
use aws_connector_core::shown::shown;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

const VARIABLE: &str = "AWS_CA_BUNDLE";

/// The size limit of a bundle; the platforms' own take a quarter of a megabyte.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Creates the TLS configuration that the environment requests.
///
/// # Errors
/// `AWS_CA_BUNDLE` names a file that cannot be read or contains no certificate.
pub(crate) fn context(env: &Env) -> Result<TlsContext> {
    let mut store = platform_roots(env, env.get(VARIABLE).is_some())?;
    if let Some(path) = env.get(VARIABLE) {
        store.add_pem_certificate(bundle(&path)?);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| Error::local("cannot set up TLS").because(error))
}

/// The paths of the bundle file on different distributions.
#[cfg(target_os = "linux")]
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/etc/ssl/certs/ca-certificates.crt",
];

/// The platform's roots. If there are none, that is an error only if nothing else is trusted.
#[cfg(target_os = "linux")]
fn platform_roots(env: &Env, others: bool) -> Result<TrustStore> {
    let mut files: Vec<PathBuf> = match (env.get("SSL_CERT_FILE"), env.get("SSL_CERT_DIR")) {
        (Some(file), _) => vec![file.into()],
        (None, Some(folder)) => fs::read_dir(folder)
            .map(|list| list.flatten().map(|item| item.path()).collect())
            .unwrap_or_default(),
        (None, None) => BUNDLES
            .iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
            .into_iter()
            .collect(),
    };
    files.sort();
    let mut roots = String::new();
    for file in &files {
        if let Ok(pem) = guarded::read(file, LONGEST) {
            // Skip a system certificate file that is not PEM.
            roots.push_str(&usable(&pem).unwrap_or_default());
        }
    }
    if roots.is_empty() && !others {
        return Err(
            Error::local("this machine has no root certificates").fix(format!(
                "install ca-certificates, or set {VARIABLE} to a file of PEM certificates"
            )),
        );
    }
    let mut store = TrustStore::empty();
    if !roots.is_empty() {
        store.add_pem_certificate(roots.into_bytes());
    }
    Ok(store)
}

#[cfg(not(target_os = "linux"))]
fn platform_roots(_: &Env, _: bool) -> Result<TrustStore> {
    Ok(TrustStore::default())
}

/// The certificates of `AWS_CA_BUNDLE`.
fn bundle(path: &str) -> Result<Vec<u8>> {
    let fail = |what: &str| {
        Error::local(format!("{VARIABLE} is {}, {what}", shown(path))).fix(format!(
            "set {VARIABLE} to a file of PEM certificates, or unset it"
        ))
    };
    let pem = guarded::read(Path::new(path), LONGEST)
        .map_err(|error| fail("which cannot be read").because(error))?;
    let usable = usable(&pem).ok_or_else(|| fail("which is not a PEM file"))?;
    if usable.is_empty() {
        return Err(fail("which contains no certificate"));
    }
    Ok(usable.into_bytes())
}

/// The usable certificates of a file, as PEM; `None` if the file is not PEM. The HTTP client panics
/// on unusable certificates, so remove those that rustls cannot parse instead of rejecting the
/// file.
fn usable(pem: &[u8]) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    let mut usable = String::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let der = certificate.ok()?;
        let text = STANDARD.encode(&der);
        if roots.add(der).is_ok() {
            usable.push_str("-----BEGIN CERTIFICATE-----\n");
            usable.push_str(&text);
            usable.push_str("\n-----END CERTIFICATE-----\n");
        }
    }
    Some(usable)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fs;

    use super::*;

    fn refusal(content: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, content).unwrap();
        let env = Env::fixed([(VARIABLE, path.to_str().unwrap())]);
        context(&env).unwrap_err().to_string()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn missing_root_certificates_are_an_error() {
        let env = Env::fixed([("SSL_CERT_FILE", "/dev/null")]);
        let text = context(&env).unwrap_err().to_string();
        assert!(
            text.contains("no root certificates") && text.contains("AWS_CA_BUNDLE"),
            "{text}"
        );
    }

    #[test]
    fn an_invalid_bundle_is_an_error_that_names_the_variable() {
        for content in [
            &b""[..],
            b"hello",
            b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\nAAAA",
        ] {
            let text = refusal(content);
            assert!(
                text.contains("AWS_CA_BUNDLE") && text.contains("ca.pem"),
                "{text}"
            );
        }
        let env = Env::fixed([(VARIABLE, "/no/such/file")]);
        let text = context(&env).unwrap_err().to_string();
        assert!(
            text.contains("AWS_CA_BUNDLE") && text.contains("cannot be read"),
            "{text}"
        );
    }
}
