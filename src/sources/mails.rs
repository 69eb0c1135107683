//! Past mail, one after the other: single mails, mboxes, Maildirs, and folders of them.
//!
//! What a file is: `.eml` and the files of a Maildir are one mail each; what ends in `.mbox`, or begins with a From_
//! line, is an mbox; of other files in a folder, those that begin with the header of a mail are one mail. A file that
//! is named is taken for one mail in doubt, and may be a pipe, or `-` for standard input.
//!
//! Invariants: mails come in the order in which they were named, those of folders by the bytes of their paths; no file
//! is held in memory, only one mail; nothing that fails ends it, everything that was left out is told by name.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::MAIL_LIMIT;
use super::mail_folder::{Entry, Walk, is_eml};
use super::mbox::{self, Mbox};

/// So much of a file is looked at to tell what it is.
const HEAD: u64 = 4096;
/// What is read at once of an mbox.
const BUFFER: usize = 256 * 1024;

/// Something that was found.
#[derive(Debug)]
pub enum Found {
    /// A file with one mail, not opened yet: [`read_mail`] reads it.
    File {
        /// Where it lies.
        path: PathBuf,
        /// What its name says of the time.
        filed_at: Option<Timestamp>,
    },
    /// A mail of an mbox, or of a pipe.
    Mail(PastMail),
    /// Bytes of a file that was not taken for mail, and why.
    LeftOut(String, String),
    /// A file or folder that cannot be read, or not to its end.
    Failed(String, io::Error),
}

impl Found {
    /// When the file of a single mail was last written: the last thing that says when it may have come in.
    pub fn written_at(&self) -> Option<Timestamp> {
        let Found::File { path, .. } = self else { return None };
        let modified = fs::metadata(path).and_then(|file| file.modified()).ok()?;
        Timestamp::try_from(modified).ok()
    }
}

/// A mail that was in a file with others, or came through a pipe.
#[derive(Debug)]
pub struct PastMail {
    /// `path#N` for the N-th mail of an mbox.
    pub name: String,
    /// Its bytes; `None` when they are more than [`MAIL_LIMIT`].
    pub bytes: Option<Vec<u8>>,
    /// What its From_ line says of the time.
    pub filed_at: Option<Timestamp>,
    /// Where to find it again; `None` for what came through a pipe.
    pub place: Option<Place>,
}

/// A mail in an mbox that can be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The mbox.
    pub path: Arc<Path>,
    /// Where its From_ line begins, in bytes.
    pub offset: u64,
    /// Which mail it is, from 1.
    pub number: u32,
}

/// Bytes of which the first are known already.
type Stream = io::Chain<Cursor<Vec<u8>>, BufReader<Box<dyn Read + Send>>>;

/// Past mail, as it lies in files and folders.
pub struct Mails {
    paths: std::vec::IntoIter<PathBuf>,
    walk: Option<Walk>,
    mbox: Option<OpenMbox>,
}

struct OpenMbox {
    path: Arc<Path>,
    mails: Mbox<Stream>,
    can_be_read_again: bool,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Mbox,
    Mail,
    Compressed,
    Other,
}

