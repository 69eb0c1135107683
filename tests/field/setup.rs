//! A desk of its own for each test: the policy of the demo, settings, a mailbox, a receiver of alerts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::Offset;
use nightdesk::base::clock::{Clock, SystemClock};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tempfile::TempDir;
use tokio::process::Command;

use crate::daemon::{Daemon, PROGRAM, program};
use crate::imap::Mail;
use crate::receiver::{KEY, Receiver};
use crate::servers::{PASSWORD, Servers};

/// Everything that one daemon needs. Fields may be changed before [`Desk::start`].
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    /// Where alerts and alarms arrive.
    pub(crate) receiver: Receiver,
    /// The address of the desk where it is night now.
    pub(crate) evening: String,
    /// The address of the desk where it is day now.
    pub(crate) noon: String,
    /// The address of those who are on call.
    pub(crate) on_call: String,
    /// The IMAP endpoint of both mailboxes, as an inline table.
    pub(crate) imap: String,
    /// The SMTP endpoint of their replies.
    pub(crate) smtp: String,
    /// The SMTP endpoint of alerts by mail.
    pub(crate) alert_smtp: String,
    /// The folder on the server.
    pub(crate) mail_folder: &'static str,
    /// From where a mailbox is read at first sight.
    pub(crate) start: &'static str,
    /// Whether it acts on what it decides.
    pub(crate) act: bool,
    /// The password in the settings.
    pub(crate) password: &'static str,
    /// Where health is told.
    pub(crate) http: u16,
}

impl Desk {
    /// A desk as most tests want it: IMAP as plain text, so that a proxy can count it, and mail over submission.
    pub(crate) async fn new(servers: &Servers) -> Desk {
        let desk = Desk {
            folder: tempfile::tempdir().expect("a folder"),
            receiver: Receiver::start().await,
            evening: servers.desk(),
            noon: servers.desk(),
            on_call: servers.desk(),
            imap: plain(servers.imap),
            smtp: protected(servers, servers.submission, "starttls"),
            alert_smtp: protected(servers, servers.submissions, "implicit"),
            mail_folder: "INBOX",
            start: "all",
            act: true,
            password: PASSWORD,
            http: free_port().await,
        };
        desk.write_policy(|policy| policy);
        desk
    }

    /// Where a file of the desk lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the policy of the demo, changed like this.
    pub(crate) fn write_policy(&self, change: impl Fn(String) -> String) {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/demo/policy");
        fs::create_dir_all(self.path("policy/replies")).expect("a folder");
        for reply in fs::read_dir(demo.join("replies")).expect("replies") {
            let reply = reply.expect("a reply");
            fs::copy(reply.path(), self.path("policy/replies").join(reply.file_name())).expect("a copy");
        }
        let policy = fs::read_to_string(demo.join("policy.toml"))
            .expect("a policy")
            .replace("\"-05:00\"", &zone_where_it_is(22))
            .replace("\"+08:00\"", &zone_where_it_is(11));
        let policy = format!("{policy}per_domain = \"1000/1h\"\nper_mailbox = \"1000/1h\"\n");
        fs::write(self.path("policy/policy.toml"), change(policy)).expect("a policy");
    }

