//! `nightdesk check`: every mistake of the settings and their policies, or of one policy, at once.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Ending, evaluate, output};
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::compose::{Colours, diagnostics};
use crate::daemon::connect_check;
use crate::policy::{Policy, SCHEMA};
use crate::service::{NoWorld, World, load_world, not_acted_on};
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
}

/// Checks what was named. Mistakes are the answer, so they go to stdout.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    if arguments.schema {
        output::answer(SCHEMA)?;
        return Ok(Ending::Fine);
    }
    let mut ending = Ending::Fine;
    if let Some(config) = &arguments.config {
        ending = settings(config, arguments.connect)?;
    }
    if let Some(folder) = &arguments.policy {
        ending = ending.or(policy(folder)?);
    }
    Ok(ending)
}

/// Checks settings with the policies of their mailboxes.
fn settings(path: &Path, connect: bool) -> anyhow::Result<Ending> {
    match load_world(path, settings_environment()) {
        Ok(world) => {
            let warnings: Vec<Diagnostic> =
                world.warnings.iter().cloned().chain(secrets(&world.settings)).collect();
            output::answer(&format!("{}{}", told(&warnings), what_is_there(path, &world)))?;
            if connect { servers(&world.settings) } else { Ok(Ending::Fine) }
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
fn policy(folder: &Path) -> anyhow::Result<Ending> {
    let Some(outcome) = evaluate::load(folder) else { return Ok(Ending::Unusable) };
    let Some(policy) = outcome.policy else {
        output::answer(&diagnostics(&outcome.diagnostics, outcome.left_out, Colours::Ansi))?;
        return Ok(Ending::Negative);
    };
    let warnings: Vec<Diagnostic> = outcome.diagnostics.into_iter().chain(not_acted_on(&policy)).collect();
    output::answer(&format!("{}{}\n", told(&warnings), summary(&policy)))?;
    Ok(Ending::Fine)
}

/// Warnings as text; nothing when there are none.
fn told(warnings: &[Diagnostic]) -> String {
    if warnings.is_empty() { String::new() } else { format!("{}\n", diagnostics(warnings, 0, Colours::Ansi)) }
}

/// What was checked, so that nobody trusts the check of another file.
fn what_is_there(path: &Path, world: &World) -> String {
    let settings = &world.settings;
    let mut lines = vec![format!(
        "settings {}: {}, {}, {}: no mistakes\n",
        path.display(),
        counted(settings.accounts.len(), "account"),
        counted(settings.mailboxes.len(), "mailbox"),
        counted(settings.channels.len(), "channel"),
    )];
    let mut told: Vec<&str> = Vec::new();
    for mailbox in &world.mailboxes {
        if !told.contains(&mailbox.policy.digest.as_str()) {
            told.push(&mailbox.policy.digest);
            lines.push(summary(&mailbox.policy) + "\n");
        }
    }
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

/// What the policy holds, and what of it nothing acts on yet.
fn summary(policy: &Policy) -> String {
    let unspecified: Vec<&str> = policy
        .coverage
        .iter()
        .filter(|rule| rule.target == Some(crate::policy::Target::Unspecified))
        .map(|rule| rule.name.as_str())
        .collect();
    let mut text = format!(
        "policy {} ({}): {}, {}, {}, {}: no mistakes",
        policy.name,
        policy.digest.get(..12).unwrap_or(&policy.digest),
        counted(policy.desks.len(), "desk"),
        counted(policy.coverage.len(), "coverage rule"),
        counted(policy.words.terms.len(), "keyword or pattern"),
        counted(policy.examples.len(), "test"),
    );
    if !unspecified.is_empty() {
        text = format!("{text}\nno response time is promised by: {}", unspecified.join(", "));
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