impl Mails {
    /// Mail in these files and folders.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Mails { paths: paths.into_iter(), walk: None, mbox: None }
    }

    fn named(&mut self, path: &Path) -> Option<Found> {
        let failed = |error| Some(Found::Failed(path.display().to_string(), error));
        if path == Path::new("-") {
            return self.stream(path, Box::new(io::stdin()), false).unwrap_or_else(failed);
        }
        let is_regular = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return match Walk::new(path) {
                    Ok(walk) => {
                        self.walk = Some(walk);
                        None
                    }
                    Err(error) => failed(error),
                };
            }
            Ok(found) => found.is_file(),
            Err(error) => return failed(error),
        };
        if is_regular && is_eml(path) {
            return Some(Found::File { path: path.to_owned(), filed_at: None });
        }
        match File::open(path) {
            Ok(file) => self.stream(path, Box::new(file), is_regular).unwrap_or_else(failed),
            Err(error) => failed(error),
        }
    }

    /// A file that was named: an mbox, else one mail.
    fn stream(
        &mut self,
        path: &Path,
        mut bytes: Box<dyn Read + Send>,
        is_regular: bool,
    ) -> io::Result<Option<Found>> {
        let head = head(&mut bytes)?;
        match look(&head, path) {
            Look::Compressed => return Ok(Some(compressed(path))),
            Look::Mbox => {
                self.open(path, bytes, (head, is_regular));
                return Ok(None);
            }
            Look::Mail | Look::Other if is_regular => {
                return Ok(Some(Found::File { path: path.to_owned(), filed_at: None }));
            }
            Look::Mail | Look::Other => {}
        }
        let mut whole = head;
        let left = (MAIL_LIMIT + 1).saturating_sub(u64::try_from(whole.len()).unwrap_or(u64::MAX));
        bytes.take(left).read_to_end(&mut whole)?;
        Ok(Some(Found::Mail(PastMail {
            name: path.display().to_string(),
            bytes: (whole.len() <= most()).then_some(whole),
            filed_at: None,
            place: None,
        })))
    }

    fn open(&mut self, path: &Path, bytes: Box<dyn Read + Send>, (head, is_regular): (Vec<u8>, bool)) {
        let reader = Cursor::new(head).chain(BufReader::with_capacity(BUFFER, bytes));
        self.mbox = Some(OpenMbox {
            path: path.into(),
            mails: Mbox::new(reader, most(), 0, 0),
            can_be_read_again: is_regular,
        });
    }

    fn entry(&mut self, entry: Entry) -> Option<Found> {
        match entry {
            Entry::Mail { path, filed_at } => Some(Found::File { path, filed_at }),
            Entry::File(path) => self.unnamed(path),
            Entry::LeftOut(path, why) => Some(Found::LeftOut(path.display().to_string(), why.to_owned())),
            Entry::Failed(path, error) => Some(Found::Failed(path.display().to_string(), error)),
        }
    }

    /// A file of a folder whose name says nothing.
    fn unnamed(&mut self, path: PathBuf) -> Option<Found> {
        let opened = File::open(&path).and_then(|mut file| Ok((head(&mut file)?, file)));
        match opened {
            Ok((head, file)) => match look(&head, &path) {
                Look::Mbox => {
                    self.open(&path, Box::new(file), (head, true));
                    None
                }
                Look::Mail => Some(Found::File { path, filed_at: None }),
                Look::Compressed => Some(compressed(&path)),
                Look::Other => {
                    Some(Found::LeftOut(path.display().to_string(), "no mail by its beginning".to_owned()))
                }
            },
            Err(error) => Some(Found::Failed(path.display().to_string(), error)),
        }
    }
}

