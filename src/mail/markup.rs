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

/// Reads the declarations that hide text: preheaders, tracking text, duplicates for other screens.
pub(super) fn style(attribute: &str) -> Style {
    let mut style = Style::default();
    if attribute.is_empty() {
        return style;
    }
    let (mut no_height, mut clipped) = (false, false);
    for declaration in attribute.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.split('!').next().unwrap_or_default().trim();
        let says = |word: &str| value.eq_ignore_ascii_case(word);
        match property.trim().to_ascii_lowercase().as_str() {
            "display" => style.hidden |= says("none"),
            "visibility" => style.hidden |= says("hidden") || says("collapse"),
            "mso-hide" => style.hidden |= says("all"),
            "opacity" => style.hidden |= is_zero(value),
            "font-size" => style.tiny = Some(is_zero(value)),
            "height" | "max-height" | "width" | "max-width" => no_height |= is_zero(value),
            "overflow" => clipped |= says("hidden"),
            _ => {}
        }
    }
    style.hidden |= no_height && clipped;
    style
}

/// `0`, `0px`, `0.0em`, `0%`; not `0.5em`.
fn is_zero(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').trim_end();
    number.parse::<f32>() == Ok(0.0)
}
