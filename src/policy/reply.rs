//! Reply templates: compiled, checked and rendered within bounds.
//!
//! A template sees the variables of [`ReplyVariables`] and nothing else, least of all the customer's name, the plan or
//! the mail's text. It cannot loop for long (fuel), grow without bound (no `set`, a short list of filters, a cap on
//! the result), include other files, or print something that is not there (strict: undefined and none are errors).

mod own_words;
mod used;
mod variants;

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, escape_formatter, filters, tests};
use serde::Serialize;

use crate::base::language::Language;
use crate::base::text::one_line;
use own_words::{OwnLine, own_lines};
pub use variants::Variant;
use variants::{language_of, name_of};

/// What a template looks like.
const FORM: &str = "`Subject: …` as the first line, then a blank line, then the text";
/// The most bytes that a rendered reply may have.
const RENDERED_LIMIT: usize = 64 * 1024;
/// The most instructions that one rendering may take; the longest shipped template takes some 200.
const FUEL: u64 = 20_000;

/// What a template can say. `None` is null: a template asks before it prints.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplyVariables {
    /// Labels and matrices by name, `-` written as `_`.
    #[serde(flatten)]
    pub labels: BTreeMap<String, Option<String>>,
    /// How people call the case.
    pub reference: String,
    /// The person's name, or the address.
    pub sender: String,
    /// The address.
    pub sender_address: String,
    /// The subject of the mail.
    pub subject: String,
    /// The desk.
    pub desk: String,
    /// The mailbox; null when it is not known.
    pub mailbox: Option<String>,
    /// `open` or `closed`.
    pub hours: String,
    /// `night`, `weekend`, `holiday`.
    pub closed_for: Option<String>,
    /// The desk's weekly hours.
    pub hours_in_words: String,
    /// When the mail came in.
    pub received_at: String,
    /// When the desk next opens; null when it is open.
    pub opens_at: Option<String>,
    /// Until when the desk answers; null when nothing is promised.
    pub respond_by: Option<String>,
    /// The promise as the policy puts it.
    pub target: Option<String>,
    /// `today, Monday, 12 January 2026` or `on Monday, 12 January 2026`; null when open.
    pub next_business_day: Option<String>,
    /// The questions that are still open.
    pub asked_for: Vec<String>,
    /// Words that nearly were keywords.
    pub near_misses: Vec<NearMissVariable>,
    /// The first alert's escalation.
    pub escalation: Option<String>,
    /// `new`, `follow-up`, `raised`, `reopened`.
    pub conversation: String,
}

/// A near miss as templates see it.
#[derive(Debug, Clone, Serialize)]
pub struct NearMissVariable {
    /// What stands in the mail.
    pub text: String,
    /// What would have counted.
    pub keyword: String,
}

/// The names of the variables besides labels; a label may not take one of them.
pub(super) const VARIABLES: &[&str] = &[
    "reference",
    "sender",
    "sender_address",
    "subject",
    "desk",
    "mailbox",
    "hours",
    "closed_for",
    "hours_in_words",
    "received_at",
    "opens_at",
    "respond_by",
    "target",
    "next_business_day",
    "asked_for",
    "near_misses",
    "escalation",
    "conversation",
];

/// A rendered reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// The text, ending in one line feed.
    pub text: String,
    /// The HTML alternative, when the policy has a template for it.
    pub html: Option<String>,
}

/// A template that could not be rendered, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct RenderError {
    /// The template's file.
    pub file: String,
    /// Why, in words.
    pub message: String,
    /// What may stand there instead, where that can be said.
    pub allowed: Option<&'static str>,
    /// The bytes of the file, where they are known.
    pub span: Option<Range<usize>>,
}

/// The templates of a policy.
#[derive(Debug)]
pub struct Replies {
    environment: Environment<'static>,
    templates: Vec<Template>,
    /// Names of templates that do not work, so that their rules are not blamed as well.
    broken: Vec<String>,
}

