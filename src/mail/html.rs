//! HTML to text the way a reader sees it, with what the markup says of each stretch: quotation, signature, hidden.
//!
//! Linear in the input: a tokenizer without a tree, and a stack that is searched to a fixed depth only. Not a renderer:
//! style sheets, scripts, form values and link targets are not looked at.

mod reader;

use std::cell::Cell;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use reader::{FewAttributes, TooManyAttributes, WithoutErrors};

use super::flow::Flow;
use super::header::{clip, lossy};
use super::markup::{self, Class};

/// How far an end tag looks for its start; sane mail nests a few dozen elements.
const SEARCH_DEPTH: usize = 256;
/// How many elements left open a tag closes by implication.
const IMPLIED_DEPTH: usize = 16;
/// Bytes of one attribute that are looked at.
const MAX_ATTRIBUTE: usize = 4 * 1024;

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
    // Half of what people send is markup.
    let visible = Flow::with_capacity(html.len().min(max) / 2);
    let mut renderer = Renderer { max, visible, ..Renderer::default() };
    let mut rest = html;
    // A tag that the reader stopped in ends there, and what follows it is read afresh.
    while let Err(TooManyAttributes { consumed }) = tokenize(rest, &mut renderer) {
        renderer.start();
        let after = rest.as_bytes().get(consumed..).unwrap_or_default();
        let end = after.iter().position(|byte| *byte == b'>').map_or(rest.len(), |end| consumed + end + 1);
        rest = rest.get(end..).unwrap_or_default();
    }
    renderer.finish()
}

fn tokenize(html: &str, renderer: &mut Renderer) -> Result<(), TooManyAttributes> {
    let attributes = Cell::new(0);
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span| -> Option<Infallible> {
        attributes.set(match event {
            CallbackEvent::AttributeName { .. } => attributes.get() + 1,
            CallbackEvent::AttributeValue { .. } | CallbackEvent::Error(_) => attributes.get(),
            CallbackEvent::OpenStartTag { .. }
            | CallbackEvent::CloseStartTag { .. }
            | CallbackEvent::EndTag { .. }
            | CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. } => 0,
        });
        renderer.on(&event);
        None
    });
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(FewAttributes::new(html, &attributes), WithoutErrors(emitter)).finish()
}

/// What an element does to the flow of text (HTML Living Standard section 15.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Layout {
    #[default]
    Inline,
    /// Begins and ends a line.
    Block,
    /// Is set off by a blank line.
    Paragraph,
    Cell,
    Break,
    Image,
    /// Holds no text for a reader.
    Skip,
    /// Has no end tag and does nothing.
    Void,
}

fn layout(name: &[u8]) -> Layout {
    match name {
        b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Layout::Paragraph,
        b"div" | b"tr" | b"li" | b"table" | b"tbody" | b"thead" | b"tfoot" | b"blockquote" | b"pre"
        | b"ul" | b"ol" | b"dl" | b"dt" | b"dd" | b"center" | b"section" | b"article" | b"header"
        | b"footer" | b"main" | b"aside" | b"nav" | b"form" | b"fieldset" | b"address" | b"figure"
        | b"figcaption" | b"caption" | b"body" | b"html" | b"option" | b"select" | b"details"
        | b"summary" => Layout::Block,
        b"td" | b"th" => Layout::Cell,
        b"br" => Layout::Break,
        b"img" => Layout::Image,
        b"script" | b"style" | b"title" | b"template" | b"iframe" => Layout::Skip,
        b"hr" | b"input" | b"meta" | b"link" | b"area" | b"base" | b"col" | b"embed" | b"source"
        | b"track" | b"wbr" | b"param" | b"basefont" | b"frame" | b"bgsound" => Layout::Void,
        _ => Layout::Inline,
    }
}

/// Who gets to see the text of an element; nothing within undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Sight {
    #[default]
    Shown,
    Hidden,
    Skipped,
}

/// An open element; what it inherits is in it, so only the last one is ever asked.
#[derive(Debug, Clone, Copy, Default)]
struct Element {
    name: u64,
    layout: Layout,
    /// What its text is differs from what is around it.
    set_off: bool,
    sight: Sight,
    /// Hidden by a font of size zero, which an element within may undo.
    tiny: bool,
    pre: bool,
    class: Class,
}

/// The attribute being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Attribute {
    Class,
    Id,
    Type,
    Style,
    Alt,
    Smartmail,
    #[default]
    Other,
}

/// The start tag being read.
#[derive(Debug, Default)]
struct Tag {
    name: Vec<u8>,
    attribute: Attribute,
    class: String,
    id: String,
    kind: String,
    style: String,
    alt: String,
    smartmail: String,
    hidden: bool,
}

