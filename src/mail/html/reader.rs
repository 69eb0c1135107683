//! What the tokenizer reads HTML from, and through what it tells of it.
//!
//! The reader stops in a tag with too many attributes. It is the crate's `StringReader` otherwise, but looks at a run of
//! bytes at a time where that one looks at single bytes.

use std::cell::Cell;

use html5gum::{Emitter, ForwardingEmitter, Reader};
use memchr::{memchr, memchr2, memchr3};

/// The most attributes that are read of one tag. The tokenizer calls itself for each, so their number must be bounded
/// for the sake of the stack; tags that people send have a dozen.
const MAX_ATTRIBUTES: usize = 256;

/// The reader stopped.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a tag has more than {MAX_ATTRIBUTES} attributes")]
pub(super) struct TooManyAttributes;

/// How far the reader and whoever handles the tokens have come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes read.
    pub(super) consumed: Cell<usize>,
    /// How many attributes the present tag has so far.
    pub(super) attributes: Cell<usize>,
    /// Bytes up to where the last start tag shows its name.
    pub(super) opened: Cell<usize>,
    /// Bytes up to the end of the last tag or comment.
    pub(super) settled: Cell<usize>,
    /// The same as it was before the last comment.
    pub(super) before_comment: Cell<usize>,
    /// Bytes up to the end of the tag since which no text is for a reader.
    pub(super) skipped: Cell<usize>,
}

/// A reader that stops in a tag with too many attributes.
pub(super) struct FewAttributes<'h> {
    rest: &'h [u8],
    progress: &'h Progress,
}

impl<'h> FewAttributes<'h> {
    /// Reads `html`; whoever handles the tokens counts the attributes.
    pub(super) fn new(html: &'h str, progress: &'h Progress) -> Self {
        FewAttributes { rest: html.as_bytes(), progress }
    }

    fn check(&self) -> Result<(), TooManyAttributes> {
        if self.progress.attributes.get() > MAX_ATTRIBUTES { Err(TooManyAttributes) } else { Ok(()) }
    }

    /// The next `len` bytes, or what is left of them.
    fn take(&mut self, len: usize) -> &'h [u8] {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.progress.consumed.set(self.progress.consumed.get() + taken.len());
        taken
    }
}

impl Reader for FewAttributes<'_> {
    type Error = TooManyAttributes;

    #[inline]
    fn read_byte(&mut self) -> Result<Option<u8>, TooManyAttributes> {
        self.check()?;
        Ok(self.take(1).first().copied())
    }

    #[inline]
    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, TooManyAttributes> {
        let Some(next) = self.rest.get(..text.len()) else { return Ok(false) };
        let found = next == text || !case_sensitive && next.eq_ignore_ascii_case(text);
        if found {
            self.take(text.len());
        }
        Ok(found)
    }

    #[inline]
    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        _: &'b mut [u8; 4],
    ) -> Result<Option<&'b [u8]>, TooManyAttributes> {
        self.check()?;
        // One of the needles comes alone.
        let run = self.take(first_of(needle, self.rest).max(1));
        Ok((!run.is_empty()).then_some(run))
    }
}

/// Where the first of some bytes stands, else the length.
///
/// A byte that stands nowhere must not be looked for in all that follows, each time anew.
fn first_of(needles: &[u8], bytes: &[u8]) -> usize {
    let mut size = 64;
    loop {
        let window = bytes.get(..size).unwrap_or(bytes);
        let found = first_in(needles, window);
        if found < window.len() || window.len() == bytes.len() {
            return found;
        }
        size *= 8;
    }
}

fn first_in(needles: &[u8], bytes: &[u8]) -> usize {
    let mut bytes = bytes;
    for needles in needles.chunks(3) {
        let found = match *needles {
            [one] => memchr(one, bytes),
            [one, two] => memchr2(one, two, bytes),
            [one, two, three] => memchr3(one, two, three, bytes),
            _ => None,
        };
        // The next ones need to be looked for only before it.
        bytes = found.and_then(|found| bytes.get(..found)).unwrap_or(bytes);
    }
    bytes.len()
}

/// Tells of everything but mistakes in the HTML, which no reader of a mail hears of: looking for them costs a look at
/// each character.
pub(super) struct WithoutErrors<E>(pub(super) E);

impl<E: Emitter> ForwardingEmitter for WithoutErrors<E> {
    type Token = E::Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = E::Token> {
        &mut self.0
    }

    #[inline]
    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use html5gum::{Readable, StringReader};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_reads_as_the_reader_of_the_crate_does(
            html in "[a-c<&\0\r\"é]{0,80}|[a-c]{60,70}[<&é]{0,3}",
            asks in prop::collection::vec(0_usize..5, 0..40),
        ) {
            let progress = Progress::default();
            let mut ours = FewAttributes::new(&html, &progress);
            let mut theirs: StringReader<'_> = html.to_reader();
            for ask in asks {
                let (mut one, mut other) = ([0; 4], [0; 4]);
                match ask {
                    0 => prop_assert_eq!(ours.read_byte().unwrap(), theirs.read_byte().unwrap()),
                    1 => prop_assert_eq!(
                        ours.try_read_string(b"aB", false).unwrap(),
                        theirs.try_read_string(b"aB", false).unwrap()
                    ),
                    _ => {
                        let needles: &[u8] = [b"<&\0\r".as_slice(), b"\"\r", b"\r"].get(ask - 2).unwrap();
                        prop_assert_eq!(
                            ours.read_until(needles, &mut one).unwrap(),
                            theirs.read_until(needles, &mut other).unwrap()
                        );
                    }
                }
            }
            prop_assert_eq!(progress.consumed.get() + ours.rest.len(), html.len());
        }
    }
}