#[derive(Debug)]
struct Template {
    /// The name that rules use.
    name: String,
    /// German for `name.de.txt`.
    language: Option<Language>,
    file: String,
    /// Where the parts begin in the file.
    subject_start: usize,
    text_start: usize,
    html: Option<String>,
    own_lines: Vec<OwnLine>,
}

impl Replies {
    /// No templates yet.
    pub(super) fn new() -> Self {
        Replies { environment: environment(), templates: Vec::new(), broken: Vec::new() }
    }

    /// Adds `replies/NAME.txt` or `replies/NAME.de.txt`.
    ///
    /// # Errors
    /// When it has no subject line or is not a template; the span is into `source`.
    pub(super) fn add_text(&mut self, file: &str, source: &str) -> Result<(), RenderError> {
        let added = self.add_template(file, source);
        if added.is_err() {
            self.add_broken(file);
        }
        added
    }

    /// Notes that a template is there, but cannot be used.
    pub(super) fn add_broken(&mut self, file: &str) {
        self.broken.push(name_of(file, ".txt").0.to_owned());
    }

    fn add_template(&mut self, file: &str, source: &str) -> Result<(), RenderError> {
        let (name, tag) = name_of(file, ".txt");
        let language = tag.map(|tag| self.new_language(file, name, tag)).transpose()?;
        let (subject, text) = split_subject(source).ok_or_else(|| RenderError {
            file: file.to_owned(),
            message: "the first line is not the subject".to_owned(),
            allowed: Some(FORM),
            span: Some(0..source.find('\n').unwrap_or(source.len())),
        })?;
        if source.get(text.clone()).unwrap_or("").trim().is_empty() {
            let message = "there is no text after the subject".to_owned();
            return Err(RenderError {
                file: file.to_owned(),
                message,
                allowed: Some(FORM),
                span: Some(0..subject.end),
            });
        }
        refuse_assignments(file, source)?;
        let template = Template {
            name: name.to_owned(),
            language,
            file: file.to_owned(),
            subject_start: subject.start,
            text_start: text.start,
            html: None,
            own_lines: own_lines(source.get(text.clone()).unwrap_or("")),
        };
        for (part, range) in [("subject", subject), ("text", text)] {
            let piece = source.get(range.clone()).unwrap_or("").to_owned();
            self.environment
                .add_template_owned(format!("{file}/{part}"), piece)
                .map_err(|error| located(file, &error, range.start))?;
        }
        self.templates.push(template);
        Ok(())
    }

    /// Adds `replies/NAME.html`, the HTML alternative of `NAME.txt`, which must have been added before.
    ///
    /// # Errors
    /// When there is no such text template, or it is not a template.
    pub(super) fn add_html(&mut self, file: &str, source: &str) -> Result<(), RenderError> {
        let (name, tag) = name_of(file, ".html");
        let language = tag.map(|tag| language_of(file, tag)).transpose()?.map(|language| language.tag());
        refuse_assignments(file, source)?;
        let Some(template) = self.templates.iter_mut().find(|template| {
            template.name == name && template.language.as_ref().map(Language::tag) == language
        }) else {
            return Err(RenderError {
                file: file.to_owned(),
                message: "an HTML alternative needs the text of the same name".to_owned(),
                allowed: Some("a file with the same name that ends in .txt, beside it"),
                span: None,
            });
        };
        self.environment
            .add_template_owned(file.to_owned(), source.to_owned())
            .map_err(|error| located(file, &error, 0))?;
        template.html = Some(file.to_owned());
        Ok(())
    }

