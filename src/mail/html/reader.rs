//! What the tokenizer reads HTML from: it stops in a tag with too many attributes.

use std::cell::Cell;

use html5gum::{Readable, Reader, StringReader};

/// The most attributes that are read of one tag. The tokenizer calls itself for each, so their number must be bounded
/// for the sake of the stack; tags that people send have a dozen.
const MAX_ATTRIBUTES: usize = 256;

/// Where the reader stopped.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a tag has more than {MAX_ATTRIBUTES} attributes")]
pub(super) struct TooManyAttributes {
    /// Bytes read until then.
    pub(super) consumed: usize,
}

/// A reader that stops in a tag with too many attributes.
pub(super) struct FewAttributes<'h> {
    inner: StringReader<'h>,
    consumed: usize,
    /// How many the present tag has so far.
    attributes: &'h Cell<usize>,
}

impl<'h> FewAttributes<'h> {
    /// Reads `html`; whoever handles the tokens counts the attributes.
    pub(super) fn new(html: &'h str, attributes: &'h Cell<usize>) -> Self {
        FewAttributes { inner: html.to_reader(), consumed: 0, attributes }
    }

    fn check(&self) -> Result<(), TooManyAttributes> {
        if self.attributes.get() > MAX_ATTRIBUTES {
            return Err(TooManyAttributes { consumed: self.consumed });
        }
        Ok(())
    }
}

impl Reader for FewAttributes<'_> {
    type Error = TooManyAttributes;

    fn read_byte(&mut self) -> Result<Option<u8>, TooManyAttributes> {
        self.check()?;
        let Ok(byte) = self.inner.read_byte();
        self.consumed += usize::from(byte.is_some());
        Ok(byte)
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, TooManyAttributes> {
        let Ok(found) = self.inner.try_read_string(text, case_sensitive);
        self.consumed += if found { text.len() } else { 0 };
        Ok(found)
    }

    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        buffer: &'b mut [u8; 4],
    ) -> Result<Option<&'b [u8]>, TooManyAttributes> {
        self.check()?;
        let Ok(read) = self.inner.read_until(needle, buffer);
        self.consumed += read.map_or(0, <[u8]>::len);
        Ok(read)
    }
}
