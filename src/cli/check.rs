//! `nightdesk check`: every mistake of the settings and their policies, or of one policy, at once.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::explain::instant;
use super::{Ending, evaluate, output};
use crate::base::clock::{Clock, SystemClock};
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::compose::{Colours, diagnostics};
use crate::daemon::connect_check;
use crate::policy::{Lints, Policy, SCHEMA, lint, short_digest};
use crate::service::{NoWorld, World, load_world, not_acted_on, shared_alarms, within};
use crate::settings::{ChannelKind, SecretSource, Settings};
use crate::sources::settings_environment;

/// The command line of `check`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("checked").required(true).multiple(true)))]
pub(super) struct Arguments {
    /// The settings; all policies that they name are checked too
    #[arg(long, value_name = "FILE", group = "checked")]
    config: Option<PathBuf>,
    /// A policy folder
    #[arg(long, value_name = "DIR", group = "checked")]
    policy: Option<PathBuf>,
    /// Also log in to every server of the settings, changing nothing
    #[arg(long, requires = "config")]
    connect: bool,
    /// Print the JSON Schema of policy.toml, for editors
    #[arg(long, group = "checked", conflicts_with_all = ["config", "policy"])]
    schema: bool,
    /// End with 1 when there is a lint that the policy does not accept
    #[arg(long)]
    deny_lints: bool,
    /// Look for lints as of this instant, such as 2026-01-09T20:00:00-05:00; otherwise as of now
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
}

impl Arguments {
    /// As of when lints are looked for.
    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| SystemClock.now())
    }
}

/// Checks what was named. Mistakes are the answer, so they go to stdout.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    if arguments.schema {
        output::answer(SCHEMA)?;
        return Ok(Ending::Fine);
    }
    let mut ending = Ending::Fine;
    if let Some(config) = &arguments.config {
        ending = settings(config, arguments)?;
    }
    if let Some(folder) = &arguments.policy {
        ending = ending.or(policy(folder, arguments)?);
    }
    Ok(ending)
}

/// Checks settings with the policies of their mailboxes.
fn settings(path: &Path, arguments: &Arguments) -> anyhow::Result<Ending> {
    match load_world(path, settings_environment()) {
        Ok(world) => {
            let linted = linted(&world, arguments.now());
            let mut warnings: Vec<Diagnostic> =
                world.warnings.iter().cloned().chain(secrets(&world.settings)).collect();
            warnings.extend(linted.iter().flat_map(|(_, lints)| lints.diagnostics.iter().cloned()));
            let left_out = linted.iter().map(|(_, lints)| lints.left_out).sum();
            let there = what_is_there(path, &world, &linted);
            output::answer(&format!("{}{there}", told(&warnings, left_out)))?;
            let ending = denied(arguments, linted.iter().map(|(_, lints)| lints));
            if arguments.connect { Ok(ending.or(servers(&world.settings)?)) } else { Ok(ending) }
        }
        Err(NoWorld::Wrong { diagnostics: list, left_out }) => {
            output::answer(&diagnostics(&list, left_out, Colours::Ansi))?;
            Ok(Ending::Negative)
        }
        Err(NoWorld::Unreadable { path, error }) => {
            output::complain(&format!("error: the settings {} cannot be read: {error}", path.display()));
            Ok(Ending::Unusable)
        }
    }
}

/// The policies of a world, each folder once, with what looks like a slip in them.
fn linted(world: &World, now: Timestamp) -> Vec<(Arc<Policy>, Lints)> {
    let mut folders: Vec<&Path> = Vec::new();
    let mut linted = Vec::new();
    for (mailbox, watched) in world.settings.mailboxes.iter().zip(&world.mailboxes) {
        let folder = mailbox.policy.value.as_path();
        if folders.contains(&folder) {
            continue;
        }
        folders.push(folder);
        let policy = Arc::clone(&watched.policy);
        let mut lints = lint(&policy, now, Some(shared_alarms(&world.settings, &policy)));
        lints.diagnostics = within(folder, lints.diagnostics.into_iter()).collect();
        linted.push((policy, lints));
    }
    linted
}

/// How the command ends for its lints.
fn denied<'l>(arguments: &Arguments, lints: impl IntoIterator<Item = &'l Lints>) -> Ending {
    let is_clean = lints.into_iter().all(|lints| lints.diagnostics.is_empty());
    if arguments.deny_lints && !is_clean { Ending::Negative } else { Ending::Fine }
}

/// Logs in everywhere. A server that does not answer as it should is a mistake like another.
fn servers(settings: &Settings) -> anyhow::Result<Ending> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut ending = Ending::Fine;
    for line in runtime.block_on(connect_check(settings)) {
        output::answer(&format!("{line}\n"))?;
        if !line.is_fine() {
            ending = Ending::Negative;
        }
    }
    Ok(ending)
}

