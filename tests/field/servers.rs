//! The private Dovecot and Postfix, once for all tests.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::imap::Imap;

/// The domain that we answer for.
const OURS: &str = "example.test";
/// The domain of those who write to us.
const THEIRS: &str = "customer.test";
/// How many accounts each of the two has: Dovecot looks for new ones only once a second, so all are there at once.
const ACCOUNTS: u32 = 2000;
/// Everybody's password.
pub(crate) const PASSWORD: &str = "open sesame";

/// Where the servers listen.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) smtp: u16,
    pub(crate) submission: u16,
    pub(crate) submissions: u16,
    /// What clients believe.
    pub(crate) ca: PathBuf,
    /// Where mail lies.
    mail: PathBuf,
    /// Its standard input ends with this process; then it stops the servers.
    control: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _script: Child,
    /// The number of the next account.
    given: AtomicU32,
}

fn ours(number: u32) -> String {
    format!("desk-{number}@{OURS}")
}

fn theirs(number: u32) -> String {
    format!("customer-{number}@{THEIRS}")
}

static SERVERS: OnceLock<Result<RwLock<Servers>, String>> = OnceLock::new();

/// The servers, together with other tests; `None` when they cannot be had, which was said.
pub(crate) async fn shared() -> Option<RwLockReadGuard<'static, Servers>> {
    Some(lock()?.read().await)
}

/// The servers for one test that stops them.
pub(crate) async fn alone() -> Option<RwLockWriteGuard<'static, Servers>> {
    Some(lock()?.write().await)
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn lock() -> Option<&'static RwLock<Servers>> {
    match SERVERS.get_or_init(|| Servers::start().map(RwLock::new)) {
        Ok(servers) => Some(servers),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("must not be skipped: {why}")
        }
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

impl Servers {
    fn start() -> Result<Servers, String> {
        let folder = std::env::temp_dir().join(format!("nightdesk-field-{}", std::process::id()));
        let mut accounts = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        for number in 1..=ACCOUNTS {
            for address in [ours(number), theirs(number)] {
                writeln!(accounts, "{address}:{{PLAIN}}{PASSWORD}::::::")
                    .map_err(|error| error.to_string())?;
            }
        }
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/servers/servers.sh"))
            .arg(&folder)
            .args([OURS, THEIRS])
            .env("ACCOUNTS", accounts.path())
            .env("SIEVE", "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("servers.sh: {error}"))?;
        let mut said = BufReader::new(script.stdout.take().expect("piped"));
        let mut values = HashMap::new();
        loop {
            let mut line = String::new();
            if said.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                let complaint = script.wait_with_output().map_err(|error| error.to_string())?.stderr;
                return Err(String::from_utf8_lossy(&complaint).trim().to_owned());
            }
            match line.trim().split_once('=') {
                Some((name, value)) => values.insert(name.to_owned(), value.to_owned()),
                None => break,
            };
        }
        let port = |name: &str| values[name].parse().expect("a port");
        Ok(Servers {
            imap: port("IMAP"),
            imaps: port("IMAPS"),
            smtp: port("SMTP"),
            submission: port("SUBMISSION"),
            submissions: port("SUBMISSIONS"),
            ca: PathBuf::from(&values["CA"]),
            mail: PathBuf::from(&values["MAIL"]),
            control: Mutex::new((script.stdin.take().expect("piped"), said)),
            _script: script,
            given: AtomicU32::new(1),
        })
    }

    /// An address of ours that no other test has.
    pub(crate) fn desk(&self) -> String {
        ours(self.next())
    }

    /// A customer that no other test has.
    pub(crate) fn customer(&self) -> String {
        theirs(self.next())
    }

    fn next(&self) -> u32 {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        assert!(number <= ACCOUNTS, "there are more accounts");
        number
    }

    /// Logs in.
    pub(crate) async fn log_in(&self, address: &str) -> Imap {
        Imap::log_in(self.imap, address, PASSWORD).await
    }

    /// The folder on disk of somebody's INBOX.
    pub(crate) fn maildir(&self, address: &str) -> PathBuf {
        let (name, domain) = address.split_once('@').expect("an address");
        self.mail.join(domain).join(name).join("Maildir")
    }

    /// Lets a script (RFC 5228) loose on each mail that comes in for somebody from now on.
    pub(crate) async fn sieve(&self, address: &str, script: &str) {
        // Whoever looks into a mailbox for the first time gets a home.
        self.log_in(address).await.mails("INBOX").await;
        let file = self.maildir(address).with_file_name(".dovecot.sieve");
        std::fs::write(file, script).expect("a script");
    }

    /// Whether Postfix still has a mail from or to one of these addresses.
    pub(crate) async fn still_have(&self, addresses: &[&str]) -> bool {
        let configuration = self.mail.with_file_name("postfix").join("etc");
        let mut queue = tokio::process::Command::new("postqueue");
        queue.env("PATH", "/usr/sbin:/usr/bin:/bin").arg("-c").arg(configuration).arg("-j");
        let queue = queue.output().await.expect("Postfix is installed");
        assert!(queue.status.success(), "{queue:?}");
        let queue = String::from_utf8_lossy(&queue.stdout).into_owned();
        addresses.iter().any(|address| queue.contains(&format!("\"{address}\"")))
    }

    /// `start` or `stop`, `dovecot` or `postfix`; comes back when it is done.
    pub(crate) fn tell(&mut self, verb: &str, server: &str) {
        let control = self.control.get_mut().expect("nobody panicked with it");
        writeln!(control.0, "{verb} {server}").expect("the script listens");
        let mut answer = String::new();
        control.1.read_line(&mut answer).expect("the script answers");
        assert_eq!(answer.trim(), "done", "{verb} {server}");
    }
}
