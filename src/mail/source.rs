//! What a mail is read from: all its bytes, or its header and the parts worth fetching.
//!
//! A mailbox is asked for prefixes first and for single parts of the few long mails, so both shapes lead to the same
//! [`Message`](super::Message). Nothing here reads or decodes.

/// The bytes of one mail as they came from the server or from a file.
#[derive(Debug, Clone)]
pub enum Source<'a> {
    /// The whole mail.
    Whole(&'a [u8]),
    /// The header and some of the parts.
    Parts(Parts<'a>),
}

/// A mail of which only some parts were fetched.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    /// The mail's own header block.
    pub header: &'a [u8],
    /// The fetched leaf parts, in the order of their sections.
    pub parts: Vec<Part<'a>>,
    /// What the mail holds beyond them.
    pub omitted: Vec<Omitted>,
}

/// One fetched part.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its IMAP section, such as `1.2` (RFC 3501 section 6.4.5).
    pub section: &'a str,
    /// Its MIME header.
    pub header: &'a [u8],
    /// Its content, still transfer-encoded; of a `message/rfc822` part the mail within.
    pub body: &'a [u8],
    /// Whether `body` is only the beginning.
    pub truncated: bool,
}

/// Something of a mail that was not read, to be named in the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omitted {
    /// The IMAP section.
    pub section: String,
    /// Its media type, such as `text/plain`.
    pub media_type: String,
    /// How many bytes were left out, as far as known.
    pub bytes: u64,
}

/// What the reader of a [`Message`](super::Message) will ask for beyond the usual.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Header names whose values `header_values` must answer.
    pub keep_headers: &'a [String],
}
