//! What is known of an open element.

use super::super::markup::Class;
use super::paint::{Paint, WHITE};
use super::style::Display;

/// What an element does to the flow of text (HTML Living Standard section 15.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Layout {
    #[default]
    Inline,
    /// Begins and ends a line.
    Block,
    /// Is set off by a blank line.
    Paragraph,
    Cell,
    Break,
    Image,
    /// Stands in the line, set off from the words around it, as buttons do.
    Box,
    /// Stands above the line.
    Raised,
    /// How to say what stands before it.
    Annotation,
    /// Holds no text for a reader.
    Skip,
    /// Has no end tag and does nothing.
    Void,
}

impl Layout {
    pub(super) fn of(name: &[u8]) -> Layout {
        match name {
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Layout::Paragraph,
            b"div" | b"tr" | b"li" | b"table" | b"tbody" | b"thead" | b"tfoot" | b"blockquote" | b"pre"
            | b"ul" | b"ol" | b"dl" | b"dt" | b"dd" | b"center" | b"section" | b"article" | b"header"
            | b"footer" | b"main" | b"aside" | b"nav" | b"form" | b"fieldset" | b"address" | b"figure"
            | b"figcaption" | b"caption" | b"body" | b"html" | b"option" | b"select" | b"details"
            | b"summary" | b"legend" | b"menu" | b"dir" | b"hgroup" | b"dialog" | b"listing" | b"xmp"
            | b"plaintext" | b"optgroup" | b"marquee" => Layout::Block,
            b"td" | b"th" => Layout::Cell,
            b"br" => Layout::Break,
            b"img" => Layout::Image,
            b"sup" => Layout::Raised,
            b"rt" => Layout::Annotation,
            b"script" | b"style" | b"title" | b"template" | b"iframe" | b"datalist" | b"rp" => Layout::Skip,
            b"hr" | b"input" | b"meta" | b"link" | b"area" | b"base" | b"col" | b"embed" | b"source"
            | b"track" | b"wbr" | b"param" | b"basefont" | b"frame" | b"bgsound" => Layout::Void,
            _ => Layout::Inline,
        }
    }

    /// How it flows when a style says how to display it. A block stays one: words that it keeps apart are never glued.
    pub(super) fn displayed(self, display: Option<Display>) -> Layout {
        match (self, display) {
            (Layout::Inline, Some(Display::Block)) => Layout::Block,
            (Layout::Inline, Some(Display::Box)) => Layout::Box,
            (Layout::Inline | Layout::Block, Some(Display::Cell)) => Layout::Cell,
            (layout, _) => layout,
        }
    }
}

/// Who gets to see the text of an element; nothing within undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Sight {
    #[default]
    Shown,
    Hidden,
    Skipped,
}

/// What an element has from those around it, and what an element within may undo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The font is too small to be read.
    pub(super) tiny: bool,
    /// It is invisible in its place.
    pub(super) unseen: bool,
    /// Ink and ground are alike.
    pub(super) lost: bool,
    pub(super) ink: Paint,
    pub(super) ground: Paint,
}

impl Look {
    pub(super) fn is_readable(self) -> bool {
        !(self.tiny || self.unseen || self.lost)
    }
}

impl Default for Look {
    /// What nobody declared is dark on light, or light on dark where a reader wants that: only declared ink is judged.
    fn default() -> Self {
        Look { tiny: false, unseen: false, lost: false, ink: Paint::Unknown, ground: WHITE }
    }
}

/// An open element; what it inherits is in it, so only the last one is ever asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Element {
    pub(super) name: u64,
    /// What it is by its name, which decides what its tags open and close.
    pub(super) layout: Layout,
    /// How it flows.
    pub(super) flow: Layout,
    /// What its text is differs from what is around it.
    pub(super) set_off: bool,
    pub(super) sight: Sight,
    pub(super) look: Look,
    pub(super) pre: bool,
    /// Within an annotation.
    pub(super) aside: bool,
    pub(super) class: Class,
}

impl Element {
    /// Whether its text is for a reader.
    pub(super) fn is_seen(&self) -> bool {
        self.sight == Sight::Shown && self.look.is_readable()
    }
}

/// Names of elements that are told apart, [`packed`].
pub(super) mod name {
    use super::packed;

    pub(in super::super) const A: u64 = packed(b"a");
    pub(in super::super) const BLOCKQUOTE: u64 = packed(b"blockquote");
    pub(in super::super) const BODY: u64 = packed(b"body");
    pub(in super::super) const BUTTON: u64 = packed(b"button");
    pub(in super::super) const DD: u64 = packed(b"dd");
    pub(in super::super) const DT: u64 = packed(b"dt");
    pub(in super::super) const FONT: u64 = packed(b"font");
    pub(in super::super) const HR: u64 = packed(b"hr");
    pub(in super::super) const HTML: u64 = packed(b"html");
    pub(in super::super) const IMG: u64 = packed(b"img");
    pub(in super::super) const LI: u64 = packed(b"li");
    pub(in super::super) const MARK: u64 = packed(b"mark");
    pub(in super::super) const NOSCRIPT: u64 = packed(b"noscript");
    pub(in super::super) const P: u64 = packed(b"p");
    pub(in super::super) const PRE: u64 = packed(b"pre");
    pub(in super::super) const RUBY: u64 = packed(b"ruby");
    pub(in super::super) const SELECT: u64 = packed(b"select");
    pub(in super::super) const STYLE: u64 = packed(b"style");
    pub(in super::super) const TABLE: u64 = packed(b"table");
    pub(in super::super) const TBODY: u64 = packed(b"tbody");
    pub(in super::super) const TD: u64 = packed(b"td");
    pub(in super::super) const TEXTAREA: u64 = packed(b"textarea");
    pub(in super::super) const TFOOT: u64 = packed(b"tfoot");
    pub(in super::super) const TH: u64 = packed(b"th");
    pub(in super::super) const THEAD: u64 = packed(b"thead");
    pub(in super::super) const TR: u64 = packed(b"tr");
}

/// The first eight bytes of a tag name as a number: enough to tell the names of HTML apart.
pub(super) const fn packed(name: &[u8]) -> u64 {
    let (mut packed, mut rest, mut left) = (0, name, 8);
    while let ([first, tail @ ..], 1..) = (rest, left) {
        packed = packed << 8 | *first as u64;
        (rest, left) = (tail, left - 1);
    }
    packed
}
