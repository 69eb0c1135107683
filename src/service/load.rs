//! A world from files: what a start, a reload and `check` read, in the same way.

use std::io;
use std::path::{Path, PathBuf};

use super::world::{World, policy_folders, within};
use crate::base::diagnostic::Diagnostic;
use crate::base::document::Problems;
use crate::policy;
use crate::settings::{self, Settings};
use crate::sources;

/// Why there is no world.
#[derive(Debug)]
pub enum NoWorld {
    /// The settings cannot even be read.
    Unreadable {
        /// The main file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There are mistakes in the settings or in a policy.
    Wrong {
        /// Mistakes and warnings.
        diagnostics: Vec<Diagnostic>,
        /// How many more were only counted.
        left_out: usize,
    },
}

/// Reads settings and their policies, and builds a world of them.
///
/// # Errors
/// When there is none; the mistakes of policies are only looked for when the settings are right.
pub fn load_world(path: &Path, environment: Vec<(String, String)>) -> Result<World, NoWorld> {
    let layers = sources::settings_files(path)
        .map_err(|error| NoWorld::Unreadable { path: path.to_owned(), error })?;
    let outcome = settings::compile(&settings::Layers { environment, ..layers });
    let (mut diagnostics, left_out) = (outcome.diagnostics, outcome.left_out);
    let Some(settings) = outcome.settings else { return Err(NoWorld::Wrong { diagnostics, left_out }) };
    let mut unreadable = Problems::default();
    let policies = policies(&settings, &mut unreadable);
    if !unreadable.is_empty() {
        let (more, left_out) = unreadable.into_sorted();
        // What the policies say of themselves is told in the same breath.
        let told = policies.into_iter().flat_map(|(folder, outcome)| {
            within(&folder, outcome.diagnostics.into_iter()).collect::<Vec<_>>()
        });
        diagnostics.extend(more.into_iter().chain(told));
        return Err(NoWorld::Wrong { diagnostics, left_out });
    }
    match World::build(&settings, policies) {
        Ok(world) => {
            diagnostics.extend(world.warnings);
            Ok(World { warnings: diagnostics, ..world })
        }
        Err(more) => {
            diagnostics.extend(more);
            Err(NoWorld::Wrong { diagnostics, left_out: 0 })
        }
    }
}

/// The policies of the settings, each read once; a folder that cannot be read is noted at the mailbox that names it.
fn policies(settings: &Settings, problems: &mut Problems) -> Vec<(PathBuf, policy::Outcome)> {
    let mut policies = Vec::new();
    for folder in policy_folders(settings) {
        match sources::policy_folder(&folder) {
            Ok(files) => policies.push((folder, policy::compile(&files))),
            Err(error) => {
                let named = settings.mailboxes.iter().find(|mailbox| mailbox.policy.value == folder);
                let place = named.and_then(|mailbox| mailbox.policy.place.location());
                let message = format!("the policy folder {} cannot be read", folder.display());
                problems.push(
                    place
                        .map_or_else(
                            || Diagnostic::without_place(message.clone()),
                            |place| Diagnostic::error(place.clone(), message.clone()),
                        )
                        .found(error.to_string())
                        .allowed("a folder with policy.toml"),
                );
            }
        }
    }
    policies
}
