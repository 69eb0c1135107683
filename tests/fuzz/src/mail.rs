//! Fuzzes mail: whatever comes in, it is read, decided, applied, explained, answered and told of under several policies,
//! and what was written is read again. Nothing may panic, hang or take memory without bound.

#![no_main]

mod mail_walk;

use std::path::Path;
use std::sync::LazyLock;

static DESKS: LazyLock<mail_walk::Desks> =
    LazyLock::new(|| mail_walk::Desks::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")));

libfuzzer_sys::fuzz_target!(|mail: &[u8]| DESKS.walk(mail));
