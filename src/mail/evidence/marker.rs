//! Markers of machines that a policy adds: a field name, or a field name and a pattern for its value.

use crate::base::glob::Glob;

/// Bytes of a field name and of a pattern; longer ones match nothing that is kept of a mail.
const MAX_NAME: usize = 80;
const MAX_PATTERN: usize = 200;

/// A header field by which a policy knows machines: `X-Robot`, or `X-Class: automated*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    field: String,
    /// `None`: anything but nothing and the words for "off".
    value: Option<Glob>,
}

/// Why a text is no [`Marker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerMistake {
    /// What stands before the colon is no name of a field.
    Name,
    /// After a colon stands nothing.
    NoValue,
    /// The pattern is too long or holds what no value holds.
    Value,
}

impl Marker {
    /// Reads `X-Robot` or `X-Class: automated*`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MarkerMistake> {
        let (name, value) =
            text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value.trim())));
        // RFC 5322 section 2.2: printable ASCII except the colon.
        let is_name =
            !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(|b| b.is_ascii_graphic());
        match value {
            _ if !is_name => Err(MarkerMistake::Name),
            Some("") => Err(MarkerMistake::NoValue),
            Some(value) if value.len() > MAX_PATTERN || value.contains(char::is_control) => {
                Err(MarkerMistake::Value)
            }
            _ => Ok(Marker { field: name.to_ascii_lowercase(), value: value.map(Glob::new) }),
        }
    }

    /// The name of the field in lower case.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Whether a decoded value of the field marks a machine's mail.
    pub fn covers(&self, value: &str) -> bool {
        match &self.value {
            None => super::fields::is_yes(value),
            Some(pattern) => pattern.matches(&value.trim().to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_means_set_and_a_pattern_covers_the_whole_value() {
        let covers = |marker: &str, value: &str| Marker::parse(marker).unwrap().covers(value);
        for (marker, value) in [
            ("X-Robot", "yes"),
            ("X-Robot", "(a comment) 7"),
            ("X-Class: automated*", "Automated (nightly)"),
            ("X-Class:*bulk*", "very BULKY"),
            ("X-Class: *", ""),
        ] {
            assert!(covers(marker, value), "{marker} {value}");
        }
        for (marker, value) in [
            ("X-Robot", "No"),
            ("X-Robot", "false; x"),
            ("X-Robot", ""),
            ("X-Robot", "0"),
            ("X-Robot", "off"),
            ("X-Robot", "none"),
            ("X-Class: automated", "automated mail"),
            ("X-Class: automated*", "not automated"),
        ] {
            assert!(!covers(marker, value), "{marker} {value}");
        }
    }

    #[test]
    fn what_is_no_marker_says_why() {
        for (text, mistake) in [
            ("", MarkerMistake::Name),
            ("X Robot", MarkerMistake::Name),
            (": yes", MarkerMistake::Name),
            ("X-Robot:", MarkerMistake::NoValue),
            ("X-Robot:  ", MarkerMistake::NoValue),
            ("X-Robot: a\nb", MarkerMistake::Value),
        ] {
            assert_eq!(Marker::parse(text), Err(mistake), "{text}");
        }
    }
}
