//! The built program, as the tests start it: from the root of the repository, so that paths are short, with nothing of
//! our environment that colours or widens what it prints, and stopped if it ever hangs.

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;

/// Far beyond what anything here may take; only a program that hangs meets it.
const HANGS_AFTER: Duration = Duration::from_mins(1);

/// `nightdesk`, to be given arguments.
pub(crate) fn nightdesk() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightdesk"));
    command.current_dir(root()).timeout(HANGS_AFTER);
    for name in ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "COLUMNS", "TERM"] {
        command.env_remove(name);
    }
    command
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
