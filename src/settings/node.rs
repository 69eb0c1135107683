//! The merged settings as a tree, and getters that note what is wrong and go on.
//!
//! The getters of [`document::Table`](crate::base::document::Table) read one file; these read what came out of all
//! layers. A value of the environment is always text there, so numbers, truth values and lists are taken out of it.

use super::mask::is_for_secrets;
use super::{Place, Written};
use crate::base::diagnostic::{Diagnostic, suggest};
use crate::base::document::{Problems, clip, list};

/// Where a value stands, and its key.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) key: Place,
    pub(super) value: Place,
    /// Layers one after the other, each from top to bottom.
    pub(super) order: usize,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) key: Place,
    pub(super) place: Place,
    pub(super) order: usize,
    pub(super) content: Content,
}

/// What a value holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    /// In the order in which the keys were first written.
    Table(Vec<(String, Node)>),
    Other,
}

impl Node {
    /// The table that this is; an empty one, noted, when it is something else.
    pub(super) fn section(&self, name: impl Into<String>, problems: &mut Problems) -> Section<'_> {
        let entries = if let Content::Table(entries) = &self.content {
            entries.as_slice()
        } else {
            self.wrong_type("a table", problems);
            &[]
        };
        Section { name: name.into(), place: &self.place, entries }
    }

    /// The text of a variable.
    fn of_the_environment(&self) -> Option<&str> {
        match (&self.place, &self.content) {
            (Place::Environment(_), Content::Text(text)) => Some(text),
            (Place::Environment(_) | Place::File(_) | Place::Default, _) => None,
        }
    }

    fn kind(&self) -> String {
        match &self.content {
            Content::Text(text) => format!("the string \"{}\"", clip(text)),
            Content::Integer(number) => format!("the number {number}"),
            Content::Boolean(is) => format!("`{is}`"),
            Content::List(_) => "a list".to_owned(),
            Content::Table(_) => "a table".to_owned(),
            Content::Other => "a fraction, a date, or a number that is too large".to_owned(),
        }
    }

    pub(super) fn wrong_type(&self, allowed: &str, problems: &mut Problems) {
        note(&self.place, "this value has the wrong type", problems, |diagnostic| {
            diagnostic.found(self.kind()).allowed(allowed)
        });
    }

    /// Notes a value that is of the right type and still cannot be.
    pub(super) fn malformed(&self, what: &str, allowed: &str, problems: &mut Problems) {
        note(&self.place, what, problems, |diagnostic| {
            let found = if let Content::Text(text) = &self.content {
                format!("\"{}\"", clip(text))
            } else {
                self.kind()
            };
            diagnostic.found(found).allowed(allowed)
        });
    }

    pub(super) fn written<T>(&self, value: T) -> Written<T> {
        Written { value, place: self.place.clone() }
    }

    pub(super) fn text(&self, problems: &mut Problems) -> Option<String> {
        if let Content::Text(text) = &self.content {
            return Some(text.clone());
        }
        self.wrong_type("a string in quotes", problems);
        None
    }

    pub(super) fn integer(&self, allowed: &str, problems: &mut Problems) -> Option<i64> {
        if let Content::Integer(number) = self.content {
            return Some(number);
        }
        if let Some(number) = self.of_the_environment().and_then(|text| text.trim().parse().ok()) {
            return Some(number);
        }
        self.wrong_type(allowed, problems);
        None
    }

    pub(super) fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        if let Content::Boolean(is) = self.content {
            return Some(is);
        }
        if let Some(is) = self.of_the_environment().and_then(|text| text.trim().parse().ok()) {
            return Some(is);
        }
        self.wrong_type("`true` or `false`, without quotes", problems);
        None
    }

    /// The elements of a list; a variable separates them with commas.
    pub(super) fn elements(&self, allowed: &str, problems: &mut Problems) -> Vec<Node> {
        if let Content::List(elements) = &self.content {
            return elements.clone();
        }
        if let Some(text) = self.of_the_environment() {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            return texts
                .map(|text| Node { content: Content::Text(text.to_owned()), ..self.clone() })
                .collect();
        }
        self.wrong_type(allowed, problems);
        Vec::new()
    }
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Section<'n> {
    /// What a message calls it, such as `[store]`.
    pub(super) name: String,
    pub(super) place: &'n Place,
    pub(super) entries: &'n [(String, Node)],
}

impl<'n> Section<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// A value that must be there.
    pub(super) fn required(&self, key: &str, allowed: &str, problems: &mut Problems) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() {
            note(self.place, &format!("{} has no `{key}`", self.name), problems, |diagnostic| {
                diagnostic.allowed(allowed)
            });
        }
        node
    }

    pub(super) fn required_text(
        &self,
        key: &str,
        allowed: &str,
        problems: &mut Problems,
    ) -> Option<Written<String>> {
        let node = self.required(key, allowed, problems)?;
        let text = node.text(problems)?;
        if text.trim().is_empty() || text.contains(char::is_control) {
            node.malformed(&format!("`{key}` cannot be this"), allowed, problems);
            return None;
        }
        Some(node.written(text))
    }

    pub(super) fn boolean(&self, key: &str, default: bool, problems: &mut Problems) -> bool {
        self.get(key).and_then(|node| node.boolean(problems)).unwrap_or(default)
    }

    /// Notes every key that is not among `known`; one of `later` is known, and not acted on yet.
    pub(super) fn only(&self, known: &[&str], later: &[&str], problems: &mut Problems) {
        for (name, node) in self.entries {
            if known.contains(&name.as_str()) {
                continue;
            }
            if later.contains(&name.as_str()) {
                let message = format!("`{name}` is not yet in this version");
                note(&node.key, &message, problems, |diagnostic| diagnostic.hint("leave it out for now"));
                continue;
            }
            note(&node.key, &format!("unknown key in {}", self.name), problems, |diagnostic| {
                let hint = suggest(name, known.iter().copied()).or_else(|| {
                    let form = "settings hold no secrets, only where they are: secret = { file = \"…\" }";
                    is_for_secrets(name).then(|| form.to_owned())
                });
                diagnostic.found(format!("`{}`", clip(name))).allowed(list(known)).hint_if(hint)
            });
        }
    }
}

/// Notes a mistake at a place.
pub(super) fn note(
    place: &Place,
    message: &str,
    problems: &mut Problems,
    more: impl FnOnce(Diagnostic) -> Diagnostic,
) {
    problems.push_with(|| {
        more(match place.location() {
            Some(location) => Diagnostic::error(location.clone(), message),
            None => Diagnostic::without_place(message),
        })
    });
}
