//! Settings and policies held against each other: all that the daemon runs on, or every mistake at once.
//!
//! A start and a reload build a whole world and take it, or keep what they have; nothing is changed in one. Reads no
//! files: settings and policies come in compiled.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::window::Watched;
use crate::base::diagnostic::{Diagnostic, Location, Severity, SourceFile, suggest};
use crate::base::document::{Problems, clip, list};
use crate::mail;
use crate::policy::{AddressRule, Escalation, Lint, Origin, Outcome, Policy};
use crate::settings::{ChannelKind, Mailbox, Place, Recipient, Settings, Written};

/// What the daemon runs on.
#[derive(Debug)]
pub struct World {
    /// The settings.
    pub settings: Settings,
    /// Every mailbox with its policy, in the order of [`Settings::mailboxes`].
    pub mailboxes: Vec<Arc<Watched>>,
    /// What probably is not meant like this; each is told once per start and reload.
    pub warnings: Vec<Diagnostic>,
}

/// Where the policies of the settings are, each folder once.
pub fn policy_folders(settings: &Settings) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for mailbox in &settings.mailboxes {
        if !folders.contains(&mailbox.policy.value) {
            folders.push(mailbox.policy.value.clone());
        }
    }
    folders
}

impl World {
    /// Builds the world from settings and the policies of [`policy_folders`]. Policies that several mailboxes share
    /// get the addresses of all of them.
    ///
    /// # Errors
    /// Every mistake and warning, when there is a mistake. Files of policies are named with their folder.
    pub fn build(settings: &Settings, policies: Vec<(PathBuf, Outcome)>) -> Result<World, Vec<Diagnostic>> {
        let mut problems = Problems::default();
        let mut compiled = HashMap::new();
        for (folder, outcome) in policies {
            let mut within = Within { folder: &folder, files: HashMap::new() };
            problems.extend(outcome.diagnostics.into_iter().map(|diagnostic| within.placed(diagnostic)));
            if let Some(mut policy) = outcome.policy {
                problems
                    .extend(not_acted_on(&policy).into_iter().map(|diagnostic| within.placed(diagnostic)));
                within.channels(&policy, settings, &mut problems);
                add_addresses(settings, &folder, &mut policy);
                compiled.insert(folder, Some(Arc::new(policy)));
            } else {
                compiled.insert(folder, None);
            }
        }
        check_channels(settings, &mut problems);
        same_names(settings, &compiled, &mut problems);
        let mailboxes = settings.mailboxes.iter().filter_map(|mailbox| {
            let policy = compiled.get(&mailbox.policy.value);
            if policy.is_none() {
                problems.push(at(&mailbox.policy.place, "the policy of this mailbox was not read"));
            }
            watched(settings, mailbox, policy?.as_ref()?, &mut problems)
        });
        let mailboxes: Vec<Arc<Watched>> = mailboxes.map(Arc::new).collect();
        let (diagnostics, left_out) = problems.into_sorted();
        let is_warning = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Warning;
        if left_out > 0 || !diagnostics.iter().all(is_warning) || mailboxes.len() != settings.mailboxes.len()
        {
            return Err(diagnostics);
        }
        Ok(World { settings: settings.clone(), mailboxes, warnings: diagnostics })
    }
}

/// What a policy asks for and nothing does yet: of an escalation only the first step is acted on.
pub fn not_acted_on(policy: &Policy) -> Vec<Diagnostic> {
    policy.escalations.iter().filter_map(|escalation| waits(policy, escalation)).collect()
}

fn waits(policy: &Policy, escalation: &Escalation) -> Option<Diagnostic> {
    let parts = escalation.not_acted_on();
    if parts.is_empty() {
        return None;
    }
    let message = "only the first step of this escalation is acted on in this version";
    let warning = located(policy, &escalation.origin, message).found(parts.join(", "));
    Some(Diagnostic {
        severity: Severity::Warning,
        ..warning.hint("name everybody who must know in the first step")
    })
}

