//! What a part is read as, by its media type and its name (RFC 2046, and the types that mail programs made up).

use super::structure::Content;

/// What a part is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Plain,
    Html,
    /// With a few tags.
    Enriched,
    Rtf,
    Calendar,
    /// Outlook's envelope.
    Tnef,
    /// S/MIME, encrypted or only signed.
    Cms,
    /// An enclosed mail.
    Mail,
    /// The header of one.
    Headers,
    /// A piece of a mail.
    Fragment,
    /// No text.
    File,
}

impl Media {
    /// Whether a name can make a file of it that is not read as words of the mail.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Plain | Self::Html | Self::Enriched | Self::Rtf | Self::Calendar)
    }
}

/// What a part is read as.
pub(super) fn media(content: &Content) -> Media {
    match (content.media.kind.as_str(), content.media.subtype.as_str()) {
        ("text", subtype) => text(subtype),
        ("message", "rfc822" | "global" | "news") => Media::Mail,
        ("message", "global-headers") => Media::Headers,
        ("message", "partial") => Media::Fragment,
        // A type that is none, such as `html` alone, is a type.
        ("application", "xhtml+xml") | ("html", "") => Media::Html,
        ("application", "rtf" | "x-rtf") => Media::Rtf,
        ("application", "ics") => Media::Calendar,
        ("application", "ms-tnef" | "vnd.ms-tnef" | "x-ms-tnef") => Media::Tnef,
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => Media::Cms,
        // Gateways that lose the type keep the name.
        ("application", "octet-stream" | "x-octet-stream") => match content.name.as_deref() {
            Some(name) if is_one_of(name, &["winmail.dat", "win.dat"]) => Media::Tnef,
            Some(name) if is_one_of(name, &["smime.p7m"]) => Media::Cms,
            _ => Media::File,
        },
        (kind, "") if !matches!(kind, "image" | "audio" | "video" | "message" | "application") => {
            Media::Plain
        }
        _ => Media::File,
    }
}

fn text(subtype: &str) -> Media {
    match subtype {
        "html" | "xhtml+xml" | "xhtml" | "x-html" | "watch-html" => Media::Html,
        "calendar" => Media::Calendar,
        "rfc822-headers" => Media::Headers,
        "enriched" | "richtext" => Media::Enriched,
        "rtf" | "x-rtf" => Media::Rtf,
        "x-amp-html" | "css" | "vcard" | "x-vcard" | "directory" | "javascript" => Media::File,
        // Markdown and whatever comes is shown as it is.
        _ => Media::Plain,
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}