    /// The index of the template that rules call `name`.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.templates.iter().position(|template| template.name == name && template.language.is_none())
    }

    /// The name of a template.
    pub fn name(&self, index: usize) -> Option<&str> {
        Some(self.templates.get(index)?.name.as_str())
    }

    /// The file of a template.
    pub fn file(&self, index: usize) -> Option<&str> {
        Some(self.templates.get(index)?.file.as_str())
    }

    /// The names that rules can use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let working = self.templates.iter().filter(|template| template.language.is_none());
        working.map(|template| template.name.as_str()).chain(self.broken.iter().map(String::as_str))
    }

    /// The index of the template that a file is the text or the HTML alternative of, whatever its language.
    pub(super) fn by_file(&self, file: &str) -> Option<usize> {
        let is_of = |template: &Template| template.file == file || template.html.as_deref() == Some(file);
        self.templates.iter().position(is_of)
    }

    /// Renders a template.
    ///
    /// # Errors
    /// When it prints something that is not there, takes too long or becomes too large.
    pub fn render(&self, index: usize, variables: &ReplyVariables) -> Result<Rendered, RenderError> {
        let template = self.templates.get(index).ok_or_else(|| RenderError {
            file: String::new(),
            message: "there is no such template".to_owned(),
            allowed: None,
            span: None,
        })?;
        let context = Value::from(Serde(variables));
        let file = &template.file;
        let subject = self.part(file, &format!("{file}/subject"), template.subject_start, &context)?;
        let text = self.part(file, &format!("{file}/text"), template.text_start, &context)?;
        let html = match &template.html {
            Some(file) => Some(self.part(file, file, 0, &context)?),
            None => None,
        };
        Ok(Rendered { subject: one_line(&subject), text: tidy(&text), html })
    }

    /// Renders what begins at `start` in a file.
    fn part(&self, file: &str, name: &str, start: usize, context: &Value) -> Result<String, RenderError> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|compiled| compiled.render(context.clone()))
            .map_err(|error| located(file, &error, start))?;
        if rendered.len() > RENDERED_LIMIT {
            return Err(RenderError {
                file: file.to_owned(),
                message: format!(
                    "the reply would have {} bytes; at most {RENDERED_LIMIT} are sent",
                    rendered.len()
                ),
                allowed: None,
                span: None,
            });
        }
        Ok(rendered)
    }

    /// Whether some bytes of a folded line of a mail are fixed words of a line of one of our own templates.
    pub fn is_own_words(&self, folded_line: &str, hit: &Range<usize>) -> bool {
        self.templates
            .iter()
            .flat_map(|template| &template.own_lines)
            .any(|line| line.covers(folded_line, hit))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    environment.set_debug(true);
    environment.set_auto_escape_callback(|name| {
        // Names are made here: a text template's end in its part.
        let is_text = name.ends_with("/subject") || name.ends_with("/text");
        if is_text { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            return Err(minijinja::Error::new(
                ErrorKind::InvalidOperation,
                "a variable that is null cannot be printed; ask for it first with `{% if … %}`",
            ));
        }
        escape_formatter(out, state, value)
    });
    // Filters that can multiply their input, such as `replace`, `format` and `indent`, are left out on purpose.
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("join", filters::join);
    environment.add_filter("default", filters::default);
    environment.add_test("none", tests::is_none);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("true", tests::is_true);
    environment.add_test("false", tests::is_false);
    environment
}

/// The bytes of the subject and of the text after it.
fn split_subject(source: &str) -> Option<(Range<usize>, Range<usize>)> {
    const PREFIX: &str = "Subject:";
    let line_end = source.find('\n').unwrap_or(source.len());
    let subject = source.get(..line_end)?.strip_prefix(PREFIX)?;
    if subject.trim().is_empty() {
        return None;
    }
    let start = PREFIX.len() + (subject.len() - subject.trim_start().len());
    let rest = source.get(line_end..)?;
    let text_start = line_end + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
    Some((start..start + subject.trim().len(), text_start..source.len()))
}