/// Says where an alarm of the service goes out only by channels that an escalation uses as well: when they fail, the
/// alarm about it fails with them.
pub fn shared_alarms(settings: &Settings, policy: &Policy) -> Vec<Diagnostic> {
    let alarm: Vec<&str> = settings
        .ops
        .alarm
        .iter()
        .filter_map(|index| settings.channels.get(*index))
        .map(|channel| channel.name.value.as_str())
        .collect();
    let shares = |escalation: &&Escalation| {
        let notified: Vec<&String> = escalation.steps.iter().flat_map(|step| &step.notify).collect();
        !alarm.is_empty() && alarm.iter().all(|channel| notified.iter().any(|name| name == channel))
    };
    let sharing: Vec<&Escalation> = policy.escalations.iter().filter(shares).collect();
    let Some(first) = sharing.first() else { return Vec::new() };
    let names: Vec<&str> = sharing.iter().map(|escalation| escalation.name.as_str()).collect();
    let place = policy.files.get(first.origin.file);
    let place = place.map(|file| Location::new(file, first.origin.span.clone()));
    let message = "ops alarms go out only by channels of this escalation";
    vec![
        Lint::AlarmSharesChannels
            .warning(place, message)
            .found(format!("alarms: {}; escalations with all of them: {}", list(&alarm), list(&names)))
            .hint("add a channel of its own to `alarm` of [ops]: when these fail, nobody would hear of it"),
    ]
}

fn located(policy: &Policy, origin: &Origin, message: &str) -> Diagnostic {
    match policy.files.get(origin.file) {
        Some(file) => Diagnostic::error(Location::new(file, origin.span.clone()), message),
        None => Diagnostic::without_place(message),
    }
}

fn at(place: &Place, message: &str) -> Diagnostic {
    match place.location() {
        Some(location) => Diagnostic::error(location.clone(), message),
        None => Diagnostic::without_place(message),
    }
}

/// Mistakes of a policy, with the folder before the name of the file.
pub fn within(
    folder: &Path,
    diagnostics: impl Iterator<Item = Diagnostic>,
) -> impl Iterator<Item = Diagnostic> {
    let mut within = Within { folder, files: HashMap::new() };
    diagnostics.map(move |diagnostic| within.placed(diagnostic))
}

/// A policy's folder, and its files under their whole name.
struct Within<'f> {
    folder: &'f Path,
    files: HashMap<String, Arc<SourceFile>>,
}

impl Within<'_> {
    /// A mistake of the policy, with the folder before the name of the file.
    fn placed(&mut self, mut diagnostic: Diagnostic) -> Diagnostic {
        if let Some(location) = &mut diagnostic.location {
            let folder = self.folder;
            let file = self.files.entry(location.file.name.clone()).or_insert_with(|| {
                let name = folder.join(&location.file.name).display().to_string();
                SourceFile::new(name, location.file.text.clone())
            });
            location.file = Arc::clone(file);
        } else {
            diagnostic.message = format!("{}: {}", self.folder.display(), diagnostic.message);
        }
        diagnostic
    }

    /// Notes channels that the policy names and the settings do not have.
    fn channels(&mut self, policy: &Policy, settings: &Settings, problems: &mut Problems) {
        let known: Vec<&str> = settings.channels.iter().map(|channel| channel.name.value.as_str()).collect();
        for escalation in &policy.escalations {
            let named = escalation.steps.iter().flat_map(|step| &step.notify);
            let mut unknown: Vec<&str> =
                named.map(String::as_str).filter(|name| !known.contains(name)).collect();
            unknown.sort_unstable();
            unknown.dedup();
            for name in unknown {
                let allowed = if known.is_empty() {
                    "nothing yet: there is no [[channel]]".to_owned()
                } else {
                    list(&known)
                };
                let message = "the settings have no channel of a name that this escalation notifies";
                let mistake = located(policy, &escalation.origin, message)
                    .coded(Lint::UndefinedName.code())
                    .found(format!("\"{}\"", clip(name)))
                    .allowed(allowed)
                    .hint_if(suggest(name, known.iter().copied()));
                problems.push(self.placed(mistake));
            }
        }
    }
}

