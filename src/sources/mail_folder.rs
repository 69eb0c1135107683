//! The files of a folder of mails, deep down, in the order of the bytes of their paths.
//!
//! A folder with a `cur` in it is a Maildir: every file in `cur` and `new` is a mail, `tmp` is left alone, and so are
//! the files beside them. What is hidden is left alone, except the folders of a Maildir, which begin with a dot. Links
//! to files are followed; links to folders are not, so that no circle can be walked; and nothing is opened here.
//!
//! What is held: the names in one folder and in those above it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// The most folders within one another.
const DEEPEST: usize = 64;

/// Something in a folder.
#[derive(Debug)]
pub(super) enum Entry {
    /// A mail by its place or its name.
    Mail {
        /// Where it lies.
        path: PathBuf,
        /// What the name in a Maildir says of the time.
        filed_at: Option<Timestamp>,
    },
    /// A file whose name says nothing.
    File(PathBuf),
    /// Not looked at, and why.
    LeftOut(PathBuf, &'static str),
    /// It cannot be read.
    Failed(PathBuf, io::Error),
}

/// What lies under a name of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    LinkedFolder,
    Special,
    /// Its type cannot be found out.
    Unknown,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A folder of whatever.
    Plain,
    /// One with `cur` and `new` in it.
    Maildir,
    /// `cur` or `new`.
    Mails,
}

#[derive(Debug)]
struct Level {
    path: PathBuf,
    role: Role,
    /// The last comes first.
    names: Vec<(OsString, Kind)>,
}

/// A walk through a folder.
#[derive(Debug)]
pub(super) struct Walk {
    levels: Vec<Level>,
}

impl Walk {
    /// Begins in a folder.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let is_named = |name: &str| folder.file_name() == Some(OsStr::new(name));
        let is_of_maildir = (is_named("cur") || is_named("new"))
            && folder.parent().is_some_and(|parent| parent.join("cur").is_dir());
        let mut level = level(folder.to_owned())?;
        if is_of_maildir {
            level.role = Role::Mails;
        }
        Ok(Walk { levels: vec![level] })
    }

    /// The next file; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Entry> {
        loop {
            let level = self.levels.last_mut()?;
            let Some((name, kind)) = level.names.pop() else {
                self.levels.pop();
                continue;
            };
            let role = level.role;
            let path = level.path.join(&name);
            match kind {
                Kind::Folder => {
                    if let Some(entry) = self.enter(path, &name) {
                        return Some(entry);
                    }
                }
                Kind::File => match role {
                    Role::Mails => return Some(Entry::Mail { filed_at: filed_at(&name), path }),
                    // Lists of what was read, subscriptions, keywords: a server's own.
                    Role::Maildir => {}
                    Role::Plain if is_eml(&path) => return Some(Entry::Mail { path, filed_at: None }),
                    Role::Plain => return Some(Entry::File(path)),
                },
                Kind::LinkedFolder => {
                    return Some(Entry::LeftOut(path, "a link to a folder; name it to have it read"));
                }
                Kind::Special => return Some(Entry::LeftOut(path, "no regular file")),
                Kind::Unknown => {
                    let error = fs::metadata(&path).err().unwrap_or_else(|| io::ErrorKind::NotFound.into());
                    return Some(Entry::Failed(path, error));
                }
            }
        }
    }

    /// Goes into a folder of the present one, unless it is none of ours.
    fn enter(&mut self, path: PathBuf, name: &OsStr) -> Option<Entry> {
        let above = self.levels.last()?.role;
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if (above == Role::Maildir && name == "tmp") || above == Role::Mails {
            return None;
        }
        if self.levels.len() >= DEEPEST {
            return Some(Entry::LeftOut(path, "more than 64 folders within one another"));
        }
        match level(path.clone()) {
            Ok(level) if is_hidden && level.role != Role::Maildir => None,
            Ok(mut level) => {
                if above == Role::Maildir && (name == "cur" || name == "new") {
                    level.role = Role::Mails;
                }
                self.levels.push(level);
                None
            }
            Err(_) if is_hidden => None,
            Err(error) => Some(Entry::Failed(path, error)),
        }
    }
}

/// A folder with its names, sorted as the paths below it are.
fn level(path: PathBuf) -> io::Result<Level> {
    let mut names = Vec::new();
    let mut role = Role::Plain;
    for entry in fs::read_dir(&path)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type().map_or(Kind::Unknown, |found| kind(found, &entry.path()));
        if name == "cur" && kind == Kind::Folder {
            role = Role::Maildir;
        }
        if kind == Kind::Folder || !name.as_encoded_bytes().starts_with(b".") {
            names.push((name, kind));
        }
    }
    // Below a folder every path goes on with a slash.
    names.sort_by(|(a, a_kind), (b, b_kind)| path_bytes(b, *b_kind).cmp(path_bytes(a, *a_kind)));
    names.shrink_to_fit();
    Ok(Level { path, role, names })
}

fn path_bytes(name: &OsStr, kind: Kind) -> impl Iterator<Item = &u8> {
    let slash: &[u8] = if kind == Kind::Folder { b"/" } else { b"" };
    name.as_encoded_bytes().iter().chain(slash)
}

fn kind(found: FileType, path: &Path) -> Kind {
    if found.is_file() {
        Kind::File
    } else if found.is_dir() {
        Kind::Folder
    } else if found.is_symlink() {
        match fs::metadata(path) {
            Ok(target) if target.is_dir() => Kind::LinkedFolder,
            Ok(target) if target.is_file() => Kind::File,
            Ok(_) => Kind::Special,
            Err(_) => Kind::Unknown,
        }
    } else {
        Kind::Special
    }
}

/// Whether the name says that it is one mail.
pub(super) fn is_eml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("eml"))
}

/// The second in which a mail was delivered into a Maildir, with which its name begins: `1767989021.M1P2.host,S=3:2,S`.
fn filed_at(name: &OsStr) -> Option<Timestamp> {
    let name = name.to_str()?;
    let (second, _) = name.split_once('.')?;
    // From 2001 on; other programs put other numbers there.
    if second.len() != 10 || !second.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Timestamp::from_second(second.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_a_maildir_tells_the_second() {
        let second = |name: &str| filed_at(OsStr::new(name)).map(|at| at.to_string());
        assert_eq!(second("1767992621.M1P2.host,S=3:2,S").as_deref(), Some("2026-01-09T21:03:41Z"));
        for name in ["mail.1", "1767992621", "17679926210.a", "176799262x.a", "12.a", "-767992621.a"] {
            assert_eq!(second(name), None, "{name}");
        }
    }
}