/// `set` and `with` could double a text again and again within the fuel.
fn refuse_assignments(file: &str, source: &str) -> Result<(), RenderError> {
    let Some(start) = ["set", "with", "filter", "macro", "call"].iter().find_map(|keyword| {
        source.match_indices("{%").map(|(start, _)| start).find(|start| {
            let inside = source.get(start + 2..).unwrap_or("").trim_start_matches(['-', '+']).trim_start();
            inside
                .strip_prefix(keyword)
                .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    }) else {
        return Ok(());
    };
    let end = source
        .get(start..)
        .and_then(|rest| rest.find("%}"))
        .map_or(source.len(), |length| start + length + 2);
    Err(RenderError {
        file: file.to_owned(),
        message: "this tag cannot stand in a reply".to_owned(),
        allowed: Some("`if`, `for` and variables; nothing that assigns or defines"),
        span: Some(start..end),
    })
}

fn located(file: &str, error: &minijinja::Error, start: usize) -> RenderError {
    let message = if error.kind() == ErrorKind::OutOfFuel {
        format!("rendering takes more than {FUEL} steps")
    } else {
        error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
    };
    RenderError {
        file: file.to_owned(),
        message,
        allowed: None,
        span: error.range().map(|range| range.start + start..range.end + start),
    }
}

/// At most one blank line in a row, no blanks at line ends, one line feed at the end. Templates are full of `{% if %}`
/// lines that leave holes.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        tidied.push_str(line);
        tidied.push('\n');
    }
    tidied.truncate(tidied.trim_end().len());
    tidied.push('\n');
    tidied
}

#[cfg(test)]
mod unit {
    use super::*;

    fn rendered(source: &str, variables: &ReplyVariables) -> Result<Rendered, RenderError> {
        let mut replies = Replies::new();
        replies.add_text("replies/a.txt", source)?;
        replies.render(0, variables)
    }

    #[test]
    fn the_first_line_is_the_subject_and_the_rest_the_text() {
        let variables = ReplyVariables { reference: "K7Q4-MX2P".into(), ..ReplyVariables::default() };
        let reply = rendered("Subject: Got it [{{ reference }}]\n\nHello.\n\n\n\nBye.  \n", &variables)
            .expect("renders");
        assert_eq!((reply.subject.as_str(), reply.text.as_str()), ("Got it [K7Q4-MX2P]", "Hello.\n\nBye.\n"));
    }

    #[test]
    fn a_line_break_in_a_variable_never_reaches_the_subject() {
        let variables =
            ReplyVariables { subject: "x\r\nBcc: all@example.com".into(), ..ReplyVariables::default() };
        let reply = rendered("Subject: Re: {{ subject }}\n\nHello.", &variables).expect("renders");
        assert_eq!(reply.subject, "Re: x Bcc: all@example.com");
    }

    #[test]
    fn null_is_never_printed() {
        let error =
            rendered("Subject: a\n\nWe open {{ opens_at }}.", &ReplyVariables::default()).expect_err("null");
        assert!(error.message.contains("null"), "{error}");
    }

    #[test]
    fn nothing_can_be_multiplied_or_looped_for_long() {
        let doubling = format!("Subject: a\n\n{}", "{% set x = x ~ x %}".repeat(40));
        assert!(rendered(&doubling, &ReplyVariables::default()).is_err());
        let many = ReplyVariables { asked_for: vec!["q".into(); 500], ..ReplyVariables::default() };
        let nested =
            "Subject: a\n\n{% for a in asked_for %}{% for b in asked_for %}.{% endfor %}{% endfor %}";
        let error = rendered(nested, &many).expect_err("out of fuel");
        assert!(error.message.contains("steps"), "{error}");
    }

    #[test]
    fn a_line_that_comes_back_is_known_with_its_variables_filled_in() {
        let mut replies = Replies::new();
        let source = "Subject: a\n\nWrite \"Urgent\" at the start.\nWe answer by {{ respond_by }} at the latest.\nUrgent!\n";
        replies.add_text("replies/a.txt", source).expect("a template");
        let own = |line: &str| {
            let folded = crate::lexicon::fold(line);
            let word = if line.contains("answer") { "answer" } else { "urgent" };
            let start = folded.as_str().rfind(word).expect("the word is there");
            replies.is_own_words(folded.as_str(), &(start..start + word.len()))
        };
        assert!(own("Write “Urgent” at the start."));
        assert!(own("we answer by monday, 12 january at the latest."));
        assert!(!own("urgent!"));
        assert!(
            !own("Write “Urgent” at the start. It IS urgent"),
            "what is added to our line is the sender's"
        );
        assert!(!own("this is urgent, at the start."));
    }
}