/// Adds the addresses of the mailboxes of a policy to those that it has; see `[identity]`.
fn add_addresses(settings: &Settings, folder: &Path, policy: &mut Policy) {
    let of_policy = settings.mailboxes.iter().filter(|mailbox| mailbox.policy.value == folder);
    for address in of_policy.flat_map(|mailbox| &mailbox.addresses) {
        let Some(rule) = AddressRule::parse(&address.value) else { continue };
        let identity = &mut policy.identity;
        // An empty list takes mail to anybody; it must not become one that takes only this.
        if !identity.addressed_to.is_empty() && !identity.addressed_to.contains(&rule) {
            identity.addressed_to.push(rule.clone());
        }
        if !identity.addresses.contains(&rule) {
            identity.addresses.push(rule);
        }
    }
}

/// A mailbox under its policy.
fn watched(
    settings: &Settings,
    mailbox: &Mailbox,
    policy: &Arc<Policy>,
    problems: &mut Problems,
) -> Option<Watched> {
    let name = &mailbox.name;
    if !policy.mailboxes.is_empty() && !policy.mailboxes.contains(&name.value) {
        let message = "the policy of this mailbox does not know its name";
        problems.push(
            at(&name.place, message)
                .coded(Lint::UndefinedName.code())
                .found(format!("\"{}\"", clip(&name.value)))
                .allowed(list(&policy.mailboxes))
                .hint(format!(
                    "add it to `mailboxes` of {}",
                    mailbox.policy.value.join("policy.toml").display()
                )),
        );
    }
    for address in &mailbox.addresses {
        no_address(address, problems);
    }
    let account = settings.accounts.get(mailbox.account)?;
    let replies = policy.coverage.iter().any(|rule| rule.reply.is_some());
    if replies && mailbox.act && account.smtp.is_none() {
        let message = "the policy of this mailbox replies, and its account cannot send mail";
        problems.push(
            at(&name.place, message)
                .found(format!("the account \"{}\" without `smtp`", clip(&account.name.value)))
                .allowed("an account with `smtp`, or `act = false`"),
        );
    }
    Some(Watched {
        name: name.value.clone(),
        account: account.name.value.clone(),
        policy: Arc::clone(policy),
        act: mailbox.act,
        start: mailbox.start,
        alert_max_age: mailbox.alert_max_age,
        poll: mailbox.poll,
    })
}

fn no_address(address: &Written<String>, problems: &mut Problems) {
    if AddressRule::parse(&address.value).is_none() {
        problems.push(
            at(&address.place, "this is neither an address nor a host")
                .found(format!("\"{}\"", clip(&address.value)))
                .allowed("an address such as \"support@example.com\", or a host such as \"@example.com\""),
        );
    }
}

/// Notes addresses of channels that no mail can come from or go to.
fn check_channels(settings: &Settings, problems: &mut Problems) {
    for channel in &settings.channels {
        let ChannelKind::Smtp { from, to, .. } = &channel.kind else { continue };
        if mail::Mailbox::parse(from).is_none() {
            problems.push(
                at(&channel.name.place, "the mail of this channel cannot come from its `from`")
                    .found(format!("\"{}\"", clip(from)))
                    .allowed("one address, such as \"nightdesk <nightdesk@example.com>\""),
            );
        }
        for recipient in to {
            let Recipient::Address(address) = recipient else { continue };
            if mail::Address::parse(address).is_none() {
                problems.push(
                    at(&channel.name.place, "the mail of this channel cannot go to one of its `to`")
                        .found(format!("\"{}\"", clip(address)))
                        .allowed("an address, such as \"on-call@example.com\", or { file = \"…\" }"),
                );
            }
        }
    }
}

