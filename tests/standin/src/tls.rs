//! A certificate authority for tests, which issues certificates for the names that clients request.

use crate::policy::glob;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Host names with certificates by default. A `*` matches dots too: certificates are issued per name, because a wildcard
/// certificate cannot cover `sts.*.amazonaws.com`.
pub(crate) const NAMES: [&str; 14] = [
    "localhost",
    "*.amazonaws.com",
    "*.amazonaws.com.cn",
    "*.amazonaws.eu",
    "*.c2s.ic.gov",
    "*.sc2s.sgov.gov",
    "*.cloud.adc-e.uk",
    "*.csp.hci.ic.gov",
    "*.api.aws",
    "*.api.amazonwebservices.com.cn",
    "*.api.amazonwebservices.eu",
    "*.on.aws",
    "public.ecr.aws",
    "ecr-public.aws.com",
];

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// With a key file the authority is the same in every run, so that clients are configured only once.
    pub(crate) fn new(key_file: Option<&Path>) -> Authority {
        let key = match key_file {
            Some(path) if path.exists() => {
                let pem = std::fs::read_to_string(path).expect("the CA key can be read");
                KeyPair::from_pem(&pem).expect("the CA key file holds a PKCS #8 key")
            }
            path => {
                let key = KeyPair::generate().expect("a key can be made");
                if let Some(path) = path {
                    std::fs::write(path, key.serialize_pem()).expect("the CA key can be written");
                }
                key
            }
        };
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "AWS stand-in test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params
            .self_signed(&key)
            .expect("the authority signs itself")
            .pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    fn certificate(&self, names: &[&str]) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().expect("a key can be made");
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut params =
            CertificateParams::new(names.clone()).expect("the names are host names or addresses");
        params.distinguished_name.push(
            DnType::CommonName,
            names[0].chars().take(64).collect::<String>(),
        );
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let leaf = params
            .signed_by(&key, &self.issuer)
            .expect("the authority signs");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = rustls::crypto::ring::sign::any_ecdsa_type(&key).expect("ring takes the key");
        Arc::new(CertifiedKey::new(vec![leaf.der().clone()], signing))
    }
}

/// Issues a certificate when a name is first requested.
struct Resolver {
    authority: Authority,
    patterns: Vec<String>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    default: Arc<CertifiedKey>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver")
            .field("patterns", &self.patterns)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = hello
            .server_name()
            .filter(|n| self.patterns.iter().any(|p| glob(p, n)))
        else {
            // An unknown name gets a certificate for a different name, so that the client rejects it.
            return Some(Arc::clone(&self.default));
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = made
            .entry(name.to_owned())
            .or_insert_with(|| self.authority.certificate(&[name]));
        Some(Arc::clone(entry))
    }
}

pub(crate) fn config(authority: Authority, patterns: Vec<String>) -> Arc<rustls::ServerConfig> {
    let default = authority.certificate(&["localhost", "127.0.0.1", "::1"]);
    let made = Mutex::new(HashMap::from([(
        "localhost".to_owned(),
        Arc::clone(&default),
    )]));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default protocol versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Resolver {
            authority,
            patterns,
            made,
            default,
        }));
    Arc::new(config)
}
