//! Makes text of tags and strings: what flows where, who sees it, and what the markup says of it.

use html5gum::emitters::callback::CallbackEvent;

use super::super::flow::Flow;
use super::super::header::{clip, lossy};
use super::super::markup::{self, Class};
use super::Rendered;
use super::element::{Element, Layout, Sight, name, packed};
use super::look::{self, Colours};
use super::reader::Progress;
use super::sheet::{Effects, Sheet};
use super::style::{Hiding, Style, style};
use super::tag::Tag;

/// How far an end tag looks for its start; sane mail nests a few dozen elements.
const SEARCH_DEPTH: usize = 256;
/// How many elements left open a tag closes by implication.
const IMPLIED_DEPTH: usize = 16;

/// What markup was open at the end and may have swallowed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swallowed {
    Tag,
    Comment,
    /// One that holds no text for a reader.
    Element,
}

/// What was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    #[default]
    Whole,
    /// A start tag that is not closed yet.
    Tag,
    Comment,
}

#[derive(Debug, Default)]
pub(super) struct Renderer {
    max: usize,
    visible: Flow,
    hidden: Flow,
    runs: Vec<(usize, Class)>,
    stack: Vec<Element>,
    current: Element,
    tag: Tag,
    last: Last,
    /// For each container of quotations, whether one was met in it.
    containers: Vec<bool>,
    /// What an element without words of its own says of the next word.
    announced: Option<Class>,
    /// How to say the words of an annotated text, kept until it ends.
    aside: String,
    /// A class that says nothing, since most elements share theirs.
    silent: String,
    sheet: Sheet,
    /// The style sheets are known from before.
    has_sheet: bool,
    colours: Colours,
    /// Within markup that was taken for text.
    is_nested: bool,
    /// Whether any word was hidden by its colour.
    lost: bool,
    cut: usize,
}

impl Renderer {
    /// For `len` bytes of HTML and at most `max` bytes of text.
    pub(super) fn new(len: usize, max: usize) -> Renderer {
        // Half of what people send is markup.
        let visible = Flow::with_capacity(len.min(max) / 2);
        Renderer { max, visible, ..Renderer::default() }
    }

    /// With style sheets that are known before the text is read.
    pub(super) fn with(self, sheet: Sheet) -> Renderer {
        Renderer { sheet, has_sheet: true, ..self }
    }

    pub(super) fn seeing(self, colours: Colours) -> Renderer {
        Renderer { colours, ..self }
    }

