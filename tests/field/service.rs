//! The daemon as a service: what it tells the service manager (`sd_notify(3)`), and that it needs no privilege.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use tokio::net::UnixDatagram;

use crate::daemon::{PROGRAM, program};
use crate::servers;
use crate::setup::{Desk, incident, protected};
use crate::wait::until;

/// A service manager that only listens.
struct Manager(UnixDatagram);

impl Manager {
    /// The next message with a line that begins like this.
    async fn hears(&self, line: &str) -> String {
        let mut buffer = vec![0; 4096];
        until(&format!("the manager hears {line}"), async || {
            let count = self.0.recv(&mut buffer).await.expect("a message");
            let message = String::from_utf8_lossy(&buffer[..count]).into_owned();
            message.lines().any(|found| found.starts_with(line)).then_some(message)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_what_happens() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let socket = desk.path("notify");
    let manager = Manager(UnixDatagram::bind(&socket).expect("a socket"));
    let mut command = program(Path::new(PROGRAM));
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "24000000");
    let mut daemon = desk.start_as(command);

    manager.hears("READY=1").await;
    // More than one: it is fed, and not only greeted.
    for _ in 0..2 {
        manager.hears("WATCHDOG=1").await;
    }
    manager.hears("STATUS=2 of 2 mailboxes").await;
    daemon.signal("HUP").await;
    let reloading = manager.hears("RELOADING=1").await;
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.hears("READY=1").await;
    desk.write_policy(|_| "no policy".to_owned());
    daemon.signal("HUP").await;
    manager.hears("RELOADING=1").await;
    manager.hears("READY=1").await;
    daemon.signal("TERM").await;
    manager.hears("STOPPING=1").await;
    assert_eq!(daemon.ended(crate::signals::STOPS_WITHIN).await.code(), Some(0), "{}", daemon.log());
}

/// By Debian's convention: somebody who owns nothing.
const NOBODY: u32 = 65534;

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_as_a_user_without_privileges_and_root_may_look_at_it() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = protected(&servers, servers.imaps, "implicit");
    let copy = desk.path("nightdesk");
    // Where the program was built nobody else may walk.
    fs::copy(PROGRAM, &copy).expect("a copy");
    desk.write_settings();
    for file in ["", "password", "key"] {
        chown(desk.path(file), Some(NOBODY), Some(NOBODY)).expect("root");
    }
    let start = || {
        let mut command = program(&copy);
        command.uid(NOBODY).gid(NOBODY);
        desk.start_as(command)
    };
    let mut imap = servers.log_in(&desk.evening).await;
    let customer = servers.customer();
    for subject in ["by nobody", "by nobody again"] {
        let mut daemon = start();
        daemon.ready().await;
        imap.append("INBOX", &incident(&customer, &desk.evening, subject)).await;
        let urgent = format!("Urgent: {subject}");
        until(&urgent, async || (desk.receiver.keys(&urgent).len() == 1).then_some(())).await;
        assert_eq!(daemon.ask(&["status"]).await.code, Some(0));
        daemon.kill().await;
        // Root opens the database alone, and leaves nothing in it that the daemon could not open.
        let cases = crate::daemon::ask(&desk.path("nightdesk.toml"), &["cases"]).await;
        assert_eq!(cases.code, Some(0), "{cases:?}");
        let files = fs::read_dir(desk.folder.path()).expect("a folder").map(|file| file.expect("a file"));
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with("nightdesk.db")) {
            let owner = file.metadata().expect("a file").uid();
            assert_eq!(owner, NOBODY, "who owns {}", file.path().display());
        }
    }
}