impl Iterator for Mails {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            if let Some(open) = &mut self.mbox {
                match open.next() {
                    Some(Ok(mail)) => return Some(Found::Mail(mail)),
                    Some(Err(error)) => {
                        let path = open.path.display().to_string();
                        self.mbox = None;
                        return Some(Found::Failed(path, error));
                    }
                    None => self.mbox = None,
                }
            }
            let found = if let Some(walk) = &mut self.walk {
                let entry = walk.next();
                if entry.is_none() {
                    self.walk = None;
                }
                entry.and_then(|entry| self.entry(entry))
            } else {
                let path = self.paths.next()?;
                self.named(&path)
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl Place {
    /// `path#N`.
    pub fn name(&self) -> String {
        name_in_mbox(&self.path, self.number)
    }
}

fn name_in_mbox(path: &Path, number: u32) -> String {
    format!("{}#{number}", path.display())
}

impl OpenMbox {
    fn next(&mut self) -> Option<io::Result<PastMail>> {
        let entry = match self.mails.next() {
            Ok(entry) => entry?,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(PastMail {
            name: name_in_mbox(&self.path, entry.number),
            bytes: entry.bytes,
            filed_at: entry.filed_at,
            place: self.can_be_read_again.then(|| Place {
                path: Arc::clone(&self.path),
                offset: entry.offset,
                number: entry.number,
            }),
        }))
    }
}

/// Reads a file with one mail into `bytes`, which keep their room for the next.
///
/// # Errors
/// When it cannot be read; [`io::ErrorKind::FileTooLarge`] when it is larger than [`MAIL_LIMIT`].
pub fn read_mail(path: &Path, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    File::open(path)?.take(MAIL_LIMIT + 1).read_to_end(bytes)?;
    if bytes.len() > most() { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// Reads a mail of an mbox again.
///
/// # Errors
/// When it cannot be read, or stands there no more.
pub fn read_mail_at(place: &Place) -> io::Result<Vec<u8>> {
    let mut file = File::open(&place.path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    let before = place.number.saturating_sub(1);
    let found = Mbox::new(BufReader::new(file), most(), place.offset, before).next()?;
    found.and_then(|entry| entry.bytes).ok_or_else(|| io::Error::other("it stands there no more"))
}

/// How many bytes lie in these files and folders, as far as it can be told beforehand.
pub fn weight(paths: &[PathBuf]) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let mut sum: u64 = 0;
    for path in paths {
        if !path.is_dir() {
            sum = sum.saturating_add(size(path));
            continue;
        }
        let Ok(mut walk) = Walk::new(path) else { continue };
        while let Some(entry) = walk.next() {
            if let Entry::Mail { path, .. } | Entry::File(path) = entry {
                sum = sum.saturating_add(size(&path));
            }
        }
    }
    sum
}

fn most() -> usize {
    usize::try_from(MAIL_LIMIT).unwrap_or(usize::MAX)
}

fn head(bytes: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    bytes.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn look(head: &[u8], path: &Path) -> Look {
    let ending = path.extension().unwrap_or_default();
    let first_line = head.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    // gzip, xz, zstd, bzip2 and zip.
    let marks: [&[u8]; 5] = [b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh", b"PK\x03\x04"];
    if marks.iter().any(|mark| head.starts_with(mark)) {
        Look::Compressed
    } else if ending.eq_ignore_ascii_case("mbox") || mbox::from_line(first_line).is_some() {
        Look::Mbox
    } else if is_header(head) {
        Look::Mail
    } else {
        Look::Other
    }
}

fn compressed(path: &Path) -> Found {
    Found::LeftOut(path.display().to_string(), "compressed; unpack it first".to_owned())
}

/// Whether this is the beginning of a mail: fields up to the first blank line, one of them such as every mail has.
fn is_header(head: &[u8]) -> bool {
    const TELLING: [&[u8]; 6] =
        [b"from", b"received", b"date", b"message-id", b"return-path", b"delivered-to"];
    let mut is_telling = false;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        // The last line may be cut off in the middle.
        let is_field = name.len() < line.len() && !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        if !is_field {
            return is_telling && u64::try_from(head.len()) == Ok(HEAD) && head.ends_with(line);
        }
        is_telling |= TELLING.iter().any(|telling| name.eq_ignore_ascii_case(telling));
    }
    is_telling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_file_is() {
        let from = b"From mia@client.example Fri Jan  9 21:03:41 2026\nSubject: a\n";
        for (bytes, name, expected) in [
            (from.as_slice(), "Inbox", Look::Mbox),
            (b"", "empty.mbox", Look::Mbox),
            (b"Received: from a\n\tby b; Fri\nSubject: a\n\nUrgent\n", "1", Look::Mail),
            (b"Date: Fri\r\nSubject: a\r\n", "mail", Look::Mail),
            (b"From here on\n\nit is text\n", "notes.txt", Look::Other),
            (b"# Notes: none\nFrom: nobody\n", "README.md", Look::Other),
            (b"name: x\nversion: 1\n", "a.yaml", Look::Other),
            (b"", "empty", Look::Other),
            (b"\x1f\x8b\x08", "old.mbox", Look::Compressed),
        ] {
            assert_eq!(look(bytes, Path::new(name)), expected, "{name}");
        }
        let mut long = b"From: a\nX-Long: ".to_vec();
        long.resize(4096, b'x');
        assert_eq!(look(&long, Path::new("1")), Look::Mail);
    }
}
