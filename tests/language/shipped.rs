//! The shipped policies as a shelf: each is described, each carries its examples, and what two of them share is the same.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use nightdesk::policy::compile;
use nightdesk::sources::policy_folder;

use crate::program::root;

fn shipped() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("rules")).expect("a folder");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

#[test]
fn each_is_described_and_carries_at_least_thirty_examples() {
    let page = fs::read_to_string(root().join("rules/README.md")).expect("the page");
    let mut named = 0;
    for folder in shipped() {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(page.contains(&format!("| `{name}/` |")), "{name} does not stand in rules/README.md");
        let outcome = compile(&policy_folder(&folder).expect("a folder"));
        let policy = outcome.policy.unwrap_or_else(|| panic!("{name}: {:?}", outcome.diagnostics));
        assert!(policy.examples.len() >= 30, "{name} has {} examples", policy.examples.len());
        named += 1;
    }
    assert_eq!(named, 5);
}

/// A copy is mended with its original, or not at all.
#[test]
fn calendars_of_the_same_name_are_the_same() {
    let mut seen: HashMap<String, (PathBuf, Vec<u8>)> = HashMap::new();
    let mut copies = 0;
    for folder in shipped() {
        let Ok(entries) = fs::read_dir(folder.join("holidays")) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let bytes = fs::read(&path).expect("a calendar");
            if let Some((first, content)) = seen.get(&name) {
                assert_eq!(*content, bytes, "{} and {} differ", first.display(), path.display());
                copies += 1;
            } else {
                seen.insert(name, (path, bytes));
            }
        }
    }
    assert!(copies > 0, "nothing is shared any more; this test can go");
}
