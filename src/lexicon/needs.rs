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

/// What a text holds in which an expression matches: one of some literals, or a digit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) literals: Vec<String>,
    /// Whether a digit of ASCII will do, too.
    pub(super) digit: bool,
}

/// What a text must hold; `None` when there is nothing worth looking for.
pub(super) fn needs(expression: &Hir) -> Option<Needs> {
    let Ok(need) = visit(expression, Walk::default());
    need.known()
}

/// What is known about a part of an expression.
enum Need {
    /// It matches exactly this text (nothing, for a look at the border of a word).
    Exactly(String),
    /// Where it matches, one of these stands.
    OneOf(Needs),
    /// Nothing is known.
    Anything,
}

impl Need {
    fn known(self) -> Option<Needs> {
        let needs = match self {
            Need::Exactly(literal) => Needs { literals: vec![literal], digit: false },
            Need::OneOf(needs) => needs,
            Need::Anything => return None,
        };
        let is_useful = needs.literals.len() <= MAX_LITERALS
            && needs.literals.iter().all(|literal| literal.len() >= MIN_BYTES);
        is_useful.then_some(needs)
    }

    fn one_of(needs: Option<Needs>) -> Need {
        needs.map_or(Need::Anything, Need::OneOf)
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
                    candidates.extend(Need::Exactly(std::mem::take(&mut text)).known());
                    candidates.extend(part.known());
                }
            }
        }
        if is_exact {
            return Need::Exactly(text);
        }
        candidates.extend(Need::Exactly(text).known());
        let shortest = |needs: &Needs| {
            let digit = needs.digit.then_some(1);
            needs.literals.iter().map(String::len).chain(digit).min().unwrap_or(0)
        };
        let best = candidates
            .into_iter()
            .max_by_key(|some| (shortest(some), MAX_LITERALS.saturating_sub(some.literals.len())));
        Need::one_of(best)
    }

    /// What parts need of which one matches.
    fn of_choice(parts: Vec<Need>) -> Need {
        let needs: Option<Vec<Needs>> = parts.into_iter().map(Need::known).collect();
        Need::one_of(needs.map(|needs| Needs {
            digit: needs.iter().any(|needs| needs.digit),
            literals: needs.into_iter().flat_map(|needs| needs.literals).collect(),
        }))
    }

    fn of_class(class: &Class) -> Need {
        // The same letter in all its cases, none of which but one is left in a folded text.
        let Class::Unicode(class) = class else { return Need::Anything };
        let mut chars = class.iter().flat_map(|range| range.start()..=range.end()).take(MAX_CASES + 1);
        let folded = chars.next().map(fold_one);
        let mut others = 0;
        let is_one = chars.inspect(|_| others += 1).all(|c| Some(fold_one(c)) == folded);
        let is_digit = !class.ranges().is_empty()
            && class.iter().all(|range| range.start().is_ascii_digit() && range.end().is_ascii_digit());
        match folded {
            Some(folded) if is_one && others < MAX_CASES => Need::Exactly(folded),
            Some(_) if is_digit => Need::OneOf(Needs { literals: Vec::new(), digit: true }),
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
                if repetition.min == 0 { Need::Anything } else { Need::one_of(repeated.known()) }
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
            let found = needs(&regex_syntax::parse(expression).unwrap());
            let literals = literals.map(|some| Needs { literals: owned(&some), digit: false });
            assert_eq!(found, literals, "{expression:?}");
        }
    }

    #[test]
    fn a_digit_is_needed_where_all_other_ways_need_a_literal() {
        for (expression, literals) in [
            (r"\b[0-2]?[0-9]:[0-5][0-9]\b", Some(vec![])),
            (r"\b[0-9]{1,2}/|\bago\b", Some(vec!["ago"])),
            (r"(?:[0-9]+|[3-7]x)+", Some(vec![])),
            (r"[0-9a]", None),
            (r"[0-9]*", None),
            (r"[0-9]|[ab]", None),
            (r"\d", None),
        ] {
            let found = needs(&regex_syntax::parse(expression).unwrap());
            let literals = literals.map(|some| Needs { literals: owned(&some), digit: true });
            assert_eq!(found, literals, "{expression:?}");
        }
    }

    fn owned(literals: &[&str]) -> Vec<String> {
        literals.iter().map(|literal| (*literal).to_owned()).collect()
    }
}
