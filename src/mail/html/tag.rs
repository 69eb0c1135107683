//! The start tag being read, and what of it is kept.

use super::super::header::lossy;
use super::super::markup::Marks;
use super::element::{name, packed};

/// Bytes of one attribute that are looked at.
const MAX_ATTRIBUTE: usize = 4 * 1024;

/// The attribute being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Attribute {
    Class,
    Id,
    Name,
    Type,
    Style,
    Alt,
    Marker,
    Smartmail,
    Color,
    BgColor,
    Background,
    Width,
    Height,
    TabIndex,
    #[default]
    Other,
}

/// A start tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    pub(super) element: Vec<u8>,
    /// The same, [`packed`].
    pub(super) packed: u64,
    attribute: Attribute,
    /// Whether any attribute below was met.
    has_values: bool,
    pub(super) class: String,
    pub(super) id: String,
    name: String,
    pub(super) kind: String,
    pub(super) style: String,
    pub(super) alt: String,
    marker: String,
    smartmail: String,
    /// `color` of a `font`, `text` of a `body`.
    pub(super) color: String,
    pub(super) bgcolor: String,
    pub(super) background: String,
    width: String,
    height: String,
    tabindex: String,
    pub(super) hidden: bool,
    /// A `font` with a size, which is never too small.
    pub(super) sized: bool,
}

impl Tag {
    pub(super) fn open(&mut self, element: &[u8]) {
        self.element.clear();
        self.element.extend_from_slice(element);
        self.packed = packed(element);
        (self.hidden, self.sized) = (false, false);
        if std::mem::take(&mut self.has_values) {
            for text in [
                &mut self.class,
                &mut self.id,
                &mut self.name,
                &mut self.kind,
                &mut self.style,
                &mut self.alt,
                &mut self.marker,
                &mut self.smartmail,
                &mut self.color,
                &mut self.bgcolor,
                &mut self.background,
                &mut self.width,
                &mut self.height,
                &mut self.tabindex,
            ] {
                text.clear();
            }
        }
    }

    pub(super) fn attribute(&mut self, name: &[u8]) {
        self.attribute = match name {
            b"class" => Attribute::Class,
            b"id" => Attribute::Id,
            b"name" => Attribute::Name,
            b"type" => Attribute::Type,
            b"style" => Attribute::Style,
            b"alt" => Attribute::Alt,
            b"data-marker" => Attribute::Marker,
            b"data-smartmail" => Attribute::Smartmail,
            b"color" if self.packed == name::FONT => Attribute::Color,
            b"text" if self.packed == name::BODY => Attribute::Color,
            b"bgcolor" => Attribute::BgColor,
            b"background" => Attribute::Background,
            b"width" if self.packed == name::IMG => Attribute::Width,
            b"height" if self.packed == name::IMG => Attribute::Height,
            b"tabindex" if self.packed == name::HR => Attribute::TabIndex,
            b"size" => {
                self.sized |= self.packed == name::FONT;
                Attribute::Other
            }
            b"hidden" => {
                self.hidden = true;
                Attribute::Other
            }
            _ => Attribute::Other,
        };
    }

    pub(super) fn value(&mut self, value: &[u8]) {
        let text = match self.attribute {
            Attribute::Class => &mut self.class,
            Attribute::Id => &mut self.id,
            Attribute::Name => &mut self.name,
            Attribute::Type => &mut self.kind,
            Attribute::Style => &mut self.style,
            Attribute::Alt => &mut self.alt,
            Attribute::Marker => &mut self.marker,
            Attribute::Smartmail => &mut self.smartmail,
            Attribute::Color => &mut self.color,
            Attribute::BgColor => &mut self.bgcolor,
            Attribute::Background => &mut self.background,
            Attribute::Width => &mut self.width,
            Attribute::Height => &mut self.height,
            Attribute::TabIndex => &mut self.tabindex,
            Attribute::Other => return,
        };
        // The first of two equal attributes counts (HTML Living Standard section 13.2.5.33).
        if text.is_empty() {
            text.push_str(&lossy(value.get(..MAX_ATTRIBUTE).unwrap_or(value)));
            self.has_values = true;
        }
    }

    /// Whether nothing but its name says anything.
    pub(super) fn is_bare(&self) -> bool {
        !self.has_values && !self.hidden && !self.sized
    }

    /// By what a mail program may know it.
    pub(super) fn marks(&self) -> Marks<'_> {
        Marks {
            tag: &self.element,
            class: &self.class,
            id: &self.id,
            name: &self.name,
            marker: &self.marker,
            smartmail: &self.smartmail,
        }
    }

    /// Whether it is the rule that Outlook draws above what it quotes.
    pub(super) fn is_drawn_by_outlook(&self) -> bool {
        self.packed == name::HR && self.tabindex == "-1"
    }

    /// Whether it is a picture of a single dot, there to be fetched and not to be seen.
    pub(super) fn is_dot(&self) -> bool {
        let is_small = |size: &str| matches!(size, "0" | "1" | "0px" | "1px");
        is_small(&self.width) && is_small(&self.height)
    }
}
