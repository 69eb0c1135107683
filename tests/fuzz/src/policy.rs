//! Fuzzes policy folders: whatever lies in one, it is compiled, its mistakes are told, and, when there are none, its
//! examples run and a mail is decided, explained and answered. Nothing may panic, hang or take memory without bound.

#![no_main]

mod folder;
mod walk;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (files, mail) = folder::unpacked(input);
    walk::walk(&files, &mail);
});
