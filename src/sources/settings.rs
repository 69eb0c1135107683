//! The settings as text: the file, `conf.d/*.toml` beside it, and the environment.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::base::diagnostic::{Diagnostic, Location, SourceFile};
use crate::base::text::clean;
use crate::settings::{ENVIRONMENT_PREFIX, Layers};

/// The most bytes of one file. Ten thousand mailboxes fit.
const FILE_LIMIT: u64 = 8 * 1024 * 1024;

/// The most files of `conf.d`.
const MOST_FILES: usize = 1_000;

/// Reads the main file, and the files of `conf.d` beside it whose names end in `.toml`, sorted by name. Hidden files
/// are left alone, as an editor's copies often are. Says nothing of the environment: see [`settings_environment`].
///
/// # Errors
/// When the main file or the folder cannot be read, or there are more files than anybody means.
pub fn settings_files(path: &Path) -> io::Result<Layers> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut layers = Layers { folder: std::path::absolute(folder)?, ..Layers::default() };
    take(&mut layers, path, bytes(path)?);
    for path in beside(&folder.join("conf.d"))? {
        match bytes(&path) {
            Ok(bytes) => take(&mut layers, &path, bytes),
            Err(error) => layers
                .unreadable
                .push(Diagnostic::without_place(format!("{} cannot be read: {error}", path.display()))),
        }
    }
    Ok(layers)
}

/// Our variables of this process's environment, by name.
pub fn settings_environment() -> Vec<(String, String)> {
    let mut ours: Vec<(String, String)> = std::env::vars_os()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(ENVIRONMENT_PREFIX.as_bytes()))
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    ours.sort();
    ours
}

fn beside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", folder.display()))),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
        if paths.len() > MOST_FILES {
            return Err(io::Error::other(format!("{}: more than {MOST_FILES} files", folder.display())));
        }
    }
    paths.sort();
    Ok(paths)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_LIMIT) {
        return Err(io::Error::other(format!("larger than {FILE_LIMIT} bytes")));
    }
    Ok(bytes)
}

fn take(layers: &mut Layers, path: &Path, bytes: Vec<u8>) {
    let name = clean(&path.display().to_string()).into_owned();
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            layers.files.push(SourceFile::new(name, text));
        }
        Err(error) => {
            let start = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(start).copied().unwrap_or(0);
            // Only where, not what: the line may hold anything.
            let before = error.as_bytes().get(..start).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count() - 1;
            let file = SourceFile::new(name, "\n".repeat(line));
            layers.unreadable.push(
                Diagnostic::error(Location::new(&file, line..line), "this file is not UTF-8")
                    .found(format!("the byte 0x{byte:02X}"))
                    .allowed("text in UTF-8"),
            );
        }
    }
}