impl Tag {
    fn open(&mut self, name: &[u8]) {
        self.name.clear();
        self.name.extend_from_slice(name);
        for text in [
            &mut self.class,
            &mut self.id,
            &mut self.kind,
            &mut self.style,
            &mut self.alt,
            &mut self.smartmail,
        ] {
            text.clear();
        }
        self.hidden = false;
    }

    fn attribute(&mut self, name: &[u8]) {
        self.attribute = match name {
            b"class" => Attribute::Class,
            b"id" => Attribute::Id,
            b"type" => Attribute::Type,
            b"style" => Attribute::Style,
            b"alt" => Attribute::Alt,
            b"data-smartmail" => Attribute::Smartmail,
            b"hidden" => {
                self.hidden = true;
                Attribute::Other
            }
            _ => Attribute::Other,
        };
    }

    fn value(&mut self, value: &[u8]) {
        let text = match self.attribute {
            Attribute::Class => &mut self.class,
            Attribute::Id => &mut self.id,
            Attribute::Type => &mut self.kind,
            Attribute::Style => &mut self.style,
            Attribute::Alt => &mut self.alt,
            Attribute::Smartmail => &mut self.smartmail,
            Attribute::Other => return,
        };
        // The first of two equal attributes counts (HTML Living Standard section 13.2.5.33).
        if text.is_empty() {
            text.push_str(&lossy(value.get(..MAX_ATTRIBUTE).unwrap_or(value)));
        }
    }
}

#[derive(Debug, Default)]
struct Renderer {
    max: usize,
    visible: Flow,
    hidden: Flow,
    runs: Vec<(usize, Class)>,
    stack: Vec<Element>,
    current: Element,
    tag: Tag,
    /// For each container of quotations, whether one was met in it.
    containers: Vec<bool>,
    cut: usize,
}

