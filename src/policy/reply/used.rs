//! Which variables templates use.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use regex::Regex;

use super::{Replies, Template};

/// Words of a template that stand in none of the known variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct MissingWords {
    /// The name used.
    pub(in super::super) name: String,
    /// Where it is first used.
    pub(in super::super) span: Range<usize>,
}

impl Replies {
    /// The variables that a template and its HTML alternative use.
    pub(in super::super) fn variables_of(&self, index: usize) -> BTreeSet<String> {
        let mut all = self.variables_of_text(index);
        all.extend(self.variables_of_html(index).into_iter().flatten());
        all
    }

    /// The variables that the subject and the text of a template use.
    pub(in super::super) fn variables_of_text(&self, index: usize) -> BTreeSet<String> {
        let parts = |template: &Template| ["subject", "text"].map(|part| format!("{}/{part}", template.file));
        let parts = self.templates.get(index).map(parts);
        parts.iter().flatten().flat_map(|part| self.undeclared(part)).collect()
    }

    /// The variables that the subject and the HTML alternative of a template use; `None` when it has none. Whoever sees
    /// the alternative sees the same subject.
    pub(in super::super) fn variables_of_html(&self, index: usize) -> Option<BTreeSet<String>> {
        let template = self.templates.get(index)?;
        let subject = format!("{}/subject", template.file);
        let html = template.html.as_ref()?;
        Some([&subject, html].into_iter().flat_map(|part| self.undeclared(part)).collect())
    }

    fn undeclared(&self, part: &str) -> HashSet<String> {
        let compiled = self.environment.get_template(part);
        compiled.map(|compiled| compiled.undeclared_variables(false)).unwrap_or_default()
    }

    /// The names of all variables that some template uses.
    pub(in super::super) fn variables(&self) -> HashSet<String> {
        self.environment.templates().flat_map(|(_, template)| template.undeclared_variables(false)).collect()
    }

    /// Variables that a file uses and that do not exist.
    pub(in super::super) fn unknown_variables(
        &self,
        file: &str,
        source: &str,
        known: &[String],
    ) -> Vec<MissingWords> {
        let mut missing = Vec::new();
        for part in [format!("{file}/subject"), format!("{file}/text"), file.to_owned()] {
            let Ok(compiled) = self.environment.get_template(&part) else { continue };
            let mut names: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
            names.sort();
            for name in names {
                let is_new = missing.iter().all(|missing: &MissingWords| missing.name != name);
                if is_new && !known.contains(&name) {
                    missing.push(MissingWords { span: first_use(source, &name), name });
                }
            }
        }
        missing
    }
}

fn first_use(source: &str, name: &str) -> Range<usize> {
    Regex::new(&format!(r"\b{}\b", regex::escape(name)))
        .ok()
        .and_then(|word| {
            let tags = ["{{", "{%"];
            word.find_iter(source)
                .find(|found| {
                    tags.iter()
                        .any(|tag| source.get(..found.start()).is_some_and(|before| before.contains(tag)))
                })
                .map(|found| found.range())
        })
        .unwrap_or(0..0)
}
