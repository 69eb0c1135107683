//! The examples of `tests/*.toml`, checked against the policy they belong to.

mod expectations;
mod following;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::super::files::TextFiles;
use super::super::written::{self, read_examples};
use super::super::{Ask, Coverage, Escalation, Example, ExampleMail, Identity, Origin, Replies};
use super::{Seen, Vocabulary, find};
use crate::base::diagnostic::{Diagnostic, Location, SourceFile};
use crate::base::document::{At, Problems, clip};
use crate::calendar::Zone;
use expectations::About;

pub(in crate::policy) use expectations::is_expect_key;

const AT_FORM: &str = "a local time of the first desk such as \"2026-01-09 20:00\", or one with an offset such as \"2026-01-09T20:00:00-05:00\"";

/// What an example can name.
pub(super) struct Context<'p> {
    pub(super) coverage: &'p [Coverage],
    pub(super) escalations: &'p [Escalation],
    pub(super) replies: &'p Replies,
    pub(super) asks: &'p [Ask],
    pub(super) identity: &'p Identity,
}

/// A file of examples and what instants without an offset mean in it.
struct Reader<'p> {
    file: &'p Arc<SourceFile>,
    file_index: usize,
    zone: Option<&'p Zone>,
    vocabulary: &'p Vocabulary<'p>,
    context: &'p Context<'p>,
}

pub(super) fn load(
    vocabulary: &Vocabulary<'_>,
    context: &Context<'_>,
    zone: Option<&Zone>,
    texts: &mut TextFiles<'_>,
    problems: &mut Problems,
) -> Vec<Example> {
    let mut examples = Vec::new();
    for name in texts.names("tests", &[".toml"]) {
        let Some((file_index, file)) = texts.open(&name, problems) else { continue };
        let reader = Reader { file: &file, file_index, zone, vocabulary, context };
        let mut seen = Seen::new("test");
        for written in &read_examples(&file, problems) {
            examples.extend(reader.example(written, &mut seen, texts, problems));
        }
    }
    examples
}

