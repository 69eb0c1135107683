//! What layers make of each other, and that nothing written breaks anything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::diagnostic::SourceFile;

const MAIN: &str = r#"
[[account]]
name = "main"
imap = { host = "imap.example.com" }
smtp = { host = "smtp.example.com", tls = "starttls" }
username = "support@example.com"
secret = { file = "password" }

[[mailbox]]
name = "support"
account = "main"
policy = "policies/support"

[[channel]]
name = "on-call pager"
type = "log"

[ops]
alarm = ["on-call pager"]
"#;

fn compiled(files: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let files = files.iter().enumerate();
    compile(&Layers {
        files: files.map(|(index, text)| SourceFile::new(format!("{index}.toml"), *text)).collect(),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        folder: PathBuf::from("/etc/nightdesk"),
        unreadable: Vec::new(),
    })
}

fn settings(files: &[&str], environment: &[(&str, &str)]) -> Settings {
    let outcome = compiled(files, environment);
    outcome.settings.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

#[test]
fn what_nobody_wrote_has_defaults() {
    let settings = settings(&[MAIN], &[]);
    assert_eq!(settings.store.path, Path::new("/var/lib/nightdesk/nightdesk.db"));
    let account = &settings.accounts[0];
    assert_eq!((account.imap.port, account.imap.tls), (993, Tls::Implicit));
    let smtp = account.smtp.as_ref().expect("a server");
    assert_eq!((smtp.endpoint.port, smtp.endpoint.tls, smtp.login), (587, Tls::StartTls, true));
    assert_eq!(account.secret, SecretSource::File(PathBuf::from("/etc/nightdesk/password")));
    let mailbox = &settings.mailboxes[0];
    assert_eq!((mailbox.folder.as_str(), mailbox.start, mailbox.act), ("INBOX", Start::Now, true));
    assert_eq!((mailbox.poll, mailbox.stale_after), (Duration::from_mins(1), Duration::from_mins(5)));
    assert_eq!(mailbox.policy.value, Path::new("/etc/nightdesk/policies/support"));
    assert_eq!((settings.http.listen, settings.limits.memory), (None, 32 << 20));
}

#[test]
fn a_cursor_is_found_again_however_its_host_and_inbox_are_written() {
    let other = MAIN.replace("imap.example.com", "IMAP.Example.COM");
    let other = other.replace("policy = ", "folder = \"inbox\"\npolicy = ");
    let (plain, loud) = (settings(&[MAIN], &[]), settings(&[other.as_str()], &[]));
    assert_eq!(plain.accounts[0].imap, loud.accounts[0].imap);
    assert_eq!(plain.mailboxes[0].folder, loud.mailboxes[0].folder);
    let twin = r#"
        [[account]]
        name = "twin"
        imap = { host = "imap.EXAMPLE.com" }
        username = "support@example.com"
        secret = { file = "password" }
        [[mailbox]]
        name = "again"
        account = "twin"
        policy = "policies/support"
    "#;
    let outcome = compiled(&[MAIN, twin], &[]);
    let found = outcome.diagnostics.iter().any(|mistake| mistake.message.contains("watch the same folder"));
    assert!(found && outcome.settings.is_none(), "{:#?}", outcome.diagnostics);
}

#[test]
fn a_later_layer_adds_rows_and_changes_single_keys_of_known_ones() {
    let later = r#"
        [[mailbox]]
        name = "sales"
        account = "second"
        policy = "/srv/sales"
        [[account]]
        name = "second"
        imap = { host = "::1", tls = "none", port = 1143 }
        username = "sales"
        secret = { command = ["pass", "show", "sales"] }
        [[account]]
        name = "main"
        imap = { port = 1993 }
        secret = { credential = "imap" }
        [ops]
        alarm = []
    "#;
    let settings = settings(&[MAIN, later], &[]);
    let names: Vec<&str> = settings.accounts.iter().map(|account| account.name.value.as_str()).collect();
    assert_eq!(names, ["main", "second"], "rows keep the order in which they were first written");
    let [main, second] = settings.accounts.as_slice() else { panic!("two") };
    assert_eq!((main.imap.host.as_str(), main.imap.port), ("imap.example.com", 1993));
    assert_eq!(main.secret, SecretSource::Credential("imap".to_owned()), "a secret is replaced whole");
    assert_eq!((second.imap.host.as_str(), second.imap.port, second.smtp.is_none()), ("::1", 1143, true));
    assert_eq!(settings.mailboxes[1].account, 1);
    assert!(settings.ops.alarm.is_empty(), "a list is replaced whole");
}

#[test]
fn the_environment_wins_over_the_files() {
    let settings = settings(
        &[MAIN],
        &[
            ("NIGHTDESK__STORE__URL", "sqlite:state/night.db"),
            ("NIGHTDESK__ACCOUNT__MAIN__IMAP__PORT", "1993"),
            ("NIGHTDESK__ACCOUNT__MAIN__USERNAME", "12345"),
            ("NIGHTDESK__ACCOUNT__MAIN__SECRET__COMMAND", "pass, show,imap"),
            ("NIGHTDESK__MAILBOX__SUPPORT__ACT", "false"),
            ("NIGHTDESK__MAILBOX__SUPPORT__ADDRESSES", "a@example.com,b@example.com"),
            ("NIGHTDESK__CHANNEL__ON_CALL_PAGER__TYPE", "webhook"),
            ("NIGHTDESK__CHANNEL__ON_CALL_PAGER__URL", "http://127.0.0.1:8080/"),
            ("NIGHTDESK_LOG", "debug"),
        ],
    );
    assert_eq!(settings.store.path, Path::new("/etc/nightdesk/state/night.db"));
    let account = &settings.accounts[0];
    assert_eq!((account.imap.port, account.username.as_str()), (1993, "12345"));
    let words = ["pass", "show", "imap"].map(str::to_owned).to_vec();
    assert_eq!(account.secret, SecretSource::Command(words));
    let mailbox = &settings.mailboxes[0];
    assert!(!mailbox.act);
    assert_eq!(mailbox.addresses.len(), 2);
    let Place::Environment(place) = &mailbox.addresses[0].place else { panic!("a variable") };
    assert!(place.file.text.starts_with("NIGHTDESK__MAILBOX__SUPPORT__ADDRESSES="));
    assert!(
        matches!(&settings.channels[0].kind, ChannelKind::Webhook { url, .. } if url.ends_with(":8080/"))
    );
}

#[test]
fn all_mistakes_of_all_layers_are_told_at_once() {
    let outcome = compiled(
        &[&MAIN.replace("log", "lgo"), "[http]\nlisten = 1\n[[mailbox]]\nname = \"support\"\npoll = 3\n"],
        &[("NIGHTDESK__LIMITS__BREAKER", "many")],
    );
    assert!(outcome.settings.is_none());
    let files: Vec<&str> = outcome
        .diagnostics
        .iter()
        .map(|found| found.location.as_ref().map_or("", |location| location.file.name.as_str()))
        .collect();
    assert_eq!(files, ["0.toml", "1.toml", "1.toml", "the environment"]);
    assert!(outcome.store.is_some(), "the database is found all the same");
}

#[test]
fn a_list_in_a_channel_does_not_disturb_the_places_of_tables() {
    let strange = MAIN.replace("type = \"log\"", "type = \"smtp\"\nto = [{ store = { a = 1 } }]");
    let outcome = compiled(&[&strange, "[store]\nurl = 3"], &[]);
    let wrong: Vec<&str> = outcome.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(wrong.contains(&"unknown key in a recipient"), "{wrong:?}");
}

proptest! {
    #[test]
    fn nothing_that_is_written_breaks_anything(
        at in 0usize..600,
        cut in 0usize..40,
        text in "[\\[\\]{}=\"',.#a-z0-9 \n\u{e9}\0]{0,12}",
        name in "NIGHTDESK__[A-Z_.\\[\\]0-9]{0,40}",
        value in "\\PC{0,12}",
    ) {
        let mut main = MAIN.to_owned();
        let at = main.char_indices().map(|(index, _)| index).nth(at).unwrap_or(main.len());
        let end = (at + cut).min(main.len());
        if main.is_char_boundary(end) {
            main.replace_range(at..end, &text);
        }
        let outcome = compiled(&[&main, MAIN], &[(&name, &value)]);
        for diagnostic in outcome.diagnostics {
            if let Some(location) = diagnostic.location {
                prop_assert!(location.file.text.get(location.span).is_some());
            }
        }
    }
}
