//! An authority of our own and certificates for `localhost`.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// A server's side of TLS, and the file by which clients believe it.
pub(crate) struct Certified {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_file: PathBuf,
    _folder: TempDir,
}

/// With a certificate that is valid until this year.
pub(crate) fn until(year: i32) -> Certified {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let authority_certificate = authority.self_signed(&authority_key).expect("a certificate");
    let mut server = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    server.not_before = date_time_ymd(2000, 1, 1);
    server.not_after = date_time_ymd(year, 1, 1);
    let server_key = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(authority, authority_key);
    let certificate = server.signed_by(&server_key, &issuer).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority_certificate.pem()).expect("a file");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a usable certificate");
    Certified { acceptor: TlsAcceptor::from(Arc::new(config)), ca_file, _folder: folder }
}