impl Reader<'_> {
    fn example(
        &self,
        written: &written::Example,
        seen: &mut Seen<'_>,
        texts: &mut TextFiles<'_>,
        problems: &mut Problems,
    ) -> Option<Example> {
        let name = written.name.as_ref().filter(|name| seen.is_new(self.file, name, problems))?;
        let mail = self.mail(&written.mail, texts, problems)?;
        let mut earlier: Vec<ExampleMail> = Vec::new();
        for before in &written.earlier {
            let before_mail = self.mail(before, texts, problems)?;
            if earlier.last().is_some_and(|last| last.at > before_mail.at) || before_mail.at > mail.at {
                problems.push_with(|| {
                    Diagnostic::error(
                        before.place.location(self.file),
                        "earlier mails are not in the order of time",
                    )
                    .found(format!(
                        "\"{}\"",
                        before.at.as_ref().map(|at| clip(&at.value)).unwrap_or_default()
                    ))
                    .allowed("the oldest first, and none after the mail itself")
                });
            }
            earlier.push(before_mail);
        }
        self.expects_something(&written.expect, &written.place, problems);
        let expect = self.expectations(&written.expect, About::Mail, problems);
        let then = self.following(&written.then, mail.at, texts, problems);
        let origin = Origin { file: self.file_index, span: name.span.clone() };
        Some(Example { name: name.value.clone(), earlier, mail, expect, then, origin })
    }

    /// An `expect` without anything in it is a slip.
    fn expects_something(&self, expect: &written::Expectations, place: &At<()>, problems: &mut Problems) {
        if expect.written && expect.keys.is_empty() {
            problems.push_with(|| {
                Diagnostic::error(place.location(self.file), "this test expects nothing, so it cannot fail")
                    .allowed("at least one key in `expect`")
            });
        }
    }

    fn mail(
        &self,
        written: &written::ExampleMail,
        texts: &mut TextFiles<'_>,
        problems: &mut Problems,
    ) -> Option<ExampleMail> {
        let at = self.instant(written.at.as_ref()?, problems)?;
        let value = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
        if let Some(mailbox) = &written.mailbox {
            find(
                self.file,
                mailbox,
                "mailbox",
                self.vocabulary.mailboxes.iter().map(String::as_str),
                problems,
            );
        }
        self.whole_or_fields(written, problems);
        let mut headers = Vec::new();
        for (name, values) in &written.headers {
            let legal = !name.value.is_empty()
                && name.value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            if !legal {
                super::malformed(
                    self.file,
                    name,
                    "this is no name of a header field",
                    "a name such as \"X-Severity\"",
                    problems,
                );
            }
            headers.extend(values.iter().map(|value| (name.value.clone(), value.value.clone())));
        }
        Some(ExampleMail {
            at,
            mailbox: value(&written.mailbox),
            from: value(&written.from),
            to: value(&written.to),
            subject: value(&written.subject),
            body: value(&written.body),
            html: value(&written.html),
            file: self.mail_file(written.file.as_ref(), texts, problems),
            headers,
        })
    }

    /// A mail is a file, or put together from fields; beside a file they would be ignored.
    fn whole_or_fields(&self, written: &written::ExampleMail, problems: &mut Problems) {
        let fields = [&written.from, &written.to, &written.subject, &written.body, &written.html];
        let field = fields.into_iter().flatten().map(|field| field.span.clone()).next();
        let field = field.or_else(|| written.headers.first().map(|(name, _)| name.span.clone()));
        if let (Some(_), Some(span)) = (&written.file, field) {
            problems.push(
                Diagnostic::error(
                    Location::new(self.file, span),
                    "this mail has a file, so its fields stand there",
                )
                .allowed("`file`, or the fields of a mail, not both"),
            );
        }
    }

    /// The bytes of a mail beside the file of examples.
    fn mail_file(
        &self,
        name: Option<&At<String>>,
        texts: &mut TextFiles<'_>,
        problems: &mut Problems,
    ) -> Option<Arc<[u8]>> {
        let name = name?;
        let folder = self.file.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = format!("{folder}/{}", name.value);
        let bytes = texts.bytes(&path);
        if bytes.is_none() {
            problems.push_with(|| {
                Diagnostic::error(name.location(self.file), "this mail is missing")
                    .found(format!("\"{}\"", clip(&name.value)))
                    .allowed("a file beside the tests, such as \"outage.eml\"")
            });
        }
        bytes
    }

    fn instant(&self, written: &At<String>, problems: &mut Problems) -> Option<Timestamp> {
        let instant = parse_instant(&written.value, self.zone);
        if instant.is_none() {
            super::malformed(self.file, written, "this is no time", AT_FORM, problems);
        }
        instant
    }
}

/// An instant with an offset, or a local time of a zone.
fn parse_instant(text: &str, zone: Option<&Zone>) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let has_offset = text.contains('[') || text.contains('Z') || text.contains('+');
    if has_offset {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    zone.map(|zone| zone.at(local))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::{Files, RawFile, compile};

    #[test]
    fn examples_with_the_same_file_share_its_bytes() {
        let policy = include_str!("../../../fixtures/bad-policies/test-mail-file-missing/policy.toml");
        let test = |name: &str| {
            format!(
                "[[test]]\nname = \"{name}\"\nat = \"2026-01-09 20:00\"\nfile = \"a.eml\"\nexpect = {{ hours = \"closed\" }}\n"
            )
        };
        let file = |name: &str, text: &str| RawFile { name: name.into(), content: Ok(text.into()) };
        let files = [
            file("policy.toml", policy),
            file("tests/a.eml", "From: anna@client.example\n\nHello"),
            file("tests/mail.toml", &(test("one") + &test("two"))),
        ];
        let compiled = compile(&Files { files: files.into() }).policy.expect("a sound policy");
        let bytes: Vec<_> =
            compiled.examples.iter().filter_map(|example| example.mail.file.as_ref()).collect();
        assert!(matches!(bytes.as_slice(), [one, two] if Arc::ptr_eq(one, two)));
    }
}
