//! The bytes of a policy folder, as some source delivered them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Location, SourceFile};
use crate::base::document::Problems;

/// The most bytes that one file of a policy may have. A hundred thousand keywords or customers fit several times.
pub(super) const FILE_LIMIT: usize = 16 * 1024 * 1024;

/// A policy folder in memory.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Its files; order does not matter.
    pub files: Vec<RawFile>,
}

/// One file.
#[derive(Debug, Clone)]
pub struct RawFile {
    /// Its path relative to the folder, `/` between parts.
    pub name: String,
    /// Its content; `Err` says why it could not be read.
    pub content: Result<Vec<u8>, String>,
}

/// The files as text, found by name.
pub(super) struct TextFiles<'f> {
    raw: &'f Files,
    opened: Vec<Arc<SourceFile>>,
    /// Files that were asked for as bytes, copied once however often.
    shared: HashMap<String, Arc<[u8]>>,
}

impl<'f> TextFiles<'f> {
    pub(super) fn new(raw: &'f Files) -> Self {
        TextFiles { raw, opened: Vec::new(), shared: HashMap::new() }
    }

    /// The names of files in a folder with one of these endings, sorted by name.
    pub(super) fn names(&self, folder: &str, endings: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = self
            .raw
            .files
            .iter()
            .filter(|file| file.name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
            .filter(|file| endings.iter().any(|ending| file.name.ends_with(ending)))
            .map(|file| file.name.clone())
            .collect();
        names.sort();
        names
    }

    /// The names of all files.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.raw.files.iter().map(|file| file.name.as_str())
    }

    /// The bytes of a file, when it is there and readable.
    pub(super) fn bytes(&mut self, name: &str) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.shared.get(name) {
            return Some(Arc::clone(bytes));
        }
        let raw = self.raw.files.iter().find(|file| file.name == name)?;
        let bytes: Arc<[u8]> = raw.content.as_deref().ok()?.into();
        self.shared.insert(name.to_owned(), Arc::clone(&bytes));
        Some(bytes)
    }

    /// Whether there is such a file.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.raw.files.iter().any(|file| file.name == name)
    }

    /// The text of a file and its index. A file that cannot be read, is too large or is not UTF-8 is a mistake.
    pub(super) fn open(&mut self, name: &str, problems: &mut Problems) -> Option<(usize, Arc<SourceFile>)> {
        if let Some(index) = self.opened.iter().position(|file| file.name == name) {
            return Some((index, Arc::clone(self.opened.get(index)?)));
        }
        let raw = self.raw.files.iter().find(|file| file.name == name)?;
        let text = match &raw.content {
            Err(why) => {
                problems.push(Diagnostic::without_place(format!("{name} cannot be read: {why}")));
                return None;
            }
            Ok(bytes) => text(name, bytes, problems)?,
        };
        let file = SourceFile::new(name, text);
        self.opened.push(Arc::clone(&file));
        Some((self.opened.len() - 1, file))
    }

    /// Every file that was opened, by index.
    pub(super) fn into_opened(self) -> Vec<Arc<SourceFile>> {
        self.opened
    }
}

fn text(name: &str, bytes: &[u8], problems: &mut Problems) -> Option<String> {
    if bytes.len() > FILE_LIMIT {
        problems.push(
            Diagnostic::without_place(format!("{name} is too large"))
                .found(format!("{} bytes", bytes.len()))
                .allowed(format!("at most {FILE_LIMIT} bytes")),
        );
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let start = error.valid_up_to();
            let byte = bytes.get(start).copied().unwrap_or(0);
            let file = SourceFile::new(name, String::from_utf8_lossy(bytes).into_owned());
            // The byte order marks of UTF-16, which some editors call "Unicode".
            let is_wide = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
            let (found, encoding) = if is_wide {
                ("UTF-16".to_owned(), "UTF-16")
            } else {
                (format!("the byte 0x{byte:02X}"), "ISO-8859-1")
            };
            problems.push(
                Diagnostic::error(Location::new(&file, start..start), "this file is not UTF-8")
                    .found(found)
                    .allowed("text in UTF-8")
                    .hint(format!(
                        "save the file as UTF-8, for instance with `iconv -f {encoding} -t UTF-8`"
                    )),
            );
            None
        }
    }
}