    pub(super) fn on(&mut self, event: &CallbackEvent<'_>) {
        self.last = match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag.open(name);
                Last::Tag
            }
            CallbackEvent::AttributeName { name } => return self.tag.attribute(name),
            CallbackEvent::AttributeValue { value } => return self.tag.value(value),
            CallbackEvent::CloseStartTag { .. } => {
                self.start();
                Last::Whole
            }
            CallbackEvent::EndTag { name } => {
                self.end(name);
                Last::Whole
            }
            CallbackEvent::String { value } => {
                self.string(value);
                Last::Whole
            }
            CallbackEvent::Comment { .. } => Last::Comment,
            CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => return,
        };
    }

    /// Whether text that comes now is not for a reader.
    pub(super) fn is_skipping(&self) -> bool {
        self.current.sight == Sight::Skipped
    }

    /// At the end: what swallowed text, which is given up then.
    pub(super) fn swallowed(&mut self) -> Option<Swallowed> {
        let open = match std::mem::take(&mut self.last) {
            Last::Tag => {
                self.start();
                Swallowed::Tag
            }
            Last::Comment => Swallowed::Comment,
            Last::Whole if self.is_skipping() => Swallowed::Element,
            Last::Whole => return None,
        };
        while self.is_skipping() {
            self.pop();
        }
        Some(open)
    }

    fn string(&mut self, value: &[u8]) {
        if self.current.name == name::NOSCRIPT && !self.is_nested {
            // Mail programs run no scripts, so they show this; the tokenizer takes its markup for text.
            self.is_nested = true;
            let within = super::tokenize(&lossy(value), &Progress::default(), self);
            self.is_nested = false;
            self.cut += if within.is_err() { value.len() } else { 0 };
        } else if !self.is_skipping() {
            self.text(&lossy(value));
        } else if self.current.name == name::STYLE && !self.has_sheet {
            self.sheet.push(&lossy(value));
        }
    }

    /// Opens the element of the tag that was read.
    pub(super) fn start(&mut self) {
        let layout = Layout::of(&self.tag.element);
        match layout {
            Layout::Break => return self.each_flow(Flow::line_break),
            Layout::Void => return self.rule(),
            Layout::Image => return self.image(),
            Layout::Inline
            | Layout::Block
            | Layout::Paragraph
            | Layout::Cell
            | Layout::Box
            | Layout::Raised
            | Layout::Annotation
            | Layout::Skip => {}
        }
        self.close_implied(layout);
        let element = self.element(layout);
        self.stack.push(self.current);
        self.current = element;
        self.boundary(element);
        if layout == Layout::Raised {
            self.each_flow(Flow::raised);
        }
    }

    /// A line across, perhaps the one that a mail program draws above what it quotes.
    fn rule(&mut self) {
        if self.tag.packed == name::HR {
            self.each_flow(Flow::block);
            let announced = markup::announced(&self.tag.marks(), self.tag.is_drawn_by_outlook());
            self.announced = announced.or(self.announced);
        }
    }

    /// The element that the tag opens inside the current one.
    fn element(&mut self, layout: Layout) -> Element {
        let outer = self.current;
        let (tag, is_skipped) = (&self.tag, layout == Layout::Skip);
        let is_coloured = look::paints_itself(tag.packed, outer.look);
        if is_skipped || tag.is_bare() && !self.sheet.has_rules() && !is_coloured {
            return Element {
                name: tag.packed,
                layout,
                flow: layout,
                set_off: false,
                sight: if is_skipped { Sight::Skipped } else { outer.sight },
                pre: outer.pre || tag.packed == name::PRE,
                aside: outer.aside || layout == Layout::Annotation,
                class: self.bare_class(outer.class),
                ..outer
            };
        }
        let style = style(&self.tag.style);
        let effects = if self.sheet.has_rules() {
            self.sheet.effects(&self.tag.element, &self.tag.class, &self.tag.id)
        } else {
            Effects::default()
        };
        let flow = layout.displayed(style.display);
        let class = self.marked(&style).map_or(outer.class, |inner| self.nested(outer.class, inner));
        let tag = &self.tag;
        Element {
            name: tag.packed,
            layout,
            flow,
            set_off: class != outer.class,
            sight: outer.sight.max(look::sight(tag, flow, &style, effects)),
            look: look::look(tag, outer.look, &style, effects, self.colours),
            pre: tag.packed == name::PRE || style.pre.unwrap_or(outer.pre),
            aside: outer.aside || layout == Layout::Annotation,
            class,
        }
    }

    /// What the text of a tag without attributes is; only a quotation needs none.
    fn bare_class(&mut self, outer: Class) -> Class {
        if self.tag.packed == name::BLOCKQUOTE { self.nested(outer, markup::BARE) } else { outer }
    }

    /// What the tag says of its text.
    fn marked(&mut self, style: &Style) -> Option<Class> {
        let marks = self.tag.marks();
        let only_class = marks.has_only_class();
        let is_silent = only_class && (marks.class.is_empty() || marks.class == self.silent);
        if is_silent && self.tag.packed != name::BLOCKQUOTE {
            return ruled(style);
        }
        if let Some(announced) = markup::announced(&marks, false) {
            self.announced = Some(announced);
        }
        let class = markup::classify(&marks, &self.tag.kind);
        if class.is_none() && only_class {
            self.silent.clone_from(&self.tag.class);
        }
        class.or_else(|| ruled(style))
    }

    /// What text is whose element says `inner` within one that says `outer`.
    fn nested(&mut self, outer: Class, inner: Class) -> Class {
        match (outer, inner) {
            // Inside a container only the quotations themselves, so that answers between them stay new.
            (Class::Container(id, _), Class::Quote(_) | Class::Bare(_)) => {
                if let Some(met) = self.containers.get_mut(usize::from(id)) {
                    *met |= self.tag.packed == name::BLOCKQUOTE;
                }
                Class::Quote(inner.because())
            }
            (Class::Plain | Class::Signature(_) | Class::RestIfHeader(_), Class::Container(_, because)) => {
                let id = u16::try_from(self.containers.len()).unwrap_or(u16::MAX);
                self.containers.push(false);
                Class::Container(id, because)
            }
            (Class::Plain | Class::Signature(_) | Class::Container(..) | Class::RestIfHeader(_), inner) => {
                inner
            }
            (outer, _) => outer,
        }
    }

    fn end(&mut self, name: &[u8]) {
        let packed = packed(name);
        let is_stray = packed == name::P && self.current.name != packed && !self.is_open(packed);
        if name == b"br" || is_stray {
            return self.each_flow(Flow::line_break);
        }
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
        if closed.name == name::STYLE && !self.has_sheet {
            self.sheet.read_hiding();
        }
        self.current = self.stack.pop().unwrap_or_default();
        if closed.name == name::RUBY {
            self.say_aside();
        }
    }

    /// A paragraph ends where a block begins, a cell where a cell begins (HTML Living Standard section 13.1.2.4), and with
    /// it what was left open in it: else a hidden cell would hide the rest of its table.
    fn close_implied(&mut self, layout: Layout) {
        let name = self.tag.packed;
        let is_item = matches!(name, name::LI | name::TR | name::DT | name::DD);
        let is_row = name == name::TR;
        let ends = |e: &Element| match layout {
            Layout::Block | Layout::Paragraph => e.layout == Layout::Paragraph || is_item && e.name == name,
            Layout::Cell | Layout::Annotation => e.layout == layout,
            Layout::Inline
            | Layout::Box
            | Layout::Raised
            | Layout::Break
            | Layout::Image
            | Layout::Skip
            | Layout::Void => false,
        };
        if matches!(layout, Layout::Inline | Layout::Raised | Layout::Skip) {
            return;
        }
        let passes = |e: &Element| {
            matches!(e.layout, Layout::Inline | Layout::Raised) || is_row && e.layout == Layout::Cell
        };
        let open = std::iter::once(&self.current).chain(self.stack.iter().rev()).take(IMPLIED_DEPTH);
        let stop = open.enumerate().find(|(_, e)| ends(e) || !passes(e));
        if let Some((depth, true)) = stop.map(|(depth, e)| (depth, ends(e))) {
            for _ in 0..=depth {
                self.pop();
            }
        }
    }

    fn boundary(&mut self, element: Element) {
        let write = match element.flow {
            Layout::Paragraph => Flow::paragraph,
            Layout::Block => Flow::block,
            Layout::Cell if !element.set_off => Flow::cell,
            _ if element.set_off => Flow::block,
            Layout::Box => Flow::blank,
            Layout::Inline
            | Layout::Cell
            | Layout::Raised
            | Layout::Break
            | Layout::Image
            | Layout::Annotation
            | Layout::Skip
            | Layout::Void => return,
        };
        self.each_flow_of(element, write);
    }

    fn each_flow(&mut self, write: impl Fn(&mut Flow)) {
        self.each_flow_of(self.current, write);
    }

    /// Writes where the text of an element stands: what cannot be read takes its room all the same.
    fn each_flow_of(&mut self, element: Element, write: impl Fn(&mut Flow)) {
        if element.sight == Sight::Shown {
            write(&mut self.visible);
        }
        if element.sight != Sight::Skipped && !element.is_seen() {
            write(&mut self.hidden);
        }
    }

    fn image(&mut self) {
        let style = style(&self.tag.style);
        let is_hidden = self.tag.hidden || style.hiding != Hiding::Nothing || self.tag.is_dot();
        if self.tag.alt.is_empty() || self.is_skipping() || is_hidden {
            return;
        }
        let alt = std::mem::take(&mut self.tag.alt);
        self.each_flow(Flow::blank);
        self.text(&alt);
        self.each_flow(Flow::blank);
        self.tag.alt = alt;
    }

    fn text(&mut self, text: &str) {
        let room = self.max.saturating_sub(self.visible.len() + self.hidden.len() + self.aside.len());
        let kept = clip(text, room);
        self.cut += text.len() - kept.len();
        if kept.is_empty() {
            return;
        }
        let Element { pre, class, look, .. } = self.current;
        if !self.current.is_seen() {
            if look.lost {
                self.lost |= kept.contains(|c: char| !c.is_whitespace());
                self.each_flow(Flow::blank);
            }
            return self.hidden.text(kept, pre, |_| {});
        }
        if self.current.aside {
            self.aside.push_str(kept);
            return;
        }
        self.say(kept, pre, class);
    }

    fn say(&mut self, text: &str, pre: bool, class: Class) {
        let runs = &mut self.runs;
        let announced = &mut self.announced;
        self.visible.text(text, pre, |at| {
            let class = match (announced.take(), class) {
                (
                    Some(announced),
                    Class::Plain | Class::Bare(_) | Class::Container(..) | Class::Signature(_),
                ) => announced,
                (_, class) => class,
            };
            if runs.last().is_none_or(|(_, last)| *last != class) {
                runs.push((at, class));
            }
        });
    }

    /// Writes how the words before are said behind them.
    fn say_aside(&mut self) {
        if !self.aside.is_empty() {
            let aside = std::mem::take(&mut self.aside);
            self.visible.blank();
            self.say(&aside, false, self.current.class);
            self.visible.blank();
        }
    }

    pub(super) fn finish(mut self) -> (Rendered, Sheet, bool) {
        self.say_aside();
        let containers = self.containers;
        let has_quotations = |id: u16| containers.get(usize::from(id)).copied().unwrap_or(true);
        let is_own = |class: &Class| match class {
            Class::Plain | Class::Bare(_) | Class::RestIfHeader(_) => true,
            Class::Container(id, _) => has_quotations(*id),
            Class::Quote(_) | Class::Rest(_) | Class::Forward(_) | Class::Signature(_) => false,
        };
        let has_own = self.runs.iter().any(|(_, class)| is_own(class));
        // What is around everything says nothing: a mail was written with another as its template.
        let is_all = self.runs.iter().all(|(_, c)| matches!(c, Class::Signature(_) | Class::Container(..)));
        let settled = |class| match class {
            Class::Container(id, because) if !has_quotations(id) && (has_own || !is_all) => {
                Class::Quote(because)
            }
            Class::Container(..) => Class::Plain,
            // A phone that is told to write below its signature puts all into the same element.
            Class::Signature(because) if !has_own && (is_all || because == "apple-signature") => Class::Plain,
            Class::Plain
            | Class::Quote(_)
            | Class::Bare(_)
            | Class::Rest(_)
            | Class::RestIfHeader(_)
            | Class::Forward(_)
            | Class::Signature(_) => class,
        };
        let runs = self.runs.into_iter().map(|(at, class)| (at, settled(class))).collect();
        let rendered =
            Rendered { visible: self.visible.finish(), runs, hidden: self.hidden.finish(), cut: self.cut };
        (rendered, self.sheet, self.lost)
    }
}

/// Outlook draws a line above the header block of what it quotes; others draw one above anything.
fn ruled(style: &Style) -> Option<Class> {
    style.ruled.then_some(Class::RestIfHeader("outlook-reply"))
}
