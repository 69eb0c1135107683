//! Settings and policies from their files, compiled and held against each other: a whole world, or every mistake.

use std::path::{Path, PathBuf};

use crate::base::diagnostic::Diagnostic;
use crate::policy;
use crate::service::{World, policy_folders};
use crate::settings::{self, Settings};
use crate::sources::{policy_folder, settings_environment, settings_files};

/// Why there is no world.
#[derive(Debug)]
pub enum Unusable {
    /// The settings file cannot be read at all; a line that names it.
    File(String),
    /// What was read has mistakes: these, warnings among them, and how many more were only counted.
    Mistakes(Vec<Diagnostic>, usize),
}

/// Reads and builds everything. Blocks on files.
pub(super) fn load(config: &Path) -> Result<World, Unusable> {
    let mut layers = settings_files(config)
        .map_err(|error| Unusable::File(format!("{} cannot be read: {error}", config.display())))?;
    layers.environment = settings_environment();
    let outcome = settings::compile(&layers);
    let Some(settings) = outcome.settings else {
        return Err(Unusable::Mistakes(outcome.diagnostics, outcome.left_out));
    };
    let with_warnings = |mut diagnostics: Vec<Diagnostic>| {
        diagnostics.splice(0..0, outcome.diagnostics.clone());
        diagnostics
    };
    match policies(&settings).and_then(|policies| World::build(&settings, policies)) {
        Ok(world) => Ok(World { warnings: with_warnings(world.warnings), ..world }),
        Err(diagnostics) => Err(Unusable::Mistakes(with_warnings(diagnostics), outcome.left_out)),
    }
}

/// The policies of the settings, or one mistake for each folder that cannot be read.
fn policies(settings: &Settings) -> Result<Vec<(PathBuf, policy::Outcome)>, Vec<Diagnostic>> {
    let (mut policies, mut unreadable) = (Vec::new(), Vec::new());
    for folder in policy_folders(settings) {
        match policy_folder(&folder) {
            Ok(files) => {
                let outcome = policy::compile(&files);
                policies.push((folder, outcome));
            }
            Err(error) => {
                let message = format!("the policy folder {} cannot be read: {error}", folder.display());
                unreadable.push(placed(settings, &folder, message));
            }
        }
    }
    if unreadable.is_empty() { Ok(policies) } else { Err(unreadable) }
}

/// A mistake where the settings name this folder first.
fn placed(settings: &Settings, folder: &Path, message: String) -> Diagnostic {
    let named = settings.mailboxes.iter().find(|mailbox| mailbox.policy.value == folder);
    match named.and_then(|mailbox| mailbox.policy.place.location()) {
        Some(location) => Diagnostic::error(location.clone(), message),
        None => Diagnostic::without_place(message),
    }
}
