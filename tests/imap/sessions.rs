//! Logging in: passwords of every kind, STARTTLS, and what is told when it fails.

use nightdesk::imap::{ImapError, Login, Session};
use nightdesk::settings::Tls;

use crate::ledger::Desk;
use crate::server::{Act, Mail, Server};

async fn desk() -> Desk {
    Desk::new(Server::start([(1, Mail::numbered(1))]).await)
}

async fn open(desk: &Desk, password: &str, tls: Tls) -> Result<Session, ImapError> {
    let login = Login { username: "desk".to_owned(), password: password.to_owned() };
    Session::open(&desk.endpoint(tls), &login, desk.patience).await
}

#[tokio::test]
async fn passwords_may_hold_anything() {
    let desk = desk().await;
    for (password, said) in [
        ("plain", "\"plain\""),
        ("with \"quotes\" and \\", "\"with \\\"quotes\\\" and \\\\\""),
        // AUTHENTICATE PLAIN, as \0desk\0pässwort and \0desk\0a\r\nb.
        ("pässwort", "AGRlc2sAcMOkc3N3b3J0"),
        ("a\r\nb", "AGRlc2sAYQ0KYg=="),
    ] {
        desk.server.folder().password = said.to_owned();
        let session = open(&desk, password, Tls::None).await;
        assert!(session.is_ok(), "{password:?}: {session:?}");
    }
}

#[tokio::test]
async fn a_refused_login_is_told_apart_and_repeats_no_secret() {
    let cases = [
        ("{tag} NO [AUTHENTICATIONFAILED] bad\r\n", "login-refused"),
        ("{tag} NO wrong\r\n", "login-refused"),
        ("{tag} NO [EXPIRED] change your password\r\n", "login-refused"),
        ("{tag} NO LOGIN desk hunter2 failed\r\n", "login-refused"),
        ("{tag} NO [UNAVAILABLE] backend down\r\n", "refused"),
        ("{tag} NO [LIMIT] too many connections\r\n", "refused"),
        ("* BYE overloaded\r\n", "bye"),
    ];
    for (answer, slug) in cases {
        let desk = desk().await;
        desk.server.fault("LOGIN", Act::Say(answer));
        let error = open(&desk, "hunter2", Tls::None).await.expect_err("refused");
        assert_eq!(error.slug(), slug, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_secret_is_said_before_tls() {
    let without = desk().await;
    let error = open(&without, "secret", Tls::StartTls).await.expect_err("no STARTTLS");
    assert!(error.to_string().contains("does not offer STARTTLS"), "{error}");
    for (answer, expected) in [
        ("{tag} OK go\r\n* CAPABILITY IMAP4rev1\r\n", "between STARTTLS and TLS"),
        ("{tag} NO not now\r\n", "refuses STARTTLS"),
        ("{tag} OK go\r\n", "tls"),
    ] {
        let desk = desk().await;
        desk.server.folder().capabilities = "IMAP4rev1 STARTTLS";
        desk.server.fault("STARTTLS", Act::Say(answer));
        let error = open(&desk, "secret", Tls::StartTls).await.expect_err("no TLS");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(desk.server.count("LOGIN"), 0);
    }
    let preauth = desk().await;
    preauth.server.fault("GREETING", Act::Say("* PREAUTH welcome\r\n"));
    let error = open(&preauth, "secret", Tls::StartTls).await.expect_err("no STARTTLS");
    assert_eq!(error.slug(), "unsupported");
}

#[tokio::test]
async fn a_server_that_takes_no_password_here_is_told_so() {
    let desk = desk().await;
    desk.server.folder().capabilities = "IMAP4rev1 LOGINDISABLED";
    let error = open(&desk, "secret", Tls::None).await.expect_err("refused");
    assert_eq!((error.slug(), desk.server.count("LOGIN")), ("unsupported", 0));
}

#[tokio::test]
async fn folders_are_named_as_people_write_them() {
    let desk = desk().await;
    let mut session = open(&desk, "secret", Tls::None).await.expect("a session");
    let examined = session.examine("Entwürfe & \"mehr\"").await.expect("a mailbox");
    assert_eq!((examined.uid_validity, examined.exists), (7, 1));
    assert_eq!(desk.server.count("EXAMINE \"Entw&APw-rfe &- \\\"mehr\\\"\""), 1);
    assert_eq!(session.examine("a\r\nb").await.expect_err("no name").slug(), "unsupported");
    session.log_out().await;
    assert_eq!(desk.server.count("LOGOUT"), 1);
}