/// Checks one policy folder.
fn policy(folder: &Path, arguments: &Arguments) -> anyhow::Result<Ending> {
    let Some(outcome) = evaluate::load(folder) else { return Ok(Ending::Unusable) };
    let Some(policy) = outcome.policy else {
        output::answer(&diagnostics(&outcome.diagnostics, outcome.left_out, Colours::Ansi))?;
        return Ok(Ending::Negative);
    };
    let lints = lint(&policy, arguments.now(), None);
    let mut warnings = outcome.diagnostics;
    warnings.extend(not_acted_on(&policy));
    warnings.extend(lints.diagnostics.iter().cloned());
    let left_out = outcome.left_out + lints.left_out;
    output::answer(&format!("{}{}\n", told(&warnings, left_out), summary(&policy, &lints)))?;
    Ok(denied(arguments, [&lints]))
}

/// Warnings as text; nothing when there are none.
fn told(warnings: &[Diagnostic], left_out: usize) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    format!("{}\n", diagnostics(warnings, left_out, Colours::Ansi))
}

/// What was checked, so that nobody trusts the check of another file.
fn what_is_there(path: &Path, world: &World, linted: &[(Arc<Policy>, Lints)]) -> String {
    let settings = &world.settings;
    let mut lines = vec![format!(
        "settings {}: {}, {}, {}: no mistakes\n",
        path.display(),
        counted(settings.accounts.len(), "account"),
        counted(settings.mailboxes.len(), "mailbox"),
        counted(settings.channels.len(), "channel"),
    )];
    lines.extend(linted.iter().map(|(policy, lints)| summary(policy, lints) + "\n"));
    lines.concat()
}

/// Secrets that are not there or that others can read. Whoever checks may be somebody else than who runs, so nothing
/// here is a mistake.
fn secrets(settings: &Settings) -> Vec<Diagnostic> {
    let of_accounts = settings.accounts.iter().map(|account| (&account.name.value, &account.secret));
    let of_channels = settings.channels.iter().filter_map(|channel| match &channel.kind {
        ChannelKind::Webhook { hmac: Some(hmac), .. } => Some((&channel.name.value, hmac)),
        ChannelKind::Webhook { hmac: None, .. } | ChannelKind::Log | ChannelKind::Smtp { .. } => None,
    });
    let doubtful = of_accounts.chain(of_channels).filter_map(|(name, source)| match source {
        SecretSource::File(path) => doubt(path).map(|doubt| (name, path, doubt)),
        SecretSource::Credential(_) | SecretSource::Command(_) => None,
    });
    let warning = |(name, path, (what, hint)): (&String, &PathBuf, (String, &'static str))| Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::without_place(format!("the secret of \"{name}\" in {} {what}", path.display()))
            .hint(hint)
    };
    doubtful.map(warning).collect()
}

fn doubt(path: &Path) -> Option<(String, &'static str)> {
    /// Bits of the mode: everybody, and writing for the group.
    const OTHERS: u32 = 0o027;
    match std::fs::metadata(path) {
        Err(error) => Some((format!("cannot be read: {error}"), "the daemon reads it when it logs in")),
        Ok(metadata) if !metadata.is_file() => Some(("is no file".to_owned(), "name a file that holds it")),
        Ok(metadata) if metadata.permissions().mode() & OTHERS != 0 => {
            let mode = metadata.permissions().mode() & 0o777;
            Some((
                format!("is open to others: mode {mode:04o}"),
                "chmod 0600, or 0640 with the daemon's group",
            ))
        }
        Ok(_) => None,
    }
}

/// What the policy holds, what of it promises nothing, and which lints it accepts.
fn summary(policy: &Policy, lints: &Lints) -> String {
    let unspecified: Vec<&str> = policy
        .coverage
        .iter()
        .filter(|rule| rule.target == Some(crate::policy::Target::Unspecified))
        .map(|rule| rule.name.as_str())
        .collect();
    let mut text = format!(
        "policy {} ({}): {}, {}, {}, {}: no mistakes",
        policy.name,
        short_digest(&policy.digest),
        counted(policy.desks.len(), "desk"),
        counted(policy.coverage.len(), "coverage rule"),
        counted(policy.words.terms.len(), "keyword or pattern"),
        counted(policy.examples.len(), "test"),
    );
    if !unspecified.is_empty() {
        text = format!("{text}\nno response time is promised by: {}", unspecified.join(", "));
    }
    if !lints.accepted.is_empty() {
        let codes: Vec<&str> = lints.accepted.iter().map(|lint| lint.code()).collect();
        text = format!("{text}\n{} accepted: {}", counted(codes.len(), "lint"), codes.join(", "));
    }
    text
}

fn counted(count: usize, noun: &str) -> String {
    let plural = match noun {
        "keyword or pattern" => "keywords and patterns".to_owned(),
        "mailbox" => "mailboxes".to_owned(),
        noun => format!("{noun}s"),
    };
    if count == 1 { format!("1 {noun}") } else { format!("{count} {plural}") }
}
