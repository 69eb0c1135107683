//! A policy folder as bytes.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::base::text::clean;
use crate::policy::{Files, RawFile};

/// The most bytes read of one file; one more than a policy accepts, so that it can say that it is too large.
const FILE_LIMIT: u64 = 16 * 1024 * 1024 + 1;
/// The most bytes of a whole folder.
const FOLDER_LIMIT: u64 = 256 * 1024 * 1024;
/// The most files of a folder.
const MOST_FILES: usize = 10_000;

/// Folders that belong to a policy; others are left alone.
const FOLDERS: [&str; 3] = ["replies", "holidays", "tests"];

/// Reads what belongs to a policy: `policy.toml`, `*.csv`, and the files of `replies`, `holidays` and `tests`.
///
/// # Errors
/// When the folder itself cannot be read, holds more than a policy can, or a file whose name cannot be shown.
pub fn policy_folder(path: &Path) -> io::Result<Files> {
    let mut reader = Reader { files: Files::default(), bytes: 0 };
    let has_policy = path.join("policy.toml").is_file();
    reader.folder(path, "", |name| {
        let is_table = Path::new(name).extension().is_some_and(|ending| ending == "csv");
        // Without the file itself, one that is nearly called so tells what happened.
        let is_nearly = !has_policy && name.to_lowercase().starts_with("policy.t");
        name == "policy.toml" || is_table || is_nearly
    })?;
    for folder in FOLDERS {
        let inside = path.join(folder);
        if inside.is_dir() {
            reader.folder(&inside, folder, |name| !name.starts_with('.'))?;
        }
    }
    Ok(reader.files)
}

struct Reader {
    files: Files,
    bytes: u64,
}

impl Reader {
    fn folder(&mut self, path: &Path, prefix: &str, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            if wanted(&shown) && entry.path().is_file() {
                names.push(legal_name(&name)?.to_owned());
            }
            if self.files.files.len() + names.len() > MOST_FILES {
                return Err(io::Error::other(format!("more than {MOST_FILES} files")));
            }
        }
        names.sort();
        for name in names {
            let content = self.file(&path.join(&name)).map_err(|error| error.to_string());
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            self.files.files.push(RawFile { name, content });
            if self.bytes > FOLDER_LIMIT {
                return Err(io::Error::other(format!("more than {FOLDER_LIMIT} bytes in all")));
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::open(path)?.take(FILE_LIMIT).read_to_end(&mut content)?;
        self.bytes += u64::try_from(content.len()).unwrap_or(u64::MAX);
        Ok(content)
    }
}

/// A name that stands in messages as it is: UTF-8 without control characters.
fn legal_name(name: &OsStr) -> io::Result<&str> {
    name.to_str().filter(|name| *clean(name) == **name).ok_or_else(|| {
        io::Error::other(format!(
            "a file has a name that is not plain text: \"{}\"; rename it without control characters, in UTF-8",
            name.as_encoded_bytes().escape_ascii()
        ))
    })
}
