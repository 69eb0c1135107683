//! Plans of reloads, from settings as people write them and the shipped policy `rules/alloy`.

use std::path::{Path, PathBuf};

use super::*;
use crate::base::diagnostic::SourceFile;
use crate::settings::Layers;
use crate::{policy, sources};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/alloy");

const SETTINGS: &str = r#"
[store]
url = "sqlite:///var/lib/nightdesk/nightdesk.db"

[[account]]
name = "main"
username = "support@example.com"
secret = { file = "/etc/nightdesk/password" }
imap = { host = "imap.example.com" }
smtp = { host = "smtp.example.com" }

[[mailbox]]
name = "support"
account = "main"
policy = "RULES"

CHANNELS

[ops]
alarm = ["ops"]
"#;

/// The settings, changed like this.
fn settings(changes: &[(&str, &str)]) -> Settings {
    let names = std::iter::once("ops".to_owned()).chain(channel_names());
    let channels: Vec<String> =
        names.map(|name| format!("[[channel]]\nname = \"{name}\"\ntype = \"log\"\n")).collect();
    let mut text = SETTINGS.replace("RULES", RULES).replace("CHANNELS", &channels.concat());
    for (from, to) in changes {
        assert!(text.contains(from), "nothing to change: {from}");
        text = text.replace(from, to);
    }
    let layers = Layers {
        files: vec![SourceFile::new("nightdesk.toml", text)],
        folder: PathBuf::from("/etc/nightdesk"),
        ..Layers::default()
    };
    let outcome = crate::settings::compile(&layers);
    outcome.settings.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

fn outcome() -> policy::Outcome {
    policy::compile(&sources::policy_folder(Path::new(RULES)).unwrap())
}

fn channel_names() -> Vec<String> {
    let policy = outcome().policy.unwrap();
    let steps = policy.escalations.iter().flat_map(|escalation| &escalation.steps);
    let mut names: Vec<String> = steps.flat_map(|step| step.notify.clone()).collect();
    names.sort();
    names.dedup();
    names
}

pub(in crate::daemon) fn world(changes: &[(&str, &str)]) -> World {
    let settings = settings(changes);
    let mut mailboxes = World::build(&settings, vec![(PathBuf::from(RULES), outcome())]);
    mailboxes.as_mut().unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).warnings.clear();
    mailboxes.unwrap()
}

