//! Domain names as the wire carries them: in A-labels, such as `xn--mller-kva.example` for `müller.example`.
//!
//! Not here: whether a domain exists. RFC 5890 section 2.3.2.1, UTS 46.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// A domain in A-labels; `None` when it has characters that no name in DNS may have. What is ASCII already is left alone,
/// an address literal too.
pub fn in_ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    let deny = AsciiDenyList::STD3;
    Uts46::new().to_ascii(domain.as_bytes(), deny, Hyphens::Allow, DnsLength::Verify).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_written_in_a_labels_or_not_at_all() {
        for (domain, ascii) in [
            ("desk.example", Some("desk.example")),
            ("a_b.example", Some("a_b.example")),
            ("[192.0.2.1]", Some("[192.0.2.1]")),
            ("müller.example", Some("xn--mller-kva.example")),
            ("例え.テスト", Some("xn--r8jz45g.xn--zckzah")),
            ("straße.example", Some("xn--strae-oqa.example")),
            // What looks like ASCII becomes it; what would then leave the address does not.
            ("ｄｅｓｋ.example", Some("desk.example")),
            ("desk＞.example", None),
            ("desk＠x.example", None),
            ("a\u{202e}b.example", None),
        ] {
            assert_eq!(in_ascii(domain).as_deref(), ascii, "{domain}");
        }
        assert_eq!(in_ascii(&format!("{}.example", "ü".repeat(70))), None, "longer than a label may be");
    }
}
