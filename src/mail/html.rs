//! HTML to text the way a reader sees it, with what the markup says of each stretch: quotation, signature, hidden.
//!
//! Linear in the input: a tokenizer without a tree, and a stack that is searched to a fixed depth only. Not a renderer:
//! scripts, form values and link targets are not looked at, and of style sheets only what hides text. In doubt text is
//! visible: what is not understood hides nothing, a mail whose every word seems to have the colour of its ground is read
//! as if it had no colours, and what broken markup would swallow to the end is read all the same.

mod element;
mod look;
mod paint;
mod reader;
mod renderer;
mod sheet;
mod style;
mod tag;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::markup::Class;
use look::Colours;
use reader::{FewAttributes, Progress, TooManyAttributes, WithoutErrors};
use renderer::{Renderer, Swallowed};
use sheet::Sheet;

/// How often a mail's broken markup is read on; more is no mistake of a person.
const MAX_REPAIRS: usize = 4;

/// What became of an HTML part.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) visible: String,
    /// Where in `visible` a class of text begins; the first run begins at 0 unless there is no text.
    pub(super) runs: Vec<(usize, Class)>,
    /// Text that a reader does not see.
    pub(super) hidden: String,
    /// Bytes of text beyond the cap.
    pub(super) cut: usize,
}

/// Renders `html`, keeping at most `max` bytes of text.
pub(super) fn render(html: &str, max: usize) -> Rendered {
    let (mut rendered, mut sheet, lost) = pass(html, Renderer::new(html.len(), max));
    if !lost {
        return rendered;
    }
    // Text has the colour of its ground, as far as attributes say: rare enough to look a second time.
    if !sheet.is_empty() {
        sheet.read_all();
        rendered = pass(html, Renderer::new(html.len(), max).with(sheet)).0;
    }
    if !rendered.visible.contains(char::is_alphanumeric) {
        rendered = pass(html, Renderer::new(html.len(), max).seeing(Colours::Ignored)).0;
    }
    rendered
}

/// Reads all of `html` once; also answers whether text was taken for lost on its ground.
fn pass(html: &str, mut renderer: Renderer) -> (Rendered, Sheet, bool) {
    let mut rest = html;
    let mut repairs = 0;
    loop {
        let progress = Progress::default();
        let next = match tokenize(rest, &progress, &mut renderer) {
            // A tag that the reader stopped in ends there, and what follows it is read afresh.
            Err(TooManyAttributes) => {
                renderer.start();
                Some(after_tag(rest, progress.consumed.get()).unwrap_or_default())
            }
            Ok(()) if repairs < MAX_REPAIRS => {
                repairs += 1;
                renderer.swallowed().and_then(|open| swallowed(rest, &progress, open))
            }
            Ok(()) => None,
        };
        let Some(next) = next else { return renderer.finish() };
        rest = next;
    }
}

fn tokenize(html: &str, progress: &Progress, renderer: &mut Renderer) -> Result<(), TooManyAttributes> {
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span| -> Option<Infallible> {
        let at = progress.consumed.get();
        match event {
            CallbackEvent::AttributeName { .. } => progress.attributes.set(progress.attributes.get() + 1),
            CallbackEvent::OpenStartTag { .. } => {
                progress.attributes.set(0);
                progress.opened.set(at);
            }
            CallbackEvent::CloseStartTag { .. } | CallbackEvent::EndTag { .. } => {
                progress.attributes.set(0);
                progress.settled.set(at);
            }
            CallbackEvent::Comment { .. } => progress.before_comment.set(progress.settled.replace(at)),
            CallbackEvent::String { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::AttributeValue { .. }
            | CallbackEvent::Error(_) => {}
        }
        let was_skipping = renderer.is_skipping();
        renderer.on(&event);
        if renderer.is_skipping() && !was_skipping {
            progress.skipped.set(at);
        }
        None
    });
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(FewAttributes::new(html, progress), WithoutErrors(emitter)).finish()
}

/// What follows the tag that `at` lies in.
fn after_tag(html: &str, at: usize) -> Option<&str> {
    let end = memchr::memchr(b'>', html.as_bytes().get(at..)?)?;
    html.get(at + end + 1..)
}

/// What is read afresh of a text whose markup was left open and swallowed it to the end.
fn swallowed<'h>(html: &'h str, progress: &Progress, open: Swallowed) -> Option<&'h str> {
    match open {
        Swallowed::Tag => after_tag(html, progress.opened.get()),
        Swallowed::Comment => {
            let from = html.get(progress.before_comment.get()..)?;
            let comment = from.get(memchr::memmem::find(from.as_bytes(), b"<!--")?..)?;
            // Conditional comments hold what is for Outlook alone.
            let closed =
                comment.ends_with("-->") || comment.ends_with("--!>") || comment.starts_with("<!--[");
            if closed { None } else { first_tag(comment) }
        }
        Swallowed::Element => first_tag(html.get(progress.skipped.get()..)?),
    }
}

/// The text from its first start tag on.
fn first_tag(text: &str) -> Option<&str> {
    let is_tag = |at: &usize| text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    let at = memchr::memchr_iter(b'<', text.as_bytes()).find(is_tag)?;
    text.get(at..)
}
