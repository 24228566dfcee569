//! Whom TLS trusts: the platform's roots, and the certificates in `AWS_CA_BUNDLE`.

use std::fs;

use aws_connector_core::env::Env;
use aws_connector_core::error::{Error, Result};
use aws_connector_core::shown::shown;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

const VARIABLE: &str = "AWS_CA_BUNDLE";

/// The trust that the environment asks for.
///
/// # Errors
/// `AWS_CA_BUNDLE` names a file that cannot be read or holds no certificate.
pub(crate) fn context(env: &Env) -> Result<TlsContext> {
    let mut store = TrustStore::default();
    if let Some(path) = env.get(VARIABLE) {
        store.add_pem_certificate(bundle(&path)?);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| Error::local(format!("TLS cannot be set up: {error}")))
}

/// The usable certificates of a file, as PEM. The HTTP client panics on those that are not, so
/// they must not get there; a bundle is not refused for the odd one that rustls cannot use.
fn bundle(path: &str) -> Result<Vec<u8>> {
    let fail = |what: String| {
        Error::local(format!("{VARIABLE} names {} {what}", shown(path))).fix(format!(
            "set {VARIABLE} to a file of PEM certificates, or unset it"
        ))
    };
    let pem = fs::read(path).map_err(|error| fail(format!("which cannot be read: {error}")))?;
    let mut roots = rustls::RootCertStore::empty();
    let mut usable = String::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let der = certificate.map_err(|_| fail("which is not a PEM file".to_owned()))?;
        let text = STANDARD.encode(&der);
        if roots.add(der).is_ok() {
            usable.push_str("-----BEGIN CERTIFICATE-----\n");
            usable.push_str(&text);
            usable.push_str("\n-----END CERTIFICATE-----\n");
        }
    }
    if usable.is_empty() {
        return Err(fail("which holds no certificate".to_owned()));
    }
    Ok(usable.into_bytes())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn refusal(content: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, content).unwrap();
        let env = Env::fixed([(VARIABLE, path.to_str().unwrap())]);
        context(&env).unwrap_err().to_string()
    }

    #[test]
    fn a_bundle_that_is_no_bundle_is_an_error_that_names_the_variable() {
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
