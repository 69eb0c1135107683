//! Dialling against servers of our own on loopback.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::net::CertificateProblem;

const LIMIT: Duration = Duration::from_secs(10);

struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("key")).expect("CA");
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), issuer.pem()).expect("written");
        Ca { issuer, file }
    }

    fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    fn acceptor(&self, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("name");
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("key"),
            )
            .expect("config");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Answers one connection with a greeting.
async fn serve(tasks: &mut JoinSet<()>, acceptor: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = listener.local_addr().expect("address").port();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        match acceptor {
            None => drop(stream.write_all(b"220 plain\r\n").await),
            Some(acceptor) => {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    drop(stream.write_all(b"220 tls\r\n").await);
                    drop(stream.shutdown().await);
                }
            }
        }
    });
    port
}

fn endpoint(port: u16, tls: Tls, ca_file: Option<PathBuf>) -> Endpoint {
    Endpoint { host: "localhost".to_owned(), port, tls, ca_file }
}

async fn failure(port: u16, ca_file: Option<PathBuf>) -> NetError {
    connect(&endpoint(port, Tls::Implicit, ca_file), LIMIT).await.expect_err("no connection")
}

#[tokio::test]
async fn a_trusted_server_is_spoken_to() {
    let (ca, mut tasks) = (Ca::new(), JoinSet::new());
    let port = serve(&mut tasks, Some(ca.acceptor(|_| {}))).await;
    let mut link = connect(&endpoint(port, Tls::Implicit, Some(ca.path())), LIMIT).await.expect("connection");
    let mut text = String::new();
    link.read_to_string(&mut text).await.expect("greeting");
    assert_eq!((text.as_str(), link.is_protected()), ("220 tls\r\n", true));
}

#[tokio::test]
async fn certificates_are_refused_in_words() {
    let (ca, mut tasks) = (Ca::new(), JoinSet::new());
    let old = |params: &mut CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    };
    let other = |params: &mut CertificateParams| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("other.example".try_into().expect("name"))];
    };
    let expired = serve(&mut tasks, Some(ca.acceptor(old))).await;
    let wrong = serve(&mut tasks, Some(ca.acceptor(other))).await;
    let unknown = serve(&mut tasks, Some(Ca::new().acceptor(|_| {}))).await;
    for (port, expected) in [
        (expired, CertificateProblem::Expired),
        (wrong, CertificateProblem::WrongName),
        (unknown, CertificateProblem::UnknownIssuer),
    ] {
        let error = failure(port, Some(ca.path())).await;
        assert!(matches!(&error, NetError::Certificate { problem, .. } if *problem == expected), "{error}");
    }
}

#[tokio::test]
async fn the_file_of_certificates_is_named() {
    let mut tasks = JoinSet::new();
    let port = serve(&mut tasks, Some(Ca::new().acceptor(|_| {}))).await;
    let text = failure(port, Some(PathBuf::from("/nonexistent/ca.pem"))).await.to_string();
    assert!(text.contains("/nonexistent/ca.pem"), "{text}");
    let empty = tempfile::NamedTempFile::new().expect("file");
    let port = serve(&mut tasks, None).await;
    let text = failure(port, Some(empty.path().to_owned())).await.to_string();
    assert!(text.contains("no certificate"), "{text}");
}

#[tokio::test]
async fn what_ops_have_to_tell_apart_is_told_apart() {
    let (ca, mut tasks) = (Ca::new(), JoinSet::new());
    let plain = serve(&mut tasks, None).await;
    assert_eq!(failure(plain, Some(ca.path())).await.slug(), "tls");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("port").local_addr().expect("address").port();
    assert_eq!(failure(closed, Some(ca.path())).await.slug(), "refused");
    let nowhere = Endpoint { host: "nowhere.invalid".to_owned(), ..endpoint(1, Tls::Implicit, None) };
    assert_eq!(connect(&nowhere, LIMIT).await.expect_err("no name").slug(), "name-not-found");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = silent.local_addr().expect("address").port();
    let error = connect(&endpoint(port, Tls::Implicit, Some(ca.path())), Duration::from_millis(100)).await;
    assert_eq!(error.expect_err("no answer").slug(), "timed-out");
}

#[tokio::test]
async fn another_machine_is_never_spoken_to_in_the_clear() {
    let away = Endpoint { host: "192.0.2.1".to_owned(), ..endpoint(143, Tls::None, None) };
    assert_eq!(connect(&away, LIMIT).await.expect_err("refused").slug(), "unprotected");
}

#[tokio::test]
async fn a_plain_link_is_upgraded() {
    let (ca, mut tasks) = (Ca::new(), JoinSet::new());
    let port = serve(&mut tasks, Some(ca.acceptor(|_| {}))).await;
    let endpoint = endpoint(port, Tls::StartTls, Some(ca.path()));
    let link = connect(&endpoint, LIMIT).await.expect("connection");
    assert!(!link.is_protected());
    assert!(secure(link, &endpoint, LIMIT).await.expect("TLS").is_protected());
}
