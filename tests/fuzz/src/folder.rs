//! A policy folder and a mail in one input: each file begins with a line `==== name`.
//!
//! The same form is kept in `fixtures/findings`, where `tests/hostile` reads it. Bytes before the first such line are
//! no file; a file may hold anything, so one that is no UTF-8 stays one.

use nightdesk::policy::{Files, RawFile};

/// What begins the line that names a file.
const MARK: &[u8] = b"==== ";
/// The name of the mail that is decided; every other file is the policy's.
const MAIL: &str = "mail.eml";

/// The files of an input, and its mail.
pub(crate) fn unpacked(input: &[u8]) -> (Files, Vec<u8>) {
    let (mut files, mut mail) = (Files::default(), Vec::new());
    let mut current: Option<(String, Vec<u8>)> = None;
    let mut keep = |file: Option<(String, Vec<u8>)>| match file {
        Some((name, content)) if name == MAIL => mail = content,
        Some((name, content)) => files.files.push(RawFile { name, content: Ok(content) }),
        None => {}
    };
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        if let Some(name) = line.strip_prefix(MARK) {
            let name = String::from_utf8_lossy(name).trim().to_owned();
            keep(current.replace((name, Vec::new())));
        } else if let Some((_, content)) = &mut current {
            content.extend_from_slice(line);
        }
    }
    keep(current);
    (files, mail)
}
