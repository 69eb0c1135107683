//! What HTML attributes of mail programs mean for the text within, as one table, and which styles hide text.
//!
//! A further mail program is a further row.

/// What the markup says of a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Class {
    /// Nothing.
    #[default]
    Plain,
    /// A quotation.
    Quote(&'static str),
    /// A quotation when an attribution line stands before it, else perhaps the writer's own words.
    Bare(&'static str),
    /// An element around an attribution and its quotations, perhaps with answers between them.
    Container(u16, &'static str),
    /// This and all after it was quoted or forwarded.
    Rest(&'static str),
    /// A forwarded mail.
    Forward(&'static str),
    /// The signature.
    Signature(&'static str),
}

impl Class {
    /// The slug of the rule; `new` for plain text.
    pub(super) fn because(self) -> &'static str {
        match self {
            Self::Plain => "new",
            Self::Quote(because)
            | Self::Bare(because)
            | Self::Container(_, because)
            | Self::Rest(because)
            | Self::Forward(because)
            | Self::Signature(because) => because,
        }
    }
}

/// Where a row looks.
#[derive(Debug, Clone, Copy)]
enum At {
    Class,
    Id,
    /// An id as some web mailers rename it when they quote: with anything before it.
    IdEnd,
}

const ROWS: &[(At, &str, Class)] = &[
    (At::Class, "gmail_quote", Class::Container(0, "gmail-quote")),
    (At::Class, "gmail_quote_container", Class::Container(0, "gmail-quote")),
    (At::Class, "gmail_attr", Class::Quote("gmail-quote")),
    (At::Class, "yahoo_quoted", Class::Container(0, "yahoo-quote")),
    (At::Class, "yahooquotedtext", Class::Quote("yahoo-quote")),
    (At::Class, "moz-cite-prefix", Class::Quote("moz-cite-prefix")),
    (At::Class, "moz-forward-container", Class::Forward("moz-forward-container")),
    (At::Class, "protonmail_quote", Class::Container(0, "proton-quote")),
    (At::Class, "tutanota_quote", Class::Quote("tuta-quote")),
    (At::Class, "zmail_extra", Class::Container(0, "zoho-quote")),
    (At::Class, "OutlookMessageHeader", Class::Rest("outlook-header")),
    (At::Id, "divRplyFwdMsg", Class::Rest("outlook-reply")),
    (At::Id, "mail-editor-reference-message-container", Class::Rest("outlook-reply")),
    (At::Class, "ms-outlook-mobile-reference-message", Class::Rest("outlook-reply")),
    (At::Id, "yahoo_quoted", Class::Container(0, "yahoo-quote")),
    (At::Id, "isReplyContent", Class::Container(0, "qq-quote")),
    (At::Class, "gmail_signature", Class::Signature("gmail-signature")),
    (At::Class, "moz-signature", Class::Signature("moz-signature")),
    (At::Class, "protonmail_signature_block", Class::Signature("proton-signature")),
    (At::Id, "ms-outlook-mobile-signature", Class::Signature("outlook-signature")),
    (At::IdEnd, "AppleMailSignature", Class::Signature("apple-signature")),
    (At::Id, "Signature", Class::Signature("outlook-signature")),
];

/// What an element says of its text, or `None` when it says nothing.
pub(super) fn classify(tag: &[u8], class: &str, id: &str, kind: &str, smartmail: &str) -> Option<Class> {
    let found = row(class, id);
    if tag == b"blockquote" {
        // A quotation by its tag: what the row calls a container is, here, the quotation itself.
        return Some(match found {
            Some(row) => Class::Quote(row.because()),
            None if kind.eq_ignore_ascii_case("cite") => Class::Quote("cite-blockquote"),
            None => Class::Bare("blockquote"),
        });
    }
    if smartmail == "gmail_signature" {
        return Some(Class::Signature("gmail-signature"));
    }
    found
}

fn row(class: &str, id: &str) -> Option<Class> {
    if class.is_empty() && id.is_empty() {
        return None;
    }
    ROWS.iter()
        .find(|(at, name, _)| match at {
            At::Class => {
                class.len() >= name.len() && class.split_ascii_whitespace().any(|token| token == *name)
            }
            At::Id => id == *name,
            At::IdEnd => id.ends_with(name),
        })
        .map(|(_, _, class)| *class)
}

/// What a `style` attribute does to the visibility of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) hidden: bool,
    /// Whether the font has no size; `None` when the style does not say.
    pub(super) tiny: Option<bool>,
}

/// Properties that can hide text.
///
/// `mso-hide` is not one of them: alone it hides from Outlook's desktop only what everybody else is shown.
const PROPERTIES: [&str; 9] = [
    "display",
    "visibility",
    "opacity",
    "overflow",
    "height",
    "max-height",
    "max-width",
    "width",
    "font-size",
];

/// Reads the declarations that hide text: preheaders, tracking text, duplicates for other screens.
pub(super) fn style(attribute: &str) -> Style {
    if attribute.is_empty() {
        return Style::default();
    }
    let declared = declarations(attribute);
    let says = |value: Option<&str>, word: &str| value.is_some_and(|v| v.eq_ignore_ascii_case(word));
    let is_zero = |value: Option<&str>| value.is_some_and(is_zero);
    let [display, visibility, opacity, overflow, height, max_height, max_width, width, font_size] = declared;
    // A width of zero with a least width is how a whole mail is stretched on phones.
    let stretched = attribute.contains("min-width");
    let no_room =
        is_zero(height) || is_zero(max_height) || !stretched && (is_zero(width) || is_zero(max_width));
    Style {
        hidden: says(display, "none")
            || says(visibility, "hidden")
            || says(visibility, "collapse")
            || is_zero(opacity)
            || no_room && says(overflow, "hidden"),
        tiny: font_size.map(self::is_zero),
    }
}

/// The value that counts of each of the [`PROPERTIES`]: the last one, before it the last important one (CSS Cascading and
/// Inheritance section 6.1).
fn declarations(attribute: &str) -> [Option<&str>; PROPERTIES.len()] {
    let mut declared = [(None, false); PROPERTIES.len()];
    for declaration in attribute.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let property = property.trim();
        let at = PROPERTIES.iter().position(|known| property.eq_ignore_ascii_case(known));
        let Some((known, was_important)) = at.and_then(|at| declared.get_mut(at)) else { continue };
        let important = value.contains('!');
        if important || !*was_important {
            *known = value.split('!').next().map(str::trim);
            *was_important = important;
        }
    }
    declared.map(|(value, _)| value)
}

/// `0`, `0px`, `0.0em`, `0%`; not `0.5em`.
fn is_zero(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').trim_end();
    number.parse::<f32>() == Ok(0.0)
}
