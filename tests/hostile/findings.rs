//! What the fuzzer of `tests/fuzz`, or a tired reader, once broke the house with; each is walked through as the fuzzer
//! does it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::mutations::mail_walk::Desks;

#[path = "../fuzz/src/folder.rs"]
mod folder;
#[path = "../fuzz/src/walk.rs"]
mod walk;

/// Far more than any of them takes, on a machine that does other work.
const LONGEST: Duration = Duration::from_mins(2);

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it really takes is what counts")]
fn no_finding_of_the_fuzzer_breaks_anything_any_more() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (findings, desks) = (root.join("fixtures/findings"), Desks::of(root));
    let mut walked = 0;
    for finding in std::fs::read_dir(findings).expect("findings") {
        let path = finding.expect("a finding").path();
        let bytes = std::fs::read(&path).expect("a file");
        let began = Instant::now();
        if path.extension().is_some_and(|extension| extension == "eml") {
            desks.walk(&bytes);
        } else {
            let (files, mail) = folder::unpacked(&bytes);
            assert!(!files.files.is_empty(), "{} holds no files", path.display());
            walk::walk(&files, &mail);
        }
        assert!(began.elapsed() < LONGEST, "{} takes {:?}", path.display(), began.elapsed());
        walked += 1;
    }
    assert!(walked > 0, "there are no findings");
}
