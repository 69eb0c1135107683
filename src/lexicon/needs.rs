//! What a folded text must hold for an expression to match in it, so that most patterns need not be tried on most texts.
//!
//! Never says too much: a text in which the expression matches always holds one of the literals given. Expressions are
//! walked without recursion.

use super::fold::fold;
use regex_syntax::hir::{Class, Hir, HirKind, Visitor, visit};
use std::convert::Infallible;

/// Shorter literals are in most texts anyway.
const MIN_BYTES: usize = 2;

/// An expression that needs one of more literals than these is as well tried at once.
const MAX_LITERALS: usize = 64;

/// Literals of which a text must hold at least one; `None` when there are none worth looking for.
pub(super) fn needed_literals(expression: &Hir) -> Option<Vec<String>> {
    let Ok(need) = visit(expression, Walk::default());
    need.literals()
}

/// What is known about a part of an expression.
enum Need {
    /// It matches exactly this text (nothing, for a look at the border of a word).
    Exactly(String),
    /// Where it matches, one of these stands.
    OneOf(Vec<String>),
    /// Nothing is known.
    Anything,
}

impl Need {
    fn literals(self) -> Option<Vec<String>> {
        let literals = match self {
            Need::Exactly(literal) => vec![literal],
            Need::OneOf(literals) => literals,
            Need::Anything => return None,
        };
        let is_useful =
            literals.len() <= MAX_LITERALS && literals.iter().all(|literal| literal.len() >= MIN_BYTES);
        is_useful.then_some(literals)
    }

    fn one_of(literals: Option<Vec<String>>) -> Need {
        literals.map_or(Need::Anything, Need::OneOf)
    }

    /// What parts need that stand one after the other: the longest literal, or the fewest alternatives.
    fn of_sequence(parts: Vec<Need>) -> Need {
        let mut text = String::new();
        let mut candidates = Vec::new();
        let mut is_exact = true;
        for part in parts {
            match &part {
                Need::Exactly(more) => text.push_str(more),
                Need::OneOf(_) | Need::Anything => {
                    is_exact = false;
                    candidates.extend(Need::Exactly(std::mem::take(&mut text)).literals());
                    candidates.extend(part.literals());
                }
            }
        }
        if is_exact {
            return Need::Exactly(text);
        }
        candidates.extend(Need::Exactly(text).literals());
        let shortest = |literals: &Vec<String>| literals.iter().map(String::len).min().unwrap_or(0);
        let best = candidates
            .into_iter()
            .max_by_key(|some| (shortest(some), MAX_LITERALS.saturating_sub(some.len())));
        Need::one_of(best)
    }

    /// What parts need of which one matches.
    fn of_choice(parts: Vec<Need>) -> Need {
        let literals: Option<Vec<Vec<String>>> = parts.into_iter().map(Need::literals).collect();
        Need::one_of(literals.map(|literals| literals.concat()))
    }

    fn of_class(class: &Class) -> Need {
        // The same letter in all its cases, none of which but one is left in a folded text.
        let Class::Unicode(class) = class else { return Need::Anything };
        let mut chars = class.iter().flat_map(|range| range.start()..=range.end()).take(MAX_CASES + 1);
        let folded = chars.next().map(fold_one);
        let mut others = 0;
        let is_one = chars.inspect(|_| others += 1).all(|c| Some(fold_one(c)) == folded);
        match folded {
            Some(folded) if is_one && others < MAX_CASES => Need::Exactly(folded),
            _ => Need::Anything,
        }
    }
}

/// The most forms a letter has in different cases (theta, with its symbol forms, has four).
const MAX_CASES: usize = 4;

fn fold_one(c: char) -> String {
    fold(c.encode_utf8(&mut [0; 4])).as_str().to_owned()
}

/// Walks an expression from its leaves; holds what is known of the parts seen whose whole is not.
#[derive(Default)]
struct Walk {
    known: Vec<Need>,
}

impl Walk {
    fn take(&mut self, count: usize) -> Vec<Need> {
        self.known.split_off(self.known.len().saturating_sub(count))
    }
}

impl Visitor for Walk {
    type Output = Need;
    type Err = Infallible;

    fn finish(mut self) -> Result<Need, Infallible> {
        Ok(self.known.pop().unwrap_or(Need::Anything))
    }

    fn visit_post(&mut self, part: &Hir) -> Result<(), Infallible> {
        let need = match part.kind() {
            HirKind::Empty | HirKind::Look(_) => Need::Exactly(String::new()),
            HirKind::Literal(literal) => {
                str::from_utf8(&literal.0).map_or(Need::Anything, |text| Need::Exactly(text.to_owned()))
            }
            HirKind::Class(class) => Need::of_class(class),
            HirKind::Repetition(repetition) => {
                let repeated = self.known.pop().unwrap_or(Need::Anything);
                if repetition.min == 0 { Need::Anything } else { Need::one_of(repeated.literals()) }
            }
            HirKind::Capture(_) => self.known.pop().unwrap_or(Need::Anything),
            HirKind::Concat(parts) => Need::of_sequence(self.take(parts.len())),
            HirKind::Alternation(parts) => Need::of_choice(self.take(parts.len())),
        };
        self.known.push(need);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literals_are_those_without_which_nothing_matches() {
        for (expression, literals) in [
            (r"\bapi\b.{0,40}\b(down|unavailable|50[0-9])\b", Some(vec!["api"])),
            (r"\bversion\b.{0,20}\d", Some(vec!["version"])),
            (r"(?i)API-(down)", Some(vec!["api-down"])),
            (r"(?i)kiss", Some(vec!["kiss"])),
            (r"error|fehler", Some(vec!["error", "fehler"])),
            (r"(ab)+c?", Some(vec!["ab"])),
            (r"x(error|fehler)\d", Some(vec!["error", "fehler"])),
            (r"[a-z]+@[a-z]+\.com", Some(vec![".com"])),
            (r"(ab)*", None),
            (r"ab|\d", None),
            (r"\b\d{3}-\d{4}\b", None),
            (r"[ab][cd]", None),
        ] {
            let found = needed_literals(&regex_syntax::parse(expression).unwrap());
            let found = found.as_ref().map(|found| found.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found, literals, "{expression:?}");
        }
    }
}