impl Renderer {
    fn on(&mut self, event: &CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => self.tag.open(name),
            CallbackEvent::AttributeName { name } => self.tag.attribute(name),
            CallbackEvent::AttributeValue { value } => self.tag.value(value),
            CallbackEvent::CloseStartTag { .. } => self.start(),
            CallbackEvent::EndTag { name } => self.end(name),
            CallbackEvent::String { value } if self.current.sight != Sight::Skipped => {
                self.text(&lossy(value));
            }
            CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn start(&mut self) {
        let layout = layout(&self.tag.name);
        match layout {
            Layout::Break => return self.flow().line_break(),
            Layout::Void => {
                if self.tag.name == b"hr" {
                    self.flow().block();
                }
                return;
            }
            Layout::Image => return self.image(),
            Layout::Inline | Layout::Block | Layout::Paragraph | Layout::Cell | Layout::Skip => {}
        }
        self.close_implied(layout);
        let element = self.element(layout);
        self.stack.push(self.current);
        self.current = element;
        self.boundary(element);
    }

    /// The element that the tag opens inside the current one.
    fn element(&mut self, layout: Layout) -> Element {
        let style = markup::style(&self.tag.style);
        let sight = if layout == Layout::Skip {
            Sight::Skipped
        } else if self.tag.hidden || style.hidden {
            Sight::Hidden
        } else {
            Sight::Shown
        };
        let outer = self.current.class;
        let class = markup::classify(
            &self.tag.name,
            &self.tag.class,
            &self.tag.id,
            &self.tag.kind,
            &self.tag.smartmail,
        );
        let class = class.map_or(outer, |inner| self.nested(outer, inner));
        Element {
            name: packed(&self.tag.name),
            layout,
            set_off: class != outer,
            sight: self.current.sight.max(sight),
            tiny: style.tiny.unwrap_or(self.current.tiny),
            pre: self.current.pre || self.tag.name == b"pre",
            class,
        }
    }

    /// What text is whose element says `inner` within one that says `outer`.
    fn nested(&mut self, outer: Class, inner: Class) -> Class {
        match (outer, inner) {
            // Inside a container only the quotations themselves, so that answers between them stay new.
            (Class::Container(id, _), Class::Quote(_) | Class::Bare(_)) => {
                if let Some(met) = self.containers.get_mut(usize::from(id)) {
                    *met |= self.tag.name == b"blockquote";
                }
                Class::Quote(inner.because())
            }
            (Class::Plain | Class::Signature(_), Class::Container(_, because)) => {
                let id = u16::try_from(self.containers.len()).unwrap_or(u16::MAX);
                self.containers.push(false);
                Class::Container(id, because)
            }
            (Class::Plain | Class::Signature(_) | Class::Container(..), inner) => inner,
            (outer, _) => outer,
        }
    }

    fn end(&mut self, name: &[u8]) {
        if name == b"br" || name == b"p" && self.current.name != packed(name) && !self.is_open(packed(name)) {
            return self.flow().line_break();
        }
        let packed = packed(name);
        let open = std::iter::once(&self.current).chain(self.stack.iter().rev());
        let Some(depth) = open.take(SEARCH_DEPTH).position(|e| e.name == packed) else { return };
        for _ in 0..=depth {
            self.pop();
        }
    }

    fn is_open(&self, name: u64) -> bool {
        self.stack.iter().rev().take(SEARCH_DEPTH).any(|e| e.name == name)
    }

    fn pop(&mut self) {
        let closed = self.current;
        self.boundary(closed);
        self.current = self.stack.pop().unwrap_or_default();
    }

    /// A paragraph ends where a block begins, a cell where a cell begins (HTML Living Standard section 13.1.2.4), and with
    /// it what was left open in it: else a hidden cell would hide the rest of its table.
    fn close_implied(&mut self, layout: Layout) {
        let name = packed(&self.tag.name);
        let is_item = matches!(self.tag.name.as_slice(), b"li" | b"tr" | b"dt" | b"dd");
        let is_row = self.tag.name == b"tr";
        let ends = |e: &Element| match layout {
            Layout::Block | Layout::Paragraph => e.layout == Layout::Paragraph || is_item && e.name == name,
            Layout::Cell => e.layout == Layout::Cell,
            Layout::Inline | Layout::Break | Layout::Image | Layout::Skip | Layout::Void => false,
        };
        if matches!(layout, Layout::Inline | Layout::Skip) {
            return;
        }
        let passes = |e: &Element| e.layout == Layout::Inline || is_row && e.layout == Layout::Cell;
        let open = std::iter::once(&self.current).chain(self.stack.iter().rev()).take(IMPLIED_DEPTH);
        let stop = open.enumerate().find(|(_, e)| ends(e) || !passes(e));
        if let Some((depth, true)) = stop.map(|(depth, e)| (depth, ends(e))) {
            for _ in 0..=depth {
                self.pop();
            }
        }
    }

    fn boundary(&mut self, element: Element) {
        if element.sight == Sight::Skipped {
            return;
        }
        let flow = self.flow();
        match element.layout {
            Layout::Paragraph => flow.paragraph(),
            Layout::Block => flow.block(),
            Layout::Cell if !element.set_off => flow.cell(),
            _ if element.set_off => flow.block(),
            Layout::Inline | Layout::Cell | Layout::Break | Layout::Image | Layout::Skip | Layout::Void => {}
        }
    }

    fn image(&mut self) {
        let style = markup::style(&self.tag.style);
        if self.tag.alt.is_empty() || self.current.sight == Sight::Skipped || style.hidden || self.tag.hidden
        {
            return;
        }
        let alt = std::mem::take(&mut self.tag.alt);
        self.flow().blank();
        self.text(&alt);
        self.flow().blank();
        self.tag.alt = alt;
    }

    fn text(&mut self, text: &str) {
        let room = self.max.saturating_sub(self.visible.len() + self.hidden.len());
        let kept = clip(text, room);
        self.cut += text.len() - kept.len();
        if kept.is_empty() {
            return;
        }
        let text = kept;
        let Element { tiny, pre, class, sight, .. } = self.current;
        if sight == Sight::Hidden || tiny {
            return self.hidden.text(text, pre, |_| {});
        }
        let runs = &mut self.runs;
        self.visible.text(text, pre, |at| {
            if runs.last().is_none_or(|(_, last)| *last != class) {
                runs.push((at, class));
            }
        });
    }

    fn flow(&mut self) -> &mut Flow {
        if self.current.sight == Sight::Hidden || self.current.tiny {
            &mut self.hidden
        } else {
            &mut self.visible
        }
    }

    fn finish(self) -> Rendered {
        let containers = self.containers;
        let settled = |class| {
            let Class::Container(id, because) = class else { return class };
            let has_quotations = containers.get(usize::from(id)).copied().unwrap_or(true);
            if has_quotations { Class::Plain } else { Class::Quote(because) }
        };
        let runs = self.runs.into_iter().map(|(at, class)| (at, settled(class))).collect();
        Rendered { visible: self.visible.finish(), runs, hidden: self.hidden.finish(), cut: self.cut }
    }
}

/// The first eight bytes of a tag name as a number: enough to tell the names of HTML apart.
fn packed(name: &[u8]) -> u64 {
    name.iter().take(8).fold(0, |packed, &byte| packed << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(html: &str) -> String {
        render(html, 1 << 20).visible
    }

    #[test]
    fn words_are_never_glued_and_blocks_are_told_apart() {
        for (html, expected) in [
            ("<table><tr><td>A</td><td>B</td></tr><tr><td>C", "A\tB\u{2029}C"),
            ("<ul><li>one<li>two</ul>three", "one\u{2029}two\u{2029}three"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
            ("<div>a<br></div><div>b</div>", "a\u{2029}b"),
            ("<p>a</p><p>b", "a\n\nb"),
            ("<b>ur</b>gent\n  now", "urgent now"),
            ("a < b &amp; c&nbsp;d &eacute;", "a < b & c\u{a0}d é"),
            ("<style>p{color:red}</style><script>urgent</script><title>t</title>x", "x"),
            ("x<!-- urgent -->y", "xy"),
            ("<img alt='System down'>now", "System down now"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("a<unknown>b</unknown>c", "abc"),
            ("caf\u{e9} \u{4e1c}", "caf\u{e9} \u{4e1c}"),
        ] {
            assert_eq!(visible(html), expected, "{html}");
        }
    }

    #[test]
    fn what_a_reader_does_not_see_is_set_apart() {
        for html in [
            "ab<span style='display: none'>X</span>",
            "ab<div STYLE='Display:none!important'>X</div>",
            "ab<div hidden>X</div>",
            "ab<span style='visibility:hidden'>X</span>",
            "ab<span style='font-size:0px'>X</span>",
            "ab<div style='max-height:0;overflow:hidden'>X</div>",
            "ab<span style='display:none;mso-hide:all'>X</span>",
            "ab<span style='display:block;DISPLAY: none !important;display:block'>X</span>",
        ] {
            let rendered = render(html, 1 << 20);
            assert_eq!((rendered.visible.as_str(), rendered.hidden.as_str()), ("ab", "X"), "{html}");
        }
        let layout = "<table style='font-size:0'><tr><td style='font-size:14px'>seen</td></tr></table>";
        assert_eq!(visible(layout), "seen");
        assert_eq!(visible("<p hidden>x<p>seen"), "seen");
        assert_eq!(visible("<div><span style='display:none'>x</div>seen"), "seen");
        for style in [
            "mso-hide:all",
            "display:none;display:block",
            "display:block!important;display:none",
            "max-height:0;overflow:hidden;max-height:none",
            "width:0;min-width:100%;overflow:hidden",
            "overflow:hidden;height:0.5em",
        ] {
            assert_eq!(visible(&format!("<div style='{style}'>seen")), "seen", "{style}");
        }
    }

    #[test]
    fn markup_that_is_left_open_hides_nothing() {
        for html in [
            "<html><head><meta charset=utf-8><title>t</title><body>seen",
            "<head><style>p{}</style><p>seen",
            "<table><tr><td><span style='display:none'>x<td>seen",
            "<table><tr style='display:none'><td>x<tr><td>seen",
            "<p hidden><b>x<div>seen",
            "<ul><li hidden><b>x<li>seen",
            "<svg width=1/>seen",
            "<xml>seen",
            "<object data=x>seen",
            "<noscript>seen</noscript>",
        ] {
            assert_eq!(visible(html), "seen", "{html}");
        }
    }

    #[test]
    fn a_long_run_of_text_is_cut_and_not_dropped() {
        let rendered = render("<p>urgent words", 6);
        assert_eq!((rendered.visible.as_str(), rendered.cut), ("urgent", 6));
    }

    #[test]
    fn markup_says_what_is_quoted() {
        let classes = |html: &str| -> Vec<String> {
            let rendered = render(html, 1 << 20);
            rendered.runs.iter().map(|(_, class)| class.because().to_owned()).collect()
        };
        assert_eq!(
            classes("new<blockquote type=cite>old</blockquote>more"),
            ["new", "cite-blockquote", "new"]
        );
        assert_eq!(
            classes(
                "a<div class='gmail_quote'>On … wrote:<blockquote class='gmail_quote'>q</blockquote>inline</div>"
            ),
            ["new", "new", "gmail-quote", "new"]
        );
        let unmarked = "a<div class='gmail_quote'><div class='gmail_attr'>On … wrote:</div>q</div>";
        assert_eq!(classes(unmarked), ["new", "gmail-quote", "gmail-quote"]);
        assert_eq!(classes("a<div class='x yahoo_quoted'>q</div>"), ["new", "yahoo-quote"]);
    }

    #[test]
    fn a_tag_with_a_hundred_thousand_attributes_hides_nothing() {
        // Test threads have the 2 MiB of stack that workers have.
        for tag in ["<a ", "</a "] {
            let html = format!("<p>before</p>{tag}{}>after<p>end</p>", "b=\"c\" ".repeat(100_000));
            let rendered = render(&html, 1 << 20);
            for word in ["before", "after", "end"] {
                assert!(rendered.visible.contains(word), "{word} behind {tag}");
            }
        }
    }
}