fn planned(changes: &[(&str, &str)]) -> Plan {
    plan(&world(&[]), &world(changes), &Owed::default()).expect("a plan")
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_same_again_swaps_and_says_nothing() {
    assert_eq!(planned(&[]), Plan { swap: names(&["support"]), ..Plan::default() });
}

#[test]
fn another_server_login_secret_or_folder_connects_anew_and_nothing_else_does() {
    for change in [
        ("imap.example.com", "imap2.example.com"),
        ("imap = { host = \"imap.example.com\" }", "imap = { host = \"imap.example.com\", port = 1993 }"),
        ("username = \"support@", "username = \"desk@"),
        ("/etc/nightdesk/password", "/etc/nightdesk/other"),
        ("account = \"main\"\n", "account = \"main\"\nfolder = \"Support\"\n"),
    ] {
        let plan = planned(&[change]);
        assert_eq!(
            (plan.anew.as_slice(), plan.swap.as_slice()),
            (names(&["support"]).as_slice(), [].as_slice()),
            "{change:?}"
        );
    }
    for change in [("smtp.example.com", "smtp2.example.com"), ("name = \"main\"", "name = \"first\"")] {
        let changes = [change, ("account = \"main\"", "account = \"first\"")];
        let changes = if change.1.contains("first") { &changes[..] } else { &changes[..1] };
        assert_eq!(planned(changes).swap, names(&["support"]), "{change:?}");
    }
}

#[test]
fn rules_of_a_mailbox_change_without_a_new_connection() {
    let plan = planned(&[("account = \"main\"\n", "account = \"main\"\npoll = \"30s\"\nact = false\n")]);
    assert_eq!((plan.swap, plan.notes), (names(&["support"]), names(&["mailbox support: settings changed"])));

    let (old, mut new) = (world(&[]), world(&[]));
    let watched = &new.mailboxes[0];
    let mut policy = outcome().policy.unwrap();
    let digest = policy.digest.clone();
    policy.digest = "0123456789abcdef".to_owned();
    let watched = Watched {
        name: watched.name.clone(),
        account: watched.account.clone(),
        policy: policy.into(),
        act: watched.act,
        start: watched.start,
        alert_max_age: watched.alert_max_age,
        poll: watched.poll,
    };
    new.mailboxes = vec![watched.into()];
    let plan = super::plan(&old, &new, &Owed::default()).unwrap();
    assert_eq!(plan.swap, names(&["support"]));
    let short = digest.get(..12).unwrap();
    assert_eq!(plan.notes, [format!("mailbox support: policy alloy {short} → alloy 0123456789ab")]);
}

#[test]
fn mailboxes_come_and_go() {
    let second =
        "[[mailbox]]\nname = \"phone\"\naccount = \"main\"\nfolder = \"Phone\"\npolicy = \"RULES\"\n\n[ops]";
    let both = [("[ops]", second.replace("RULES", RULES))];
    let both: Vec<(&str, &str)> = both.iter().map(|(from, to)| (*from, to.as_str())).collect();
    let (one, two) = (world(&[]), world_of_any_mailbox(&both));
    let there = plan(&one, &two, &Owed::default()).unwrap();
    assert_eq!((there.start, there.swap), (names(&["phone"]), names(&["support"])));
    assert_eq!(there.notes, ["mailbox phone: watched from now on"]);
    let back = plan(&two, &one, &Owed::default()).unwrap();
    assert_eq!((back.end, back.swap), (names(&["phone"]), names(&["support"])));
    assert_eq!(back.notes, ["mailbox phone: no longer watched"]);
}

/// A world whose policy knows any mailbox.
fn world_of_any_mailbox(changes: &[(&str, &str)]) -> World {
    let mut outcome = outcome();
    if let Some(policy) = &mut outcome.policy {
        policy.mailboxes.clear();
    }
    World::build(&settings(changes), vec![(PathBuf::from(RULES), outcome)]).unwrap()
}

#[test]
fn the_store_the_address_and_the_memory_take_a_restart_and_it_says_so() {
    for (table, change) in [
        ("[store]", ("nightdesk.db", "other.db")),
        ("[http]", ("[store]", "[http]\nlisten = \"127.0.0.1:9999\"\n[store]")),
        ("[limits] memory", ("[store]", "[limits]\nmemory = \"64 MiB\"\n[store]")),
    ] {
        let plan = planned(&[change]);
        assert_eq!(
            plan.notes,
            [format!("{table} changed: it takes a restart, until then the old one holds")]
        );
        assert_eq!(plan.swap, names(&["support"]));
    }
}

#[test]
fn what_something_still_has_to_leave_through_cannot_go() {
    let spare = ("[ops]", "[[channel]]\nname = \"spare\"\ntype = \"log\"\n\n[ops]");
    let (old, new) = (world(&[spare]), world(&[]));
    assert_eq!(plan(&old, &new, &Owed::default()).unwrap().notes, ["channel spare: gone"]);
    let cases = names(&["A", "B", "C", "D", "E", "F", "K7Q4-MX2P"]).into_iter().collect();
    let owed = Owed { channels: [("spare".to_owned(), cases)].into(), ..Owed::default() };
    assert_eq!(
        plan(&old, &new, &owed),
        Err(names(&[
            "channel \"spare\" is gone, and this still has to go out there: A, B, C, D, E and 2 more"
        ]))
    );
    assert!(plan(&old, &old, &owed).is_ok());
}

#[test]
fn alarms_and_the_breaker_change_at_once() {
    let plan =
        planned(&[("alarm = [\"ops\"]", "alarm = []"), ("[store]", "[limits]\nbreaker = \"7/1h\"\n[store]")]);
    assert_eq!(plan.notes, ["alarms go nowhere but the log now", "the breaker opens at another rate now"]);
    let other = ("alarm = [\"ops\"]", "alarm = [\"spare\"]");
    let plan = planned(&[("name = \"ops\"", "name = \"spare\""), other]);
    assert_eq!(plan.notes, ["channel ops: gone", "channel spare: added", "alarms go to spare now"]);
}

#[test]
fn replies_that_wait_keep_their_account() {
    let owed =
        Owed { accounts: [("main".to_owned(), ["K7Q4-MX2P".to_owned()].into())].into(), ..Owed::default() };
    let renamed = [("name = \"main\"", "name = \"first\""), ("account = \"main\"", "account = \"first\"")];
    assert_eq!(
        plan(&world(&[]), &world(&renamed), &owed),
        Err(names(&["account \"main\" sends no more, and replies still have to go out there: K7Q4-MX2P"]))
    );
}

#[test]
fn alarms_of_what_is_gone_are_about_nothing() {
    let settings = settings(&[]);
    for (key, is_about_nothing_now) in [
        ("mailbox-stale/support", false),
        ("mailbox-stale/billing", true),
        ("login-refused/billing", true),
        ("uidvalidity-changed/support", false),
        ("task-died/mailbox support", false),
        ("task-died/mailbox billing", true),
        ("channel-failing/ops", false),
        ("channel-failing/pagr", true),
        ("delivery-failed/channel/ops", false),
        ("delivery-failed/channel/pagr", true),
        ("delivery-failed/account/main", false),
        ("delivery-failed/account/old", true),
        // A mail in quarantine and a case that nobody heard of stay, whoever watched.
        ("mail-quarantined/billing", false),
        ("alert-undelivered/K7Q4-MX2P", false),
        ("breaker-open", false),
    ] {
        assert_eq!(is_about_nothing(key, &settings), is_about_nothing_now, "{key}");
    }
}
