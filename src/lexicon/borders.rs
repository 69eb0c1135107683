//! Borders of words as ASCII knows them, in place of those of Unicode, in expressions that then miss nothing.
//!
//! A search for borders of Unicode cannot use the automaton of `regex` beside letters outside ASCII, and takes ten times
//! as long; most mails hold such letters, and hardly any expression speaks of them.
//!
//! Why nothing is missed: beside a letter of ASCII, every border of Unicode is one of ASCII, too, since what is no letter
//! of Unicode is none of ASCII. The other way round it is not: ASCII knows a border in "éa". So the expression made here
//! matches wherever the one given does, and at some more places.

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind, Look, LookSet, Repetition};

/// The expression with its borders of words as ASCII knows them; `None` if one of them may stand beside other letters, or
/// if there are none.
///
/// Recursive; the parser refuses expressions that are nested deeper than some hundreds.
pub(super) fn with_ascii_borders(expression: &Hir) -> Option<Hir> {
    expression.properties().look_set().contains_word_unicode().then(|| rewritten(expression)).flatten()
}

fn rewritten(expression: &Hir) -> Option<Hir> {
    match expression.kind() {
        HirKind::Look(look) if LookSet::singleton(*look).contains_word_unicode() => None,
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {
            Some(expression.clone())
        }
        HirKind::Capture(capture) => rewritten(&capture.sub),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(rewritten(&repetition.sub)?);
            Some(Hir::repetition(Repetition { sub, ..repetition.clone() }))
        }
        HirKind::Alternation(branches) => {
            branches.iter().map(rewritten).collect::<Option<_>>().map(Hir::alternation)
        }
        HirKind::Concat(parts) => {
            let parts = parts.iter().enumerate().map(|(at, part)| {
                let is_border = matches!(part.kind(), HirKind::Look(Look::WordUnicode));
                let is_quick = is_border && is_beside_ascii(parts, at);
                if is_quick { Some(Hir::look(Look::WordAscii)) } else { rewritten(part) }
            });
            parts.collect::<Option<_>>().map(Hir::concat)
        }
    }
}

/// Classes with more characters than the letters, digits and `_` of ASCII hold others, too.
const MAX_CLASS: usize = 63;

/// With so many ways to begin, a time of day after a border is still understood.
const MAX_BEGINNINGS: usize = 2_000;

/// Whether what matches before a part always ends in a letter, a digit or `_` of ASCII, or what matches after it always
/// begins with one.
fn is_beside_ascii(parts: &[Hir], at: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = Hir::concat(parts.get(..at).unwrap_or_default().to_vec());
    let after = Hir::concat(parts.get(at + 1..).unwrap_or_default().to_vec());
    let all = |side: &Hir, kind: ExtractKind, end: fn(&[u8]) -> Option<&u8>| {
        let found =
            Extractor::new().kind(kind).limit_class(MAX_CLASS).limit_total(MAX_BEGINNINGS).extract(side);
        found.literals().is_some_and(|some| {
            !some.is_empty() && some.iter().all(|literal| end(literal.as_bytes()).is_some_and(is_word))
        })
    };
    all(&after, ExtractKind::Prefix, <[u8]>::first) || all(&before, ExtractKind::Suffix, <[u8]>::last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_those_of_ascii_only_beside_its_letters() {
        for (expression, rewritten) in [
            (r"\bapi\b", Some(r"(?-u:\b)api(?-u:\b)")),
            (r"\b(?:data )?[45]..x?z\b", Some(r"(?-u:\b)(?:data )?[45]..x?z(?-u:\b)")),
            (r"(\berror\b|fehler\b)+é", Some(r"(?:(?-u:\b)error(?-u:\b)|fehler(?-u:\b))+é")),
            (r"api", None),
            (r"a\b|(é|b)\b", None),
            (r"\b a?\b", None),
            (r"\bé", None),
            (r"\b.pi\b", None),
            (r"\w\b", None),
            (r"api\B", None),
        ] {
            let parse = |expression: &str| regex_syntax::parse(expression).unwrap();
            assert_eq!(with_ascii_borders(&parse(expression)), rewritten.map(parse), "{expression}");
        }
    }
}