/// Notes policies of one name in different folders: what is remembered is remembered by name.
fn same_names(
    settings: &Settings,
    compiled: &HashMap<PathBuf, Option<Arc<Policy>>>,
    problems: &mut Problems,
) {
    let mut seen: HashMap<&str, &Path> = HashMap::new();
    for mailbox in &settings.mailboxes {
        let folder = &mailbox.policy;
        let Some(Some(policy)) = compiled.get(&folder.value) else { continue };
        let first = *seen.entry(&policy.name).or_insert(&folder.value);
        if first != folder.value {
            problems.push(
                at(&folder.place, "two policies in different folders have the same name")
                    .found(format!("\"{}\", also in {}", clip(&policy.name), first.display()))
                    .allowed("a name for each policy, or one folder for both mailboxes"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Address;
    use crate::policy::{Files, RawFile, compile};
    use crate::settings::{self, Layers};

    const SETTINGS: &str = r#"
        [[account]]
        name = "main"
        imap = { host = "imap.example.com" }
        username = "support"
        secret = { file = "password" }
        [[mailbox]]
        name = "support"
        account = "main"
        policy = "policy"
        addresses = ["support@example.com"]
        [[mailbox]]
        name = "phone"
        account = "main"
        folder = "Phone"
        policy = "policy"
        addresses = ["@phone.example.com"]
        [[channel]]
        name = "pager"
        type = "log"
        [ops]
        alarm = ["pager"]
    "#;

    const POLICY: &str = r#"
        name = "desk"
        [identity]
        addresses = ["desk@example.com"]
        [[calendar]]
        name = "office"
        time_zone = "Europe/London"
        week = { mon-fri = ["09:00-17:00"] }
        [[desk]]
        name = "main"
        calendar = "office"
        [[label.urgency]]
        value = "urgent"
        keywords = ["Urgent"]
        [[coverage]]
        name = "everything"
        alert = "on-call"
        [[escalation]]
        name = "on-call"
        steps = [{ after = "0m", notify = ["pager"] }]
    "#;

    fn built(policy: &str) -> Result<World, Vec<Diagnostic>> {
        let files = vec![SourceFile::new("nightdesk.toml", SETTINGS)];
        let layers = Layers { files, folder: PathBuf::from("/etc/nightdesk"), ..Layers::default() };
        let settings = settings::compile(&layers).settings.expect("settings");
        let content = Ok(policy.as_bytes().to_vec());
        let files = Files { files: vec![RawFile { name: "policy.toml".to_owned(), content }] };
        let folders = policy_folders(&settings);
        assert_eq!(folders.len(), 1, "each folder once");
        World::build(&settings, folders.into_iter().map(|folder| (folder, compile(&files))).collect())
    }

    #[test]
    fn mailboxes_that_share_a_policy_share_its_addresses() {
        let world = built(POLICY).expect("a world");
        let [support, phone] = world.mailboxes.as_slice() else { panic!("two mailboxes") };
        assert!(Arc::ptr_eq(&support.policy, &phone.policy));
        let identity = &support.policy.identity;
        for own in ["desk@example.com", "support@example.com", "anybody@phone.example.com"] {
            assert!(identity.is_own(&Address::parse(own).expect("an address")), "{own}");
        }
        assert!(identity.addressed_to.is_empty(), "a list that takes mail to anybody still does");
        let world = built(&POLICY.replace("[identity]", "[identity]\naddressed_to = [\"desk@example.com\"]"));
        assert_eq!(world.expect("a world").mailboxes[0].policy.identity.addressed_to.len(), 3);
    }

    #[test]
    fn alarms_that_share_every_channel_with_an_escalation_are_told() {
        let world = built(POLICY).expect("a world");
        let shared = |settings: &Settings| shared_alarms(settings, &world.mailboxes[0].policy).len();
        assert_eq!(shared(&world.settings), 1);
        let mut apart = world.settings.clone();
        let mut own = apart.channels[0].clone();
        own.name.value = "ops".to_owned();
        apart.channels.push(own);
        apart.ops.alarm.push(1);
        assert_eq!(shared(&apart), 0, "one channel of its own is enough");
        apart.ops.alarm.clear();
        assert_eq!(shared(&apart), 0, "no alarm shares nothing");
    }

    #[test]
    fn mistakes_of_a_policy_are_told_with_its_folder() {
        let mistakes = built(&POLICY.replace("pager", "pagr")).expect_err("a mistake");
        let [mistake] = mistakes.as_slice() else { panic!("{mistakes:?}") };
        let place = mistake.location.as_ref().expect("a place");
        assert_eq!(place.file.name, "/etc/nightdesk/policy/policy.toml");
        assert_eq!(mistake.hint.as_deref(), Some("did you mean `pager`?"));
        assert!(built("name = 1").is_err());
    }
}