    /// Writes the settings.
    pub(crate) fn write_settings(&self) {
        let Desk { imap, smtp, alert_smtp, evening, noon, on_call, http, start, mail_folder, act, .. } = self;
        let port = self.receiver.port;
        let database = self.path("nightdesk.db");
        let database = database.display();
        let mut settings = format!(
            r#"
[store]
url = "sqlite://{database}"
[http]
listen = "127.0.0.1:{http}"
[[account]]
name = "alerts"
imap = {imap}
smtp = {alert_smtp}
username = "{on_call}"
secret = {{ file = "password" }}
[[channel]]
name = "pager"
type = "webhook"
url = "http://127.0.0.1:{port}/alerts"
hmac = {{ file = "key" }}
[[channel]]
name = "on-call-mail"
type = "smtp"
account = "alerts"
from = "nightdesk <{on_call}>"
to = ["{on_call}"]
[ops]
alarm = ["pager"]
"#
        );
        for (name, address) in [("evening", evening), ("noon", noon)] {
            let login = if smtp.contains("tls = \"none\"") { ", login = false }" } else { " }" };
            let smtp = smtp.replace(" }", login);
            let mailbox = format!(
                r#"
[[account]]
name = "{name}"
imap = {imap}
smtp = {smtp}
username = "{address}"
secret = {{ file = "password" }}
[[mailbox]]
name = "{name}"
account = "{name}"
folder = "{mail_folder}"
policy = "policy"
addresses = ["{address}"]
start = "{start}"
act = {act}
poll = "2s"
stale_after = "10s"
"#
            );
            settings.push_str(&mailbox);
        }
        fs::write(self.path("nightdesk.toml"), settings).expect("settings");
        fs::write(self.path("password"), self.password).expect("a password");
        fs::write(self.path("key"), KEY).expect("a key");
    }

    /// Writes the settings and starts the daemon.
    pub(crate) fn start(&self) -> Daemon {
        self.start_as(program(Path::new(PROGRAM)))
    }

    /// The same, for a program with an environment or a user of its own.
    pub(crate) fn start_as(&self, program: Command) -> Daemon {
        self.write_settings();
        Daemon::start(program, &self.path("nightdesk.toml"), self.http)
    }

    /// The UIDs that the ledger has for an account.
    pub(crate) async fn ledger(&self, username: &str) -> BTreeSet<u32> {
        let options = SqliteConnectOptions::new().filename(self.path("nightdesk.db")).read_only(true);
        let mut database: SqliteConnection = options.connect().await.expect("a database");
        let rows = "SELECT uid FROM ledger JOIN mailbox ON mailbox.id = mailbox_id WHERE username = $1";
        let rows = sqlx::query(rows).bind(username).fetch_all(&mut database).await.expect("a ledger");
        let uids = rows.iter().map(|row| u32::try_from(row.get::<i64, _>(0)).expect("a UID")).collect();
        database.close().await.expect("it closes");
        uids
    }
}

/// An endpoint without TLS.
pub(crate) fn plain(port: u16) -> String {
    format!(r#"{{ host = "127.0.0.1", port = {port}, tls = "none" }}"#)
}

/// An endpoint behind TLS: `implicit` or `starttls`.
pub(crate) fn protected(servers: &Servers, port: u16, tls: &str) -> String {
    let ca = servers.ca.display();
    format!(r#"{{ host = "localhost", port = {port}, tls = "{tls}", ca_file = "{ca}" }}"#)
}

/// A mail about an incident.
pub(crate) fn incident(from: &str, to: &str, subject: &str) -> String {
    mail(from, to, &format!("Urgent: {subject}"), "The checkout API is down, and nothing else works either.")
}

/// A mail.
pub(crate) fn mail(from: &str, to: &str, subject: &str, text: &str) -> String {
    let id = subject.replace(|c: char| !c.is_ascii_alphanumeric(), ".");
    format!("From: <{from}>\nTo: <{to}>\nSubject: {subject}\nMessage-ID: <{id}.{from}>\n\n{text}\n")
}

/// The automatic replies among mails.
pub(crate) fn replies(mails: &[Mail]) -> Vec<&Mail> {
    mails.iter().filter(|mail| mail.header("Auto-Submitted").as_deref() == Some("auto-replied")).collect()
}

/// A port with nobody there.
pub(crate) async fn free_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound").port()
}

/// A fixed offset from UTC, in quotes, at which it is this hour now.
fn zone_where_it_is(hour: i8) -> String {
    let hours = (hour - SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).hour() + 36) % 24 - 12;
    let offset = Offset::constant(hours);
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!("\"{sign}{:02}:00\"", hours.abs())
}
