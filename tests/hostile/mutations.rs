//! Mails with some bytes changed, taken through the house as the fuzzer of `tests/fuzz` does it, the same ones each time.
//!
//! `NIGHTDESK_MUTATIONS` says how many; mails of other projects in the folder `NIGHTDESK_CORPUS` are taken as they are and
//! changed as well.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

#[path = "../fuzz/src/mail_walk.rs"]
pub(crate) mod mail_walk;

use mail_walk::Desks;

/// How many changed mails a plain run looks at.
const MUTATIONS: usize = 200;
/// Longer mails say nothing more here, and take longer.
const LONGEST: usize = 64 * 1024;

#[test]
fn changed_mails_keep_every_promise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desks = Desks::of(root);
    let tokens = tokens(root);
    let (mut seeds, mut names) = (Vec::new(), Vec::new());
    for path in mails(root) {
        let mail = fs::read(&path).expect("a mail");
        walked(&desks, &mail, &path.display().to_string());
        if mail.len() <= LONGEST {
            seeds.push(mail);
            names.push(path);
        }
    }
    let count = std::env::var_os("NIGHTDESK_MUTATIONS")
        .map(|count| count.to_str().and_then(|count| count.parse().ok()).expect("a number"));
    for seed in 0..count.unwrap_or(MUTATIONS) {
        let mut random = Rng::with_seed(seed as u64);
        let index = random.usize(..seeds.len());
        let other = &seeds[random.usize(..seeds.len())];
        let mail = changed(&mut random, seeds[index].clone(), other, &tokens);
        walked(&desks, &mail, &format!("change {seed} of {}", names[index].display()));
    }
}

/// Our own mails, and those of the corpus when there is one.
fn mails(root: &Path) -> Vec<PathBuf> {
    let mut mails = below(&root.join("fixtures/mail"));
    if let Some(corpus) = std::env::var_os("NIGHTDESK_CORPUS").map(PathBuf::from) {
        mails.extend(below(&corpus));
    }
    mails
}

/// All files of a folder, in their order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let found = paths.into_iter().flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] });
    found.collect()
}

/// The words of the fuzzer's dictionary.
fn tokens(root: &Path) -> Vec<Vec<u8>> {
    let dictionary = fs::read_to_string(root.join("tests/fuzz/mail.dict")).expect("a dictionary");
    let quoted = dictionary.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    let tokens: Vec<_> = quoted.map(unescaped).collect();
    assert!(tokens.len() > 50, "the dictionary has words");
    tokens
}

/// What stands in the quotes of a dictionary of libFuzzer: `\xNN`, `\\` and `\"` are escapes, and nothing else is.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = text.bytes();
    while let Some(byte) = chars.next() {
        let escaped = if byte == b'\\' { chars.next() } else { None };
        bytes.push(match escaped {
            Some(b'x') => {
                let digits = [chars.next(), chars.next()].map(|digit| char::from(digit.expect("two digits")));
                let values = digits.map(|digit| digit.to_digit(16).expect("a digit"));
                u8::try_from(values[0] * 16 + values[1]).expect("two digits")
            }
            Some(other) => other,
            None => byte,
        });
    }
    bytes
}

/// One to four changes.
fn changed(random: &mut Rng, mut mail: Vec<u8>, other: &[u8], tokens: &[Vec<u8>]) -> Vec<u8> {
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=mail.len());
        let end = (at + random.usize(..64)).min(mail.len());
        match random.usize(..7) {
            0 if at < mail.len() => mail[at] = random.u8(..),
            1 if at < mail.len() => mail[at] ^= 1 << random.u8(..8),
            2 => drop(mail.drain(at..end)),
            3 => {
                let piece = mail[at..end].repeat(random.usize(1..30));
                mail.splice(at..at, piece);
            }
            4 => {
                let from = random.usize(..=other.len());
                let to = (from + random.usize(..2000)).min(other.len());
                mail.splice(at..at, other[from..to].iter().copied());
            }
            5 => mail.truncate(at),
            _ => {
                let token = &tokens[random.usize(..tokens.len())];
                mail.splice(at..end.min(at + token.len() * random.usize(..2)), token.iter().copied());
            }
        }
    }
    mail
}

/// Walks, and keeps the mail when a promise is broken.
fn walked(desks: &Desks, mail: &[u8], name: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| desks.walk(mail))) {
        let kept = std::env::temp_dir().join("nightdesk-broken.eml");
        fs::write(&kept, mail).expect("a file");
        let why = panic.downcast_ref::<String>().cloned();
        let why = why.or_else(|| panic.downcast_ref::<&str>().map(|why| (*why).to_owned()));
        panic!("{name}, kept as {}: {}", kept.display(), why.unwrap_or_default());
    }
}
