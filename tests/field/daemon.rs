//! The running daemon, and the commands that look at it.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::wait::until;

/// A daemon; killed when dropped, and its log is shown when the test failed.
pub(crate) struct Daemon {
    child: Child,
    _watchdog: Watchdog,
    settings: PathBuf,
    log: PathBuf,
    http: u16,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) answer: String,
    pub(crate) complaint: String,
}

/// Runs `nightdesk` to its end.
pub(crate) async fn nightdesk(arguments: &[&str]) -> Ran {
    let running =
        program(Path::new(PROGRAM)).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_mins(1), running).await;
    let output = output.unwrap_or_else(|_| panic!("hangs: {arguments:?}")).expect("the program runs");
    Ran {
        code: output.status.code(),
        answer: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What is tested.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_nightdesk");

/// A program without what the environment of a test would tell it.
pub(crate) fn program(file: &Path) -> Command {
    let mut command = Command::new(file);
    for name in
        ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "COLUMNS", "TERM", "JOURNAL_STREAM", "NOTIFY_SOCKET"]
    {
        command.env_remove(name);
    }
    command
}

impl Daemon {
    /// Starts `nightdesk run`; each start has a log of its own beside the settings.
    pub(crate) fn start(mut program: Command, settings: &Path, http: u16) -> Daemon {
        let log = (1..100).map(|n| settings.with_file_name(format!("log-{n}"))).find(|log| !log.exists());
        let log = log.expect("a test starts fewer");
        let to_log = File::create(&log).expect("a log");
        let child = program
            .args(["run", "--config"])
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(to_log.try_clone().expect("a handle"))
            .stderr(to_log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let watchdog = Watchdog::over(child.id().expect("it runs"));
        Daemon { child, _watchdog: watchdog, settings: settings.to_owned(), log, http }
    }

    /// Until it watches all its mailboxes.
    pub(crate) async fn ready(&mut self) {
        until("the daemon is ready", async || {
            assert_eq!(self.child.try_wait().expect("a child"), None, "it still runs: {}", self.log());
            (page(self.http, "/readyz").await?.0 == 200).then_some(())
        })
        .await;
    }

    /// As `kill -9` does it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it ran");
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs");
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().await;
        assert!(sent.expect("a shell").success(), "kill -{name}");
    }

    /// Until it ends by itself, for at most so long.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it ends within {within:?}")).expect("a child")
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Runs a command with the settings of this daemon.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> Ran {
        ask(&self.settings, arguments).await
    }

    /// What `status --json` says; null as long as there is no database.
    pub(crate) async fn status(&self) -> Value {
        let ran = self.ask(&["status", "--json"]).await;
        if ran.code == Some(3) {
            return Value::Null;
        }
        serde_json::from_str(&ran.answer).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// How many mails of a mailbox are recorded in a state of the ledger.
    pub(crate) async fn recorded(&self, mailbox: &str, state: &str) -> u64 {
        let status = self.status().await;
        let mailboxes = status["mailboxes"].as_array().cloned().unwrap_or_default();
        let found = mailboxes.into_iter().find(|row| row["name"] == mailbox);
        found.and_then(|row| row["counts"][state].as_u64()).unwrap_or_default()
    }

    /// Until so many mails of a mailbox are recorded in a state of the ledger.
    pub(crate) async fn records(&self, mailbox: &str, state: &str, count: u64) {
        let what = format!("{count} mails of {mailbox} are {state}");
        until(&what, async || (self.recorded(mailbox, state).await >= count).then_some(())).await;
        assert_eq!(self.recorded(mailbox, state).await, count, "{what}");
    }
}

impl Daemon {
    /// Until nothing in the outbox is still to be sent.
    pub(crate) async fn has_sent_all(&self) {
        until("nothing waits any more", async || nothing_waits(&self.status().await["outbox"]).then_some(()))
            .await;
    }

    /// The rows that a command lists.
    pub(crate) async fn rows(&self, command: &str) -> Vec<Value> {
        let ran = self.ask(&[command, "--json"]).await;
        let rows =
            ran.answer.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{ran:?}")));
        rows.collect()
    }
}

/// Whether an outbox, as `status` counts it, has nothing that will still be sent.
pub(crate) fn nothing_waits(outbox: &Value) -> bool {
    let waiting = ["pending", "leased", "handing-over", "retrying"];
    waiting.iter().all(|state| outbox[state].as_u64().unwrap_or_default() == 0)
}

/// Kills a daemon when this process ends, also when it is killed itself: then the pipe to the watchdog ends.
struct Watchdog(process::Child);

impl Watchdog {
    fn over(daemon: u32) -> Watchdog {
        let watchdog = process::Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$1\"", "watchdog", &daemon.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is not for it.
            .process_group(0)
            .spawn();
        Watchdog(watchdog.expect("a shell"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before its pipe ends, since the daemon's id may be another's by then.
        drop((self.0.kill(), self.0.wait()));
    }
}

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "who reads a failed test wants the log")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let shown = log.lines().rev().take(60).collect::<Vec<_>>();
            eprintln!("{}", shown.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
}

/// Runs a command with these settings.
pub(crate) async fn ask(settings: &Path, arguments: &[&str]) -> Ran {
    let settings = settings.to_str().expect("UTF-8");
    nightdesk(&[arguments, &["--config", settings]].concat()).await
}

/// The status and the body of a page of the daemon, when it answers.
pub(crate) async fn page(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
