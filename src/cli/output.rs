//! Writing to the terminal: colours only where there is one, a closed pipe is an error to be handled.

use std::io::{self, Write};

use crate::base::diagnostic::Diagnostic;
use crate::compose::{Colours, diagnostics};

/// Writes data to stdout; escape sequences are left out unless it is a terminal.
pub(super) fn answer(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a line to stderr. Nobody is left to hear that this failed.
pub(super) fn complain(text: &str) {
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// Writes mistakes to stderr.
pub(super) fn complain_of(list: &[Diagnostic], left_out: usize) {
    complain(diagnostics(list, left_out, Colours::Ansi).trim_end());
}
