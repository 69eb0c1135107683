//! Whom we believe, and what is wrong when we do not.
//!
//! The system's authorities (through `rustls-platform-verifier`), or only those of one file. The cryptography is named
//! explicitly (ring), so that no default of the process matters.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;

use super::link::server;
use super::{CertificateProblem, NetError};
use crate::settings::Endpoint;

/// A file of certificates; the bundle of all public authorities has a quarter of this.
const MOST_CA_BYTES: u64 = 1024 * 1024;

/// What was made of each file so far, with the bytes it was made of; the system's authorities stand under no file.
/// Hundreds of mailboxes share one, and a changed file is seen at the next connection.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

type Known = HashMap<Option<PathBuf>, (Vec<u8>, Arc<ClientConfig>)>;

/// What makes TLS connections to servers that these authorities vouch for.
pub(super) async fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, NetError> {
    let bytes = match ca_file {
        Some(file) => read(file).await.map_err(|error| unusable(file, error.to_string()))?,
        None => Vec::new(),
    };
    let key = ca_file.map(Path::to_owned);
    let known = {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key).filter(|(of, _)| *of == bytes).map(|(_, config)| Arc::clone(config))
    };
    if let Some(config) = known {
        return Ok(TlsConnector::from(config));
    }
    let config = Arc::new(config(ca_file, &bytes)?);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(key, (bytes, Arc::clone(&config)));
    Ok(TlsConnector::from(config))
}

async fn read(file: &Path) -> io::Result<Vec<u8>> {
    if tokio::fs::metadata(file).await?.len() > MOST_CA_BYTES {
        return Err(io::Error::other("the file is larger than 1 MiB"));
    }
    tokio::fs::read(file).await
}

fn config(ca_file: Option<&Path>, bytes: &[u8]) -> Result<ClientConfig, NetError> {
    let failed = |error: rustls::Error| match ca_file {
        Some(file) => unusable(file, error.to_string()),
        None => NetError::Tls { server: "any server".to_owned(), reason: error.to_string() },
    };
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match ca_file {
        Some(file) => builder.with_root_certificates(roots(file, bytes)?),
        None => builder.with_platform_verifier().map_err(failed)?,
    };
    let mut config = builder.with_no_client_auth();
    // Connections live for days; remembered sessions would only cost memory.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn roots(file: &Path, bytes: &[u8]) -> Result<RootCertStore, NetError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bytes) {
        let certificate = certificate.map_err(|error| unusable(file, error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(file, error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable(file, "it holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

fn unusable(file: &Path, reason: String) -> NetError {
    NetError::CaFile { file: file.to_owned(), reason }
}

/// The name that the certificate must be made out to.
pub(super) fn server_name(endpoint: &Endpoint) -> Result<ServerName<'static>, NetError> {
    ServerName::try_from(endpoint.host.clone()).map_err(|_| NetError::Tls {
        server: server(endpoint),
        reason: "the host is neither a name nor an address".to_owned(),
    })
}

/// What went wrong, for ops.
pub(super) fn explain(endpoint: &Endpoint, error: &io::Error) -> NetError {
    let server = server(endpoint);
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(problem)) => {
            NetError::Certificate { server, problem: certificate_problem(problem) }
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            NetError::Tls { server, reason: "it does not speak TLS on this port".to_owned() }
        }
        Some(other) => NetError::Tls { server, reason: other.to_string() },
        None => NetError::Reset { server, reason: error.to_string() },
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "rustls adds kinds; all others are told in its words")]
fn certificate_problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        // A bad signature is that of another authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateProblem::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        other => CertificateProblem::Other(other.to_string()),
    }
}
