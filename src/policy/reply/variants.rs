//! Templates in several languages: which of them a mail gets (lookup, RFC 4647 section 3.4).
//!
//! `name.txt` is the one that everybody gets who asks for nothing else. It counts as English: who wants English first
//! gets it, whatever else there is. Not here: what the mail asks for ([`LanguageRange`]).

use super::{RenderError, Replies};
use crate::base::language::{Language, NoLanguage};
use crate::mail::LanguageRange;

/// A template of several languages that was chosen for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Its index.
    pub template: usize,
    /// Which of the mail's languages it is for; `None` when it is for none of them.
    pub range: Option<usize>,
}

impl Replies {
    /// The language that a template counts as whose name says none.
    pub const BASE_LANGUAGE: &str = "en";

    /// The variant of a template for a mail that names these languages; `None` when there is only one.
    pub fn variant(&self, template: usize, languages: &[LanguageRange]) -> Option<Variant> {
        let variants = self.variants(template);
        if variants.is_empty() {
            return None;
        }
        let wanted = languages.iter().enumerate().find_map(|(range, wanted)| {
            let found = wanted.fallbacks().find_map(|tag| {
                let variant = variants.iter().find(|(_, language)| language.tag().eq_ignore_ascii_case(tag));
                variant
                    .map(|(index, _)| *index)
                    .or(tag.eq_ignore_ascii_case(Self::BASE_LANGUAGE).then_some(template))
            });
            found.map(|template| Variant { template, range: Some(range) })
        });
        Some(wanted.unwrap_or(Variant { template, range: None }))
    }

    /// The variants of a template in other languages, and their indices.
    pub fn variants(&self, template: usize) -> Vec<(usize, &Language)> {
        let Some(name) = self.name(template) else { return Vec::new() };
        let templates = self.templates.iter().enumerate().filter(|(_, other)| other.name == name);
        templates.filter_map(|(index, other)| Some((index, other.language.as_ref()?))).collect()
    }

    /// The language that a template's file is named for; `None` for `name.txt`.
    pub fn language(&self, template: usize) -> Option<&Language> {
        self.templates.get(template)?.language.as_ref()
    }

    /// Every variant beside its base, by index.
    pub(in super::super) fn variants_and_bases(&self) -> Vec<(usize, usize)> {
        let variants = self.templates.iter().enumerate().filter(|(_, template)| template.language.is_some());
        variants.filter_map(|(index, template)| Some((index, self.find(&template.name)?))).collect()
    }

    /// The files of variants without a base, which are of no use, and how the base would be called.
    pub(in super::super) fn break_variants_without_base(&mut self) -> Vec<(String, String)> {
        let is_lone = |template: &&super::Template| {
            let name = &template.name;
            template.language.is_some() && self.find(name).is_none() && !self.broken.contains(name)
        };
        let lone: Vec<(String, String)> = self
            .templates
            .iter()
            .filter(is_lone)
            .map(|template| (template.file.clone(), format!("replies/{}.txt", template.name)))
            .collect();
        for (file, _) in &lone {
            self.add_broken(file);
        }
        lone
    }

    /// The language of a file that is about to be added.
    pub(super) fn new_language(&self, file: &str, name: &str, tag: &str) -> Result<Language, RenderError> {
        let language = language_of(file, tag)?;
        let same = |other: &Language| other.tag() == language.tag();
        let mut of_name = self.templates.iter().filter(|template| template.name == name);
        match of_name.find(|template| template.language.as_ref().is_some_and(same)) {
            None => Ok(language),
            Some(other) => Err(RenderError {
                file: file.to_owned(),
                message: format!("{} is there already for this language", other.file),
                allowed: Some("one file for a name and a language"),
                span: None,
            }),
        }
    }
}

/// `replies/next-day.de.txt` is the variant `de` of `next-day`.
pub(super) fn name_of<'f>(file: &'f str, ending: &str) -> (&'f str, Option<&'f str>) {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.strip_suffix(ending).unwrap_or(name);
    stem.split_once('.').map_or((stem, None), |(name, tag)| (name, Some(tag)))
}

/// The language that a file's name ends in.
pub(super) fn language_of(file: &str, tag: &str) -> Result<Language, RenderError> {
    Language::parse(tag).map_err(|why| RenderError {
        file: file.to_owned(),
        message: match why {
            NoLanguage::NotATag => format!("`{tag}` in the file's name is no language tag"),
            NoLanguage::Unknown => format!("no dates can be written in `{tag}`, a language unknown to CLDR"),
        },
        allowed: Some(Language::ALLOWED),
        span: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Options, Source, parse};

    const TEXT: &str = "Subject: a\n\nHello.\n";

    /// The file that a mail with these fields is answered from.
    fn chosen(files: &[&str], fields: &str) -> String {
        let mut replies = Replies::new();
        for file in files {
            replies.add_text(&format!("replies/{file}"), TEXT).expect("a template");
        }
        let mail = format!("{fields}\r\n\r\nHello\r\n");
        let message = parse(&Source::Whole(mail.as_bytes()), &Options::default());
        let base = replies.find("a").expect("a base");
        let variant = replies.variant(base, &message.languages).expect("variants");
        replies.file(variant.template).expect("a file").trim_start_matches("replies/").to_owned()
    }

    #[test]
    fn the_first_language_that_there_is_wins() {
        let files = ["a.de.txt", "a.pt-BR.txt", "a.zh-Hant.txt", "a.txt", "b.fr.txt"];
        for (fields, file) in [
            ("Content-Language: de-AT", "a.de.txt"),
            ("Content-Language: fr, DE", "a.de.txt"),
            ("Content-Language: fr\r\nAccept-Language: de", "a.de.txt"),
            ("Accept-Language: de;q=0.2, pt-br;q=0.9", "a.pt-BR.txt"),
            ("Accept-Language: zh-Hant-TW", "a.zh-Hant.txt"),
            ("X-Accept-Language: de, en", "a.de.txt"),
            // Another Portuguese is not what was asked for.
            ("Accept-Language: pt-PT, pt", "a.txt"),
            ("Accept-Language: *, de;q=0", "a.txt"),
            ("Content-Language: EN-us\r\nAccept-Language: de", "a.txt"),
            ("Accept-Language: en, de", "a.txt"),
            ("Subject: Hallo", "a.txt"),
        ] {
            assert_eq!(chosen(&files, fields), file, "{fields}");
        }
        let english = ["a.en.txt", "a.en-GB.txt", "a.txt"];
        assert_eq!(chosen(&english, "Content-Language: en-GB"), "a.en-GB.txt");
        assert_eq!(chosen(&english, "Content-Language: en-AU"), "a.en.txt");
        assert_eq!(chosen(&english, "Content-Language: de"), "a.txt");
    }
}
